//! Approvals on a real store, the clock moved by hand, the answers given by key evidence read back from a record.

use super::*;
use crate::accounts::{self, LoginName, NewAccount, RealmNames};
use crate::audit;
use crate::clock::{Clock, HandClock};
use crate::entropy::SeededEntropy;
use crate::ids::{AccountId, ApprovalId, RequestId};
use crate::methods::{Evidence, EvidenceRecord, Method, recall};
use crate::roles::Role;
use crate::source::Source;
use crate::store::Store;
use std::collections::BTreeSet;

mod limits;

const START: i64 = 1_800_000_000;
const LIVES: i64 = 90;

struct Bench {
    store: Store,
    clock: HandClock,
    entropy: SeededEntropy,
    ann: AccountId,
    bob: AccountId,
    _folder: tempfile::TempDir,
}

fn from(address: &str) -> Source {
    Source::parse_address(address).unwrap()
}

fn name(text: &str) -> LoginName {
    LoginName::parse(text, &RealmNames::default()).unwrap()
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create_sqlite(&folder.path().join("store.db")).unwrap();
        let tables = [audit::SCHEMA, accounts::rows::SCHEMA, crate::attempts::SCHEMA, SCHEMA];
        store.migrate(&tables).unwrap();
        let entropy = SeededEntropy::new(11);
        let account = |text: &str| {
            let new = NewAccount {
                id: AccountId::draw(&entropy).unwrap(),
                name: name(text),
                display_name: None,
                email: None,
                flags: BTreeSet::new(),
                role: Role::User,
                created_at: START,
            };
            store.write(|tx| accounts::rows::insert(tx, &new)).unwrap();
            new.id
        };
        let (ann, bob) = (account("ann"), account("bob"));
        Self {
            store,
            clock: HandClock::at(START),
            entropy,
            ann,
            bob,
            _folder: folder,
        }
    }

    fn request(&self) -> RequestId {
        RequestId::draw(&self.entropy).unwrap()
    }

    fn try_open(&self, source: &str) -> Result<Waiting, OpenError> {
        let (login, source, request) = (name("ann"), from(source), self.request());
        let new = NewApproval {
            account: self.ann,
            login: &login,
            request,
            host: Some("web1"),
            service: "pam:sshd",
            source: &source,
            key_fingerprint: Some("SHA256:abc"),
            command: Some("sudo \u{1b}[2Jid"),
            lives: LIVES,
        };
        let now = self.clock.now();
        let opened = self.store.write(|tx| open(tx, &self.entropy, &new, now))?;
        Ok(Waiting { opened, request })
    }

    fn open(&self, source: &str) -> Waiting {
        self.try_open(source).unwrap()
    }

    fn approve(&self, waiting: &Waiting, account: AccountId, number: &str) -> Decision {
        let (source, now) = (from("198.51.100.1"), self.clock.now());
        let decider = Decider {
            account,
            source: &source,
            request: self.request(),
        };
        let evidence = self.evidence();
        self.store
            .write(|tx| approve(tx, waiting.opened.id, &decider, number, &evidence, now))
            .unwrap()
    }

    fn deny(&self, waiting: &Waiting, account: AccountId, how: Denying) -> Decision {
        let (source, now) = (from("198.51.100.1"), self.clock.now());
        let decider = Decider {
            account,
            source: &source,
            request: self.request(),
        };
        self.store
            .write(|tx| deny(tx, waiting.opened.id, &decider, how, now))
            .unwrap()
    }

    fn collect(&self, waiting: &Waiting) -> Collected {
        self.collect_as(waiting.opened.id, waiting.request, self.ann)
    }

    fn collect_as(&self, id: ApprovalId, request: RequestId, account: AccountId) -> Collected {
        let now = self.clock.now();
        self.store.write(|tx| collect(tx, id, request, account, now)).unwrap()
    }

    fn cancel(&self, waiting: &Waiting, why: Cancelling) -> bool {
        let now = self.clock.now();
        self.store.write(|tx| cancel(tx, waiting.request, why, now)).unwrap()
    }

    fn found(&self, waiting: &Waiting, account: AccountId) -> Option<Approval> {
        self.store
            .read(|tx| by_code(tx, &waiting.opened.code, account))
            .unwrap()
    }

    fn evidence(&self) -> Evidence {
        recall(EvidenceRecord {
            method: Method::Passkey,
            device: None,
            at: self.clock.now(),
            key: None,
        })
    }

    /// Kind and result of every event of the trail, in order.
    fn trail(&self) -> Vec<String> {
        let records = self.store.read(|tx| audit::tail(tx, 1000)).unwrap();
        let told = records.iter().map(|record| {
            let event: serde_json::Value = serde_json::from_str(&record.event).unwrap();
            format!("{} {}", record.kind, event["result"].as_str().unwrap())
        });
        let mut told: Vec<String> = told.collect();
        if records.first().map(|record| record.seq) > records.last().map(|record| record.seq) {
            told.reverse();
        }
        told
    }
}

#[derive(Debug)]
struct Waiting {
    opened: Opened,
    request: RequestId,
}

impl Waiting {
    fn number(&self) -> String {
        self.opened.number.to_string()
    }

    fn wrong_number(&self) -> String {
        if self.number() == "10" {
            "11".into()
        } else {
            "10".into()
        }
    }
}

#[test]
fn an_approved_login_collects_it_once() {
    let bench = Bench::new();
    let waiting = bench.open("192.0.2.7");
    assert_eq!(bench.collect(&waiting), Collected::Pending);
    assert_eq!(bench.approve(&waiting, bench.ann, &waiting.number()), Decision::Taken);
    assert_eq!(bench.collect(&waiting), Collected::Approved(bench.evidence()));
    assert_eq!(bench.collect(&waiting), Collected::Cancelled, "spent");
    assert_eq!(bench.trail(), ["approval-opened ok", "approval-approved ok"]);
    let shown = bench.found(&waiting, bench.ann).unwrap();
    assert_eq!(shown.state, State::Collected);
    assert_eq!(
        shown.command.as_deref(),
        Some("sudo [2Jid"),
        "nothing that moves a cursor"
    );
    assert!(!format!("{shown:?}").contains(&format!("({})", waiting.number())));
}

#[test]
fn only_the_account_itself_sees_and_decides_its_own() {
    let bench = Bench::new();
    let waiting = bench.open("192.0.2.7");
    assert_eq!(bench.found(&waiting, bench.bob), None);
    assert_eq!(bench.approve(&waiting, bench.bob, &waiting.number()), Decision::Gone);
    assert_eq!(bench.approve(&waiting, bench.bob, "10"), Decision::Gone);
    assert_eq!(bench.deny(&waiting, bench.bob, Denying::Report), Decision::Gone);
    assert_eq!(bench.collect(&waiting), Collected::Pending, "still ann's to decide");
}

#[test]
fn an_approval_opens_the_login_that_asked_and_no_other() {
    let bench = Bench::new();
    let (one, other) = (bench.open("192.0.2.7"), bench.open("192.0.2.8"));
    assert_eq!(bench.approve(&one, bench.ann, &one.number()), Decision::Taken);
    assert_eq!(bench.collect(&other), Collected::Pending);
    let crossed = [
        (one.opened.id, other.request, bench.ann),
        (other.opened.id, one.request, bench.ann),
        (one.opened.id, one.request, bench.bob),
    ];
    for (id, request, account) in crossed {
        assert_eq!(bench.collect_as(id, request, account), Collected::Cancelled);
    }
    assert!(matches!(bench.collect(&one), Collected::Approved(_)));
}

#[test]
fn a_wrong_number_burns_it() {
    for wrong in ["", "7", "100", "abc"] {
        let bench = Bench::new();
        let waiting = bench.open("192.0.2.7");
        assert_eq!(
            bench.approve(&waiting, bench.ann, wrong),
            Decision::WrongNumber,
            "{wrong:?}"
        );
        assert_eq!(bench.approve(&waiting, bench.ann, &waiting.number()), Decision::Gone);
        assert_eq!(bench.collect(&waiting), Collected::WrongNumber);
    }
    let bench = Bench::new();
    let waiting = bench.open("192.0.2.7");
    assert_eq!(
        bench.approve(&waiting, bench.ann, &waiting.wrong_number()),
        Decision::WrongNumber
    );
    assert_eq!(bench.trail(), ["approval-opened ok", "approval-denied wrong_number"]);
}

#[test]
fn a_denial_is_final_and_told() {
    for (how, line) in [
        (Denying::Deny, "approval-denied denied"),
        (Denying::Report, "approval-reported denied"),
    ] {
        let bench = Bench::new();
        let waiting = bench.open("192.0.2.7");
        assert_eq!(bench.deny(&waiting, bench.ann, how), Decision::Taken);
        assert_eq!(bench.approve(&waiting, bench.ann, &waiting.number()), Decision::Gone);
        assert_eq!(bench.deny(&waiting, bench.ann, how), Decision::Gone);
        assert_eq!(bench.collect(&waiting), Collected::Denied);
        assert_eq!(bench.trail(), ["approval-opened ok", line]);
    }
}

#[test]
fn what_nobody_decides_or_collects_in_time_is_over() {
    let bench = Bench::new();
    let undecided = bench.open("192.0.2.7");
    let uncollected = bench.open("192.0.2.8");
    assert_eq!(
        bench.approve(&uncollected, bench.ann, &uncollected.number()),
        Decision::Taken
    );
    bench.clock.advance(LIVES - 1);
    let waits = |waiting: &Waiting| {
        bench
            .store
            .read(|tx| is_waiting(tx, waiting.opened.id, bench.clock.now()))
    };
    assert!(waits(&undecided).unwrap() && !waits(&uncollected).unwrap());
    bench.clock.advance(1);
    assert!(!waits(&undecided).unwrap());
    assert_eq!(
        bench.found(&undecided, bench.ann).unwrap().state_at(bench.clock.now()),
        State::Expired
    );
    assert_eq!(
        bench.approve(&undecided, bench.ann, &undecided.number()),
        Decision::Gone
    );
    assert_eq!(bench.collect(&undecided), Collected::Expired);
    assert_eq!(
        bench.collect(&uncollected),
        Collected::Expired,
        "a yes does not outlive its time"
    );
    let expired = bench
        .trail()
        .iter()
        .filter(|line| *line == "approval-expired expired")
        .count();
    assert_eq!(expired, 2, "each told once: {:?}", bench.trail());
}

#[test]
fn a_clock_set_back_ends_it_rather_than_prolongs_it() {
    let bench = Bench::new();
    let approved = bench.open("192.0.2.7");
    assert_eq!(bench.approve(&approved, bench.ann, &approved.number()), Decision::Taken);
    let pending = bench.open("192.0.2.8");
    bench.clock.set(START - 3600);
    assert!(!bench.found(&pending, bench.ann).unwrap().is_open(bench.clock.now()));
    assert_eq!(bench.approve(&pending, bench.ann, &pending.number()), Decision::Gone);
    assert_eq!(bench.collect(&pending), Collected::Expired);
    assert_eq!(bench.collect(&approved), Collected::Expired);
}

#[test]
fn a_login_that_goes_away_takes_its_approval_along() {
    let bench = Bench::new();
    let waiting = bench.open("192.0.2.7");
    assert!(bench.cancel(&waiting, Cancelling::GaveUp));
    assert!(!bench.cancel(&waiting, Cancelling::GaveUp));
    assert_eq!(bench.approve(&waiting, bench.ann, &waiting.number()), Decision::Gone);
    assert_eq!(bench.found(&waiting, bench.ann).unwrap().state, State::Cancelled);
    let approved = bench.open("192.0.2.7");
    assert_eq!(bench.approve(&approved, bench.ann, &approved.number()), Decision::Taken);
    assert!(bench.cancel(&approved, Cancelling::OtherMethod));
    assert_eq!(bench.collect(&approved), Collected::Cancelled);
    assert_eq!(
        bench.trail(),
        [
            "approval-opened ok",
            "approval-cancelled gave_up",
            "approval-opened ok",
            "approval-approved ok",
            "approval-cancelled other_method"
        ]
    );
}
