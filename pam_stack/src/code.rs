//! What a module can answer: the return values of PAM (`security/_pam_types.h`) and their words in controls.

use std::fmt;

/// The words in the order of their numbers (`libpam/pam_tokens.h`).
pub(crate) const WORDS: [&str; 32] = [
    "success",
    "open_err",
    "symbol_err",
    "service_err",
    "system_err",
    "buf_err",
    "perm_denied",
    "auth_err",
    "cred_insufficient",
    "authinfo_unavail",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "session_err",
    "cred_unavail",
    "cred_expired",
    "cred_err",
    "no_module_data",
    "conv_err",
    "authtok_err",
    "authtok_recover_err",
    "authtok_lock_busy",
    "authtok_disable_aging",
    "try_again",
    "ignore",
    "abort",
    "authtok_expired",
    "module_unknown",
    "bad_item",
    "conv_again",
    "incomplete",
];

/// A return value of PAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(u8);

impl Code {
    /// `PAM_SUCCESS`
    pub const SUCCESS: Self = Self(0);
    /// `PAM_PERM_DENIED`
    pub const PERM_DENIED: Self = Self(6);
    /// `PAM_AUTH_ERR`
    pub const AUTH_ERR: Self = Self(7);
    /// `PAM_AUTHINFO_UNAVAIL`
    pub const AUTHINFO_UNAVAIL: Self = Self(9);
    /// `PAM_USER_UNKNOWN`
    pub const USER_UNKNOWN: Self = Self(10);
    /// `PAM_NEW_AUTHTOK_REQD`: let in, but the password must be changed
    pub const NEW_AUTHTOK_REQD: Self = Self(12);
    /// `PAM_IGNORE`
    pub const IGNORE: Self = Self(25);
    /// `PAM_MODULE_UNKNOWN`
    pub const MODULE_UNKNOWN: Self = Self(28);

    /// Every value that ends a module's turn: all but `PAM_INCOMPLETE`, after which nobody is in. The ordinary ones
    /// come first, so that examples made of them read well.
    pub fn all() -> impl Iterator<Item = Self> {
        let ordinary = [
            Self::SUCCESS,
            Self::AUTH_ERR,
            Self::IGNORE,
            Self::NEW_AUTHTOK_REQD,
            Self::USER_UNKNOWN,
            Self::AUTHINFO_UNAVAIL,
        ];
        let others = (0..31).map(Self).filter(move |code| !ordinary.contains(code));
        ordinary.into_iter().chain(others)
    }

    /// The value of this number, if there is one.
    pub fn of(number: i32) -> Option<Self> {
        let number = u8::try_from(number).ok()?;
        (usize::from(number) < WORDS.len()).then_some(Self(number))
    }

    /// Its number.
    pub fn number(self) -> i32 {
        i32::from(self.0)
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(WORDS.get(self.index()).copied().unwrap_or("?"))
    }
}
