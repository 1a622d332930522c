//! State machine: confirm a sensitive operation (R101). It is a sign-in with what the session has shown so far, asked
//! of the operation's own service, so that `max-age` and `level` of its rules decide what has to be proven anew.

use super::sign_in::{Asked, FirstFactorCheck, PasswordSource, Prior, Purpose, SignIn, SignInRequest};
use super::{FlowError, Means, OnGrant, Step, Visit};

/// Begins. `visit.doorway.service` names the operation, such as `portal:devices`; further answers go to the
/// [`SignIn`] that this returns.
pub fn start(
    visit: &Visit<'_>,
    login: &str,
    passwords: PasswordSource,
    session: Prior,
    asked: Asked,
    means: Means,
    on_grant: OnGrant<'_>,
) -> Result<(SignIn, Step), FlowError> {
    let first = FirstFactorCheck::Ask(passwords);
    let request = SignInRequest {
        login,
        first,
        prior: Some(session),
        asked,
        means,
        browser: None,
    };
    SignIn::begin(visit, request, Purpose::StepUp, on_grant)
}

/// Begins with a passkey of this person as the whole proof, in the place of the password and what follows it.
pub fn start_with_passkey(
    visit: &Visit<'_>,
    login: &str,
    asked: Asked,
    means: Means,
) -> Result<(SignIn, Step), FlowError> {
    SignIn::begin_with_passkey(visit, Some(login), asked, means)
}

/// Whether what a session has shown suffices already, so that nothing would be asked. Reads only: for doors that look at
/// every request.
pub fn is_satisfied(
    visit: &Visit<'_>,
    login: &str,
    passwords: PasswordSource,
    session: Prior,
    asked: Asked,
    means: Means,
) -> Result<bool, FlowError> {
    let request = SignInRequest {
        login,
        first: FirstFactorCheck::Ask(passwords),
        prior: Some(session),
        asked,
        means,
        browser: None,
    };
    SignIn::suffices(visit, request)
}
