//! Our provider against npm oidc-provider, over loopback, plain HTTP, kept connections.

pub mod bare;
pub mod desk;
mod dpop;
pub mod oidc;
pub mod rival;
pub mod server;
mod visitor;

use crate::Trouble;
use crate::hashing::Checked;
use crate::load::{self, Amount};
use crate::place::Place;
use crate::process::{Process, free_port};
use crate::realm::Realm;
use crate::rounds::{Compared, in_turn, median};
use crate::table::{Row, Table, Target};
use server::{DISCOVERY, Server};
use std::process::Command;
use std::time::Duration;
use visitor::{Visitor, access_token, exchange};

const ROUNDS: usize = 5;
const ONE_LOAD: Duration = Duration::from_millis(1200);
/// Codes that are turned into tokens in one round.
const CODES: usize = 200;
/// Sign-ins of one round in which processor time is compared with the rival's.
const SIGN_INS: usize = 12;
/// Sign-ins that are each paired with an Argon2.
const PAIRS: usize = 60;
/// Sign-ins whose syncs are counted.
const COUNTED: usize = 20;
const PEOPLE: usize = 400;

/// Compares.
pub fn measure(place: &Place, table: &mut Table) -> Result<(), Trouble> {
    let theirs = rival::start(place, PEOPLE)?;
    let realm = Realm::fill(&place.room("web")?, PEOPLE)?;
    let ours = realm.provider(place)?;
    documents(place, table, &ours, &theirs)?;
    tokens(table, &ours, &theirs)?;
    sign_ins(table, &ours, &theirs)?;
    drop(ours);
    let (syncs, provider) = (COUNTED, realm.provider_counted(place)?);
    let mut last = 0;
    for at in PEOPLE - 2 * COUNTED..PEOPLE {
        if at == PEOPLE - COUNTED {
            last = provider.process.syncs()?.len();
        }
        let code = Visitor::number(at).code(&provider)?;
        access_token(&provider, &code)?;
    }
    let counted = provider.process.syncs()?.len() - last;
    table.add(Row::alone(
        "  syncs for one sign-in, tokens included",
        each(counted, syncs),
        Target::AtMost(2.0),
    ));
    Ok(())
}

fn each(whole: usize, parts: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    number(whole) / number(parts)
}

/// Discovery and keys: fixed documents.
fn documents(place: &Place, table: &mut Table, ours: &Server, theirs: &Server) -> Result<(), Trouble> {
    let discovery = |server: &Server| rate(server.port, DISCOVERY, "");
    let compared = in_turn(ROUNDS, || discovery(ours), || discovery(theirs))?;
    table.add(Row::against(
        "discovery, a second (oidc-provider)",
        compared,
        Target::AtLeast(5.0),
    ));
    let keys = |server: &Server| rate(server.port, server.path("jwks_uri")?, "");
    let compared = in_turn(ROUNDS, || keys(ours), || keys(theirs))?;
    table.add(Row::against(
        "keys (JWKS), a second (oidc-provider)",
        compared,
        Target::AtLeast(5.0),
    ));
    let compared = beside_bare_axum(place, ours)?;
    table.add(Row::against(
        "discovery, a second (bare axum, same size)",
        compared,
        Target::AtLeast(0.6),
    ));
    Ok(())
}

fn beside_bare_axum(place: &Place, ours: &Server) -> Result<Compared, Trouble> {
    let port = free_port()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bare-axum", &port.to_string(), &ours.discovery_bytes()?.to_string()]);
    let mut bare = Process::start(&mut command, &place.room("bare-axum")?.join("log"))?;
    bare.until_listening(port)?;
    in_turn(ROUNDS, || rate(ours.port, DISCOVERY, ""), || rate(port, "/", ""))
}

fn rate(port: u16, path: &str, headers: &str) -> Result<f64, Trouble> {
    let request = load::get(port, path, headers);
    Ok(load::run(port, &vec![request; load::CONNECTIONS], Amount::For(ONE_LOAD))?.per_second)
}

/// Code exchange, and userinfo with what it gives.
fn tokens(table: &mut Table, ours: &Server, theirs: &Server) -> Result<(), Trouble> {
    let (mut here, mut there) = (Visitor::number(0), Visitor::number(0));
    let bearer = |server: &Server, visitor: &mut Visitor| {
        let code = visitor.code(server)?;
        Ok::<_, Trouble>(format!("authorization: Bearer {}\r\n", access_token(server, &code)?))
    };
    let (our_token, their_token) = (bearer(ours, &mut here)?, bearer(theirs, &mut there)?);
    let userinfo = |server: &Server, token: &str| rate(server.port, server.path("userinfo_endpoint")?, token);
    let compared = in_turn(ROUNDS, || userinfo(ours, &our_token), || userinfo(theirs, &their_token))?;
    table.add(Row::against(
        "userinfo, a second (oidc-provider)",
        compared,
        Target::AtLeast(3.0),
    ));
    let compared = in_turn(ROUNDS, || exchanges(ours, &mut here), || exchanges(theirs, &mut there))?;
    table.add(Row::against(
        "code exchange, a second (oidc-provider)",
        compared,
        Target::AtLeast(3.0),
    ));
    Ok(())
}

/// Codes for somebody who is signed in, each turned into tokens once.
fn exchanges(server: &Server, visitor: &mut Visitor) -> Result<f64, Trouble> {
    let mut requests = Vec::with_capacity(CODES);
    for _ in 0..CODES {
        requests.push(exchange(server, &visitor.code(server)?)?);
    }
    Ok(load::run(server.port, &requests, Amount::Once)?.per_second)
}

/// Whole sign-ins: processor time of the server, less that of the one Argon2 in each. A sign-in and an Argon2 are measured
/// in turn, many times, and what is told is the median of the differences: the two figures are large and both wander.
fn sign_ins(table: &mut Table, ours: &Server, theirs: &Server) -> Result<(), Trouble> {
    let argon2 = Checked::new()?;
    let (mut here, mut there) = (1, 1);
    let (mut wholes, mut hashes, mut differences) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let (whole, hash) = (cpu_of_sign_ins(ours, &mut here, 1)?, argon2.processor_ms(1)?);
        wholes.push(whole);
        hashes.push(hash);
        differences.push(whole - hash);
    }
    let (whole, hash) = (median(wholes), median(hashes));
    table.add(Row::against(
        "password + code sign-in, processor ms (Argon2 alone)",
        (whole, hash, whole / hash),
        Target::Told,
    ));
    table.add(Row::alone(
        "  processor ms beside Argon2, median of pairs",
        median(differences),
        Target::AtMost(1.0),
    ));
    let compared = in_turn(
        3,
        || cpu_of_sign_ins(ours, &mut here, SIGN_INS),
        || cpu_of_sign_ins(theirs, &mut there, SIGN_INS),
    )?;
    table.add(Row::against(
        "password + code sign-in, processor ms (oidc-provider)",
        compared,
        Target::Told,
    ));
    Ok(())
}

fn cpu_of_sign_ins(server: &Server, next: &mut usize, many: usize) -> Result<f64, Trouble> {
    let before = server.process.cpu_ms()?;
    for _ in 0..many {
        let code = Visitor::number(*next).code(server)?;
        access_token(server, &code)?;
        *next += 1;
    }
    Ok((server.process.cpu_ms()? - before) / each(many, 1))
}
