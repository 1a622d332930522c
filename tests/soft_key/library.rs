//! The software key passes for a real one: the library that samekey-key uses finds it, registers, asserts, and fails as it should.

use crate::support::boxed::{boxed, target, tree};
use crate::support::soft_key::{Settings, SoftKey, built, until};
use samekey_soft_key::order::Touch;
use serde_json::{Value, json};
use std::io::Read;
use std::process::{Child, Command, Stdio};

const RP: &str = "example.org";
const PIN: &str = "0815 ab";

/// A probe that runs.
struct Probe(Child);

fn probe(arguments: &[&str]) -> Probe {
    let mut command = Command::new(built("key_probe"));
    command.args(arguments).stdin(Stdio::null());
    Probe(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

impl Probe {
    /// What it prints; or, when it fails, what it complains about.
    fn ends(mut self) -> Result<Value, String> {
        let mut status = None;
        until("the probe to end", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        let (mut out, mut err) = (String::new(), String::new());
        self.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        self.0.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        if status.unwrap().success() {
            // The library prints lines of its own before.
            Ok(serde_json::from_str(out.lines().last().unwrap()).unwrap())
        } else {
            Err(err)
        }
    }

    /// Kills it; the kernel must let it go although the key has not answered.
    fn kill(mut self) {
        self.0.kill().unwrap();
        until("the killed probe to go", || self.0.try_wait().unwrap().is_some());
    }
}

fn asks(arguments: &[&str]) -> Result<Value, String> {
    probe(arguments).ends()
}

/// It must fail, with this in its complaint.
fn fails(result: Result<Value, String>, with: &str) {
    let why = result.expect_err(with);
    assert!(why.contains(with), "{with}: {why}");
}

/// A credential on a key.
struct Made {
    node: String,
    id: String,
    public: String,
}

fn made(key: &SoftKey, pin: Option<&str>) -> Made {
    let node = key.node().display().to_string();
    let mut arguments = vec!["register", &node, RP];
    arguments.extend(pin);
    let told = asks(&arguments).unwrap();
    assert_eq!(
        (&told["signed"], &told["verified"]),
        (&json!(true), &json!(pin.is_some())),
        "{told}"
    );
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let (id, public) = (text("id"), text("public"));
    Made { node, id, public }
}

impl Made {
    fn starts(&self, how: &[&str]) -> Probe {
        probe(&[&["assert", &self.node, RP, &self.id, &self.public], how].concat())
    }

    fn asserts(&self, how: &[&str]) -> Result<Value, String> {
        self.starts(how).ends()
    }

    /// With a touch that is given; the counter.
    fn is_good(&self) -> u64 {
        let told = self.asserts(&["touch"]).unwrap();
        assert_eq!(
            (&told["signed"], &told["present"]),
            (&json!(true), &json!(true)),
            "{told}"
        );
        told["count"].as_u64().unwrap()
    }
}

boxed! {
    fn the_real_library_finds_the_key_registers_and_asserts() {
        assert_eq!(asks(&["list"]), Ok(json!([])), "none of this machine's own");
        let key = SoftKey::start();
        assert_eq!(asks(&["list"]), Ok(json!(["/dev/hidraw0"])));
        let made = made(&key, None);
        let (first, second) = (made.is_good(), made.is_good());
        assert!(second > first, "{first}, then {second}");
        let told = key.told();
        assert_eq!((told.touches, told.asked, told.waits), (3, 3, false));
        let last = told.requests.last().unwrap();
        assert_eq!((last.command.as_str(), last.listed, last.token), ("get-assertion", Some(1), false), "{last:?}");
        assert_eq!(last.rp_id.as_deref(), Some(RP));
        let other = asks(&["assert", &made.node, "example.com", &made.id, &made.public, "touch"]);
        fails(other, "0x2E"); // for another relying party the key knows nothing
    }

    fn a_pin_verifies_and_wrong_ones_are_counted() {
        let key = SoftKey::with_pin(PIN);
        let made = made(&key, Some(PIN));
        let told = made.asserts(&["pin", PIN]).unwrap();
        assert_eq!((&told["signed"], &told["verified"]), (&json!(true), &json!(true)), "{told}");
        for left in [7, 6] {
            fails(made.asserts(&["pin", "wrong"]), "0x31");
            assert_eq!(asks(&["tries", &made.node]), Ok(json!(left)));
            assert_eq!(key.told().pin_tries, left);
        }
        fails(made.asserts(&["pin", "wrong"]), "0x34"); // three in a row: first pull it out
        fails(made.asserts(&["pin", PIN]), "0x34");
        key.unplug();
        key.plug();
        assert!(made.asserts(&["pin", PIN]).is_ok());
        assert_eq!(key.told().pin_tries, 8);
        key.pin_tries(0);
        fails(made.asserts(&["pin", PIN]), "0x32"); // blocked for good
        made.is_good();
    }

    fn a_finger_that_the_sensor_knows_verifies() {
        let key = SoftKey::with(Settings { pin: Some(PIN.to_owned()), built_in_verification: true, ..Settings::default() });
        let made = made(&key, Some(PIN));
        let told = made.asserts(&["verify"]).unwrap();
        assert_eq!((&told["signed"], &told["verified"]), (&json!(true), &json!(true)), "{told}");
        key.finger(false);
        assert!(made.asserts(&["verify"]).is_err());
        assert_eq!(made.asserts(&["touch"]).unwrap()["verified"], json!(false));
    }

    fn a_touch_that_is_refused_or_late_fails_and_says_so() {
        let key = SoftKey::start();
        let made = made(&key, None);
        key.touch(Touch::Deny);
        fails(made.asserts(&["touch"]), "0x27");
        key.touch(Touch::TimeOut);
        fails(made.asserts(&["touch"]), "0x2F");
        key.touch(Touch::Auto);
        made.is_good();
    }

    fn a_touch_is_waited_for_and_who_waits_can_be_killed() {
        let key = SoftKey::start();
        let made = made(&key, None);
        key.touch(Touch::Wait);
        let waits = made.starts(&["touch"]);
        key.until_it_waits();
        key.tap();
        assert_eq!(waits.ends().unwrap()["signed"], json!(true));
        key.touch(Touch::Never);
        let never = made.starts(&["touch"]);
        key.until_it_waits();
        key.tap();
        assert!(key.told().waits, "it never touches");
        never.kill();
        // As a real key does, it blinks on: it cannot know that nobody waits any more.
        assert!(key.told().waits);
        key.unplug();
        key.plug();
        key.touch(Touch::Auto);
        made.is_good();
    }

    fn who_waits_for_a_mute_key_can_be_killed() {
        let key = SoftKey::start();
        let made = made(&key, None);
        let before = key.told().frames;
        key.mute(true);
        let hangs = made.starts(&["touch"]);
        until("its first frame", || key.told().frames > before);
        hangs.kill();
        assert_eq!(asks(&["list"]), Ok(json!(["/dev/hidraw0"])), "it is still listed");
        key.mute(false);
        made.is_good();
    }

    fn a_key_pulled_out_half_way_is_an_error_at_once_and_works_when_put_in_again() {
        let key = SoftKey::start();
        let made = made(&key, None);
        key.touch(Touch::Wait);
        let waits = made.starts(&["touch"]);
        key.until_it_waits();
        key.unplug();
        fails(waits.ends(), "read err");
        assert!(!key.node().exists());
        assert_eq!(asks(&["list"]), Ok(json!([])));
        assert!(made.asserts(&["touch"]).is_err());
        key.plug();
        key.touch(Touch::Auto);
        made.is_good();
    }

    fn of_two_keys_a_silent_look_tells_which_holds_the_credential() {
        let (one, two) = (SoftKey::start(), SoftKey::start());
        assert_eq!(asks(&["list"]), Ok(json!(["/dev/hidraw0", "/dev/hidraw1"])));
        let made = made(&two, None);
        let told = made.asserts(&["silent"]).unwrap();
        assert_eq!((&told["signed"], &told["present"]), (&json!(true), &json!(false)), "{told}");
        assert_eq!(two.told().asked, 1, "only by the registration");
        assert_eq!(two.told().requests.last().unwrap().up, Some(false));
        let elsewhere = Made { node: one.node().display().to_string(), ..made };
        fails(elsewhere.asserts(&["silent"]), "0x2E");
        assert_eq!(one.told().asked, 0);
    }

    fn a_credential_moves_to_another_key_and_its_counter_goes_on() {
        let (one, two) = (SoftKey::start(), SoftKey::start());
        one.import_json(include_str!("chromium_credential.json"));
        let moved = one.export().remove(0);
        two.import(&moved);
        let public = include_str!("chromium_public_key.txt").trim().to_owned();
        for key in [&one, &two] {
            let made = Made { node: key.node().display().to_string(), id: moved.credential_id.clone(), public: public.clone() };
            let told = asks(&["assert", &made.node, &moved.rp_id, &made.id, &made.public, "touch"]).unwrap();
            assert_eq!(told["signed"], json!(true), "{told}");
            assert!(told["count"].as_u64().unwrap() > u64::from(moved.sign_count), "{told}");
        }
    }
}

/// Lines of a file of `/proc` with this text in them.
fn lines_with(file: &str, text: &str) -> Vec<String> {
    let all = std::fs::read_to_string(file).unwrap();
    all.lines()
        .filter(|line| line.contains(text))
        .map(str::to_owned)
        .collect()
}

/// The processes with this text in their command line.
fn processes(text: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .filter(|line| String::from_utf8_lossy(line).contains(text))
        .count()
}

boxed! {
    fn nothing_is_left_of_a_key_whose_box_was_killed() {
        // A box in this box, which is its outside.
        let settings = json!({"number": 7, "preload": built("libsamekey_soft_key_preload.so")}).to_string();
        let mut key = Command::new(tree().join("demo/box.sh"))
            .arg("--see")
            .arg(target())
            .args(["/bin/bash", "-c", r#""$0" "$1" & until [ -S /run/soft-key-7.sock ]; do sleep 0.02; done; echo lives; wait"#])
            .arg(built("soft-key"))
            .arg(&settings)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lives = [0; 5];
        key.stdout.take().unwrap().read_exact(&mut lives).unwrap();
        assert_eq!(&lives, b"lives");
        assert!(processes(&settings) > 0);
        assert_eq!(lines_with("/proc/self/mountinfo", "soft-key"), [""; 0], "seen outside");
        key.kill().unwrap();
        key.wait().unwrap();
        until("every process of the box to end", || processes(&settings) == 0);
        assert!(!std::path::Path::new("/dev/hidraw7").exists());
    }
}
