//! Logins that an SSH key opened, in tests: what sshd says is believed of sshd, and of nobody else.

use crate::house::House;
use crate::peer::Peer;
use crate::scripted::{ROOT, Scene, account, start};
use crate::ssh_keys::SshTerms;
use samekey_shared::accounts::{AccountState, rows};
use samekey_shared::audit::{self, Actor};
use samekey_shared::devices::ssh_key::{NewKey, Verification};
use samekey_shared::devices::{self, Device, Unbinding, UnboundWhy};
use samekey_shared::flows::{Authority, bind_ssh_key};
use samekey_shared::ids::AccountId;
use samekey_shared::source::Door;
use samekey_shared::ssh::PublicKey;
use samekey_wire::{Call, Reason, Start, Verdict};
use std::sync::Arc;

/// What sshd says of a key that is a file.
pub const PLAIN: &str = "publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n";
/// And of one in an authenticator.
const SK: &str = "publickey sk-ssh-ed25519@openssh.com \
    AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHAAAABHNzaDo=\n";
/// The user that sshd asks for keys as, on every machine that runs these tests.
const ASKER: &str = "daemon";
const DAEMON: Peer = Peer { uid: 1, pid: None };

const STRICT: &str = "version = 1\n[default]\nlevel = \"highest\"\ngrace = \"0s\"\n";

impl Scene {
    /// On a host whose sshd verifies, or does not.
    fn with_sshd(verifies: bool) -> Self {
        let mut scene = Self::new();
        let terms = SshTerms {
            verifies,
            keys_user: Some(ASKER.into()),
        };
        scene.house = House::new(Arc::clone(&scene.test.realm), "web1".into()).with_ssh(terms);
        scene
    }

    fn enrol(&self, told: &str, verification: Verification) -> Device {
        self.enrol_for(self.account, told, verification)
    }

    fn enrol_for(&self, account: AccountId, told: &str, verification: Verification) -> Device {
        let key = PublicKey::from_file(told.strip_prefix("publickey ").unwrap()).unwrap();
        let new = NewKey::new(key, verification);
        let by = Authority::new(Actor::Operator { uid: 0 }, Door::Command);
        let name = "laptop".parse().unwrap();
        bind_ssh_key::enrol(&self.test.realm, &by, account, &name, &new).unwrap()
    }

    fn events(&self, kind: &str) -> Vec<String> {
        let all = self.test.realm.store.read(|tx| audit::tail(tx, 50)).unwrap();
        all.into_iter()
            .filter(|one| one.kind == kind)
            .map(|one| one.event)
            .collect()
    }
}

/// The login whose first factor was this key, in the phase that asks.
fn keyed(told: &str) -> Start {
    Start {
        auth_info: Some(told.into()),
        had_password: false,
        ..start("demo")
    }
}

fn keys_of(user: &str) -> Start {
    Start {
        call: Call::SshKeys,
        ..start(user)
    }
}

#[test]
fn an_enrolled_key_that_checks_its_person_is_the_second_factor_in_both_phases() {
    let scene = Scene::with_sshd(true);
    scene.test.policy(STRICT).unwrap();
    let device = scene.enrol(SK, Verification::Demanded);
    for login in [keyed(SK), account("demo", SK)] {
        let went = scene.play(ROOT, login, &[]);
        assert_eq!(went.verdict, Some(Verdict::KeyShown), "{:?}", went.shown);
    }
    let told = scene.events("sign-in-granted");
    assert_eq!(told.len(), 2);
    for event in &told {
        assert!(event.contains(&format!("\"device\":\"{}\"", device.id)), "{event}");
        assert!(
            event.contains("\"user_verified\":\"true\"") && event.contains("\"level\":\"highest\""),
            "{event}"
        );
    }
    let used = scene
        .test
        .realm
        .store
        .read(|tx| devices::rows::bound(tx, scene.account))
        .unwrap();
    let used = used.devices.into_iter().find(|one| one.id == device.id).unwrap();
    assert_eq!(used.last_used.unwrap().service.as_deref(), Some("pam:sshd"));
}

#[test]
fn whatever_is_missing_the_code_is_asked() {
    let asks = |scene: &Scene, login: Start| {
        let went = scene.play(ROOT, login, &[]);
        went.verdict.is_none() && went.shown.concat().contains("Verification code")
    };
    let scene = Scene::with_sshd(true);
    assert!(asks(&scene, keyed(SK)), "not enrolled");
    scene.enrol(SK, Verification::NotDemanded);
    assert!(asks(&scene, keyed(SK)), "enrolled without verification");
    let scene = Scene::with_sshd(false);
    scene.enrol(SK, Verification::Demanded);
    assert!(asks(&scene, keyed(SK)), "an sshd that may take it without");
    let scene = Scene::with_sshd(true);
    scene.enrol(PLAIN, Verification::Demanded);
    assert!(asks(&scene, keyed(PLAIN)), "a file");

    let scene = Scene::with_sshd(true);
    let device = scene.enrol(SK, Verification::Demanded);
    for (what, told) in [
        ("another key", PLAIN.to_owned()),
        ("its application differs", SK.replace("AAAABHNzaDo=", "AAAABHNzaD0=")),
        ("not as sshd writes it", SK.replace('\n', " verified\n")),
        ("no line of its own", SK.replace("publickey", "hostbased")),
        ("nothing", String::new()),
    ] {
        assert!(asks(&scene, keyed(&told)), "{what}");
    }
    let elsewhere = Start {
        service: "login".into(),
        ..keyed(SK)
    };
    assert!(
        asks(&scene, elsewhere),
        "who is not sshd may find anything in its environment"
    );
    let end = Unbinding {
        at: scene.test.realm.clock.now(),
        by: "ops".into(),
        why: UnboundWhy::Administrator,
    };
    let gone = |tx: &mut samekey_shared::store::Tx<'_>| devices::rows::unbind(tx, scene.account, device.id, &end);
    scene.test.realm.store.write(gone).unwrap();
    assert!(asks(&scene, keyed(SK)), "unbound");
}

#[test]
fn the_policy_may_refuse_the_method_and_ask_for_more() {
    for terms in ["methods = [\"totp\"]\nlevel = \"high\"", "level = \"hardware\""] {
        let scene = Scene::with_sshd(true);
        scene.enrol(SK, Verification::Demanded);
        scene
            .test
            .policy(&format!("version = 1\n[default]\n{terms}\ngrace = \"0s\"\n"))
            .unwrap();
        assert_ne!(
            scene.play(ROOT, keyed(SK), &[]).verdict,
            Some(Verdict::KeyShown),
            "{terms}"
        );
    }
}

#[test]
fn another_accounts_key_and_an_unprivileged_word_prove_nothing() {
    let scene = Scene::with_sshd(true);
    scene.enrol(SK, Verification::Demanded);
    scene.test.account("daemon", "").unwrap();
    scene.test.policy(STRICT).unwrap();
    let other = Start {
        user: "daemon".into(),
        ..keyed(SK)
    };
    assert_ne!(scene.play(ROOT, other, &[]).verdict, Some(Verdict::KeyShown));
    let scene = Scene::with_sshd(true);
    let daemon = scene.test.account("daemon", "").unwrap();
    scene.enrol_for(daemon, SK, Verification::Demanded);
    let claim = || Start {
        user: "daemon".into(),
        ..keyed(SK)
    };
    assert_eq!(scene.play(ROOT, claim(), &[]).verdict, Some(Verdict::KeyShown));
    assert_ne!(scene.play(DAEMON, claim(), &[]).verdict, Some(Verdict::KeyShown));
}

#[test]
fn an_automations_key_is_exempt_from_its_network_and_from_nowhere_else() {
    let scene = Scene::with_sshd(false);
    let print = PublicKey::from_file(PLAIN.strip_prefix("publickey ").unwrap())
        .unwrap()
        .fingerprint();
    let policy = format!(
        "version = 1\n[networks]\nbastion = [\"192.0.2.0/28\"]\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n\
         [[exception]]\nname = \"robot\"\nwhen = {{ users = [\"demo\"], services = [\"pam:sshd\"], \
         key = [\"{print}\"], source = [\"bastion\"] }}\nallow = {{ level = \"none\" }}\nreason = \"nightly\"\n\
         approved-by = \"ops\"\nautomation = true\n"
    );
    scene.test.policy(&policy).unwrap();
    let verdict = |start: Start| scene.play(ROOT, start, &[]).verdict;
    assert_eq!(verdict(keyed(PLAIN)), Some(Verdict::Exempt));
    assert_eq!(verdict(account("demo", PLAIN)), Some(Verdict::Exempt));
    let from = |address: &str| Start {
        rhost: Some(address.into()),
        ssh_connection: Some(format!("{address} 4711 192.0.2.1 22")),
        ..keyed(PLAIN)
    };
    assert_eq!(verdict(from("192.0.2.15")), Some(Verdict::Exempt));
    assert_eq!(verdict(from("192.0.2.16")), None, "another network is asked");
    let unknown = Start {
        rhost: Some("bastion.example".into()),
        ssh_connection: None,
        ..keyed(PLAIN)
    };
    assert_eq!(verdict(unknown), None, "an unknown one too");
    assert_eq!(verdict(keyed(SK)), None, "another key is asked");
    assert_eq!(
        verdict(keyed(&PLAIN.replace('\n', " x\n"))),
        None,
        "an unreadable one too"
    );
}

#[test]
fn keys_are_told_to_sshd_to_root_and_to_their_own_person() {
    let scene = Scene::with_sshd(true);
    scene.enrol(SK, Verification::Demanded);
    let line = format!(
        "verify-required {} samekey:laptop",
        SK.strip_prefix("publickey ").unwrap().trim()
    );
    for peer in [ROOT, DAEMON] {
        let went = scene.play(peer, keys_of("demo"), &[]);
        assert_eq!((went.verdict, went.shown), (Some(Verdict::Exempt), vec![line.clone()]));
        for nobody in ["eve", "-oProxy", "", "a b"] {
            let went = scene.play(peer, keys_of(nobody), &[]);
            assert_eq!((went.verdict, went.shown), (Some(Verdict::Exempt), vec![]), "{nobody}");
        }
    }
    let stranger = Peer { uid: 65534, pid: None };
    let went = scene.play(stranger, keys_of("demo"), &[]);
    let reason = Reason::PeerRefused;
    assert_eq!((went.verdict, went.shown), (Some(Verdict::Refused { reason }), vec![]));

    for state in [AccountState::Locked, AccountState::Disabled] {
        scene
            .test
            .realm
            .store
            .write(|tx| rows::set_state(tx, scene.account, state))
            .unwrap();
        let went = scene.play(ROOT, keys_of("demo"), &[]);
        assert_eq!((went.verdict, went.shown), (Some(Verdict::Exempt), vec![]), "{state}");
    }
}
