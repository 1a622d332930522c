//! Certificates from files in PEM.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::Path;

/// No certificates came of a file.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {why}")]
pub struct NoCertificates {
    file: String,
    why: String,
}

/// Every certificate of a file; at least one.
pub(super) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, NoCertificates> {
    let wrong = |why: String| NoCertificates {
        file: file.display().to_string(),
        why,
    };
    let found = CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?;
    let found: Vec<_> = found
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(error.to_string()))?;
    if found.is_empty() {
        return Err(wrong("it holds no certificate".to_owned()));
    }
    Ok(found)
}
