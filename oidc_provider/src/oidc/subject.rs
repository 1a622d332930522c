//! `sub`: what a person is called in an application's tokens (OpenID Connect Core section 8).
//!
//! A pairwise name is a keyed hash of sector and account: the same in every application of the sector, another elsewhere, and
//! nobody without the keyring can tell which account it is or that two of them are one person's. The key is the keyring's
//! base key's, which no rotation changes.

use crate::app::AppState;
use crate::clients::{Client, SubjectType};
use data_encoding::BASE64URL_NOPAD;
use samekey_shared::ids::AccountId;
use samekey_shared::secrets::keyring::tag;
use samekey_shared::secrets::{Keyring, Secret};

/// Makes pairwise names.
#[derive(Debug)]
pub struct Pairwise(Secret<[u8; 32]>);

impl Pairwise {
    /// By this keyring.
    pub fn new(keyring: &Keyring) -> Self {
        Self(keyring.subkey("provider: pairwise subjects"))
    }

    fn name(&self, sector: &str, account: AccountId) -> String {
        let account = account.to_string();
        let tag = tag(&self.0, &[sector.as_bytes(), account.as_bytes()]);
        BASE64URL_NOPAD.encode(tag.expose())
    }
}

/// What this person is called in this application's tokens.
pub fn subject(app: &AppState, client: &Client, account: AccountId) -> String {
    match client.settings.subject_type {
        SubjectType::Public => account.to_string(),
        SubjectType::Pairwise => app.pairwise.name(&client.sector(), account),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use samekey_shared::entropy::SeededEntropy;

    #[test]
    fn a_pairwise_name_is_one_sector_s_and_one_keyring_s() {
        let entropy = SeededEntropy::new(5);
        let pairwise = Pairwise::new(&Keyring::in_memory(&entropy).unwrap());
        let other = Pairwise::new(&Keyring::in_memory(&entropy).unwrap());
        let (ann, bob) = (AccountId::draw(&entropy).unwrap(), AccountId::draw(&entropy).unwrap());
        let name = pairwise.name("wiki.example", ann);
        assert_eq!(name, pairwise.name("wiki.example", ann));
        assert_eq!(name.len(), 43);
        for different in [
            pairwise.name("shop.example", ann),
            pairwise.name("wiki.example", bob),
            other.name("wiki.example", ann),
        ] {
            assert_ne!(name, different);
        }
    }
}
