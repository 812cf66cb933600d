//! The rooms' workers, made of the configuration.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use throughline_ingest::{
    IdentKeys, Ingest, Limits, RateSpan, RejectedShares, ShareLimits, StaticNumber, TenantConfig,
};
use throughline_processor::purge::{Told, When};
use throughline_processor::snapshot::Starter;
use throughline_processor::{Attribution, FjallStore, Processor, StoreOptions, TenantSettings};
use throughline_proto::rollups::Table;
use throughline_sink::Sink;
use throughline_stream::Stop;
use throughline_stream::kafka::{
    CommitNote, KafkaPublisher, KafkaSource, Member, PublisherSettings, SourceSettings, Start,
    StartAt,
};

use crate::config::{Settings, Tenant};
use crate::{instance, snapshots};

/// How long a worker waits for records before it looks around.
const POLL_WAIT: Duration = Duration::from_millis(100);
/// How long a raw record that is sent waits for company.
const RAW_LINGER: Duration = Duration::from_millis(20);

/// Flags of this process' workers that are raised once they are in their groups.
#[derive(Clone, Debug, Default)]
pub struct Joined(Vec<Arc<AtomicBool>>);

impl Joined {
    /// The flag of one more worker.
    pub fn one_more(&mut self) -> Arc<AtomicBool> {
        let flag = Arc::new(AtomicBool::new(false));
        self.0.push(Arc::clone(&flag));
        flag
    }

    /// Whether all are in.
    pub fn all(&self) -> bool {
        self.0.iter().all(|flag| flag.load(Ordering::Relaxed))
    }
}

/// What one worker is made with beside the settings.
pub struct Worker {
    /// Which of its kind it is.
    pub index: usize,
    /// When to end.
    pub stop: Stop,
    /// In a process that ends when the line is idle: by whom erased persons are
    /// forgotten then.
    pub told: Option<Arc<Told>>,
    /// To be raised when it is in its group.
    pub joined: Arc<AtomicBool>,
}

/// A worker of ingest; all of a process are made with one configuration, by
/// which they share what they count together.
pub fn ingest(
    settings: &Settings,
    config: throughline_ingest::Config,
    worker: &Worker,
) -> anyhow::Result<Ingest<KafkaSource, KafkaPublisher>> {
    let kafka = &settings.kafka;
    let name = format!("ingest-{}", worker.index);
    let topics = kafka
        .topics
        .raw
        .iter()
        .map(|(_, name)| name.clone())
        .collect();
    let start: StartAt = Box::new(|_, _| Ok(Some(Start::Committed)));
    let source = source(
        settings,
        &name,
        Group {
            name: &kafka.groups.ingest,
            member: member(settings),
            note: config.keys.note().into(),
        },
        topics,
        worker,
        start,
    )?;
    let publish = publisher(settings, &name, &worker.stop)?;
    Ok(Ingest::new(config, source, publish)?)
}

/// What ingest is configured by.
pub fn ingest_config(settings: &Settings, keys: IdentKeys) -> throughline_ingest::Config {
    let kafka = &settings.kafka;
    let tenants = &settings.tenants;
    let named = tenants.named.iter();
    let limits = &settings.ingest;
    throughline_ingest::Config {
        topics: kafka
            .topics
            .raw
            .iter()
            .map(|(raw, name)| (Arc::from(name.as_str()), *raw))
            .collect(),
        events_topic: kafka.topics.events.as_str().into(),
        events_partitions: kafka.partitions.events,
        dead_letters_topic: kafka.topics.dead_letters.as_str().into(),
        default_tenant: ingest_tenant(&tenants.defaults),
        tenants: named
            .map(|(name, tenant)| (name.clone(), ingest_tenant(tenant)))
            .collect(),
        lists: Arc::clone(&tenants.lists),
        keys,
        limits: Limits {
            cycle_records: limits.cycle_records,
            poll_wait_ms: POLL_WAIT.as_millis() as u64,
            linger_ms: limits.linger.as_millis() as u64,
            batch_bytes: limits.batch_bytes,
            value_bytes: limits.max_value_bytes,
            remembered_links: limits.remembered_links,
            remembered_values: limits.remembered_values,
        },
        shares: RejectedShares::new(ShareLimits {
            max_share: limits.max_rejected_share,
            window_records: limits.share_window_records,
        }),
    }
}

fn ingest_tenant(tenant: &Tenant) -> TenantConfig {
    TenantConfig {
        time_zone: tenant.time_zone,
        currency: tenant.currency.code().to_owned(),
        phone_region: tenant.phone_region.clone(),
        excluded_referrers: tenant.excluded_referrers.clone(),
        static_numbers: tenant
            .numbers
            .iter()
            .map(|number| StaticNumber {
                number: number.number.clone(),
                source: number.source.clone(),
                medium: number.medium.clone(),
                campaign: number.campaign.clone(),
            })
            .collect(),
        rates: tenant
            .rated_since
            .iter()
            .map(|(currency, from)| RateSpan {
                currency: currency.code().to_owned(),
                from: *from,
                until: None,
            })
            .collect(),
    }
}

/// The rules that figures are made by.
pub fn attribution(settings: &Settings) -> Attribution {
    let tenants = &settings.tenants;
    let named = tenants.named.iter();
    Attribution::new(
        settings.processor.generation,
        processor_tenant(&tenants.defaults),
        named
            .map(|(name, tenant)| (name.clone(), processor_tenant(tenant)))
            .collect(),
        &tenants.canonical,
    )
}

fn processor_tenant(tenant: &Tenant) -> TenantSettings {
    TenantSettings {
        time_zone: tenant.time_zone,
        currency: tenant.currency,
        lookback_days: tenant.lookback_days,
        reset_on_conversion: tenant.reset_on_conversion,
        models: tenant.models.clone(),
        channels: tenant.channels.clone(),
        rates: tenant.rates.clone(),
    }
}

/// The store of this process' processor workers.
pub fn store(settings: &Settings) -> anyhow::Result<FjallStore> {
    let options = StoreOptions {
        path: settings.processor.data_dir.clone(),
        cache_bytes: settings.processor.cache_mib << 20,
    };
    Ok(FjallStore::open(&options)?)
}

/// What the group knows the processor workers of this process by: the name that
/// is configured, or that of their store, which nobody else has open.
pub fn processor_member(settings: &Settings) -> anyhow::Result<Member> {
    Ok(match member(settings) {
        Member::Unnamed => {
            let instance = instance::of(&settings.processor.data_dir)?;
            // A member that comes back keeps its partitions, even when the topic
            // was made anew with fewer: it could wait for them for ever.
            let partitions = settings.kafka.partitions.events;
            Member::Owned(format!("{instance}-of-{partitions}"))
        }
        named => named,
    })
}

/// A worker of the processor.
pub fn processor(
    settings: &Settings,
    starter: Starter,
    member: Member,
    worker: &Worker,
) -> anyhow::Result<Processor<FjallStore>> {
    let kafka = &settings.kafka;
    let name = format!("processor-{}", worker.index);
    let (rules, store) = (Arc::clone(&starter.rules), starter.store.clone());
    let topics = vec![kafka.topics.events.clone()];
    let source = source(
        settings,
        &name,
        Group {
            name: &kafka.groups.processor,
            member,
            note: progress_note(settings.processor.generation, store.clone()),
        },
        topics,
        worker,
        snapshots::start_at(starter),
    )?;
    let publish = publisher(settings, &name, &worker.stop)?;
    let mut config = processor_config(settings);
    if let Some(told) = &worker.told {
        config.purge = When::Told(Arc::clone(told));
    }
    Ok(Processor::new(
        config,
        rules,
        store,
        Box::new(source),
        Box::new(publish),
    ))
}

/// What a processor worker is configured by.
pub fn processor_config(settings: &Settings) -> throughline_processor::Config {
    let (kafka, processor) = (&settings.kafka, &settings.processor);
    throughline_processor::Config {
        events_topic: kafka.topics.events.as_str().into(),
        events_partitions: kafka.partitions.events,
        rollups_topic: kafka.topics.rollups.as_str().into(),
        rollups_partitions: kafka.partitions.rollups,
        checkpoint_interval: processor.checkpoint_interval,
        publish_interval: processor.publish_interval,
        checkpoint_records: processor.checkpoint_records,
        poll_wait: POLL_WAIT,
        record_bytes: processor.record_bytes,
        tables: &Table::ALL,
        cells_at_end: false,
        cached_nodes: processor.cached_nodes,
        cached_chunks: processor.cached_chunks,
        max_touches: processor.max_touches,
        max_items: processor.max_items,
        max_partners: processor.max_partners,
        purge: When::Later {
            quiet: processor.erasure_quiet,
            delay: processor.erasure_delay,
        },
    }
}

/// A worker of the sink.
pub fn sink(settings: &Settings, worker: &Worker) -> anyhow::Result<Sink<KafkaSource>> {
    let (kafka, sink) = (&settings.kafka, &settings.sink);
    let topics = vec![
        kafka.topics.rollups.clone(),
        kafka.topics.dead_letters.clone(),
    ];
    let name = format!("sink-{}", worker.index);
    let start: StartAt = Box::new(|_, _| Ok(Some(Start::Committed)));
    let group = Group {
        name: &kafka.groups.sink,
        member: member(settings),
        note: generation_note(settings.processor.generation).into(),
    };
    let source = source(settings, &name, group, topics, worker, start)?;
    let config = throughline_sink::Config {
        connection: settings.clickhouse.connection.clone(),
        rollups_topic: kafka.topics.rollups.clone(),
        dead_letters_topic: kafka.topics.dead_letters.clone(),
        max_rows: sink.max_rows,
        max_bytes: sink.max_bytes,
        max_delay_ms: sink.max_delay.as_millis() as u64,
        figures_delay_ms: sink.figures_delay.as_millis() as u64,
        retry_min_ms: sink.retry_min.as_millis() as u64,
        retry_max_ms: sink.retry_max.as_millis() as u64,
    };
    Ok(Sink::new(config, source, worker.stop.clone())?)
}

/// A consumer group, how it knows this process, and what its workers write
/// beside the offsets they commit.
struct Group<'a> {
    name: &'a str,
    member: Member,
    note: CommitNote,
}

/// What stands before the generation in the notes of partitions that are on
/// their way to it.
const ON_THE_WAY: &str = "on the way to ";

/// What workers of the processor and the sink write beside the offsets they
/// commit: of which generation the rows are.
pub fn generation_note(generation: u32) -> String {
    format!("generation {generation}")
}

/// Whether a note says that a partition is on its way to a generation.
pub fn is_on_the_way(note: &str) -> bool {
    note.starts_with(ON_THE_WAY)
}

/// The note on a partition of the processor.
fn progress_note(generation: u32, store: FjallStore) -> CommitNote {
    CommitNote::new(move |at| {
        let note = generation_note(generation);
        match store.is_at_generation(at.partition as u32, generation) {
            Ok(true) => note,
            Ok(false) => format!("{ON_THE_WAY}{note}"),
            Err(error) => {
                // Whoever reads that state next ends with the same error.
                tracing::warn!(%error, "cannot tell of which generation a partition is");
                format!("{ON_THE_WAY}{note}")
            }
        }
    })
}

/// What a group knows this process by, as it is configured.
fn member(settings: &Settings) -> Member {
    let instance = settings.kafka.instance.clone();
    instance.map_or(Member::Unnamed, Member::Named)
}

fn source(
    settings: &Settings,
    name: &str,
    group: Group<'_>,
    topics: Vec<String>,
    worker: &Worker,
    start: StartAt,
) -> anyhow::Result<KafkaSource> {
    let kafka = &settings.kafka;
    let settings = SourceSettings {
        client: kafka.client.clone(),
        name: format!("throughline-{name}"),
        group: group.name.to_owned(),
        member: match group.member {
            Member::Unnamed => Member::Unnamed,
            Member::Named(instance) => Member::Named(format!("{instance}-{name}")),
            Member::Owned(instance) => Member::Owned(format!("{instance}-{name}")),
        },
        topics,
        session_timeout: kafka.session_timeout,
        max_poll_interval: kafka.max_poll_interval,
        fetch_buffer_kib: kafka.fetch_buffer_kib,
        commit_note: group.note,
        joined: Arc::clone(&worker.joined),
    };
    Ok(KafkaSource::new(&settings, start)?)
}

/// A publisher of raw events. Its records are single ones, which wait for
/// company; one that cannot be written is left out and the others go on.
pub fn raw_publisher(
    settings: &Settings,
    name: &str,
    stop: &Stop,
) -> anyhow::Result<KafkaPublisher> {
    let settings = PublisherSettings {
        linger: RAW_LINGER,
        max_record_bytes: settings.kafka.max_record_bytes,
        gapless: false,
        ..publisher_settings(settings, name)
    };
    Ok(KafkaPublisher::new(&settings, stop.clone())?)
}

fn publisher(settings: &Settings, name: &str, stop: &Stop) -> anyhow::Result<KafkaPublisher> {
    let settings = publisher_settings(settings, name);
    Ok(KafkaPublisher::new(&settings, stop.clone())?)
}

fn publisher_settings(settings: &Settings, name: &str) -> PublisherSettings {
    let kafka = &settings.kafka;
    PublisherSettings {
        client: kafka.client.clone(),
        name: format!("throughline-{name}"),
        linger: kafka.producer.linger,
        queue_kib: kafka.producer.queue_kib,
        max_record_bytes: kafka.max_produced_bytes(),
        compression: kafka.producer.compression.to_owned(),
        gapless: true,
    }
}
