//! Sign-in with a passkey and nothing else: no name typed, no password.

use super::{Asked, FirstFactorCheck, SignIn, SignInRequest};
use crate::flows::{FlowError, Means, RefusalCode, Step, Visit};
use crate::methods::FirstFactor;

impl SignIn {
    /// Begins without a name: asks for any passkey of this realm that the person's device finds by itself. Whose it is,
    /// the credential tells; user verification is demanded. Further answers go to the [`SignIn`] that this returns.
    pub fn start_with_passkey(visit: &Visit<'_>, asked: Asked, means: Means) -> Result<(Self, Step), FlowError> {
        let request = SignInRequest {
            login: "",
            first: FirstFactorCheck::Done(FirstFactor::None),
            prior: None,
            asked,
            means,
        };
        let now = visit.realm.clock.now();
        let mut sign_in = Self::new(visit, request, super::Purpose::SignIn, now)?;
        let step = sign_in.close(RefusalCode::PasskeySignInOff);
        Ok((sign_in, step))
    }
}
