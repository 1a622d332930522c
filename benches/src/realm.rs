//! An installation of ours, filled with people who have an authenticator app.

use crate::hashing::Checked;
use crate::pam::Door;
use crate::place::{Place, write_private};
use crate::process::{Process, free_port};
use crate::web::oidc;
use crate::web::server::{CALLBACK, CLIENT, Server};
use crate::{Trouble, people};
use samekey_provider::clients::{
    self, AccessTokenForm, ClientKind, ClientSettings, GrantType, RefreshUse, Registration,
};
use samekey_provider::keys::Alg;
use samekey_shared::accounts::password::PasswordHash;
use samekey_shared::accounts::{LoginName, NewAccount, rows};
use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::clock::{Clock, SystemClock};
use samekey_shared::config::Config;
use samekey_shared::devices::{self, Limits, totp};
use samekey_shared::entropy::SystemEntropy;
use samekey_shared::flows::FlowError;
use samekey_shared::ids::AccountId;
use samekey_shared::params;
use samekey_shared::policy::{self, Policy};
use samekey_shared::realm::Realm as Opened;
use samekey_shared::roles::Role;
use samekey_shared::secrets::{Keyring, SecretText, opaque};
use samekey_shared::source;
use samekey_shared::store::{Store, StoreError, Tx};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// Accounts in one unit of work, while filling.
const AT_ONCE: usize = 20_000;
/// One second and more within the step before the present one: the code that is used up by binding.
const BEFORE: i64 = 30;

/// A folder with configuration, keyring and store.
#[derive(Debug)]
pub struct Realm {
    room: PathBuf,
    port: u16,
}

/// A running agent.
#[derive(Debug)]
pub struct Agent {
    /// The program.
    pub process: Process,
    /// Where it listens.
    pub socket: PathBuf,
    room: PathBuf,
}

impl Realm {
    /// Makes one with so many people in `room`.
    pub fn fill(room: &Path, people: usize) -> Result<Self, Trouble> {
        let realm = Self {
            room: room.to_owned(),
            port: free_port()?,
        };
        write_private(&realm.config(), &realm.text())?;
        let config = Config::load(&realm.config()).map_err(said)?;
        let opened =
            Opened::create(&config, Arc::new(SystemClock), Arc::new(SystemEntropy::default()), &[]).map_err(said)?;
        let policy = Policy::shipped_default();
        let now = SystemClock.now();
        opened
            .store
            .write(|tx| policy::rows::apply(tx, policy.text(), "bench", now, &[]).map(drop))
            .map_err(|error: policy::rows::ApplyError| said(error))?;
        let (keyring, hash) = (opened.keyring().map_err(said)?, Checked::new()?);
        for start in (0..people).step_by(AT_ONCE) {
            let some = start..people.min(start + AT_ONCE);
            opened
                .store
                .write(|tx| {
                    some.clone()
                        .try_for_each(|at| add(tx, &opened, &keyring, hash.hash(), &people::name(at)))
                })
                .map_err(|Unfilled(why)| Trouble::Fill(why))?;
        }
        Ok(realm)
    }

    /// Carries the store's log over into its file, as the agent does every minute: what follows writes the log over from
    /// its start, as it does on any machine that runs for longer than a minute.
    pub fn carry_over(&self) -> Result<(), Trouble> {
        let store = Store::open_sqlite(&self.room.join("store.db")).map_err(said)?;
        store.checkpoint().map(drop).map_err(said)
    }

    /// Leaves what people leave who have signed in: a live session and an event of each of the first so many.
    pub fn lived_in(&self, people: usize) -> Result<(), Trouble> {
        let store = Store::open_sqlite(&self.room.join("store.db")).map_err(said)?;
        let now = SystemClock.now();
        let lived = store.write(|tx| {
            tx.execute(
                "INSERT INTO web_sessions (id, secret_hash, account, first_at, evidence, created_at, seen_at, expires_at, \
                 first_factor, browser, source, idle) SELECT lower(hex(randomblob(16))), randomblob(32), id, $1, '[]', $1, $1, \
                 $2, 'password', 'Firefox (Linux)', '192.0.2.7', 3600 FROM accounts",
                params![now, now + 3600],
            )?;
            (0..people).try_for_each(|at| {
                let name = people::name(at);
                let event = Event::new(EventKind::SignInGranted, Actor::Account(name.clone()))
                    .about(name.as_str())
                    .at(source::Door::Web, "portal:sign-in");
                audit::append(tx, &event, now).map(drop)
            })
        });
        lived.map_err(|error: StoreError| said(error))
    }

    fn config(&self) -> PathBuf {
        self.room.join("samekey.toml")
    }

    fn text(&self) -> String {
        let (room, port) = (self.room.display(), self.port);
        format!(
            "[realm]\nname = \"bench.test\"\n[store]\nsqlite = \"{room}/store.db\"\n[keyring]\npath = \"{room}/keyring\"\n\
             [agent]\nsocket = \"{room}/agent.sock\"\n\
             [provider]\nissuer = \"http://127.0.0.1:{port}\"\nlisten = \"127.0.0.1:{port}\"\n"
        )
    }

    fn program(&self, place: &Place, name: &str) -> Command {
        let mut command = Command::new(place.program(name));
        command.arg("--config").arg(self.config());
        command
    }

    /// Starts the agent.
    pub fn agent(&self, place: &Place) -> Result<Agent, Trouble> {
        let mut command = self.program(place, "samekey-agent");
        self.answering(Process::start(&mut command, &self.room.join("agent.log"))?)
    }

    /// Starts the agent under strace.
    pub fn agent_counted(&self, place: &Place) -> Result<Agent, Trouble> {
        let command = self.program(place, "samekey-agent");
        self.answering(Process::start_counted(&command, &self.room.join("agent.log"))?)
    }

    /// Starts the agent on a disk made slow; its syncs are counted in `counter`.
    pub fn agent_slowed(&self, place: &Place, counter: &Path) -> Result<Agent, Trouble> {
        let mut command = self.program(place, "samekey-agent");
        let process = Process::start(place.slowed(&mut command, counter), &self.room.join("agent.log"))?;
        self.answering(process)
    }

    fn answering(&self, mut process: Process) -> Result<Agent, Trouble> {
        let socket = self.room.join("agent.sock");
        process.until("agent", || UnixStream::connect(&socket).is_ok())?;
        Ok(Agent {
            process,
            socket,
            room: self.room.clone(),
        })
    }

    /// How the provider is started, and the port it will listen on.
    pub fn provider_command(&self, place: &Place) -> (Command, u16) {
        (self.program(place, "samekey-provider"), self.port)
    }

    /// Gives this person a role.
    pub fn appoint(&self, place: &Place, at: usize, role: &str) -> Result<(), Trouble> {
        let name = people::name(at);
        let done = self
            .program(place, "samekey")
            .args(["account", "role", &name, role])
            .output()?;
        if done.status.success() {
            Ok(())
        } else {
            Err(Trouble::Fill(String::from_utf8_lossy(&done.stderr).into_owned()))
        }
    }

    /// Starts the provider, with the relying party registered.
    pub fn provider(&self, place: &Place) -> Result<Server, Trouble> {
        let secret = self.client(place)?;
        let process = Process::start(&mut self.provider_command(place).0, &self.room.join("provider.log"))?;
        Server::meet(process, self.port, secret)
    }

    /// The same under strace.
    pub fn provider_counted(&self, place: &Place) -> Result<Server, Trouble> {
        let secret = self.client(place)?;
        let process = Process::start_counted(&self.provider_command(place).0, &self.room.join("provider.log"))?;
        Server::meet(process, self.port, secret)
    }

    /// Starts the provider, with the relying party and clients that speak for themselves registered, all with one secret.
    pub fn provider_for_protocol(&self, place: &Place) -> Result<Server, Trouble> {
        let config = Config::load(&self.config()).map_err(said)?;
        let entropy = Arc::new(SystemEntropy::default());
        let opened = Opened::open_with(&config, Arc::new(SystemClock), entropy, &[samekey_provider::SCHEMA]);
        let opened = opened.map_err(said)?;
        for registration in protocol_clients().map_err(said)? {
            let registered = opened.store.write(|tx| {
                clients::register(tx, &registration, opened.entropy.as_ref(), opened.clock.now())?;
                let hash = opaque::hash(PROTOCOL_SECRET);
                let sql = "UPDATE clients SET secret_hash = $2 WHERE id = $1";
                tx.execute(sql, params![registration.id.as_str(), hash.as_slice()])?;
                Ok::<_, clients::RegistrationError>(())
            });
            registered.map_err(said)?;
        }
        drop(opened);
        let process = Process::start(&mut self.provider_command(place).0, &self.room.join("provider.log"))?;
        Server::meet(process, self.port, PROTOCOL_SECRET.to_owned())
    }

    /// Registers the relying party anew; its secret.
    fn client(&self, place: &Place) -> Result<String, Trouble> {
        let mut remove = self.program(place, "samekey");
        remove
            .args(["client", "remove", CLIENT, "--yes", "--if-present"])
            .output()?;
        let mut add = self.program(place, "samekey");
        add.args([
            "--json",
            "client",
            "add",
            CLIENT,
            "--redirect",
            CALLBACK,
            "--id-token-alg",
            "ES256",
        ]);
        let said = add.output()?;
        let text = String::from_utf8_lossy(&said.stdout);
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        answer
            .get("secret")
            .and_then(serde_json::Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| Trouble::Program(format!("client add: {text}{}", String::from_utf8_lossy(&said.stderr))))
    }
}

impl Agent {
    /// A PAM service that asks this agent.
    pub fn door(&self, place: &Place) -> Result<Door, Trouble> {
        let line = format!(
            "auth required {} socket={}\n",
            place.module.display(),
            self.socket.display()
        );
        Door::new(&self.room, "samekey-bench", &line)
    }
}

/// The secret of every client of the protocol's measurements: nothing is guarded by it.
const PROTOCOL_SECRET: &str = "bench-secret-bench-secret-bench-secret";

/// One client that signs people in, and two that speak for themselves, with ES256 and RS256.
fn protocol_clients() -> Result<Vec<Registration>, clients::NotAClientId> {
    let web = ClientSettings {
        redirect_uris: vec![CALLBACK.to_owned()],
        id_token_alg: Alg::Es256,
        refresh: RefreshUse::Session,
        ..ClientSettings::default()
    };
    let robot = |alg| ClientSettings {
        redirect_uris: vec![CALLBACK.to_owned()],
        grant_types: BTreeSet::from([GrantType::ClientCredentials]),
        scopes: Some(BTreeSet::from(["orders.read".to_owned()])),
        resources: vec!["https://api.example".to_owned()],
        access_token: AccessTokenForm::Jwt,
        access_token_alg: Some(alg),
        ..ClientSettings::default()
    };
    let all = [
        (CLIENT, web),
        (oidc::ROBOT, robot(Alg::Es256)),
        (oidc::ROBOT_RS256, robot(Alg::Rs256)),
    ];
    all.into_iter()
        .map(|(id, settings)| {
            Ok(Registration {
                id: id.parse()?,
                name: id.to_owned(),
                kind: ClientKind::Confidential,
                settings,
            })
        })
        .collect()
}

/// Why a person could not be added.
struct Unfilled(String);

impl From<StoreError> for Unfilled {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

fn unfilled(error: impl Display) -> Unfilled {
    Unfilled(error.to_string())
}

fn said(error: impl Display) -> Trouble {
    Trouble::Fill(error.to_string())
}

/// One person with password and app, as `samekey account add` and `device bind totp` leave them.
fn add(tx: &mut Tx<'_>, opened: &Opened, keyring: &Keyring, hash: &PasswordHash, name: &str) -> Result<(), Unfilled> {
    let (entropy, now) = (opened.entropy.as_ref(), opened.clock.now());
    let id = AccountId::draw(entropy).map_err(unfilled)?;
    let account = NewAccount {
        id,
        name: LoginName::parse(name, &opened.names).map_err(unfilled)?,
        display_name: None,
        email: None,
        flags: BTreeSet::new(),
        role: Role::User,
        created_at: now,
    };
    rows::insert(tx, &account).map_err(unfilled)?;
    rows::set_password(tx, id, hash).map_err(unfilled)?;
    let device = "phone".parse().map_err(unfilled)?;
    let key = SecretText::from(people::secret_base32(name));
    let proven = totp::Pending::import(device, totp::Shape::default(), &key)
        .map_err(unfilled)?
        // The code before the present one, so that the present one is still good.
        .prove(&people::code_at(name, now - BEFORE), now)
        .map_err(|_| Unfilled("the code did not prove the app".into()))?;
    devices::rows::insert_totp(tx, keyring, entropy, id, &proven, Limits::default(), now).map_err(unfilled)?;
    // Somebody who has signed in before, as almost everybody who signs in has.
    rows::note_sign_in(tx, id, now).map_err(unfilled)?;
    Ok(())
}

impl From<FlowError> for Unfilled {
    fn from(error: FlowError) -> Self {
        Self(error.to_string())
    }
}
