//! Show 4: a first login by real ssh binds an app inside its conversation; the QR code is read from what the terminal
//! showed, and the app that read it then opens the web.

use crate::browser::first_sign_in::newcomer;
use crate::browser::scene::{Scene, give_code};
use crate::support::boxed::boxed;
use crate::support::site::{PASSWORD, PASSWORD_PROMPT, SHELL};
use samekey_demo::machine::Sshd;
use samekey_demo::{App, Terminal};
use serde_json::Value;

const IN_TERMINAL: &str = "enroll-in-terminal = true\n";
const KEY: &str = "Add this key to an authenticator app:";
const CODE: &str = "(Enter to leave): ";
const CODE_OR_QR: &str = "(q for a QR code, Enter to leave): ";
const KEPT: &str = "Press Enter when you have kept them: ";
/// A stack that goes on after a wrong password and fails at its end.
const RUNS_ON: &str = "\
auth     required                                pam_unix.so
auth     [success=ok ignore=ignore default=die]  pam_samekey.so
account  required                                pam_samekey.so
account  required                                pam_unix.so
session  required                                pam_unix.so
";

/// Light and dark modules, each a pixel square.
const SCALE: usize = 6;

/// Bob has an account on the machine too, and nothing bound.
fn stage(settings: &str) -> (Scene, Sshd) {
    let mut scene = newcomer(settings);
    scene.site.machine.add_person("bob", PASSWORD).unwrap();
    let sshd = scene.site.sshd("");
    (scene, sshd)
}

/// The real client, in a locale in which it shows more than ASCII.
fn ssh(sshd: &Sshd) -> Terminal {
    let further = ["-o", "NumberOfPasswordPrompts=1"];
    let words = ["LC_ALL=C.UTF-8".into(), "ssh".into()];
    let arguments = sshd.arguments("bob", &further);
    let all = words.into_iter().chain(arguments.into_iter().map(Into::into));
    let all: Vec<std::ffi::OsString> = all.collect();
    Terminal::start("env", all).unwrap()
}

fn give_password(ssh: &mut Terminal, password: &str) {
    ssh.see(PASSWORD_PROMPT).unwrap();
    ssh.line(password).unwrap();
}

/// Reads the QR code that stands in these lines, as a camera would.
fn scanned(shown: &str) -> String {
    let blocks = |line: &&str| line.chars().count() > 20 && line.chars().all(|c| "█▀▄ ".contains(c));
    let lines: Vec<Vec<char>> = shown
        .lines()
        .filter(blocks)
        .map(|line| line.chars().collect())
        .collect();
    assert!(lines.len() > 10, "no QR code in {shown}");
    let (columns, rows) = (lines[0].len(), lines.len() * 2);
    let light = |x: usize, y: usize| match lines[y / 2].get(x) {
        Some('█') => true,
        Some('▀') => y.is_multiple_of(2),
        Some('▄') => y % 2 == 1,
        _ => false,
    };
    // Around it the terminal is dark: the quiet zone is what is drawn.
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(columns * SCALE, rows * SCALE, |x, y| {
        if light(x / SCALE, y / SCALE) { 255 } else { 0 }
    });
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1, "{shown}");
    grids[0].decode().unwrap().1
}

fn bound(scene: &Scene) -> usize {
    let words = ["device", "list", "--user", "bob", "--json"];
    let said = scene.site.machine.samekey(&words, "").unwrap();
    let listed: Value = serde_json::from_str(&said).unwrap();
    listed["devices"].as_array().unwrap().len()
}

boxed! {
    fn a_first_ssh_login_binds_an_app_by_qr_code_and_the_app_opens_the_web() {
        let (scene, sshd) = stage(IN_TERMINAL);
        let mut ssh = ssh(&sshd);
        give_password(&mut ssh, PASSWORD);
        ssh.see(KEY).unwrap();
        ssh.see(CODE_OR_QR).unwrap();
        let before = ssh.shown().len();
        ssh.line("q").unwrap();
        ssh.see(CODE).unwrap();
        let app = App::scan(&scanned(&ssh.shown()[before..])).unwrap();
        let step = app.step();
        ssh.line(&app.code(step)).unwrap();
        ssh.see(KEPT).unwrap();
        ssh.line("").unwrap();
        ssh.see(SHELL).unwrap();
        ssh.line("echo I am $(id -un)").unwrap();
        ssh.see("I am bob").unwrap();
        assert_eq!(bound(&scene), 2, "the app and its recovery codes");
        assert!(scene.site.told(&["device-bound", "bob", "pam:sshd"]), "{}", scene.site.trail());

        let window = scene.chromium.window();
        scene.up_to_the_second_factor(&window, "bob", "mfa");
        give_code(&window, &app.code(step));
        window.see("used already");
        give_code(&window, &app.code(step + 1));
        scene.claims(&window);
    }

    fn hanging_up_binds_nothing() {
        let (scene, sshd) = stage(IN_TERMINAL);
        let mut ssh = ssh(&sshd);
        give_password(&mut ssh, PASSWORD);
        ssh.see(CODE_OR_QR).unwrap();
        ssh.kill();
        assert_eq!(bound(&scene), 0);
    }

    fn after_a_wrong_password_nothing_is_bound_whatever_the_stack() {
        let (scene, sshd) = stage(IN_TERMINAL);
        scene.site.machine.pam("sshd", RUNS_ON).unwrap();
        for password in ["wrong", PASSWORD] {
            let mut ssh = ssh(&sshd);
            give_password(&mut ssh, password);
            ssh.see("Permission denied").unwrap();
            ssh.end().unwrap();
            assert!(!ssh.shown().contains(KEY), "{}", ssh.shown());
        }
        assert_eq!(bound(&scene), 0);
    }

    fn where_terminals_may_not_bind_the_login_leads_to_the_page() {
        let (scene, sshd) = stage("");
        // The agent was there before the provider's address was.
        let mut scene = scene;
        scene.site.machine.stop("samekey-agent");
        scene.site.machine.start_agent().unwrap();
        let mut ssh = ssh(&sshd);
        give_password(&mut ssh, PASSWORD);
        ssh.see("/bind").unwrap();
        ssh.see("Press Enter to end this login").unwrap();
        ssh.see(": ").unwrap();
        ssh.line("").unwrap();
        ssh.see("Permission denied").unwrap();
        assert!(scene.site.told(&["ticket-issued", "bob"]), "{}", scene.site.trail());
        assert_eq!(bound(&scene), 0);
    }
}
