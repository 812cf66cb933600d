//! Ending on SIGTERM or SIGINT: take nothing new, finish, and be gone by the
//! deadline whatever happens.

use std::time::Duration;

use anyhow::Context as _;
use throughline_stream::Stop;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long after the deadline a worker may take to notice it.
const GRACE: Duration = Duration::from_secs(2);

/// The wishes to end that this process gets from now on.
pub struct Signals {
    runtime: Runtime,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Holds wishes to end back until [`Self::obey`]: from here on they do not
    /// kill the process any more, however early they come.
    pub fn hold() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot wait for signals")?;
        let (terminate, interrupt) = {
            let _guard = runtime.enter();
            (
                signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?,
                signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?,
            )
        };
        Ok(Self {
            runtime,
            terminate,
            interrupt,
        })
    }

    /// Requests a stop when the process is asked to end. A second SIGINT ends it
    /// at once: what is undone is done again after the next start.
    pub fn obey(self, stop: &Stop, patience: Duration) -> anyhow::Result<()> {
        let Self {
            runtime,
            mut terminate,
            mut interrupt,
        } = self;
        let stop = stop.clone();
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = terminate.recv() => tracing::info!("SIGTERM: finishing the work at hand"),
                        _ = interrupt.recv() => tracing::info!("SIGINT: finishing the work at hand"),
                    }
                    stop.request(patience);
                    tokio::select! {
                        _ = interrupt.recv() => {
                            tracing::warn!("SIGINT again: stopping at once");
                            std::process::exit(130);
                        }
                        () = tokio::time::sleep(patience + GRACE) => {
                            tracing::warn!("the deadline is over; the next start repeats what is undone");
                            std::process::exit(0);
                        }
                    }
                });
            })
            .context("cannot start a thread")?;
        Ok(())
    }
}

/// Both at once.
pub fn on_signals(stop: &Stop, patience: Duration) -> anyhow::Result<()> {
    Signals::hold()?.obey(stop, patience)
}
