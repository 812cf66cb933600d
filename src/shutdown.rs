//! Ending on SIGTERM or SIGINT: take nothing new, finish, and be gone by the
//! deadline whatever happens.

use std::time::Duration;

use anyhow::Context as _;
use throughline_stream::Stop;
use tokio::signal::unix::{SignalKind, signal};

/// How long after the deadline a worker may take to notice it.
const GRACE: Duration = Duration::from_secs(2);

/// Requests a stop when the process is asked to end. A second SIGINT ends it
/// at once: what is undone is done again after the next start.
pub fn on_signals(stop: &Stop, patience: Duration) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot wait for signals")?;
    let (mut terminate, mut interrupt) = {
        let _guard = runtime.enter();
        (
            signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?,
            signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?,
        )
    };
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
