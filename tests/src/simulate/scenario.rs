//! What a seed stands for: how much of everything happens in its run.

use fastrand::Rng;

use crate::reference::time::DAY;
use crate::traffic::{Plan, TENANTS};

/// A raw record: topic, partition of the topic, value.
#[derive(Clone, Debug)]
pub struct Raw {
    /// The topic.
    pub topic: &'static str,
    /// The topic's partition.
    pub partition: i32,
    /// Its place in that partition.
    pub offset: i64,
    /// The value.
    pub value: Vec<u8>,
}

/// What the traffic may consist of, topic by topic: a little of everything; calls to leased numbers; deals; links.
const MIXES: [[u8; 8]; 5] = [
    [50, 10, 7, 15, 5, 4, 7, 2],
    [25, 25, 2, 10, 1, 2, 30, 5],
    [35, 6, 4, 40, 2, 5, 3, 5],
    [30, 2, 2, 60, 1, 3, 1, 1],
    [40, 5, 5, 20, 2, 5, 3, 20],
];

/// How many partitions each raw topic has.
pub const RAW_PARTITIONS: i32 = 2;

/// A run, but for the scheduler's choices.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The seed of everything.
    pub seed: u64,
    /// Partitions of `events`.
    pub partitions: u32,
    /// The raw records, in the order in which they are produced.
    pub raw: Vec<Raw>,
    /// How full ingest's records may become.
    pub batch_bytes: usize,
    /// How full the processor's records may become.
    pub record_bytes: usize,
    /// Nodes and chunks that stay in memory after a checkpoint.
    pub cached: usize,
    /// How many records may overtake one another.
    pub disorder: usize,
    /// How often a checkpoint begins, against applying one record.
    pub checkpoints: u32,
    /// How often something leaves before a checkpoint.
    pub leaves: u32,
    /// How often something breaks, against applying one record in a hundred.
    pub faults: u32,
    /// How often a record is delivered again, in the same measure.
    pub repeats: u32,
    /// An identifier with more partners is a hub.
    pub max_partners: usize,
    /// Whether the key of the identifiers is rotated when half of the raw records are read.
    pub rotates: bool,
    /// Whether erased persons are forgotten while their events still come. What comes too late is not counted then, so
    /// the sums are not compared with the reference's.
    pub forgets: bool,
}

impl Scenario {
    /// Whether a link may come too late: a lease, when the caller whom it links with its visitor was forgotten with the
    /// call. The reference forgets nobody, so about one such run in a hundred differs from it.
    pub fn forgets_links(&self) -> bool {
        self.forgets && self.raw.iter().any(|raw| raw.topic == "numbers")
    }
}

/// Traffic of a seed, before its size is chosen.
pub fn plan(seed: u64) -> Plan {
    Plan {
        span_ms: 5 * DAY,
        duplicates_per_mille: 60,
        conflicts_per_mille: 20,
        broken_per_mille: 0,
        arrays_per_mille: 150,
        late_per_mille: 100,
        erasures_per_mille: 80,
        ..Plan::new(seed, 0)
    }
}

/// When raw records were written, later than every event.
pub fn received_ms() -> i64 {
    plan(0).received_ms()
}

impl Scenario {
    /// What a seed stands for.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x5ce7_a210);
        // The third begins journeys anew after each conversion, so that more depends on more.
        let first = [0, 1, 2, 2, 2, 3][rng.usize(..6)];
        let mut tenants = vec![TENANTS[first]];
        if rng.u8(..3) == 0 {
            tenants.push(TENANTS[(first + 1) % TENANTS.len()]);
        }
        let traffic = Plan {
            events: rng.usize(10..70),
            clients: tenants.len() * rng.usize(1..4),
            tenants,
            mix: MIXES[rng.usize(..MIXES.len())],
            ..plan(seed)
        };
        let mut records = traffic.records();
        match rng.u8(..4) {
            0 => records.reverse(),
            1 | 2 => rng.shuffle(&mut records),
            _ => {}
        }
        // While a key rotates, a partner may count twice.
        let rotates = rng.u8(..4) == 0;
        let few_partners = !rotates && rng.bool();
        // Who was forgotten with somebody remains erased, whatever divides the two later.
        let divides = few_partners || records.iter().any(|(topic, value)| splits(topic, value));
        let forgets = !divides && !rotates && rng.bool();
        Self {
            seed,
            max_partners: if few_partners { rng.usize(1..6) } else { 1000 },
            rotates,
            forgets,
            partitions: rng.u32(1..=5),
            raw: numbered(records, &mut rng),
            batch_bytes: rng.usize(100..2000),
            record_bytes: rng.usize(200..4000),
            cached: rng.usize(..30),
            disorder: [1, 3, 1000][rng.usize(..3)],
            checkpoints: [5, 20, 60][rng.usize(..3)],
            leaves: [0, 20, 60][rng.usize(..3)],
            faults: [0, 2, 6, 12][rng.usize(..4)],
            repeats: [0, 5, 15][rng.usize(..3)],
        }
    }

    /// The key of the identifiers, and the one that it is rotated to. Another key is another identity order.
    pub fn keys(&self) -> [[u8; 32]; 2] {
        [7, 8].map(|byte| {
            let mut key = [byte; 32];
            key[..8].copy_from_slice(&self.seed.to_le_bytes());
            key
        })
    }
}

/// Whether a record takes links back.
pub fn splits(topic: &str, value: &[u8]) -> bool {
    let wanted = b"\"split\"";
    topic == "identities" && value.windows(wanted.len()).any(|window| window == wanted)
}

/// Spreads records over the partitions of their topics: so a duplicate is in another partition half of the time.
fn numbered(records: Vec<(&'static str, Vec<u8>)>, rng: &mut Rng) -> Vec<Raw> {
    let mut ends = std::collections::BTreeMap::new();
    let number = |(topic, value)| {
        let partition = rng.i32(0..RAW_PARTITIONS);
        let end = ends.entry((topic, partition)).or_insert(0);
        let offset = *end;
        *end += 1;
        Raw {
            topic,
            partition,
            offset,
            value,
        }
    };
    records.into_iter().map(number).collect()
}
