//! Somebody with an app and paper, at either door.

use samekey_shared::audit::{self};
use samekey_shared::clock::Clock;
use samekey_shared::devices::{self, DeviceKind};
use samekey_shared::flows::{
    Answer, Asked, Doorway, FirstFactorCheck, Grant, Means, Notice, PasswordSource, Prompt, RefusalCode, SignIn,
    SignInRequest, Step, Visit,
};
use samekey_shared::ids::AccountId;
use samekey_shared::methods::FirstFactor;
use samekey_shared::realm::Realm;
use samekey_shared::source::{Door, Source};
use samekey_shared::testing::{Phone, TestRealm};

pub const PASSWORD: &str = "correct horse battery";

pub const STRICT: &str = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n\
    methods = [\"totp\", \"recovery-code\"]\n";

pub struct Scene {
    pub test: TestRealm,
    pub ann: AccountId,
    pub phone: Phone,
    pub paper: Vec<String>,
}

pub fn scene() -> Scene {
    let test = TestRealm::new().unwrap();
    test.policy(STRICT).unwrap();
    let ann = test.account("ann", PASSWORD).unwrap();
    let (phone, drawn) = test.bind_phone(ann).unwrap();
    let paper = drawn
        .unwrap()
        .shown()
        .iter()
        .map(|code| code.expose().clone())
        .collect();
    // The step that proved the app is spent: the next one is the first that signs in.
    test.clock.advance(30);
    Scene {
        test,
        ann,
        phone,
        paper,
    }
}

pub fn shell(source: &str) -> Doorway {
    let source = Source::remote_host(source);
    Doorway {
        door: Door::Shell,
        service: "pam:sshd".into(),
        host: Some("host1".into()),
        source,
    }
}

pub fn web() -> Doorway {
    Doorway {
        door: Door::Web,
        service: "oidc:wiki".into(),
        host: None,
        source: Source::remote_host("192.0.2.7"),
    }
}

pub fn at_shell(login: &str) -> SignInRequest<'_> {
    let first = FirstFactorCheck::Done(FirstFactor::Password);
    SignInRequest {
        login,
        first,
        prior: None,
        asked: Asked::default(),
        means: Means::default(),
        browser: None,
    }
}

pub fn on_web(login: &str) -> SignInRequest<'_> {
    let first = FirstFactorCheck::Ask(PasswordSource::Store);
    SignInRequest {
        login,
        first,
        prior: None,
        asked: Asked::default(),
        means: Means::default(),
        browser: None,
    }
}

pub fn start(realm: &Realm, doorway: &Doorway, request: SignInRequest<'_>) -> (SignIn, Step) {
    SignIn::start(&Visit { realm, doorway }, request, &mut |_, _| Ok(())).unwrap()
}

impl Scene {
    pub fn start(&self, doorway: &Doorway, request: SignInRequest<'_>) -> (SignIn, Step) {
        start(&self.test.realm, doorway, request)
    }

    pub fn answer(&self, doorway: &Doorway, sign_in: &mut SignIn, answer: Answer) -> Step {
        sign_in
            .answer(
                &Visit {
                    realm: &self.test.realm,
                    doorway,
                },
                answer,
                &mut |_, _| Ok(()),
            )
            .unwrap()
    }

    pub fn code(&self) -> Answer {
        Answer::Code(self.phone.code_at(self.test.clock.now()))
    }

    pub fn count(&self, kinds: &[&str]) -> usize {
        let page = self.test.realm.store.read(|tx| audit::tail(tx, 100)).unwrap();
        page.iter()
            .filter(|record| kinds.contains(&record.kind.as_str()))
            .count()
    }

    pub fn app(&self) -> devices::Device {
        let bound = self
            .test
            .realm
            .store
            .read(|tx| devices::rows::bound(tx, self.ann))
            .unwrap()
            .devices;
        bound.into_iter().find(|one| one.kind == DeviceKind::Totp).unwrap()
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

pub fn notice(step: Step) -> Option<Notice> {
    match step {
        Step::Ask(Prompt::Code { notice, .. } | Prompt::Password { notice }) => notice,
        other => panic!("nothing asked: {other:?}"),
    }
}
