//! The closed list of what administrators do.

/// How far an action goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It changes nothing.
    Looks,
    /// It changes what belongs to everybody.
    Changes,
    /// It touches one account.
    Touches,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident => $word:literal, $reach:ident;)+) => {
        /// One thing that an administrator does. The words are stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[$doc])* $name,)+
        }

        impl Action {
            /// Every action there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable word for it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            /// How far it goes.
            pub fn reach(self) -> Reach {
                match self {
                    $(Self::$name => Reach::$reach,)+
                }
            }
        }
    };
}

actions! {
    /// The counts of the overview.
    OverviewSee => "overview-see", Looks;
    /// Accounts: list and details.
    AccountsSee => "accounts-see", Looks;
    /// Makes an account.
    AccountsAdd => "accounts-add", Changes;
    /// Changes the name shown, groups and flags.
    AccountsChange => "accounts-change", Touches;
    /// Locks, and lets in again.
    AccountsLock => "accounts-lock", Touches;
    /// Disables for good.
    AccountsDisable => "accounts-disable", Touches;
    /// Removes.
    AccountsRemove => "accounts-remove", Touches;
    /// Gives another role.
    RolesChange => "roles-change", Touches;
    /// Devices of an account.
    DevicesSee => "devices-see", Looks;
    /// Unbinds a device of somebody (R80, R82).
    DevicesUnbind => "devices-unbind", Touches;
    /// Gives an account a security e-mail, which its person confirms (W14).
    EmailSet => "email-set", Touches;
    /// Lets somebody change their devices again who said "this was not me".
    ObjectionsSettle => "objections-settle", Touches;
    /// Hands out a ticket to bind a device with (Q2, Q8, R67).
    TicketsIssue => "tickets-issue", Touches;
    /// Browser sessions.
    SessionsSee => "sessions-see", Looks;
    /// Ends browser sessions of somebody.
    SessionsEnd => "sessions-end", Touches;
    /// Lets somebody in without their device for a while.
    Rescue => "rescue", Touches;
    /// The settings.
    SettingsSee => "settings-see", Looks;
    /// Changes the settings (R31, R32).
    SettingsChange => "settings-change", Changes;
    /// The policy, its versions, and what it makes of a sign-in.
    PolicySee => "policy-see", Looks;
    /// The applications.
    ClientsSee => "clients-see", Looks;
    /// Adds, changes and removes applications.
    ClientsChange => "clients-change", Changes;
    /// The audit trail.
    AuditSee => "audit-see", Looks;
    /// Takes the audit trail away as a file.
    AuditExport => "audit-export", Looks;
}
