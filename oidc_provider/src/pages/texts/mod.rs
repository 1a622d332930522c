//! Every sentence that a person can read on a page, in one place (problems have theirs in `problem`, refusals in `refusal`).

mod security;

pub use security::*;

/// Shown in the window's title.
pub const PRODUCT: &str = "Samekey";
/// First link of every page, for keyboards.
pub const SKIP: &str = "Skip to the form";
/// Before the operator's contact.
pub const CONTACT: &str = "Need help? Contact";
/// Title of the sign-in pages.
pub const SIGN_IN: &str = "Sign in";
/// Before an application's name.
pub const TO_GO_ON_TO: &str = "to go on to";
/// Label.
pub const USER_NAME: &str = "User name";
/// Button after the user name (R89).
pub const NEXT: &str = "Next";
/// Label.
pub const PASSWORD: &str = "Password";
/// Button after the password (R91, R92).
pub const WITH_PASSWORD: &str = "Log on with Password";
/// Button beside it, for any name, real or not (R92, Q11).
pub const WITH_PASSKEY: &str = "Log on with Passkey";
/// In place of a dead button (R14).
pub const NO_PASSKEYS_HERE: &str = "This browser cannot use passkeys or security keys: it is too old, or the page is not opened over a secure \
    connection. Use another way, or another browser.";
/// The same, where scripts are switched off.
pub const PASSKEYS_NEED_SCRIPTS: &str =
    "Passkeys and security keys need scripts, and this browser runs none. Use another way, or switch scripts on.";
/// Button that starts anew with another name.
pub const NOT_YOU: &str = "Use another user name";
/// Link (R98).
pub const FORGOT_PASSWORD: &str = "Forgot password?";
/// Button after a code.
pub const VERIFY: &str = "Verify";
/// Heading over the other methods.
pub const OTHER_WAYS: &str = "Other ways to verify";
/// Button.
pub const CANCEL: &str = "Cancel";
/// Title of the consent page.
pub const CONSENT: &str = "Allow this application?";
/// Between the application's name and the list.
pub const WANTS_TO_KNOW: &str = "would like to know:";
/// Before the address that the answer goes to.
pub const SENT_TO: &str = "The answer is sent to";
/// Button.
pub const ALLOW: &str = "Allow";
/// Button.
pub const DO_NOT_ALLOW: &str = "Do not allow";
/// Before a stable code.
pub const ERROR_CODE: &str = "Error code:";
/// Before the request's id.
pub const REQUEST: &str = "Request:";
/// Title of the page that hands over to the application.
pub const GOING_ON: &str = "Going on";
/// Its button, for browsers without scripts.
pub const CONTINUE: &str = "Continue";
/// Button after a refusal.
pub const START_AGAIN: &str = "Start again";
/// Button after a refusal.
pub const BACK_TO_APPLICATION: &str = "Back to the application";

/// Label of the authenticator app's code.
pub const TOTP_LABEL: &str = "Verification code";
/// What to do.
pub const TOTP_HINT: &str = "Open your authenticator app and type the code it shows for this account.";
/// The method among others.
pub const TOTP_OTHER: &str = "Use the authenticator app";
/// Label of a recovery code.
pub const RECOVERY_LABEL: &str = "Recovery code";
/// What to do.
pub const RECOVERY_HINT: &str = "Type one of the codes you kept when you bound your device. Each works once.";
/// The method among others.
pub const RECOVERY_OTHER: &str = "Use a recovery code";
/// What to do.
pub const PASSKEY_HINT: &str = "Press the button and follow your device: fingerprint, face or PIN.";
/// Button.
pub const USE_PASSKEY: &str = "Use passkey";
/// The method among others.
pub const PASSKEY_OTHER: &str = "Use a passkey";
/// What to do (M17).
pub const SECURITY_KEY_HINT: &str = "Press the button. Insert your security key and touch it.";
/// Button.
pub const USE_SECURITY_KEY: &str = "Use security key";
/// The method among others.
pub const SECURITY_KEY_OTHER: &str = "Use a security key";
/// After a ceremony that was cancelled or found nothing: browsers do not tell one from the other.
pub const PASSKEY_CANCELLED: &str = "No passkey or security key was used. Try again, or use another way.";
/// After a ceremony that the browser could not carry out.
pub const PASSKEY_FAILED: &str =
    "This browser could not use your passkey or security key here. Use another way, or try again.";
/// Label of any other method's code.
pub const CODE_LABEL: &str = "Code";
/// What to do.
pub const CODE_HINT: &str = "Type the code you were given.";
/// Any other method among others.
pub const CODE_OTHER: &str = "Use another method";

/// Over the user name, when it was empty.
pub const NAME_MISSING: &str = "Type your user name.";
/// M12.
pub const CODE_WRONG: &str = "That code is not right. Check that your phone's clock is set automatically.";
/// M13.
pub const CODE_REPLAYED: &str = "That code was used already. Wait for the next one.";
/// Told alike for a wrong password and for a name that nobody has.
pub const PASSWORD_WRONG: &str = "User name or password is not right.";
/// When a form named a method that was not offered.
pub const NOT_OFFERED: &str = "That way is not available for this sign-in.";

/// Title of the page after signing out; recognised by the conformance suite.
pub const SIGNED_OUT: &str = "You are signed out";
/// Its text.
pub const SIGNED_OUT_TEXT: &str =
    "Close the windows of your applications too: some of them keep sessions of their own.";
/// Title of the question before signing out.
pub const SIGN_OUT_QUESTION: &str = "Sign out?";
/// Its text.
pub const SIGN_OUT_TEXT: &str = "An application asks to sign you out here.";
/// Its button.
pub const SIGN_OUT: &str = "Sign out";
/// Title of the portal page.
pub const SIGNED_IN: &str = "You are signed in";

/// Title of the page for forgotten passwords.
pub const FORGOTTEN: &str = "Forgotten password";
/// M11.
pub fn forgotten(contact: Option<&str>) -> String {
    let contact = contact.unwrap_or("your administrator");
    format!("Passwords cannot be retrieved. Contact {contact} to reset yours.")
}

/// What `openid` tells an application, on the consent page.
pub const SCOPE_OPENID: &str = "who you are: a number that stands for your account";
/// What `profile` tells.
pub const SCOPE_PROFILE: &str = "your name and user name";
/// What `email` tells.
pub const SCOPE_EMAIL: &str = "the e-mail address in your profile";
/// What `groups` tells.
pub const SCOPE_GROUPS: &str = "the groups you are in";
