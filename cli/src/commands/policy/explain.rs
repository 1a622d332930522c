//! `samekey policy explain`: what would happen to a sign-in, and why, by the functions that every door decides with.
//!
//! What no option tells is taken from the store, from the name service and from the configuration, as the doors take it.

use crate::exit::{Exit, Failure};
use crate::installation::Installation;
use crate::output::Answer;
use samekey_shared::accounts::{self, Account, AccountState, Groups, LoginName, groups};
use samekey_shared::attempts;
use samekey_shared::clock::UnixTime;
use samekey_shared::config::Owner;
use samekey_shared::devices;
use samekey_shared::devices::ssh_key::{self, EnrolledKey};
use samekey_shared::methods::Method;
use samekey_shared::methods::ssh_key::vouched;
use samekey_shared::policy::{self, Explanation, Facts, FirstFactorKind, KeyFact, Policy, Proven, SourceFact, State};
use samekey_shared::source::Source;
use samekey_shared::ssh::{self, ShownKey};
use samekey_shared::store::Tx;
use serde_json::Value;
use std::collections::BTreeSet;
use std::str::FromStr;

/// The sign-in to explain.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Who: a login name, with or without an account
    #[arg(long, value_name = "NAME")]
    user: String,
    /// The door: pam:SERVICE, oidc:CLIENT, portal:sign-in, portal:devices, …
    #[arg(long, value_name = "SERVICE")]
    service: String,
    /// Where from: an address, `local` or `unknown`
    #[arg(long, value_name = "SOURCE", default_value = "unknown")]
    source: SourceFact,
    /// The groups, separated by commas, or `unknown` [default: those the doors would find]
    #[arg(long, value_name = "GROUPS")]
    groups: Option<Known<BTreeSet<String>>>,
    /// The account's flags, separated by commas [default: those in the store]
    #[arg(long, value_name = "FLAGS")]
    flags: Option<Known<BTreeSet<String>>>,
    /// When: a day (2026-05-01), a moment (2026-05-01T12:00:00Z) or seconds since 1970 [default: now]
    #[arg(long, value_name = "WHEN", value_parser = at)]
    at: Option<UnixTime>,
    /// Methods bound, separated by commas, empty for none [default: those in the store]
    #[arg(long, value_name = "METHODS", value_parser = methods)]
    have: Option<Methods>,
    /// How the first factor was proven: none, password, publickey, passkey or unknown
    #[arg(long, value_name = "KIND", default_value = "password")]
    first_factor: Known<FirstFactorKind>,
    /// The SSH key that came first, by its fingerprint (SHA256:…), or `unknown` [default: none, unknown after a public key]
    #[arg(long, value_name = "FINGERPRINT")]
    key: Option<Known<String>>,
    /// The type of that key [default: as it is enrolled]
    #[arg(long, value_name = "TYPE", requires = "key")]
    key_type: Option<String>,
    /// The host that is entered, or `unknown` [default: this one for pam services]
    #[arg(long, value_name = "HOST")]
    host: Option<Known<String>>,
    /// Whether the sign-in is unusual: true, false or unknown [default: whether the account never came from there]
    #[arg(long, value_name = "WORD")]
    abnormal: Option<Known<bool>>,
    /// Suppose that this browser was remembered so long ago, such as 2d; at pam services, that the shell was rechecked then
    #[arg(long, value_name = "SPAN", value_parser = policy::parse_duration)]
    remembered: Option<i64>,
}

/// A fact of the command line that may be said to be unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known<T>(Option<T>);

/// Words between commas.
trait FromWords: Sized {
    fn read(text: &str) -> Result<Self, String>;
}

impl FromWords for BTreeSet<String> {
    fn read(text: &str) -> Result<Self, String> {
        Ok(words(text).map(str::to_owned).collect())
    }
}

impl FromWords for String {
    fn read(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl FromWords for bool {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "it is true, false or unknown".to_owned())
    }
}

impl FromWords for FirstFactorKind {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: policy::NotAFirstFactor| error.to_string())
    }
}

impl<T: FromWords> FromStr for Known<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "unknown" {
            Ok(Self(None))
        } else {
            T::read(text).map(|value| Self(Some(value)))
        }
    }
}

/// Bound methods, as an option of its own type so that the parser does not take it for a repeated one.
#[derive(Debug, Clone)]
struct Methods(BTreeSet<Method>);

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn methods(text: &str) -> Result<Methods, String> {
    let read = |word: &str| word.parse::<Method>().map_err(|error| format!("{word}: {error}"));
    words(text).map(read).collect::<Result<_, _>>().map(Methods)
}

fn at(text: &str) -> Result<UnixTime, String> {
    text.parse().or_else(|_| policy::parse_moment(text))
}

/// What is looked up where no option tells.
struct Found {
    account: Option<Account>,
    groups: Groups,
    bound: BTreeSet<Method>,
    abnormal: Option<bool>,
    host: Option<String>,
    /// The key that was named, if it is enrolled in the account.
    key: Option<EnrolledKey>,
    /// Whether this host's sshd takes keys on the terms they are enrolled on.
    on_our_terms: bool,
}

/// Runs the verb.
pub fn run(installation: &Installation, arguments: &Arguments) -> Result<Answer, Failure> {
    let (explanation, account) = explanation(installation, arguments)?;
    let closed = account
        .map(|account| account.state)
        .filter(|state| *state != AccountState::Active);
    tell(&explanation, closed)
}

/// What holds for a sign-in of this person here and now, from this machine.
pub fn of_sign_in(installation: &Installation, user: &str, service: &str) -> Result<Explanation, Failure> {
    let arguments = Arguments {
        user: user.to_owned(),
        service: service.to_owned(),
        source: SourceFact::Local,
        groups: None,
        flags: None,
        at: None,
        have: None,
        first_factor: Known(Some(FirstFactorKind::Password)),
        key: None,
        key_type: None,
        host: None,
        abnormal: None,
        remembered: None,
    };
    Ok(explanation(installation, &arguments)?.0)
}

fn explanation(installation: &Installation, arguments: &Arguments) -> Result<(Explanation, Option<Account>), Failure> {
    let name = installation.login_name(&arguments.user)?;
    // Outside the unit of work: a directory may take seconds.
    let nss = groups::from_nss(&name);
    let (policy, found) = installation.realm.store.read(|tx| {
        let policy = installation.realm.policy(tx)?;
        let found = look(installation, tx, &policy, &name, &nss, arguments)?;
        Ok::<_, Failure>((policy, found))
    })?;
    let explanation = explained(installation, &policy, &name, &nss, &found, arguments);
    Ok((explanation, found.account))
}

fn look(
    installation: &Installation,
    tx: &mut Tx<'_>,
    policy: &Policy,
    name: &LoginName,
    nss: &Groups,
    arguments: &Arguments,
) -> Result<Found, Failure> {
    let account = accounts::rows::find(tx, name)?;
    let id = account.as_ref().map(|account| account.id);
    let bound = match id {
        Some(id) => devices::rows::bound(tx, id)?.methods(),
        None => BTreeSet::new(),
    };
    let abnormal = match arguments.source {
        SourceFact::Local => Some(false),
        SourceFact::Addr(address) => Some(!attempts::is_known_source(tx, name, &Source::address(address))?),
        SourceFact::Unknown => None,
    };
    let groups = groups::of(policy.group_source(), tx, nss.clone(), id)?;
    let host = arguments
        .service
        .starts_with("pam:")
        .then(|| this_host(installation))
        .flatten();
    let named = arguments.key.as_ref().and_then(|key| key.0.as_deref());
    let key = match (id, named) {
        (Some(id), Some(print)) => ssh_key::find(tx, id, print)?,
        _ => None,
    };
    Ok(Found {
        account,
        groups,
        bound,
        abnormal,
        host,
        key,
        on_our_terms: sshd_verifies(installation),
    })
}

/// What this host's configuration says of its sshd.
fn sshd_verifies(installation: &Installation) -> bool {
    let section: Option<toml::Table> = installation.config.section(Owner::Agent).ok();
    section.is_some_and(|section| section.get("sshd-verifies") == Some(&toml::Value::Boolean(true)))
}

/// The key as the doors would be told of it, where the command line names one.
fn shown(found: &Found, arguments: &Arguments) -> Option<ShownKey> {
    let fingerprint = arguments.key.as_ref()?.0.clone()?;
    let enrolled = found.key.as_ref().map(|key| key.key.key_type().to_owned());
    Some(ShownKey {
        key_type: arguments.key_type.clone().or(enrolled).unwrap_or_default(),
        fingerprint,
        on_our_terms: found.on_our_terms,
    })
}

/// This host's name as the agent would say it.
fn this_host(installation: &Installation) -> Option<String> {
    let section: Option<toml::Table> = installation.config.section(Owner::Agent).ok();
    let configured = section.and_then(|section| section.get("host")?.as_str().map(str::to_owned));
    configured.or_else(|| {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
        Some(name.trim().to_owned()).filter(|name| !name.is_empty())
    })
}

fn explained(
    installation: &Installation,
    policy: &Policy,
    name: &LoginName,
    nss: &Groups,
    found: &Found,
    arguments: &Arguments,
) -> Explanation {
    let now = arguments.at.unwrap_or_else(|| installation.now());
    let none = BTreeSet::new();
    let own_flags = found.account.as_ref().map_or(&none, |account| &account.flags);
    let shown = shown(found, arguments);
    let key = match (&shown, &arguments.key) {
        (Some(key), _) => KeyFact::Shown {
            key_type: &key.key_type,
            fingerprint: &key.fingerprint,
            enrolled: Some(found.key.is_some()),
        },
        (None, Some(_)) => KeyFact::Unknown,
        (None, None) => KeyFact::of_kind(arguments.first_factor.0),
    };
    let facts = Facts {
        user: name.as_str(),
        groups: arguments
            .groups
            .as_ref()
            .map_or_else(|| found.groups.known(), |said| said.0.as_ref()),
        flags: arguments.flags.as_ref().map_or(Some(own_flags), |said| said.0.as_ref()),
        service: &arguments.service,
        host: arguments
            .host
            .as_ref()
            .map_or(found.host.as_deref(), |said| said.0.as_deref()),
        source: arguments.source,
        first_factor: arguments.first_factor.0,
        key,
        abnormal: arguments.abnormal.as_ref().map_or(found.abnormal, |said| said.0),
        now,
    };
    let bound = arguments.have.as_ref().map_or(&found.bound, |said| &said.0);
    // A user whom this host knows gets an account at the first login: grace runs from then.
    let begins_now = *nss != Groups::Unknown && arguments.service.starts_with("pam:");
    let since = found
        .account
        .as_ref()
        .map(|account| account.created_at)
        .or(begins_now.then_some(now));
    let before = arguments.remembered.map(|ago| now.saturating_sub(ago));
    let shell = arguments.service.starts_with("pam:");
    let at_sshd = shown.as_ref().filter(|_| arguments.service == ssh::SERVICE);
    let by_key = at_sshd
        .zip(found.key.as_ref())
        .and_then(|(shown, key)| vouched(shown, key, now));
    let state = State {
        by_key: by_key.map(|evidence| Proven {
            level: evidence.level(),
            method: Some(evidence.method()),
            at: evidence.at(),
        }),
        remembered_at: before.filter(|_| !shell),
        rechecked_at: before.filter(|_| shell),
        ..State::fresh(bound, since, now)
    };
    policy::explain(policy, &facts, &state)
}

fn tell(explanation: &Explanation, closed: Option<AccountState>) -> Result<Answer, Failure> {
    let mut data = serde_json::to_value(explanation).map_err(|error| Failure::failed(error.to_string()))?;
    data["account"] = closed.map_or(Value::Null, |state| Value::from(state.as_str()));
    let number = explanation.decision.exit_code();
    let answer = Answer::data(data, explanation.to_string());
    Ok(match closed {
        None => answer.exit(Exit::Verdict(number)),
        Some(state) => answer
            .remark(format!(
                "The account is {state}: it is refused whatever the policy says."
            ))
            .exit(Exit::Verdict(DENIED)),
    })
}

/// The exit code of a denial.
const DENIED: u8 = 20;
