//! A running provider, ours or another, known by its discovery document alone.

use crate::Trouble;
use crate::load;
use crate::process::Process;

/// Where discovery is (OpenID Connect Discovery 1.0, section 4).
pub const DISCOVERY: &str = "/.well-known/openid-configuration";
/// The relying party's id.
pub const CLIENT: &str = "bench";
/// Where the relying party would be; nobody listens there, only the redirect is looked at.
pub const CALLBACK: &str = "http://127.0.0.1:1/callback";

/// One provider.
#[derive(Debug)]
pub struct Server {
    /// The program.
    pub process: Process,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    /// The relying party's secret there.
    pub client_secret: String,
    /// The discovery document.
    document: serde_json::Value,
}

impl Server {
    /// Waits for it to answer and reads its discovery document.
    pub fn meet(mut process: Process, port: u16, client_secret: String) -> Result<Self, Trouble> {
        process.until_listening(port)?;
        let body = load::single(port, &load::get(port, DISCOVERY, ""))?;
        let document = serde_json::from_str(&body).map_err(|_| Trouble::Answer(body))?;
        Ok(Self {
            process,
            port,
            client_secret,
            document,
        })
    }

    /// The size of the discovery document in bytes, as it came.
    pub fn discovery_bytes(&self) -> Result<usize, Trouble> {
        Ok(load::single(self.port, &load::get(self.port, DISCOVERY, ""))?.len())
    }

    /// An endpoint's whole address, by its name in the discovery document.
    pub fn address(&self, endpoint: &str) -> Result<&str, Trouble> {
        self.document
            .get(endpoint)
            .and_then(serde_json::Value::as_str)
            .ok_or_else(|| Trouble::Answer(format!("no {endpoint} in the discovery document")))
    }

    /// The same without scheme and host.
    pub fn path(&self, endpoint: &str) -> Result<&str, Trouble> {
        let address = self.address(endpoint)?;
        let rest = address.split_once("//").map_or(address, |(_, rest)| rest);
        Ok(rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"))
    }
}
