//! Ann with a password, an app and a key, at the web door, at a console and over ssh.

use samekey_shared::audit::{self, Record};
use samekey_shared::clock::Clock;
use samekey_shared::devices::{self, Device};
use samekey_shared::flows::{
    Answer, Asked, Doorway, FirstFactorCheck, Grant, KeyPrompt, Keys, Means, Notice, PasswordSource, Prompt,
    RefusalCode, SignIn, SignInRequest, Step, Visit,
};
use samekey_shared::ids::AccountId;
use samekey_shared::methods::FirstFactor;
use samekey_shared::methods::fido::Assertion;
use samekey_shared::source::{Door, Source};
use samekey_shared::testing::soft_authenticator::Draft;
use samekey_shared::testing::{ORIGIN, Phone, SoftAuthenticator, TestRealm};

pub const PASSWORD: &str = "correct horse battery";

pub const POLICY: &str = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n\
    methods = [\"passkey\", \"security-key\", \"totp\", \"recovery-code\"]\n";

pub struct Scene {
    pub test: TestRealm,
    pub ann: AccountId,
    pub phone: Phone,
    pub key: SoftAuthenticator,
    pub bound: Device,
}

/// Ann with an app and this key.
pub fn scene(mut key: SoftAuthenticator) -> Scene {
    let test = TestRealm::new().unwrap();
    test.policy(POLICY).unwrap();
    let ann = test.account("ann", PASSWORD).unwrap();
    let (phone, _) = test.bind_phone(ann).unwrap();
    let bound = test.bind_key(ann, &mut key, "key").unwrap();
    // The step that proved the app is spent: the next one is the first that signs in.
    test.clock.advance(30);
    Scene {
        test,
        ann,
        phone,
        key,
        bound,
    }
}

/// A sign-in in progress, somewhere.
pub struct Turn {
    pub doorway: Doorway,
    pub machine: SignIn,
}

pub fn web() -> Doorway {
    Doorway {
        door: Door::Web,
        service: "oidc:wiki".into(),
        host: None,
        source: Source::remote_host("192.0.2.7"),
    }
}

pub fn console() -> Doorway {
    Doorway {
        door: Door::Shell,
        service: "pam:sudo".into(),
        host: Some("box".into()),
        source: Source::Local { by: Some("ann".into()) },
    }
}

pub fn browser() -> Means {
    Means {
        keys: Keys::Browser,
        ..Means::default()
    }
}

pub fn plugged_in() -> Means {
    Means {
        keys: Keys::Local { host: "box".into() },
        ..Means::default()
    }
}

impl Scene {
    pub fn visit<'a>(&'a self, doorway: &'a Doorway) -> Visit<'a> {
        Visit {
            realm: &self.test.realm,
            doorway,
        }
    }

    pub fn start(&self, doorway: Doorway, request: SignInRequest<'_>) -> (Turn, Step) {
        let (machine, step) = SignIn::start(&self.visit(&doorway), request, &mut |_, _| Ok(())).unwrap();
        (Turn { doorway, machine }, step)
    }

    pub fn answer(&self, turn: &mut Turn, answer: Answer) -> Step {
        let visit = self.visit(&turn.doorway);
        turn.machine.answer(&visit, answer, &mut |_, _| Ok(())).unwrap()
    }

    /// Up to the second factor, the web way.
    pub fn after_password(&self, name: &str, asked: Asked) -> (Turn, Step) {
        let request = SignInRequest {
            login: name,
            first: FirstFactorCheck::Ask(PasswordSource::Store),
            prior: None,
            asked,
            means: browser(),
            browser: None,
        };
        let (mut turn, _) = self.start(web(), request);
        let step = self.answer(&mut turn, Answer::Password(PASSWORD.into()));
        (turn, step)
    }

    /// Up to the second factor, at a terminal.
    pub fn at_console(&self, first: FirstFactor, means: Means) -> (Turn, Step) {
        let request = SignInRequest {
            login: "ann",
            first: FirstFactorCheck::Done(first),
            prior: None,
            asked: Asked::default(),
            means,
            browser: None,
        };
        self.start(console(), request)
    }

    /// Without name and password.
    pub fn with_passkey(&self, asked: Asked) -> (Turn, Step) {
        let doorway = web();
        let (machine, step) = SignIn::start_with_passkey(&self.visit(&doorway), asked, browser()).unwrap();
        (Turn { doorway, machine }, step)
    }

    /// Signs what is asked, bent as told.
    pub fn signed(&mut self, prompt: &KeyPrompt, bend: impl FnOnce(&mut Draft)) -> Assertion {
        let mut draft = self.key.draft(&prompt.ask, ORIGIN).unwrap();
        bend(&mut draft);
        self.key.sign(draft).unwrap()
    }

    pub fn press(&mut self, turn: &mut Turn, prompt: &KeyPrompt) -> Step {
        let assertion = self.signed(prompt, |_| {});
        self.answer(turn, key(assertion))
    }

    pub fn code(&self) -> Answer {
        Answer::Code(self.phone.code_at(self.test.clock.now()))
    }

    pub fn policy(&self, text: &str) {
        self.test.policy(text).unwrap();
    }

    /// The trail's lines of this kind, newest last.
    pub fn trail(&self, kind: &str) -> Vec<Record> {
        let mut page = self.test.realm.store.read(|tx| audit::tail(tx, 100)).unwrap();
        page.retain(|record| record.kind.as_str() == kind);
        page.sort_by_key(|record| record.seq);
        page
    }

    /// The result in the newest line of this kind.
    pub fn last_result(&self, kind: &str) -> String {
        let newest = self.trail(kind).pop().unwrap();
        field(&newest, "result").unwrap()
    }

    pub fn stored_count(&self) -> u32 {
        let keys = self
            .test
            .realm
            .store
            .read(|tx| devices::fido::of_account(tx, self.ann))
            .unwrap();
        keys.iter().find(|one| one.device == self.bound.id).unwrap().sign_count
    }
}

/// A field of a line.
pub fn field(record: &Record, name: &str) -> Option<String> {
    let event: serde_json::Value = serde_json::from_str(&record.event).unwrap();
    let found = event
        .get(name)
        .or_else(|| event.get("detail").and_then(|detail| detail.get(name)))?;
    found.as_str().map(str::to_owned)
}

pub fn key(assertion: Assertion) -> Answer {
    Answer::Key(Box::new(assertion))
}

pub fn asked_key(step: Step) -> KeyPrompt {
    match step {
        Step::Ask(Prompt::Key(prompt)) => *prompt,
        other => panic!("no key is asked: {other:?}"),
    }
}

pub fn granted(step: Step) -> Grant {
    match step {
        Step::Granted(grant) => *grant,
        other => panic!("not granted: {other:?}"),
    }
}

pub fn refused(step: Step) -> RefusalCode {
    match step {
        Step::Refused(refusal) => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

pub fn notice(step: &Step) -> Option<Notice> {
    match step {
        Step::Ask(Prompt::Key(prompt)) => prompt.notice,
        Step::Ask(Prompt::Code { notice, .. }) => *notice,
        other => panic!("nothing is asked: {other:?}"),
    }
}
