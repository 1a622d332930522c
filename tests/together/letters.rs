//! Letters on the way that they take in earnest: the provider's own thread, a real mail server with TLS and a sign-in, a `sendmail`; refused,
//! cut off, slow, distrusted: nothing is lost.

use crate::support::boxed::boxed;
use crate::support::post_office::{PostOffice, Security, text};
use crate::support::site::Site;
use samekey_demo::machine::run;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const ADDRESS: &str = "ann@mail.example";
/// What the letter says that asks somebody to confirm an address.
const CONFIRM: &str = "Your administrator gave your account this address";

/// A realm with an account, whose provider does not run yet.
fn site() -> Site {
    let site = Site::new();
    site.machine.samekey(&["account", "add", "ann"], "").unwrap();
    site
}

/// Lets it send letters so, and starts its provider.
fn start(site: &mut Site, section: &str) {
    site.machine.configure(section).unwrap();
    site.machine.open_web_door([0, 0]).unwrap();
}

/// Has a letter written.
fn write(site: &Site) {
    let words = ["device", "bind", "email", "--user", "ann", "--address", ADDRESS];
    site.machine.samekey(&words, "").unwrap();
}

/// What waits to be sent.
fn queue(site: &Site) -> Vec<Value> {
    let said = site.machine.samekey(&["mail", "queue", "--json"], "").unwrap();
    let queue: Value = serde_json::from_str(&said).unwrap();
    queue["letters"].as_array().unwrap().clone()
}

fn wait_until_sent(site: &Site) {
    site.machine
        .until("an empty queue", |_| queue(site).is_empty())
        .unwrap();
}

/// Waits until the letter has been tried, and says why it waits.
fn trouble(site: &Site) -> String {
    let tried = || {
        queue(site)
            .first()
            .and_then(|one| one["trouble"].as_str().map(str::to_owned))
    };
    site.machine.until("a try", |_| tried().is_some()).unwrap();
    tried().unwrap()
}

/// A `sendmail` that leaves with these codes one after the other (sysexits.h), then takes letters.
fn sendmail(codes: &[u8]) {
    let script = "#!/bin/sh\n# Takes a letter as sendmail does: addresses as arguments, the letter on standard input.\n\
        set -eu\ncode=$(head -n 1 /run/letters/codes)\nsed -i 1d /run/letters/codes\n\
        [ -z \"$code\" ] || { echo \"not now\" >&2; exit \"$code\"; }\n\
        file=$(mktemp /run/letters/XXXXXX.part)\nprintf '%s\\n' \"$*\" >\"$file\"\ncat >>\"$file\"\nmv \"$file\" \"${file%.part}.eml\"\n";
    std::fs::write("/usr/sbin/sendmail.new", script).unwrap();
    std::fs::set_permissions("/usr/sbin/sendmail.new", std::fs::Permissions::from_mode(0o755)).unwrap();
    // In one step, and as a file of its own: there may be a link to a real one.
    std::fs::rename("/usr/sbin/sendmail.new", "/usr/sbin/sendmail").unwrap();
    run("install", &["-d", "-o", "samekey", "-g", "samekey", "/run/letters"], "").unwrap();
    let codes: Vec<String> = codes.iter().map(u8::to_string).collect();
    std::fs::write("/run/letters/codes", codes.join("\n") + "\n\n\n\n\n").unwrap();
    run("chown", &["samekey", "/run/letters/codes"], "").unwrap();
}

fn taken_by_sendmail() -> Vec<String> {
    let whole = |path: &Path| path.extension().is_some_and(|end| end == "eml");
    let entries = std::fs::read_dir("/run/letters")
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| whole(path))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

/// Without our authority the server's certificate is nobody's word.
fn distrusted(security: Security) {
    let mut site = site();
    let office = PostOffice::open(security);
    let section = office.section();
    let distrusting: Vec<&str> = section.lines().filter(|line| !line.starts_with("ca-file")).collect();
    start(&mut site, &distrusting.join("\n"));
    write(&site);
    let why = trouble(&site).to_lowercase();
    assert!(why.contains("certificate"), "{why}");
    assert_eq!((office.letters().len(), queue(&site).len()), (0, 1));
}

boxed! {
    fn a_server_with_tls_that_refuses_cuts_off_and_is_slow_gets_every_letter() {
        let mut site = site();
        let office = PostOffice::open(Security::Tls);
        start(&mut site, &office.section());
        office.manners(&["451", "drop", "slow"]);
        write(&site);
        // Refused; five seconds later taken and cut off; fifteen seconds later taken again, under the same name.
        let letters = office.letters_that_say(CONFIRM, 2);
        wait_until_sent(&site);
        assert_eq!(office.refused("451"), 1);
        assert_eq!(office.letters().len(), 2, "{letters:#?}");
        assert_eq!(letters[0]["id"], letters[1]["id"], "a reader's program can tell a double");
        assert!(letters.iter().all(|one| one["tls"].as_str().unwrap().starts_with("TLSv1.") && one["user"] == "samekey"));
        assert!(!site.told(&["letter-given-up"]), "{}", site.trail());

        // An address that does not exist is given up at once.
        office.manners(&["550"]);
        write(&site);
        site.machine.until("the trail", |_| site.told(&["letter-given-up", "ann"])).unwrap();
        assert!(queue(&site).is_empty());

        // Past the queue.
        let said = site.machine.samekey(&["mail", "test", ADDRESS, "--json"], "").unwrap();
        assert!(said.contains(ADDRESS), "{said}");
        assert!(office.letters().iter().any(|one| text(one).contains("a letter to try whether letters arrive")));
        office.manners(&["550"]);
        let refused = site.machine.samekey(&["mail", "test", ADDRESS], "").unwrap_err().to_string();
        assert!(refused.contains("not taken") && refused.contains("550"), "{refused}");
    }

    fn a_server_whose_certificate_nobody_vouches_for_gets_nothing_and_the_letter_waits() {
        distrusted(Security::Tls);
    }

    fn starttls_is_not_spared_where_the_certificate_is_doubtful() {
        distrusted(Security::Starttls);
    }

    fn the_machines_own_sendmail_is_tried_again_until_it_takes_the_letter() {
        let section = "[mail]\ntransport = \"sendmail\"\nfrom = \"Samekey <no-reply@example.org>\"\n";
        let mut site = site();
        // EX_TEMPFAIL.
        sendmail(&[75]);
        start(&mut site, section);
        write(&site);
        assert!(trouble(&site).contains("not now"));
        wait_until_sent(&site);
        let letters = taken_by_sendmail();
        assert_eq!(letters.len(), 1);
        let (arguments, letter) = letters[0].split_once('\n').unwrap();
        assert_eq!(arguments, format!("-i -f no-reply@example.org -- {ADDRESS}"));
        assert!(letter.contains(&format!("To: {ADDRESS}")) && letter.contains("/security/email/confirm?link="), "{letter}");

        // EX_NOUSER.
        sendmail(&[67]);
        write(&site);
        site.machine.until("the trail", |_| site.told(&["letter-given-up", "not now"])).unwrap();
        wait_until_sent(&site);
        assert_eq!(taken_by_sendmail().len(), 1);

        let said = site.machine.samekey(&["mail", "test", ADDRESS], "").unwrap();
        assert!(said.trim().is_empty(), "{said}");
        assert_eq!(taken_by_sendmail().len(), 2);
    }
}
