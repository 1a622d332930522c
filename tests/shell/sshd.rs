//! A real sshd and the real client: what a person sees and which logins come through.

use crate::support::boxed::{boxed, target};
use samekey_demo::machine::SshdOptions;
use samekey_demo::{Machine, Terminal};

boxed! {
    fn the_box_carries_a_login_by_password_alone() {
        let mut machine = Machine::install(&target()).unwrap();
        machine.add_person("ann", "hunter2").unwrap();
        machine.pam("sshd", "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_unix.so\n").unwrap();
        let sshd = machine.start_sshd(&SshdOptions::default()).unwrap();
        let mut ssh = Terminal::start("ssh", sshd.arguments("ann", &[])).unwrap();
        ssh.see("Password: ").unwrap();
        ssh.line("hunter2").unwrap();
        ssh.see("$ ").unwrap();
        ssh.line("sudo -k id").unwrap();
        ssh.see("assword").unwrap();
        ssh.line("hunter2").unwrap();
        ssh.see("uid=0").unwrap();
        ssh.line("exit").unwrap();
        assert!(ssh.end().unwrap().success(), "{}", ssh.shown());
        println!("{}\n{}\n{}", ssh.shown(), machine.log(), machine.daemons_said());
    }
}
