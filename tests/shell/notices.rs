//! R106, W23: what a person is told at a terminal beside the question.

use crate::support::boxed::boxed;
use crate::support::site::{CODE_PROMPT, PASSWORD, PASSWORD_PROMPT, SHELL, Site, ssh};

const ANNOUNCING: &str = "version = 1\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n\
    methods = [\"totp\", \"recovery-code\"]\n[settings]\n\
    announcement = \"A second factor is required from March 17. See https://example.org/mfa\"\n";

boxed! {
    fn the_announcement_stands_before_the_prompt_and_the_last_sign_in_after_it() {
        let mut site = Site::new();
        site.policy(ANNOUNCING);
        let ann = site.person("ann");
        let sshd = site.sshd("");
        for (first, code) in [(true, &ann.recovery_codes[0]), (false, &ann.recovery_codes[1])] {
            let mut ssh = ssh(&sshd, "ann", &[]);
            ssh.see(PASSWORD_PROMPT).unwrap();
            ssh.line(PASSWORD).unwrap();
            ssh.see("required from March 17. See https://example.org/mfa").unwrap();
            ssh.see(CODE_PROMPT).unwrap();
            ssh.line("?").unwrap();
            ssh.see("go back: ").unwrap();
            ssh.line("1").unwrap();
            ssh.see("Recovery code").unwrap();
            ssh.line(code).unwrap();
            ssh.see(SHELL).unwrap();
            let told = ssh.shown().contains("Last sign-in: 2") && ssh.shown().contains(", at a terminal, from 127.0.0.1.");
            assert_eq!(told, !first, "{}", ssh.shown());
        }
    }
}
