//! npm oidc-provider on its SQLite adapter, in node.

use super::server::Server;
use crate::Trouble;
use crate::place::Place;
use crate::process::{Process, free_port};
use std::path::Path;
use std::process::Command;

/// The relying party's secret there.
const SECRET: &str = "bench-secret-bench-secret-bench-secret";

/// How it is started: with so many people, in a store of its own in `room`.
pub fn command(place: &Place, room: &Path, port: u16, people: usize) -> Command {
    let mut command = Command::new(place.node());
    command
        .arg("--no-warnings")
        .arg(place.rivals.join("provider.mjs"))
        .arg(port.to_string())
        .arg(room.join("rival.db"))
        .arg(people.to_string())
        .current_dir(&place.rivals)
        // Its own documentation asks for this in production.
        .env("NODE_ENV", "production");
    command
}

/// Starts it with the endpoints of the protocol, and whoever comes signed in.
pub fn start_protocol(place: &Place) -> Result<Server, Trouble> {
    let (room, port) = (place.room("oidc-provider-protocol")?, free_port()?);
    let mut command = Command::new(place.node());
    command
        .arg("--no-warnings")
        .arg(place.rivals.join("protocol.mjs"))
        .arg(port.to_string())
        .arg(room.join("rival.db"))
        .current_dir(&place.rivals)
        .env("NODE_ENV", "production");
    let process = Process::start(&mut command, &room.join("log"))?;
    Server::meet(process, port, SECRET.to_owned())
}

/// Starts it.
pub fn start(place: &Place, people: usize) -> Result<Server, Trouble> {
    let (room, port) = (place.room("oidc-provider")?, free_port()?);
    let process = Process::start(&mut command(place, &room, port, people), &room.join("log"))?;
    Server::meet(process, port, SECRET.to_owned())
}
