//! Ingest workers: each reads one partition of every raw topic, dies now and then, and begins again where it committed.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use throughline_ingest::{IdentKeys, Ingest};
use throughline_proto::topics;
use throughline_stream::{
    Outgoing, Polled, Position, Publish, Record, Role as _, Source, StreamError,
};

use super::instance::{Destination, Parcel};
use super::mutant::Mutant;
use super::scenario::{self, Raw, Scenario};
use super::setup::Setup;
use crate::rotation;

/// Records to be read, and records written.
#[derive(Clone, Default)]
struct Pipe {
    input: Rc<RefCell<Vec<Record>>>,
    output: Rc<RefCell<Vec<Outgoing>>>,
}

impl Source for Pipe {
    fn poll(&mut self, _max_records: usize, _wait: Duration) -> Result<Polled, StreamError> {
        Ok(Polled::Records(std::mem::take(
            &mut *self.input.borrow_mut(),
        )))
    }

    fn commit(&mut self, _positions: &[Position]) -> Result<(), StreamError> {
        Ok(())
    }
}

impl Publish for Pipe {
    fn send(&mut self, record: Outgoing) -> Result<(), StreamError> {
        self.output.borrow_mut().push(record);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }
}

/// An ingest worker.
pub struct Intake {
    /// Its raw records, in order.
    raw: Vec<Raw>,
    /// The first that is not committed.
    committed: usize,
    /// Where the worker goes on with another key, and with which keys then.
    rotation: Option<(usize, IdentKeys)>,
    keys: IdentKeys,
    worker: Ingest<Pipe, Pipe>,
    pipe: Pipe,
}

impl Intake {
    /// A worker that has read nothing yet.
    pub fn new(
        setup: &Setup,
        scenario: &Scenario,
        partition: i32,
        mutant: Option<Mutant>,
    ) -> Result<Self, String> {
        let mine = |raw: &&Raw| raw.partition == partition;
        let pipe = Pipe::default();
        let raw: Vec<Raw> = scenario.raw.iter().filter(mine).cloned().collect();
        let in_turn = scenario.keys();
        let keys = rotation::keys(&in_turn[..1], true);
        let rotated = rotation::keys(&in_turn, mutant != Some(Mutant::ForgottenKey));
        Ok(Self {
            committed: 0,
            rotation: scenario.rotates.then_some((raw.len() / 2, rotated)),
            raw,
            worker: worker(setup, scenario, &keys, &pipe)?,
            keys,
            pipe,
        })
    }

    /// All that was read is committed.
    pub fn is_done(&self) -> bool {
        self.committed == self.raw.len()
    }

    /// Reads up to so many records and gives what becomes of them. They are not committed yet.
    pub fn read(&mut self, count: usize) -> Result<(usize, Vec<Parcel>), String> {
        let until = self.raw.len().min(self.committed + count);
        let records = self.raw[self.committed..until].iter().map(|raw| Record {
            topic: raw.topic.into(),
            partition: raw.partition,
            offset: raw.offset,
            timestamp_ms: scenario::received_ms(),
            key: None,
            value: Some(raw.value.clone()),
            headers: Vec::new(),
        });
        self.pipe.input.borrow_mut().extend(records);
        self.worker.step().map_err(|error| error.to_string())?;
        let outgoing = std::mem::take(&mut *self.pipe.output.borrow_mut());
        let events = outgoing
            .into_iter()
            .filter(|record| record.topic.as_ref() == topics::EVENTS);
        let parcels = events.map(|record| Parcel {
            to: Destination::Log(record.partition.unwrap_or(0) as u32),
            value: record.value.unwrap_or_default().into(),
            lamport: 0,
        });
        Ok((until, parcels.collect()))
    }

    /// Commits what was read up to here, and rotates the key when it is time.
    pub fn commit(
        &mut self,
        setup: &Setup,
        scenario: &Scenario,
        until: usize,
    ) -> Result<(), String> {
        self.committed = until;
        if let Some((_, keys)) = self.rotation.take_if(|(at, _)| until >= *at) {
            self.keys = keys;
            return self.restart(setup, scenario, 0);
        }
        Ok(())
    }

    /// Begins again, somewhat before what was committed last, and remembers nothing.
    pub fn restart(
        &mut self,
        setup: &Setup,
        scenario: &Scenario,
        back: usize,
    ) -> Result<(), String> {
        self.committed = self.committed.saturating_sub(back);
        self.worker = worker(setup, scenario, &self.keys, &self.pipe)?;
        Ok(())
    }
}

fn worker(
    setup: &Setup,
    scenario: &Scenario,
    keys: &IdentKeys,
    pipe: &Pipe,
) -> Result<Ingest<Pipe, Pipe>, String> {
    let config = setup.ingest(scenario, keys.clone());
    Ingest::new(config, pipe.clone(), pipe.clone()).map_err(|error| error.to_string())
}
