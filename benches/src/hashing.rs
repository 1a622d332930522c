//! Argon2 at the cost that OWASP advises: ours, and that of the fastest library that can be had.

use crate::Trouble;
use crate::people::PASSWORD;
use crate::place::Place;
use crate::rounds::{in_turn, median, micros};
use crate::table::{Row, Table, Target};
use samekey_shared::accounts::password::{self, PasswordCost, PasswordHash};
use samekey_shared::entropy::SystemEntropy;
use samekey_shared::secrets::SecretText;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

const ROUNDS: usize = 7;
const HASHES: usize = 15;

/// One password, hashed, to be checked again and again.
#[derive(Debug)]
pub struct Checked {
    hash: PasswordHash,
    typed: SecretText,
    cost: PasswordCost,
}

impl Checked {
    /// At the default cost.
    pub fn new() -> Result<Self, Trouble> {
        let (typed, cost) = (SecretText::from(PASSWORD), PasswordCost::default());
        let hash = password::hash(&cost, &SystemEntropy::default(), &typed)
            .map_err(|error| Trouble::Fill(error.to_string()))?;
        Ok(Self { hash, typed, cost })
    }

    /// The stored form, for the store.
    pub fn hash(&self) -> &PasswordHash {
        &self.hash
    }

    /// Microseconds of one check, the median of several.
    pub fn check(&self) -> Result<f64, Trouble> {
        let mut times = Vec::new();
        for _ in 0..HASHES {
            let (checked, time) = micros(|| self.check_once());
            checked?;
            times.push(time);
        }
        Ok(median(times))
    }

    /// Milliseconds of processor time of one check, the mean of several.
    pub fn processor_ms(&self, checks: u32) -> Result<f64, Trouble> {
        let before = own_processor_ms()?;
        for _ in 0..checks {
            self.check_once()?;
        }
        Ok((own_processor_ms()? - before) / f64::from(checks))
    }

    fn check_once(&self) -> Result<(), Trouble> {
        match password::verify(&self.hash, &self.typed, &self.cost) {
            Ok(password::Match::Right { .. }) => Ok(()),
            other => Err(Trouble::Answer(format!("{other:?}"))),
        }
    }
}

/// Processor time of this thread so far, in milliseconds.
pub fn own_processor_ms() -> Result<f64, Trouble> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split(' ').next().and_then(|word| word.parse::<f64>().ok());
    nanoseconds
        .map(|nanoseconds| nanoseconds / 1e6)
        .ok_or_else(|| Trouble::Answer(text.clone()))
}

/// Compares.
pub fn measure(place: &Place, table: &mut Table) -> Result<(), Trouble> {
    let ours = Checked::new()?;
    let mut child = Command::new(place.node())
        .arg("argon2.mjs")
        .current_dir(&place.rivals)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (Some(mut ask), Some(said)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Trouble::Program("no pipe to node".into()));
    };
    let mut said = BufReader::new(said).lines();
    let compared = in_turn(
        ROUNDS,
        || ours.check(),
        || {
            writeln!(ask, "{HASHES}")?;
            let line = said.next().ok_or_else(|| Trouble::Program("node ended".into()))??;
            line.parse().map_err(|_| Trouble::Answer(line))
        },
    );
    drop(ask);
    child.wait()?;
    table.add(Row::against(
        "Argon2id m=19456 t=2 p=1, us (@node-rs/argon2)",
        compared?,
        Target::AtMost(1.05),
    ));
    Ok(())
}
