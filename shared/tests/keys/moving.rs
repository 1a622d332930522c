//! Devices that another program knew: taken in as a whole or not at all, told when they are there, and good at the doors that
//! can ask them.

use super::scene::*;
use samekey_shared::accounts::LoginName;
use samekey_shared::administration::{Attestation, Incoming, Newcomers, NotTaken, TakenIn};
use samekey_shared::clock::Clock;
use samekey_shared::devices::fido::NewCredential;
use samekey_shared::devices::totp::Shape;
use samekey_shared::devices::{self, DeviceKind};
use samekey_shared::flows::{Asked, Notice, Prompt, RefusalCode, Step};
use samekey_shared::methods::{Checked, FirstFactor, Method};
use samekey_shared::moving::{Brought, CarriedApp, CarriedKey, Format};
use samekey_shared::secrets::SecretBytes;
use samekey_shared::testing::{Phone, RP_ID, SoftAuthenticator, TestRealm};

const ORIGIN_OF_PAM: &str = "pam://box";
const KEY: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn login(name: &str) -> LoginName {
    name.parse().unwrap()
}

fn app() -> Brought {
    Brought::App(CarriedApp {
        secret: SecretBytes::new(b"12345678901234567890".to_vec()),
        shape: Shape::default(),
        drift: 0,
        last_step: None,
    })
}

/// As pam-u2f's file tells of it: nothing but its id and public key.
fn carried(made: &NewCredential, rp_id: Option<&str>, app_id: Option<&str>) -> Brought {
    Brought::Key(Box::new(CarriedKey {
        credential_id: made.credential_id.clone(),
        rp_id: rp_id.map(str::to_owned),
        app_id: app_id.map(str::to_owned),
        public_key: made.public_key.clone(),
        sign_count: 0,
        aaguid: [0; 16],
        transports: vec!["usb".to_owned()],
        discoverable: None,
        user_verified: false,
        backup_eligible: false,
        backed_up: false,
    }))
}

fn incoming<'a>(whose: &'a LoginName, brought: &'a Brought) -> Incoming<'a> {
    Incoming {
        whose,
        brought,
        called: None,
        origin: Format::PamU2f,
        newcomers: Newcomers::Refused,
        attestation: Attestation::Optional,
    }
}

fn take(test: &TestRealm, incoming: &Incoming<'_>) -> Result<TakenIn, NotTaken> {
    test.as_root(|desk| Ok(desk.take_in(incoming))).unwrap()
}

/// Ann with a password and a key of pam-u2f's, and nothing else but what the scene gives her.
fn moved_in() -> Scene {
    let mut scene = scene(SoftAuthenticator::touch_only());
    let end = devices::Unbinding {
        at: 1,
        by: "ann".into(),
        why: devices::UnboundWhy::Own,
    };
    let made = scene.key.make_u2f(RP_ID, ORIGIN_OF_PAM).unwrap();
    let store = &scene.test.realm.store;
    store
        .write(|tx| devices::rows::unbind(tx, scene.ann, scene.bound.id, &end))
        .unwrap();
    let key = carried(&made, None, Some(ORIGIN_OF_PAM));
    let TakenIn::Bound(device) = take(&scene.test, &incoming(&login("ann"), &key)).unwrap() else {
        panic!("there already")
    };
    assert_eq!((device.kind, device.name.as_str()), (DeviceKind::SecurityKey, "key"));
    assert!(matches!(
        take(&scene.test, &incoming(&login("ann"), &key)),
        Ok(TakenIn::There(_))
    ));
    scene.bound = device;
    scene
}

#[test]
fn a_key_of_pam_u2f_is_asked_by_its_own_name_at_a_console_and_never_in_a_browser() {
    let mut scene = moved_in();
    let (mut turn, step) = scene.at_console(FirstFactor::Password, plugged_in());
    let prompt = asked_key(step);
    assert_eq!(prompt.ask.rp_id, RP_ID);
    assert_eq!(prompt.ask.allow[0].app_id.as_deref(), Some(ORIGIN_OF_PAM));
    // What was signed for another name, or was captured, opens nothing.
    let wrong = scene.signed(&prompt, |draft| draft.rp_id = "pam://other".to_owned());
    let step = scene.answer(&mut turn, key(wrong));
    assert!(matches!(notice(&step), Some(Notice::KeyRefused(_))));
    let prompt = asked_key(step);
    let signed = scene.signed(&prompt, |_| {});
    let grant = granted(scene.answer(&mut turn, key(signed)));
    assert!(grant.evidence.iter().any(|one| one.device() == Some(scene.bound.id)));
    assert!(scene.stored_count() > 0);

    // A browser would refuse the whole question for a name that is no address: she is asked for her app alone.
    let (_, step) = scene.after_password("ann", Asked::default());
    match step {
        Step::Ask(Prompt::Code { method, others, .. }) => {
            assert_eq!(method, Method::Totp);
            assert!(others.iter().all(|method| !method.is_fido()), "{others:?}");
        }
        other => panic!("{other:?}"),
    }
    let line = scene.trail("device-bound").pop().unwrap();
    assert_eq!(field(&line, "imported_from").as_deref(), Some("pam-u2f"));
}

#[test]
fn who_has_nothing_else_is_not_let_in_by_a_password_in_a_browser() {
    let mut scene = moved_in();
    let bound = scene
        .test
        .realm
        .store
        .read(|tx| devices::rows::bound(tx, scene.ann))
        .unwrap();
    let end = devices::Unbinding {
        at: 2,
        by: "ann".into(),
        why: devices::UnboundWhy::Own,
    };
    for other in bound.devices.iter().filter(|one| one.id != scene.bound.id) {
        let store = &scene.test.realm.store;
        store
            .write(|tx| devices::rows::unbind(tx, scene.ann, other.id, &end))
            .unwrap();
    }
    // Not within anybody's grace either.
    scene.policy(&POLICY.replace("grace = \"0s\"", "grace = \"30d\""));
    let (_, step) = scene.after_password("ann", Asked::default());
    let code = refused(step);
    assert!(
        matches!(code, RefusalCode::EnrollmentRequired | RefusalCode::NotAtThisDoor),
        "{code:?}"
    );
    let (mut turn, step) = scene.at_console(FirstFactor::Password, plugged_in());
    let prompt = asked_key(step);
    let _ = granted(scene.press(&mut turn, &prompt));
}

#[test]
fn keys_of_other_domains_people_and_models_are_refused_and_leave_nothing() {
    let test = TestRealm::new().unwrap();
    test.account("ann", "").unwrap();
    test.account("bob", "").unwrap();
    let (ann, bob, nobody) = (login("ann"), login("bob"), login("nobody"));
    let mut soft = SoftAuthenticator::touch_only();
    let made = soft.make_u2f(RP_ID, ORIGIN_OF_PAM).unwrap();
    let (ours, other) = (
        carried(&made, Some(RP_ID), None),
        carried(&made, Some("example.net"), None),
    );
    assert_eq!(take(&test, &incoming(&nobody, &ours)).unwrap_err().code(), "not_found");
    assert!(matches!(
        take(&test, &incoming(&ann, &other)),
        Err(NotTaken::OtherParty)
    ));
    let mut strict = incoming(&ann, &ours);
    strict.attestation = Attestation::Required;
    assert!(matches!(take(&test, &strict), Err(NotTaken::Unattested)));
    assert!(matches!(take(&test, &incoming(&ann, &ours)), Ok(TakenIn::Bound(_))));
    assert_eq!(take(&test, &incoming(&bob, &ours)).unwrap_err().code(), "device_exists");
    let mut welcome = incoming(&nobody, &ours);
    welcome.newcomers = Newcomers::Added;
    assert_eq!(take(&test, &welcome).unwrap_err().code(), "device_exists");
    let made = test
        .realm
        .store
        .read(|tx| samekey_shared::accounts::rows::find(tx, &nobody))
        .unwrap();
    assert!(made.is_none(), "an account whose device was refused is not made");
}

#[test]
fn an_app_is_good_from_its_next_code_on_and_no_older_one_counts() {
    let scene = scene(SoftAuthenticator::new());
    let eve = login("eve");
    let app = app();
    let mut newcomer = incoming(&eve, &app);
    newcomer.newcomers = Newcomers::Added;
    let TakenIn::Bound(device) = take(&scene.test, &newcomer).unwrap() else {
        panic!("there already")
    };
    assert_eq!((device.kind, device.name.as_str()), (DeviceKind::Totp, "app"));
    assert!(matches!(take(&scene.test, &newcomer), Ok(TakenIn::There(one)) if one.id == device.id));
    // Ann has an app: hers stays, and another one finds no place.
    let full = take(&scene.test, &incoming(&login("ann"), &app)).unwrap_err();
    assert_eq!(full.code(), "limit_reached");
    let phone = Phone::with_key(KEY).unwrap();
    let now = scene.test.clock.now();
    let check = |code: &str| {
        let keyring = scene.test.realm.keyring().unwrap();
        let window = devices::totp::Window::default();
        scene
            .test
            .realm
            .store
            .write(|tx| samekey_shared::methods::totp::check(tx, &keyring, device.account, code, window, now))
            .unwrap()
    };
    for before in [now - 30, now] {
        assert!(matches!(check(phone.code_at(before).expose()), Checked::Replayed));
    }
    assert!(matches!(check(phone.code_at(now + 30).expose()), Checked::Accepted(_)));
}

#[test]
fn what_is_tried_is_undone_and_tells_what_would_be() {
    let test = TestRealm::with_letters().unwrap();
    test.account("ann", "").unwrap();
    let (ann, eve) = (login("ann"), login("eve"));
    let mut second = app();
    if let Brought::App(app) = &mut second {
        app.secret = SecretBytes::new(vec![7; 20]);
    }
    let first = app();
    let all = [
        incoming(&ann, &first),
        incoming(&ann, &first),
        incoming(&ann, &second),
        incoming(&eve, &first),
    ];
    let tried = test.as_root(|desk| Ok(desk.try_in(&all)?)).unwrap();
    let told: Vec<&str> = tried
        .iter()
        .map(|one| match one {
            Ok(TakenIn::Bound(_)) => "bound",
            Ok(TakenIn::There(_)) => "there",
            Err(error) => error.code(),
        })
        .collect();
    assert_eq!(told, ["bound", "there", "limit_reached", "not_found"]);
    let account = test
        .realm
        .store
        .read(|tx| samekey_shared::accounts::rows::find(tx, &ann))
        .unwrap()
        .unwrap();
    let bound = test
        .realm
        .store
        .read(|tx| devices::rows::bound(tx, account.id))
        .unwrap();
    assert!(bound.devices.is_empty(), "{bound:?}");
}

#[test]
fn what_is_carried_out_is_taken_in_elsewhere() {
    let mut scene = scene(SoftAuthenticator::touch_only());
    let made = scene.key.make_u2f(RP_ID, ORIGIN_OF_PAM).unwrap();
    let _ = take(
        &scene.test,
        &incoming(&login("ann"), &carried(&made, None, Some(ORIGIN_OF_PAM))),
    )
    .unwrap();
    let people = scene.test.as_root(|desk| Ok(desk.carry_out(&[]))).unwrap().unwrap();
    assert_eq!((people.len(), people[0].devices.len()), (1, 3));
    let parcel = samekey_shared::moving::parcel::Parcel::new("example.org", 1, people);
    let passphrase = "correct horse battery".into();
    let sealed = parcel.seal(scene.test.realm.entropy.as_ref(), &passphrase).unwrap();
    let opened = samekey_shared::moving::parcel::open(sealed.as_bytes(), &passphrase).unwrap();
    let setting = samekey_shared::moving::Setting { origin: "", app_id: "" };
    let rows = samekey_shared::moving::read(Format::Samekey, opened.expose(), &setting);
    let other = TestRealm::new().unwrap();
    let ann = login("ann");
    for row in rows {
        let brought = row.brought.unwrap();
        let mut one = incoming(&ann, &brought);
        (one.called, one.newcomers) = (row.called.as_deref(), Newcomers::Added);
        assert!(matches!(take(&other, &one), Ok(TakenIn::Bound(_))));
    }
    // The same store again: everything is there.
    let again = other.as_root(|desk| Ok(desk.carry_out(&[ann]))).unwrap().unwrap();
    let names: Vec<String> = again[0].devices.iter().map(|thing| format!("{thing:?}")).collect();
    assert_eq!(names, ["Totp", "Fido", "Fido"]);
    assert_eq!(scene.trail("devices-exported").len(), 1);
}
