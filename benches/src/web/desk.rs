//! The administrators' pages over ten thousand accounts: what one of them takes, alone on a kept connection.

use super::visitor::Visitor;
use crate::Trouble;
use crate::place::Place;
use crate::realm::Realm;
use crate::rounds::{median, micros};
use crate::table::{Row, Table, Target};

/// Accounts, each with an app.
const PEOPLE: usize = 10_000;
/// Looks at each page.
const LOOKS: usize = 25;
/// Milliseconds that a page may take at the median.
const MOST: f64 = 100.0;

/// Every page that shows accounts or what they did, and the same of the API.
const PAGES: [&str; 10] = [
    "/admin",
    "/admin/accounts",
    "/admin/accounts?which=one-kind",
    "/admin/accounts?which=unenrolled",
    "/admin/accounts?text=zzz",
    "/admin/accounts?which=owner",
    "/admin/sessions",
    "/admin/policy",
    "/admin/audit?kind=locked-out",
    "/api/v1/accounts?limit=1000",
];

/// Measures.
pub fn measure(place: &Place, table: &mut Table) -> Result<(), Trouble> {
    let realm = Realm::fill(&place.room("admin")?, PEOPLE)?;
    realm.appoint(place, 0, "owner")?;
    let ours = realm.provider(place)?;
    let issuer = format!("http://127.0.0.1:{}", ours.port);
    let mut owner = Visitor::number(0);
    owner.own_page(&format!("{issuer}/admin"))?;
    table.note(format!(
        "{PEOPLE} accounts, milliseconds at the median of {LOOKS} looks:"
    ));
    for page in PAGES {
        let address = format!("{issuer}{page}");
        let mut taken = Vec::with_capacity(LOOKS);
        for _ in 0..LOOKS {
            let (seen, time) = micros(|| owner.own_page(&address));
            seen?;
            taken.push(time / 1000.0);
        }
        table.add(Row::alone(format!("  {page}"), median(taken), Target::AtMost(MOST)));
    }
    Ok(())
}
