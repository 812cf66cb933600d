//! The sections `ingest`, `processor` and `sink`: how the rooms work.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::section::Section;
use super::snapshots::Snapshots;

/// How many workers a process may have of one kind.
const WORKERS: RangeInclusive<usize> = 1..=256;
/// Sizes in bytes.
const BYTES: RangeInclusive<usize> = 1024..=1 << 30;
/// Numbers of records or rows.
const COUNT: RangeInclusive<usize> = 1..=100_000_000;
/// Times in milliseconds.
const MILLIS: RangeInclusive<u64> = 0..=3_600_000;

/// How often all tables of persons may be gone through, in milliseconds.
const SWEEP_MILLIS: RangeInclusive<u64> = 100..=86_400_000;

/// The section `ingest`.
#[derive(Clone, Debug)]
pub struct Ingest {
    /// Workers in this process.
    pub workers: usize,
    /// Records of one cycle.
    pub cycle_records: usize,
    /// How long a cycle goes on after its first record.
    pub linger: Duration,
    /// The size at which a batch of events is written.
    pub batch_bytes: usize,
    /// Larger values are rejected.
    pub max_value_bytes: usize,
    /// The share of rejected records above which the alarm is raised.
    pub max_rejected_share: f64,
    /// Of how many of a topic's newest records that share is.
    pub share_window_records: u64,
    /// Links remembered as sent.
    pub remembered_links: usize,
    /// Values remembered as parsed.
    pub remembered_values: usize,
}

impl Ingest {
    /// Reads the section.
    pub fn read(section: &Section<'_>) -> Self {
        Self {
            workers: section.whole("workers", WORKERS),
            cycle_records: section.whole("cycle_records", 1..=1_000_000),
            linger: section.millis("linger_ms", 0..=10_000),
            batch_bytes: section.whole("batch_bytes", 1024..=8 * 1024 * 1024),
            max_value_bytes: section.whole("max_value_bytes", BYTES),
            max_rejected_share: section
                .parse("max_rejected_share", share)
                .unwrap_or_default(),
            share_window_records: section.whole("share_window_records", 1..=1_000_000),
            remembered_links: section.whole("remembered_links", 0..=*COUNT.end()),
            remembered_values: section.whole("remembered_values", 0..=*COUNT.end()),
        }
    }
}

/// The section `processor`.
#[derive(Clone, Debug)]
pub struct Processor {
    /// Workers in this process.
    pub workers: usize,
    /// Where the state stands.
    pub data_dir: PathBuf,
    /// A checkpoint is due after so long.
    pub checkpoint_interval: Duration,
    /// Messages and rows leave after so long, before their state is stored.
    pub publish_interval: Duration,
    /// A checkpoint is due after so many records.
    pub checkpoint_records: usize,
    /// Memory for the caches of the store, in MiB.
    pub cache_mib: u64,
    /// Identifiers that a partition keeps in memory.
    pub cached_nodes: usize,
    /// Chunks of cells that a partition keeps in memory.
    pub cached_chunks: usize,
    /// A client with more touches keeps the newest ones.
    pub max_touches: usize,
    /// A client with more hits, calls and contacts keeps the newest ones.
    pub max_items: usize,
    /// An identifier with more partners links nobody.
    pub max_partners: usize,
    /// Erased persons' facts are forgotten when no record came for so long.
    pub erasure_quiet: Duration,
    /// How long that may be put off.
    pub erasure_delay: Duration,
    /// About how large records may become.
    pub record_bytes: usize,
    /// The generation of the rules.
    pub generation: u32,
    /// Whether a partition may be built from a log that has lost its beginning.
    pub accept_lost_events: bool,
    /// Copies of the state.
    pub snapshots: Snapshots,
}

impl Processor {
    /// Reads the section.
    pub fn read(section: &Section<'_>) -> Self {
        Self {
            workers: section.whole("workers", WORKERS),
            data_dir: section.name("data_dir").into(),
            checkpoint_interval: section.millis("checkpoint_interval_ms", 1..=60_000),
            publish_interval: section.millis("publish_interval_ms", 1..=60_000),
            checkpoint_records: section.whole("checkpoint_records", 1..=10_000_000),
            cache_mib: section.whole("cache_mib", 1..=1_048_576),
            cached_nodes: section.whole("cached_nodes", COUNT),
            cached_chunks: section.whole("cached_chunks", COUNT),
            max_touches: section.whole("max_touches", 1..=1_000_000),
            max_items: section.whole("max_items", 1..=10_000_000),
            max_partners: section.whole("max_partners", 1..=100_000),
            erasure_quiet: section.millis("erasure_quiet_ms", 0..=86_400_000),
            erasure_delay: section.millis("erasure_delay_ms", 0..=2_592_000_000),
            record_bytes: section.whole("record_bytes", 1024..=8 * 1024 * 1024),
            generation: section.whole("generation", 1..=u32::MAX),
            accept_lost_events: section.flag("accept_lost_events"),
            snapshots: Snapshots::read(section),
        }
    }
}

/// The section `sink`.
#[derive(Clone, Debug)]
pub struct Sink {
    /// Workers in this process.
    pub workers: usize,
    /// Rows of a table that are inserted at once.
    pub max_rows: usize,
    /// Bytes of all tables that are inserted at once.
    pub max_bytes: usize,
    /// How long the first row waits.
    pub max_delay: Duration,
    /// How long the first row of figures by the hour, or of deals, waits.
    pub figures_delay: Duration,
    /// How often rows of erased persons are looked for that come late.
    pub erasure_sweep: Duration,
    /// How long rows of an erased person stay, covered by tombstones.
    pub erasure_delay: Duration,
    /// The first pause after a failure.
    pub retry_min: Duration,
    /// The longest pause after failures.
    pub retry_max: Duration,
    /// How many generations before the active one stay in ClickHouse.
    pub keep_generations: u32,
}

impl Sink {
    /// Reads the section.
    pub fn read(section: &Section<'_>) -> Self {
        let retry_min = section.millis("retry_min_ms", 1..=*MILLIS.end());
        let retry_max = section.millis("retry_max_ms", 1..=*MILLIS.end());
        if retry_max < retry_min
            && let Some(item) = section.get("retry_max_ms")
        {
            section.wrong(&item, "must not be less than retry_min_ms");
        }
        Self {
            workers: section.whole("workers", WORKERS),
            max_rows: section.whole("max_rows", COUNT),
            max_bytes: section.whole("max_bytes", BYTES),
            max_delay: section.millis("max_delay_ms", MILLIS),
            figures_delay: section.millis("figures_delay_ms", MILLIS),
            erasure_sweep: section.millis("erasure_sweep_ms", SWEEP_MILLIS),
            erasure_delay: section.millis("erasure_delay_ms", 0..=2_592_000_000),
            retry_min,
            retry_max,
            keep_generations: section.whole("keep_generations", 0..=1_000_000),
        }
    }
}

/// A share of a whole.
fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| format!("`{text}` is not a share from 0 to 1"))
}
