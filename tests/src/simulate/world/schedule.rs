//! The scheduler: what may happen next, and what does.

use super::World;
use crate::simulate::instance::{Instance, Phase};
use crate::simulate::scenario::Scenario;

/// A step that the scheduler may choose. Instances, workers and records are meant by their places.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// An ingest worker reads some records and commits them.
    Read(usize, usize),
    /// An ingest worker reads some records and dies.
    DieReading(usize, usize),
    /// A record arrives where it was sent.
    Arrive(usize),
    /// It arrives, and will arrive again.
    ArriveTwice(usize),
    /// An instance applies a record.
    Apply(usize),
    /// An instance publishes what it made, long before its checkpoint.
    Leave(usize),
    /// An instance takes the next step of its checkpoint.
    Checkpoint(usize),
    /// Something that an instance published arrives before it is acknowledged.
    Leak(usize),
    /// An instance dies and comes back with what it stored.
    Crash(usize),
    /// An instance dies and comes back with an older snapshot, or with nothing.
    Restore(usize),
    /// A partition gets a second instance.
    Double(u32),
    /// One of several instances of a partition ends.
    Stop(usize),
    /// A partition is told to forget erased persons.
    Forget(u32),
}

impl World<'_> {
    /// Chooses the next step; none is left when all is done, though something might still break.
    pub(super) fn choose(&mut self) -> Option<Step> {
        let places = |wanted: &dyn Fn(&Instance) -> bool| -> Vec<usize> {
            let all = self.instances.iter().enumerate();
            all.filter(|(_, instance)| wanted(instance))
                .map(|(place, _)| place)
                .collect()
        };
        let applying = |instance: &Instance| matches!(instance.phase, Phase::Applying);
        let lagging = places(&|instance| {
            let end = self.logs[instance.partition as usize].records.len();
            applying(instance) && instance.next() < end
        });
        let checkpointing = places(&|instance| !applying(instance));
        let due = places(&|instance| {
            applying(instance) && (instance.owned.is_dirty() || !instance.unacknowledged.is_empty())
        });
        let leaving = places(&|instance| applying(instance) && instance.owned.is_dirty());
        let leaking = places(&|instance| !instance.unacknowledged.is_empty());
        let doubled = places(&|instance| instance.zombie);
        let readers: Vec<usize> = (0..self.intakes.len())
            .filter(|place| !self.intakes[*place].is_done())
            .collect();
        let any = !(lagging.is_empty()
            && checkpointing.is_empty()
            && due.is_empty()
            && readers.is_empty()
            && self.flight.is_empty());
        if !any {
            return None;
        }
        let forgetting =
            places(&|instance| self.scenario.forgets && instance.owned.fold().awaiting_purge() > 0);
        let breaks = self.breaks > 0;
        let weight = |possible: bool, weight: u32| if possible { weight } else { 0 };
        let Scenario {
            checkpoints,
            leaves,
            faults,
            repeats,
            ..
        } = *self.scenario;
        let weights = [
            weight(!readers.is_empty(), 30),
            weight(!self.flight.is_empty(), 100),
            weight(!lagging.is_empty(), 100),
            weight(!due.is_empty(), checkpoints),
            weight(!checkpointing.is_empty(), 60),
            weight(!leaking.is_empty(), 10),
            weight(breaks && !readers.is_empty(), faults),
            weight(breaks && !self.flight.is_empty(), repeats),
            weight(breaks, faults),
            weight(breaks, faults / 2),
            weight(breaks, faults),
            weight(!doubled.is_empty(), faults),
            weight(!forgetting.is_empty(), 4),
            weight(!leaving.is_empty(), leaves),
        ];
        let rng = &mut self.rng;
        let mut chosen = rng.u32(..weights.iter().sum::<u32>());
        let kind = weights.iter().position(|weight| {
            let here = chosen < *weight;
            chosen = chosen.saturating_sub(*weight);
            here
        })?;
        let mut one = |places: &[usize]| places[rng.usize(..places.len())];
        Some(match kind {
            0 => Step::Read(one(&readers), rng.usize(1..12)),
            1 => Step::Arrive(rng.usize(..self.flight.len().min(self.scenario.disorder))),
            2 => Step::Apply(one(&lagging)),
            3 => Step::Checkpoint(one(&due)),
            4 => Step::Checkpoint(one(&checkpointing)),
            5 => Step::Leak(one(&leaking)),
            6 => Step::DieReading(one(&readers), rng.usize(1..12)),
            7 => Step::ArriveTwice(rng.usize(..self.flight.len().min(self.scenario.disorder))),
            8 => Step::Crash(rng.usize(..self.instances.len())),
            9 => Step::Restore(rng.usize(..self.instances.len())),
            10 => Step::Double(rng.u32(..self.scenario.partitions)),
            11 => Step::Stop(one(&doubled)),
            12 => Step::Forget(self.instances[one(&forgetting)].partition),
            _ => Step::Leave(one(&leaving)),
        })
    }
}
