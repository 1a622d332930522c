//! Registering a client: every setting held against the rules before it is stored. The command's `client` verbs call this.

use super::redirect::RedirectProblem;
use super::{Client, ClientId, ClientKind, ClientSettings, NotAClientId, rows, rules};
use crate::jose::JoseError;
use crate::oidc::acr;
use crate::oidc::fapi2::Contradiction;
use samekey_shared::clock::UnixTime;
use samekey_shared::entropy::{Entropy, EntropyError};
use samekey_shared::secrets::SecretText;
use samekey_shared::secrets::opaque::Token;
use samekey_shared::store::{StoreError, Tx};

/// Random bytes of a client secret.
const SECRET_BYTES: usize = 32;
/// Most seconds that two secrets are good at once.
const LONGEST_OVERLAP: i64 = 30 * 86_400;

/// What the operator asks to be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The client's public name.
    pub id: ClientId,
    /// What people see.
    pub name: String,
    /// Whether it keeps a secret.
    pub kind: ClientKind,
    /// The rest.
    pub settings: ClientSettings,
}

/// Why a client cannot be registered.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random bytes for the secret.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The id is not one.
    #[error(transparent)]
    Id(#[from] NotAClientId),
    /// A client of that id is there.
    #[error("a client with that id is registered")]
    Exists,
    /// No client of that id is there.
    #[error("no client with that id is registered")]
    Absent,
    /// The kind of a client cannot change: its codes and secret were made for the other.
    #[error("the client is registered with the other kind; remove it first")]
    KindChanged,
    /// Not a kind.
    #[error("a client is confidential or public")]
    Kind,
    /// The shown name is empty, longer than 100 characters or holds control characters.
    #[error("a client's name has 1 to 100 characters and no control characters")]
    Name,
    /// No redirect address at all.
    #[error("a client needs at least one redirect address")]
    NoRedirect,
    /// More than 32 addresses or words of one kind.
    #[error("a client has at most 32 redirect addresses, and as many of anything else")]
    TooMany,
    /// An address that may not be registered.
    #[error("{uri}: {why}")]
    Redirect {
        /// The address.
        uri: String,
        /// Why.
        why: RedirectProblem,
    },
    /// Another address that may not be registered.
    #[error("{name}: {why}")]
    Address {
        /// Of what.
        name: &'static str,
        /// Why.
        why: RedirectProblem,
    },
    /// Its keys.
    #[error("jwks: {0}")]
    Keys(JoseError),
    /// What the profile it names does not allow.
    #[error("{list}", list = .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Profile(Vec<Contradiction>),
    /// Another setting.
    #[error("{name}: {why}")]
    Setting {
        /// Which.
        name: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// PKCE cannot be optional for a public client.
    #[error("a public client always uses PKCE")]
    PublicPkce,
    /// An alias for a level that does not exist.
    #[error("`{0}` is no level of ours; the levels are {levels}", levels = acr::known().join(", "))]
    Alias(String),
    /// The client has none: it is public, or proves itself by a key.
    #[error("the client has no secret: it is public, or proves itself by its own key")]
    NoSecret,
}

/// The secret of a client, shown this once.
#[derive(Debug, Clone)]
pub struct NewSecret(pub SecretText);

/// What [`ensure`] found to do.
#[derive(Debug)]
pub enum Ensured {
    /// It was not there and is now; with its secret where it has one.
    Added(Option<NewSecret>),
    /// It was there with other settings, which were replaced.
    Changed,
    /// It was there just so.
    Unchanged,
}

fn checked(registration: &Registration, now: UnixTime) -> Result<Client, RegistrationError> {
    let name = registration.name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(RegistrationError::Name);
    }
    Ok(Client {
        id: registration.id.clone(),
        name: name.to_owned(),
        kind: registration.kind,
        settings: rules::checked(registration.kind, &registration.settings)?,
        created_at: now,
    })
}

/// Registers a client; a confidential one's secret is in the answer and nowhere else.
pub fn register(
    tx: &mut Tx<'_>,
    registration: &Registration,
    entropy: &dyn Entropy,
    now: UnixTime,
) -> Result<Option<NewSecret>, RegistrationError> {
    let client = checked(registration, now)?;
    if rows::by_id(tx, client.id.as_str())?.is_some() {
        return Err(RegistrationError::Exists);
    }
    let has_secret = client.auth_method().has_secret();
    let secret = has_secret.then(|| Token::draw(entropy, SECRET_BYTES)).transpose()?;
    rows::insert(tx, &client, secret.as_ref().map(Token::hash))?;
    Ok(secret.map(|token| NewSecret(token.text().into())))
}

/// Registers a client, or brings the one that is there to these settings; run twice it changes nothing the second time.
pub fn ensure(
    tx: &mut Tx<'_>,
    registration: &Registration,
    entropy: &dyn Entropy,
    now: UnixTime,
) -> Result<Ensured, RegistrationError> {
    let Some(there) = rows::by_id(tx, registration.id.as_str())? else {
        return register(tx, registration, entropy, now).map(Ensured::Added);
    };
    if there.kind != registration.kind {
        return Err(RegistrationError::KindChanged);
    }
    let wanted = Client {
        created_at: there.created_at,
        ..checked(registration, now)?
    };
    if wanted == there {
        return Ok(Ensured::Unchanged);
    }
    rows::update(tx, &wanted, now)?;
    Ok(Ensured::Changed)
}

/// Gives a client a new secret. The one it had is good for `overlap` seconds more, so that the application can be given
/// the new one meanwhile; without any it is dead at once.
pub fn renew_secret(
    tx: &mut Tx<'_>,
    id: &ClientId,
    overlap: i64,
    entropy: &dyn Entropy,
    now: UnixTime,
) -> Result<NewSecret, RegistrationError> {
    let client = rows::by_id(tx, id.as_str())?.ok_or(RegistrationError::Absent)?;
    if !client.auth_method().has_secret() {
        return Err(RegistrationError::NoSecret);
    }
    if !(0..=LONGEST_OVERLAP).contains(&overlap) {
        return Err(RegistrationError::Setting {
            name: "overlap",
            why: "at most 30 days",
        });
    }
    let secret = Token::draw(entropy, SECRET_BYTES)?;
    let until = (overlap > 0).then(|| now + overlap);
    rows::set_secret(tx, id, secret.hash(), until, now)?;
    Ok(NewSecret(secret.text().into()))
}

/// Removes a client with its codes, tokens and consents.
pub fn remove(tx: &mut Tx<'_>, id: &ClientId) -> Result<(), RegistrationError> {
    match rows::delete(tx, id)? {
        0 => Err(RegistrationError::Absent),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::Pkce;
    use samekey_shared::entropy::SeededEntropy;
    use samekey_shared::secrets::opaque;
    use samekey_shared::store::Store;
    use std::collections::BTreeMap;

    fn registration(kind: ClientKind) -> Registration {
        Registration {
            id: "wiki".parse().unwrap(),
            name: "Wiki".into(),
            kind,
            settings: ClientSettings {
                redirect_uris: vec!["https://wiki.example/cb".into()],
                ..ClientSettings::default()
            },
        }
    }

    fn store() -> (Store, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create_sqlite(&folder.path().join("store.db")).unwrap();
        store.migrate(&[crate::SCHEMA]).unwrap();
        (store, folder)
    }

    #[test]
    fn the_secret_is_shown_once_and_stored_as_a_hash() {
        let (store, _folder) = store();
        let entropy = SeededEntropy::new(1);
        let wanted = registration(ClientKind::Confidential);
        let secret = store.write(|tx| register(tx, &wanted, &entropy, 5)).unwrap().unwrap();
        let stored = store
            .read(|tx| crate::clients::secret_hash(tx, &wanted.id))
            .unwrap()
            .unwrap();
        assert_eq!(stored, opaque::hash(secret.0.expose()));
        assert_ne!(stored, secret.0.expose().as_bytes());
        let renewed = store.write(|tx| renew_secret(tx, &wanted.id, 0, &entropy, 6)).unwrap();
        assert_ne!(renewed.0.expose(), secret.0.expose());
    }

    #[test]
    fn ensuring_twice_changes_nothing_the_second_time() {
        let (store, _folder) = store();
        let entropy = SeededEntropy::new(1);
        let mut wanted = registration(ClientKind::Public);
        let run = |wanted: &Registration| store.write(|tx| ensure(tx, wanted, &entropy, 5));
        assert!(matches!(run(&wanted).unwrap(), Ensured::Added(None)));
        assert!(matches!(run(&wanted).unwrap(), Ensured::Unchanged));
        wanted.name = "The wiki".into();
        assert!(matches!(run(&wanted).unwrap(), Ensured::Changed));
        wanted.kind = ClientKind::Confidential;
        assert!(matches!(run(&wanted), Err(RegistrationError::KindChanged)));
        store.write(|tx| remove(tx, &wanted.id)).unwrap();
        assert!(matches!(
            store.write(|tx| remove(tx, &wanted.id)),
            Err(RegistrationError::Absent)
        ));
    }

    #[test]
    fn settings_that_weaken_or_mislead_are_refused() {
        let (store, _folder) = store();
        let entropy = SeededEntropy::new(1);
        let public = registration(ClientKind::Public);
        let mut wrong = vec![public.clone(), public.clone(), public.clone(), public.clone(), public];
        wrong[0].settings.pkce = Pkce::Optional;
        wrong[1].settings.redirect_uris = vec!["javascript:alert(1)".into()];
        wrong[2].settings.post_logout_redirect_uris = vec!["https://wiki.example/*".into()];
        wrong[3].settings.acr_aliases = BTreeMap::from([("1".into(), "urn:nobody".into())]);
        wrong[4].name = "Wiki\u{7}".into();
        for registration in wrong {
            let answer = store.write(|tx| register(tx, &registration, &entropy, 5));
            assert!(answer.is_err(), "{registration:?}");
        }
        for id in ["", "a b", "a/b", "é", &"x".repeat(65)] {
            assert!(id.parse::<ClientId>().is_err(), "{id}");
        }
    }
}
