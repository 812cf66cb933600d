//! Freshness: how long after it was produced a won deal shows in `channel_hourly`.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use throughline_proto::topics::RawTopic;
use throughline_stream::kafka::KafkaPublisher;
use throughline_stream::{Publish as _, metric_names};
use throughline_tests::live::http;
use throughline_tests::load::{Load, Plan, SPAN_MS, visitors_of};

use crate::figures;
use crate::line::{Line, Role, record};
use crate::options::Options;
use crate::table::{Row, median};

/// Events a second.
const RATE: u64 = 20_000;
/// How long they come before it is measured, and while.
const WARM_UP: Duration = Duration::from_secs(10);
const MEASURED: Duration = Duration::from_mins(1);
/// How often the producer sends what is due.
const TICK: Duration = Duration::from_millis(5);
/// How long after a look the next one comes, at the earliest; and at least
/// [`REST`] times as long as the look took, or looking would be most of the load.
const LOOK: Duration = Duration::from_millis(25);
const REST: u32 = 3;
/// How long looks may show the same.
const PATIENCE: Duration = Duration::from_mins(1);
const HOUR_MS: i64 = 3_600_000;

/// What ClickHouse showed when it answered.
#[derive(Clone, Copy)]
struct Look {
    at: Instant,
    conversions: usize,
}

/// Delays of a live line.
pub fn measure(options: &Options) -> Vec<Row> {
    let mut line = Line::at_rest("freshness");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = now.as_millis() as i64;
    // The past ends before the hours that are looked at.
    let seconds = (WARM_UP + MEASURED).as_secs();
    let live_events = RATE * seconds;
    let past = Plan {
        visitors: visitors_of(options.events + live_events),
        first_ms: now - SPAN_MS - 3 * HOUR_MS,
        ..Plan::new(options.events)
    };
    line.fill(past);
    let address = http::free_address();
    line.config["telemetry"]["listen"] = address.as_str().into();
    let mut running = line.begin(vec![("run".to_owned(), line.command(&["run"]))]);
    line.follow(&[Role::Ingest, Role::Processor, Role::Sink], &mut running);

    let live = Plan {
        events: live_events,
        seed: past.seed + 1,
        first_ms: now,
        span_ms: seconds as i64 * 1000,
        first_number: past.events,
        ..past
    };
    let deals = Load::count(live).of(RawTopic::Deals) as usize;
    let publisher = line.publisher();
    let metrics = || http::get(&address, "/metrics").unwrap().1;
    let before = metrics();
    let services = line.services();
    let cpu = running.processes[0].cpu_seconds().unwrap();
    let begun = Instant::now();
    let producer = std::thread::spawn(move || produce(publisher, live, RATE));
    let looks = look(&line, now, deals);
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = running.processes[0].cpu_seconds().unwrap() - cpu;
    let services_now = line.services();
    let after = metrics();
    let mean = |name| mean_ms(&before, &after, name);
    let won = producer.join().unwrap();
    let delays = delays(&won, &looks, begun + WARM_UP);
    running.stop();

    let between = looks.windows(2).map(|looks| looks[1].at - looks[0].at);
    let between: Vec<_> = between.map(|time| time.as_secs_f64() * 1000.0).collect();
    let one = |figure, value| Row {
        figure,
        values: vec![value],
    };
    vec![
        one(&figures::FRESH_HALF, percentile(&delays, 0.5)),
        one(&figures::FRESH_MOST, percentile(&delays, 0.99)),
        one(&figures::FRESH_LOOK, median(&between)),
        one(
            &figures::FRESH_CHECKPOINT,
            mean(metric_names::PROCESSOR_CHECKPOINT_SECONDS),
        ),
        one(
            &figures::FRESH_INSERT,
            mean(metric_names::SINK_INSERT_SECONDS),
        ),
        one(&figures::FRESH_CPU, cpu / seconds),
        one(
            &figures::FRESH_KAFKA,
            (services_now[0] - services[0]) / seconds,
        ),
        one(
            &figures::FRESH_CLICKHOUSE,
            (services_now[1] - services[1]) / seconds,
        ),
    ]
}

/// Sends so many events a second; gives the moments of the won deals.
pub fn produce(mut publisher: KafkaPublisher, plan: Plan, rate: u64) -> Vec<Instant> {
    let mut load = Load::new(plan);
    let mut won = Vec::new();
    let begun = Instant::now();
    let mut sent = 0;
    loop {
        let due = (begun.elapsed().as_secs_f64() * rate as f64) as u64;
        while sent < due {
            let Some((topic, value)) = load.event() else {
                publisher.flush().unwrap();
                return won;
            };
            if topic == RawTopic::Deals {
                won.push(Instant::now());
            }
            publisher.send(record(topic, value)).unwrap();
            sent += 1;
        }
        std::thread::sleep(TICK);
    }
}

/// Looks until so many deals are visible.
fn look(line: &Line, since_ms: i64, deals: usize) -> Vec<Look> {
    let since = (since_ms - HOUR_MS) / HOUR_MS * HOUR_MS / 1000;
    let sql = format!(
        "SELECT intDiv(sum(conversions_ppm), 1000000) FROM channel_hourly \
         WHERE tenant = 'default' AND model = 'linear' AND basis = 'conversion' AND hour >= toDateTime({since})"
    );
    let mut looks: Vec<Look> = Vec::new();
    let mut same_since = Instant::now();
    loop {
        let asked = Instant::now();
        let conversions = line.query(&sql).parse().unwrap();
        let at = Instant::now();
        if looks
            .last()
            .is_none_or(|last| last.conversions != conversions)
        {
            same_since = at;
        }
        looks.push(Look { at, conversions });
        if conversions >= deals {
            return looks;
        }
        assert!(
            same_since.elapsed() < PATIENCE,
            "{conversions} of {deals} won deals are visible, and no more come"
        );
        let pause = LOOK.max((at - asked) * (1 + REST));
        std::thread::sleep(pause.saturating_sub(asked.elapsed()));
    }
}

/// The delays of the deals that were won from a moment on, in milliseconds: the
/// first look that shows so many conversions shows the deal.
fn delays(won: &[Instant], looks: &[Look], from: Instant) -> Vec<f64> {
    let last = looks.last().map_or(0, |look| look.conversions);
    assert_eq!(last, won.len(), "conversions that are visible at the end");
    let measured = won.iter().enumerate().filter(|(_, at)| **at >= from);
    let mut delays: Vec<_> = measured
        .map(|(index, at)| {
            let first = looks.partition_point(|look| look.conversions <= index);
            (looks[first].at - *at).as_secs_f64() * 1000.0
        })
        .collect();
    delays.sort_by(f64::total_cmp);
    delays
}

/// The mean of the times that a metric gathered between two pages, in milliseconds.
fn mean_ms(before: &str, after: &str, name: &str) -> f64 {
    let gathered = |part: &str| {
        let name = format!("{name}{part}");
        let sum = |page| http::metric(page, &name).iter().sum::<f64>();
        sum(after) - sum(before)
    };
    gathered("_sum") / gathered("_count") * 1000.0
}

/// What so large a share of sorted values does not exceed.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}
