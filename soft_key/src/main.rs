//! `soft-key`: a software FIDO2 key in a throw-away machine.
//!
//! usage: `soft-key '{"number":0,"preload":"..."}'`      lives as /dev/hidraw0 until killed; see `service::Settings`
//!        `soft-key order 0 '{"do":"tap"}'`              gives an order to it; see `order::Order`

use samekey_soft_key::{service, socket};
use std::error::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soft-key: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    match arguments {
        [settings] => Ok(service::run(&serde_json::from_str(settings)?)?),
        ["order", number, order] => {
            let answer = socket::order(&socket::path(number.parse()?), &serde_json::from_str(order)?)?;
            println!("{}", serde_json::to_string(&answer)?);
            Ok(())
        }
        _ => Err("usage: soft-key SETTINGS | soft-key order NUMBER ORDER (both in JSON)".into()),
    }
}
