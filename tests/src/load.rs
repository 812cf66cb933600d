//! The load that figures of speed are made on: the raw events of a shop, from a seed, in the order of arrival.
//!
//! Of 100 events 94 are web hits, 3 inbound calls, 2 e-mail clicks and 1 a won deal. Each hit draws its own
//! source: 85 of 100 carry utm parameters (nine sources, 40 campaigns of which the first are the most common,
//! 17 ads, 301 words), the others no source at all, so nearly every hit opens a visit. There is a visitor for
//! ten events on average, and they are skewed: visitor `V · r^1.5` for a uniform `r`. Calls, clicks and deals
//! carry the visitor's id beside an identifier of their own, so that each client's phone, e-mail address and
//! cookie have to be stitched. Events are spread evenly over the span and occur up to three minutes before
//! they arrive.

use std::fs::File;
use std::io::{BufWriter, Result, Write as _};
use std::path::Path;

use fastrand::Rng;
use throughline_proto::topics::RawTopic;

/// Where the load's first event stands: 2026-01-01T00:00:00Z, epoch milliseconds.
pub const FIRST_MS: i64 = 1_767_225_600_000;
/// Over how long its events are spread, in milliseconds: 60 days.
pub const SPAN_MS: i64 = 60 * 24 * 3_600_000;
/// The topics that it has records for.
pub const TOPICS: [RawTopic; 4] = [
    RawTopic::Web,
    RawTopic::Calls,
    RawTopic::Emails,
    RawTopic::Deals,
];

/// Events to one visitor, on average.
const EVENTS_A_VISITOR: u64 = 10;
/// How long before its arrival an event may have occurred, in milliseconds.
const LATENESS_MS: f64 = 180_000.0;
/// What is gathered before it is written to a file.
const BUFFER_BYTES: usize = 1 << 20;
/// Sources of hits: source, medium, and how many of 100 hits it brings.
const SOURCES: [(&str, &str, u32); 9] = [
    ("google", "cpc", 22),
    ("google", "organic", 24),
    ("facebook", "social", 12),
    ("bing", "cpc", 5),
    ("partner", "referral", 8),
    ("", "", 15),
    ("criteo", "display", 6),
    ("affnet", "affiliate", 3),
    ("newsletter", "email", 5),
];
/// Sources whose hits have a referrer.
const REFERRERS: [&str; 3] = ["google", "facebook", "bing"];
const PAGES: [&str; 8] = [
    "home", "catalog", "product", "pricing", "blog", "cart", "checkout", "contacts",
];
const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36";

/// How much load, of what seed, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    /// How many events.
    pub events: u64,
    /// How many visitors they are drawn from.
    pub visitors: u64,
    /// What the draws follow from.
    pub seed: u64,
    /// When the first event arrives, epoch milliseconds.
    pub first_ms: i64,
    /// How much later the last one does, in milliseconds.
    pub span_ms: i64,
    /// The number of the first event: ids differ between loads whose numbers do.
    pub first_number: u64,
}

/// From how many visitors so many events come.
pub const fn visitors_of(events: u64) -> u64 {
    let visitors = events / EVENTS_A_VISITOR;
    if visitors == 0 { 1 } else { visitors }
}

/// What a load consists of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Events by topic, in the order of [`TOPICS`].
    pub events: [u64; TOPICS.len()],
    /// Bytes of their values.
    pub bytes: u64,
    /// Identifiers that they name, each once: visitors, phones, e-mail addresses and deals.
    pub identifiers: u64,
}

/// The events of a plan, one after the other.
pub struct Load {
    plan: Plan,
    rng: Rng,
    done: u64,
    counts: Counts,
    line: Vec<u8>,
    visitors: Seen,
    phones: Seen,
    emails: Seen,
}

/// Of which visitors there was something.
#[derive(Default)]
struct Seen(Vec<bool>);

impl Seen {
    /// Notes it; tells, as a number, whether it is the first time.
    fn note(&mut self, visitor: u64) -> u64 {
        let index = visitor as usize;
        if self.0.len() <= index {
            self.0.resize(index + 1, false);
        }
        u64::from(!std::mem::replace(&mut self.0[index], true))
    }
}

impl Plan {
    /// So many events over the usual span.
    pub const fn new(events: u64) -> Self {
        Self {
            events,
            visitors: visitors_of(events),
            seed: 42,
            first_ms: FIRST_MS,
            span_ms: SPAN_MS,
            first_number: 0,
        }
    }

    /// Writes `<topic>.jsonl` for each topic into a directory, a record a line.
    pub fn write(self, directory: &Path) -> Result<Counts> {
        std::fs::create_dir_all(directory)?;
        let mut files = Vec::new();
        for topic in TOPICS {
            let file = File::create(directory.join(format!("{}.jsonl", topic.name())))?;
            files.push((topic, BufWriter::with_capacity(BUFFER_BYTES, file)));
        }
        let mut load = Load::new(self);
        while let Some((topic, value)) = load.event() {
            for (_, file) in files.iter_mut().filter(|(of, _)| *of == topic) {
                file.write_all(value)?;
                file.write_all(b"\n")?;
            }
        }
        for (_, mut file) in files {
            file.flush()?;
        }
        Ok(load.counts)
    }
}

impl Counts {
    /// How many events of a topic there are.
    pub fn of(&self, topic: RawTopic) -> u64 {
        let all = TOPICS.iter().zip(self.events);
        all.filter(|(of, _)| **of == topic).map(|(_, n)| n).sum()
    }
}

impl Load {
    /// Before its first event.
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            rng: Rng::with_seed(plan.seed),
            done: 0,
            counts: Counts::default(),
            line: Vec::new(),
            visitors: Seen::default(),
            phones: Seen::default(),
            emails: Seen::default(),
        }
    }

    /// What all of it consists of.
    pub fn count(plan: Plan) -> Counts {
        let mut load = Self::new(plan);
        while load.event().is_some() {}
        load.counts
    }

    /// What has come so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The next event that arrives: its topic, and its value as JSON.
    pub fn event(&mut self) -> Option<(RawTopic, &[u8])> {
        if self.done == self.plan.events {
            return None;
        }
        let topic = self.draw();
        self.done += 1;
        let places = TOPICS.iter().zip(&mut self.counts.events);
        for (_, count) in places.filter(|(of, _)| **of == topic) {
            *count += 1;
        }
        self.counts.bytes += self.line.len() as u64;
        Some((topic, &self.line))
    }

    fn draw(&mut self) -> RawTopic {
        let Plan {
            events,
            visitors,
            first_ms,
            span_ms,
            first_number,
            ..
        } = self.plan;
        let number = first_number + self.done;
        let arrives =
            first_ms + (i128::from(span_ms) * i128::from(self.done) / i128::from(events)) as i64;
        let at = arrives - (self.rng.f64() * LATENESS_MS) as i64;
        let visitor = (visitors as f64 * self.rng.f64().powf(1.5)) as u64;
        // By hand: a formatter of JSON would take longer than all of the draws.
        self.line.clear();
        self.put(format_args!(
            r#"{{"event_id":"e{number:010}","occurred_at":{at},"visitor_id":"c{visitor:08}","#
        ));
        let topic = match self.rng.u32(..100) {
            0..94 => self.hit(),
            94..97 => self.call(visitor),
            97..99 => self.click(visitor),
            _ => self.deal(number, visitor),
        };
        self.line.push(b'}');
        let mut fresh = self.visitors.note(visitor);
        match topic {
            RawTopic::Calls => fresh += self.phones.note(visitor),
            RawTopic::Emails => fresh += self.emails.note(visitor),
            RawTopic::Deals => fresh += self.phones.note(visitor) + 1,
            _ => {}
        }
        self.counts.identifiers += fresh;
        topic
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        self.line
            .write_fmt(text)
            .expect("a vector takes what is written");
    }

    /// The name of a campaign, the first ones more often.
    fn campaign(&mut self) -> u32 {
        (self.rng.f64().powi(2) * 40.0) as u32
    }

    fn hit(&mut self) -> RawTopic {
        let (source, medium) = source(self.rng.u32(..100));
        let page = PAGES[self.rng.usize(..PAGES.len())];
        let number = self.rng.u32(..100_000);
        self.put(format_args!(
            r#""event":"page_view","url":"https://shop.example.com/{page}/{number}"#
        ));
        if !source.is_empty() {
            let campaign = self.campaign();
            let (ad, word) = (number % 17, number % 301);
            self.put(format_args!(
                "?utm_source={source}&utm_medium={medium}&utm_campaign=camp_{campaign:02}\
                 &utm_content=ad{ad}&utm_term=kw{word}"
            ));
        }
        self.put(format_args!(r#"","referrer":""#));
        if REFERRERS.contains(&source) {
            self.put(format_args!("https://www.{source}.com/"));
        }
        self.put(format_args!(r#"","user_agent":"{BROWSER}""#));
        RawTopic::Web
    }

    fn call(&mut self, visitor: u64) -> RawTopic {
        let (line, seconds) = (self.rng.u32(..50), self.rng.u32(..600));
        let manager = self.rng.u32(..20);
        let status = if self.rng.u32(..7) == 0 {
            "missed"
        } else {
            "answered"
        };
        self.put(format_args!(
            r#""caller_phone":"{}","dialed_number":"+7495{:07}","status":"{status}","#,
            Phone(visitor),
            1_000_000 + line,
        ));
        self.put(format_args!(
            r#""talk_seconds":{seconds},"manager_id":"m{manager}""#
        ));
        RawTopic::Calls
    }

    fn click(&mut self, visitor: u64) -> RawTopic {
        let (campaign, message) = (self.campaign(), self.rng.u32(..100_000));
        self.put(format_args!(
            r#""email":"user{visitor}@example.com","event":"clicked","#
        ));
        self.put(format_args!(
            r#""campaign":"camp_{campaign:02}","message_id":"m{message:08}""#
        ));
        RawTopic::Emails
    }

    fn deal(&mut self, number: u64, visitor: u64) -> RawTopic {
        let (amount, minor) = (20 + self.rng.u32(..3000), self.rng.u32(..100));
        let cost = self.rng.u32(..1000);
        self.put(format_args!(
            r#""deal_id":"d{number:08}","event":"won","amount":"{amount}.{minor:02}","#
        ));
        self.put(format_args!(
            r#""currency":"RUB","cost":"{cost}","phone":"{}""#,
            Phone(visitor)
        ));
        RawTopic::Deals
    }
}

/// The telephone of a visitor.
struct Phone(u64);

impl std::fmt::Display for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "+79{:09}", 100_000_000 + self.0)
    }
}

/// The source and medium that the hits of a hundredth come from.
fn source(hundredth: u32) -> (&'static str, &'static str) {
    let mut left = hundredth;
    for (source, medium, weight) in SOURCES {
        if left < weight {
            return (source, medium);
        }
        left -= weight;
    }
    ("", "")
}

#[cfg(test)]
mod tests;
