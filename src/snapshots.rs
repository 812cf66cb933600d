//! The snapshots of this process' processor workers, made of the configuration.

use std::sync::Arc;
use std::time::{Duration, Instant};

use throughline_processor::snapshot::{Begin, Location, Maker, Place, Schedule, Starter};
use throughline_processor::{Attribution, FjallStore};
use throughline_stream::kafka::{Start, StartAt};
use throughline_stream::{Stop, StreamError};

use crate::config::{Settings, SnapshotPlace};
use crate::roles;

/// How long after a line about storage that is away the next one comes.
const WARN_AGAIN: Duration = Duration::from_secs(15);
/// The directory beside the state, where none is configured.
const BESIDE: &str = "snapshots";

/// Where the snapshots of `events` are.
pub fn place(settings: &Settings) -> anyhow::Result<Place> {
    let processor = &settings.processor;
    let location = match &processor.snapshots.place {
        SnapshotPlace::Beside => Location::Directory(processor.data_dir.with_file_name(BESIDE)),
        SnapshotPlace::Directory(path) => Location::Directory(path.clone()),
        SnapshotPlace::S3(url) => Location::S3(url.clone()),
    };
    let kafka = &settings.kafka;
    let place = Place::new(&location, &kafka.topics.events, kafka.partitions.events)?;
    Ok(place)
}

/// What tells one worker where to begin.
pub fn starter(
    settings: &Settings,
    place: &Place,
    rules: &Arc<Attribution>,
    store: &FjallStore,
    stop: &Stop,
) -> Starter {
    Starter {
        store: store.clone(),
        place: place.clone(),
        config: roles::processor_config(settings),
        rules: Arc::clone(rules),
        accept_lost_events: settings.processor.accept_lost_events,
        stop: stop.clone(),
    }
}

/// What writes the snapshots of this process; `None` where none are wanted.
pub fn maker(settings: &Settings, place: Place, store: &FjallStore, stop: &Stop) -> Option<Maker> {
    let snapshots = &settings.processor.snapshots;
    let schedule = Schedule {
        interval: snapshots.interval?,
        keep: snapshots.keep,
    };
    Some(Maker::new(place, store.clone(), schedule, stop.clone()))
}

/// Tells a source where to begin: where the state ends, once it is there.
pub fn start_at(starter: Starter) -> StartAt {
    let mut warned: Option<Instant> = None;
    Box::new(move |at, log| {
        let Some(log) = log.bounds()? else {
            return Ok(None);
        };
        let begin = starter.begin(at.partition as u32, &log);
        let begin = begin.map_err(|error| StreamError::Broker {
            context: "cannot begin".to_owned(),
            reason: error.to_string(),
        })?;
        Ok(match begin {
            Begin::At(offset) => Some(Start::At(offset)),
            Begin::After(offset) => Some(Start::After(offset)),
            Begin::Beginning => Some(Start::Beginning),
            Begin::Later(reason) => {
                let is_time = warned.is_none_or(|at| at.elapsed() >= WARN_AGAIN);
                if is_time && !starter.stop.is_requested() {
                    warned = Some(Instant::now());
                    tracing::warn!(
                        partition = at.partition,
                        reason,
                        "the state is not here; waiting for object storage to tell of snapshots"
                    );
                }
                None
            }
        })
    })
}
