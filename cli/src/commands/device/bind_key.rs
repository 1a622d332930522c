//! `samekey device bind security-key`: the key that is plugged into this machine, touched, checked and bound.

use super::bind;
use crate::exit::{Exit, Failure};
use crate::installation::Installation;
use crate::output::{Answer, say};
use crate::password::first_line;
use crate::terminal::Terminal;
use samekey_agent::keys::{Asker, HungUp, LocalKeys, Program, sentence};
use samekey_agent::settings::Settings;
use samekey_shared::accounts::Account;
use samekey_shared::config::{Owner, RelyingParty};
use samekey_shared::devices::fido::NewCredential;
use samekey_shared::flows::bind_key::{self, Finished, Starting};
use samekey_shared::methods::fido::attestation::{Trust, Verdict};
use samekey_shared::methods::fido::{
    ExpectedRegistration, KeyError, LocalBinding, Registered, Scene, check_registration, local_creation_client_data,
};
use samekey_shared::texts::Texts;
use samekey_wire::key::{self, Event, FEWEST_TRIES, Octets, Pin, Register, Request, Trouble, Verification};
use serde_json::{Value, json};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

/// The service that the new credential's making is bound to.
const SERVICE: &str = "samekey-device-bind";

/// What `device bind security-key` may be told.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Whose: a login name
    #[arg(long, value_name = "NAME")]
    user: String,
    /// What the device is called: letters, digits, - and _
    #[arg(long, value_name = "NAME", default_value = "key")]
    name: String,
    /// The key must know its person, by PIN or fingerprint: then it is a passkey, good without a password
    #[arg(long)]
    verify: bool,
    /// The key shall find the credential by itself, which takes one of its few places (sign-in without a user name)
    #[arg(long)]
    discoverable: bool,
    /// Read the key's PIN from this file instead of asking for it, `-` for stdin
    #[arg(long, value_name = "PATH")]
    pin_file: Option<PathBuf>,
    /// Seconds to wait for the touch
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(5..=120))]
    wait: u64,
}

/// Runs the verb.
pub fn run(installation: &Installation, arguments: &Arguments) -> Result<Answer, Failure> {
    let realm = &installation.realm;
    let party = realm.relying_party.as_ref().ok_or_else(no_relying_party)?;
    let settings: Settings = (installation.config.section(Owner::Agent)).map_err(unusable)?;
    let program = program(&settings)?;
    let trust = Trust::load(&installation.config.attestation).map_err(unusable)?;
    let login = installation.login_name(&arguments.user)?;
    let account = realm.store.read(|tx| Installation::account(tx, &login))?;
    let name = bind::device_name(installation, &arguments.name)?;
    let starting = bind_key::start(realm, account.id, name, None)?;
    let mut challenge = [0; 32];
    realm.entropy.fill(&mut challenge)?;
    let ceremony = Ceremony {
        party,
        starting: &starting,
        challenge,
        binding: LocalBinding {
            host: settings.host_name(),
            service: SERVICE.to_owned(),
            user: starting.login.to_string(),
        },
        arguments,
    };
    let made = ceremony.hold(&program)?;
    let registered = ceremony.check(&made).map_err(refused)?;
    let verdict = trust.judge(&registered, installation.now()).map_err(refused)?;
    bind_it(installation, &account, &ceremony, registered, &verdict)
}

/// Everything that the credential's making is bound to.
struct Ceremony<'a> {
    party: &'a RelyingParty,
    starting: &'a Starting,
    challenge: [u8; 32],
    binding: LocalBinding,
    arguments: &'a Arguments,
}

impl Ceremony<'_> {
    fn client_data(&self) -> Vec<u8> {
        local_creation_client_data(&self.challenge, &self.binding)
    }

    /// Asks the key, for its PIN too where it wants one.
    fn hold(&self, program: &Program) -> Result<key::Registered, Failure> {
        let mut pin = self.brought_pin()?;
        say("Plug in the key that is to be bound, and no other.");
        loop {
            let brought = pin.is_some();
            let asked = self.request(pin.take());
            // Nobody hangs up on a command: it is interrupted, and the program ends with it.
            let event = program
                .ask(&asked, &mut AtTheTerminal)
                .unwrap_or(Event::trouble(Trouble::Cancelled));
            let tries = match event {
                Event::Registered(made) => return Ok(*made),
                Event::PinNeeded { tries } => tries,
                Event::Trouble {
                    code: Trouble::PinWrong,
                    tries: Some(tries),
                } if brought && tries >= FEWEST_TRIES && self.arguments.pin_file.is_none() => {
                    say(&sentence(Texts::ENGLISH, Trouble::PinWrong, None));
                    tries
                }
                Event::Trouble { code, tries } => return Err(failed(code, tries)),
                _ => return Err(failed(Trouble::Internal, None)),
            };
            pin = Some(ask_pin(tries)?);
        }
    }

    fn brought_pin(&self) -> Result<Option<Pin>, Failure> {
        let typed = match self.arguments.pin_file.as_deref() {
            None => return Ok(None),
            Some(path) if path == Path::new("-") => first_line(std::io::stdin().lock())?,
            Some(path) => first_line(std::fs::File::open(path).map_err(|error| Failure::file(path, &error))?)?,
        };
        Pin::new(typed.expose().clone()).map(Some).ok_or_else(no_pin)
    }

    fn request(&self, pin: Option<Pin>) -> Request {
        Request::Register(Box::new(Register {
            rp_id: self.party.id.clone(),
            client_data: Octets(self.client_data()),
            user_handle: Octets(self.starting.user_handle.to_vec()),
            user_name: self.starting.login.to_string(),
            exclude: self
                .starting
                .exclude
                .iter()
                .map(|known| Octets(known.credential_id.clone()))
                .collect(),
            discoverable: self.arguments.discoverable,
            user_verification: if self.arguments.verify {
                Verification::Required
            } else {
                Verification::Discouraged
            },
            pin,
            within_ms: self.arguments.wait * 1000,
        }))
    }

    /// What the key made, checked as if a stranger had sent it.
    fn check(&self, made: &key::Registered) -> Result<Registered, KeyError> {
        let expected = ExpectedRegistration {
            rp_id: &self.party.id,
            challenge: &self.challenge,
            scene: Scene::Local(&self.binding),
            user_verification: self.arguments.verify,
        };
        check_registration(&made.attestation_object.0, &self.client_data(), &expected)
    }
}

fn bind_it(
    installation: &Installation,
    account: &Account,
    ceremony: &Ceremony<'_>,
    made: Registered,
    verdict: &Verdict,
) -> Result<Answer, Failure> {
    let new = NewCredential {
        credential_id: made.credential_id,
        rp_id: ceremony.party.id.clone(),
        public_key: made.public_key,
        sign_count: made.sign_count,
        aaguid: made.aaguid,
        transports: vec!["usb".to_owned()],
        discoverable: Some(ceremony.arguments.discoverable),
        user_verified: made.user_verified,
        backup_eligible: made.backup_eligible,
        backed_up: made.backed_up,
        attested: verdict.attested,
        app_id: None,
    };
    let (authority, name) = (super::authority(), &ceremony.starting.name);
    let Finished { device, recovery } =
        bind_key::finish(&installation.realm, &authority, account.id, name, &new, None)?;
    let model = verdict.model.as_deref();
    let remark = format!(
        "{} {} is bound{}. The same key signs in at the web door.",
        if new.user_verified { "Passkey" } else { "Security key" },
        device.name,
        model.map(|model| format!(" ({model})")).unwrap_or_default()
    );
    let mut data = json!({ "device": super::as_json(&device), "recovery_codes": Value::Null });
    data["device"]["model"] = json!(model);
    Ok(match &recovery {
        None => Answer::change(true, data, remark),
        Some(codes) => bind::with_codes(data, codes, remark),
    })
}

/// The program, if it can be started at all.
fn program(settings: &Settings) -> Result<Program, Failure> {
    let program = Program::new(settings.security_key.clone(), |error| say(&error.to_string()));
    match program.check() {
        Ok(()) => Ok(program),
        Err(error) => Err(
            Failure::new(Exit::Unavailable, "key_program_unusable", error.to_string())
                .hint("[agent] security-key names the program samekey-key."),
        ),
    }
}

fn ask_pin(tries: u32) -> Result<Pin, Failure> {
    let terminal = Terminal::needed("the key's PIN", "--pin-file")?;
    let typed = terminal.ask_hidden(&format!("PIN of the security key ({tries} tries left): "))?;
    Pin::new(typed.expose().clone()).ok_or_else(no_pin)
}

fn no_pin() -> Failure {
    Failure::usage("that cannot be a PIN: they have 4 to 63 characters; nothing was bound")
}

fn unusable(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Unavailable, "config_unusable", error.to_string())
}

fn no_relying_party() -> Failure {
    Failure::new(
        Exit::Unavailable,
        "no_relying_party",
        "keys are made for a domain, and the configuration names none",
    )
    .hint("Set [relying-party] id and origins, or [provider] issuer with a domain name.")
}

/// The verifier or the realm's rule about models said no.
fn refused(error: KeyError) -> Failure {
    Failure::new(Exit::Refused, error.reason(), error.sentence(Texts::ENGLISH)).hint("Nothing was bound.")
}

/// The key, or its person, did not do as asked.
fn failed(code: Trouble, tries: Option<u32>) -> Failure {
    let exit = match code {
        Trouble::NoKey => Exit::NotFound,
        Trouble::AlreadyBound | Trouble::Full | Trouble::SeveralKeys | Trouble::Busy => Exit::Conflict,
        Trouble::PinWrong | Trouble::PinBlocked | Trouble::PinFewTries | Trouble::Denied | Trouble::CannotVerify => {
            Exit::Refused
        }
        _ => Exit::Failed,
    };
    Failure::new(exit, code.code(), sentence(Texts::ENGLISH, code, tries)).hint("Nothing was bound.")
}

/// The administrator, who sees the key and its cue.
struct AtTheTerminal;

impl Asker for AtTheTerminal {
    fn line(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn touch(&mut self, model: &str) -> Result<(), HungUp> {
        say(&format!("Touch the security key now, it is waiting ({model})."));
        Ok(())
    }
}
