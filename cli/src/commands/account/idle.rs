//! `samekey account idle`: accounts that nobody has signed in to for long (W7, W22), as a report, and as an end to them.
//!
//! Accounts that administer are listed and never disabled by this command: a sealed break-glass account is idle by
//! purpose. Whoever means one of them locks it by name.

use crate::exit::Failure;
use crate::installation::{self, Installation};
use crate::output::{Answer, Table, moment};
use samekey_provider::sessions;
use samekey_shared::accounts::{Account, AccountState, rows};
use samekey_shared::audit::{self, EventKind};
use samekey_shared::clock::UnixTime;
use samekey_shared::policy::{parse_duration, show_duration};
use samekey_shared::store::{StoreError, Tx};
use serde_json::{Value, json};

/// So many accounts are read in one unit of work.
const PAGE: u32 = 1000;

/// Which accounts, and what to do about them.
#[derive(Debug, clap::Args)]
pub struct Idle {
    /// Idle for at least so long, such as 90d [default: the policy's `idle-disable`]
    #[arg(long = "for", value_name = "SPAN", value_parser = parse_duration)]
    span: Option<i64>,
    /// Disable those that do not administer, and end their sessions; `samekey account unlock` lets one in again
    #[arg(long)]
    disable: bool,
}

/// One that nobody uses.
struct Unused {
    account: Account,
    last: Option<UnixTime>,
    disabled: bool,
}

/// Lists them, and disables them if that is asked.
pub fn idle(installation: &Installation, wanted: &Idle) -> Result<Answer, Failure> {
    let configured = installation.realm.store.read(|tx| installation.realm.policy(tx))?;
    let span = wanted.span.unwrap_or(configured.settings().idle_disable);
    if span <= 0 {
        return Err(Failure::usage(
            "the policy's `idle-disable` is 0s: say how long with --for 90d",
        ));
    }
    let now = installation.now();
    let mut found = all(installation, span, now)?;
    if wanted.disable {
        for unused in found.iter_mut().filter(|unused| !unused.account.role.administers()) {
            unused.disabled = disable(installation, &unused.account, span, now)?;
        }
    }
    Ok(told(&found, span, now, wanted.disable))
}

fn all(installation: &Installation, span: i64, now: UnixTime) -> Result<Vec<Unused>, Failure> {
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let (last, page) = installation
            .realm
            .store
            .read(|tx| page(tx, after.as_deref(), span, now))?;
        found.extend(page);
        match last {
            Some(name) => after = Some(name),
            None => return Ok(found),
        }
    }
}

type Page = (Option<String>, Vec<Unused>);

fn page(tx: &mut Tx<'_>, after: Option<&str>, span: i64, now: UnixTime) -> Result<Page, StoreError> {
    let listed = rows::list(tx, after, PAGE)?;
    let last_name = listed.last().map(|account| account.name.to_string());
    let mut found = Vec::new();
    for account in listed {
        if let Some(last) = unused(tx, &account, span, now)? {
            found.push(Unused {
                account,
                last,
                disabled: false,
            });
        }
    }
    Ok((last_name, found))
}

/// Whether it is active and unused for so long: then its last sign-in, if there ever was one. Sign-ins of an earlier
/// account of the same name are not its own.
#[expect(clippy::option_option, reason = "not unused at all, or unused and never signed in")]
fn unused(
    tx: &mut Tx<'_>,
    account: &Account,
    span: i64,
    now: UnixTime,
) -> Result<Option<Option<UnixTime>>, StoreError> {
    if account.state != AccountState::Active {
        return Ok(None);
    }
    let last = audit::last_sign_in(tx, account.name.as_str())?
        .map(|record| record.at)
        .filter(|at| *at >= account.created_at);
    let since = last.unwrap_or(account.created_at);
    Ok((now.saturating_sub(since) >= span).then_some(last))
}

/// Looks once more in the unit that disables: somebody may have come back a moment ago.
fn disable(installation: &Installation, account: &Account, span: i64, now: UnixTime) -> Result<bool, Failure> {
    installation.realm.store.write(|tx| {
        let Some(account) = rows::by_id(tx, account.id)? else {
            return Ok(false);
        };
        let Some(last) = unused(tx, &account, span, now)? else {
            return Ok(false);
        };
        rows::set_state(tx, account.id, AccountState::Disabled)?;
        sessions::end_all(tx, account.id, None)?;
        let event = installation::event(EventKind::AccountDisabled)
            .about(&account.name)
            .detail("why", "idle")
            .detail("before", account.state)
            .detail("after", AccountState::Disabled)
            .detail("last_sign_in", moment(last));
        installation.record(tx, &event)?;
        Ok::<_, Failure>(true)
    })
}

fn told(found: &[Unused], span: i64, now: UnixTime, asked_to_disable: bool) -> Answer {
    let mut table = Table::new(&["NAME", "ROLE", "LAST SIGN-IN", "DAYS", "NOW"]);
    for unused in found {
        let since = unused.last.unwrap_or(unused.account.created_at);
        let state = if unused.disabled { "disabled" } else { "active" };
        table.row([
            unused.account.name.to_string(),
            unused.account.role.to_string(),
            unused.last.map_or_else(|| "never".to_owned(), |at| moment(Some(at))),
            (now.saturating_sub(since) / 86_400).to_string(),
            state.to_owned(),
        ]);
    }
    let one = |unused: &Unused| {
        json!({
            "name": unused.account.name,
            "role": unused.account.role.as_str(),
            "last_sign_in": unused.last,
            "created_at": unused.account.created_at,
            "disabled": unused.disabled,
        })
    };
    let disabled = found.iter().filter(|unused| unused.disabled).count();
    let data = json!({ "for": span, "idle": found.iter().map(one).collect::<Vec<Value>>(), "disabled": disabled });
    let text = if found.is_empty() { String::new() } else { table.draw() };
    let idle = format!(
        "{} active accounts idle for {} or longer",
        found.len(),
        show_duration(span)
    );
    if asked_to_disable {
        Answer::change(disabled > 0, data, format!("{idle}: {disabled} disabled.")).text(text)
    } else {
        Answer::data(data, text).remark(format!("{idle}; --disable disables those that do not administer."))
    }
}
