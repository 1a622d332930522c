//! D26: the configuration is one that every program takes.

use super::{Finding, Patient};

/// D26
pub(super) fn is_understood(patient: &Patient<'_>) -> Vec<Finding> {
    if let Err(why) = &patient.config {
        let fix = "correct it; where there is none yet, `samekey init` makes one, and --config names another";
        return vec![Finding::critical(why.clone()).fix(fix)];
    }
    let fix = "correct it: the program that the section is for does not start with it";
    let refused = patient.refused.iter();
    refused.map(|why| Finding::critical(why.clone()).fix(fix)).collect()
}
