//! What is wrong with an application that was to be registered or changed, in the language of whoever reads it.

use crate::clients::{RedirectProblem, RegistrationError};
use crate::oidc::acr;
use crate::oidc::fapi2::{Contradiction, Wanted};
use samekey_shared::texts::Texts;

/// The sentence; what is our own failure, and no matter of the form, says only that it failed.
pub(super) fn sentence(t: Texts, error: &RegistrationError) -> String {
    match error {
        RegistrationError::Store(_) | RegistrationError::Entropy(_) => t.say("problem-failed"),
        RegistrationError::Id(_) => t.say("clients-id"),
        RegistrationError::Exists => t.say("clients-exists"),
        RegistrationError::Absent => t.say("clients-absent"),
        RegistrationError::KindChanged => t.say("clients-kind-changed"),
        RegistrationError::Kind => t.say("clients-kind"),
        RegistrationError::Name => t.say("clients-name"),
        RegistrationError::NoRedirect => t.say("clients-no-redirect"),
        RegistrationError::TooMany => t.say("clients-too-many"),
        RegistrationError::Redirect { uri, why } => address(t, uri, *why),
        RegistrationError::Address { name, why } => address(t, name, *why),
        RegistrationError::Keys(_) => t.say("clients-keys"),
        RegistrationError::Profile(contradictions) => {
            let list = contradictions.iter().map(|one| contradiction(t, one));
            t.fill("clients-profile", [("list", list.collect::<Vec<_>>().join("; "))])
        }
        RegistrationError::Setting { name, why } => {
            let why = setting(name).map_or_else(|| (*why).to_owned(), |key| t.say(key));
            t.fill("clients-setting", [("setting", (*name).to_owned()), ("why", why)])
        }
        RegistrationError::PublicPkce => t.say("clients-public-pkce"),
        RegistrationError::Alias(level) => t.fill(
            "clients-level",
            [("level", level.clone()), ("levels", acr::known().join(", "))],
        ),
        RegistrationError::NoSecret => t.say("clients-no-secret"),
    }
}

fn address(t: Texts, address: &str, why: RedirectProblem) -> String {
    let why = t.say(match why {
        RedirectProblem::Length => "clients-address-length",
        RedirectProblem::Characters => "clients-address-characters",
        RedirectProblem::Wildcard => "clients-address-wildcard",
        RedirectProblem::Fragment => "clients-address-fragment",
        RedirectProblem::UserInfo => "clients-address-user",
        RedirectProblem::DotSegment => "clients-address-segment",
        RedirectProblem::Scheme => "clients-address-scheme",
        RedirectProblem::Host => "clients-address-host",
    });
    t.fill("clients-address", [("address", address.to_owned()), ("why", why)])
}

fn contradiction(t: Texts, one: &Contradiction) -> String {
    let wanted = t.say(match one.wanted {
        Wanted::Confidential => "clients-fapi-confidential",
        Wanted::OwnKey => "clients-fapi-own-key",
        Wanted::NoDeviceCode => "clients-fapi-no-device-code",
        Wanted::S256 => "clients-fapi-s256",
        Wanted::Protected => "clients-fapi-protected",
        Wanted::Alg => "clients-fapi-alg",
        Wanted::Pushed => "clients-fapi-pushed",
        Wanted::Keys => "clients-fapi-keys",
    });
    let named = [("setting", one.setting), ("wanted", &wanted), ("clause", one.clause)];
    t.fill("clients-fapi", named)
}

/// What a setting must be.
fn setting(name: &str) -> Option<&'static str> {
    Some(match name {
        "grant-types" => "clients-grant-types",
        "auth-method" => "clients-auth-method",
        "jwks" => "clients-jwks",
        "tls-client-auth" => "clients-tls-client-auth",
        "sector-identifier-uri" => "clients-sector",
        "initiate-login-uri" => "clients-initiate",
        "frontchannel-logout-uri" => "clients-frontchannel",
        "scopes" => "clients-words",
        "contacts" => "clients-contacts",
        "resources" => "clients-resources",
        "default-max-age" => "clients-max-age",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_that_the_rules_refuse_has_a_sentence() {
        let rules = include_str!("../../clients/rules.rs");
        let refused = rules
            .split("wrong(")
            .filter_map(|rest| rest.trim_start().strip_prefix('"'));
        let names: Vec<&str> = refused.filter_map(|rest| rest.split('"').next()).collect();
        assert!(names.len() > 10, "hardly any was found: {names:?}");
        for name in names {
            assert!(
                setting(name).is_some(),
                "{name} would be refused in English on every page"
            );
        }
    }
}
