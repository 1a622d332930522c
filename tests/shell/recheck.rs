//! Q12 in a real ssh: the same key from the same place is asked once in twelve hours, and anything else each time.

use crate::support::boxed::boxed;
use crate::support::earlier;
use crate::support::site::{CODE_PROMPT, PASSWORD, PASSWORD_PROMPT, Person, SHELL, Site, ssh};
use samekey_demo::Terminal;
use samekey_demo::machine::{Sshd, run};

const HOUR: i64 = 3600;

/// Ours says nothing of whom it spares, so another module has to say yes (decision 3).
const AFTER_A_KEY: &str = "auth required pam_permit.so\nauth required pam_samekey.so\n\
    account required pam_unix.so\naccount required pam_samekey.so\nsession required pam_unix.so\n";

const HALF_A_DAY: &str = "version = 1\n[default]\nlevel = \"high\"\ngrace = \"0s\"\nrecheck = \"12h\"\n\
    methods = [\"totp\", \"recovery-code\"]\n";

/// A site whose ssh asks a key and then us, Ann with her key there, and one login by key and code behind her.
fn entered() -> (Site, Sshd, Person, String) {
    let mut site = Site::new();
    site.policy(HALF_A_DAY);
    let mut ann = site.person("ann");
    site.machine.pam("sshd", AFTER_A_KEY).unwrap();
    let sshd = site.sshd("AuthenticationMethods publickey,keyboard-interactive:pam");
    let key = ann.key();
    let mut first = login(&sshd, &key);
    first.see(CODE_PROMPT).unwrap();
    first.line(&ann.code()).unwrap();
    first.see(SHELL).unwrap();
    (site, sshd, ann, key)
}

fn login(sshd: &Sshd, key: &str) -> Terminal {
    ssh(sshd, "ann", &["-i", key, "-o", "IdentitiesOnly=yes"])
}

fn asks(sshd: &Sshd, key: &str) -> bool {
    let mut again = login(sshd, key);
    again.see_any(&[SHELL, CODE_PROMPT]).unwrap() == 1
}

boxed! {
    fn the_same_key_from_the_same_place_is_asked_once_in_twelve_hours() {
        let (site, sshd, _ann, key) = entered();
        assert!(!asks(&sshd, &key), "{}", site.trail());
        assert!(site.told(&["sign-in-granted", "\"spared\":\"rechecked\""]), "{}", site.trail());
        // Whoever is in and wants to be root is asked.
        let mut sudo = Terminal::start("runuser", ["-u", "ann", "--", "sudo", "id", "-un"]).unwrap();
        sudo.see(PASSWORD_PROMPT.trim_end_matches(": ")).unwrap();
        sudo.line(PASSWORD).unwrap();
        sudo.see(CODE_PROMPT).unwrap();
        earlier::by(11 * HOUR);
        assert!(!asks(&sshd, &key));
        earlier::by(HOUR);
        assert!(asks(&sshd, &key), "twelve hours are over");
    }

    fn another_key_another_policy_and_a_clock_set_back_are_asked() {
        let (site, sshd, ann, key) = entered();
        run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", "/root/other.key"], "").unwrap();
        let both = ["cat /root/other.key.pub >> /home/ann/.ssh/authorized_keys"];
        run("sh", &["-c", both[0]], "").unwrap();
        assert!(asks(&sshd, "/root/other.key"), "another key");
        assert!(!asks(&sshd, &key));
        earlier::by(-HOUR);
        let mut future = login(&sshd, &key);
        future.see(CODE_PROMPT).unwrap();
        future.line(&ann.app.wrong_code()).unwrap();
        future.see("That code is not right.").unwrap();
        earlier::by(HOUR);
        assert!(asks(&sshd, &key), "and so dead");
        site.policy(&format!("{HALF_A_DAY}[settings]\ncontact = \"helpdesk\"\n"));
        assert!(asks(&sshd, &key), "another policy");
    }

    fn an_unbound_device_ends_it() {
        let (site, sshd, _ann, key) = entered();
        assert!(!asks(&sshd, &key));
        site.machine.samekey(&["recovery-codes", "new", "--user", "ann", "--yes"], "").unwrap();
        assert!(asks(&sshd, &key));
    }
}
