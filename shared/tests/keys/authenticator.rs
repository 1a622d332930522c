//! The software authenticator itself: what it makes and signs, the verifier accepts; what is bent, it does not.

use samekey_shared::flows::{Allowed, KeyAsk, UserVerification};
use samekey_shared::ids::ChallengeId;
use samekey_shared::methods::fido::assertion::check;
use samekey_shared::methods::fido::{
    Expected, ExpectedRegistration, KeyError, LocalBinding, Scene, check_registration,
};
use samekey_shared::testing::soft_authenticator::{Algorithm, Habits, UV, web_client_data};
use samekey_shared::testing::{ORIGIN, RP_ID, SoftAuthenticator};

fn ask(local: Option<LocalBinding>) -> KeyAsk {
    KeyAsk {
        challenge_id: "0123456789abcdef0123456789abcdef".parse::<ChallengeId>().unwrap(),
        challenge: vec![7; 32],
        rp_id: RP_ID.into(),
        allow: Vec::<Allowed>::new(),
        user_verification: UserVerification::Required,
        local,
    }
}

#[test]
fn the_verifier_accepts_what_it_signs_with_every_algorithm_at_both_doors() {
    let binding = LocalBinding {
        host: "box".into(),
        service: "pam:sudo".into(),
        user: "ann".into(),
    };
    let origins = [ORIGIN.to_owned()];
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let mut key = SoftAuthenticator::with(Habits {
            algorithm,
            ..Habits::default()
        });
        let made = key.make(RP_ID, b"somebody").unwrap();
        let expected = |scene| Expected {
            rp_id: RP_ID,
            app_id: None,
            challenge: &[7; 32],
            scene,
            user_verification: true,
            backup_eligible: false,
        };
        let web = key.answer(&ask(None), ORIGIN).unwrap();
        let seen = check(&web, &made.public_key, &expected(Scene::Web { origins: &origins })).unwrap();
        assert!(seen.user_verified && seen.sign_count == 2, "{seen:?}");
        let local = key.answer(&ask(Some(binding.clone())), ORIGIN).unwrap();
        check(&local, &made.public_key, &expected(Scene::Local(&binding))).unwrap();
        // Neither opens the other's door.
        let crossed = check(&local, &made.public_key, &expected(Scene::Web { origins: &origins }));
        assert_eq!(crossed, Err(KeyError::WrongType));
        let crossed = check(&web, &made.public_key, &expected(Scene::Local(&binding)));
        assert_eq!(crossed, Err(KeyError::WrongType));
        let mut draft = key.draft(&ask(None), ORIGIN).unwrap();
        draft.flags &= !UV;
        let unverified = check(
            &key.sign(draft).unwrap(),
            &made.public_key,
            &expected(Scene::Web { origins: &origins }),
        );
        assert_eq!(unverified, Err(KeyError::NotVerified));
    }
}

#[test]
fn the_verifier_accepts_what_it_creates() {
    let mut key = SoftAuthenticator::new();
    let client_data = web_client_data("webauthn.create", &[7; 32], ORIGIN);
    let created = key.create(RP_ID, b"somebody", client_data).unwrap();
    let origins = [ORIGIN.to_owned()];
    let expected = ExpectedRegistration {
        rp_id: RP_ID,
        challenge: &[7; 32],
        scene: Scene::Web { origins: &origins },
        user_verification: true,
    };
    let registered = check_registration(&created.attestation_object, &created.client_data, &expected).unwrap();
    assert_eq!(registered.credential_id, created.credential_id);
    assert!(registered.user_verified && !registered.backup_eligible);
}
