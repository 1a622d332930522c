//! A security key at the machine: how soon it blinks after Enter, and that a broken one keeps nobody waiting.
//!
//! Measured in a throw-away root, with the real `samekey-key` at the software key of the tests behind a hidraw file.

use crate::Trouble;
use crate::place::Place;
use crate::table::{Row, Table, Target};
use samekey_agent::keys::{Asker, HungUp, LocalKeys, Program};
use samekey_shared::methods::fido::{
    ExpectedRegistration, LocalBinding, Scene, check_registration, local_creation_client_data,
};
use samekey_soft_key::order::{Answer, Order, Touch};
use samekey_soft_key::service::Settings;
use samekey_soft_key::socket;
use samekey_wire::key::{Assert, Event, Octets, Register, Request, Verification, Wanted};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The word that starts this program inside.
pub const INSIDE: &str = "console-inside";

/// Time that a key is given in these measurements, in milliseconds. A login gives it 30 s.
const DEADLINE: u64 = 3_000;

/// Times that Enter is pressed.
const ROUNDS: usize = 20;

/// What the key's credential is made over.
const CHALLENGE: [u8; 32] = [7; 32];

/// How often to look whether the key blinks.
const LOOK: Duration = Duration::from_millis(1);

/// Adds the section's rows.
pub fn measure(place: &Place, table: &mut Table) -> Result<(), Trouble> {
    let programs = place.program("");
    let output = Command::new("demo/box.sh")
        .arg("--see")
        .arg(&programs)
        .arg(std::env::current_exe()?)
        .arg(INSIDE)
        .arg(&programs)
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Trouble::Program(format!("in the box: {complaint}")));
    }
    let mut figures = said.lines().filter_map(|line| line.trim().parse::<f64>().ok());
    let mut next = || figures.next().ok_or_else(|| Trouble::Answer(said.clone()));
    let most = Duration::from_millis(DEADLINE + 1_000).as_secs_f64();
    table.add(Row::alone("key: Enter to its first blink, ms", next()?, Target::Told));
    for what in ["mute", "untouched", "unplugged"] {
        let row = format!("key: {what}, s until the login goes on (deadline {DEADLINE} ms)");
        table.add(Row::alone(row, next()?, Target::AtMost(most)));
    }
    Ok(())
}

/// What runs inside: prints the figures, one a line, in the order of the rows.
pub fn inside(programs: &Path) -> Result<(), Trouble> {
    let place = PathBuf::from("/usr/libexec/samekey");
    std::fs::create_dir_all(&place)?;
    let path = place.join("samekey-key");
    std::fs::copy(programs.join("samekey-key"), &path)?;
    let program = Program::new(path, |error| eprintln!("{error}"));
    let _key = SoftKey::plug(programs)?;
    let id = registered(&program)?;
    println!("{:.1}", blink(&program, &id)?);
    order(&Order::Mute { on: true })?;
    println!("{:.2}", lasts(&program, &id));
    order(&Order::Mute { on: false })?;
    order(&Order::Touch { how: Touch::Never })?;
    println!("{:.2}", lasts(&program, &id));
    order(&Order::Touch { how: Touch::Wait })?;
    println!("{:.2}", unplugged(&program, &id)?);
    Ok(())
}

/// The median time from Enter to the moment at which the key waits for its touch.
fn blink(program: &Program, id: &[u8]) -> Result<f64, Trouble> {
    order(&Order::Touch { how: Touch::Wait })?;
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let time = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| program.ask(&asked(id), &mut Nobody));
            SoftKey::until_it_waits()?;
            let time = start.elapsed();
            order(&Order::Tap)?;
            match waiting.join() {
                Ok(Ok(Event::Asserted(_))) => Ok(time),
                other => Err(Trouble::Answer(format!("{other:?}"))),
            }
        })?;
        times.push(time.as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[ROUNDS / 2])
}

/// Seconds until an errand is over that cannot succeed.
fn lasts(program: &Program, id: &[u8]) -> f64 {
    let start = Instant::now();
    let _ = program.ask(&asked(id), &mut Nobody);
    start.elapsed().as_secs_f64()
}

/// Seconds from pulling the key out until the errand is over.
fn unplugged(program: &Program, id: &[u8]) -> Result<f64, Trouble> {
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| program.ask(&asked(id), &mut Nobody));
        SoftKey::until_it_waits()?;
        let start = Instant::now();
        order(&Order::Unplug)?;
        let _ = waiting.join();
        Ok(start.elapsed().as_secs_f64())
    })
}

fn registered(program: &Program) -> Result<Vec<u8>, Trouble> {
    let binding = LocalBinding {
        host: "bench".into(),
        service: "pam:sudo".into(),
        user: "bench".into(),
    };
    let client_data = local_creation_client_data(&CHALLENGE, &binding);
    let request = Request::Register(Box::new(Register {
        rp_id: "example.org".into(),
        client_data: Octets(client_data.clone()),
        user_handle: Octets(vec![1; 16]),
        user_name: "bench".into(),
        exclude: Vec::new(),
        discoverable: false,
        user_verification: Verification::Discouraged,
        pin: None,
        within_ms: 30_000,
    }));
    let event = program.ask(&request, &mut Nobody);
    let Ok(Event::Registered(made)) = event else {
        return Err(Trouble::Answer(format!("{event:?}")));
    };
    let expected = ExpectedRegistration {
        rp_id: "example.org",
        challenge: &CHALLENGE,
        scene: Scene::Local(&binding),
        user_verification: false,
    };
    check_registration(&made.attestation_object.0, &client_data, &expected)
        .map(|registered| registered.credential_id)
        .map_err(|error| Trouble::Answer(error.reason().to_owned()))
}

fn asked(id: &[u8]) -> Request {
    Request::Assert(Box::new(Assert {
        rp_id: "example.org".into(),
        client_data: Octets(vec![b'x'; 64]),
        credentials: vec![Wanted {
            id: Octets(id.to_vec()),
            app_id: None,
        }],
        user_verification: Verification::Discouraged,
        pin: None,
        within_ms: DEADLINE,
    }))
}

/// Says it to the one software key that is plugged in.
fn order(order: &Order) -> Result<Answer, Trouble> {
    Ok(socket::order(&socket::path(0), order)?)
}

/// The software key of the tests, as a process of its own.
struct SoftKey(Child);

impl SoftKey {
    fn plug(programs: &Path) -> Result<Self, Trouble> {
        let settings = Settings {
            preload: programs.join("libsamekey_soft_key_preload.so"),
            ..Settings::default()
        };
        let settings = serde_json::to_string(&settings).map_err(|error| Trouble::Program(error.to_string()))?;
        let child = Command::new(programs.join("soft-key"))
            .arg(settings)
            .stdin(Stdio::null())
            .spawn()?;
        let key = Self(child);
        let start = Instant::now();
        while !socket::path(0).exists() {
            if start.elapsed() > Duration::from_secs(30) {
                return Err(Trouble::Program("the software key does not come up".into()));
            }
            std::thread::sleep(LOOK);
        }
        Ok(key)
    }

    fn until_it_waits() -> Result<(), Trouble> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(30) {
            if matches!(order(&Order::Tell)?, Answer::Told(told) if told.waits) {
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
        Err(Trouble::Answer("the key never blinked".into()))
    }
}

impl Drop for SoftKey {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits without a line that could hang up.
struct Nobody;

impl Asker for Nobody {
    fn line(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn touch(&mut self, _: &str) -> Result<(), HungUp> {
        Ok(())
    }
}
