//! Whom we believe, with the certificates of the specification's vectors.

use super::ceremony::{Shape, Vector};
use super::certificate::Authority;
use super::credential::Algorithm;
use super::{register, shape};
use data_encoding::BASE64;
use samekey_shared::clock::UnixTime;
use samekey_shared::config::AttestationSection;
use samekey_shared::methods::fido::attestation::{Aaguid, Trust, Verdict};
use samekey_shared::methods::fido::{KeyError, Registered};
use samekey_shared::testing::BEGINNING;
use std::path::PathBuf;

/// 2023-12-31: before the certificates begin.
const TOO_EARLY: UnixTime = 1_703_980_800;

struct Files {
    folder: tempfile::TempDir,
    authority: Authority,
}

impl Files {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            authority: Authority::new(),
        }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn roots(&self) -> AttestationSection {
        let encoded = BASE64.encode(&self.authority.certificate);
        let pem = format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n");
        AttestationSection {
            roots: Some(self.write("roots.pem", &pem)),
            ..AttestationSection::default()
        }
    }

    /// Metadata that tell of one model, with this status.
    fn metadata(&self, aaguid: Aaguid, status: &str) -> AttestationSection {
        let root = BASE64.encode(&self.authority.certificate);
        let text = format!(
            r#"{{"no": 1, "nextUpdate": "2026-12-01", "entries": [{{"aaguid": "{aaguid}", "metadataStatement":
            {{"description": "Vector Key", "attestationRootCertificates": ["{root}"], "icon": "data:"}},
            "statusReports": [{{"status": "{status}", "effectiveDate": "2026-01-01"}}]}}]}}"#
        );
        AttestationSection {
            metadata: Some(self.write("metadata.json", &text)),
            ..AttestationSection::default()
        }
    }

    fn vector(&self, shape: &Shape) -> Vector {
        shape.derive(&self.authority)
    }

    /// A registration whose key cannot be copied: the vectors' flags are drawn by lot.
    fn registered(&self, shape: &Shape) -> Registered {
        let registered = register(&self.vector(shape)).unwrap();
        Registered {
            backup_eligible: false,
            backed_up: false,
            ..registered
        }
    }
}

fn packed() -> Shape {
    shape("packed.ES256", "packed", Algorithm::Es256)
}

fn judge(section: &AttestationSection, registered: &Registered) -> Result<Verdict, KeyError> {
    Trust::load(section).unwrap().judge(registered, BEGINNING)
}

#[test]
fn without_configuration_nothing_counts() {
    let files = Files::new();
    let trust = Trust::load(&AttestationSection::default()).unwrap();
    assert!(!trust.asks());
    assert!(!trust.judge(&files.registered(&packed()), BEGINNING).unwrap().attested);
}

#[test]
fn a_root_vouches_for_its_keys_in_its_time() {
    let files = Files::new();
    let trust = Trust::load(&files.roots()).unwrap();
    assert!(trust.asks());
    for shape in [
        packed(),
        shape("packed.EdDSA", "packed", Algorithm::EdDsa),
        shape("fido-u2f.ES256", "fido-u2f", Algorithm::Es256),
    ] {
        let registered = files.registered(&shape);
        assert!(trust.judge(&registered, BEGINNING).unwrap().attested, "{}", shape.name);
        assert!(!trust.judge(&registered, TOO_EARLY).unwrap().attested, "{}", shape.name);
    }
}

#[test]
fn what_nobody_vouches_for_does_not_count() {
    let files = Files::new();
    for shape in [
        shape("none.ES256", "none", Algorithm::Es256),
        shape("packed-self.ES256", "packed-self", Algorithm::Es256),
        shape("tpm.ES256", "tpm", Algorithm::Es256),
    ] {
        assert!(
            !judge(&files.roots(), &files.registered(&shape)).unwrap().attested,
            "{}",
            shape.name
        );
    }
}

#[test]
fn a_key_that_can_be_copied_is_no_hardware() {
    let files = Files::new();
    let registered = Registered {
        backup_eligible: true,
        ..files.registered(&packed())
    };
    assert!(!judge(&files.roots(), &registered).unwrap().attested);
}

#[test]
fn models_can_be_named() {
    let files = Files::new();
    let registered = files.registered(&packed());
    let named = |aaguid: [u8; 16]| AttestationSection {
        models: vec![Aaguid(aaguid)],
        ..files.roots()
    };
    assert!(judge(&named(registered.aaguid), &registered).unwrap().attested);
    assert!(!judge(&named([1; 16]), &registered).unwrap().attested);
    // A U2F key tells no model that is proven, so no list of models has it.
    let u2f = files.registered(&shape("fido-u2f.ES256", "fido-u2f", Algorithm::Es256));
    assert_eq!(u2f.aaguid, [0; 16]);
    assert!(!judge(&named(registered.aaguid), &u2f).unwrap().attested);
}

#[test]
fn where_attestation_is_required_others_are_refused() {
    let files = Files::new();
    let strict = AttestationSection {
        required: true,
        ..files.roots()
    };
    assert!(judge(&strict, &files.registered(&packed())).unwrap().attested);
    let none = files.registered(&shape("none.ES256", "none", Algorithm::Es256));
    assert_eq!(judge(&strict, &none), Err(KeyError::NotAccepted));
}

#[test]
fn metadata_vouch_for_their_own_models_while_nothing_is_known_against_them() {
    let files = Files::new();
    let registered = files.registered(&packed());
    let own = Aaguid(registered.aaguid);
    let verdict = judge(&files.metadata(own, "FIDO_CERTIFIED_L1"), &registered).unwrap();
    assert_eq!((verdict.attested, verdict.model.as_deref()), (true, Some("Vector Key")));
    let verdict = judge(&files.metadata(own, "ATTESTATION_KEY_COMPROMISE"), &registered).unwrap();
    assert_eq!(
        (verdict.attested, verdict.model.as_deref()),
        (false, Some("Vector Key"))
    );
    // The same root, listed for another model, vouches for that one alone.
    let verdict = judge(&files.metadata(Aaguid([1; 16]), "FIDO_CERTIFIED_L1"), &registered).unwrap();
    assert_eq!((verdict.attested, verdict.model), (false, None));
}

#[test]
fn files_that_are_not_what_they_should_be_stop_the_start() {
    let files = Files::new();
    for text in [
        "",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "no PEM at all",
    ] {
        let section = AttestationSection {
            roots: Some(files.write("wrong.pem", text)),
            ..AttestationSection::default()
        };
        assert!(Trust::load(&section).is_err(), "{text}");
    }
    for text in ["", "{}", "{\"entries\":[]}", "eyJhbGciOi.JSUzI1Ni.x"] {
        let section = AttestationSection {
            metadata: Some(files.write("wrong.json", text)),
            ..AttestationSection::default()
        };
        assert!(Trust::load(&section).is_err(), "{text}");
    }
    let missing = AttestationSection {
        roots: Some(files.folder.path().join("missing.pem")),
        ..AttestationSection::default()
    };
    assert!(Trust::load(&missing).is_err());
}
