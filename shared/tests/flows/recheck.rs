//! Q12: shells that are not asked again for a while, bound to everything that is known of them.

use super::scene::*;
use samekey_shared::clock::Clock;
use samekey_shared::flows::{Basis, Doorway, Earlier, FirstFactorCheck, Prompt, SignInRequest, Step};
use samekey_shared::methods::{FirstFactor, Level};
use samekey_shared::source::Source;
use samekey_shared::ssh::ShownKey;
use samekey_shared::trust;

const HOUR: i64 = 3600;

const HALF_A_DAY: &str = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n\
    recheck = \"12h\"\nmethods = [\"totp\", \"recovery-code\"]\n";

fn by_key(fingerprint: &str) -> SignInRequest<'static> {
    let first = FirstFactor::PublicKey(ShownKey {
        key_type: "ssh-ed25519".into(),
        fingerprint: fingerprint.into(),
        on_our_terms: false,
    });
    SignInRequest {
        first: FirstFactorCheck::Done(first),
        ..at_shell("ann")
    }
}

fn asks(step: &Step) -> bool {
    matches!(step, Step::Ask(Prompt::Code { .. }))
}

/// A shell that was entered with a key and a code.
fn entered(policy: &str) -> (Scene, Doorway) {
    let scene = scene();
    scene.test.policy(policy).unwrap();
    let shell = shell("192.0.2.7");
    let (mut sign_in, step) = scene.start(&shell, by_key("SHA256:one"));
    assert!(asks(&step), "{step:?}");
    let grant = granted(scene.answer(&shell, &mut sign_in, scene.code()));
    assert_eq!(grant.basis, Basis::Proven);
    (scene, shell)
}

#[test]
fn the_same_key_from_the_same_place_is_asked_once_in_twelve_hours() {
    let (scene, shell) = entered(HALF_A_DAY);
    scene.test.clock.advance(12 * HOUR - 1);
    let grant = granted(scene.start(&shell, by_key("SHA256:one")).1);
    let until = scene.test.clock.now() + 1;
    let by = Earlier::Shell;
    assert_eq!(grant.basis, Basis::Trusted { by, until });
    assert_eq!((grant.level, grant.amr()), (Level::Single, vec!["pop"]));
    scene.test.clock.advance(1);
    assert!(asks(&scene.start(&shell, by_key("SHA256:one")).1));
}

#[test]
fn anything_else_is_asked() {
    let (scene, same) = entered(HALF_A_DAY);
    let other = |change: fn(&mut Doorway)| {
        let mut doorway = same.clone();
        change(&mut doorway);
        doorway
    };
    for doorway in [
        other(|d| d.host = Some("host2".into())),
        other(|d| d.host = None),
        other(|d| d.service = "pam:login".into()),
        other(|d| d.source = Source::remote_host("192.0.2.8")),
        other(|d| d.source = Source::Unknown),
    ] {
        assert!(asks(&scene.start(&doorway, by_key("SHA256:one")).1), "{doorway:?}");
    }
    for request in [by_key("SHA256:two"), by_key("unreadable"), at_shell("ann")] {
        assert!(asks(&scene.start(&same, request).1));
    }
    assert!(
        !asks(&scene.start(&same, by_key("SHA256:one")).1),
        "and the same is not"
    );
}

#[test]
fn it_is_opt_in_and_never_where_a_fresh_proof_is_asked() {
    let (scene, shell) = entered(STRICT);
    assert!(asks(&scene.start(&shell, by_key("SHA256:one")).1));
    for requires in ["max-age = \"5m\"", "recheck = \"0s\""] {
        let rule = "[[rule]]\nname = \"r\"\nwhen = { services = [\"pam:sshd\"] }\nrequire = ";
        let (scene, shell) = entered(&format!("{HALF_A_DAY}{rule}{{ {requires} }}\n"));
        assert!(asks(&scene.start(&shell, by_key("SHA256:one")).1), "{requires}");
    }
}

#[test]
fn another_policy_a_changed_credential_and_a_clock_set_back_end_it() {
    let (scene, shell) = entered(HALF_A_DAY);
    let again = || asks(&scene.start(&shell, by_key("SHA256:one")).1);
    let prove = || {
        scene.test.clock.advance(30);
        let (mut sign_in, _) = scene.start(&shell, by_key("SHA256:one"));
        let _ = granted(scene.answer(&shell, &mut sign_in, scene.code()));
        assert!(!again());
    };
    scene.test.policy(&format!("{HALF_A_DAY}# another\n")).unwrap();
    assert!(again());
    scene.test.policy(HALF_A_DAY).unwrap();
    assert!(again(), "the first policy again: dead all the same");
    prove();
    let mut key = samekey_shared::testing::SoftAuthenticator::new();
    scene.test.bind_key(scene.ann, &mut key, "key").unwrap();
    assert!(again());
    prove();
    scene.test.clock.advance(-60);
    assert!(again());
    let now = scene.test.clock.now();
    assert_eq!(
        scene.test.realm.store.write(|tx| trust::sweep(tx, now)).unwrap(),
        1,
        "gone, not hidden"
    );
    scene.test.clock.advance(120);
    assert!(again());
}
