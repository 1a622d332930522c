//! sudo, su and login: the same two lines in pam.d, the same app.

use crate::support::boxed::boxed;
use crate::support::site::{CODE_PROMPT, PASSWORD, PASSWORD_PROMPT, Site};
use samekey_demo::Terminal;

boxed! {
    fn sudo_asks_password_and_code_and_refuses_a_wrong_one() {
        let site = Site::new();
        let mut ann = site.person("ann");
        let mut sudo = Terminal::start("runuser", ["-u", "ann", "--", "sudo", "id", "-un"]).unwrap();
        sudo.see(PASSWORD_PROMPT.trim_end_matches(": ")).unwrap();
        sudo.line(PASSWORD).unwrap();
        sudo.see(CODE_PROMPT).unwrap();
        sudo.line(&ann.app.wrong_code()).unwrap();
        sudo.see("That code is not right.").unwrap();
        sudo.see(CODE_PROMPT).unwrap();
        sudo.line(&ann.code()).unwrap();
        sudo.see("root").unwrap();
        assert!(sudo.end().unwrap().success());
        assert!(site.told(&["code-refused", "sudo"]) && site.told(&["sign-in-granted", "sudo"]), "{}", site.trail());
    }

    fn sudo_asks_once_while_its_time_stamp_lasts() {
        let site = Site::new();
        let mut ann = site.person("ann");
        let twice = "sudo id -un && sudo -n id -gn";
        let mut sudo = Terminal::start("runuser", ["-u", "ann", "--", "sh", "-c", twice]).unwrap();
        sudo.see(PASSWORD_PROMPT.trim_end_matches(": ")).unwrap();
        sudo.line(PASSWORD).unwrap();
        sudo.see(CODE_PROMPT).unwrap();
        sudo.line(&ann.code()).unwrap();
        sudo.see("root\nroot").unwrap();
        assert!(sudo.end().unwrap().success(), "{}", sudo.shown());
    }

    fn su_asks_for_the_factor_of_the_account_that_one_becomes() {
        let site = Site::new();
        let (mut ann, mut bob) = (site.person("ann"), site.person("bob"));
        let mut su = Terminal::start("runuser", ["-u", "ann", "--", "su", "bob", "-c", "id -un"]).unwrap();
        su.see(PASSWORD_PROMPT).unwrap();
        su.line(PASSWORD).unwrap();
        su.see(CODE_PROMPT).unwrap();
        su.line(&ann.code()).unwrap();
        su.see("That code is not right.").unwrap();
        su.see(CODE_PROMPT).unwrap();
        su.line(&bob.code()).unwrap();
        su.see("bob\n").unwrap();
        assert!(su.end().unwrap().success());
    }

    fn login_at_a_console_asks_both() {
        let site = Site::new();
        let mut ann = site.person("ann");
        let mut login = Terminal::start("login", [] as [&str; 0]).unwrap();
        login.see("login: ").unwrap();
        login.line("ann").unwrap();
        login.see(PASSWORD_PROMPT).unwrap();
        login.line(PASSWORD).unwrap();
        login.see(CODE_PROMPT).unwrap();
        login.line(&ann.code()).unwrap();
        login.see("$ ").unwrap();
        login.line("id -un; exit").unwrap();
        login.see("ann\n").unwrap();
        assert!(site.told(&["sign-in-granted", "login"]), "{}", site.trail());
    }
}
