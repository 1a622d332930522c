//! The smallest client of keys that the real library allows; answers in JSON.
//!
//! usage: `key_probe list` | `tries NODE` | `register NODE RP [PIN]` | `assert NODE RP ID PUBLIC silent|touch|verify|pin [PIN]`
//!
//! What the key signs is checked with `ring` here, against the key that `register` printed.

use ctap_hid_fido2::fidokey::{GetAssertionArgsBuilder, MakeCredentialArgsBuilder};
use ctap_hid_fido2::{Cfg, FidoKeyHid, FidoKeyHidFactory, HidParam};
use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde_json::{Value, json};
use std::error::Error;
use std::process::ExitCode;

/// Stands for the client data; the library hashes it.
const CHALLENGE: &[u8] = b"what the probe wants signed";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(value) => {
            println!("{value}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("key_probe: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<Value, Box<dyn Error>> {
    match arguments {
        ["list"] => Ok(list()),
        ["tries", node] => Ok(json!(open(node)?.get_pin_retries()?)),
        ["register", node, rp] => register(&open(node)?, rp, None),
        ["register", node, rp, pin] => register(&open(node)?, rp, Some(pin)),
        ["assert", node, rp, id, public, how, pin @ ..] => {
            let (id, public) = (decoded(id)?, decoded(public)?);
            assert(&open(node)?, rp, &id, &public, how, pin.first().copied())
        }
        _ => Err("usage: see the head of its source".into()),
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, data_encoding::DecodeError> {
    BASE64URL_NOPAD.decode(text.as_bytes())
}

fn list() -> Value {
    let found = ctap_hid_fido2::get_fidokey_devices().into_iter();
    let nodes = found.map(|key| match key.param {
        HidParam::Path(path) => path,
        HidParam::VidPid { vid, pid } => format!("{vid:04x}:{pid:04x}"),
    });
    let mut nodes: Vec<String> = nodes.collect();
    nodes.sort();
    json!(nodes)
}

fn open(node: &str) -> Result<FidoKeyHid, Box<dyn Error>> {
    let mut settings = Cfg::init();
    settings.enable_keep_alive_msg = false;
    Ok(FidoKeyHidFactory::create_by_params(
        &[HidParam::Path(node.to_owned())],
        &settings,
    )?)
}

fn register(key: &FidoKeyHid, rp: &str, pin: Option<&str>) -> Result<Value, Box<dyn Error>> {
    let builder = MakeCredentialArgsBuilder::new(rp, CHALLENGE);
    let asked = match pin {
        Some(pin) => builder.pin(pin).build(),
        None => builder.without_pin_and_uv().build(),
    };
    let made = key.make_credential_with_args(&asked)?;
    let public = &made.credential_publickey.der;
    Ok(json!({
        "id": BASE64URL_NOPAD.encode(&made.credential_descriptor.id),
        "public": BASE64URL_NOPAD.encode(public),
        "verified": made.flags.user_verified_result,
        "count": made.sign_count,
        "format": made.fmt,
        "signed": is_signed(public, rp, &made.auth_data, &made.attstmt_sig),
    }))
}

fn assert(
    key: &FidoKeyHid,
    rp: &str,
    id: &[u8],
    public: &[u8],
    how: &str,
    pin: Option<&str>,
) -> Result<Value, Box<dyn Error>> {
    let builder = GetAssertionArgsBuilder::new(rp, CHALLENGE).credential_id(id);
    let asked = match (how, pin) {
        ("silent", None) => builder.without_pin_and_uv().without_up().build(),
        ("touch", None) => builder.without_pin_and_uv().build(),
        ("verify", None) => builder.build(),
        ("pin", Some(pin)) => builder.pin(pin).build(),
        _ => return Err("silent, touch or verify, or pin with one".into()),
    };
    let assertions = key.get_assertion_with_args(&asked)?;
    let assertion = assertions.first().ok_or("no assertion")?;
    Ok(json!({
        "present": assertion.flags.user_present_result,
        "verified": assertion.flags.user_verified_result,
        "count": assertion.sign_count,
        "signed": is_signed(public, rp, &assertion.auth_data, &assertion.signature),
    }))
}

/// Whether the key has signed this data of its own, for this relying party, and our challenge.
fn is_signed(public: &[u8], rp: &str, data: &[u8], signature: &[u8]) -> bool {
    let message = [data, digest(&SHA256, CHALLENGE).as_ref()].concat();
    data.starts_with(digest(&SHA256, rp.as_bytes()).as_ref())
        && UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public)
            .verify(&message, signature)
            .is_ok()
}
