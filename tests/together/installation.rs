//! A realm in a folder of its own, with the real agent and the real provider over it, and people who have apps.

use crate::support::boxed;
use crate::support::drawn_keys;
use crate::support::pam_host::PamHost;
use data_encoding::BASE32_NOPAD;
use samekey_demo::App;
use samekey_shared::accounts::password::{self, PasswordHash};
use samekey_shared::accounts::{LoginName, NewAccount, rows};
use samekey_shared::clock::{Clock, SystemClock};
use samekey_shared::config::Config;
use samekey_shared::devices::{self, Limits, totp};
use samekey_shared::entropy::{Entropy, SystemEntropy};
use samekey_shared::ids::AccountId;
use samekey_shared::policy;
use samekey_shared::realm::Realm;
use samekey_shared::roles::Role;
use samekey_shared::secrets::SecretText;
use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";
/// The relying party.
pub const CLIENT: &str = "app";
/// Where it would be; nobody listens there, only the redirect is looked at.
pub const CALLBACK: &str = "http://127.0.0.1:1/callback";
/// The PAM service.
pub const SERVICE: &str = "together";

/// The folder and its two programs. The store is opened for each look into it and closed again: nobody but the
/// programs may hold it open when they are killed, or there would be nothing to recover.
pub struct Installation {
    folder: TempDir,
    /// The provider's port of 127.0.0.1.
    pub port: u16,
    hash: PasswordHash,
    pub(super) agent: Option<Child>,
    pub(super) provider: Option<Child>,
}

impl Installation {
    /// Makes the realm under this policy, with a relying party and a PAM service; nobody in it yet, nothing running.
    pub fn new(policy: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let place = folder.path().display();
        let config = folder.path().join("samekey.toml");
        let text = format!(
            "[realm]\nname = \"example.org\"\n[store]\nsqlite = \"{place}/store.db\"\n\
             [keyring]\npath = \"{place}/keyring\"\n[agent]\nsocket = \"{place}/agent.sock\"\n\
             [provider]\nissuer = \"http://127.0.0.1:{port}\"\nlisten = \"127.0.0.1:{port}\"\n"
        );
        std::fs::write(&config, text).unwrap();
        let opened = Config::load(&config).unwrap();
        let realm = Realm::create(&opened, Arc::new(SystemClock), Arc::new(SystemEntropy::default()), &[]).unwrap();
        realm
            .store
            .write(|tx| policy::rows::apply(tx, policy, "test", SystemClock.now(), &[]).map(drop))
            .unwrap();
        let hash = password::hash(&realm.password_cost, realm.entropy.as_ref(), &PASSWORD.into()).unwrap();
        let made = Self {
            folder,
            port,
            hash,
            agent: None,
            provider: None,
        };
        made.samekey(&[
            "client",
            "add",
            CLIENT,
            "--redirect",
            CALLBACK,
            "--id-token-alg",
            "ES256",
        ]);
        drawn_keys::give(&config, drawn_keys::drawn());
        made.pam().service(
            SERVICE,
            &format!(
                "auth required {} socket={}\n",
                module().display(),
                made.socket().display()
            ),
        );
        made
    }

    /// The realm, opened anew.
    pub fn realm(&self) -> Realm {
        let config = Config::load(&self.folder.path().join("samekey.toml")).unwrap();
        Realm::open(&config, Arc::new(SystemClock), Arc::new(SystemEntropy::default())).unwrap()
    }

    /// The services of this installation.
    pub fn pam(&self) -> PamHost {
        PamHost::new(&self.folder.path().join("pam.d"))
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("agent.sock")
    }

    /// One of our programs, told where this installation is.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(boxed::target().join("debug").join(name));
        command.arg("--config").arg(self.folder.path().join("samekey.toml"));
        command.stdin(Stdio::null());
        command
    }

    /// Runs the administrator's command, which must succeed.
    pub fn samekey(&self, arguments: &[&str]) -> String {
        let done = self.program("samekey").args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(
            done.status.success(),
            "samekey {arguments:?}: {said}{}",
            String::from_utf8_lossy(&done.stderr)
        );
        said
    }

    /// Starts agent and provider and waits until both answer.
    pub fn start(&mut self) {
        let _ = std::fs::remove_file(self.socket());
        self.agent = Some(self.spawn("samekey-agent"));
        self.provider = Some(self.spawn("samekey-provider"));
        let socket = self.socket();
        let port = self.port;
        let answers = || UnixStream::connect(&socket).is_ok() && TcpStream::connect(("127.0.0.1", port)).is_ok();
        while !answers() {
            let children = [self.agent.as_mut(), self.provider.as_mut()];
            let ended = children
                .into_iter()
                .flatten()
                .find_map(|child| child.try_wait().unwrap());
            assert_eq!(ended, None, "{}", self.said());
            std::thread::yield_now();
        }
    }

    fn spawn(&self, name: &str) -> Child {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log(name))
            .unwrap();
        let mut command = self.program(name);
        command.stdout(log.try_clone().unwrap()).stderr(log);
        command.spawn().unwrap()
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.log"))
    }

    /// What both programs have said so far.
    pub fn said(&self) -> String {
        ["samekey-agent", "samekey-provider"]
            .map(|name| std::fs::read_to_string(self.log(name)).unwrap_or_default())
            .join("\n")
    }

    /// SIGKILL for both programs, at once.
    pub fn kill(&mut self) {
        let mut children = [self.agent.take(), self.provider.take()];
        for child in children.iter_mut().flatten() {
            child.kill().unwrap();
        }
        for child in children.iter_mut().flatten() {
            child.wait().unwrap();
        }
    }

    /// Adds a person with a password and nothing bound; the app is in nobody's store.
    pub fn without_app(&self, realm: &Realm, name: &str) -> Person {
        let account = newcomer(realm, name);
        realm
            .store
            .write(|tx| {
                rows::insert(tx, &account).map_err(|error| error.to_string())?;
                rows::set_password(tx, account.id, &self.hash).map_err(|error| error.to_string())?;
                Ok::<_, Failed>(())
            })
            .unwrap();
        Person {
            name: name.to_owned(),
            app: App::typed(&new_key(realm.entropy.as_ref())).unwrap(),
        }
    }

    /// The line that puts the module into a service.
    pub fn module_line(&self) -> String {
        format!(
            "auth required {} socket={}\n",
            module().display(),
            self.socket().display()
        )
    }

    /// Registers a relying party.
    pub fn client(&self, name: &str) {
        self.samekey(&["client", "add", name, "--redirect", CALLBACK, "--id-token-alg", "ES256"]);
    }

    /// Adds a person with password and app, proven with the code before the present one.
    pub fn person(&self, realm: &Realm, name: &str) -> Person {
        let (entropy, now) = (realm.entropy.as_ref(), realm.clock.now());
        let key = new_key(entropy);
        let app = App::typed(&key).unwrap();
        let proven = totp::Pending::import("app".parse().unwrap(), totp::Shape::default(), &SecretText::from(key))
            .unwrap()
            .prove(&app.code(app.step() - 1), now)
            .unwrap();
        let account = newcomer(realm, name);
        let keyring = realm.keyring().unwrap();
        realm
            .store
            .write(|tx| {
                rows::insert(tx, &account).map_err(|error| error.to_string())?;
                rows::set_password(tx, account.id, &self.hash).map_err(|error| error.to_string())?;
                devices::rows::insert_totp(tx, &keyring, entropy, account.id, &proven, Limits::default(), now)
                    .map_err(|error| error.to_string())?;
                Ok::<_, Failed>(())
            })
            .unwrap();
        Person {
            name: name.to_owned(),
            app,
        }
    }
}

/// An account to be made now.
fn newcomer(realm: &Realm, name: &str) -> NewAccount {
    NewAccount {
        id: AccountId::draw(realm.entropy.as_ref()).unwrap(),
        name: LoginName::parse(name, &realm.names).unwrap(),
        display_name: None,
        email: None,
        flags: BTreeSet::new(),
        role: Role::User,
        created_at: realm.clock.now(),
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Somebody with an app.
#[derive(Clone)]
pub struct Person {
    pub name: String,
    pub app: App,
}

impl Person {
    /// The code that the app shows now.
    pub fn code(&self) -> String {
        self.app.code(self.app.step())
    }
}

/// A key for an app, in base32.
pub fn new_key(entropy: &dyn Entropy) -> String {
    let mut secret = [0; 20];
    entropy.fill(&mut secret).unwrap();
    BASE32_NOPAD.encode(&secret)
}

/// Why a person could not be added.
#[derive(Debug)]
#[expect(dead_code, reason = "read by the panic that prints it")]
struct Failed(String);

impl From<String> for Failed {
    fn from(why: String) -> Self {
        Self(why)
    }
}

impl From<samekey_shared::store::StoreError> for Failed {
    fn from(error: samekey_shared::store::StoreError) -> Self {
        Self(error.to_string())
    }
}

/// The module as it is shipped; `make module` makes it. A box sees what was built and builds nothing.
fn module() -> PathBuf {
    let module = boxed::target().join("module/release/libpam_samekey.so");
    assert!(module.exists(), "{}: run `make module` first", module.display());
    module
}
