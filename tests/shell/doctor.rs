//! `samekey doctor`: each check finds a planted fault and passes without it; the archive holds no secret.

use crate::support::boxed::boxed;
use crate::support::site::{PASSWORD, Site};
use samekey_demo::machine::{ACCOUNT_LINE, AUTH_LINE, attempt, run};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const MAIN: &str = "/etc/ssh/sshd_config";
const CONFIG: &str = "/etc/samekey/samekey.toml";
const POLICY: &str = "version = 1\n[settings]\ncontact = \"help@example.org\"\n[default]\nlevel = \"high\"\nmethods = [\"totp\", \"recovery-code\"]\n";

fn doctor(words: &[&str]) -> Output {
    attempt(Command::new("samekey").arg("doctor").args(words), "").unwrap()
}

/// What one check says: its state, and its findings as text.
fn check(id: &str) -> (String, String) {
    let output = doctor(&["--json", id]);
    let told: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{id}: {error}\n{}", String::from_utf8_lossy(&output.stderr)));
    let one = told.pointer(&format!("/checks/{id}")).unwrap();
    (one["state"].as_str().unwrap().to_owned(), one["findings"].to_string())
}

/// The check passes; with the fault it says this; without it, it passes again.
fn finds(id: &str, state: &str, words: &[&str], plant: impl FnOnce(), heal: impl FnOnce()) {
    let (before, told) = check(id);
    assert_eq!(before, "OK", "{id} before the fault: {told}");
    plant();
    let (found, told) = check(id);
    assert_eq!(found, state, "{id} with the fault: {told}");
    for word in words {
        assert!(told.contains(word), "{id} does not say {word}: {told}");
    }
    heal();
    let (after, told) = check(id);
    assert_eq!(after, "OK", "{id} after the fault: {told}");
}

/// A file is another one for a while.
fn with_text(id: &str, path: &str, text: &str, state: &str, words: &[&str]) {
    let kept = fs::read(path).ok();
    finds(
        id,
        state,
        words,
        || {
            fs::create_dir_all(Path::new(path).parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        },
        || match &kept {
            Some(kept) => fs::write(path, kept).unwrap(),
            None => fs::remove_file(path).unwrap(),
        },
    );
}

fn mode(path: &str, mode: &str) {
    run("chmod", &[mode, path], "").unwrap();
}

/// A machine on which every check passes.
fn healthy() -> Site {
    let site = Site::new();
    let ann = site.person("ann");
    ann.key();
    site.policy(POLICY);
    fs::write(
        MAIN,
        "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication no\n\
         AuthenticationMethods publickey,keyboard-interactive:pam keyboard-interactive:pam\nMatch User guest\n    X11Forwarding no\n",
    )
    .unwrap();
    run("ssh-keygen", &["-A"], "").unwrap();
    fs::create_dir_all("/run/systemd/timesync").unwrap();
    fs::write("/run/systemd/timesync/synchronized", "").unwrap();
    site.machine
        .samekey(&["account", "rescue", "ann", "--for", "5m", "--reason", "drill"], "")
        .unwrap();
    site
}

boxed! {
    fn a_healthy_machine_passes_and_the_exit_code_is_a_monitoring_checks() {
        let mut site = healthy();
        // The drill of healthy() is an exception that ends soon: D18 says so, and nothing else is wrong.
        let output = doctor(&["--json"]);
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let checks = told["checks"].as_object().unwrap();
        assert_eq!(checks.len(), 26);
        for (id, one) in checks {
            let expected = if id == "D18" { "WARNING" } else { "OK" };
            assert_eq!(one["state"], expected, "{id}: {one}");
            assert!(one["page"].as_str().unwrap().starts_with("docs/doctor.md#d"), "{id}");
        }
        assert_eq!(output.status.code(), Some(1));
        site.policy(POLICY);
        assert_eq!(doctor(&[]).status.code(), Some(0), "{}", String::from_utf8_lossy(&doctor(&[]).stdout));
        site.machine.stop("samekey-agent");
        let ill = doctor(&["D13"]);
        assert_eq!(ill.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&ill.stdout).contains("fix: systemctl start samekey-agent"));
        assert_eq!(doctor(&["D99"]).status.code(), Some(2), "no such check");
    }

    fn faults_of_pam_are_found_with_line_and_fix() {
        let site = healthy();
        let folder = format!("/usr/lib/{}-linux-gnu/security", std::env::consts::ARCH);
        let module = format!("{folder}/pam_samekey.so");
        let aside = format!("{folder}/aside");
        finds("D01", "CRITICAL", &["in no folder"], || fs::rename(&module, &aside).unwrap(), || fs::rename(&aside, &module).unwrap());
        finds("D01", "CRITICAL", &["others may change it", "chmod go-w"], || mode(&module, "666"), || mode(&module, "644"));
        let elf = fs::read(&module).unwrap();
        let mut other = elf.clone();
        other[18] ^= 0xff;
        finds("D01", "CRITICAL", &["another kind of machine"], || fs::write(&module, &other).unwrap(), || fs::write(&module, &elf).unwrap());

        let stack = |auth: &str| format!("auth requisite pam_unix.so\n{auth}\n{ACCOUNT_LINE}\naccount required pam_unix.so\n");
        with_text("D02", "/etc/pam.d/sshd", "auth required pam_unix.so\naccount required pam_unix.so\n", "CRITICAL", &["/etc/pam.d/sshd", "samekey setup ssh"]);
        with_text("D02", "/etc/pam.d/sudo", &stack(&AUTH_LINE.replace("pam_samekey.so", "pam_samekey.so nullok")), "CRITICAL", &["sudo:2", "nullok"]);
        with_text("D02", "/etc/pam.d/sudo", &stack(&AUTH_LINE.replace("default=die", "default=dye")), "CRITICAL", &["sudo:2", "dye", "never succeed"]);
        let hidden = format!("@include nowhere\n{}", stack(AUTH_LINE));
        with_text("D02", "/etc/pam.d/sudo", &hidden, "CRITICAL", &["sudo:1", "nowhere"]);
        let stranger = "auth requird pam_unix.so\naccount required pam_unix.so\n";
        with_text("D02", "/etc/pam.d/backup", stranger, "WARNING", &["backup:1", "requird"]);
        with_text("D02", "/etc/pam.d/login", &format!("{}auth required pam_not_here.so\n", stack(AUTH_LINE)), "CRITICAL", &["pam_not_here.so is not there"]);

        let sufficient = format!("auth sufficient pam_unix.so\n{AUTH_LINE}\n{ACCOUNT_LINE}\naccount required pam_unix.so\n");
        with_text("D03", "/etc/pam.d/sudo", &sufficient, "WARNING", &["sudo:1", "ends the stack", "success=ok"]);
        let bare = format!("auth sufficient pam_unix.so\n{AUTH_LINE}\naccount required pam_unix.so\n");
        with_text("D03", "/etc/pam.d/sudo", &bare, "CRITICAL", &["account required pam_samekey.so"]);
        let beside = format!("{}auth required pam_u2f.so nouserok\n", stack(AUTH_LINE));
        with_text("D23", "/etc/pam.d/sudo", &beside, "WARNING", &["pam_u2f.so", "sudo:5"]);
        drop(site);
    }

    fn faults_of_sshd_are_found_for_everybody_for_one_and_for_a_match() {
        let site = healthy();
        let main = fs::read_to_string(MAIN).unwrap();
        let without = |line: &str, instead: &str| main.replace(line, instead);
        let methods = "AuthenticationMethods publickey,keyboard-interactive:pam keyboard-interactive:pam";
        let off = without("KbdInteractiveAuthentication yes", "KbdInteractiveAuthentication no");
        with_text("D04", MAIN, &off.replace(methods, ""), "CRITICAL", &["KbdInteractiveAuthentication"]);
        with_text("D04", MAIN, &without("UsePAM yes", "UsePAM no"), "CRITICAL", &["UsePAM"]);
        with_text("D04", MAIN, &without("PasswordAuthentication no", "PasswordAuthentication yes"), "WARNING", &["PasswordAuthentication"]);
        with_text("D04", MAIN, "Port nowhere\n", "CRITICAL", &["line 1", "sshd -t"]);
        with_text("D05", MAIN, &without(methods, ""), "WARNING", &["ann", "tripwire"]);
        let one = format!("{main}Match User ann\n    AuthenticationMethods publickey\n");
        with_text("D05", MAIN, &one, "WARNING", &["ann"]);
        with_text("D06", MAIN, &one, "WARNING", &["sshd_config:8", "User ann"]);
        let network = format!("{main}Match Address 10.0.0.0/8\n    KbdInteractiveAuthentication no\n");
        with_text("D06", MAIN, &network, "WARNING", &["sshd_config:8", "switches KbdInteractiveAuthentication off"]);
        let short = format!("LoginGraceTime 20\nMaxAuthTries 1\n{main}");
        with_text("D07", MAIN, &short, "WARNING", &["20 s", "MaxAuthTries is 1"]);
        // Without the tripwire a key alone opens the shell.
        let stack = fs::read_to_string("/etc/pam.d/sshd").unwrap();
        fs::write("/etc/pam.d/sshd", stack.replace(ACCOUNT_LINE, "")).unwrap();
        with_text("D05", MAIN, &without(methods, ""), "CRITICAL", &["ann", "opens the shell"]);
        drop(site);
    }

    fn faults_of_the_machine_are_found() {
        let site = healthy();
        site.policy(&format!("{POLICY}[[rule]]\nname = \"sudo-fresh\"\nwhen = {{ services = [\"pam:sudo\"] }}\nrequire = {{ max-age = \"30m\" }}\n"));
        with_text("D08", "/etc/sudoers.d/zz", "Defaults timestamp_timeout=60\n", "WARNING", &["zz:1", "60 minutes"]);
        with_text("D09", "/etc/pam.d/common-auth", &format!("auth required pam_unix.so\n{AUTH_LINE}\n"), "WARNING", &["by hand"]);
        with_text("D09", "/etc/authselect/system-auth", &format!("# Generated by authselect\n{AUTH_LINE}\n"), "WARNING", &["authselect"]);
        let store = "/var/lib/samekey/store.db";
        finds("D11", "CRITICAL", &["everybody may read it", "chmod o-rwx"], || mode(store, "644"), || mode(store, "600"));
        finds("D11", "CRITICAL", &["/run/samekey"], || mode("/run/samekey", "777"), || mode("/run/samekey", "755"));
        finds("D12", "UNKNOWN", &["synchronised"],
            || fs::remove_file("/run/systemd/timesync/synchronized").unwrap(),
            || fs::write("/run/systemd/timesync/synchronized", "").unwrap());
        finds("D13", "WARNING", &["screen lockers"], || mode("/run/samekey/agent.sock", "600"), || mode("/run/samekey/agent.sock", "666"));
        finds("D22", "CRITICAL", &["keyring"], || mode("/etc/samekey/keyring", "644"), || mode("/etc/samekey/keyring", "640"));
        with_text("D22", "/var/lib/samekey/store.db.bak", "copy", "CRITICAL", &["store.db.bak"]);
        finds("D24", "WARNING", &["/dev/log"], || fs::rename("/dev/log", "/dev/aside").unwrap(), || fs::rename("/dev/aside", "/dev/log").unwrap());
        // SELinux is played by files below another root.
        let root = Path::new("/root/image");
        fs::create_dir_all(root.join("sys/fs/selinux")).unwrap();
        fs::write(root.join("sys/fs/selinux/enforce"), "1").unwrap();
        let state = || {
            let output = doctor(&["--json", "--root", "/root/image", "D10"]);
            let told: Value = serde_json::from_slice(&output.stdout).unwrap();
            told.pointer("/checks/D10/state").unwrap().as_str().unwrap().to_owned()
        };
        assert_eq!(state(), "WARNING");
        fs::create_dir_all(root.join("var/lib/selinux/targeted/active/modules/200/samekey")).unwrap();
        assert_eq!(state(), "OK");
        fs::create_dir_all(root.join("var/log/audit")).unwrap();
        fs::write(root.join("var/log/audit/audit.log"), "type=AVC msg=avc:  denied  { connectto } comm=\"samekey-agent\"\n").unwrap();
        assert_eq!(state(), "CRITICAL");
    }

    fn faults_of_the_web_door_are_found() {
        let mut site = healthy();
        let web = site.machine.open_web_door([0, 0]).unwrap();
        let config = fs::read_to_string(CONFIG).unwrap();
        let with = |lines: &str| format!("{config}\n{lines}");
        with_text("D14", CONFIG, &with("[mail]\nfrom = \"samekey@example.org\"\ntransport = \"smtp\"\nserver = \"127.0.0.1\"\nport = 1\n"), "WARNING", &["127.0.0.1:1"]);
        with_text("D14", CONFIG, &with("[mail]\nfrom = \"samekey@elsewhere.net\"\ntransport = \"folder\"\nfolder = \"/tmp\"\n"), "WARNING", &["SPF"]);
        let issuer = format!("issuer = \"{}\"", web.issuer);
        let issuer = issuer.as_str();
        assert!(config.contains(issuer), "{config}");
        with_text("D15", CONFIG, &config.replace(issuer, "issuer = \"http://localhost:1\""), "CRITICAL", &["not served"]);
        let other = issuer.replace("localhost", "127.0.0.1");
        with_text("D15", CONFIG, &config.replace(issuer, &other), "CRITICAL", &["its discovery says"]);
        with_text("D16", CONFIG, &config.replace(issuer, "issuer = \"http://127.0.0.1:8480\""), "WARNING", &["no domain"]);
        let proxied = config.replace(issuer, "issuer = \"https://id.example.org\"");
        with_text("D17", CONFIG, &proxied, "WARNING", &["trusted-proxies"]);
    }

    fn faults_of_the_configuration_are_found_with_their_line() {
        let mut site = healthy();
        site.machine.open_web_door([0, 0]).unwrap();
        let config = fs::read_to_string(CONFIG).unwrap();
        let mail = |lines: &str| format!("{config}\n[mail]\n{lines}");
        let letters = "from = \"samekey@example.org\"\ntransport = \"folder\"\nfolder = \"/tmp\"\n";
        for (text, words) in [
            (config.replace("issuer =", "isuer ="), ["[provider]: line ", "did you mean `issuer`?"]),
            (config.replace("socket =", "sockt ="), ["[agent]: line ", "did you mean `socket`?"]),
            (config.replace("[realm]", "[realm"), ["line ", "expected `]`"]),
            (mail(&letters.replace("folder\"\n", "floder\"\n")), ["[mail]: line ", "did you mean `folder`?"]),
            (mail(&format!("{letters}port = 25\n")), ["[mail] port", "take it out"]),
            (mail(&letters.replace("samekey@example.org", "nobody")), ["[mail] from", "write an address"]),
        ] {
            assert_ne!(text, config);
            with_text("D26", CONFIG, &text, "CRITICAL", &words);
        }
        // Whoever cannot read it calls nothing fine that stands in it.
        fs::rename(CONFIG, "/root/aside").unwrap();
        for id in ["D11", "D14", "D15", "D16", "D17", "D22", "D25"] {
            assert_eq!(check(id).0, "UNKNOWN", "{id}");
        }
        let (state, told) = check("D26");
        assert!(state == "CRITICAL" && told.contains("samekey init"), "{told}");
    }

    fn faults_among_people_are_found() {
        let site = healthy();
        site.policy(POLICY);
        let soon = "[[exception]]\nname = \"ended\"\nwhen = { users = [\"ann\"] }\nallow = { level = \"single\" }\nreason = \"gone\"\n\
                    approved-by = \"bob\"\nexpires = 2025-01-01\n";
        let policy = |text: &'static str| move || {
            fs::write("/root/p.toml", format!("{POLICY}{text}")).unwrap();
            run("samekey", &["policy", "apply", "--force", "/root/p.toml"], "").unwrap();
        };
        finds("D18", "WARNING", &["ended"], policy(soon), policy(""));
        let passkeys = || {
            fs::write("/root/p.toml", POLICY.replace("\"totp\", \"recovery-code\"", "\"passkey\"").replace("high", "highest")).unwrap();
            run("samekey", &["policy", "apply", "--force", "/root/p.toml"], "").unwrap();
        };
        finds("D19", "WARNING", &["ann", "samekey ticket new ann"], passkeys, policy(""));
        finds("D20", "WARNING", &["ann"],
            || drop(run("samekey", &["account", "role", "ann", "owner"], "").unwrap()),
            || drop(run("samekey", &["account", "role", "ann", "user", "--force"], "").unwrap()));
    }

    fn a_way_back_that_nobody_tried_is_found() {
        let site = Site::new();
        let _ann = site.person("ann");
        let (before, told) = check("D21");
        assert_eq!(before, "WARNING", "{told}");
        site.machine.samekey(&["account", "rescue", "ann", "--for", "5m", "--reason", "drill"], "").unwrap();
        assert_eq!(check("D21").0, "OK");
    }

    fn the_archive_holds_what_helps_and_no_secret() {
        let site = healthy();
        site.machine.samekey(&["account", "password", "ann", "--password-stdin"], "web horse battery").unwrap();
        fs::write("/etc/sudoers.d/zz", "# hash of ann: $y$j9T$abcdefgh\n").unwrap();
        site.machine.configure("[mail]\nfrom = \"a@example.org\"\ntransport = \"smtp\"\nserver = \"127.0.0.1\"\npassword-file = \"/etc/samekey/mail-password\"\n").unwrap();
        fs::write("/etc/samekey/mail-password", "mail-secret-word").unwrap();
        let made = doctor(&["--bundle", "/root/bundle.tar"]);
        assert!(Path::new("/root/bundle.tar").exists(), "{}", String::from_utf8_lossy(&made.stderr));
        fs::create_dir("/root/unpacked").unwrap();
        run("tar", &["-xf", "/root/bundle.tar", "-C", "/root/unpacked"], "").unwrap();
        let listed = run("find", &["/root/unpacked", "-type", "f"], "").unwrap();
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        for wanted in ["doctor.json", "etc/pam.d/sshd", "etc/ssh/sshd_config", "etc/samekey/samekey.toml"] {
            assert!(listed.contains(wanted), "{wanted}: {listed}");
        }
        let text: String = listed.lines().map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()).collect();
        let shadow = fs::read_to_string("/etc/shadow").unwrap();
        let hash = shadow.lines().find_map(|line| line.strip_prefix("ann:")?.split(':').next().map(str::to_owned)).unwrap();
        let keyring = fs::read_to_string("/etc/samekey/keyring").unwrap();
        let mut secrets = vec![hash, "web horse battery".to_owned(), PASSWORD.to_owned(), "mail-secret-word".to_owned(), "$y$j9T$abcdefgh".to_owned()];
        secrets.extend(keyring.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() > 20).map(str::to_owned));
        assert!(secrets.len() >= 5, "{}", secrets.len());
        for secret in secrets {
            assert!(!text.contains(&secret), "the archive holds {secret}");
        }
        assert_eq!(doctor(&["--bundle", "/root/bundle.tar"]).status.code(), Some(1), "it overwrites nothing");
    }
}
