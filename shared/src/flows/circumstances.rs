//! Everything a decision rests on, gathered in one place so that both doors decide by the same facts.

use super::before::{Earlier, earlier, latest};
use super::email_use::counting;
use super::first::{first_kind, key_shown};
use super::{Asked, FlowError, RefusalCode, Visit};
use crate::accounts::{Account, AccountError, AccountState, Groups, LoginName, NewAccount, groups, rows};
use crate::audit::{self, Actor, Event, EventKind};
use crate::clock::UnixTime;
use crate::devices::fido::{self, Credential};
use crate::devices::ssh_key::EnrolledKey;
use crate::devices::{self, Bound};
use crate::ids::AccountId;
use crate::methods::{Evidence, FirstFactor, Level, Method};
use crate::policy::{self, Decision, Facts, KeyFact, Policy, Proven, Requirement, SourceFact, State};
use crate::roles::Role;
use crate::source::Door;
use crate::store::{StoreError, Tx};
use crate::trust::{self, Browser, Sight};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whom the typed name means.
#[derive(Debug)]
pub(super) enum Subject {
    /// An account of ours that may sign in.
    Open(Account),
    /// An account of ours that is locked or disabled. A stranger cannot tell it from an unknown one.
    Closed(Account),
    /// A user of this host without an account of ours, so without devices.
    HostOnly(LoginName),
    /// Nobody. Goes through the same motions.
    Unknown(LoginName),
    /// Not even a name. Goes through the same motions, without a row of its own anywhere.
    Unreadable,
}

impl Subject {
    pub(super) fn account(&self) -> Option<&Account> {
        match self {
            Self::Open(account) | Self::Closed(account) => Some(account),
            _ => None,
        }
    }

    pub(super) fn login(&self) -> Option<&LoginName> {
        match self {
            Self::Open(account) | Self::Closed(account) => Some(&account.name),
            Self::HostOnly(name) | Self::Unknown(name) => Some(name),
            Self::Unreadable => None,
        }
    }
}

/// What is looked up outside the unit of work, because it may be slow: the host's own idea of the user.
#[derive(Debug)]
pub(super) struct HostView {
    pub(super) login: Option<LoginName>,
    groups: Groups,
}

impl HostView {
    /// Asks the name service of this host about the typed name, where its answer can matter: it is the slowest part of
    /// a sign-in. That a name without an account takes longer tells nobody anything new: sshd asked the same before us.
    pub(super) fn of(visit: &Visit<'_>, typed: &str) -> Self {
        let login = login(visit, typed);
        let groups = match &login {
            Some(login) if matters(visit, login) => groups::from_nss(login),
            _ => Groups::Unknown,
        };
        Self { login, groups }
    }

    /// The same as long as nobody has asked the name service.
    pub(super) fn unasked(visit: &Visit<'_>, typed: &str) -> Self {
        Self {
            login: login(visit, typed),
            groups: Groups::Unknown,
        }
    }
}

/// Whether a rule looks at groups, or a shell is entered under a name that only the host may know. In doubt it matters.
fn matters(visit: &Visit<'_>, login: &LoginName) -> bool {
    let idle = visit.realm.store.look(|tx| {
        let known = visit.doorway.door != Door::Shell || rows::find(tx, login)?.is_some();
        Ok::<_, FlowError>(known && !visit.realm.policy(tx)?.asks_nss())
    });
    !idle.unwrap_or(false)
}

/// The account name that was meant: on a page letters may be capital, at a shell they mean somebody else.
pub(super) fn login(visit: &Visit<'_>, typed: &str) -> Option<LoginName> {
    match visit.doorway.door {
        Door::Web => LoginName::parse_typed(typed, &visit.realm.names).ok(),
        Door::Shell | Door::Command => LoginName::parse(typed, &visit.realm.names).ok(),
    }
}

/// Begins the account of a user whom this host knows: from now on their grace runs and devices can be bound.
pub(super) fn adopt(visit: &Visit<'_>, login: &LoginName) -> Result<(), FlowError> {
    let realm = visit.realm;
    let now = realm.clock.now();
    let new = NewAccount {
        id: AccountId::draw(realm.entropy.as_ref())?,
        name: login.clone(),
        display_name: None,
        email: None,
        flags: BTreeSet::new(),
        role: Role::User,
        created_at: now,
    };
    let event = Event::new(EventKind::AccountAdded, Actor::Samekey)
        .about(login)
        .at(visit.doorway.door, &visit.doorway.service)
        .from(&visit.doorway.source)
        .detail("why", "known-to-host");
    realm.store.write(|tx| match rows::insert(tx, &new) {
        Ok(()) => {
            audit::append(tx, &event, now)?;
            Ok(())
        }
        // It has one already, or another login began it a moment ago.
        Err(AccountError::NameTaken(_)) => Ok(()),
        Err(AccountError::Store(error)) => Err(error.into()),
        Err(error) => Err(FlowError::Method(error.to_string())),
    })
}

/// The facts, and what the policy makes of them.
#[derive(Debug)]
pub(super) struct Circumstances {
    pub(super) subject: Subject,
    pub(super) policy: Arc<Policy>,
    pub(super) requirement: Requirement,
    /// The FIDO credentials that this realm's relying party can ask for.
    pub(super) keys: Vec<Credential>,
    /// What the policy asks, where a web app asked for more.
    unraised: Option<Requirement>,
    pub(super) bound: BTreeSet<Method>,
    checkup_due: bool,
    among_devices: bool,
    pub(super) decision: Decision,
    since: Option<UnixTime>,
    pub(super) now: UnixTime,
    pub(super) abnormal: Option<bool>,
    /// The SSH key that opened this login, where it is enrolled in the account.
    pub(super) enrolled: Option<EnrolledKey>,
    /// What that key proves, if it proves anything.
    by_key: Option<Evidence>,
    /// What an earlier proof at this door may spare.
    pub(super) earlier: Earlier,
    /// What was used last at this door, or bound since, of what is typed or touched every day (R4).
    pub(super) latest: Option<Method>,
}

/// What of the machine matters to the facts.
pub(super) struct Standing<'a> {
    pub(super) first: &'a FirstFactor,
    pub(super) evidence: &'a [Evidence],
    pub(super) asked: &'a Asked,
    pub(super) now: UnixTime,
    /// What the browser shows, where there is one.
    pub(super) browser: Option<&'a Browser>,
    /// Whether the browser holds a session of the account already.
    pub(super) in_session: bool,
    /// Whether an earlier proof may spare the question here at all.
    pub(super) spares: bool,
}

impl<'a> Standing<'a> {
    fn sight(&self, door: Door) -> Sight<'a> {
        if door == Door::Web && !self.in_session {
            Sight::Shows(self.browser)
        } else {
            Sight::NoNeed
        }
    }
}

impl Circumstances {
    /// Gathers the facts inside the caller's unit of work.
    pub(super) fn gather(
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        host: &HostView,
        standing: &Standing<'_>,
    ) -> Result<Self, FlowError> {
        let policy = visit.realm.policy(tx)?;
        let subject = subject(tx, visit.doorway.door, host)?;
        let bound = match &subject {
            Subject::Open(account) => devices::rows::bound(tx, account.id)?,
            _ => Bound::default(),
        };
        let checkup_due = bound.checkup_due(policy.settings().checkup, standing.now);
        let keys = keys(tx, visit, &bound, &subject)?;
        let (enrolled, by_key) = key_shown(tx, visit, &subject, (standing.first, standing.now))?;
        let account = subject.account().map(|account| account.id);
        let groups = groups::of(policy.group_source(), tx, host.groups.clone(), account)?;
        let no_flags = BTreeSet::new();
        let facts = Facts {
            user: subject.login().map_or("", LoginName::as_str),
            groups: groups.known(),
            flags: Some(subject.account().map_or(&no_flags, |account| &account.flags)),
            service: &visit.doorway.service,
            host: visit.doorway.host.as_deref(),
            source: SourceFact::from(&visit.doorway.source),
            first_factor: first_kind(standing.first),
            key: KeyFact::of(standing.first, enrolled.is_some()),
            abnormal: trust::abnormal(
                tx,
                (subject.login(), subject.account()),
                &visit.doorway.source,
                standing.sight(visit.doorway.door),
            )?,
            now: standing.now,
        };
        let abnormal = facts.abnormal;
        let requirement = policy::requirement(&policy, &facts);
        let methods = counting(
            policy.settings().email,
            &visit.doorway.service,
            requirement.level,
            &bound,
        );
        let since = subject.account().map(|account| account.created_at);
        let mut known = Self {
            subject,
            policy,
            requirement,
            keys,
            unraised: None,
            bound: methods,
            // Replaced below, when everything that it rests on is in its place.
            decision: Decision::Deny {
                code: policy::DenyCode::DeniedByRule,
            },
            checkup_due,
            among_devices: visit.doorway.service == policy::DEVICES,
            since,
            now: standing.now,
            abnormal,
            enrolled,
            by_key,
            earlier: Earlier::default(),
            latest: latest(&bound, visit.doorway.door),
        };
        if let Some(raised) = known.raised(standing.asked) {
            known.unraised = Some(std::mem::replace(&mut known.requirement, raised));
        }
        if standing.spares && abnormal == Some(false) {
            known.earlier = earlier(tx, visit, &known, standing)?;
        }
        known.decision = known.decision_with(standing.evidence);
        Ok(known)
    }

    /// What the policy makes of the same facts with this evidence. What was bound when the facts were gathered counts:
    /// the last recovery code is no longer bound once it is spent, and yet it has just been shown.
    pub(super) fn decision_with(&self, evidence: &[Evidence]) -> Decision {
        self.narrowed(self.decided(&self.requirement, evidence))
    }

    /// As [`Self::decision_with`], for what the policy asks on its own: a wish of a web app that turns out not to be
    /// fulfilled does not keep anybody out.
    pub(super) fn decision_without_wish(&self, evidence: &[Evidence]) -> Decision {
        self.decided(self.unraised.as_ref().unwrap_or(&self.requirement), evidence)
    }

    /// Whether the SSH key that opened this login is a second factor of it.
    pub(super) fn is_proven_by_key(&self) -> bool {
        self.by_key.is_some()
    }

    /// This evidence, and what the SSH key proves that opened this login.
    pub(super) fn with_key(&self, evidence: &[Evidence]) -> Vec<Evidence> {
        evidence.iter().chain(&self.by_key).cloned().collect()
    }

    fn decided(&self, requirement: &Requirement, evidence: &[Evidence]) -> Decision {
        let by_key = self.by_key.as_ref().map(proven);
        let proven: Vec<Proven> = evidence.iter().map(proven).collect();
        let state = State {
            proven: &proven,
            checkup_due: self.checkup_due,
            among_devices: self.among_devices,
            by_key,
            remembered_at: self.earlier.in_browser,
            rechecked_at: self.earlier.at_shell.map(|(at, _)| at),
            ..State::fresh(&self.bound, self.since, self.now)
        };
        policy::decide(requirement, &state)
    }

    /// The strongest level that what is bound of this method can prove. Which key is hardware, its row tells.
    fn best(&self, method: Method) -> Level {
        if !method.is_fido() {
            return method.level();
        }
        let keys = self.keys.iter().filter(|key| key.kind.method() == method);
        keys.map(Credential::best_level).max().unwrap_or(Level::None)
    }

    /// Whether something of this method could answer at this door; a key that it cannot ask shows nothing here.
    pub(super) fn can_be_asked(&self, method: Method) -> bool {
        !method.is_fido() || self.keys.iter().any(|key| key.kind.method() == method)
    }

    /// The credentials that may answer: of an accepted method, and able to reach the level that is asked.
    pub(super) fn fitting_keys(&self) -> impl Iterator<Item = &Credential> {
        self.keys.iter().filter(|key| {
            self.requirement.methods.contains(&key.kind.method()) && key.best_level() >= self.requirement.level
        })
    }

    /// The policy knows methods, not keys: of a challenge stays what the keys that are bound can reach.
    fn narrowed(&self, decision: Decision) -> Decision {
        let Decision::Challenge { methods } = decision else {
            return decision;
        };
        let (reaching, short): (BTreeSet<Method>, BTreeSet<Method>) = methods
            .into_iter()
            .partition(|method| !method.is_fido() || self.best(*method) >= self.requirement.level);
        if reaching.is_empty() {
            Decision::MustBind { methods: short }
        } else {
            Decision::Challenge { methods: reaching }
        }
    }

    /// A web app may ask for more than the policy, never for less. What nobody could reach is not asked, unless the app
    /// insists: then the sign-in is refused in words rather than with a page that has no way out.
    fn raised(&self, asked: &Asked) -> Option<Requirement> {
        let (level, plain) = (asked.level?, &self.requirement);
        let accepted = |method: &Method| plain.methods.contains(method);
        let raises = level <= Level::Single || asked.essential || self.reaches(level, accepted);
        raises.then(|| plain.clone().and_also("the web app", Some(level), None))
    }

    fn reaches(&self, level: Level, accepted: impl Fn(&Method) -> bool) -> bool {
        self.bound
            .iter()
            .filter(|method| accepted(method))
            .any(|method| self.best(*method) >= level)
    }

    /// Whether facts gathered without the name service may be other with it: a rule looks at its groups, or a shell is
    /// entered under a name that only the host may know.
    pub(super) fn miss_the_host(&self, door: Door) -> bool {
        self.policy.asks_nss() || (door == Door::Shell && matches!(self.subject, Subject::Unknown(_)))
    }

    /// Whether the web app's essential level is out of reach with what is bound.
    pub(super) fn misses_essential(&self, asked: &Asked) -> Option<RefusalCode> {
        let level = asked.level.filter(|_| asked.essential)?;
        let reachable = level <= Level::Single || self.reaches(level, |_| true);
        (!reachable).then_some(RefusalCode::LevelUnreachable)
    }
}

/// The credentials of the account that were made for this realm's relying party, and that this door can ask. Others are never
/// asked for.
fn keys(tx: &mut Tx<'_>, visit: &Visit<'_>, bound: &Bound, subject: &Subject) -> Result<Vec<Credential>, StoreError> {
    let (Some(party), Subject::Open(account)) = (&visit.realm.relying_party, subject) else {
        return Ok(Vec::new());
    };
    if !bound.devices.iter().any(|device| device.kind.is_fido()) {
        return Ok(Vec::new());
    }
    let mut all = fido::of_account(tx, account.id)?;
    let here = |key: &Credential| visit.doorway.door != Door::Web || key.works_in_browser();
    all.retain(|key| key.rp_id == party.id && here(key));
    Ok(all)
}

fn subject(tx: &mut Tx<'_>, door: Door, host: &HostView) -> Result<Subject, FlowError> {
    let Some(login) = &host.login else {
        return Ok(Subject::Unreadable);
    };
    Ok(match rows::find(tx, login)? {
        Some(account) if account.state == AccountState::Active => Subject::Open(account),
        Some(account) => Subject::Closed(account),
        None if host.groups != Groups::Unknown && door == Door::Shell => Subject::HostOnly(login.clone()),
        None => Subject::Unknown(login.clone()),
    })
}

fn proven(evidence: &Evidence) -> Proven {
    Proven {
        level: evidence.level(),
        method: Some(evidence.method()),
        at: evidence.at(),
    }
}
