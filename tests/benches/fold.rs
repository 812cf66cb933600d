//! What the fold of one partition costs: applying a backlog of `events`, letting its changes out, writing a journey.

#![expect(missing_docs, reason = "the macros of criterion make a function")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use throughline_core::Ident;
use throughline_core::partition::StoredNode;
use throughline_ingest::{IdentKey, IdentKeys, Ingest};
use throughline_processor::stored::encode_node;
use throughline_processor::{Attribution, Config, MemoryStore, Owned, Store};
use throughline_proto::IdentKind;
use throughline_proto::topics::{self, RawTopic};
use throughline_stream::memory::MemoryBroker;
use throughline_stream::{Outgoing, Record, Role as _, Step};
use throughline_tests::configure;
use throughline_tests::load::{FIRST_MS, Load, Plan, SPAN_MS, visitors_of};
use throughline_tests::reference::Settings;

/// As the program allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Events of the backlog.
const EVENTS: u64 = 20_000;
/// What identifiers are hashed with.
const KEY: [u8; 32] = [7; 32];

/// A partition that has all identifiers.
type Whole = Owned<<MemoryStore as Store>::Backing>;

/// A backlog, and how it is folded.
struct Fold {
    records: Vec<Record>,
    config: Config,
    rules: Arc<Attribution>,
}

impl Fold {
    fn new() -> Self {
        let settings = Settings::default();
        Self {
            records: events(&settings),
            config: Config {
                cached_nodes: usize::MAX,
                cached_chunks: usize::MAX,
                record_bytes: 262_144,
                checkpoint_interval: Duration::from_hours(1),
                publish_interval: Duration::from_hours(1),
                ..configure::processor(1)
            },
            rules: Arc::new(configure::rules(&settings)),
        }
    }

    /// The partition before the backlog.
    fn empty(&self) -> Whole {
        let (backing, loaded) = MemoryStore.open(0).expect("nothing is read");
        Owned::new(0, &self.config, &self.rules, backing, loaded).expect("nothing is stored")
    }

    fn apply(&self, partition: &mut Whole) {
        for record in &self.records {
            let applied = partition.apply(record, &self.config, &self.rules);
            black_box(applied.expect("the record is sound"));
        }
    }

    /// The partition after the backlog.
    fn full(&self) -> Whole {
        let mut partition = self.empty();
        self.apply(&mut partition);
        partition
    }
}

/// What ingest makes of the load.
fn events(settings: &Settings) -> Vec<Record> {
    let broker = MemoryBroker::new();
    let raw = RawTopic::ALL.map(RawTopic::name);
    for topic in raw.iter().chain(&[topics::EVENTS, topics::DEAD_LETTERS]) {
        broker.create_topic(topic, 1);
    }
    let received = FIRST_MS + SPAN_MS;
    let mut load = Load::new(Plan::new(EVENTS));
    while let Some((topic, value)) = load.event() {
        let record = Outgoing {
            topic: topic.name().into(),
            value: Some(value.to_vec()),
            ..Outgoing::default()
        };
        broker.append(record, received).expect("the topic is there");
    }
    let config = throughline_ingest::Config {
        keys: IdentKeys::new(IdentKey::new(&KEY)),
        ..configure::ingest(settings, 1)
    };
    let (source, publisher) = (broker.source(&raw), broker.publisher(received));
    let mut ingest = Ingest::new(config, source, publisher).expect("valid settings");
    while ingest.step().expect("nothing fails") == Step::Worked {}
    assert!(broker.records(topics::DEAD_LETTERS).is_empty());
    broker.records(topics::EVENTS)
}

/// The journeys of all visitors, as nodes of the partition.
fn journeys(partition: &Whole) -> Vec<StoredNode<'_>> {
    let key = IdentKey::new(&KEY);
    let nodes = (0..visitors_of(EVENTS)).filter_map(|visitor| {
        let name = format!("c{visitor:08}");
        let ident = key.ident(IdentKind::Visitor, "default", name.as_bytes());
        let mut node = partition.fold().node(Ident(ident.0))?;
        while let StoredNode::Child(parent) = node {
            node = partition.fold().node(parent)?;
        }
        Some(node)
    });
    nodes.collect()
}

fn fold(criterion: &mut Criterion) {
    let fold = Fold::new();
    let mut group = criterion.benchmark_group("fold");
    group.sample_size(10);
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("apply", |bencher| {
        let apply = |mut partition: Whole| {
            fold.apply(&mut partition);
            partition
        };
        bencher.iter_batched(|| fold.empty(), apply, BatchSize::PerIteration);
    });
    group.bench_function("checkpoint", |bencher| {
        let checkpoint = |mut partition: Whole| {
            black_box(partition.checkpoint(&fold.config, &fold.rules, &mut ()));
            partition
        };
        bencher.iter_batched(|| fold.full(), checkpoint, BatchSize::PerIteration);
    });
    let partition = fold.full();
    let journeys = journeys(&partition);
    assert!(!journeys.is_empty(), "the visitors are known");
    group.throughput(Throughput::Elements(journeys.len() as u64));
    group.bench_function("encode journeys", |bencher| {
        let mut out = Vec::new();
        bencher.iter(|| {
            for node in &journeys {
                out.clear();
                encode_node(*node, &mut out);
                black_box(&out);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, fold);
criterion_main!(benches);
