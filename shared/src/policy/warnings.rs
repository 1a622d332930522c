//! What a policy may say and its author should know: shown by `check`, never in the way of loading.

use super::Policy;
use super::decide::{State, decide};
use super::decision::Decision;
use super::document::{Document, Exception, Rule};
use super::facts::{Facts, FirstFactorKind, KeyFact, SourceFact};
use super::lattice::Way;
use super::lints;
use super::moments::{show_duration, show_moment};
use super::requirement::{Kind, ReportOnly, weigh};
use super::selectors::{Condition, Wanted, When};
use super::settings::{EmailUse, FirstBind, Settings};
use crate::clock::UnixTime;
use crate::methods::{Level, Method};
use std::collections::BTreeSet;

/// Longer than this an exception is a second policy.
const LONG_EXCEPTION: i64 = 90 * 86_400;

/// Whoever relies on an exception wants to know so long before it ends.
const SOON: i64 = 7 * 86_400;

/// Doors at which being remembered would undo the fresh proof that they are for.
const SENSITIVE: [&str; 3] = ["admin:settings", "portal:devices", "pam:sudo"];

/// An account as the lints about people need it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownAccount {
    /// The canonical login name.
    pub user: String,
    /// Its groups; `None` when they could not be looked up.
    pub groups: Option<BTreeSet<String>>,
    /// Its flags.
    pub flags: BTreeSet<String>,
    /// Whether it may administer, and is not locked.
    pub administrator: bool,
    /// Methods of which it has a device.
    pub bound: BTreeSet<Method>,
    /// When it was made: its time to enrol runs from then. `None` leaves it none.
    pub since: Option<UnixTime>,
}

impl KnownAccount {
    /// An ordinary sign-in of this account: nothing unusual about it.
    pub(super) fn facts<'a>(&'a self, service: &'a str, source: SourceFact, now: UnixTime) -> Facts<'a> {
        Facts {
            user: &self.user,
            groups: self.groups.as_ref(),
            flags: Some(&self.flags),
            service,
            host: Some("localhost"),
            source,
            first_factor: Some(FirstFactorKind::Password),
            key: KeyFact::None,
            abnormal: Some(false),
            now,
        }
    }

    fn decision(&self, document: &Document, service: &str, source: SourceFact, now: UnixTime) -> Decision {
        let asked = weigh(document, &self.facts(service, source, now), ReportOnly::Logged);
        decide(&asked, &State::fresh(&self.bound, Some(now), now).at(service))
    }
}

/// All warnings, each with the line that it is about.
pub(super) fn of(document: &Document, now: UnixTime) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for rule in document.rules.iter().filter(|rule| !rule.from_preset) {
        found.extend(of_rule(document, rule).into_iter().map(|text| (rule.line, text)));
    }
    for exception in &document.exceptions {
        found.extend(
            of_exception(exception, now)
                .into_iter()
                .map(|text| (exception.line, text)),
        );
    }
    let in_default = |text: String| (1, text);
    if offers_email_in_vain(document.default.level, document.default.methods.as_ref()) {
        found.push(in_default(
            "[default] accepts email, which cannot reach its level: it only serves recovery".into(),
        ));
    }
    found.extend(remembered_at_sensitive_doors(document, now).map(in_default));
    found.extend(of_settings(document).into_iter().map(in_default));
    found
}

/// Settings that undo what a standard, or the preset that is named, is for. Rules cannot hold them.
fn of_settings(document: &Document) -> Vec<String> {
    let mut found = Vec::new();
    if document.settings.email == EmailUse::SecondFactor {
        found.push(
            "[settings] email is a second factor like the others: NIST SP 800-63B-4 3.1.3.1 and ASVS 6.3.6 forbid that"
                .to_owned(),
        );
    }
    let Some(preset) = document.preset else { return found };
    let Ok(wanted) = Policy::parse(preset.text()) else {
        return found;
    };
    let looser = looser_than(wanted.settings(), &document.settings);
    found.extend(looser.map(|key| format!("[settings] {key} is looser than preset \"{preset}\" has it")));
    found
}

/// The keys of `is` that are looser than `wanted`.
fn looser_than(wanted: &Settings, is: &Settings) -> impl Iterator<Item = &'static str> + use<> {
    let (lock, locked) = (&wanted.lockout, &is.lockout);
    let lockout = locked.attempts > lock.attempts
        || locked.hard_stop > lock.hard_stop
        || locked.window < lock.window
        || locked.lock_for < lock.lock_for;
    let unprotected = |wanted: FirstBind, is: FirstBind| is == FirstBind::Password && wanted != FirstBind::Password;
    let first_bind = unprotected(wanted.first_bind.new, is.first_bind.new)
        || unprotected(wanted.first_bind.after_reset, is.first_bind.after_reset);
    let never = |span: i64| if span == 0 { i64::MAX } else { span };
    [
        ("lockout", lockout),
        ("first-bind", first_bind),
        ("email", is.email > wanted.email),
        ("totp", is.totp.skew > wanted.totp.skew),
        ("passkey-sign-in", is.passkey_sign_in && !wanted.passkey_sign_in),
        ("idle-disable", never(is.idle_disable) > never(wanted.idle_disable)),
    ]
    .into_iter()
    .filter_map(|(key, looser)| looser.then_some(key))
}

fn of_rule(document: &Document, rule: &Rule) -> Vec<String> {
    let mut found = Vec::new();
    let name = &rule.name;
    if let Some(key) = contradiction(&rule.when) {
        found.push(format!(
            "rule \"{name}\" can never apply: its except-{key} takes away all that its {key} names"
        ));
    }
    let mut asked = document.base.clone();
    asked.settle(&[(name, &rule.require)], Way::Strictest);
    if let Some(fault) = lints::one_kind_only(&asked) {
        found.push(format!("rule \"{name}\": {fault}; who has one kind only is refused"));
    }
    if asked == document.base && !rule.hard {
        found.push(format!(
            "rule \"{name}\" changes nothing: [default] asks as much already"
        ));
    }
    if offers_email_in_vain(rule.require.level, rule.require.methods.as_ref()) {
        found.push(format!(
            "rule \"{name}\" accepts email, which cannot reach its level: it only serves recovery"
        ));
    }
    found
}

fn of_exception(exception: &Exception, now: UnixTime) -> Vec<String> {
    let mut found = Vec::new();
    let name = &exception.name;
    if let Some(key) = contradiction(&exception.when) {
        found.push(format!(
            "exception \"{name}\" can never apply: its except-{key} takes away all that its {key} names"
        ));
    }
    match exception.expires {
        Some(end) if end <= now => {
            found.push(format!("exception \"{name}\" ended on {}: remove it", show_moment(end)));
        }
        Some(end) if end.saturating_sub(now) <= SOON => {
            found.push(format!("exception \"{name}\" ends soon, on {}", show_moment(end)));
        }
        Some(end) if end.saturating_sub(now) > LONG_EXCEPTION => {
            found.push(format!(
                "exception \"{name}\" holds for more than 90 days, until {}",
                show_moment(end)
            ));
        }
        _ => {}
    }
    let says = |key: &str| exception.when.0.iter().any(|condition| condition.key() == key);
    for key in ["source", "first-factor"] {
        if exception.automation && !says(key) {
            found.push(format!(
                "exception \"{name}\" is for automation and holds for any {key}"
            ));
        }
    }
    found
}

fn offers_email_in_vain(level: Option<Level>, methods: Option<&BTreeSet<Method>>) -> bool {
    level.is_some_and(|level| level >= Level::High) && methods.is_some_and(|list| list.contains(&Method::Email))
}

/// The key whose `except-…` twin takes away everything that it names.
fn contradiction(when: &When) -> Option<&'static str> {
    let covered = |plain: &Condition, twin: &Condition| match (&plain.wanted, &twin.wanted) {
        (Wanted::Source(terms), Wanted::Source(taken)) => terms.iter().all(|term| taken.contains(term)),
        (wanted, taken) => {
            let globs = wanted.globs();
            let covers = |text: &str| {
                taken
                    .globs()
                    .iter()
                    .any(|glob| glob.as_str() == text || glob.matches(text))
            };
            !globs.is_empty() && globs.iter().all(|glob| covers(glob.as_str()))
        }
    };
    let twins = |plain: &Condition| {
        let same = when
            .0
            .iter()
            .filter(|other| other.except && other.wanted.key() == plain.wanted.key());
        same.cloned().collect::<Vec<_>>()
    };
    let plain = when.0.iter().filter(|condition| !condition.except);
    plain
        .filter(|condition| twins(condition).iter().any(|twin| covered(condition, twin)))
        .map(|condition| condition.wanted.key())
        .next()
}

fn remembered_at_sensitive_doors(document: &Document, now: UnixTime) -> impl Iterator<Item = String> {
    let nobody = KnownAccount {
        groups: Some(BTreeSet::new()),
        ..KnownAccount::default()
    };
    SENSITIVE.into_iter().filter_map(move |service| {
        let asked = weigh(
            document,
            &nobody.facts(service, SourceFact::Local, now),
            ReportOnly::Logged,
        );
        let span = asked.remember.max(asked.recheck);
        let remembered = span > 0 && asked.max_age.is_none();
        remembered.then(|| {
            let span = show_duration(span);
            format!("who was asked within {span} is not asked again at {service}: add a rule with max-age")
        })
    })
}

/// Who would have to bind another device, or could not get in at all, on an ordinary sign-in to the pages.
pub(super) fn of_people(document: &Document, accounts: &[KnownAccount], now: UnixTime) -> Vec<String> {
    let (mut enrol, mut denied) = (Vec::new(), Vec::new());
    let one_kind = |account: &&KnownAccount| account.administrator && Kind::count(&account.bound) == 1;
    let one_kind: Vec<&str> = accounts
        .iter()
        .filter(one_kind)
        .map(|account| account.user.as_str())
        .collect();
    for account in accounts.iter().filter(|account| !account.bound.is_empty()) {
        match account.decision(document, "portal:sign-in", SourceFact::Local, now) {
            Decision::MustBind { .. } => enrol.push(account.user.as_str()),
            Decision::Deny { .. } => denied.push(account.user.as_str()),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for (who, what) in [
        (enrol, "users would have to enrol again"),
        (denied, "users would not get in at all"),
        (one_kind, "administrators have one kind of device only"),
    ] {
        if !who.is_empty() {
            let (few, more) = who.split_at(who.len().min(10));
            let more = if more.is_empty() { "" } else { ", …" };
            found.push(format!("{} {what}: {}{more}", who.len(), few.join(", ")));
        }
    }
    found
}

/// Whether administrators are listed and none of them could sign in by any door from any place that the policy names.
pub(super) fn locks_out_administrators(document: &Document, accounts: &[KnownAccount], now: UnixTime) -> bool {
    let mut administrators = accounts.iter().filter(|account| account.administrator).peekable();
    if administrators.peek().is_none() {
        return false;
    }
    let named = document.networks.values().flat_map(|blocks| blocks.iter());
    let elsewhere = SourceFact::Addr([203, 0, 113, 1].into());
    let mut places: Vec<SourceFact> = named.map(|block| SourceFact::Addr(block.first())).collect();
    places.extend([SourceFact::Local, elsewhere]);
    let may_bind_first = matches!(
        document.settings.first_bind.new,
        FirstBind::Password | FirstBind::Network
    );
    let gets_in = |account: &KnownAccount, service: &str, place: SourceFact| {
        match account.decision(document, service, place, now) {
            Decision::Deny { .. } => false,
            // Somebody who has a device, and none that will do, has no way to bind a better one by himself.
            Decision::MustBind { .. } => account.bound.is_empty() && may_bind_first,
            Decision::Allow { .. } | Decision::AllowAndNag { .. } | Decision::Challenge { .. } => true,
        }
    };
    let doors = ["portal:sign-in", "pam:sshd", "pam:login"];
    !administrators.any(|account| {
        doors
            .iter()
            .any(|service| places.iter().any(|place| gets_in(account, service, *place)))
    })
}
