//! The README's two lines in Debian's own pam.d files: nothing else of the stack has to change.

use crate::support::boxed::boxed;
use crate::support::site::{CODE_PROMPT, PASSWORD, PASSWORD_PROMPT, SHELL, Site, ssh};
use samekey_demo::machine::{ACCOUNT_LINE, AUTH_LINE};

/// Debian's file with our lines where the README puts them.
fn guarded(stock: &str) -> String {
    let (auth, account) = ("@include common-auth\n", "@include common-account\n");
    assert!(
        stock.contains(auth) && stock.contains(account),
        "not Debian's own file:\n{stock}"
    );
    stock
        .replace(auth, &format!("{auth}{AUTH_LINE}\n"))
        .replace(account, &format!("{ACCOUNT_LINE}\n{account}"))
}

boxed! {
    fn a_stock_debian_sshd_guarded_by_two_lines() {
        let stock = std::fs::read_to_string("/etc/pam.d/sshd").unwrap();
        let mut site = Site::new();
        site.machine.pam("sshd", &guarded(&stock)).unwrap();
        let mut ann = site.person("ann");
        let sshd = site.sshd("");

        let mut wrong = ssh(&sshd, "ann", &["-o", "NumberOfPasswordPrompts=1"]);
        wrong.see(PASSWORD_PROMPT).unwrap();
        wrong.line("not the password").unwrap();
        assert_eq!(wrong.see_any(&["Permission denied", CODE_PROMPT]).unwrap(), 0, "a code is asked after the password");

        let mut right = ssh(&sshd, "ann", &[]);
        right.see(PASSWORD_PROMPT).unwrap();
        right.line(PASSWORD).unwrap();
        right.see(CODE_PROMPT).unwrap();
        right.line(&ann.code()).unwrap();
        right.see(SHELL).unwrap();
    }
}
