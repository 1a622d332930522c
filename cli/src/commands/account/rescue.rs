//! `samekey account rescue`: lets somebody without their device in by the first factor alone, for a while (PCI DSS 8.5.1).
//!
//! It opens the store itself: both daemons may be stopped. The exception ends by itself, stands in the trail with reason
//! and author, and its person is written to.

use crate::exit::Failure;
use crate::installation::Installation;
use crate::output::Answer;
use samekey_shared::administration::{Last, Rescue as Wanted};
use samekey_shared::audit;
use samekey_shared::policy::parse_duration;
use serde_json::json;

/// What `account rescue` may be told.
#[derive(Debug, clap::Args)]
pub struct Rescue {
    /// Login name
    name: String,
    /// For how long, from 5m to 24h
    #[arg(long = "for", value_name = "SPAN", value_parser = parse_duration)]
    span: i64,
    /// Why: it stands in the audit trail and in the policy's exception
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Runs the verb.
pub fn rescue(installation: &Installation, wanted: &Rescue) -> Result<Answer, Failure> {
    let name = installation.login_name(&wanted.name)?;
    let rescue = Wanted {
        lasts: wanted.span,
        reason: wanted.reason.clone(),
    };
    let until = installation.at_desk(Last::Stays, |desk| desk.rescue(&name, &rescue))?;
    let until_text = audit::utc::text(until);
    Ok(Answer::change(
        true,
        json!({ "user": name, "until": until, "until_text": until_text }),
        format!(
            "{name} signs in with the first factor alone until {until_text}. Have a device bound before: \
             `samekey ticket new {name}`."
        ),
    ))
}
