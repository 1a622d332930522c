//! The administrators' pages over ten thousand accounts, sessions and events: what each of them takes, alone on a kept connection.

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

/// Every administrators' page, and what of the API shows many.
const PAGES: [&str; 33] = [
    "/admin",
    "/admin/sign-ins.svg",
    "/admin/accounts",
    "/admin/accounts?after=bench05000",
    "/admin/accounts?which=one-kind",
    "/admin/accounts?which=unenrolled",
    "/admin/accounts?which=locked",
    "/admin/accounts?which=owner",
    "/admin/accounts?text=bench099",
    "/admin/accounts?text=zzz",
    "/admin/accounts/add",
    "/admin/accounts/bench05000",
    "/admin/accounts/bench05000/change",
    "/admin/accounts/bench05000/role",
    "/admin/accounts/bench05000/ticket",
    "/admin/accounts/bench05000/rescue",
    "/admin/accounts/bench05000/remove",
    "/admin/sessions",
    "/admin/clients",
    "/admin/clients/add",
    "/admin/clients/bench",
    "/admin/clients/bench/change",
    "/admin/settings",
    "/admin/settings/security",
    "/admin/settings/mfa",
    "/admin/settings/network",
    "/admin/policy",
    "/admin/policy?user=bench05000&service=pam:sshd&source=203.0.113.9&first=password",
    "/admin/audit",
    "/admin/audit?kind=locked-out",
    "/admin/audit?account=bench05000",
    "/api",
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
    realm.lived_in(PEOPLE)?;
    ours.process.on_one_core()?;
    table.note(format!(
        "{PEOPLE} accounts, as many live sessions and events, one processor; milliseconds at the median of {LOOKS} looks:"
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
