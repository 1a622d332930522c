//! Which pages are played, each on a machine of its own; pages whose commands need nothing of each other share one.

use super::machine::Prepared;
use super::page::Page;
use super::session::Session;
use crate::support::boxed;
use samekey_demo::Terminal;
use samekey_demo::machine::run;

/// Declares a test for each list of pages, and what [`plays`] looks in.
macro_rules! runs {
    ($($name:ident => [$($page:literal),+];)+) => {
        const PAGES: &[&str] = &[$($($page),+),+];

        $(
            #[test]
            fn $name() {
                boxed::run_alone(concat!(module_path!(), "::", stringify!($name)), || play(&[$($page),+]));
            }
        )+
    };
}

runs! {
    the_readme_does_what_it_says => ["README.md"];
    ssh_in_five_minutes => ["docs/tutorials/ssh.md"];
    a_web_app_in_five_minutes => ["docs/tutorials/web-app.md"];
    the_tutorial_for_sudo => ["docs/tutorials/sudo.md"];
    the_tutorial_for_desktops => ["docs/tutorials/desktop.md"];
    setting_up_a_door => ["docs/setup.md"];
    a_lost_device => ["docs/how-to/lost-device.md"];
    automation_accounts => ["docs/how-to/automation.md"];
    ansible => ["docs/how-to/ansible.md"];
    fail2ban => ["docs/how-to/fail2ban.md"];
    behind_nginx => ["docs/how-to/nginx.md"];
    mail => ["docs/mail.md"];
    backup_and_restore => ["docs/how-to/backup.md"];
    rotating_keys => ["docs/how-to/rotating-keys.md"];
    upgrading => ["docs/how-to/upgrading.md"];
    several_realms => ["docs/how-to/realms.md"];
    monitoring => ["docs/how-to/monitoring.md"];
    the_doctor => ["docs/doctor.md"];
    applications => ["docs/reference/applications.md"];
    the_conformance_suites_clients => ["docs/conformance.md"];
    nginx_as_an_app => ["docs/clients/nginx.md"];
    web_apps => [
        "docs/clients/apache.md", "docs/clients/argo-cd.md", "docs/clients/gitea.md", "docs/clients/gitlab.md", "docs/clients/grafana.md",
        "docs/clients/jenkins.md", "docs/clients/kubernetes.md", "docs/clients/nextcloud.md", "docs/clients/oauth2-proxy.md",
        "docs/clients/proxmox.md", "docs/clients/vault.md"
    ];
}

/// The line that the page shows could be out of date; this one the agent has just written.
#[test]
fn what_the_agent_writes_is_what_the_books_filter_reads() {
    boxed::run_alone(
        concat!(module_path!(), "::what_the_agent_writes_is_what_the_books_filter_reads"),
        || {
            let _machine = played(&["docs/how-to/fail2ban.md"]);
            let mut ssh = Terminal::start("ssh", ["alice@server.example.org"]).unwrap();
            ssh.see("Password: ").unwrap();
            ssh.line(super::machine::PASSWORD).unwrap();
            for wrong in ["000000", "000001", "000002"] {
                ssh.see("Verification code").unwrap();
                ssh.line(wrong).unwrap();
            }
            ssh.see("assword: ").unwrap();
            let said = std::fs::read_to_string("/run/samekey-agent.said").unwrap();
            let line = said.lines().rfind(|line| line.contains("sign-in refused")).unwrap();
            let logged = format!("Nov 22 12:47:44 server samekey-agent[99]: {line}");
            let read = run("fail2ban-regex", &[&logged, "/etc/fail2ban/filter.d/samekey.conf"], "").unwrap();
            let read = String::from_utf8_lossy(&read.stdout).into_owned();
            assert!(read.contains("1 matched, 0 missed"), "{logged}\n{read}");
        },
    );
}

/// Whether a test plays the page of this name.
pub fn plays(page: &str) -> bool {
    PAGES.contains(&page)
}

fn play(names: &[&str]) {
    drop(played(names));
}

/// The session after its last page, with the machine that goes when it goes.
fn played(names: &[&str]) -> Session {
    let pages: Vec<Page> = names.iter().map(|name| Page::read(name)).collect();
    let mut session = Session::on(Prepared::with(pages[0].remark("machine")));
    for page in &pages {
        session.play(page);
    }
    session
}
