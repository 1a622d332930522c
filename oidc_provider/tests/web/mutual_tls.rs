//! Real TLS: the listener that asks applications for a certificate (RFC 8705), and calls to a server behind a private authority.

use crate::scene::{STRICT, Scene, settings};
use data_encoding::BASE64URL_NOPAD;
use rcgen::{CertificateParams, KeyPair};
use samekey_provider::app::serve;
use samekey_provider::clients::{self, AuthMethod, ClientKind, ClientSettings, GrantType};
use serde_json::json;
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

/// Longest wait for the listeners.
const PATIENCE: Duration = Duration::from_secs(20);

/// A provider that serves over TLS; its task ends with the test.
struct Served {
    scene: Scene,
    certificate: Vec<u8>,
    people: u16,
    applications: u16,
    _folder: tempfile::TempDir,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn served(further: impl Fn(u16, &str) -> String) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("certificate.pem"), certificate.pem()).unwrap();
    std::fs::write(at("key.pem"), key.serialize_pem()).unwrap();
    let (people, applications) = (free_port(), free_port());
    let lines = format!(
        "listen = \"127.0.0.1:{people}\"\ntls-certificate = \"{}\"\ntls-key = \"{}\"\n\
         mtls-listen = \"127.0.0.1:{applications}\"\nmtls-address = \"https://localhost:{applications}\"\n{}",
        at("certificate.pem"),
        at("key.pem"),
        further(people, &at("certificate.pem")),
    );
    let scene = Scene::with(&lines, STRICT);
    tokio::spawn(serve::serve(scene.app.clone()));
    Served {
        scene,
        certificate: certificate.der().to_vec(),
        people,
        applications,
        _folder: folder,
    }
}

fn agent(server: &[u8], client: Option<(&[u8], &KeyPair)>) -> Agent {
    let client = client.map(|(der, key)| {
        let key = PrivateKey::from_pem(key.serialize_pem().as_bytes()).unwrap();
        ClientCert::new_with_certs(&[Certificate::from_der(der).to_owned()], key)
    });
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&[Certificate::from_der(server).to_owned()]))
        .client_cert(client)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .proxy(None)
        .http_status_as_error(false)
        .build()
        .into()
}

/// The status of a token request at this port, when the listener is there.
fn token(agent: &Agent, port: u16) -> u16 {
    let began = Instant::now();
    loop {
        let form = [("grant_type", "client_credentials"), ("client_id", "app")];
        match agent.post(format!("https://localhost:{port}/token")).send_form(form) {
            Ok(answer) => return answer.status().as_u16(),
            Err(why) if began.elapsed() > PATIENCE => panic!("{why}"),
            Err(_) => std::thread::yield_now(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_second_listener_asks_and_what_it_saw_proves_the_client() {
    let served = served(|_, _| String::new());
    let (own, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let certificate = |key: &KeyPair| CertificateParams::default().self_signed(key).unwrap().der().to_vec();
    let point = own.public_key_raw();
    let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])});
    let chosen = ClientSettings {
        auth_method: AuthMethod::SelfSignedTlsClientAuth,
        grant_types: BTreeSet::from([GrantType::AuthorizationCode, GrantType::ClientCredentials]),
        jwks: Some(json!({ "keys": [jwk] })),
        ..settings()
    };
    served.scene.register("app", ClientKind::Confidential, chosen);
    let (people, applications) = (served.people, served.applications);
    let server = served.certificate.clone();
    let statuses = tokio::task::spawn_blocking(move || {
        let its_own = agent(&server, Some((&certificate(&own), &own)));
        let another = agent(&server, Some((&certificate(&other), &other)));
        let none = agent(&server, None);
        [
            token(&its_own, applications),
            token(&another, applications),
            token(&none, applications),
            token(&its_own, people),
        ]
    });
    assert_eq!(statuses.await.unwrap(), [200, 401, 401, 401]);
}

/// Row 36: a private authority is believed where the operator names it, and nowhere else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_authority_is_believed_where_it_is_named() {
    for named in [true, false] {
        let served = served(|_, certificate| {
            let authority = format!("outbound-ca = \"{certificate}\"\n");
            format!(
                "outbound-allow = [\"localhost\"]\n{}",
                if named { &authority } else { "" }
            )
        });
        let probe = agent(&served.certificate, None);
        let address = format!("https://localhost:{}/jwks", served.people);
        let chosen = ClientSettings {
            auth_method: AuthMethod::PrivateKeyJwt,
            jwks_uri: Some(address),
            ..settings()
        };
        served.scene.register("app", ClientKind::Confidential, chosen);
        let (app, port) = (served.scene.app.clone(), served.people);
        let fetched = tokio::task::spawn_blocking(move || {
            token(&probe, port);
            let client = app.realm.store.read(|tx| clients::by_id(tx, "app")).unwrap().unwrap();
            clients::keys(&app, &client).map(|keys| keys.iter().count())
        });
        let fetched = fetched.await.unwrap();
        assert_eq!(fetched.is_ok_and(|number| number > 2), named);
    }
}
