//! Binding a device on the way in (R33 to R39): asked where the policy insists, offered where it soon will, or where one
//! device is too few.
//!
//! ```text
//!  must bind ─► who had a device proves it ─┐
//!            ─► ticket, where Q8 asks one ──┴─► choose ─► bind (one unit of work) ─► keep the codes ─► decide anew
//!  granted   ─► grace? second kind? ticket brought? ─► choose or later ─► … ─► granted
//! ```
//!
//! Whatever is bound, the account is decided anew with it: a key then signs once, an app's code has just been shown. What
//! protects the binding is asked again in the unit of work that binds (see `protection`): of two people who know one
//! password, the second meets the first one's device.

mod binding;
mod kept;
mod offer;
mod protection;
mod ticket;

use super::super::circumstances::Circumstances;
use super::{SignIn, Stage};
use crate::accounts::LoginName;
use crate::audit::{self, EventKind};
use crate::devices;
use crate::devices::DeviceName;
use crate::devices::totp::Pending;
use crate::flows::bind::Shown;
use crate::flows::{
    Answer, BindTrouble, Binding, EnrolPrompt, EnrolStep, FlowError, Keys, Notice, OnGrant, Prompt, RefusalCode, Step,
    Visit, Why,
};
use crate::ids::{AccountId, TicketId};
use crate::methods::{FirstFactor, Method};
use crate::policy::TwoTypes;
use crate::secrets::{SecretBytes, SecretText};
use crate::source::Door;
use kept::Kept;
use offer::Offer;
use protection::Protection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Wrong codes for an app's new key that one machine takes: who types five scanned something else.
const MOST_WRONG: u8 = 5;

/// What an authenticator app is called at first.
const APP_NAME: &str = "authenticator-app";

/// What the machine waits for while something is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum At {
    Ticket,
    Choose,
    App,
    Key(Method),
    Keep,
    Vouch,
    GoTo,
}

/// A binding in progress. Its secrets lie where the whole machine lies: in memory, or in a sealed container.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Enrolment {
    why: Option<Why>,
    methods: Vec<Method>,
    /// A ticket that was found to be good; it is spent with the binding.
    ticket: Option<TicketId>,
    /// What a link brought, to be tried where a ticket is asked.
    brought: Option<Kept>,
    /// The key that an app is to take.
    pending: Option<Kept>,
    wrong: u8,
    codes: Vec<Kept>,
    /// How many devices this machine bound.
    bound: u8,
    /// What was offered and put off, or is done.
    settled: Vec<Offer>,
    /// Whether a code to the security e-mail protects the binding, where nothing else is bound (Q8).
    #[serde(default)]
    by_email: bool,
}

impl SignIn {
    /// Takes along what the link of a ticket carries: tried where a ticket is asked. Without a first factor it is worth
    /// nothing.
    pub fn bring_ticket(&mut self, shown: SecretText) {
        self.enrolment_mut().brought = Some(Kept::new(shown));
    }

    /// What the app that is being bound has to take, and nothing at any other moment.
    pub fn to_scan(&self, visit: &Visit<'_>) -> Option<Shown> {
        let login = super::super::circumstances::login(visit, &self.typed)?;
        let pending = self.pending()?;
        Some(Shown {
            uri: pending.uri(&visit.realm.names.realm, login.as_str()),
            key: pending.key_text(),
        })
    }

    /// The canonical name of whoever the typed name means, whether or not somebody has it.
    pub fn login(&self, visit: &Visit<'_>) -> Option<LoginName> {
        super::super::circumstances::login(visit, &self.typed)
    }

    /// The recovery codes to be kept, and nothing at any other moment.
    pub fn recovery_codes(&self) -> Vec<SecretText> {
        let kept = self.enrolment.iter().flat_map(|enrolment| &enrolment.codes);
        kept.map(|code| code.text().clone()).collect()
    }

    /// The account that something is being bound to, for the ceremony of a key; nobody's at any other moment.
    pub fn enrolling(&self, visit: &Visit<'_>) -> Result<Option<AccountId>, FlowError> {
        let (Stage::Enrol(_), Some(login)) = (self.stage, super::super::circumstances::login(visit, &self.typed))
        else {
            return Ok(None);
        };
        let found = visit.realm.store.read(|tx| crate::accounts::rows::find(tx, &login))?;
        Ok(found.map(|account| account.id))
    }

    /// Whether an e-mailed code is asked before a binding: never in another's place.
    pub(super) fn is_protected_by_email(&self) -> bool {
        self.enrolment.as_ref().is_some_and(|enrolment| enrolment.by_email)
    }

    fn enrolment_mut(&mut self) -> &mut Enrolment {
        self.enrolment.get_or_insert_default()
    }

    fn pending(&self) -> Option<Pending> {
        let kept = self.enrolment.as_ref()?.pending.as_ref()?;
        Pending::from_sealable(&SecretBytes::new(kept.text().expose().as_bytes().to_vec()))
    }

    /// Nothing that is bound will do: has one of these bound, if that can be done here.
    pub(super) fn enrol(&mut self, visit: &Visit<'_>, wanted: &BTreeSet<Method>) -> Result<Step, FlowError> {
        if self.means.binding == Binding::OnRequest && self.first != FirstFactor::None {
            return Ok(self.ask_enrol(At::Vouch, None));
        }
        let methods = self.bindable(visit, wanted);
        let in_terminal = self.means.binding == Binding::Terminal;
        let nowhere = self.means.binding == Binding::Elsewhere || (methods.is_empty() && !in_terminal);
        if nowhere || self.first == FirstFactor::None {
            return self.refuse(visit, RefusalCode::EnrollmentRequired);
        }
        let host = self.host(visit);
        let (protection, allowed, why) = visit.realm.store.read(|tx| {
            let facts = self.circumstances(tx, visit, &host)?;
            let allowed = facts.policy.settings().enroll_in_terminal && !methods.is_empty();
            Ok::<_, FlowError>((self.protection(tx, visit, &facts)?, allowed, self.why(&facts)))
        })?;
        match protection {
            Protection::Prove(methods) => {
                self.enrolment_mut().by_email = methods.contains(&Method::Email);
                self.offered = methods;
                match self.offered.first().copied() {
                    Some(first) => self.ask(visit, first, None),
                    None => self.refuse(visit, RefusalCode::EnrollmentRequired),
                }
            }
            Protection::FirstFactorAnew => {
                self.first_at = None;
                self.proofs.clear();
                self.ask_password(visit)
            }
            _ if in_terminal && !allowed => self.go_to_page(visit, &protection),
            Protection::Ticket => self.ask_ticket(visit, why, methods),
            Protection::Given | Protection::ByTicket(_) => {
                let in_vain = why == Why::Required && self.enrolment_mut().bound > 0;
                let notice = in_vain.then_some(Notice::Binding(BindTrouble::TooWeak));
                self.choose_binding(visit, why, methods, notice)
            }
        }
    }

    /// Why something has to be bound: for want of any device, or of a second kind.
    fn why(&self, facts: &Circumstances) -> Why {
        let second =
            facts.requirement.two_types == TwoTypes::Require && facts.requirement.lacks_second_type(&facts.bound);
        if second && !self.proofs.is_empty() {
            Why::SecondKind { required: true }
        } else {
            Why::Required
        }
    }

    /// Asks which; in a terminal there is only one.
    fn choose_binding(
        &mut self,
        visit: &Visit<'_>,
        why: Why,
        methods: Vec<Method>,
        notice: Option<Notice>,
    ) -> Result<Step, FlowError> {
        let enrolment = self.enrolment_mut();
        enrolment.why = Some(why);
        enrolment.methods = methods;
        if self.means.binding == Binding::Terminal {
            return self.start_binding(visit, Method::Totp);
        }
        Ok(self.ask_enrol(At::Choose, notice))
    }

    /// What can be bound at this door, the strongest first. E-mail never is (R36).
    fn bindable(&self, visit: &Visit<'_>, wanted: &BTreeSet<Method>) -> Vec<Method> {
        let keys = self.means.binding == Binding::Page
            && self.means.keys == Keys::Browser
            && visit.realm.relying_party.is_some();
        let can = |method: &Method| match method {
            Method::Passkey | Method::SecurityKey => keys,
            Method::Totp => true,
            Method::Email | Method::RecoveryCode => false,
        };
        let order = [Method::Passkey, Method::SecurityKey, Method::Totp];
        let wanted = order.into_iter().filter(|method| wanted.contains(method));
        wanted.filter(can).collect()
    }

    /// Takes an answer while something is bound.
    pub(super) fn take_enrol(
        &mut self,
        visit: &Visit<'_>,
        at: At,
        answer: Answer,
        on_grant: OnGrant<'_>,
    ) -> Result<Step, FlowError> {
        match (at, answer) {
            (At::Ticket, Answer::Ticket(shown)) => self.check_ticket(visit, &shown),
            (At::Choose | At::App | At::Key(_), Answer::Bind(method)) => self.wanted(visit, method),
            (At::Choose | At::App | At::Key(_) | At::Ticket, Answer::Later) => self.put_off(visit, on_grant),
            (At::App, Answer::Code(typed)) => self.bind_app(visit, &typed, on_grant),
            (At::Key(method), Answer::Created(created)) => self.bind_key(visit, method, &created, on_grant),
            (At::Key(_), Answer::KeyRefused(error)) => self.key_stumbled(visit, at, Notice::KeyRefused(error)),
            (At::Key(_), Answer::KeyFailed(trouble)) => self.key_stumbled(visit, at, Notice::KeyFailed(trouble)),
            (At::Key(_), Answer::BindRefused(trouble)) => self.key_stumbled(visit, at, Notice::Binding(trouble)),
            (At::Keep, Answer::Kept) => {
                self.enrolment_mut().codes.clear();
                self.decide(visit, on_grant)
            }
            (At::Keep, Answer::BindRefused(trouble)) => Ok(self.ask_enrol(at, Some(Notice::Binding(trouble)))),
            (At::Vouch, Answer::Vouched(binding)) => {
                self.means.binding = match binding {
                    Binding::Terminal => Binding::Terminal,
                    _ => Binding::Elsewhere,
                };
                self.decide(visit, on_grant)
            }
            (At::GoTo, _) => self.refuse(visit, RefusalCode::EnrollmentRequired),
            (_, Answer::Fake) => self.refuse(visit, RefusalCode::FakeAnswer),
            _ => self.refuse(visit, RefusalCode::OutOfTurn),
        }
    }

    /// This kind, please. What protects the binding comes first.
    fn wanted(&mut self, visit: &Visit<'_>, method: Method) -> Result<Step, FlowError> {
        let enrolment = self.enrolment_mut();
        if !enrolment.methods.contains(&method) {
            return Ok(self.ask_enrol(At::Choose, Some(Notice::NotOffered)));
        }
        let (why, methods) = (enrolment.why.unwrap_or(Why::Required), enrolment.methods.clone());
        let host = self.host(visit);
        let protection = visit.realm.store.read(|tx| {
            let facts = self.circumstances(tx, visit, &host)?;
            self.protection(tx, visit, &facts)
        })?;
        match protection {
            Protection::Given | Protection::ByTicket(_) => self.start_binding(visit, method),
            Protection::Ticket => self.ask_ticket(visit, why, methods),
            Protection::Prove(_) | Protection::FirstFactorAnew => self.enrol(visit, &methods.into_iter().collect()),
        }
    }

    fn start_binding(&mut self, visit: &Visit<'_>, method: Method) -> Result<Step, FlowError> {
        if method != Method::Totp {
            self.enrolment_mut().pending = None;
            return Ok(self.ask_enrol(At::Key(method), None));
        }
        if self.pending().is_none() {
            let name = self.free_name(visit)?;
            let pending = Pending::new(visit.realm.entropy.as_ref(), name)?;
            let kept = Kept::of_bytes(&pending.to_sealable());
            self.enrolment_mut().pending = kept;
        }
        Ok(self.ask_enrol(At::App, None))
    }

    /// A name for the app that no other device has.
    fn free_name(&self, visit: &Visit<'_>) -> Result<DeviceName, FlowError> {
        let wrong = |why: devices::DeviceNameError| FlowError::Method(why.to_string());
        let taken: BTreeSet<String> = match self.enrolling_anywhere(visit)? {
            Some(account) => {
                let bound = visit.realm.store.read(|tx| devices::rows::bound(tx, account))?;
                bound.devices.iter().map(|one| one.name.key()).collect()
            }
            None => BTreeSet::new(),
        };
        let mut name: DeviceName = APP_NAME.parse().map_err(wrong)?;
        for number in 2..100 {
            if !taken.contains(&name.key()) {
                break;
            }
            name = format!("{APP_NAME}-{number}").parse().map_err(wrong)?;
        }
        Ok(name)
    }

    fn enrolling_anywhere(&self, visit: &Visit<'_>) -> Result<Option<AccountId>, FlowError> {
        let Some(login) = super::super::circumstances::login(visit, &self.typed) else {
            return Ok(None);
        };
        let found = visit.realm.store.read(|tx| crate::accounts::rows::find(tx, &login))?;
        Ok(found.map(|account| account.id))
    }

    /// A ceremony that came to nothing costs no try; but neither does a machine ask for ever.
    fn key_stumbled(&mut self, visit: &Visit<'_>, at: At, notice: Notice) -> Result<Step, FlowError> {
        self.stumbles += 1;
        if let Notice::KeyRefused(error) = notice {
            let host = self.host(visit);
            visit.realm.store.write(|tx| {
                let facts = self.circumstances(tx, visit, &host)?;
                let event = self.event(visit, EventKind::KeyRefused, &facts).result(error.reason());
                audit::append(tx, &event, facts.now)?;
                Ok::<_, FlowError>(())
            })?;
        }
        if self.stumbles >= super::MOST_STUMBLES {
            return self.refuse(visit, RefusalCode::EnrollmentRequired);
        }
        Ok(self.ask_enrol(at, Some(notice)))
    }

    /// Asks this.
    fn ask_enrol(&mut self, at: At, notice: Option<Notice>) -> Step {
        self.stage = Stage::Enrol(at);
        let enrolment = self.enrolment_mut();
        let others = |method: Method| {
            enrolment
                .methods
                .iter()
                .copied()
                .filter(|other| *other != method)
                .collect()
        };
        let step = match at {
            At::Ticket | At::GoTo => EnrolStep::Ticket,
            At::Choose => EnrolStep::Choose {
                why: enrolment.why.unwrap_or(Why::Required),
                methods: enrolment.methods.clone(),
            },
            At::App => EnrolStep::App {
                others: others(Method::Totp),
            },
            At::Key(method) => EnrolStep::Key {
                method,
                others: others(method),
            },
            At::Keep => EnrolStep::Keep,
            At::Vouch => EnrolStep::Vouch,
        };
        Step::Ask(Prompt::Enrol(Box::new(EnrolPrompt { step, notice })))
    }
}

/// Where the first factor was checked for this door: by ourselves lately, or by the stack before us.
fn first_factor_is_fresh(sign_in: &SignIn, door: Door, now: i64) -> bool {
    match (door, sign_in.first_at) {
        (Door::Web, Some(at)) => (0..=protection::FRESH).contains(&now.saturating_sub(at)),
        (Door::Web, None) => false,
        _ => sign_in.first != FirstFactor::None,
    }
}
