//! A realm that writes letters, people in it, and short ways to read what would be sent.

use samekey_shared::accounts::rows;
use samekey_shared::audit::{self, Actor};
use samekey_shared::devices::{Device, email};
use samekey_shared::flows::Authority;
use samekey_shared::flows::bind_email::{BindEmailError, Binding};
use samekey_shared::ids::AccountId;
use samekey_shared::outbox::{self, Body, LetterKind};
use samekey_shared::params;
use samekey_shared::source::{Door, Source};
use samekey_shared::testing::TestRealm;

pub const PASSWORD: &str = "correct horse battery";
pub const ADDRESS: &str = "ann@mail.example";

pub struct Scene {
    pub test: TestRealm,
    pub ann: AccountId,
    authority: Authority,
    source: Source,
}

impl Scene {
    pub fn new() -> Self {
        let test = TestRealm::with_letters().unwrap();
        let ann = test.account("ann", PASSWORD).unwrap();
        Self {
            test,
            ann,
            authority: Authority::new(Actor::Account("ann".into()), Door::Web),
            source: Source::remote_host("192.0.2.7"),
        }
    }

    /// With a policy of this default and these settings.
    pub fn with(default: &str, settings: &str) -> Self {
        let scene = Self::new();
        let policy =
            format!("version = 1\n[groups]\nsource = \"store\"\n[default]\n{default}\n[settings]\n{settings}\n");
        scene.test.policy(&policy).unwrap();
        scene
    }

    pub fn binding<'a>(&'a self, account: AccountId, session: &'a str) -> Binding<'a> {
        Binding {
            authority: &self.authority,
            account,
            session,
            source: &self.source,
        }
    }

    pub fn send(&self, account: AccountId, session: &str, address: &str) -> Result<(), BindEmailError> {
        self.binding(account, session).send(&self.test.realm, address).map(drop)
    }

    pub fn finish(&self, account: AccountId, session: &str, code: &str) -> Result<Device, BindEmailError> {
        self.binding(account, session).finish(&self.test.realm, code)
    }

    /// Binds an address in the way that people do.
    pub fn bind(&self, account: AccountId, address: &str) -> Result<Device, BindEmailError> {
        let session = format!("session of {account}");
        self.send(account, &session, address)?;
        let code = self.code();
        self.finish(account, &session, &code)
    }

    /// Every letter that is due, taken out of the box as if it were sent.
    pub fn letters(&self) -> Vec<Body> {
        let realm = &self.test.realm;
        let mut found = Vec::new();
        while let Some(held) = outbox::claim(realm).unwrap() {
            assert!(outbox::sent(realm, &held).unwrap());
            found.push(held.body);
        }
        found
    }

    /// The code in the only letter that is due.
    pub fn code(&self) -> String {
        let letters = self.letters();
        let codes: Vec<&String> = letters
            .iter()
            .filter_map(|body| match &body.kind {
                LetterKind::Code { code, .. } | LetterKind::ProveAddress { code, .. } => Some(code),
                _ => None,
            })
            .collect();
        assert_eq!(codes.len(), 1, "{letters:?}");
        codes[0].clone()
    }

    /// The kinds of the letters that are due, in alphabetical order.
    pub fn kinds(&self) -> Vec<&'static str> {
        let mut kinds: Vec<_> = self.letters().iter().map(|body| body.kind.word()).collect();
        kinds.sort_unstable();
        kinds
    }

    pub fn has_address(&self, account: AccountId) -> Option<String> {
        let found = self.test.realm.store.read(|tx| email::of_account(tx, account));
        found.unwrap().map(|bound| bound.address.to_string())
    }

    /// Writes an address into a profile, as an administrator would.
    pub fn profile(&self, account: AccountId, address: &str) {
        let done = self.test.realm.store.write(|tx| {
            tx.execute(
                "UPDATE accounts SET email = $1 WHERE id = $2",
                params![address, account],
            )
        });
        assert_eq!(done.unwrap(), 1);
        let read = self.test.realm.store.read(|tx| rows::by_id(tx, account)).unwrap();
        assert_eq!(read.unwrap().email.as_deref(), Some(address));
    }

    pub fn count(&self, kind: &str) -> usize {
        let page = self.test.realm.store.read(|tx| audit::tail(tx, 1000)).unwrap();
        page.iter().filter(|record| record.kind.as_str() == kind).count()
    }

    pub fn now(&self) -> i64 {
        self.test.realm.clock.now()
    }
}

/// A code that is not this one.
pub fn another(code: &str) -> String {
    let wrong = if code.starts_with('0') { "1" } else { "0" };
    format!("{wrong}{}", &code[1..])
}
