//! A real sshd and the real client: what a person sees, and what comes through.

use crate::support::boxed::boxed;
use crate::support::site::{CODE_PROMPT, OURS_ALONE, PASSWORD, PASSWORD_PROMPT, SHELL, Site, ssh};
use samekey_demo::Terminal;

/// Answers the password's prompt and waits for the code's.
fn up_to_the_code(ssh: &mut Terminal) {
    ssh.see(PASSWORD_PROMPT).unwrap();
    ssh.line(PASSWORD).unwrap();
    ssh.see(CODE_PROMPT).unwrap();
}

/// What a stranger sees who offers codes for this name until the client gives up.
fn seen_by_a_stranger(sshd: &samekey_demo::machine::Sshd, name: &str) -> String {
    let mut ssh = ssh(sshd, name, &["-o", "NumberOfPasswordPrompts=1"]);
    while ssh.see_any(&[CODE_PROMPT, "Permission denied"]).unwrap() == 0 {
        ssh.line("123456").unwrap();
    }
    ssh.end().unwrap();
    ssh.shown().replace(name, "NAME")
}

boxed! {
    fn password_and_code_open_the_shell_and_the_code_does_so_once() {
        let mut site = Site::new();
        let mut ann = site.person("ann");
        let sshd = site.sshd("");
        let code = ann.code();
        let mut first = ssh(&sshd, "ann", &[]);
        up_to_the_code(&mut first);
        first.line(&code).unwrap();
        first.see(SHELL).unwrap();
        first.line("echo I am $(id -un)").unwrap();
        first.see("I am ann").unwrap();

        let mut second = ssh(&sshd, "ann", &[]);
        up_to_the_code(&mut second);
        second.line(&code).unwrap();
        second.see("That code was used already.").unwrap();
        second.see(CODE_PROMPT).unwrap();
        assert!(site.told(&["sign-in-granted", "sshd"]), "{}", site.trail());
        assert!(site.told(&["code-replayed", "sshd"]), "{}", site.trail());
    }

    fn the_question_mark_lists_recovery_codes_and_one_of_them_opens() {
        let mut site = Site::new();
        let ann = site.person("ann");
        let sshd = site.sshd("");
        let mut ssh = ssh(&sshd, "ann", &[]);
        up_to_the_code(&mut ssh);
        ssh.line("?").unwrap();
        ssh.see("1  recovery code").unwrap();
        ssh.see("go back: ").unwrap();
        ssh.line("1").unwrap();
        ssh.see("Recovery code (XXXX-XXXX-XXXX-XXXX)").unwrap();
        ssh.line(&ann.recovery_codes[3]).unwrap();
        ssh.see(SHELL).unwrap();
        assert!(site.told(&["sign-in-granted", "recovery-code"]), "{}", site.trail());
    }

    fn three_wrong_codes_end_the_login() {
        let mut site = Site::new();
        let ann = site.person("ann");
        let sshd = site.sshd("");
        let mut ssh = ssh(&sshd, "ann", &["-o", "NumberOfPasswordPrompts=1"]);
        ssh.see(PASSWORD_PROMPT).unwrap();
        ssh.line(PASSWORD).unwrap();
        for _ in 0..3 {
            ssh.see(CODE_PROMPT).unwrap();
            ssh.line(&ann.app.wrong_code()).unwrap();
        }
        ssh.see("Permission denied").unwrap();
        assert_eq!(ssh.end().unwrap().code(), Some(255));
        assert_eq!(ssh.shown().matches(CODE_PROMPT).count(), 3, "{}", ssh.shown());
    }

    fn a_public_key_and_then_a_code() {
        let mut site = Site::new();
        let mut ann = site.person("ann");
        site.machine.pam("sshd", OURS_ALONE).unwrap();
        let sshd = site.sshd("AuthenticationMethods publickey,keyboard-interactive:pam");
        let key = ann.key();
        let mut ssh = ssh(&sshd, "ann", &["-i", &key]);
        ssh.see(CODE_PROMPT).unwrap();
        ssh.line(&ann.code()).unwrap();
        ssh.see(SHELL).unwrap();
        assert!(site.told(&["sign-in-granted", "sshd"]), "{}", site.trail());
    }

    fn an_unknown_name_sees_what_a_known_one_sees() {
        let mut site = Site::new();
        let _ann = site.person("ann");
        site.machine.pam("sshd", OURS_ALONE).unwrap();
        let sshd = site.sshd("");
        let known = seen_by_a_stranger(&sshd, "ann");
        let unknown = seen_by_a_stranger(&sshd, "eve");
        assert!(known.contains(CODE_PROMPT), "{known}");
        assert_eq!(known, unknown);
    }

    fn roots_fake_answers_are_not_counted_and_nothing_crashes() {
        let mut site = Site::new();
        let mut root = site.person("root");
        site.machine.pam("sshd", OURS_ALONE).unwrap();
        let sshd = site.sshd("PermitRootLogin no");
        // Even the right code: sshd replaces every answer.
        let mut ssh = ssh(&sshd, "root", &["-o", "NumberOfPasswordPrompts=1"]);
        while ssh.see_any(&[CODE_PROMPT, "Permission denied"]).unwrap() == 0 {
            ssh.line(&root.code()).unwrap();
        }
        ssh.end().unwrap();
        assert!(!site.told(&["code-refused", "root"]), "{}", site.trail());
        let said = site.machine.daemons_said();
        assert!(!said.contains("fatal") && !said.contains("Internal error"), "{said}");
    }

    fn where_sshd_answers_prompts_with_the_password_nothing_is_taken_for_a_code() {
        let mut site = Site::new();
        let _ann = site.person("ann");
        let sshd = site.sshd("PasswordAuthentication yes\nKbdInteractiveAuthentication no");
        let mut ssh = ssh(&sshd, "ann", &["-o", "NumberOfPasswordPrompts=1"]);
        ssh.see("ann@127.0.0.1's password: ").unwrap();
        ssh.line(PASSWORD).unwrap();
        ssh.see("Permission denied").unwrap();
        assert_eq!(ssh.end().unwrap().code(), Some(255));
        assert!(!site.told(&["code-refused"]), "{}", site.trail());
        assert!(site.machine.log().contains("KbdInteractiveAuthentication"), "{}", site.machine.log());
    }

    fn a_client_that_vanishes_at_the_prompt_leaves_nothing_behind() {
        let mut site = Site::new();
        let _ann = site.person("ann");
        let sshd = site.sshd("");
        let mut ssh = ssh(&sshd, "ann", &[]);
        up_to_the_code(&mut ssh);
        // `sshd:` before OpenSSH 9.8, `sshd-session:` since.
        assert!(site.machine.runs(": ann [pam]"));
        ssh.kill();
        site.machine.until("sshd's child to end", |machine| !machine.runs(": ann [pam]")).unwrap();
    }
}
