//! A whole day at both doors on one machine, and then every log and every file of ours searched for every secret of it.

use crate::support::boxed::boxed;
use crate::support::site::{CODE_PROMPT, PASSWORD, PASSWORD_PROMPT, SHELL, Site, ssh};
use samekey_demo::Browser;
use std::path::Path;

/// The web door's password, and one that was typed by mistake.
const WEB_PASSWORD: &str = "web horse battery";
const MISTYPED: &str = "almost horse battery";

/// Whether a text holds this secret as a word of its own: six digits may stand inside any longer number.
fn holds(text: &str, secret: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.match_indices(secret).any(|(at, found)| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + found.len()..].chars().next())
    })
}

/// Every file below a folder, as text as far as it is one.
fn files_below(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else if path.is_file() {
            found.push((
                path.display().to_string(),
                String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned(),
            ));
        }
    }
    found
}

boxed! {
    fn no_secret_of_a_whole_day_stands_in_a_log_or_in_clear_in_a_file() {
        let mut site = Site::new();
        let mut ann = site.person("ann");
        site.machine.samekey(&["account", "password", "ann", "--password-stdin"], WEB_PASSWORD).unwrap();
        let sshd = site.sshd("");
        let web = site.machine.open_web_door([0, 0]).unwrap();
        let (code, wrong) = (ann.code(), ann.app.wrong_code());

        let mut shell = ssh(&sshd, "ann", &[]);
        shell.see(PASSWORD_PROMPT).unwrap();
        shell.line(PASSWORD).unwrap();
        for typed in [&wrong, &code] {
            shell.see(CODE_PROMPT).unwrap();
            shell.line(typed).unwrap();
        }
        shell.see(SHELL).unwrap();
        shell.line("env; echo that was all").unwrap();
        shell.see("\nthat was all").unwrap();

        let mut browser = Browser::default();
        let page = web.up_to_the_code(&mut browser, "ann", MISTYPED).unwrap();
        let page = browser.submit(&page.fill("password", WEB_PASSWORD).unwrap()).unwrap();
        let page = web.give_code(&mut browser, &page, &code).unwrap();
        let form = page.fill("code", "").unwrap().with("action", "choose-recovery-code");
        let page = browser.submit(&form).unwrap();
        let page = web.give_code(&mut browser, &page, &ann.recovery_codes[0]).unwrap();
        assert!(web.let_in(&page), "{}", page.text());

        let mut secrets = vec![PASSWORD.to_owned(), WEB_PASSWORD.to_owned(), MISTYPED.to_owned()];
        secrets.extend([code, wrong, ann.app.key_text(), web.client_secret.clone()]);
        secrets.extend(ann.recovery_codes.iter().flat_map(|code| [code.clone(), code.replace('-', "")]));
        // One cookie remembers how the person signed in last (R97): a word that is no secret.
        let secret = |value: &&str| !["password", "passkey"].contains(value);
        secrets.extend(browser.cookie_values().filter(secret).map(str::to_owned));
        assert!(secrets.len() > 25 && secrets.iter().all(|secret| secret.len() >= 6), "{secrets:?}");

        let mut places = vec![
            ("the system log".to_owned(), site.machine.log()),
            ("what the daemons said".to_owned(), site.machine.daemons_said()),
            ("the audit trail".to_owned(), site.trail()),
            ("the shell's environment".to_owned(), shell.shown().rsplit("env; echo").next().unwrap().to_owned()),
        ];
        places.extend(files_below(Path::new("/var/lib/samekey")));
        places.extend(files_below(Path::new("/etc/samekey")));
        assert!(places.iter().all(|(_, text)| !text.is_empty()) && places.len() > 6, "{places:?}");
        for (place, text) in &places {
            assert!(!text.contains("code="), "{place} holds an authorization code");
            for secret in &secrets {
                assert!(!holds(text, secret), "{place} holds {secret}");
            }
        }
    }
}
