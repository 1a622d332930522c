//! A value that no log shows and that is wiped from memory when dropped.

use std::fmt;
use zeroize::Zeroize;

/// Wraps a secret: `Debug` and `Display` print `[secret]`, and the memory is zeroed on drop.
#[derive(Clone, Default)]
pub struct Secret<T: Zeroize>(T);

/// A secret text: a password, a code, a token.
pub type SecretText = Secret<String>;
/// Secret bytes: a key, a TOTP secret.
pub type SecretBytes = Secret<Vec<u8>>;

impl<T: Zeroize> Secret<T> {
    /// Takes the value into keeping.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Shows the value to code that has to work with it. Do not store what this gives.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize + Default> Secret<T> {
    /// Hands the value out; from here on its keeper is responsible.
    pub fn into_inner(mut self) -> T {
        std::mem::take(&mut self.0)
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<T: Zeroize> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Forms and messages are read straight into secrets.
impl<'de, T: Zeroize + serde::Deserialize<'de>> serde::Deserialize<'de> for Secret<T> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // The reader's own error may quote the value; it must not reach a log.
        T::deserialize(from)
            .map(Self)
            .map_err(|_| serde::de::Error::custom("a secret value has the wrong form"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn nothing_of_it_is_printed() {
        let secret = SecretText::from("hunter2");
        assert_eq!(format!("{secret} {secret:?} {secret:#?}"), "[secret] [secret] [secret]");
        let nested = Some(SecretBytes::new(b"hunter2".to_vec()));
        assert!(!format!("{nested:?}").contains("104"));
    }

    #[test]
    fn a_value_of_the_wrong_form_is_not_quoted() {
        let error = serde_json::from_str::<Secret<u32>>("\"hunter2\"").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    struct Watched(Arc<AtomicBool>);

    impl Zeroize for Watched {
        fn zeroize(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[test]
    fn dropping_it_wipes_it() {
        let wiped = Arc::new(AtomicBool::new(false));
        drop(Secret::new(Watched(wiped.clone())));
        assert!(wiped.load(Ordering::SeqCst));
    }
}
