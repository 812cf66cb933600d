//! The worker threads of this process. When one fails, all are stopped: the
//! line goes on where it was once the cause is removed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use throughline_stream::Stop;

use crate::health::{Health, State};

/// How a worker ended.
type End = (String, anyhow::Result<()>);

/// Threads that live and end together.
pub struct Workers {
    stop: Stop,
    health: Health,
    patience: Duration,
    started: usize,
    ended: (Sender<End>, Receiver<End>),
}

impl Workers {
    /// No workers yet. When one fails, the others have `patience` to finish.
    pub fn new(stop: Stop, health: Health, patience: Duration) -> Self {
        Self {
            stop,
            health,
            patience,
            started: 0,
            ended: channel(),
        }
    }

    /// Starts a worker, which ends when the stop is requested.
    pub fn start(
        &mut self,
        name: &str,
        work: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let ended = self.ended.0.clone();
        let owned = name.to_owned();
        std::thread::Builder::new()
            .name(owned.clone())
            .spawn(move || {
                let result = catch_unwind(AssertUnwindSafe(work))
                    .unwrap_or_else(|_| Err(anyhow!("it panicked; the log says where")));
                // Nobody listens when the process is ending already.
                let _ = ended.send((owned, result));
            })
            .with_context(|| format!("cannot start the thread of {name}"))?;
        self.started += 1;
        Ok(())
    }

    /// Waits for all workers. The first failure stops the others and is returned.
    pub fn wait(self) -> anyhow::Result<()> {
        let mut first = Ok(());
        for _ in 0..self.started {
            let (name, result) = self.ended.1.recv()?;
            let Err(error) = result else {
                tracing::debug!(worker = name, "ended");
                continue;
            };
            tracing::error!(worker = name, error = format!("{error:#}"), "failed");
            self.health.set(&name, State::Failed(format!("{error:#}")));
            self.stop.request(self.patience);
            if first.is_ok() {
                first = Err(error.context(name));
            }
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_stops_all_and_is_returned() {
        for panics in [false, true] {
            let (stop, health) = (Stop::new(), Health::default());
            let mut workers = Workers::new(stop.clone(), health.clone(), Duration::from_mins(1));
            let waiting = stop.clone();
            let wait = move || {
                while !waiting.is_requested() {
                    std::thread::yield_now();
                }
                Ok(())
            };
            workers.start("good", wait).unwrap();
            let fail = move || {
                assert!(!panics, "a worker of this test panics");
                Err(anyhow!("broken"))
            };
            workers.start("bad", fail).unwrap();
            let error = format!("{:#}", workers.wait().unwrap_err());
            assert!(error.starts_with("bad: "), "{error}");
            assert!(!health.is_alive());
        }
    }
}
