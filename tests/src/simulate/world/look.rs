//! Looks at the whole: after each step as far as it is cheap, now and then at everything, and at rest.

use std::collections::BTreeSet;

use throughline_core::Ident;

use super::World;
use super::schedule::Step;
use crate::simulate::instance::{Destination, Instance};
use crate::simulate::invariants;
use crate::simulate::scenario::splits;

/// Steps between two looks at everything.
const LOOK_EVERY: u32 = 50;

/// What there is to be found at rest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Every fact.
    Whole,
    /// All but those of erased persons.
    Forgotten,
}

impl World<'_> {
    /// Of erased persons no identifier is stored, unless they shared a journey with others.
    pub(super) fn look_for_the_forgotten(&self) -> Result<(), String> {
        let mut raw = self.scenario.raw.iter();
        let divides = raw.any(|raw| splits(raw.topic, &raw.value));
        if self.scenario.max_partners < 1000 || divides {
            return Ok(());
        }
        let idents = self.logs.iter().flat_map(|log| log.idents.iter().copied());
        let idents: BTreeSet<Ident> = idents.collect();
        let mut instances = self.instances.iter();
        instances.try_for_each(|instance| invariants::forgotten(instance, &idents))
    }

    /// The instance that stands for its partition: the first.
    fn first_of(&self, partition: usize) -> Option<&Instance> {
        let own = |instance: &&Instance| instance.partition as usize == partition;
        self.instances.iter().find(own)
    }

    pub(super) fn look(&mut self, step: Step) -> Result<(), String> {
        if let Step::Apply(place) = step {
            let instance = &self.instances[place];
            let log = &mut self.logs[instance.partition as usize];
            invariants::after_record(instance, &log.idents)?;
            if self.rng.u32(..LOOK_EVERY) == 0 {
                invariants::cells(self.setup, instance, &log.idents, &mut log.chunks)?;
            }
        }
        if self.rng.u32(..LOOK_EVERY) == 0 && !self.forgetting {
            self.look_for_facts()?;
        }
        Ok(())
    }

    /// Every fact that ingest committed is in a journey, or on its way to one.
    fn look_for_facts(&self) -> Result<(), String> {
        let mut found = BTreeSet::new();
        let mut add = |value: &[u8]| -> Result<(), String> {
            found.extend(invariants::facts_of(value)?);
            Ok(())
        };
        for parcel in &self.flight {
            if let Destination::Log(_) = parcel.to {
                add(&parcel.value)?;
            }
        }
        for (partition, log) in self.logs.iter().enumerate() {
            let Some(instance) = self.first_of(partition) else {
                continue;
            };
            for parcel in &instance.unacknowledged {
                if let Destination::Log(_) = parcel.to {
                    add(&parcel.value)?;
                }
            }
            for record in log.records.iter().skip(instance.next()) {
                add(record)?;
            }
        }
        for (partition, log) in self.logs.iter().enumerate() {
            if let Some(instance) = self.first_of(partition) {
                found.extend(invariants::held(instance, &log.idents)?);
                found.extend(invariants::waiting(instance));
            }
        }
        match self.facts.difference(&found).next() {
            Some(lost) => Err(format!("fact {lost:?} is lost")),
            None => Ok(()),
        }
    }

    /// Nothing is on its way: every fact is in one journey, the cells are right, and instances of one partition agree.
    pub(super) fn look_at_rest(&mut self, rest: Rest) -> Result<(), String> {
        let mut held = BTreeSet::new();
        for (partition, log) in self.logs.iter_mut().enumerate() {
            let own = |instance: &&Instance| instance.partition as usize == partition;
            let mut first: Option<&Instance> = None;
            for instance in self.instances.iter().filter(own) {
                invariants::after_record(instance, &log.idents)?;
                if let Some(first) = first {
                    if first.disk.snapshot() != instance.disk.snapshot() {
                        return Err(format!(
                            "two instances of partition {partition} stored different state"
                        ));
                    }
                    continue;
                }
                first = Some(instance);
                invariants::cells(self.setup, instance, &log.idents, &mut log.chunks)?;
                if rest == Rest::Forgotten {
                    continue;
                }
                for fact in invariants::held(instance, &log.idents)? {
                    // Both ends may know of a link that both refused.
                    if let Some(doubled) = held.replace(fact)
                        && doubled.0 != invariants::REFUSED
                    {
                        return Err(format!("fact {doubled:?} is in two journeys"));
                    }
                }
            }
        }
        match self.facts.difference(&held).next() {
            Some(lost) if rest == Rest::Whole => Err(format!("fact {lost:?} is lost")),
            _ => Ok(()),
        }
    }
}
