//! `[settings]`: what holds for everybody and is no rule. Times in seconds.

use super::networks::SourceTerm;
use super::words::words;
use crate::attempts::Lockout;
use crate::source::Source;

words! {
    /// What people may change on their own (R25).
    SelfService, NotSelfService, "one of: all, add-only, none", {
        /// Bind and unbind.
        All = "all",
        /// Bind only.
        AddOnly = "add-only",
        /// Nothing: the page is read-only and says whom to ask.
        None = "none",
    }
}

words! {
    /// What an e-mailed code is good for (Q4).
    EmailUse, NotEmailUse, "one of: off, sensitive-only, emergency, second-factor", {
        /// Nothing.
        Off = "off",
        /// Confirming sensitive operations.
        SensitiveOnly = "sensitive-only",
        /// Signing in when another bound device cannot be used.
        Emergency = "emergency",
        /// A second factor like the others.
        SecondFactor = "second-factor",
    }
}

words! {
    /// What protects the binding of a first device (Q8).
    FirstBind, NotFirstBind, "one of: password, ticket, email, network", {
        /// The password alone: the seeds' flow, for accounts that never had a device.
        Password = "password",
        /// A one-time code handed over by an administrator.
        Ticket = "ticket",
        /// A code to the bound security e-mail.
        Email = "email",
        /// Coming from a listed network.
        Network = "network",
    }
}

words! {
    /// Which characters a device's name may have (Q1).
    DeviceNames, NotDeviceNames, "one of: ascii, unicode", {
        /// `^[A-Za-z0-9_-]{1,64}$`
        Ascii = "ascii",
        /// Letters, marks and digits of any script, `_` and `-`, in NFC.
        Unicode = "unicode",
    }
}

words! {
    /// What becomes of a password that is easy to guess (W15).
    WeakPasswords, NotWeakPasswords, "one of: off, notice", {
        /// Nothing: passwords are the host's, or set by command.
        Off = "off",
        /// Whoever signs in on the web with one is told so, and goes on.
        Notice = "notice",
    }
}

/// `email-code`
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct EmailCode {
    /// Digits of a code.
    pub digits: u32,
    /// Seconds for which a code is good.
    pub ttl: i64,
    /// Seconds before another can be sent.
    pub resend: i64,
    /// Wrong answers before a code is void.
    pub tries: u32,
}

/// `totp`: for apps that are bound here; imported ones keep their own.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Totp {
    /// Digits of a code: 6 or 8.
    pub digits: u32,
    /// Seconds of a step.
    pub period: u32,
    /// Steps accepted on either side of the present one: 0 or 1.
    pub skew: u32,
    /// Whether a device's drift is remembered. Always false: learning it let used codes in again elsewhere (S8).
    pub learn_drift: bool,
}

/// `first-bind`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstBindRule {
    /// For an account that never had a device (`new` in the file).
    pub new: FirstBind,
    /// After an administrator unbound the devices.
    pub after_reset: FirstBind,
    /// The sources that `network` accepts.
    pub networks: Vec<SourceTerm>,
}

impl FirstBindRule {
    /// Whether somebody who has no device binds one with the first factor alone, from there (Q8): by `after-reset` if the
    /// account ever had one, by `new` otherwise. A ticket, and evidence of a security e-mail, are looked at before this.
    pub fn lets(&self, ever_bound: bool, source: &Source) -> bool {
        let rule = if ever_bound { self.after_reset } else { self.new };
        match rule {
            FirstBind::Password => true,
            FirstBind::Network => self.accepts(source),
            FirstBind::Ticket | FirstBind::Email => false,
        }
    }

    /// Whether it is a code to the bound security e-mail that protects the binding of somebody who has no device (Q8).
    pub fn asks_email(&self, ever_bound: bool) -> bool {
        let rule = if ever_bound { self.after_reset } else { self.new };
        rule == FirstBind::Email
    }

    /// Whether `network` accepts somebody from there. Where that is not known, it does not.
    pub fn accepts(&self, source: &Source) -> bool {
        let from = match source {
            Source::Local { .. } => None,
            Source::Address(address) => Some(*address),
            Source::Unknown => return false,
        };
        self.networks.iter().any(|network| network.holds(from))
    }
}

/// The name of the rule that `login-networks` makes.
pub const LOGIN_NETWORKS: &str = "login-networks";

/// Every key of `[settings]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether a passkey alone signs in (R30).
    pub passkey_sign_in: bool,
    /// What people may change on their own.
    pub self_service: SelfService,
    /// What an e-mailed code is good for.
    pub email: EmailUse,
    /// What protects the binding of a first device.
    pub first_bind: FirstBindRule,
    /// FIDO credentials per account, passkeys and keys together (R66).
    pub fido_per_user: u32,
    /// Authenticator apps per account (R56).
    pub totp_per_user: u32,
    /// Accounts per security e-mail address (R62).
    pub users_per_email: u32,
    /// Which characters a device's name may have.
    pub device_name: DeviceNames,
    /// What has to be typed to unbind, in any letter case (R78).
    pub unbind_confirmation: String,
    /// E-mailed codes.
    pub email_code: EmailCode,
    /// Authenticator apps.
    pub totp: Totp,
    /// Recovery codes in a set.
    pub recovery_codes: u32,
    /// When failures lock.
    pub lockout: Lockout,
    /// Seconds after the first binding at which the factor is to be proven once more (W31).
    pub checkup: i64,
    /// Seconds that a browser session lasts (W5).
    pub session: i64,
    /// Seconds that a browser session may idle (W20).
    pub idle: i64,
    /// Where people may sign in from, besides the machine itself (W6); empty is everywhere. It acts as the rule
    /// [`LOGIN_NETWORKS`].
    pub login_networks: Vec<SourceTerm>,
    /// What becomes of a password that is easy to guess.
    pub weak_passwords: WeakPasswords,
    /// Seconds without a sign-in after which an account counts as idle (W7, W22); 0 is never.
    pub idle_disable: i64,
    /// Whether a device can be bound inside the PAM conversation (R38).
    pub enroll_in_terminal: bool,
    /// Whom to ask for help (R81); shown to people.
    pub contact: Option<String>,
    /// Shown before sign-in (R106).
    pub announcement: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            passkey_sign_in: true,
            self_service: SelfService::All,
            email: EmailUse::Emergency,
            first_bind: FirstBindRule {
                new: FirstBind::Password,
                after_reset: FirstBind::Ticket,
                networks: Vec::new(),
            },
            fido_per_user: 8,
            totp_per_user: 1,
            users_per_email: 5,
            device_name: DeviceNames::Ascii,
            unbind_confirmation: "YES".to_owned(),
            email_code: EmailCode {
                digits: 6,
                ttl: 600,
                resend: 60,
                tries: 5,
            },
            totp: Totp {
                digits: 6,
                period: 30,
                skew: 1,
                learn_drift: false,
            },
            recovery_codes: 10,
            lockout: Lockout::default(),
            checkup: 28 * 86_400,
            session: 6 * 3600,
            idle: 3600,
            login_networks: Vec::new(),
            weak_passwords: WeakPasswords::Off,
            idle_disable: 730 * 86_400,
            enroll_in_terminal: false,
            contact: None,
            announcement: None,
        }
    }
}
