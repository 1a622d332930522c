//! `samekey init`: configuration, keyring, store and first policy. What is there stays as it is.

use crate::exit::{Exit, Failure};
use crate::identity::{self, SystemUser};
use crate::installation::{self, Installation};
use crate::output::Answer;
use samekey_shared::audit::EventKind;
use samekey_shared::config::{Config, DEFAULT_PATH};
use samekey_shared::policy::{self, Policy};
use serde_json::json;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// The user that the daemons run as, when the system has it.
const SYSTEM_USER: &str = "samekey";
const STATE_DIR: &str = "/var/lib/samekey";
const SOCKET: &str = "/run/samekey/agent.sock";

/// What `samekey init` may be told.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The realm: `alice` and `alice@REALM` are one account [default: this host's name]
    #[arg(long, value_name = "REALM")]
    realm: Option<String>,
    /// Folder of the store [default: /var/lib/samekey]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Put all default paths under this folder: for tests and for set-ups without privileges
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// System user that the daemons run as and the store belongs to [default: samekey, if there is one]
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    /// First policy [default: the one shipped]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(config: &Path, arguments: &Arguments) -> Result<Answer, Failure> {
    let places = Places::choose(config, arguments)?;
    let owner = owner(arguments)?;
    // Read before anything is made: a wrong file must not leave half a set-up.
    let first_policy = arguments.policy.as_deref().map(read_policy).transpose()?;
    let mut made = Vec::new();
    if make_config(&places, arguments, owner.as_ref())? {
        made.push("configuration");
    }
    let config = installation::load(&places.config)?;
    agrees(&config, arguments)?;
    made.extend(make_store(config, owner.as_ref(), first_policy)?);
    let told = places.config.display();
    let remark = match made.as_slice() {
        [] => format!("{told}: everything was there already."),
        some => format!("{told}: made {}.", some.join(", ")),
    };
    let answer = Answer::change(
        !made.is_empty(),
        json!({ "config": places.config, "made": made }),
        remark,
    );
    Ok(if made.is_empty() {
        answer
    } else {
        answer.remark("Next: `samekey account add NAME`, then `samekey device bind totp --user NAME`.")
    })
}

/// Where everything goes.
struct Places {
    config: PathBuf,
    keyring: PathBuf,
    store: PathBuf,
    socket: PathBuf,
}

impl Places {
    fn choose(config: &Path, arguments: &Arguments) -> Result<Self, Failure> {
        let root = match &arguments.root {
            Some(root) => std::path::absolute(root).map_err(|error| Failure::file(root, &error))?,
            None => PathBuf::from("/"),
        };
        let under = |path: &str| root.join(path.trim_start_matches('/'));
        let config = if config == Path::new(DEFAULT_PATH) {
            under(DEFAULT_PATH)
        } else {
            config.to_owned()
        };
        let config = std::path::absolute(&config).map_err(|error| Failure::file(&config, &error))?;
        let state = arguments.state_dir.clone().unwrap_or_else(|| under(STATE_DIR));
        let state = std::path::absolute(&state).map_err(|error| Failure::file(&state, &error))?;
        Ok(Self {
            keyring: config.with_file_name("keyring"),
            store: state.join("store.db"),
            socket: under(SOCKET),
            config,
        })
    }
}

/// The user to give things to: only root can give anything away.
fn owner(arguments: &Arguments) -> Result<Option<SystemUser>, Failure> {
    let root = identity::effective_uid() == 0;
    match &arguments.owner {
        Some(name) => {
            let user =
                identity::user(name).ok_or_else(|| Failure::not_found(format!("there is no system user {name}")))?;
            if !root && user.uid != identity::effective_uid() {
                return Err(Failure::usage("--owner: only root can give files to somebody else"));
            }
            Ok(Some(user))
        }
        None => Ok(identity::user(SYSTEM_USER).filter(|_| root)),
    }
}

fn read_policy(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
    super::policy::passes(path, &text)?;
    Ok(text)
}

/// Writes the configuration unless there is one; tells whether it did.
fn make_config(places: &Places, arguments: &Arguments, owner: Option<&SystemUser>) -> Result<bool, Failure> {
    if places.config.exists() {
        return Ok(false);
    }
    make_folder(places.config.parent(), 0o755, None)?;
    let text = config_text(places, &realm_name(arguments)?);
    // Parsed before it is written: a path or name with a quote in it must not become a broken file.
    Config::parse(&text, &places.config).map_err(|error| Failure::usage(error.to_string()))?;
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o640)
        .open(&places.config);
    file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|error| Failure::file(&places.config, &error))?;
    give(&places.config, None, owner)?;
    Ok(true)
}

fn realm_name(arguments: &Arguments) -> Result<String, Failure> {
    let host = || {
        std::fs::read_to_string("/proc/sys/kernel/hostname")
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    };
    let name = arguments.realm.clone().unwrap_or_else(host);
    let name = if name.is_empty() || name == "(none)" {
        "localhost".to_owned()
    } else {
        name
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if name.len() <= 253 && name.bytes().all(plain) {
        Ok(name)
    } else {
        Err(Failure::usage(format!(
            "{name:?} is no realm name: letters, digits, `.`, `-`, `_`"
        )))
    }
}

fn config_text(places: &Places, realm: &str) -> String {
    let quoted = |path: &Path| toml::Value::from(path.display().to_string()).to_string();
    format!(
        "# Samekey: one configuration for agent, provider and command. A key that nobody knows is an error.\n\
         [realm]\n\
         # `alice` and `alice@{realm}` are one account; aliases are further names that may follow the @.\n\
         name = \"{realm}\"\n\
         aliases = []\n\
         \n\
         [store]\n\
         # One machine: a SQLite file. Several machines: postgres = \"host=… user=… dbname=…\" instead.\n\
         sqlite = {store}\n\
         \n\
         [keyring]\n\
         # The keys that seal secrets in the store. Back it up apart from the store: without it no code can be checked.\n\
         path = {keyring}\n\
         \n\
         [password]\n\
         # What one guess costs (Argon2id, OWASP). A higher cost re-hashes each password at its next sign-in.\n\
         memory-kib = 19456\n\
         passes = 2\n\
         \n\
         [agent]\n\
         socket = {socket}\n",
        store = quoted(&places.store),
        keyring = quoted(&places.keyring),
        socket = quoted(&places.socket),
    )
}

/// A configuration that was there must be the one that the arguments describe.
fn agrees(config: &Config, arguments: &Arguments) -> Result<(), Failure> {
    let differs = |what: &str| {
        Err(Failure::new(
            Exit::Conflict,
            "conflict",
            format!("{} exists and has another {what}", config.path.display()),
        )
        .hint("It was left as it is: edit it, or leave the option out."))
    };
    if arguments
        .realm
        .as_ref()
        .is_some_and(|realm| *realm != config.realm.name)
    {
        return differs("realm");
    }
    let state = arguments
        .state_dir
        .as_deref()
        .and_then(|dir| std::path::absolute(dir).ok());
    match (state, &config.store.sqlite) {
        (Some(state), Some(store)) if store.parent() != Some(&state) => differs("store"),
        (Some(_), None) => differs("store"),
        _ => Ok(()),
    }
}

/// Makes keyring, store and policy where they are missing.
fn make_store(
    config: Config,
    owner: Option<&SystemUser>,
    first_policy: Option<String>,
) -> Result<Vec<&'static str>, Failure> {
    let mut made = Vec::new();
    let (keyring, store) = (config.keyring.path.clone(), config.store.sqlite.clone());
    make_folder(keyring.parent(), 0o755, None)?;
    make_folder(store.as_deref().and_then(Path::parent), 0o750, owner)?;
    let (new_keyring, new_store) = (!keyring.exists(), store.as_ref().is_some_and(|path| !path.exists()));
    let installation = Installation::create(config)?;
    if new_keyring {
        // Root's file, which the daemons may read but not write.
        std::fs::set_permissions(
            &keyring,
            PermissionsExt::from_mode(if owner.is_some() { 0o640 } else { 0o600 }),
        )
        .map_err(|error| Failure::file(&keyring, &error))?;
        give(&keyring, None, owner)?;
        made.push("keyring");
    }
    if new_store {
        let event = installation::event(EventKind::StoreCreated);
        installation.realm.store.write(|tx| installation.record(tx, &event))?;
        made.push("store");
    }
    if make_policy(&installation, first_policy)? {
        made.push("policy");
    }
    if let (true, Some(path)) = (new_store, &store) {
        give_store(path, owner)?;
    }
    Ok(made)
}

fn make_policy(installation: &Installation, first: Option<String>) -> Result<bool, Failure> {
    if installation.realm.store.read(policy::rows::active)?.is_some() {
        return Ok(false);
    }
    let text = first.unwrap_or_else(|| Policy::shipped_default().text().to_owned());
    super::policy::first(installation, Path::new("first policy"), text)?;
    Ok(true)
}

fn make_folder(folder: Option<&Path>, mode: u32, owner: Option<&SystemUser>) -> Result<(), Failure> {
    let Some(folder) = folder.filter(|folder| !folder.exists()) else {
        return Ok(());
    };
    if let Some(parent) = folder.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(parent)
            .map_err(|error| Failure::file(parent, &error))?;
    }
    DirBuilder::new()
        .mode(mode)
        .create(folder)
        .map_err(|error| Failure::file(folder, &error))?;
    give(folder, owner, owner)
}

/// Gives a path to `user` and to the group of `group`.
fn give(path: &Path, user: Option<&SystemUser>, group: Option<&SystemUser>) -> Result<(), Failure> {
    chown(path, user.map(|user| user.uid), group.map(|group| group.gid)).map_err(|error| Failure::file(path, &error))
}

/// Gives the store's files to their owner: SQLite keeps what it finds, whoever opens it later.
fn give_store(path: &Path, owner: Option<&SystemUser>) -> Result<(), Failure> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let file = PathBuf::from(name);
        if file.exists() {
            give(&file, owner, owner)?;
        }
    }
    Ok(())
}
