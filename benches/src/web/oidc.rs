//! What applications and APIs ask of a provider, against npm oidc-provider on its SQLite adapter: tokens for a client itself,
//! introspection, refresh with rotation, pushed requests, exchange of codes bound to a DPoP key. ES256 on both sides.

use super::dpop::ProofKey;
use super::rival;
use super::server::{CLIENT, DISCOVERY, Server};
use super::visitor::{Visitor, challenge, exchange_bound, tokens};
use crate::hashing::own_processor_ms;
use crate::load::{self, Amount, Load};
use crate::place::Place;
use crate::realm::Realm;
use crate::rounds::{in_turn, median, micros};
use crate::table::{Row, Table, Target};
use crate::{Trouble, keys};
use data_encoding::BASE64;
use std::cell::RefCell;
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;
const ONE_LOAD: Duration = Duration::from_millis(1200);
/// Connections where many refresh at a time: how much sharing a commit gains shows only then.
const CROWD: usize = 64;
/// Codes that are exchanged in one round.
const CODES: usize = 160;
/// The client that speaks for itself, and the same with RS256.
pub const ROBOT: &str = "robot";
/// See [`ROBOT`].
pub const ROBOT_RS256: &str = "robot-rs256";
/// Signatures of which the median is taken.
const SIGNATURES: usize = 300;

/// Compares.
pub fn measure(place: &Place, table: &mut Table) -> Result<(), Trouble> {
    let theirs = rival::start_protocol(place)?;
    let realm = Realm::fill(&place.room("oidc")?, 1)?;
    let ours = realm.provider_for_protocol(place)?;
    let sides = Sides {
        ours,
        theirs,
        here: RefCell::new(Visitor::number(0)),
        there: RefCell::new(Visitor::number(0)),
    };
    sides.own_tokens(table)?;
    sides.introspection(table)?;
    sides.refreshes(table)?;
    sides.pushed(table)?;
    sides.bound_codes(table)?;
    sides.rs256(table)
}

struct Sides {
    ours: Server,
    theirs: Server,
    here: RefCell<Visitor>,
    there: RefCell<Visitor>,
}

/// The header by which a client authenticates.
fn basic(server: &Server, client: &str) -> String {
    let pair = BASE64.encode(format!("{client}:{}", server.client_secret).as_bytes());
    format!("authorization: Basic {pair}\r\n")
}

/// Tells a rate against theirs, and how far our slowest answers are from the middle one.
fn told(
    table: &mut Table,
    what: &str,
    least: f64,
    mut ours: impl FnMut() -> Result<Load, Trouble>,
    mut theirs: impl FnMut() -> Result<Load, Trouble>,
) -> Result<(), Trouble> {
    let mut spread = Vec::new();
    let compared = in_turn(
        ROUNDS,
        || {
            let load = ours()?;
            spread.push(load.p99 / load.median);
            Ok::<_, Trouble>(load.per_second)
        },
        || Ok(theirs()?.per_second),
    )?;
    table.add(Row::against(
        format!("{what}, a second (oidc-provider)"),
        compared,
        Target::AtLeast(least),
    ));
    table.add(Row::alone("  p99 by median", median(spread), Target::AtMost(5.0)));
    Ok(())
}

impl Sides {
    fn person(&self, server: &Server) -> &RefCell<Visitor> {
        if server.port == self.ours.port {
            &self.here
        } else {
            &self.there
        }
    }

    fn own_tokens(&self, table: &mut Table) -> Result<(), Trouble> {
        let ask = |server: &Server| own_tokens(server, ROBOT, load::CONNECTIONS);
        told(
            table,
            "client_credentials as JWT",
            2.5,
            || ask(&self.ours),
            || ask(&self.theirs),
        )
    }

    fn introspection(&self, table: &mut Table) -> Result<(), Trouble> {
        let prepare = |server: &Server| {
            let answer = tokens(server, &self.person(server).borrow_mut().code(server)?)?;
            let form = format!("token={}", member(&answer, "access_token")?);
            let path = server.path("introspection_endpoint")?;
            let request = load::post(server.port, path, &basic(server, CLIENT), &form);
            let told = load::single(server.port, &request)?;
            if told.contains("\"active\":true") {
                Ok(request)
            } else {
                Err(Trouble::Answer(told))
            }
        };
        let (here, there) = (prepare(&self.ours)?, prepare(&self.theirs)?);
        let ask = |server: &Server, request: &Vec<u8>| {
            load::run(
                server.port,
                &vec![request.clone(); load::CONNECTIONS],
                Amount::For(ONE_LOAD),
            )
        };
        told(
            table,
            "introspection",
            4.0,
            || ask(&self.ours, &here),
            || ask(&self.theirs, &there),
        )
    }

    /// Each connection has a family of its own and shows what it was given last.
    fn refreshes(&self, table: &mut Table) -> Result<(), Trouble> {
        let run = |server: &Server, connections: usize| {
            let mut first = Vec::with_capacity(connections);
            for _ in 0..connections {
                let answer = tokens(server, &self.person(server).borrow_mut().code(server)?)?;
                first.push(refresh(server, member(&answer, "refresh_token")?)?);
            }
            load::chains(server.port, &first, ONE_LOAD, |answer| {
                refresh(server, member(answer, "refresh_token")?)
            })
        };
        told(
            table,
            "refresh with rotation, durable",
            6.0,
            || run(&self.ours, load::CONNECTIONS),
            || run(&self.theirs, load::CONNECTIONS),
        )?;
        let crowd = |server: &Server| Ok::<_, Trouble>(run(server, CROWD)?.per_second);
        let compared = in_turn(ROUNDS, || crowd(&self.ours), || crowd(&self.theirs))?;
        table.add(Row::against(
            format!("  with {CROWD} connections (oidc-provider)"),
            compared,
            Target::Told,
        ));
        Ok(())
    }

    fn pushed(&self, table: &mut Table) -> Result<(), Trouble> {
        let ask = |server: &Server| {
            let form = format!(
                "response_type=code&client_id={CLIENT}&scope=openid&state=s&nonce=n&code_challenge_method=S256\
                 &code_challenge={}&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback",
                challenge()
            );
            let path = server.path("pushed_authorization_request_endpoint")?;
            let request = load::post(server.port, path, &basic(server, CLIENT), &form);
            load::run(server.port, &vec![request; load::CONNECTIONS], Amount::For(ONE_LOAD))
        };
        told(
            table,
            "pushed authorization requests",
            3.0,
            || ask(&self.ours),
            || ask(&self.theirs),
        )
    }

    fn bound_codes(&self, table: &mut Table) -> Result<(), Trouble> {
        let key = ProofKey::new()?;
        let run = |server: &Server| {
            let mut requests = Vec::with_capacity(CODES);
            for _ in 0..CODES {
                let code = self.person(server).borrow_mut().code(server)?;
                let proof = key.proof("POST", server.address("token_endpoint")?)?;
                requests.push(exchange_bound(server, &code, &proof)?);
            }
            load::run(server.port, &requests, Amount::Once)
        };
        told(
            table,
            "code exchange bound by DPoP",
            3.0,
            || run(&self.ours),
            || run(&self.theirs),
        )
    }

    /// RS256 beside the bare signature of the same library: what a token costs the processor, with as many connections as
    /// everywhere, and alone. In the latter, and in the time that its caller waits, are the awakenings of processors that went
    /// idle meanwhile, four for each request; the last row is a request that consists of little else.
    fn rs256(&self, table: &mut Table) -> Result<(), Trouble> {
        let pair = keys::rsa_pair()?;
        let sign = || keys::rs256(&pair, b"a header and some claims of an access token");
        let costs = |connections: usize| {
            let ours = || processor_micros(&self.ours, connections);
            in_turn(ROUNDS, ours, || signature_processor_micros(sign))
        };
        let (cost, alone) = (costs(load::CONNECTIONS)?, costs(1)?);
        table.add(Row::against(
            "client_credentials, RS256, processor microseconds (bare signature)",
            cost,
            Target::Told,
        ));
        table.add(Row::alone(
            "  microseconds beside the signature",
            cost.0 - cost.1,
            Target::AtMost(100.0),
        ));
        table.add(Row::alone("  one request at a time", alone.0 - alone.1, Target::Told));
        let wait = || Ok(own_tokens(&self.ours, ROBOT_RS256, 1)?.median);
        let waited = in_turn(ROUNDS, wait, || signatures(sign))?;
        table.add(Row::against(
            "  its caller waits then, microseconds (bare signature)",
            waited,
            Target::Told,
        ));
        let request = load::get(self.ours.port, DISCOVERY, "");
        let nothing = load::run(self.ours.port, &[request], Amount::For(ONE_LOAD))?.median;
        table.add(Row::alone("  for discovery, microseconds", nothing, Target::Told));
        Ok(())
    }
}

/// Microseconds of one signature, at the median.
fn signatures(sign: impl Fn() -> Result<Vec<u8>, Trouble>) -> Result<f64, Trouble> {
    let mut taken = Vec::with_capacity(SIGNATURES);
    for _ in 0..SIGNATURES {
        let (signed, time) = micros(&sign);
        signed?;
        taken.push(time);
    }
    Ok(median(taken))
}

/// Processor microseconds of one signature, the mean of as many as take as long as a load: counted as the provider's are.
fn signature_processor_micros(sign: impl Fn() -> Result<Vec<u8>, Trouble>) -> Result<f64, Trouble> {
    let (start, before, mut signed) = (Instant::now(), own_processor_ms()?, 0_u32);
    while start.elapsed() < ONE_LOAD {
        sign()?;
        signed += 1;
    }
    Ok((own_processor_ms()? - before) * 1e3 / f64::from(signed))
}

/// Processor microseconds of our provider for one token of RS256.
fn processor_micros(ours: &Server, connections: usize) -> Result<f64, Trouble> {
    let before = ours.process.cpu_ms()?;
    let (load, time) = micros(|| own_tokens(ours, ROBOT_RS256, connections));
    let given = load?.per_second * time / 1e6;
    Ok((ours.process.cpu_ms()? - before) * 1e3 / given)
}

fn own_tokens(server: &Server, client: &str, connections: usize) -> Result<Load, Trouble> {
    let form = "grant_type=client_credentials&scope=orders.read&resource=https%3A%2F%2Fapi.example";
    let request = load::post(
        server.port,
        server.path("token_endpoint")?,
        &basic(server, client),
        form,
    );
    load::run(server.port, &vec![request; connections], Amount::For(ONE_LOAD))
}

fn refresh(server: &Server, token: &str) -> Result<Vec<u8>, Trouble> {
    let form = format!("grant_type=refresh_token&refresh_token={token}");
    Ok(load::post(
        server.port,
        server.path("token_endpoint")?,
        &basic(server, CLIENT),
        &form,
    ))
}

/// A text of a JSON answer, found without reading all of it: the generator shares the processors with what is measured.
fn member<'a>(answer: &'a str, name: &str) -> Result<&'a str, Trouble> {
    let found = answer.find(&format!("\"{name}\":\"")).map(|at| at + name.len() + 4);
    let value = found
        .and_then(|at| answer.get(at..))
        .and_then(|rest| rest.split('"').next());
    value.ok_or_else(|| Trouble::Answer(answer.to_owned()))
}
