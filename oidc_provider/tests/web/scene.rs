//! A provider over a realm of its own, with one person, their phone and some applications.

use crate::browser::{Browser, Page};
use crate::drawn_keys;
use crate::relying_party::RelyingParty;
use samekey_provider::SCHEMA;
use samekey_provider::app::{App, AppState, Front};
use samekey_provider::clients::{self, ClientId, ClientKind, ClientSettings, Registration};
use samekey_provider::config::ProviderSection;
use samekey_shared::config::strict;
use samekey_shared::ids::AccountId;
use samekey_shared::params;
use samekey_shared::store::StoreError;
use samekey_shared::testing::{Phone, TestRealm};

pub const ISSUER: &str = "https://id.example.org";
pub const PASSWORD: &str = "correct horse battery";
pub const CALLBACK: &str = "https://wiki.example/cb";
pub const SIGNED_OUT: &str = "https://wiki.example/bye";

/// A second factor for everybody, from the first day.
pub const STRICT: &str = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n\
    methods = [\"totp\", \"recovery-code\"]\n[settings]\ncontact = \"help@example.org\"\n";

/// A password suffices, unless an application asks for more.
pub const LAX: &str = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"single\"\ngrace = \"0s\"\n\
    methods = [\"totp\", \"recovery-code\"]\n";

pub struct Scene {
    pub test: TestRealm,
    pub app: App,
    pub router: Front,
    pub ann: AccountId,
    pub phone: Phone,
    pub paper: Vec<String>,
    pub secret: String,
}

/// The settings of an application, to be changed by a test.
pub fn settings() -> ClientSettings {
    ClientSettings {
        redirect_uris: vec![CALLBACK.into()],
        post_logout_redirect_uris: vec![SIGNED_OUT.into()],
        ..ClientSettings::default()
    }
}

impl Scene {
    pub fn new() -> Self {
        Self::with("", STRICT)
    }

    /// With further lines in `[provider]`, and a policy.
    pub fn with(lines: &str, policy: &str) -> Self {
        Self::of(TestRealm::new().unwrap(), lines, policy)
    }

    /// In a realm that writes letters, with a policy.
    pub fn with_letters(policy: &str) -> Self {
        Self::of(TestRealm::with_letters().unwrap(), "", policy)
    }

    /// Over the empty database of a PostgreSQL server.
    pub fn on_postgres(database: &str) -> Self {
        Self::of(TestRealm::on_postgres(database).unwrap(), "", STRICT)
    }

    fn of(test: TestRealm, lines: &str, policy: &str) -> Self {
        test.realm.store.migrate(&[SCHEMA]).unwrap();
        test.policy(policy).unwrap();
        let ann = test.account("ann", PASSWORD).unwrap();
        let (phone, drawn) = test.bind_phone(ann).unwrap();
        let paper = drawn
            .unwrap()
            .shown()
            .iter()
            .map(|code| code.expose().clone())
            .collect();
        test.clock.advance(30);
        let section = format!("issuer = \"{ISSUER}\"\n{lines}");
        let section: ProviderSection = strict::parse(&section).unwrap();
        drawn_keys::give(&test.realm);
        let app = AppState::new(test.realm.clone(), section.check().unwrap()).unwrap();
        let mut scene = Self {
            router: Front::new(app.clone()),
            test,
            app,
            ann,
            phone,
            paper,
            secret: String::new(),
        };
        scene.secret = scene.register("wiki", ClientKind::Confidential, settings()).unwrap();
        scene
    }

    /// Registers an application; its secret, where it has one.
    pub fn register(&self, id: &str, kind: ClientKind, settings: ClientSettings) -> Option<String> {
        let registration = Registration {
            id: id.parse().unwrap(),
            name: format!("The {id}"),
            kind,
            settings,
        };
        let realm = &self.test.realm;
        let made = realm
            .store
            .write(|tx| clients::register(tx, &registration, realm.entropy.as_ref(), 1))
            .unwrap();
        made.map(|secret| secret.0.expose().clone())
    }

    /// Changes a client's settings past every rule.
    pub fn change(&self, id: &ClientId, change: impl Fn(&mut ClientSettings)) {
        let store = &self.test.realm.store;
        let mut client = store.read(|tx| clients::by_id(tx, id.as_str())).unwrap().unwrap();
        change(&mut client.settings);
        let settings = serde_json::to_string(&client.settings).unwrap();
        let sql = "UPDATE clients SET settings = $2 WHERE id = $1";
        store
            .write(|tx| tx.execute(sql, params![id.as_str(), settings.as_str()]))
            .map_err(|error: StoreError| error)
            .unwrap();
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    pub fn wiki(&self) -> RelyingParty {
        RelyingParty::new(self, "wiki", Some(&self.secret))
    }

    /// The code that the phone shows now.
    pub fn code(&self) -> String {
        self.phone.code_at(self.now()).expose().clone()
    }

    pub fn now(&self) -> i64 {
        self.test.realm.clock.now()
    }

    /// Goes through user name, password and code, as a person does; gives the last answer.
    pub async fn sign_in(&self, browser: &Browser, address: &str) -> Page {
        let asks_code = self.with_password(browser, address).await;
        browser
            .press(&asks_code.location(), "code", &[("code", &self.code())])
            .await
    }

    /// Signs in, with as much as the policy asks.
    pub async fn sign_in_as_asked(&self, browser: &Browser, address: &str) -> Page {
        let next = self.with_password(browser, address).await;
        let page = browser.get(&next.location()).await;
        if page.body.contains("name=\"code\"") {
            browser.press(&next.location(), "code", &[("code", &self.code())]).await
        } else {
            next
        }
    }

    /// Goes through user name and password.
    pub async fn with_password(&self, browser: &Browser, address: &str) -> Page {
        let first = browser.get(address).await;
        let asks_password = browser.press(&first.location(), "name", &[("username", "ann")]).await;
        browser
            .press(&asks_password.location(), "password", &[("password", PASSWORD)])
            .await
    }

    /// How many audit events of this kind there are.
    pub fn events(&self, kind: &str) -> usize {
        let records = self
            .test
            .realm
            .store
            .read(|tx| samekey_shared::audit::tail(tx, 1000))
            .unwrap();
        records.iter().filter(|record| record.kind.as_str() == kind).count()
    }
}
