//! What is done about a sign-in: a decision that nobody may drop.

use crate::clock::UnixTime;
use crate::methods::Method;
use std::collections::BTreeSet;
use std::fmt;

/// What the policy decides. See policy.md section 4 for what each becomes in PAM and on pages.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "decision", rename_all = "kebab-case")]
pub enum Decision {
    /// Go on.
    Allow {
        /// Why nothing is asked.
        reason: AllowReason,
    },
    /// Go on, and say that a second factor must be bound before `until` (M04).
    #[serde(rename = "nag")]
    AllowAndNag {
        /// The first moment at which it can no longer be put off.
        until: UnixTime,
    },
    /// Ask for one of these, all bound and strong enough.
    Challenge {
        /// Never empty.
        methods: BTreeSet<Method>,
    },
    /// None of the bound devices will do: bind one of these now.
    #[serde(rename = "enrol")]
    MustBind {
        /// Never empty; without recovery codes, which come with another device.
        methods: BTreeSet<Method>,
    },
    /// Nobody gets in.
    Deny {
        /// The stable code.
        code: DenyCode,
    },
}

/// Why a sign-in is let through without a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AllowReason {
    /// The policy asks nothing of us: level `none`.
    Exempt,
    /// The policy asks for the first factor only: level `single`.
    FirstFactorSuffices,
    /// Enough was proven, recently enough.
    Proven,
    /// The SSH key that came first is enough: it is enrolled with verification, and sshd took it on our terms.
    SshKey,
    /// This browser is remembered.
    Remembered {
        /// The first moment at which it no longer is.
        until: UnixTime,
    },
    /// This shell's user, key and source were checked recently.
    Rechecked {
        /// The first moment at which they no longer are.
        until: UnixTime,
    },
}

/// Why nobody gets in: stable codes of requirements 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DenyCode {
    /// A rule says `deny = true`.
    DeniedByRule,
    /// No accepted method could ever reach the level.
    NoMethodReachesLevel,
}

impl DenyCode {
    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeniedByRule => "denied_by_rule",
            Self::NoMethodReachesLevel => "no_method_reaches_level",
        }
    }
}

impl fmt::Display for DenyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Decision {
    /// The words that `[[test]]` and `--json` use.
    pub const WORDS: [&'static str; 5] = ["allow", "nag", "challenge", "enrol", "deny"];

    /// Its word, one of [`Self::WORDS`].
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Allow { .. } => "allow",
            Self::AllowAndNag { .. } => "nag",
            Self::Challenge { .. } => "challenge",
            Self::MustBind { .. } => "enrol",
            Self::Deny { .. } => "deny",
        }
    }

    /// The exit code of `samekey policy explain`.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Allow { .. } => 0,
            Self::Challenge { .. } => 10,
            Self::MustBind { .. } => 11,
            Self::AllowAndNag { .. } => 12,
            Self::Deny { .. } => 20,
        }
    }
}
