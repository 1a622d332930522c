//! A real mail server on this machine's loopback: Debian's aiosmtpd, with a certificate of an authority made for the test. Only inside a box.

use super::boxed::tree;
use samekey_demo::machine::{free_port, run};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Debian's own, whatever else is in the path: its package of aiosmtpd is for this one.
const PYTHON: &str = "/usr/bin/python3";
/// Who may send there.
const LOGIN: &str = "samekey:a word among machines";
/// Nothing that is waited for may take longer: two pauses between tries lie within.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);

/// How its connections are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// STARTTLS, demanded (RFC 3207).
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Tls,
}

/// The server. It ends with this value.
#[derive(Debug)]
pub struct PostOffice {
    process: Child,
    folder: PathBuf,
    port: u16,
    security: Security,
}

impl PostOffice {
    /// Makes the certificates and opens.
    pub fn open(security: Security) -> Self {
        let port = free_port(0).unwrap();
        let folder = PathBuf::from(format!("/run/post-office-{port}"));
        fs::create_dir(&folder).unwrap();
        certify(&folder);
        let word = folder.join("password");
        fs::write(&word, LOGIN.split_once(':').unwrap().1).unwrap();
        fs::set_permissions(&word, fs::Permissions::from_mode(0o640)).unwrap();
        run("chgrp", &["samekey", word.to_str().unwrap()], "").unwrap();
        let (script, port_text) = (tree().join("tests/support/post_office.py"), port.to_string());
        let mut process = Command::new(PYTHON)
            .arg(script)
            .arg(&folder)
            .args([port_text.as_str(), security.word(), LOGIN])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_eq!(
            line.trim(),
            "open",
            "the mail server did not start, so this test was NOT RUN: `make setup` installs python3-aiosmtpd"
        );
        Self {
            process,
            folder,
            port,
            security,
        }
    }

    /// The `[mail]` section that sends through it.
    pub fn section(&self) -> String {
        let (port, security, folder) = (self.port, self.security.word(), self.folder.display());
        format!(
            "[mail]\ntransport = \"smtp\"\nfrom = \"Samekey <no-reply@example.org>\"\nserver = \"localhost\"\nport = {port}\n\
             security = \"{security}\"\nuser = \"samekey\"\npassword-file = \"{folder}/password\"\n\
             ca-file = \"{folder}/ca.pem\"\n"
        )
    }

    /// The next letters that are offered are met so: `451`, `550`, `drop`, `slow`, `take`.
    pub fn manners(&self, manners: &[&str]) {
        fs::write(self.folder.join("manners"), manners.join("\n")).unwrap();
    }

    /// How often it has refused so.
    pub fn refused(&self, how: &str) -> usize {
        let all = fs::read_to_string(self.folder.join("refused")).unwrap_or_default();
        all.lines().filter(|line| *line == how).count()
    }

    /// Everything that it has taken, in order.
    pub fn letters(&self) -> Vec<Value> {
        let Ok(folder) = fs::read_dir(self.folder.join("letters")) else {
            return Vec::new();
        };
        let whole = |path: &PathBuf| path.extension().is_some_and(|end| end == "json");
        let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).filter(whole).collect();
        files.sort();
        let read = |path: &PathBuf| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        files.iter().map(read).collect()
    }

    /// Waits for a letter that says this, and takes the newest such.
    pub fn letter(&self, says: &str) -> Value {
        self.letters_that_say(says, 1).pop().unwrap()
    }

    /// Waits for a letter of this kind; the newest such.
    pub fn wait_for(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            if let Some(found) = self.letters().into_iter().rev().find(&fits) {
                return found;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "waited in vain for {what}; there are {:#?}",
                self.letters()
            );
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until there are so many letters that say this.
    pub fn letters_that_say(&self, says: &str, number: usize) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let mut all = self.letters();
            all.retain(|one| text(one).contains(says));
            if all.len() >= number {
                return all;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "waited in vain for {number} letters that say {says:?}; there are {:#?}",
                self.letters()
            );
            std::thread::sleep(LOOK);
        }
    }
}

impl Security {
    fn word(self) -> &'static str {
        match self {
            Self::Starttls => "starttls",
            Self::Tls => "tls",
        }
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a person reads in a letter without HTML.
pub fn text(letter: &Value) -> &str {
    letter["text"].as_str().unwrap_or_default()
}

/// The rest of the line after this text in a letter.
pub fn after(letter: &Value, label: &str) -> String {
    let (_, rest) = text(letter)
        .split_once(label)
        .unwrap_or_else(|| panic!("no {label:?} in {letter}"));
    rest.lines().next().unwrap().trim().to_owned()
}

/// The address in a letter that holds this path.
pub fn link(letter: &Value, path: &str) -> String {
    let words = text(letter).split_whitespace();
    let mut links = words.filter(|word| word.starts_with("http") && word.contains(path));
    links
        .next()
        .unwrap_or_else(|| panic!("no link to {path} in {letter}"))
        .to_owned()
}

/// An authority, and by it a certificate for `localhost`.
fn certify(folder: &std::path::Path) {
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let common = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ];
    let config = file("openssl.cnf");
    fs::write(
        &config,
        "[req]\ndistinguished_name = name\nprompt = no\n[name]\nCN = a test\n\
         [authority]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign\nsubjectKeyIdentifier = hash\n\
         [server]\nbasicConstraints = critical, CA:FALSE\nextendedKeyUsage = serverAuth\nsubjectAltName = DNS:localhost\n",
    )
    .unwrap();
    let (ca, ca_key) = (file("ca.pem"), file("ca.key"));
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let made = |further: &[&str]| {
        let all = [&common, &["-config", config.as_str()][..], further].concat();
        run("openssl", &all, "").unwrap();
    };
    made(&[
        "-subj",
        "/CN=a test",
        "-extensions",
        "authority",
        "-keyout",
        &ca_key,
        "-out",
        &ca,
    ]);
    made(&[
        "-subj",
        "/CN=localhost",
        "-extensions",
        "server",
        "-CA",
        &ca,
        "-CAkey",
        &ca_key,
        "-keyout",
        &key,
        "-out",
        &cert,
    ]);
}
