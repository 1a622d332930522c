//! `samekey methods`: which second factor works where (R9), and where the policy takes it.

use crate::exit::Failure;
use crate::installation::Installation;
use crate::output::{Answer, Table};
use samekey_shared::clock::UnixTime;
use samekey_shared::methods::comparison::{Compared, Surface, carried, compared};
use samekey_shared::methods::{Level, Method};
use samekey_shared::policy::{self, EmailUse, Facts, FirstFactorKind, KeyFact, Policy, SourceFact};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Runs the verb: an ordinary sign-in of an account without groups and flags is what "the policy takes it" is about.
pub fn run(config: &Path) -> Result<Answer, Failure> {
    let installation = Installation::open(config)?;
    let policy = installation.realm.store.read(|tx| installation.realm.policy(tx))?;
    let now = installation.now();
    let mut table = Table::new(&["METHOD", "LEVEL", "WEB", "SSH", "CONSOLE", "OFFLINE"]);
    let mut data = Vec::new();
    for one in compared() {
        let taken = Surface::ALL.map(|surface| (surface, taken(&policy, one, surface, now)));
        let cells = taken.map(|(surface, taken)| match taken {
            Taken::Yes => carried(one.method, surface).in_words().to_owned(),
            Taken::InEmergency => "typed, in an emergency".to_owned(),
            Taken::TooWeak(level) => format!("no: {level} is asked"),
            Taken::No => "no: not accepted".to_owned(),
        });
        let offline = if one.works_offline { "yes" } else { "no" };
        let head = [one.method.to_string(), one.level.to_string()];
        table.row(head.into_iter().chain(cells).chain([offline.to_owned()]));
        data.push(as_json(one, taken));
    }
    let answer = Answer::data(json!({ "policy_hash": policy.hash(), "methods": data }), table.draw());
    Ok(answer
        .remark("As the policy treats an account without groups and flags; `samekey policy explain` tells of one."))
}

/// Whether the policy takes a method at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Yes,
    /// E-mail only: when the person's device is not at hand (Q4).
    InEmergency,
    /// It cannot reach the level that is asked.
    TooWeak(Level),
    No,
}

impl Taken {
    fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::InEmergency => "in-emergency",
            Self::TooWeak(_) => "too-weak",
            Self::No => "no",
        }
    }
}

fn taken(policy: &Policy, one: Compared, surface: Surface, now: UnixTime) -> Taken {
    let elsewhere = SourceFact::Addr([203, 0, 113, 1].into());
    let (service, source) = match surface {
        Surface::Web => ("portal:sign-in", elsewhere),
        Surface::Remote => ("pam:sshd", elsewhere),
        Surface::Console => ("pam:login", SourceFact::Local),
    };
    let nothing = BTreeSet::new();
    let facts = Facts {
        user: "",
        groups: Some(&nothing),
        flags: Some(&nothing),
        service,
        host: None,
        source,
        first_factor: Some(FirstFactorKind::Password),
        key: KeyFact::None,
        abnormal: Some(false),
        now,
    };
    let asked = policy::requirement(policy, &facts);
    let email = policy.settings().email;
    if asked.deny || !asked.methods.contains(&one.method) || (one.method == Method::Email && email == EmailUse::Off) {
        return Taken::No;
    }
    if one.method == Method::Email && email == EmailUse::Emergency {
        return Taken::InEmergency;
    }
    // An attested key reaches what its kind alone does not.
    let reaches = if one.method.is_fido() {
        Level::Hardware
    } else {
        one.level
    };
    if reaches < asked.level {
        Taken::TooWeak(asked.level)
    } else {
        Taken::Yes
    }
}

fn as_json(one: Compared, taken: [(Surface, Taken); 3]) -> Value {
    let mut places = json!({});
    for (surface, taken) in taken {
        places[surface.as_str()] = json!({
            "answered": carried(one.method, surface),
            "accepted": taken.word(),
        });
    }
    json!({
        "method": one.method,
        "level": one.level,
        "alone": one.alone,
        "resists_phishing": one.resists_phishing,
        "works_offline": one.works_offline,
        "at": places,
    })
}
