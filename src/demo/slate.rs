//! The demo's own topics, groups, database and state, which begin empty each
//! time and never meet those of the configured line.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use throughline_sink::{ClickHouse, schema};
use throughline_stream::kafka::Admin;

use crate::config::{Kafka, Settings, SnapshotPlace};
use crate::prepare::PATIENCE;

/// What the demo's topics and groups begin with.
const PREFIX: &str = "throughline-demo";
/// The demo's database.
pub const DATABASE: &str = "throughline_demo";
/// What the demo writes beside it.
const DIRECTORY: &str = ".dev/demo";
/// How often lags are measured: they are looked at all the time.
const LAG_INTERVAL: Duration = Duration::from_secs(1);
/// How many ports are tried when the configured one is taken.
const PORTS: u16 = 32;

/// The settings of the demo's line: the configured ones, under its own names.
pub fn own(settings: &Settings) -> anyhow::Result<Settings> {
    let mut own = settings.clone();
    let topics = &mut own.kafka.topics;
    for (raw, name) in &mut topics.raw {
        *name = format!("{PREFIX}-{}", raw.name());
    }
    topics.events = format!("{PREFIX}-events");
    topics.rollups = format!("{PREFIX}-rollups");
    topics.dead_letters = format!("{PREFIX}-dead-letters");
    let groups = &mut own.kafka.groups;
    groups.ingest = format!("{PREFIX}-ingest");
    groups.processor = format!("{PREFIX}-processor");
    groups.sink = format!("{PREFIX}-sink");
    own.kafka.instance = None;
    DATABASE.clone_into(&mut own.clickhouse.connection.database);
    own.processor.data_dir = Path::new(DIRECTORY).join("state");
    // Its log is made anew each time, and its state is not worth a copy.
    own.processor.snapshots.place = SnapshotPlace::Beside;
    own.processor.snapshots.interval = None;
    own.telemetry.lag_interval = LAG_INTERVAL;
    own.telemetry.listen = settings.telemetry.listen.and_then(free_address);
    own.dashboard.listen = settings.dashboard.listen.and_then(free_address);
    refuse_shared(settings, &own)?;
    Ok(own)
}

/// Refuses a configuration whose line would lose its data to the demo.
fn refuse_shared(settings: &Settings, own: &Settings) -> anyhow::Result<()> {
    if settings.clickhouse.connection.database == DATABASE {
        bail!("the configured database {DATABASE} is the one that the demo drops: rename it");
    }
    if settings.processor.data_dir == own.processor.data_dir {
        bail!(
            "the configured processor.data_dir {} is the one that the demo deletes: rename it",
            own.processor.data_dir.display()
        );
    }
    let taken = names(&settings.kafka);
    if let Some(name) = names(&own.kafka).iter().find(|name| taken.contains(name)) {
        bail!("the configured topic {name} is one that the demo deletes: rename it");
    }
    Ok(())
}

/// All topics of a line.
fn names(kafka: &Kafka) -> Vec<String> {
    let specs = kafka.topic_specs();
    specs.into_iter().map(|topic| topic.name).collect()
}

/// This address, or one with a higher port when another program listens there.
fn free_address(wanted: SocketAddr) -> Option<SocketAddr> {
    let ports = wanted.port()..wanted.port().saturating_add(PORTS);
    let mut addresses = ports.map(|port| SocketAddr::new(wanted.ip(), port));
    addresses.find(|address| TcpListener::bind(address).is_ok())
}

/// Holds others off the demo's names until it is dropped.
pub fn lock() -> anyhow::Result<File> {
    let path = PathBuf::from(DIRECTORY).join("lock");
    let failed = || format!("cannot write {}", path.display());
    fs::create_dir_all(DIRECTORY).with_context(failed)?;
    let file = File::create(&path).with_context(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("a demo runs in this directory already"),
        Err(TryLockError::Error(error)) => Err(error).with_context(failed),
    }
}

/// Deletes what the demo before this one left, and makes topics and tables.
pub fn wipe(own: &Settings) -> anyhow::Result<()> {
    let kafka = &own.kafka;
    let servers = &kafka.client.bootstrap_servers;
    let hint = || format!("the demo needs Kafka at {servers}: `make up` starts it");
    let admin = Admin::new(&kafka.client, PATIENCE)?;
    admin.partitions().with_context(hint)?;
    let clickhouse = ClickHouse::new(&own.clickhouse.connection)?;
    let url = &own.clickhouse.connection.url;
    let hint = || format!("the demo needs ClickHouse at {url}: `make up` starts it");
    schema::drop(&clickhouse).with_context(hint)?;

    let groups = &kafka.groups;
    let groups = [&groups.ingest, &groups.processor, &groups.sink];
    // The members of a demo that was killed are in their groups for a while.
    let patience = kafka.session_timeout + PATIENCE;
    admin.delete_groups(&groups.map(String::as_str), patience)?;
    admin.delete_topics(&names(kafka))?;
    match fs::remove_dir_all(&own.processor.data_dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            let path = own.processor.data_dir.display();
            return Err(error).with_context(|| format!("cannot delete {path}"));
        }
        _ => {}
    }
    admin.create_missing(&kafka.topic_specs())?;
    schema::apply(&clickhouse, own.processor.generation)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(file: &str) -> Settings {
        Settings::from_texts(Some(("test.yaml", file)), std::iter::empty()).unwrap()
    }

    #[test]
    fn nothing_is_shared_with_the_configured_line() {
        let configured = settings("telemetry: {listen: \"\"}");
        let own = own(&configured).unwrap();
        let before = names(&configured.kafka);
        assert!(names(&own.kafka).iter().all(|name| !before.contains(name)));
        assert_eq!(names(&own.kafka).len(), before.len());
        let groups = |settings: &Settings| {
            let groups = settings.kafka.groups.clone();
            [groups.ingest, groups.processor, groups.sink]
        };
        let before = groups(&configured);
        assert!(groups(&own).iter().all(|group| !before.contains(group)));
        assert_ne!(
            own.clickhouse.connection.database,
            configured.clickhouse.connection.database
        );
        assert_ne!(own.processor.data_dir, configured.processor.data_dir);
    }

    #[test]
    fn a_line_under_the_demos_names_is_safe() {
        for file in [
            "clickhouse: {database: throughline_demo}",
            "processor: {data_dir: .dev/demo/state}",
            "kafka: {topics: {events: throughline-demo-events}}",
        ] {
            assert!(own(&settings(file)).is_err(), "{file}");
        }
    }

    #[test]
    fn a_taken_port_is_passed_over() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = taken.local_addr().unwrap();
        if let Some(free) = free_address(taken) {
            assert_ne!(free, taken);
        }
    }
}
