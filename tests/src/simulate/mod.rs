//! The deterministic simulator: many partitions of the fold under every fault that can befall them.
//!
//! A seed stands for traffic, for a number of partitions and for a scheduler that chooses every step: which record
//! arrives next and how often, who applies one, when a step of a checkpoint happens, who dies in the middle of it and
//! with what it comes back, who runs beside its own successor. Ingest, the fold, the records it writes and the values
//! it stores are the line's own; the broker, the disks, the table of rows and time are simulated.
//!
//! After every step the [`invariants`] hold. At rest the views equal those of the batch reference, row by row. Every
//! seed runs twice, and the two runs are equal to the byte.

mod disk;
mod instance;
mod intake;
mod invariants;
mod mutant;
mod scenario;
mod setup;
mod shrink;
mod table;
#[cfg(test)]
mod tests;
mod views;
mod world;

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub use disk::{Batch, Disk, SharedDisk};
pub use mutant::Mutant;
pub use scenario::Scenario;
pub use setup::Setup;

use crate::reference::{Reference, Settings, Tables};
use crate::rotation;
pub use table::{RowTable, Writing};
use world::World;

/// What a run leaves behind.
#[derive(PartialEq)]
pub struct Outcome {
    /// The logs of all partitions.
    logs: Vec<Vec<Arc<[u8]>>>,
    /// What the instances stored.
    disks: Vec<disk::Disk>,
    /// The rows.
    table: RowTable,
    /// Steps taken.
    pub steps: usize,
}

/// Runs a seed twice. The error tells what went wrong first.
pub fn check(setup: &Setup, scenario: &Scenario) -> Result<Outcome, String> {
    let first = run(setup, scenario, None)?;
    if first != guarded(|| live(setup, scenario, None))? {
        return Err("two runs of one seed differ".to_owned());
    }
    Ok(first)
}

/// Runs a scenario once, with a deliberate fault if one is given, and compares it with the reference.
pub fn run(setup: &Setup, scenario: &Scenario, mutant: Option<Mutant>) -> Result<Outcome, String> {
    guarded(|| {
        let outcome = live(setup, scenario, mutant)?;
        if let Err(difference) = compare(setup, scenario, &outcome.table) {
            if !scenario.forgets_links() {
                return Err(difference);
            }
            // It may be a link that came too late, and then only if the same is equal when nobody is forgotten meanwhile.
            let remembering = Scenario {
                forgets: false,
                ..scenario.clone()
            };
            let outcome = live(setup, &remembering, mutant)?;
            compare(setup, &remembering, &outcome.table)?;
        }
        Ok(outcome)
    })
}

/// A panic is a failure of the run as well.
fn guarded(run: impl FnOnce() -> Result<Outcome, String>) -> Result<Outcome, String> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err("something panicked".to_owned()))
}

fn live(setup: &Setup, scenario: &Scenario, mutant: Option<Mutant>) -> Result<Outcome, String> {
    let mut world = World::new(setup, scenario, mutant)?;
    world.run()?;
    if mutant.is_none() {
        world.forget()?;
    }
    let logs = world.logs.iter().map(|log| log.records.clone());
    let disks = world
        .instances
        .iter()
        .map(|instance| instance.disk.snapshot());
    Ok(Outcome {
        logs: logs.collect(),
        disks: disks.collect(),
        steps: world.steps(),
        table: world.table,
    })
}

/// How to replay a run that failed, what differed, and a smaller plan that fails too.
pub fn report(setup: &Setup, scenario: &Scenario, difference: &str) -> String {
    let mut last = difference.to_owned();
    let small = shrink::shrink(scenario, |candidate| match check(setup, candidate) {
        Ok(_) => false,
        Err(difference) => {
            last = difference;
            true
        }
    });
    let seed = scenario.seed;
    let mut text =
        format!("seed {seed} fails; replay it with make simulate SEED={seed}\n{difference}\n");
    let (few, all) = (small.raw.len(), scenario.raw.len());
    let _infallible = writeln!(text, "{few} of its {all} records fail as well: {last}");
    for raw in &small.raw {
        let value = String::from_utf8_lossy(&raw.value);
        let _infallible = writeln!(text, "{}[{}] {value}", raw.topic, raw.partition);
    }
    for step in trace(setup, &small) {
        let _infallible = writeln!(text, "{step}");
    }
    text
}

/// The steps that a scenario takes until it ends or fails.
pub fn trace(setup: &Setup, scenario: &Scenario) -> Vec<String> {
    let Ok(mut world) = World::new(setup, scenario, None) else {
        return Vec::new();
    };
    world.trace = Some(Vec::new());
    let outcome = world.run().and_then(|()| world.forget());
    let mut trace = world.trace.unwrap_or_default();
    trace.extend(outcome.err());
    trace
}

/// Compares the rows with what the batch reference makes of the same records.
fn compare(setup: &Setup, scenario: &Scenario, table: &RowTable) -> Result<(), String> {
    let mut reference = Reference::new(Settings {
        max_partners: scenario.max_partners,
        ..setup.settings.clone()
    });
    for raw in &scenario.raw {
        // What is refused is refused by both; that they agree on it is tested elsewhere.
        let _refused = reference.record(raw.topic, &raw.value, scenario::received_ms());
    }
    let all = reference.compute();
    let mut expected = Tables::default();
    let mut actual = views::of(table);
    for view in views::COMPARED {
        if scenario.forgets && views::SUMS.contains(&view) {
            actual.set(view, Vec::new());
        } else {
            expected.set(view, all.of(view).to_vec());
        }
    }
    rotation::rename(&mut actual, &all, &scenario.keys());
    let differences = expected.compare(&actual);
    if differences.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "the views differ from the reference's:\n{}",
            differences.join("\n")
        ))
    }
}
