//! Many partitions of the fold with their logs, and one seeded scheduler that chooses every step.

mod look;
mod schedule;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use fastrand::Rng;
use throughline_core::Ident;
use throughline_core::cell::ChunkKey;
use throughline_processor::{Config, ProcessorError};
use throughline_proto::home_partition;

use super::disk::Disk;
use super::instance::{Destination, Instance, Parcel, Phase};
use super::intake::Intake;
use super::invariants::{self, FactId};
use super::mutant::{Mutant, Seam};
use super::scenario::{RAW_PARTITIONS, Scenario};
use super::setup::Setup;
use super::table::{RowTable, Writing};
use look::Rest;
use schedule::Step;

/// Snapshots kept of a partition.
const SNAPSHOTS: usize = 4;
/// Instances that one partition may have at once.
const INSTANCES: usize = 3;
/// Everything that may break in a run, so that it ends.
const BREAKS: usize = 60;

/// A partition's log, and what is known beside it.
#[derive(Default)]
pub struct Log {
    /// The records.
    pub records: Vec<Arc<[u8]>>,
    /// Identifiers that live here.
    pub idents: BTreeSet<Ident>,
    snapshots: Vec<Disk>,
    chunks: BTreeSet<ChunkKey>,
}

/// Everything.
pub struct World<'a> {
    setup: &'a Setup,
    scenario: &'a Scenario,
    config: Config,
    rng: Rng,
    seam: Seam,
    intakes: Vec<Intake>,
    flight: VecDeque<Parcel>,
    /// Logs by partition.
    pub logs: Vec<Log>,
    /// Every instance; of each partition there is one at least.
    pub instances: Vec<Instance>,
    /// The rows.
    pub table: RowTable,
    facts: BTreeSet<FactId>,
    breaks: usize,
    /// Erased persons are being forgotten, so not every fact is to be found.
    forgetting: bool,
    steps: usize,
    /// The steps taken so far, when they are wanted.
    pub trace: Option<Vec<String>>,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what errors are mapped by"
)]
fn failed(error: ProcessorError) -> String {
    error.to_string()
}

impl<'a> World<'a> {
    /// A world in which nothing has happened yet.
    pub fn new(
        setup: &'a Setup,
        scenario: &'a Scenario,
        mutant: Option<Mutant>,
    ) -> Result<Self, String> {
        let mut rng = Rng::with_seed(scenario.seed);
        let config = setup.processor(scenario);
        let intakes =
            (0..RAW_PARTITIONS).map(|partition| Intake::new(setup, scenario, partition, mutant));
        let instances = (0..scenario.partitions)
            .map(|partition| Instance::open(setup, &config, partition, Disk::new()));
        Ok(Self {
            setup,
            scenario,
            seam: Seam::new(mutant, &mut rng),
            intakes: intakes.collect::<Result<_, _>>()?,
            flight: VecDeque::new(),
            logs: (0..scenario.partitions).map(|_| Log::default()).collect(),
            instances: instances.collect::<Result<_, _>>().map_err(failed)?,
            table: RowTable::default(),
            facts: BTreeSet::new(),
            breaks: BREAKS,
            forgetting: scenario.forgets,
            steps: 0,
            trace: None,
            config,
            rng,
        })
    }

    /// Lets everything happen until nothing is left to be done.
    pub fn run(&mut self) -> Result<(), String> {
        self.work_off()?;
        let rest = if self.forgetting {
            Rest::Forgotten
        } else {
            Rest::Whole
        };
        self.look_at_rest(rest)
            .map_err(|error| format!("at rest, after {} steps: {error}", self.steps))
    }

    /// Has erased persons forgotten, until nobody is left who is to be; then their events come again.
    pub fn forget(&mut self) -> Result<(), String> {
        self.forgetting = true;
        let rows = self.table.clone();
        for again in [false, true] {
            if again {
                // Under another key a person's phone is another identifier, until both are linked.
                if self.scenario.rotates {
                    break;
                }
                for intake in &mut self.intakes {
                    intake.restart(self.setup, self.scenario, usize::MAX)?;
                }
                self.work_off()?;
            }
            while self.purge() {
                self.work_off()?;
            }
            self.look_at_rest(Rest::Forgotten)
                .and_then(|()| self.look_for_the_forgotten())
                .and_then(|()| rows.same_rows(&self.table))
                .map_err(|error| {
                    format!(
                        "forgotten (again: {again}), after {} steps: {error}",
                        self.steps
                    )
                })?;
        }
        Ok(())
    }

    /// Tells every partition that has erased persons to forget them. Whether there is one.
    fn purge(&mut self) -> bool {
        let waiting = self.instances.iter();
        let waiting = waiting.filter(|instance| instance.owned.fold().awaiting_purge() > 0);
        let partitions: BTreeSet<u32> = waiting.map(|instance| instance.partition).collect();
        for partition in &partitions {
            self.request_purge(*partition);
        }
        !partitions.is_empty()
    }

    fn request_purge(&mut self, partition: u32) {
        let record = throughline_processor::purge::encode();
        self.logs[partition as usize].records.push(record.into());
    }

    fn work_off(&mut self) -> Result<(), String> {
        while let Some(step) = self.choose() {
            self.steps += 1;
            if let Some(trace) = &mut self.trace {
                trace.push(format!("{step:?}"));
            }
            self.perform(step)
                .and_then(|()| self.look(step))
                .map_err(|error| format!("after step {} ({step:?}): {error}", self.steps))?;
        }
        Ok(())
    }

    fn perform(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Read(worker, count) => self.read(worker, count),
            Step::DieReading(worker, count) => self.die_reading(worker, count),
            Step::Arrive(place) => match self.flight.remove(place) {
                Some(parcel) => self.arrive(&parcel),
                None => Ok(()),
            },
            Step::ArriveTwice(place) => {
                self.breaks -= 1;
                let parcel = self.flight[place].clone();
                self.arrive(&parcel)
            }
            Step::Apply(place) => self.apply(place),
            Step::Leave(place) => {
                self.leave(place);
                Ok(())
            }
            Step::Checkpoint(place) => {
                self.checkpoint(place);
                Ok(())
            }
            Step::Leak(place) => {
                let published = &self.instances[place].unacknowledged;
                let parcel = published[self.rng.usize(..published.len())].clone();
                self.flight.push_back(parcel);
                Ok(())
            }
            Step::Crash(place) => {
                let snapshot = self.instances[place].disk.snapshot();
                self.begin_again(place, snapshot)
            }
            Step::Restore(place) => {
                let snapshot = self.any_snapshot(self.instances[place].partition);
                self.begin_again(place, snapshot)
            }
            Step::Forget(partition) => {
                self.request_purge(partition);
                Ok(())
            }
            Step::Double(partition) => self.double(partition),
            Step::Stop(place) => {
                self.end(place);
                let partition = self.instances.remove(place).partition;
                self.mark_zombies(partition);
                Ok(())
            }
        }
    }

    fn read(&mut self, worker: usize, count: usize) -> Result<(), String> {
        let (until, parcels) = self.intakes[worker].read(count)?;
        for parcel in &parcels {
            self.facts.extend(invariants::facts_of(&parcel.value)?);
        }
        self.flight.extend(parcels);
        self.intakes[worker].commit(self.setup, self.scenario, until)
    }

    /// Some of what was read is published, nothing is committed.
    fn die_reading(&mut self, worker: usize, count: usize) -> Result<(), String> {
        self.breaks -= 1;
        let (_, parcels) = self.intakes[worker].read(count)?;
        for parcel in parcels {
            if self.rng.bool() {
                self.flight.push_back(parcel);
            }
        }
        let back = self.rng.usize(..4);
        self.intakes[worker].restart(self.setup, self.scenario, back)
    }

    fn arrive(&mut self, parcel: &Parcel) -> Result<(), String> {
        match parcel.to {
            Destination::Rows => {
                let flushed = self.seam.is(Mutant::VersionAtFlush);
                let writing = Writing {
                    lamport: flushed.then_some(parcel.lamport),
                    forgets_tombstones: self.seam.is(Mutant::NoTombstones),
                };
                self.table.add(&parcel.value, writing)
            }
            Destination::Log(partition) => {
                for ident in invariants::idents_of(&parcel.value)? {
                    let home = home_partition(ident, self.scenario.partitions);
                    self.logs[home as usize].idents.insert(Ident(ident.0));
                }
                let log = &mut self.logs[partition as usize];
                log.records.push(Arc::clone(&parcel.value));
                Ok(())
            }
        }
    }

    fn apply(&mut self, place: usize) -> Result<(), String> {
        let instance = &mut self.instances[place];
        let index = instance.next();
        let value = Arc::clone(&self.logs[instance.partition as usize].records[index]);
        // The second half of a record that was begun in this life has to follow; see [`Instance::next`].
        let offset = index as i64 * 2 + 1;
        let highest = self.logs.iter().filter_map(|log| log.idents.last()).max();
        let highest = throughline_proto::Ident(highest.map_or(0, |ident| ident.0));
        let pieces = self.seam.incoming(instance.partition, highest, &value);
        let due: Vec<(i64, &[u8])> = match pieces.as_deref() {
            None => vec![(offset, value.as_ref())],
            Some([first, second]) if self.seam.is(Mutant::CheckpointInsideRecord) => {
                if std::mem::take(&mut instance.halfway) {
                    vec![(offset, second.as_slice())]
                } else if instance.owned.next_offset() == offset || self.rng.bool() {
                    // If the first half was stored in a life before, the record still comes whole in this one.
                    vec![(offset, value.as_ref())]
                } else {
                    instance.halfway = true;
                    vec![(offset - 1, first.as_slice())]
                }
            }
            Some([piece]) => vec![(offset, piece.as_slice())],
            Some(pieces) => (offset - 1..)
                .zip(pieces.iter().map(Vec::as_slice))
                .collect(),
        };
        for (offset, value) in due {
            instance
                .apply(self.setup, &self.config, offset, value)
                .map_err(failed)?;
        }
        Ok(())
    }

    fn leave(&mut self, place: usize) {
        let instance = &mut self.instances[place];
        let before = instance.unacknowledged.len();
        instance.leave(self.setup, &self.config);
        pass(&mut self.seam, &mut instance.unacknowledged[before..]);
    }

    /// Publishing, acknowledgement and storing are steps of their own.
    fn checkpoint(&mut self, place: usize) {
        let early = self.seam.is(Mutant::StoredTooEarly);
        let instance = &mut self.instances[place];
        instance.phase = match std::mem::replace(&mut instance.phase, Phase::Applying) {
            Phase::Applying => {
                let before = instance.unacknowledged.len();
                let batch = instance.publish(self.setup, &self.config);
                pass(&mut self.seam, &mut instance.unacknowledged[before..]);
                if early {
                    instance.store(&self.config, batch);
                    Phase::StoredTooEarly
                } else {
                    Phase::Publishing(batch)
                }
            }
            Phase::Publishing(batch) => {
                self.flight.extend(instance.unacknowledged.drain(..));
                Phase::Acknowledged(batch)
            }
            Phase::StoredTooEarly => {
                self.flight.extend(instance.unacknowledged.drain(..));
                Phase::Applying
            }
            Phase::Acknowledged(batch) => {
                instance.store(&self.config, batch);
                if self.rng.u8(..3) == 0 {
                    let snapshots = &mut self.logs[instance.partition as usize].snapshots;
                    if snapshots.len() == SNAPSHOTS {
                        snapshots.swap_remove(self.rng.usize(..SNAPSHOTS));
                    }
                    snapshots.push(instance.disk.snapshot());
                }
                Phase::Applying
            }
        };
    }

    /// Of what an instance published and was not acknowledged, anything may arrive still.
    fn end(&mut self, place: usize) {
        for parcel in std::mem::take(&mut self.instances[place].unacknowledged) {
            if self.rng.bool() {
                self.flight.push_back(parcel);
            }
        }
    }

    fn begin_again(&mut self, place: usize, snapshot: Disk) -> Result<(), String> {
        self.breaks -= 1;
        self.end(place);
        let partition = self.instances[place].partition;
        let instance = Instance::open(self.setup, &self.config, partition, snapshot);
        self.instances[place] = instance.map_err(failed)?;
        self.mark_zombies(partition);
        Ok(())
    }

    fn any_snapshot(&mut self, partition: u32) -> Disk {
        let snapshots = &self.logs[partition as usize].snapshots;
        let chosen = self.rng.usize(..=snapshots.len());
        snapshots.get(chosen).cloned().unwrap_or_default()
    }

    fn double(&mut self, partition: u32) -> Result<(), String> {
        self.breaks -= 1;
        let own = |instance: &&Instance| instance.partition == partition;
        if self.instances.iter().filter(own).count() < INSTANCES {
            let snapshot = self.any_snapshot(partition);
            let instance = Instance::open(self.setup, &self.config, partition, snapshot);
            self.instances.push(instance.map_err(failed)?);
            self.mark_zombies(partition);
        }
        Ok(())
    }

    fn mark_zombies(&mut self, partition: u32) {
        let own = |instance: &Instance| instance.partition == partition;
        let several = self.instances.iter().filter(|i| own(i)).count() > 1;
        for instance in self.instances.iter_mut().filter(|i| own(i)) {
            instance.zombie = several;
        }
    }

    /// How many steps were taken.
    pub const fn steps(&self) -> usize {
        self.steps
    }
}

/// What leaves passes where a deliberate fault may take hold of it.
fn pass(seam: &mut Seam, parcels: &mut [Parcel]) {
    for parcel in parcels {
        if let Destination::Log(_) = parcel.to
            && let Some(value) = seam.outgoing(&parcel.value)
        {
            parcel.value = value.into();
        }
    }
}
