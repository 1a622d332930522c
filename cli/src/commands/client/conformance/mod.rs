//! `samekey client conformance`: registers the clients that the plans of the public conformance suite need, and writes the
//! suite's own configuration of each plan (docs/conformance.md).

mod keys;
mod plans;

use crate::exit::Failure;
use crate::installation::{self, Installation};
use crate::output::Answer;
use keys::PrivateKey;
use plans::Plans;
use samekey_provider::clients::{
    self, AuthMethod, ClientKind, ClientSettings, NewSecret, Pkce, Profile, Registration, RegistrationError,
};
use samekey_provider::keys::Alg;
use samekey_shared::audit::EventKind;
use samekey_shared::secrets::SecretText;
use serde_json::json;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The suite's public instance.
const SUITE: &str = "https://www.certification.openid.net";
/// What a redirect address of the second FAPI client carries, so that queries are seen to be kept.
const DUMMY: &str = "?dummy1=lorem&dummy2=ipsum";

/// What the suite will run, and as whom.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where the suite runs
    #[arg(long, value_name = "URL", default_value = SUITE)]
    suite: String,
    /// The alias of its plans, a part of the redirect addresses
    #[arg(long, default_value = "samekey")]
    alias: String,
    /// The person that its scripted browser plays; without one, people sign in by hand
    #[arg(long, value_name = "NAME", requires = "password_file")]
    user: Option<String>,
    /// A file with that person's password
    #[arg(long, value_name = "PATH", requires = "user")]
    password_file: Option<PathBuf>,
    /// The folder for the suite's configurations; they hold secrets and private keys
    #[arg(long, value_name = "PATH", required_unless_present = "remove")]
    out: Option<PathBuf>,
    /// Register the FAPI clients for Message Signing
    #[arg(long)]
    signed: bool,
    /// Remove the clients
    #[arg(long)]
    remove: bool,
}

/// One client as it will be.
struct Wanted {
    id: &'static str,
    key: Option<PrivateKey>,
    settings: ClientSettings,
}

/// Runs the verb.
pub fn run(installation: &Installation, arguments: &Arguments) -> Result<Answer, Failure> {
    let wanted = wanted(arguments)?;
    let removed = remove(installation, &wanted)?;
    let Some(out) = arguments.out.as_ref().filter(|_| !arguments.remove) else {
        return Ok(Answer::change(
            removed,
            json!({}),
            "The clients of the conformance suite are gone.",
        ));
    };
    let issuer = installation.provider()?.issuer;
    let mut plans = Plans::new(issuer.as_str(), &arguments.alias, person(arguments)?);
    for client in &wanted {
        let secret = register(installation, client)?;
        plans.client(
            client.id,
            secret.as_ref().map(|text| text.expose().as_str()),
            client.key.as_ref(),
        );
    }
    let files = plans.files();
    std::fs::create_dir_all(out).map_err(|error| Failure::file(out, &error))?;
    for (name, document) in &files {
        write(&out.join(name), document)?;
    }
    let ids: Vec<&str> = wanted.iter().map(|client| client.id).collect();
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let remark = format!(
        "Registered {}; the suite's configurations are in {}: {}. They hold secrets.",
        ids.join(", "),
        out.display(),
        names.join(", ")
    );
    Ok(Answer::change(true, json!({ "clients": ids, "files": names }), remark))
}

fn person(arguments: &Arguments) -> Result<Option<(String, String)>, Failure> {
    let (Some(user), Some(file)) = (&arguments.user, &arguments.password_file) else {
        return Ok(None);
    };
    let password = std::fs::read_to_string(file).map_err(|error| Failure::file(file, &error))?;
    Ok(Some((user.clone(), password.trim_end_matches('\n').to_owned())))
}

fn wanted(arguments: &Arguments) -> Result<Vec<Wanted>, Failure> {
    let base = format!("{}/test/a/{}", arguments.suite.trim_end_matches('/'), arguments.alias);
    let plain = |id, auth_method| Wanted {
        id,
        key: None,
        settings: ClientSettings {
            redirect_uris: vec![format!("{base}/callback")],
            post_logout_redirect_uris: vec![format!("{base}/post_logout_redirect")],
            backchannel_logout_uri: Some(format!("{base}/backchannel_logout")),
            frontchannel_logout_uri: Some(format!("{base}/frontchannel_logout")),
            pkce: Pkce::Optional,
            auth_method,
            ..ClientSettings::default()
        },
    };
    let mut all = vec![
        plain("conformance-1", AuthMethod::ClientSecretBasic),
        plain("conformance-2", AuthMethod::ClientSecretBasic),
        plain("conformance-post", AuthMethod::ClientSecretPost),
    ];
    for id in ["conformance-fapi-1", "conformance-fapi-2"] {
        let key = PrivateKey::make()?;
        let settings = ClientSettings {
            redirect_uris: vec![format!("{base}/callback"), format!("{base}/callback{DUMMY}")],
            auth_method: AuthMethod::PrivateKeyJwt,
            jwks: Some(json!({ "keys": [key.public()] })),
            profile: if arguments.signed {
                Profile::Fapi2Signed
            } else {
                Profile::Fapi2
            },
            id_token_alg: Alg::Es256,
            require_pushed: true,
            dpop_bound: true,
            ..ClientSettings::default()
        };
        all.push(Wanted {
            id,
            key: Some(key),
            settings,
        });
    }
    Ok(all)
}

/// Removes those that are there; whether any was.
fn remove(installation: &Installation, wanted: &[Wanted]) -> Result<bool, Failure> {
    let mut any = false;
    for client in wanted {
        let there = installation.realm.store.read(|tx| clients::by_id(tx, client.id))?;
        let Some(there) = there else { continue };
        any = true;
        installation.realm.store.write(|tx| {
            clients::remove(tx, &there.id)?;
            installation.record(
                tx,
                &installation::event(EventKind::ClientRemoved).detail("client", &there.id),
            )?;
            Ok::<_, RegistrationError>(())
        })?;
    }
    Ok(any)
}

fn register(installation: &Installation, client: &Wanted) -> Result<Option<SecretText>, Failure> {
    let registration = Registration {
        id: client.id.parse().map_err(RegistrationError::Id)?,
        name: format!("Conformance suite ({})", client.id),
        kind: ClientKind::Confidential,
        settings: client.settings.clone(),
    };
    let (realm, now) = (&installation.realm, installation.now());
    let secret = realm.store.write(|tx| {
        let secret = clients::register(tx, &registration, realm.entropy.as_ref(), now)?;
        let event = installation::event(EventKind::ClientAdded).detail("client", &registration.id);
        installation.record(tx, &event)?;
        Ok::<_, RegistrationError>(secret)
    })?;
    Ok(secret.map(|NewSecret(text)| text))
}

/// Writes a file that nobody else can read.
fn write(path: &Path, document: &serde_json::Value) -> Result<(), Failure> {
    let text = format!("{document:#}\n");
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
    written.map_err(|error| Failure::file(path, &error))
}
