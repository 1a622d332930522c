//! The settings as a page of three groups (R32): shown, changed one group at a time, each change another version of the
//! policy in which nothing but `[settings]` differs.

use super::document::with_keys;
use super::last::administrators;
use super::{AdministrationError, Desk};
use crate::accounts::LoginName;
use crate::audit::{Event, EventKind};
use crate::outbox::AdministratorAct;
use crate::policy::{self, Policy, Settings, parse_duration, show_duration};
use crate::policy::{DeviceNames, EmailUse, FirstBind, SelfService, Terms, TwoTypes, WeakPasswords};
use crate::roles::Action;
use std::collections::BTreeMap;

/// The page's groups, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Sessions, lockout, what people are told.
    Security,
    /// Second factors.
    Mfa,
    /// Where from.
    Network,
}

impl Group {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Security, Self::Mfa, Self::Network];

    /// The stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Mfa => "mfa",
            Self::Network => "network",
        }
    }
}

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
    /// A span such as `15m`.
    Span,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A line of text; empty for none.
    Text,
    /// Words with commas between them.
    List,
}

/// What holds for everybody: `[settings]`, and the switches of `[default]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Global {
    /// `[settings]`
    pub settings: Settings,
    /// `[default]`
    pub default: Terms,
}

impl Global {
    fn of(policy: &Policy) -> Self {
        Self {
            settings: policy.settings().clone(),
            default: policy.document().default.clone(),
        }
    }
}

/// One setting.
pub struct Field {
    /// Its key as the file has it; a dot leads into an inline table, or from `default` into the table of that name.
    pub key: &'static str,
    /// Where the page shows it.
    pub group: Group,
    /// What it takes.
    pub kind: Kind,
    show: fn(&Global) -> String,
    set: fn(&mut Global, &str) -> Result<(), String>,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.key)
    }
}

impl Field {
    /// Its value as the form shows it.
    pub fn value(&self, global: &Global) -> String {
        (self.show)(global)
    }
}

macro_rules! fields {
    ($($key:literal $group:ident $kind:expr, $($path:ident).+ $how:ident;)+) => {
        &[$(Field {
            key: $key,
            group: Group::$group,
            kind: $kind,
            show: |global| fields!(@show $how global.$($path).+),
            set: |global, text| { global.$($path).+ = fields!(@read $how text); Ok(()) },
        }),+]
    };
    (@show span $value:expr) => { show_duration($value) };
    (@show word $value:expr) => { $value.to_string() };
    (@show text $value:expr) => { $value.clone().unwrap_or_default() };
    (@show list $value:expr) => { $value.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ") };
    (@show own_span $value:expr) => { $value.map(show_duration).unwrap_or_default() };
    (@show own_word $value:expr) => { $value.map(|word| word.to_string()).unwrap_or_default() };
    (@read span $text:expr) => { parse_duration($text)? };
    (@read word $text:expr) => { $text.parse().map_err(|_| format!("\"{}\" does not go here", $text))? };
    (@read text $text:expr) => { Some($text.to_owned()).filter(|text| !text.is_empty()) };
    (@read own_span $text:expr) => { if $text.is_empty() { None } else { Some(parse_duration($text)?) } };
    (@read own_word $text:expr) => { if $text.is_empty() { None } else { Some(fields!(@read word $text)) } };
    // Read by the policy's own parser, which knows the names of networks.
    (@read list $text:expr) => { { let _ = $text; Vec::new() } };
}

/// Every setting that the page changes.
pub const FIELDS: &[Field] = fields! {
    "session" Security Kind::Span, settings.session span;
    "idle" Security Kind::Span, settings.idle span;
    "lockout.attempts" Security Kind::Number, settings.lockout.attempts word;
    "lockout.window" Security Kind::Span, settings.lockout.window span;
    "lockout.for" Security Kind::Span, settings.lockout.lock_for span;
    "lockout.hard-stop" Security Kind::Number, settings.lockout.hard_stop word;
    "passkey-sign-in" Security Kind::Flag, settings.passkey_sign_in word;
    "default.remember" Security Kind::Span, default.remember own_span;
    "weak-passwords" Security Kind::Word(WeakPasswords::WORDS), settings.weak_passwords word;
    "idle-disable" Security Kind::Span, settings.idle_disable span;
    "contact" Security Kind::Text, settings.contact text;
    "announcement" Security Kind::Text, settings.announcement text;
    "self-service" Mfa Kind::Word(SelfService::WORDS), settings.self_service word;
    "default.grace" Mfa Kind::Span, default.grace own_span;
    "default.two-types" Mfa Kind::Word(TwoTypes::WORDS), default.two_types own_word;
    "email" Mfa Kind::Word(EmailUse::WORDS), settings.email word;
    "first-bind.new" Mfa Kind::Word(FirstBind::WORDS), settings.first_bind.new word;
    "first-bind.after-reset" Mfa Kind::Word(FirstBind::WORDS), settings.first_bind.after_reset word;
    "fido-per-user" Mfa Kind::Number, settings.fido_per_user word;
    "totp-per-user" Mfa Kind::Number, settings.totp_per_user word;
    "users-per-email" Mfa Kind::Number, settings.users_per_email word;
    "email-code.digits" Mfa Kind::Number, settings.email_code.digits word;
    "email-code.ttl" Mfa Kind::Span, settings.email_code.ttl span;
    "email-code.resend" Mfa Kind::Span, settings.email_code.resend span;
    "email-code.tries" Mfa Kind::Number, settings.email_code.tries word;
    "recovery-codes" Mfa Kind::Number, settings.recovery_codes word;
    "device-name" Mfa Kind::Word(DeviceNames::WORDS), settings.device_name word;
    "checkup" Mfa Kind::Span, settings.checkup span;
    "enroll-in-terminal" Mfa Kind::Flag, settings.enroll_in_terminal word;
    "login-networks" Network Kind::List, settings.login_networks list;
    "first-bind.networks" Network Kind::List, settings.first_bind.networks list;
};

/// Values by key, as somebody typed them. What is not named stays.
pub type Draft = BTreeMap<String, String>;

impl Desk<'_> {
    /// The settings that hold.
    pub fn settings(&self) -> Result<Global, AdministrationError> {
        self.realm.store.read(|tx| {
            self.allowed(tx, Action::SettingsSee, None)?;
            let policy = self.realm.policy(tx)?;
            Ok(Global::of(&policy))
        })
    }

    /// Changes what is named, and tells the trail what it was and what it is; `false` where nothing differs.
    pub fn change_settings(&self, draft: &Draft) -> Result<bool, AdministrationError> {
        let (before, text) = self.realm.store.read(|tx| {
            self.allowed(tx, Action::SettingsChange, None)?;
            let before = self.realm.policy(tx)?;
            let text = edited(&before, draft)?;
            Ok::<_, AdministrationError>((before, text))
        })?;
        let after = parsed(&text)?;
        same_but_settings(&before, &after)?;
        let changes = differences(&Global::of(&before), &Global::of(&after));
        if changes.is_empty() {
            return Ok(false);
        }
        let event = self.administrator.event(EventKind::PolicyApplied);
        let event = event
            .detail("before", told(&changes, false))
            .detail("after", told(&changes, true));
        self.apply(Action::SettingsChange, None, (&before, &after), &[event])?;
        Ok(true)
    }

    /// Makes a changed policy the one that holds, unless another took the place of the one that was changed.
    pub(super) fn apply(
        &self,
        action: Action,
        on: Option<&LoginName>,
        (before, after): (&Policy, &Policy),
        events: &[Event],
    ) -> Result<(), AdministrationError> {
        let realm = self.realm;
        // Outside the unit of work: a directory may be asked about groups.
        let administrators = administrators(realm, after)?;
        let now = realm.clock.now();
        realm.store.write(|tx| {
            match on {
                Some(name) => {
                    let account = self.account(tx, action, name)?;
                    self.tell(tx, &account, AdministratorAct::Rescued, None)?;
                }
                None => self.allowed(tx, action, None)?,
            }
            if realm.policy(tx)?.text() != before.text() {
                return Err(AdministrationError::ChangedMeanwhile);
            }
            let (stored, _) = policy::rows::apply(tx, after.text(), &self.administrator.shown(), now, &administrators)?;
            for event in events {
                let event = event
                    .clone()
                    .decided(&stored.hash, "-")
                    .detail("version", stored.version);
                self.record(tx, &event)?;
            }
            Ok(())
        })
    }
}

/// The text with the draft's values in it.
fn edited(before: &Policy, draft: &Draft) -> Result<String, AdministrationError> {
    let mut after = Global::of(before);
    let mut places = BTreeMap::new();
    for (key, typed) in draft {
        let field = FIELDS.iter().find(|field| field.key == key);
        let field = field.ok_or_else(|| AdministrationError::Setting(format!("there is no setting `{key}`")))?;
        let typed = typed.trim();
        if field.kind == Kind::List {
            places.insert(field.key, listed(typed));
        } else {
            (field.set)(&mut after, typed).map_err(|why| AdministrationError::Value { field, why })?;
        }
    }
    let text = with_switches(before, &after);
    let after = &after.settings;
    let there: BTreeMap<_, _> = policy::setting_lines(before.settings()).into_iter().collect();
    let mut wanted: BTreeMap<_, _> = policy::setting_lines(after).into_iter().collect();
    if let Some(networks) = places.get("first-bind.networks") {
        wanted.insert("first-bind", first_bind(after, networks.as_deref()));
    }
    match places.remove("login-networks") {
        Some(Some(networks)) => drop(wanted.insert("login-networks", networks)),
        Some(None) => drop(wanted.remove("login-networks")),
        None => {}
    }
    let keys = there
        .keys()
        .chain(wanted.keys())
        .collect::<std::collections::BTreeSet<_>>();
    let changed: Vec<_> = keys
        .into_iter()
        .filter(|key| there.get(*key) != wanted.get(*key))
        .map(|key| (*key, wanted.get(key).cloned()))
        .collect();
    Ok(if changed.is_empty() {
        text
    } else {
        with_keys(&text, "[settings]", &changed)
    })
}

/// The text with what changed of the switches in `[default]`.
fn with_switches(before: &Policy, after: &Global) -> String {
    let was = Global::of(before);
    let switches = FIELDS.iter().filter_map(|field| {
        let key = field.key.strip_prefix("default.")?;
        let value = field.value(after);
        let quoted = (!value.is_empty()).then(|| toml::Value::String(value.clone()).to_string());
        (field.value(&was) != value).then_some((key, quoted))
    });
    let changed: Vec<_> = switches.collect();
    if changed.is_empty() {
        before.text().to_owned()
    } else {
        with_keys(before.text(), "[default]", &changed)
    }
}

/// Words with commas or spaces between them as the file has a list; `None` for none.
fn listed(typed: &str) -> Option<String> {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let places: Vec<String> = typed
        .split([',', ' '])
        .filter(|place| !place.is_empty())
        .map(quoted)
        .collect();
    (!places.is_empty()).then(|| format!("[{}]", places.join(", ")))
}

fn first_bind(settings: &Settings, networks: Option<&str>) -> String {
    let networks = networks.map_or_else(String::new, |networks| format!(", networks = {networks}"));
    let rule = &settings.first_bind;
    format!(
        "{{ new = \"{}\", after-reset = \"{}\"{networks} }}",
        rule.new, rule.after_reset
    )
}

/// The policy of a changed text; what is wrong with it is what was typed.
pub(super) fn parsed(text: &str) -> Result<Policy, AdministrationError> {
    Policy::parse(text).map_err(|problems| {
        let told: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        AdministrationError::Setting(told.join("; "))
    })
}

fn same_but_settings(before: &Policy, after: &Policy) -> Result<(), AdministrationError> {
    if before.document().same_but_settings(after.document()) {
        Ok(())
    } else {
        Err(AdministrationError::Document)
    }
}

/// Key, before, after.
fn differences(before: &Global, after: &Global) -> Vec<(&'static str, [String; 2])> {
    let both = FIELDS
        .iter()
        .map(|field| (field.key, [field.value(before), field.value(after)]));
    both.filter(|(_, [before, after])| before != after).collect()
}

fn told(changes: &[(&'static str, [String; 2])], after: bool) -> String {
    let one = |(key, values): &(&str, [String; 2])| format!("{key}={}", values[usize::from(after)]);
    changes.iter().map(one).collect::<Vec<_>>().join(" ")
}
