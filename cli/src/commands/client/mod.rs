//! `samekey client`: the web apps that sign in through the provider.

mod conformance;
mod document;
mod ensure;
mod token;
mod trial;

use crate::exit::{Exit, Failure};
use crate::installation::{self, Installation};
use crate::output::{Answer, Table, moment};
use crate::terminal;
use samekey_provider::clients::{
    self, AuthMethod, Client, ClientId, ClientKind, ClientSettings, Consent, Ensured, NewSecret, Pkce, Registration,
    RegistrationError,
};
use samekey_provider::keys::Alg;
use samekey_shared::audit::EventKind;
use samekey_shared::policy::parse_duration;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// `samekey client …`
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Register an app; a confidential one's secret is shown this once
    ///
    /// One that is registered just so already is left alone: exit 0, "changed": false. One that is registered
    /// otherwise is a conflict (exit 7) unless --update.
    Add(Add),
    /// Bring apps to what a file says of them: one app, or several under [[client]]; all or none
    ///
    /// The file holds `id`, `name`, `kind` and whatever setting is to be other than usual, in TOML. Run twice it changes
    /// nothing the second time.
    Ensure {
        /// The file; `-` is standard input
        #[arg(short, long, value_name = "FILE")]
        file: PathBuf,
    },
    /// List the registered apps
    List,
    /// Show one app
    Show {
        /// Its client id
        id: ClientId,
    },
    /// Give an app a new secret, shown this once; the old one is dead at once, or after an overlap
    #[command(alias = "rotate-secret")]
    NewSecret {
        /// Its client id
        id: ClientId,
        /// How long the old secret is good too, at most 30d
        #[arg(long, value_name = "SPAN", default_value = "0s")]
        overlap: String,
    },
    /// Initial access tokens, with which apps register themselves
    #[command(subcommand)]
    Token(token::Verb),
    /// Remove an app with its codes, tokens and consents
    Remove {
        /// Its client id
        id: ClientId,
        /// Do not ask for a typed YES
        #[arg(long)]
        yes: bool,
        /// Exit 0 if there is none
        #[arg(long)]
        if_present: bool,
    },
    /// Sign in with an app's registration, and show the tokens that it would get and why the policy decided so
    ///
    /// Needs neither the app nor its secret. While it runs, the app has one more redirect address, on this machine; the
    /// tokens are revoked at the end.
    Try(trial::Arguments),
    /// Register the clients that the public conformance suite needs, and write the suite's configurations
    Conformance(conformance::Arguments),
}

/// An app as the administrator describes it.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Add {
    /// Its client id: A-Z a-z 0-9 - . _ ~
    id: ClientId,
    /// Where answers may be sent, compared byte by byte; may be repeated
    #[arg(long = "redirect", value_name = "URI", required = true)]
    redirects: Vec<String>,
    /// Where people may be sent after signing out; may be repeated
    #[arg(long = "post-logout", value_name = "URI")]
    post_logouts: Vec<String>,
    /// What people see [default: the id]
    #[arg(long)]
    name: Option<String>,
    /// It keeps no secret: an app on somebody's device or in a browser
    #[arg(long)]
    public: bool,
    /// Ask each person before the app learns who they are
    #[arg(long)]
    ask_consent: bool,
    /// It is too old for PKCE; not for public apps
    #[arg(long)]
    pkce_optional: bool,
    /// How its ID tokens are signed: RS256, PS256, ES256 or EdDSA
    #[arg(long, value_name = "ALG", default_value = "RS256")]
    id_token_alg: Alg,
    /// A name of a level that the app knows, for one of ours; may be repeated
    #[arg(long = "acr-alias", value_name = "THEIRS=OURS", value_parser = alias)]
    acr_aliases: Vec<(String, String)>,
    /// How it proves who it is: client_secret (in the header or in the form, as its library does), client_secret_basic,
    /// client_secret_post, private_key_jwt, tls_client_auth or self_signed_tls_client_auth
    #[arg(long, value_name = "METHOD", default_value = "client_secret")]
    auth_method: AuthMethod,
    /// A file with its public keys, as a JWK set
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// Any other setting, as a line of TOML (`subject-type = "pairwise"`); may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Bring an app that is registered otherwise to these settings
    #[arg(long)]
    update: bool,
}

fn alias(text: &str) -> Result<(String, String), String> {
    // The last `=`: theirs may be an address with a query, ours never holds one.
    let (theirs, ours) = text.rsplit_once('=').ok_or("write it as THEIRS=OURS")?;
    Ok((theirs.to_owned(), ours.to_owned()))
}

/// Runs the verb.
pub fn run(config: &Path, verb: &Verb) -> Result<Answer, Failure> {
    let installation = Installation::open(config)?;
    match verb {
        Verb::Add(wanted) => add(&installation, wanted),
        Verb::List => list(&installation),
        Verb::Show { id } => show(&installation, id),
        Verb::Ensure { file } => ensure::run(&installation, file),
        Verb::Token(verb) => token::run(&installation, verb),
        Verb::NewSecret { id, overlap } => new_secret(&installation, id, overlap),
        Verb::Remove { id, yes, if_present } => remove(&installation, id, *yes, *if_present),
        Verb::Try(arguments) => trial::run(&installation, arguments),
        Verb::Conformance(arguments) => conformance::run(&installation, arguments),
    }
}

fn registration(wanted: &Add) -> Result<Registration, Failure> {
    let further: toml::Table = wanted
        .sets
        .join("\n")
        .parse()
        .map_err(|why: toml::de::Error| Failure::usage(format!("--set: {why}")))?;
    let further = document::settings(further).map_err(|why| Failure::usage(format!("--set: {why}")))?;
    let keys = match &wanted.jwks {
        None => further.jwks.clone(),
        Some(file) => Some(key_set(file)?),
    };
    Ok(Registration {
        id: wanted.id.clone(),
        name: wanted.name.clone().unwrap_or_else(|| wanted.id.to_string()),
        kind: if wanted.public {
            ClientKind::Public
        } else {
            ClientKind::Confidential
        },
        settings: ClientSettings {
            redirect_uris: wanted.redirects.clone(),
            post_logout_redirect_uris: wanted.post_logouts.clone(),
            pkce: if wanted.pkce_optional {
                Pkce::Optional
            } else {
                Pkce::Required
            },
            consent: if wanted.ask_consent {
                Consent::Asked
            } else {
                Consent::Given
            },
            id_token_alg: wanted.id_token_alg,
            acr_aliases: wanted.acr_aliases.iter().cloned().collect(),
            auth_method: wanted.auth_method,
            jwks: keys,
            ..further
        },
    })
}

fn key_set(file: &Path) -> Result<Value, Failure> {
    let wrong = |why: String| Failure::usage(format!("{}: {why}", file.display()));
    let text = std::fs::read(file).map_err(|why| wrong(why.to_string()))?;
    serde_json::from_slice(&text).map_err(|why| wrong(why.to_string()))
}

fn add(installation: &Installation, wanted: &Add) -> Result<Answer, Failure> {
    let registration = registration(wanted)?;
    let realm = &installation.realm;
    let ensured = realm.store.write(|tx| {
        let ensured = clients::ensure(tx, &registration, realm.entropy.as_ref(), installation.now())?;
        let kind = match ensured {
            Ensured::Added(_) => EventKind::ClientAdded,
            // An error undoes the change: nothing is replaced that was not meant to be.
            Ensured::Changed if !wanted.update => return Err(registered_otherwise(&wanted.id)),
            Ensured::Changed => EventKind::ClientChanged,
            Ensured::Unchanged => return Ok(ensured),
        };
        installation.record(tx, &installation::event(kind).detail("client", &wanted.id))?;
        Ok::<_, Failure>(ensured)
    })?;
    let client = found(installation, &wanted.id)?;
    let data = json!({ "client": client });
    Ok(match ensured {
        Ensured::Added(secret) => with_secret(data, secret.as_ref(), format!("App {} registered.", wanted.id)),
        Ensured::Changed => Answer::change(true, data, format!("App {} updated.", wanted.id)),
        Ensured::Unchanged => Answer::change(false, data, format!("App {} is registered just so already.", wanted.id)),
    })
}

fn registered_otherwise(id: &ClientId) -> Failure {
    Failure::new(
        Exit::Conflict,
        "name_taken",
        format!("app {id} is registered with other settings"),
    )
    .hint("--update brings it to these; `samekey client show` shows what it has.")
}

fn with_secret(mut data: Value, secret: Option<&NewSecret>, remark: String) -> Answer {
    let Some(NewSecret(secret)) = secret else {
        return Answer::change(true, data, remark);
    };
    data["secret"] = Value::from(secret.expose().as_str());
    let remark = format!("{remark} Its secret is shown this once:");
    Answer::change(true, data, remark).text(secret.expose().as_str())
}

fn found(installation: &Installation, id: &ClientId) -> Result<Client, Failure> {
    let client = installation.realm.store.read(|tx| clients::by_id(tx, id.as_str()))?;
    client.ok_or_else(|| absent(id))
}

fn absent(id: &ClientId) -> Failure {
    Failure::not_found(format!("no app {id} is registered")).hint("`samekey client list` shows those there are.")
}

fn list(installation: &Installation) -> Result<Answer, Failure> {
    let clients = installation.realm.store.read(clients::list)?;
    let mut table = Table::new(&["ID", "NAME", "KIND", "REDIRECTS", "SINCE"]);
    for client in &clients {
        let redirects = client.settings.redirect_uris.join(" ");
        let since = moment(Some(client.created_at));
        table.row([
            client.id.to_string(),
            client.name.clone(),
            client.kind.name().to_owned(),
            redirects,
            since,
        ]);
    }
    Ok(Answer::data(json!({ "clients": clients }), table.draw()))
}

fn show(installation: &Installation, id: &ClientId) -> Result<Answer, Failure> {
    let client = found(installation, id)?;
    let settings = &client.settings;
    let mut table = Table::new(&["SETTING", "VALUE"]);
    let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
    row("id", client.id.to_string());
    row("name", client.name.clone());
    row("kind", client.kind.name().to_owned());
    settings
        .redirect_uris
        .iter()
        .for_each(|uri| row("redirect", uri.clone()));
    settings
        .post_logout_redirect_uris
        .iter()
        .for_each(|uri| row("post-logout", uri.clone()));
    row(
        "PKCE",
        if client.may_omit_pkce() { "optional" } else { "required" }.to_owned(),
    );
    row(
        "consent",
        if settings.consent == Consent::Asked {
            "asked"
        } else {
            "given"
        }
        .to_owned(),
    );
    row("ID token", settings.id_token_alg.name().to_owned());
    settings
        .acr_aliases
        .iter()
        .for_each(|(theirs, ours)| row("acr alias", format!("{theirs} = {ours}")));
    row("authenticates by", client.auth_method().to_string());
    for (name, value) in clients::unusual(settings) {
        row(&name, value);
    }
    row("since", moment(Some(client.created_at)));
    Ok(Answer::data(json!({ "client": client }), table.draw()))
}

fn new_secret(installation: &Installation, id: &ClientId, overlap: &str) -> Result<Answer, Failure> {
    let realm = &installation.realm;
    let overlap = parse_duration(overlap).map_err(Failure::usage)?;
    let secret = realm.store.write(|tx| {
        let secret = clients::renew_secret(tx, id, overlap, realm.entropy.as_ref(), installation.now())?;
        let event = installation::event(EventKind::ClientChanged)
            .detail("client", id)
            .detail("changed", "secret")
            .detail("overlap", overlap);
        installation.record(tx, &event)?;
        Ok::<_, RegistrationError>(secret)
    })?;
    Ok(with_secret(
        json!({ "client": { "id": id } }),
        Some(&secret),
        format!("App {id} has a new secret."),
    ))
}

fn remove(installation: &Installation, id: &ClientId, yes: bool, if_present: bool) -> Result<Answer, Failure> {
    let there = installation
        .realm
        .store
        .read(|tx| clients::by_id(tx, id.as_str()))?
        .is_some();
    let data = json!({ "client": { "id": id } });
    if !there && if_present {
        return Ok(Answer::change(false, data, format!("There is no app {id}.")));
    }
    if !there {
        return Err(absent(id));
    }
    terminal::confirm(
        yes,
        &format!("Type YES to remove app {id} with its tokens and consents: "),
    )?;
    installation.realm.store.write(|tx| {
        clients::remove(tx, id)?;
        installation.record(tx, &installation::event(EventKind::ClientRemoved).detail("client", id))?;
        Ok::<_, RegistrationError>(())
    })?;
    Ok(Answer::change(true, data, format!("App {id} removed.")))
}

impl From<RegistrationError> for Failure {
    fn from(error: RegistrationError) -> Self {
        use RegistrationError as E;
        let (exit, code) = match error {
            E::Store(error) => return error.into(),
            E::Entropy(error) => return error.into(),
            E::Exists => (Exit::Conflict, "name_taken"),
            E::KindChanged => (Exit::Conflict, "conflict"),
            E::TooMany => (Exit::Conflict, "limit_reached"),
            E::Absent => (Exit::NotFound, "not_found"),
            E::Id(_) | E::Name => (Exit::Usage, "name_invalid"),
            E::Kind
            | E::NoRedirect
            | E::Redirect { .. }
            | E::Address { .. }
            | E::Keys(_)
            | E::Profile(_)
            | E::Setting { .. }
            | E::PublicPkce
            | E::Alias(_)
            | E::NoSecret => (Exit::Usage, "usage"),
        };
        Self::new(exit, code, error.to_string())
    }
}
