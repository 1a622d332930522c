//! Binding on the way in: who may bind what, what protects it, what comes after; and nothing half.

use super::scene::*;
use samekey_shared::accounts::rows as accounts;
use samekey_shared::audit::Actor;
use samekey_shared::clock::{Clock, UnixTime};
use samekey_shared::devices::totp::Pending;
use samekey_shared::devices::{self, DeviceKind, Unbinding, UnboundWhy};
use samekey_shared::flows::{
    Answer, Basis, BindTrouble, Binding, Created, Doorway, EnrolPrompt, EnrolStep, KeyTrouble, Keys, Means, Notice,
    Prompt, RefusalCode, SignIn, SignInRequest, Step, Visit, Why,
};
use samekey_shared::ids::AccountId;
use samekey_shared::methods::{FirstFactor, Level, Method};
use samekey_shared::objections::{self, Objection};
use samekey_shared::testing::{Phone, RP_ID, SoftAuthenticator, TestRealm};
use samekey_shared::tickets::{self, NewTicket, Ticket};

const HEAD: &str = "version = 1\n[groups]\nsource = \"store\"\n";
const NOW: &str = "[default]\nlevel = \"high\"\ngrace = \"0s\"\nmethods = [\"passkey\", \"security-key\", \"totp\", \
    \"email\", \"recovery-code\"]\n";

/// An account without devices, and a policy that wants one.
struct New {
    test: TestRealm,
    ann: AccountId,
}

impl New {
    fn with(policy: &str) -> Self {
        let test = TestRealm::new().unwrap();
        test.policy(&format!("{HEAD}{policy}")).unwrap();
        let ann = test.account("ann", PASSWORD).unwrap();
        Self { test, ann }
    }

    fn now(&self) -> UnixTime {
        self.test.clock.now()
    }

    fn answer(&self, at: &Doorway, machine: &mut SignIn, answer: Answer) -> Step {
        let realm = &self.test.realm;
        machine
            .answer(&Visit { realm, doorway: at }, answer, &mut |_, _| Ok(()))
            .unwrap()
    }

    /// Up to the step after the right password.
    fn password(&self) -> (SignIn, Step) {
        let (mut machine, _) = start(&self.test.realm, &web(), on_page("ann"));
        let step = self.answer(&web(), &mut machine, Answer::Password(PASSWORD.into()));
        (machine, step)
    }

    fn phone(&self, at: &Doorway, machine: &SignIn) -> Phone {
        let realm = &self.test.realm;
        let shown = machine.to_scan(&Visit { realm, doorway: at }).unwrap();
        Phone::with_key(shown.key.expose()).unwrap()
    }

    fn code(&self, phone: &Phone) -> Answer {
        Answer::Code(phone.code_at(self.now()))
    }

    fn bound(&self) -> Vec<DeviceKind> {
        let bound = self.test.realm.store.read(|tx| devices::rows::bound(tx, self.ann));
        let mut kinds: Vec<DeviceKind> = bound.unwrap().devices.iter().map(|one| one.kind).collect();
        kinds.sort();
        kinds
    }

    fn ticket(&self) -> Ticket {
        let realm = &self.test.realm;
        let keyring = realm.keyring().unwrap();
        let new = NewTicket {
            account: self.ann,
            by: &Actor::Operator { uid: 0 },
            lives: tickets::LIVES,
        };
        let issued = realm
            .store
            .write(|tx| tickets::issue(tx, realm.entropy.as_ref(), &keyring, &new, realm.clock.now()));
        issued.unwrap()
    }

    fn unbind_all(&self) {
        let end = Unbinding {
            at: self.now(),
            by: "root".into(),
            why: UnboundWhy::Administrator,
        };
        let realm = &self.test.realm;
        let bound = realm.store.read(|tx| devices::rows::bound(tx, self.ann)).unwrap();
        for one in bound.devices {
            realm
                .store
                .write(|tx| devices::rows::unbind(tx, self.ann, one.id, &end))
                .unwrap();
        }
    }

    fn kinds(&self) -> Vec<String> {
        let records = self
            .test
            .realm
            .store
            .read(|tx| samekey_shared::audit::tail(tx, 50))
            .unwrap();
        records.into_iter().map(|record| record.kind).collect()
    }
}

fn on_page(login: &str) -> SignInRequest<'_> {
    let means = Means {
        keys: Keys::Browser,
        binding: Binding::Page,
        ..Means::default()
    };
    SignInRequest { means, ..on_web(login) }
}

fn in_terminal(login: &str) -> SignInRequest<'_> {
    let means = Means {
        binding: Binding::Terminal,
        ..Means::default()
    };
    SignInRequest {
        means,
        ..at_shell(login)
    }
}

fn asked(step: Step) -> EnrolPrompt {
    match step {
        Step::Ask(Prompt::Enrol(prompt)) => *prompt,
        other => panic!("no binding asked: {other:?}"),
    }
}

fn choice(step: Step) -> (Why, Vec<Method>) {
    match asked(step).step {
        EnrolStep::Choose { why, methods } => (why, methods),
        other => panic!("no choice: {other:?}"),
    }
}

#[test]
fn a_forced_binding_of_an_app_is_its_proof_and_the_code_is_burnt() {
    let new = New::with(NOW);
    let (mut machine, step) = new.password();
    // The strongest first, e-mail never (R36).
    let expected = vec![Method::Passkey, Method::SecurityKey, Method::Totp];
    assert_eq!(choice(step), (Why::Required, expected));
    let step = asked(new.answer(&web(), &mut machine, Answer::Bind(Method::Totp)));
    assert!(matches!(step.step, EnrolStep::App { .. }) && step.notice.is_none());
    let phone = new.phone(&web(), &machine);
    let wrong = asked(new.answer(&web(), &mut machine, Answer::Code("000000".into())));
    assert_eq!((wrong.notice, new.bound()), (Some(Notice::CodeWrong), vec![]));
    assert_eq!(
        new.phone(&web(), &machine).code_at(0).expose(),
        phone.code_at(0).expose(),
        "the key stays"
    );
    let step = asked(new.answer(&web(), &mut machine, new.code(&phone)));
    assert_eq!(step.step, EnrolStep::Keep);
    assert_eq!(new.bound(), [DeviceKind::Totp, DeviceKind::RecoveryCodes]);
    assert_eq!(machine.recovery_codes().len(), 10);
    let step = new.answer(&web(), &mut machine, Answer::BindRefused(BindTrouble::NotKept));
    assert_eq!(asked(step).notice, Some(Notice::Binding(BindTrouble::NotKept)));
    let step = new.answer(&web(), &mut machine, Answer::Kept);
    assert!(machine.recovery_codes().is_empty());
    let second = Why::SecondKind { required: false };
    assert_eq!(choice(step), (second, vec![Method::Passkey, Method::SecurityKey]));
    let grant = granted(new.answer(&web(), &mut machine, Answer::Later));
    assert_eq!((grant.basis, grant.level), (Basis::Proven, Level::High));
    assert_eq!(grant.amr(), ["pwd", "otp", "mfa"]);
    // The step that bound is spent: it opens neither door.
    let (mut again, _) = new.password();
    let step = new.answer(&web(), &mut again, new.code(&phone));
    assert_eq!(notice(step), Some(Notice::CodeReplayed));
    new.test.clock.advance(30);
    let _ = granted(new.answer(&web(), &mut again, new.code(&phone)));
}

/// Q19: a phone whose clock is off binds by two codes in a row, and is allowed for from then on.
#[test]
fn a_phone_whose_clock_is_off_binds_by_two_codes_in_a_row() {
    let new = New::with(NOW);
    let (mut machine, _) = new.password();
    let _ = new.answer(&web(), &mut machine, Answer::Bind(Method::Totp));
    let phone = new.phone(&web(), &machine);
    let shows = |steps: i64| Answer::Code(phone.code_at(new.now() + 300 + 30 * steps));
    let step = asked(new.answer(&web(), &mut machine, shows(0)));
    assert_eq!(step.notice, Some(Notice::Binding(BindTrouble::ClockOff)));
    let again = asked(new.answer(&web(), &mut machine, shows(0)));
    assert_eq!(
        again.notice,
        Some(Notice::Binding(BindTrouble::ClockOff)),
        "one code is not two"
    );
    assert!(new.bound().is_empty());
    let step = asked(new.answer(&web(), &mut machine, shows(1)));
    assert_eq!(step.step, EnrolStep::Keep);
    let _ = new.answer(&web(), &mut machine, Answer::Kept);
    let _ = granted(new.answer(&web(), &mut machine, Answer::Later));
    // The next sign-in takes what the phone shows, and no code of before.
    let (mut later, _) = new.password();
    assert_eq!(
        notice(new.answer(&web(), &mut later, shows(1))),
        Some(Notice::CodeReplayed)
    );
    new.test.clock.advance(60);
    let _ = granted(new.answer(&web(), &mut later, shows(0)));
}

#[test]
fn a_passkey_signs_once_before_it_lets_in() {
    let new = New::with(NOW);
    let mut key = SoftAuthenticator::new();
    let (mut machine, _) = new.password();
    let step = asked(new.answer(&web(), &mut machine, Answer::Bind(Method::Passkey)));
    assert!(matches!(
        step.step,
        EnrolStep::Key {
            method: Method::Passkey,
            ..
        }
    ));
    let trouble = Answer::KeyFailed(KeyTrouble::Cancelled);
    let step = asked(new.answer(&web(), &mut machine, trouble));
    assert_eq!(step.notice, Some(Notice::KeyFailed(KeyTrouble::Cancelled)));
    let made = created(&new, &mut key, "laptop");
    let step = asked(new.answer(&web(), &mut machine, Answer::Created(made)));
    assert_eq!(step.step, EnrolStep::Keep);
    let step = new.answer(&web(), &mut machine, Answer::Kept);
    assert!(
        matches!(step, Step::Ask(Prompt::Key(_))),
        "it has not signed yet: {step:?}"
    );
    assert_eq!(new.kinds().iter().filter(|kind| *kind == "sign-in-granted").count(), 0);
}

fn created(new: &New, key: &mut SoftAuthenticator, name: &str) -> Box<Created> {
    Box::new(Created {
        name: name.parse().unwrap(),
        credential: key.make(RP_ID, &new.ann.to_bytes()).unwrap(),
    })
}

#[test]
fn after_an_unbinding_only_a_ticket_lets_bind() {
    let new = New::with(NOW);
    let (phone, _) = new.test.bind_phone(new.ann).unwrap();
    new.unbind_all();
    let (mut machine, step) = new.password();
    assert_eq!(asked(step).step, EnrolStep::Ticket);
    for wrong in ["", "BCDF-GHJK-LMNP", "x".repeat(100_000).as_str()] {
        let step = asked(new.answer(&web(), &mut machine, Answer::Ticket(wrong.into())));
        assert_eq!(
            step.notice,
            Some(Notice::Binding(BindTrouble::TicketWrong)),
            "{}",
            wrong.len()
        );
    }
    for skip in [Answer::Bind(Method::Totp), Answer::Kept, new.code(&phone)] {
        let (mut machine, _) = new.password();
        assert_eq!(refused(new.answer(&web(), &mut machine, skip)), RefusalCode::OutOfTurn);
    }
    let ticket = new.ticket();
    let step = new.answer(&web(), &mut machine, Answer::Ticket(ticket.code.to_string().into()));
    assert_eq!(choice(step).0, Why::Required);
    let _ = new.answer(&web(), &mut machine, Answer::Bind(Method::Totp));
    let phone = new.phone(&web(), &machine);
    assert_eq!(
        asked(new.answer(&web(), &mut machine, new.code(&phone))).step,
        EnrolStep::Keep
    );
    // Used, and void.
    new.unbind_all();
    let (mut machine, _) = new.password();
    let step = new.answer(&web(), &mut machine, Answer::Ticket(ticket.secret().into()));
    assert_eq!(asked(step).notice, Some(Notice::Binding(BindTrouble::TicketWrong)));
}

#[test]
fn while_somebody_says_that_it_was_not_them_only_a_ticket_lets_bind() {
    let new = New::with(NOW);
    let objection = Objection {
        account: new.ann,
        about: "device-bound".into(),
        happened_at: new.now(),
    };
    let realm = &new.test.realm;
    realm
        .store
        .write(|tx| objections::hold(tx, &objection, new.now()))
        .unwrap();
    let (mut machine, step) = new.password();
    assert_eq!(asked(step).step, EnrolStep::Ticket);
    let ticket = new.ticket();
    let step = new.answer(&web(), &mut machine, Answer::Ticket(ticket.secret().into()));
    assert_eq!(choice(step).0, Why::Required);
}

#[test]
fn wrong_tickets_count_against_the_name() {
    let new = New::with(&format!("{NOW}[settings]\nfirst-bind = \"ticket\"\n"));
    let (mut machine, _) = new.password();
    for _ in 0..4 {
        let _ = asked(new.answer(&web(), &mut machine, Answer::Ticket("BCDF-GHJK-LMNP".into())));
    }
    let step = new.answer(&web(), &mut machine, Answer::Ticket("BCDF-GHJK-LMNP".into()));
    assert!(matches!(refused(step), RefusalCode::TooManyAttempts { .. }));
    assert_eq!(new.kinds().iter().filter(|kind| *kind == "ticket-refused").count(), 5);
}

#[test]
fn a_ticket_that_a_link_brought_is_tried_by_itself() {
    let new = New::with(&format!("{NOW}[settings]\nfirst-bind = \"ticket\"\n"));
    let ticket = new.ticket();
    let (mut machine, _) = start(&new.test.realm, &web(), on_page("ann"));
    machine.bring_ticket(ticket.secret().into());
    let sealed = serde_json::to_string(&machine).unwrap();
    assert!(!format!("{machine:?}").contains(ticket.secret()));
    let mut machine: SignIn = serde_json::from_str(&sealed).unwrap();
    let step = new.answer(&web(), &mut machine, Answer::Password(PASSWORD.into()));
    assert_eq!(choice(step).0, Why::Required);
    // Without the password it is worth nothing.
    let (mut machine, _) = start(&new.test.realm, &web(), on_page("ann"));
    machine.bring_ticket(ticket.secret().into());
    let step = new.answer(&web(), &mut machine, Answer::Password("wrong".into()));
    assert_eq!(notice(step), Some(Notice::PasswordWrong));
}

#[test]
fn of_two_with_one_ticket_one_binds() {
    let new = New::with(&format!("{NOW}[settings]\nfirst-bind = \"ticket\"\n"));
    let ticket = new.ticket();
    let ready = || {
        let (mut machine, _) = new.password();
        let _ = choice(new.answer(&web(), &mut machine, Answer::Ticket(ticket.secret().into())));
        let _ = new.answer(&web(), &mut machine, Answer::Bind(Method::Totp));
        let phone = new.phone(&web(), &machine);
        (machine, phone)
    };
    let both = [ready(), ready()];
    let desk = &new;
    let steps: Vec<Step> = std::thread::scope(|scope| {
        let bind = |(mut machine, phone): (SignIn, Phone)| {
            scope.spawn(move || desk.answer(&web(), &mut machine, desk.code(&phone)))
        };
        let races: Vec<_> = both.into_iter().map(bind).collect();
        races.into_iter().map(|race| race.join().unwrap()).collect()
    });
    let keep = |step: &&Step| matches!(step, Step::Ask(Prompt::Enrol(prompt)) if prompt.step == EnrolStep::Keep);
    let kept = steps.iter().filter(keep).count();
    assert_eq!((kept, new.bound().len()), (1, 2), "one app and its recovery codes");
    assert_eq!(new.kinds().iter().filter(|kind| *kind == "ticket-used").count(), 1);
}

#[test]
fn whoever_comes_second_with_the_password_meets_the_first_ones_device() {
    let new = New::with(NOW);
    let (mut slow, _) = new.password();
    let _ = new.answer(&web(), &mut slow, Answer::Bind(Method::Passkey));
    let _ = new.test.bind_phone(new.ann).unwrap();
    let mut key = SoftAuthenticator::new();
    let made = created(&new, &mut key, "mine");
    let step = new.answer(&web(), &mut slow, Answer::Created(made));
    assert!(
        matches!(
            step,
            Step::Ask(Prompt::Code {
                method: Method::Totp,
                ..
            })
        ),
        "{step:?}"
    );
    assert_eq!(new.bound(), [DeviceKind::Totp, DeviceKind::RecoveryCodes]);
}

#[test]
fn who_has_a_device_that_is_too_weak_shows_it_before_binding_a_stronger_one() {
    let strong = NOW.replace("\"high\"", "\"highest\"");
    let new = New::with(&strong);
    let (phone, _) = new.test.bind_phone(new.ann).unwrap();
    new.test.clock.advance(30);
    let (mut machine, step) = new.password();
    assert!(
        matches!(
            step,
            Step::Ask(Prompt::Code {
                method: Method::Totp,
                ..
            })
        ),
        "{step:?}"
    );
    let step = new.answer(&web(), &mut machine, Answer::Code("000000".into()));
    assert_eq!(notice(step), Some(Notice::CodeWrong));
    let step = new.answer(&web(), &mut machine, new.code(&phone));
    assert_eq!(
        choice(step),
        (Why::Required, vec![Method::Passkey, Method::SecurityKey])
    );
    // What was shown long ago protects nothing: all is asked anew.
    new.test.clock.advance(601);
    let step = new.answer(&web(), &mut machine, Answer::Bind(Method::Passkey));
    assert!(matches!(step, Step::Ask(Prompt::Password { .. })), "{step:?}");
}

#[test]
fn only_from_listed_networks_where_the_policy_says_so() {
    let rule = |network: &str| {
        format!(
            "[networks]\noffice = [\"{network}\"]\n{NOW}[settings]\n\
             first-bind = {{ new = \"network\", networks = [\"office\"] }}\n"
        )
    };
    let (_, step) = New::with(&rule("192.0.2.0/24")).password();
    assert_eq!(choice(step).0, Why::Required);
    let (_, step) = New::with(&rule("198.51.100.0/24")).password();
    assert_eq!(asked(step).step, EnrolStep::Ticket);
}

#[test]
fn the_code_of_a_security_email_is_not_replaced_by_a_password() {
    let (_, step) = New::with(&format!("{NOW}[settings]\nfirst-bind = \"email\"\n")).password();
    assert_eq!(asked(step).step, EnrolStep::Ticket);
}

#[test]
fn within_the_grace_period_it_can_be_put_off_and_is_said_once() {
    let grace = NOW.replace("\"0s\"", "\"14d\"");
    let new = New::with(&grace);
    let (mut machine, step) = new.password();
    let until = new.now() + 14 * 86_400;
    assert_eq!(choice(step).0, Why::Grace { until });
    let grant = granted(new.answer(&web(), &mut machine, Answer::Later));
    assert_eq!(grant.basis, Basis::Grace { until });
    // Bound now, it is proven.
    let (mut machine, _) = new.password();
    let _ = new.answer(&web(), &mut machine, Answer::Bind(Method::Totp));
    let phone = new.phone(&web(), &machine);
    let _ = new.answer(&web(), &mut machine, new.code(&phone));
    let _ = new.answer(&web(), &mut machine, Answer::Kept);
    let grant = granted(new.answer(&web(), &mut machine, Answer::Later));
    assert_eq!(grant.basis, Basis::Proven);
    // After the end nothing can be put off.
    let late = New::with(&grace);
    late.test.clock.advance(14 * 86_400);
    let (mut machine, step) = late.password();
    assert_eq!(choice(step).0, Why::Required);
    assert_eq!(
        choice(late.answer(&web(), &mut machine, Answer::Later)).0,
        Why::Required
    );
}

#[test]
fn a_binding_that_is_cut_off_leaves_nothing_half() {
    let new = New::with(NOW);
    let (mut machine, _) = new.password();
    let _ = new.answer(&web(), &mut machine, Answer::Bind(Method::Totp));
    let sealed = serde_json::to_string(&machine).unwrap();
    drop(machine);
    assert_eq!(new.bound(), []);
    let mut machine: SignIn = serde_json::from_str(&sealed).unwrap();
    let phone = new.phone(&web(), &machine);
    let _ = new.answer(&web(), &mut machine, new.code(&phone));
    // Cut off before the codes were kept: device and codes are there, and the next sign-in asks for the device.
    drop(machine);
    new.test.clock.advance(30);
    let (mut machine, step) = new.password();
    assert!(matches!(step, Step::Ask(Prompt::Code { .. })));
    let _ = granted(new.answer(&web(), &mut machine, new.code(&phone)));
    // The sealed state before the binding is worth nothing any more.
    let mut old: SignIn = serde_json::from_str(&sealed).unwrap();
    new.test.clock.advance(30);
    let step = new.answer(&web(), &mut old, new.code(&phone));
    assert!(matches!(step, Step::Ask(Prompt::Code { .. })), "{step:?}");
    assert_eq!(new.bound(), [DeviceKind::Totp, DeviceKind::RecoveryCodes]);
}

#[test]
fn five_wrong_codes_end_it() {
    let new = New::with(NOW);
    let (mut machine, _) = new.password();
    let _ = new.answer(&web(), &mut machine, Answer::Bind(Method::Totp));
    for _ in 0..4 {
        let _ = asked(new.answer(&web(), &mut machine, Answer::Code("000000".into())));
    }
    let step = new.answer(&web(), &mut machine, Answer::Code("000000".into()));
    assert_eq!((refused(step), new.bound()), (RefusalCode::CodeWrong, vec![]));
}

#[test]
fn a_closed_account_binds_nothing() {
    let new = New::with(NOW);
    let (mut machine, _) = new.password();
    let _ = new.answer(&web(), &mut machine, Answer::Bind(Method::Totp));
    let phone = new.phone(&web(), &machine);
    let closed = samekey_shared::accounts::AccountState::Locked;
    new.test
        .realm
        .store
        .write(|tx| accounts::set_state(tx, new.ann, closed))
        .unwrap();
    assert_eq!(
        refused(new.answer(&web(), &mut machine, new.code(&phone))),
        RefusalCode::AccountClosed
    );
    assert_eq!(new.bound(), []);
}

#[test]
fn a_terminal_binds_an_app_where_the_policy_lets_it() {
    let new = New::with(&format!("{NOW}[settings]\nenroll-in-terminal = true\n"));
    let ssh = shell("192.0.2.7");
    let (mut machine, step) = start(&new.test.realm, &ssh, in_terminal("ann"));
    assert!(matches!(asked(step).step, EnrolStep::App { .. }));
    let phone = new.phone(&ssh, &machine);
    let step = new.answer(&ssh, &mut machine, new.code(&phone));
    assert_eq!(asked(step).step, EnrolStep::Keep);
    let grant = granted(new.answer(&ssh, &mut machine, Answer::Kept));
    assert_eq!((grant.basis, grant.level), (Basis::Proven, Level::High));
}

#[test]
fn a_terminal_binds_nothing_without_a_first_factor_or_against_the_policy() {
    let allowed = format!("{NOW}[settings]\nenroll-in-terminal = true\n");
    let ssh = shell("192.0.2.7");
    let nothing = |login| SignInRequest {
        first: samekey_shared::flows::FirstFactorCheck::Done(FirstFactor::None),
        ..in_terminal(login)
    };
    let (_, step) = start(&New::with(&allowed).test.realm, &ssh, nothing("ann"));
    assert_eq!(refused(step), RefusalCode::EnrollmentRequired);
    let (_, step) = start(&New::with(&allowed).test.realm, &ssh, at_shell("ann"));
    assert_eq!(
        refused(step),
        RefusalCode::EnrollmentRequired,
        "this door does not know"
    );
    let ticket = format!("{NOW}[settings]\nenroll-in-terminal = true\nfirst-bind = \"ticket\"\n");
    let (_, step) = start(&New::with(&ticket).test.realm, &ssh, in_terminal("ann"));
    assert_eq!(asked(step).step, EnrolStep::Ticket);
}

#[test]
fn a_terminal_that_may_not_bind_leads_to_the_page_with_a_ticket_for_ten_minutes() {
    let new = New::with(NOW);
    let ssh = shell("192.0.2.7");
    let (mut machine, step) = start(&new.test.realm, &ssh, in_terminal("ann"));
    let EnrolStep::GoTo(go) = asked(step).step else {
        panic!("no page")
    };
    assert_eq!(
        (go.page.as_str(), go.expires_at - new.now()),
        ("https://id.example.org/bind", 600)
    );
    assert_eq!(
        refused(new.answer(&ssh, &mut machine, Answer::Later)),
        RefusalCode::EnrollmentRequired
    );
    // Whoever would need an administrator's ticket gets none from a terminal.
    new.test
        .policy(&format!("{HEAD}{NOW}[settings]\nfirst-bind = \"ticket\"\n"))
        .unwrap();
    let (_, step) = start(&new.test.realm, &ssh, in_terminal("ann"));
    assert_eq!(refused(step), RefusalCode::EnrollmentTicketRequired);
}

#[test]
fn sshds_stand_in_binds_nothing() {
    let new = New::with(&format!("{NOW}[settings]\nenroll-in-terminal = true\n"));
    let ssh = shell("192.0.2.7");
    let (mut machine, _) = start(&new.test.realm, &ssh, in_terminal("ann"));
    assert_eq!(
        refused(new.answer(&ssh, &mut machine, Answer::Fake)),
        RefusalCode::FakeAnswer
    );
    assert_eq!(new.bound(), []);
}

#[test]
fn a_name_that_is_taken_is_told_and_the_key_can_be_made_again() {
    let new = New::with(NOW);
    let mut key = SoftAuthenticator::new();
    let (mut machine, _) = new.password();
    let _ = new.answer(&web(), &mut machine, Answer::Bind(Method::Passkey));
    let first = created(&new, &mut key, "laptop");
    let _ = new.answer(&web(), &mut machine, Answer::Created(first.clone()));
    let step = new.answer(&web(), &mut machine, Answer::Created(first));
    assert_eq!(refused(step), RefusalCode::OutOfTurn);
    let pending = Pending::new(new.test.realm.entropy.as_ref(), "x".parse().unwrap()).unwrap();
    assert!(!format!("{pending:?}").contains(&pending.key_text().expose()[..4]));
}
