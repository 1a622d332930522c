//! Binding keys: limits, names, credentials that are taken, U2F and its upgrade.

use super::scene::*;
use samekey_shared::audit::Actor;
use samekey_shared::devices::{self, DeviceError, DeviceKind, DeviceName, DeviceState, NameRule, UnboundWhy};
use samekey_shared::flows::bind::{Authority, BindError};
use samekey_shared::flows::{Asked, Notice, bind, bind_key};
use samekey_shared::ids::DeviceId;
use samekey_shared::methods::fido::KeyError;
use samekey_shared::source::Door;
use samekey_shared::testing::{RP_ID, SoftAuthenticator, TestRealm};

const APP_ID: &str = "https://old.example.org";

fn name(text: &str) -> DeviceName {
    DeviceName::parse(text, NameRule::Ascii).unwrap()
}

fn authority() -> Authority {
    Authority::new(Actor::Account("ann".into()), Door::Web)
}

fn full(error: &BindError) -> bool {
    matches!(error, BindError::Device(DeviceError::LimitReached { most: 8, .. }))
}

#[test]
fn eight_keys_of_both_kinds_bind_and_the_ninth_is_refused() {
    let test = TestRealm::new().unwrap();
    let ann = test.account("ann", "").unwrap();
    let mut passkeys = SoftAuthenticator::new();
    let mut touched = SoftAuthenticator::touch_only();
    for number in 0..4 {
        test.bind_key(ann, &mut passkeys, &format!("passkey-{number}")).unwrap();
        test.bind_key(ann, &mut touched, &format!("key-{number}")).unwrap();
    }
    let ninth = bind_key::start(&test.realm, ann, name("ninth"), None).unwrap_err();
    assert!(full(&ninth) && ninth.code() == "limit_reached", "{ninth}");
    let made = passkeys.make(RP_ID, &ann.to_bytes()).unwrap();
    let ninth = bind_key::finish(&test.realm, &authority(), ann, &name("ninth"), &made, None).unwrap_err();
    assert!(full(&ninth), "{ninth}");
    test.policy("version = 1\n[default]\nlevel = \"high\"\n[settings]\nfido-per-user = 9\n")
        .unwrap();
    assert!(bind_key::start(&test.realm, ann, name("ninth"), None).is_ok());
}

#[test]
fn of_many_at_once_for_the_last_place_one_wins() {
    let test = TestRealm::new().unwrap();
    let ann = test.account("ann", "").unwrap();
    let mut soft = SoftAuthenticator::new();
    for number in 0..7 {
        test.bind_key(ann, &mut soft, &format!("key-{number}")).unwrap();
    }
    let made: Vec<_> = (0..6).map(|_| soft.make(RP_ID, &ann.to_bytes()).unwrap()).collect();
    let realm = &test.realm;
    let won = std::thread::scope(|scope| {
        let tries: Vec<_> = made
            .iter()
            .enumerate()
            .map(|(number, made)| {
                scope.spawn(move || {
                    bind_key::finish(realm, &authority(), ann, &name(&format!("last-{number}")), made, None)
                })
            })
            .collect();
        let results: Vec<_> = tries.into_iter().map(|one| one.join().unwrap()).collect();
        assert!(results.iter().filter_map(|result| result.as_ref().err()).all(full));
        results.iter().flatten().count()
    });
    assert_eq!(won, 1);
}

#[test]
fn a_start_tells_what_is_bound_and_a_name_or_credential_binds_once() {
    let scene = scene(SoftAuthenticator::new());
    let realm = &scene.test.realm;
    let start = bind_key::start(realm, scene.ann, name("second"), None).unwrap();
    assert_eq!((start.user_handle, start.login.as_str()), (scene.ann.to_bytes(), "ann"));
    assert_eq!(start.exclude.len(), 1);
    let taken = bind_key::start(realm, scene.ann, name("KEY"), None).unwrap_err();
    assert_eq!(taken.code(), "name_taken");

    let mut soft = SoftAuthenticator::new();
    let made = soft.make(RP_ID, &scene.ann.to_bytes()).unwrap();
    let bob = scene.test.account("bob", "").unwrap();
    let bound = bind_key::finish(realm, &authority(), scene.ann, &name("second"), &made, None).unwrap();
    assert!(bound.recovery.is_none(), "paper came with the app");
    for account in [scene.ann, bob] {
        let twice = bind_key::finish(realm, &authority(), account, &name("third"), &made, None).unwrap_err();
        assert_eq!(twice.code(), "device_exists");
    }
    let first = soft.make(RP_ID, &bob.to_bytes()).unwrap();
    let bobs = bind_key::finish(realm, &authority(), bob, &name("first"), &first, None).unwrap();
    assert!(bobs.recovery.is_some());
    let line = scene.trail("device-bound").pop().unwrap();
    assert_eq!(field(&line, "method").as_deref(), Some("passkey"));
}

#[test]
fn an_unbound_key_leaves_a_tombstone_and_may_be_bound_anew() {
    let mut scene = scene(SoftAuthenticator::new());
    let made = scene.key.make(RP_ID, &scene.ann.to_bytes()).unwrap();
    let device = scene.test.bind_made(scene.ann, &made, "spare").unwrap();
    let end = devices::Unbinding {
        at: 1,
        by: "ann".into(),
        why: UnboundWhy::Own,
    };
    let store = &scene.test.realm.store;
    store
        .write(|tx| devices::rows::unbind(tx, scene.ann, device.id, &end))
        .unwrap();
    let found = store
        .read(|tx| devices::fido::by_credential_id(tx, &made.credential_id))
        .unwrap();
    assert!(found.is_none());
    let all = store.read(|tx| devices::rows::list(tx, scene.ann)).unwrap();
    let tombstone = all.iter().find(|one| one.id == device.id).unwrap();
    assert_eq!(
        (tombstone.kind, &tombstone.state),
        (DeviceKind::Passkey, &DeviceState::Unbound(end))
    );
    scene.test.bind_made(scene.ann, &made, "spare").unwrap();
    // What was asked before it went is not answered by it any more.
    let (mut turn, step) = scene.after_password("ann", Asked::default());
    let prompt = asked_key(step);
    let again = devices::Unbinding {
        at: 2,
        by: "ann".into(),
        why: UnboundWhy::Own,
    };
    let store = &scene.test.realm.store;
    store
        .write(|tx| devices::rows::unbind(tx, scene.ann, scene.bound.id, &again))
        .unwrap();
    let step = scene.press(&mut turn, &prompt);
    assert_eq!(notice(&step), Some(Notice::KeyRefused(KeyError::UnknownCredential)));
}

#[test]
fn a_device_gets_another_name_that_is_free() {
    let scene = scene(SoftAuthenticator::new());
    let realm = &scene.test.realm;
    let rename = |text| bind::rename(realm, &authority(), scene.ann, scene.bound.id, &name(text));
    assert_eq!(rename("Phone").unwrap_err().code(), "name_taken");
    rename("KEY").unwrap();
    rename("blue").unwrap();
    assert_eq!(
        field(&scene.trail("device-renamed")[1], "name").as_deref(),
        Some("blue")
    );
    let bob = scene.test.account("bob", "").unwrap();
    let strange = bind::rename(realm, &authority(), bob, scene.bound.id, &name("mine")).unwrap_err();
    assert_eq!(strange.code(), "not_found");
}

fn u2f() -> (Scene, DeviceId) {
    let mut scene = scene(SoftAuthenticator::touch_only());
    let old = scene.key.make_u2f(RP_ID, APP_ID).unwrap();
    let old = scene.test.bind_made(scene.ann, &old, "old").unwrap();
    let end = devices::Unbinding {
        at: 1,
        by: "ann".into(),
        why: UnboundWhy::Own,
    };
    let store = &scene.test.realm.store;
    store
        .write(|tx| devices::rows::unbind(tx, scene.ann, scene.bound.id, &end))
        .unwrap();
    (scene, old.id)
}

fn bound(scene: &Scene) -> Vec<DeviceId> {
    let keys = scene
        .test
        .realm
        .store
        .read(|tx| devices::fido::of_account(tx, scene.ann))
        .unwrap();
    keys.into_iter().map(|key| key.device).collect()
}

#[test]
fn a_u2f_key_works_at_both_doors_and_goes_when_its_successor_has_signed() {
    let (mut scene, old) = u2f();
    let keys = scene
        .test
        .realm
        .store
        .read(|tx| devices::fido::of_account(tx, scene.ann))
        .unwrap();
    assert!(keys[0].is_old() && keys[0].kind == DeviceKind::SecurityKey);
    let has_any = |name: &str| {
        let login = name.parse().unwrap();
        scene
            .test
            .realm
            .store
            .read(|tx| devices::fido::has_any(tx, &login))
            .unwrap()
    };
    assert!(has_any("ann") && !has_any("nobody"));
    let (mut turn, step) = scene.after_password("ann", Asked::default());
    let prompt = asked_key(step);
    assert_eq!(prompt.ask.allow[0].app_id.as_deref(), Some(APP_ID));
    let _ = granted(scene.press(&mut turn, &prompt));
    let (mut turn, step) = scene.at_console(samekey_shared::methods::FirstFactor::Password, plugged_in());
    let prompt = asked_key(step);
    let _ = granted(scene.press(&mut turn, &prompt));

    scene.test.clock.advance(1);
    let mut new = SoftAuthenticator::new();
    let made = new.make(RP_ID, &scene.ann.to_bytes()).unwrap();
    let start = bind_key::start(&scene.test.realm, scene.ann, name("new"), Some(old)).unwrap();
    assert_eq!(start.exclude.len(), 1);
    let done = bind_key::finish(
        &scene.test.realm,
        &authority(),
        scene.ann,
        &name("new"),
        &made,
        Some(old),
    )
    .unwrap();
    assert_eq!(bound(&scene), [old, done.device.id]);
    // Until then the old one goes on working.
    let (mut turn, step) = scene.after_password("ann", Asked::default());
    let prompt = asked_key(step);
    let _ = granted(scene.press(&mut turn, &prompt));
    assert_eq!(bound(&scene), [old, done.device.id]);
    // A wrong answer of the new one retires nothing.
    scene.key = new;
    let (mut turn, step) = scene.with_passkey(Asked::default());
    let prompt = asked_key(step);
    let wrong = scene.signed(&prompt, |draft| draft.flags = 0);
    let prompt = asked_key(scene.answer(&mut turn, key(wrong)));
    assert_eq!(bound(&scene).len(), 2);
    let _ = granted(scene.press(&mut turn, &prompt));
    assert_eq!(bound(&scene), [done.device.id]);
    let all = scene
        .test
        .realm
        .store
        .read(|tx| devices::rows::list(tx, scene.ann))
        .unwrap();
    let tombstone = all.iter().find(|one| one.id == old).unwrap();
    assert!(
        matches!(&tombstone.state, DeviceState::Unbound(end) if end.why == UnboundWhy::Replaced),
        "{tombstone:?}"
    );
    let line = scene.trail("device-unbound").pop().unwrap();
    assert_eq!(field(&line, "device"), Some(old.to_string()));
    assert_eq!(field(&line, "replaced_by"), Some(done.device.id.to_string()));
}

#[test]
fn an_upgrade_needs_no_ninth_place_and_is_of_ones_own_key_once() {
    let test = TestRealm::new().unwrap();
    let ann = test.account("ann", "").unwrap();
    let mut soft = SoftAuthenticator::new();
    let old: Vec<_> = (0..8)
        .map(|number| test.bind_key(ann, &mut soft, &format!("key-{number}")).unwrap().id)
        .collect();
    let bind = |what: &mut SoftAuthenticator, text: &str, old| {
        let made = what.make(RP_ID, &ann.to_bytes()).unwrap();
        bind_key::finish(&test.realm, &authority(), ann, &name(text), &made, Some(old))
    };
    bind(&mut soft, "new", old[0]).unwrap();
    assert_eq!(bind(&mut soft, "newer", old[0]).unwrap_err().code(), "not_found");
    assert!(full(&bind(&mut soft, "other", old[1]).unwrap_err()));
    let bob = test.account("bob", "").unwrap();
    let bobs = test.bind_key(bob, &mut soft, "bobs").unwrap().id;
    assert_eq!(bind(&mut soft, "mine", bobs).unwrap_err().code(), "not_found");
}
