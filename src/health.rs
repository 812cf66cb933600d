//! Whether this process lives and is ready, for probes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How something this process depends on, or consists of, is doing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// Not there yet, or away for now; why.
    Waiting(String),
    /// As it should be.
    Ready,
    /// Broken for good; why.
    Failed(String),
}

/// The states of all parts, by name.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<BTreeMap<String, State>>>);

impl Health {
    /// States how a part is doing.
    pub fn set(&self, part: &str, state: State) {
        self.lock().insert(part.to_owned(), state);
    }

    /// Whether nothing has failed for good.
    pub fn is_alive(&self) -> bool {
        !self
            .lock()
            .values()
            .any(|state| matches!(state, State::Failed(_)))
    }

    /// Whether everything is as it should be.
    pub fn is_ready(&self) -> bool {
        self.lock().values().all(|state| *state == State::Ready)
    }

    /// A line for each part.
    pub fn report(&self) -> String {
        let line = |(part, state): (&String, &State)| match state {
            State::Ready => format!("{part}: ready\n"),
            State::Waiting(reason) => format!("{part}: waiting: {reason}\n"),
            State::Failed(reason) => format!("{part}: failed: {reason}\n"),
        };
        self.lock().iter().map(line).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_alive_and_not_ready() {
        let health = Health::default();
        health.set("kafka", State::Ready);
        assert!(health.is_alive() && health.is_ready());
        health.set("sink 0", State::Waiting("ClickHouse is away".to_owned()));
        assert!(health.is_alive() && !health.is_ready());
        health.set("sink 0", State::Failed("no rights".to_owned()));
        assert!(!health.is_alive() && !health.is_ready());
        assert_eq!(health.report(), "kafka: ready\nsink 0: failed: no rights\n");
    }
}
