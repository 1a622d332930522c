//! Row 44 of the past holes: the TLS that is configured is the TLS that is spoken, held by OpenSSL from outside.

use crate::support::boxed::target;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the provider may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A provider over TLS with a certificate of its own; ended with the value.
struct Listening {
    process: Child,
    port: u16,
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn openssl(arguments: &[&str], folder: &Path) -> (bool, String) {
    let done = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("openssl is needed, `make setup` installs it");
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn started(folder: &Path) -> Listening {
    let made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
                -addext subjectAltName=DNS:localhost -keyout key.pem -out certificate.pem";
    let words: Vec<&str> = made.split_whitespace().collect();
    let (made, said) = openssl(&words, folder);
    assert!(made, "{said}");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = folder.display();
    let config = folder.join("samekey.toml");
    let text = format!(
        "[realm]\nname = \"example.org\"\n[store]\nsqlite = \"{place}/store.db\"\n[keyring]\npath = \"{place}/keyring\"\n\
         [provider]\nissuer = \"https://localhost:{port}\"\nlisten = \"127.0.0.1:{port}\"\n\
         tls-certificate = \"{place}/certificate.pem\"\ntls-key = \"{place}/key.pem\"\n"
    );
    std::fs::write(&config, text).unwrap();
    let program = |name: &str| {
        let mut command = Command::new(target().join("debug").join(name));
        command.arg("--config").arg(&config).stdin(Stdio::null());
        command
    };
    let done = program("samekey").arg("init").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let log = std::fs::File::create(folder.join("provider.log")).unwrap();
    let process = program("samekey-provider")
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut listening = Listening { process, port };
    let until = Instant::now() + PATIENCE;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = listening.process.try_wait().unwrap();
        let said = std::fs::read_to_string(folder.join("provider.log")).unwrap();
        assert!(ended.is_none() && Instant::now() < until, "{ended:?} {said}");
        std::thread::yield_now();
    }
    listening
}

#[test]
fn only_tls_1_2_and_1_3_of_bcp_195_are_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let provider = started(folder.path());
    let address = format!("localhost:{}", provider.port);
    let speaks = |further: &[&str]| {
        let mut words = vec![
            "s_client",
            "-connect",
            &address,
            "-CAfile",
            "certificate.pem",
            "-verify_return_error",
        ];
        words.extend(further);
        openssl(&words, folder.path())
    };
    for good in [
        &["-tls1_3"][..],
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"],
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"],
    ] {
        let (agreed, said) = speaks(good);
        assert!(agreed, "{good:?}: {said}");
    }
    for bad in [
        &["-tls1", "-cipher", "ALL:@SECLEVEL=0"][..],
        &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
        // No forward secrecy, no authenticated encryption, nobody's certificate, nothing encrypted.
        &["-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-SHA:@SECLEVEL=0"],
        &[
            "-tls1_2",
            "-cipher",
            "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0",
        ],
        &["-tls1_2", "-cipher", "aNULL:eNULL:@SECLEVEL=0"],
    ] {
        let (agreed, said) = speaks(bad);
        assert!(!agreed, "{bad:?}: {said}");
        // OpenSSL itself was willing: it is the provider that refused.
        assert!(said.contains("alert"), "{bad:?}: {said}");
    }
}
