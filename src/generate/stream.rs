//! Traffic to Kafka: the past at once, then live.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use throughline_proto::topics::RawTopic;
use throughline_stream::kafka::KafkaPublisher;
use throughline_stream::{Outgoing, Publish as _, Stop};

use super::args::GenerateArgs;
use super::outbox::Parcel;
use super::plan::Order;
use super::summary::Summary;
use super::time::{At, DAY, SECOND};
use super::world::World;
use crate::config::{Kafka, Settings};
use crate::health::Health;
use crate::{prepare, roles, shutdown};

/// The live regime begins so long before now, so that visits are going on when
/// the clock reaches now.
const RUN_UP: i64 = 90 * SECOND;
/// How often the clock is looked at while nothing is due.
const NAP: Duration = Duration::from_millis(5);
/// How long the last records may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends traffic until it is told to stop.
pub fn send(settings: &Settings, args: &GenerateArgs) -> anyhow::Result<()> {
    let stop = Stop::new();
    shutdown::on_signals(&stop, PATIENCE)?;
    prepare::topics_when_there(&settings.kafka, &Health::default(), &stop)?;
    eprintln!(
        "sending {} events of the last {} days, then {} events a second",
        args.events, args.days, args.rate
    );
    println!("{}", feed(settings, args, &stop)?);
    Ok(())
}

/// Sends traffic into topics that are there, until a stop is requested or
/// everything asked for is sent; says what came out.
pub fn feed(settings: &Settings, args: &GenerateArgs, stop: &Stop) -> anyhow::Result<Summary> {
    let kafka = &settings.kafka;
    let publisher = roles::raw_publisher(settings, "generate", stop)?;
    let mut sender = Sender {
        publisher,
        topics: names(kafka),
        summary: Summary::default(),
    };
    let order = order(args, now());
    for parcel in World::new(&order) {
        let full = args
            .until_count
            .is_some_and(|count| sender.summary.events >= count);
        if full || !wait_for(parcel.arrival, stop) {
            break;
        }
        sender.send(parcel)?;
    }
    sender.publisher.flush()?;
    Ok(sender.summary)
}

fn order(args: &GenerateArgs, now: At) -> Order {
    let since = now + -RUN_UP;
    Order {
        // Another run must not meet the same clients and deals again.
        seed: args.seed.unwrap_or(now.0.unsigned_abs()),
        from: since + -(i64::from(args.days) * DAY),
        to: since,
        events: args.events,
        clients: args.clients,
        junk: args.junk,
        tenants: args.tenants,
        live_rate: Some(f64::from(args.rate)),
    }
}

fn now() -> At {
    At(Utc::now().timestamp_millis())
}

/// Waits until a moment; says whether to go on.
fn wait_for(at: At, stop: &Stop) -> bool {
    while !stop.is_requested() {
        if now() >= at {
            return true;
        }
        std::thread::sleep(NAP);
    }
    false
}

/// The topics' names in the order of [`RawTopic::ALL`].
fn names(kafka: &Kafka) -> [Arc<str>; RawTopic::ALL.len()] {
    RawTopic::ALL.map(|topic| kafka.topics.name_of(topic).into())
}

struct Sender {
    publisher: KafkaPublisher,
    topics: [Arc<str>; RawTopic::ALL.len()],
    summary: Summary,
}

impl Sender {
    fn send(&mut self, parcel: Parcel) -> anyhow::Result<()> {
        self.summary.count(&parcel);
        self.publisher.send(Outgoing {
            topic: Arc::clone(&self.topics[parcel.topic as usize]),
            value: Some(parcel.line.into_bytes()),
            ..Outgoing::default()
        })?;
        Ok(())
    }
}
