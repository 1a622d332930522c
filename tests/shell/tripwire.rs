//! The account phase: a login that went around our line in `auth` is refused, and the person is told why.

use crate::support::boxed::boxed;
use crate::support::site::{PASSWORD, PASSWORD_PROMPT, SHELL, Site, ssh};
use samekey_demo::machine::STACK;

const TOLD: &str = "A second factor is required; your login did not pass it.";

boxed! {
    fn a_public_key_alone_is_refused() {
        let mut site = Site::new();
        let ann = site.person("ann");
        let sshd = site.sshd("");
        let key = ann.key();
        let mut ssh = ssh(&sshd, "ann", &["-i", &key, "-o", "PreferredAuthentications=publickey"]);
        let status = ssh.end().unwrap();
        assert!(ssh.shown().contains(TOLD), "{}", ssh.shown());
        assert_eq!(status.code(), Some(255), "{}", ssh.shown());
        assert!(site.told(&["tripwire-refused", "ann", "sshd"]), "{}", site.trail());
    }

    fn a_password_module_marked_sufficient_before_ours_is_refused() {
        let mut site = Site::new();
        let _ann = site.person("ann");
        site.machine.pam("sshd", &STACK.replacen("requisite ", "sufficient", 1)).unwrap();
        let sshd = site.sshd("");
        let mut ssh = ssh(&sshd, "ann", &["-o", "NumberOfPasswordPrompts=1"]);
        ssh.see(PASSWORD_PROMPT).unwrap();
        ssh.line(PASSWORD).unwrap();
        assert_eq!(ssh.end().unwrap().code(), Some(255), "{}", ssh.shown());
        assert!(ssh.shown().contains(TOLD), "{}", ssh.shown());
        assert!(site.told(&["tripwire-refused", "ann", "sshd"]), "{}", site.trail());
    }

    fn without_an_agent_nobody_comes_in_not_even_with_the_right_password() {
        let mut site = Site::new();
        let _ann = site.person("ann");
        let sshd = site.sshd("");
        site.machine.stop("samekey-agent");
        let mut ssh = ssh(&sshd, "ann", &["-o", "NumberOfPasswordPrompts=1"]);
        ssh.see(PASSWORD_PROMPT).unwrap();
        ssh.line(PASSWORD).unwrap();
        assert_eq!(ssh.see_any(&["Permission denied", SHELL]).unwrap(), 0);
        assert!(site.machine.log().contains("agent"), "{}", site.machine.log());
    }
}
