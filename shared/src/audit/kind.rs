//! The closed list of what can happen, in words that never change.

use std::fmt;
use std::str::FromStr;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident => $word:literal,)+) => {
        /// What happened. The words are stable: they stand in the store, in exports and in other people's filters.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventKind {
            $($(#[$doc])* $name,)+
        }

        impl EventKind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable word for it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

kinds! {
    /// Somebody was let in after proving what the policy asks.
    SignInGranted => "sign-in-granted",
    /// Somebody was not let in.
    SignInRefused => "sign-in-refused",
    /// The policy asked nothing of this sign-in.
    SignInExempt => "sign-in-exempt",
    /// A signed-in person proved a factor anew for a sensitive operation.
    StepUpGranted => "step-up-granted",
    /// A code was wrong.
    CodeRefused => "code-refused",
    /// A code was right, but had been used before.
    CodeReplayed => "code-replayed",
    /// A passkey or security key answered, but not rightly; the result tells what was wrong.
    KeyRefused => "key-refused",
    /// Too many wrong answers from one place: it is closed for a while.
    LockedOut => "locked-out",
    /// An administrator lifted the locks of an account.
    Unlocked => "unlocked",
    /// A login asked its owner for approval from elsewhere.
    ApprovalOpened => "approval-opened",
    /// Its owner approved it.
    ApprovalApproved => "approval-approved",
    /// Its owner denied it, or copied a wrong number.
    ApprovalDenied => "approval-denied",
    /// Its owner denied it and says that somebody else asked.
    ApprovalReported => "approval-reported",
    /// Nobody decided, or nobody collected the decision, in time.
    ApprovalExpired => "approval-expired",
    /// The login went away, or another one from the same place took its turn.
    ApprovalCancelled => "approval-cancelled",
    /// A second factor was bound.
    DeviceBound => "device-bound",
    /// A second factor got another name.
    DeviceRenamed => "device-renamed",
    /// What is known of the clock of an authenticator app was set right.
    DeviceResynced => "device-resynced",
    /// A second factor was unbound.
    DeviceUnbound => "device-unbound",
    /// Devices were written into a sealed file, to be taken elsewhere.
    DevicesExported => "devices-exported",
    /// A new set of recovery codes was drawn; the set before is void.
    RecoveryCodesMade => "recovery-codes-made",
    /// A recovery code was spent.
    RecoveryCodeUsed => "recovery-code-used",
    /// A code was sent to a security e-mail address.
    EmailCodeSent => "email-code-sent",
    /// An address was set that its person has yet to confirm.
    EmailProposed => "email-proposed",
    /// A letter could not be sent, and will not be.
    LetterGivenUp => "letter-given-up",
    /// A person says that something was not them: their sessions ended, their own changes are held.
    ObjectionMade => "objection-made",
    /// An account's own changes are no longer held.
    ObjectionSettled => "objection-settled",
    /// A ticket was given out that lets its account bind a device.
    TicketIssued => "ticket-issued",
    /// A device was bound with a ticket.
    TicketUsed => "ticket-used",
    /// Something was shown for a ticket that is none, or none any more.
    TicketRefused => "ticket-refused",
    /// A ticket was taken back, or another took its place.
    TicketRevoked => "ticket-revoked",
    /// Nobody used a ticket in time.
    TicketExpired => "ticket-expired",
    /// An account was made.
    AccountAdded => "account-added",
    /// An account was removed.
    AccountRemoved => "account-removed",
    /// An account was locked by an administrator.
    AccountLocked => "account-locked",
    /// An account was unlocked by an administrator.
    AccountUnlocked => "account-unlocked",
    /// An account was disabled.
    AccountDisabled => "account-disabled",
    /// Another property of an account was changed: flags, groups, name shown.
    AccountChanged => "account-changed",
    /// An account got another role.
    RoleChanged => "role-changed",
    /// Somebody signed in asked for what their role may not.
    AdministrationRefused => "administration-refused",
    /// An administrator lets somebody in without their device for a while.
    RescueGranted => "rescue-granted",
    /// A door of the machine was set up on trial (`samekey setup`).
    SetupBegun => "setup-begun",
    /// Somebody who came in through it confirmed the trial.
    SetupConfirmed => "setup-confirmed",
    /// What was set up was put back as it was before.
    SetupUndone => "setup-undone",
    /// A password was set.
    PasswordSet => "password-set",
    /// A password was wrong.
    PasswordWrong => "password-wrong",
    /// A password was hashed anew, because the configured cost was raised.
    PasswordRehashed => "password-rehashed",
    /// Another policy came into force.
    PolicyApplied => "policy-applied",
    /// A relying party was registered.
    ClientAdded => "client-added",
    /// A relying party was changed.
    ClientChanged => "client-changed",
    /// A relying party was removed.
    ClientRemoved => "client-removed",
    /// An initial access token was given out: relying parties may register themselves with it.
    InitialTokenIssued => "initial-token-issued",
    /// An initial access token was taken back.
    InitialTokenRevoked => "initial-token-revoked",
    /// A person allowed a relying party to see who they are.
    ConsentGiven => "consent-given",
    /// A person took that back; the tokens given under it are void.
    ConsentWithdrawn => "consent-withdrawn",
    /// Tokens were issued to a relying party.
    TokenIssued => "token-issued",
    /// An authorization code came a second time; what it had given was revoked.
    CodeReuseDetected => "code-reuse-detected",
    /// A spent refresh token came again; its whole family was revoked.
    RefreshReuseDetected => "refresh-reuse-detected",
    /// A token was taken back by its client, or a grant by an administrator.
    TokenRevoked => "token-revoked",
    /// A person signed in a device that has no browser of its own.
    DeviceSignInApproved => "device-sign-in-approved",
    /// A person refused a device that asked to be signed in.
    DeviceSignInDenied => "device-sign-in-denied",
    /// A signed-in person typed a device's code that is none.
    DeviceCodeRefused => "device-code-refused",
    /// A browser session ended.
    SessionEnded => "session-ended",
    /// An application could not be told that a session ended, and will not be.
    LogoutUntold => "logout-untold",
    /// A person had a remembered browser forgotten: it is asked for the second factor again.
    BrowserForgotten => "browser-forgotten",
    /// The sealing keys were rotated.
    KeyringRotated => "keyring-rotated",
    /// The keys that sign tokens were rotated.
    SigningKeyRotated => "signing-key-rotated",
    /// The store was made.
    StoreCreated => "store-created",
    /// The store was put back from a backup.
    StoreRestored => "store-restored",
    /// A login that had not passed our authentication was refused in PAM's account phase.
    TripwireRefused => "tripwire-refused",
    /// A process asked the agent for what its user may not ask.
    PeerRefused => "peer-refused",
    /// A set-up was met that makes sign-ins fail or weak.
    MisconfigurationSeen => "misconfiguration-seen",
}

/// A word that names no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no event is called so")]
pub struct NotAnEvent;

impl FromStr for EventKind {
    type Err = NotAnEvent;

    fn from_str(text: &str) -> Result<Self, NotAnEvent> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == text)
            .ok_or(NotAnEvent)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_read_back_what_they_write() {
        for kind in EventKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(*kind));
            assert!(kind.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
        }
        let words: std::collections::BTreeSet<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(words.len(), EventKind::ALL.len());
    }
}
