//! The administrators' pages, `/admin`: plain forms over the desk; every change asks first and is told afterwards.

use crate::app::routes::Served;

/// The pages' routes.
pub(crate) fn table() -> Vec<Served> {
    Vec::new()
}
