//! Which level an application asks for, and under which name it is told what was reached.

use super::request::{AuthorizeRequest, Prompt};
use crate::clients::Client;
use crate::oidc::errors::AuthorizeError;
use samekey_shared::flows::Grant;
use samekey_shared::flows::sign_in::Asked;
use samekey_shared::methods::Level;

/// What the sign-in machine is asked beyond the policy: the first wish that can be reached at all.
///
/// A wish that is essential and that nobody can reach here (`strongest`) is refused before anything is asked.
pub fn asked(request: &AuthorizeRequest, client: &Client, strongest: Level) -> Result<Asked, AuthorizeError> {
    let wishes: Vec<Level> = request
        .acr_values
        .iter()
        .filter_map(|name| client.level(name))
        .collect();
    let within_reach: Vec<Level> = wishes.into_iter().filter(|level| *level <= strongest).collect();
    let essential = request.claims.acr_essential && !request.acr_values.is_empty();
    if essential && within_reach.is_empty() {
        return Err(AuthorizeError::UnmetAuthenticationRequirements);
    }
    let first = within_reach.first().copied();
    Ok(Asked {
        level: first,
        // With several essential values any of them will do: insist only when nothing lower is among them.
        essential: essential && within_reach.iter().min().copied() == first,
        max_age: request.max_age,
        fresh: request.prompts(Prompt::Login),
    })
}

/// `acr` of the ID token: the first wish that is satisfied, under the application's own name for it, or the level reached.
/// An essential wish that is not satisfied is an error.
pub fn told(request: &AuthorizeRequest, client: &Client, grant: &Grant) -> Result<Option<String>, AuthorizeError> {
    let satisfied = |name: &&String| client.level(name).is_some_and(|level| level <= grant.level);
    if let Some(name) = request.acr_values.iter().find(satisfied) {
        return Ok(Some(name.clone()));
    }
    if request.claims.acr_essential && !request.acr_values.is_empty() {
        return Err(AuthorizeError::UnmetAuthenticationRequirements);
    }
    Ok(grant.acr().map(str::to_owned))
}
