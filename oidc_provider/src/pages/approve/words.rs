//! The sentences of the page that approves a login elsewhere.

/// Title.
pub const APPROVE: &str = "Approve a login";
/// What the page is for.
pub const APPROVE_TEXT: &str = "A login at a terminal waits for your passkey. Its prompt shows a code.";
/// Label.
pub const CODE: &str = "Code of the login";
/// What to do.
pub const CODE_HINT: &str =
    "Type the code from your own terminal, such as BCDF-GHJK. Never type one that somebody gave you.";
/// Over the login's facts.
pub const QUESTION: &str = "Is this you, logging in right now? Approve only what you have begun yourself.";
/// A place that the account never signed in from.
pub const STRANGER: &str = "You never signed in from there before. If you do not know the address, deny.";
/// Label.
pub const NUMBER: &str = "Number";
/// What to do.
pub const NUMBER_HINT: &str = "Type the number that your terminal shows beside the code. A wrong one ends the login.";
/// Button.
pub const WITH_PASSKEY: &str = "Approve with passkey";
/// Where the browser has no passkeys.
pub const NEEDS_SCRIPT: &str =
    "To approve, use a browser with JavaScript and passkeys. You can deny here, or use another method at the terminal.";
/// Button.
pub const DENY: &str = "Deny";
/// Button.
pub const DENY_AND_REPORT: &str = "Deny and report: this was not me";
/// Link after a decision.
pub const ANOTHER: &str = "Approve another login";

/// What a login is described by.
pub const HOST: &str = "Host";
/// As above.
pub const SERVICE: &str = "Service";
/// As above.
pub const ACCOUNT: &str = "Account";
/// As above.
pub const SOURCE: &str = "From";
/// As above.
pub const KEY: &str = "SSH key";
/// As above.
pub const COMMAND: &str = "Command";
/// As above.
pub const ASKED_AT: &str = "Asked at";

/// A code under which nothing of this account waits.
pub const UNKNOWN: &str = "No login of yours has that code. Compare it with your terminal.";
/// A text that is no code.
pub const NO_CODE: &str = "A code has eight letters, such as BCDF-GHJK.";
/// An empty number.
pub const NO_NUMBER: &str = "Type the two digits that your terminal shows as the number.";
/// No answer of a key came along.
pub const NO_ANSWER: &str = "No passkey answered. Try again, or deny.";
/// No key is bound.
pub const NO_KEY: &str = "This login can no longer be approved, or no passkey is bound to your account.";
/// A realm without a domain.
pub const NO_PASSKEYS: &str = "This site has no passkeys. Use another method at the terminal.";

/// Title of a yes.
pub const APPROVED: &str = "Login approved";
/// Its text.
pub const APPROVED_TEXT: &str = "Go back to your terminal. If it still waits, press Enter there.";
/// Title of a no.
pub const DENIED: &str = "Login denied";
/// Its text.
pub const DENIED_TEXT: &str = "The login is refused.";
/// Title of a no with an alarm.
pub const REPORTED: &str = "Login denied and reported";
/// Its text.
pub const REPORTED_TEXT: &str = "The login is refused, and that place cannot ask you again for an hour. Whoever asked has your \
     password or your SSH key: change it now, and tell your administrator.";
/// Title of everything else.
pub const NOT_APPROVED: &str = "Login not approved";
/// Another number than the prompt's.
pub const WRONG_NUMBER_TEXT: &str = "The number was not the one that the login shows, so it is refused. If it is yours, log in again; \
     if somebody gave you code or number, tell your administrator.";
/// The login is not there any more.
pub const GONE_TEXT: &str = "The login went away: it was given up, hung up, proven in another way, or followed by a newer one from \
     the same place.";
/// Nobody decided.
pub const EXPIRED_TEXT: &str = "Its time ran out. Log in again.";
