//! What our programs cost before anybody signs in: time to start, memory at rest, size of the module.

use crate::place::Place;
use crate::process::{Process, free_port};
use crate::realm::Realm;
use crate::rounds::{in_turn, micros};
use crate::table::{Row, Table, Target};
use crate::web::rival;
use crate::web::server::DISCOVERY;
use crate::{Trouble, load};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const STARTS: usize = 5;
const PEOPLE: usize = 100;

/// Measures.
pub fn measure(place: &Place, table: &mut Table) -> Result<(), Trouble> {
    let realm = Realm::fill(&place.room("footprint")?, PEOPLE)?;
    let room = place.room("footprint-rival")?;
    let starts = in_turn(
        STARTS,
        || {
            let (mut command, port) = realm.provider_command(place);
            first_answer(&mut command, port, &room)
        },
        || {
            let port = free_port()?;
            first_answer(&mut rival::command(place, &room, port, PEOPLE), port, &room)
        },
    )?;
    table.add(Row::against(
        "start to first discovery answer, ms (oidc-provider)",
        starts,
        Target::Told,
    ));
    table.add(Row::alone(
        "  start to first discovery answer, ms",
        starts.0,
        Target::AtMost(30.0),
    ));
    let provider = realm.provider(place)?;
    let agent = realm.agent(place)?;
    // What starting used and gives back soon is not memory at rest.
    std::thread::sleep(Duration::from_secs(1));
    table.add(Row::alone(
        "provider at rest, resident MiB",
        provider.process.resident_mib()?,
        Target::AtMost(20.0),
    ));
    table.add(Row::alone(
        "agent at rest, resident MiB",
        agent.process.resident_mib()?,
        Target::AtMost(8.0),
    ));
    let stripped = room.join("module");
    let strip = Command::new("strip")
        .arg("-o")
        .arg(&stripped)
        .arg(&place.module)
        .status()?;
    if !strip.success() {
        return Err(Trouble::Program(format!("strip ended with {strip}")));
    }
    let bytes = u32::try_from(std::fs::metadata(&stripped)?.len()).unwrap_or(u32::MAX);
    table.add(Row::alone(
        "PAM module, stripped, KiB",
        f64::from(bytes) / 1024.0,
        Target::AtMost(400.0),
    ));
    Ok(())
}

/// Milliseconds from the start of the program until discovery is answered with 200.
fn first_answer(command: &mut Command, port: u16, room: &Path) -> Result<f64, Trouble> {
    let request = load::get(port, DISCOVERY, "");
    let (process, time) = micros(|| {
        let mut process = Process::start(command, &room.join("log"))?;
        process.until("discovery", || load::single(port, &request).is_ok())?;
        Ok::<_, Trouble>(process)
    });
    process?;
    Ok(time / 1e3)
}
