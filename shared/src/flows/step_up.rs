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
    means: Means,
    on_grant: OnGrant<'_>,
) -> Result<(SignIn, Step), FlowError> {
    let first = FirstFactorCheck::Ask(passwords);
    let request = SignInRequest {
        login,
        first,
        prior: Some(session),
        asked: Asked::default(),
        means,
    };
    SignIn::begin(visit, request, Purpose::StepUp, on_grant)
}
