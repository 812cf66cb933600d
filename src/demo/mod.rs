//! `throughline demo`: made-up traffic through the real line, and the channel
//! table that comes of it, live.
//!
//! All roles run in this process as under `run`, over the demo's own topics,
//! database and state ([`slate`]); the generator feeds them; the table is read
//! from ClickHouse like anybody would ([`figures`]).

mod args;
mod figures;
mod format;
mod pulse;
mod report;
mod screen;
mod slate;
mod table;

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use throughline_sink::ClickHouse;
use throughline_stream::Stop;
use throughline_stream::idle::is_idle;
use throughline_stream::kafka::GroupOffsets;

pub use args::DemoArgs;

use crate::commands::run::{Line, RoleName};
use crate::config::Settings;
use crate::generate::{self, GenerateArgs};
use crate::health::{Health, State};
use crate::prepare::PATIENCE;
use crate::{monitor, shutdown, telemetry};
use figures::Figures;
use pulse::Pulse;
use report::{Phase, Report};
use screen::Screen;

/// Where logs go while the terminal shows the table.
const LOG: &str = ".dev/log/demo.log";
/// The model that is shown unless another one is asked for.
const MODEL: &str = "linear";
/// How many days the history has.
const DAYS: u32 = 30;
/// The same market each time.
const SEED: u64 = 42;
/// Broken records for each event.
const JUNK: f64 = 0.002;
/// How often the table is read and drawn.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often there is news without a terminal.
const NEWS_INTERVAL: Duration = Duration::from_secs(10);
/// How long the demo runs without a terminal.
const SECONDS: u64 = 60;
/// How long what is on its way may take to arrive in the end: while somebody
/// waits before a terminal, and otherwise.
const DRAIN: [Duration; 2] = [Duration::from_secs(15), Duration::from_mins(1)];

/// Runs the demo.
pub fn execute(settings: &Settings, args: &DemoArgs) -> anyhow::Result<()> {
    let own = Arc::new(slate::own(settings)?);
    let model = model(&own, args)?;
    let _lock = slate::lock()?;
    telemetry::start_logs_in(&own.telemetry, Path::new(LOG))?;
    let mut screen = Screen::new();
    let seconds = args.seconds.or((!screen.is_live()).then_some(SECONDS));

    // Asked to end, only the generator stops; the line ends when all has arrived.
    let (asked, line_stop) = (Stop::new(), Stop::new());
    let drain = DRAIN[usize::from(!screen.is_live())];
    let patience = drain + 2 * own.shutdown_timeout;
    shutdown::on_signals(&asked, patience)?;
    screen.leave(&[intro(args, seconds)])?;
    slate::wipe(&own)?;
    let health = Health::default();
    let metrics = telemetry::start_metrics(&own.telemetry, &health)?;
    health.set("kafka", State::Ready);
    let all = &RoleName::ALL;
    let mut line = Line::start(Arc::clone(&own), all, line_stop.clone(), health, false)?;
    if let Some(address) = line.start_dashboard()? {
        screen.leave(&[format!("the dashboard is open at http://{address}/")])?;
    }
    let generator = generator(args);
    let (settings, stop) = (Arc::clone(&own), asked.clone());
    line.workers.start("generator", move || {
        let summary = generate::feed(&settings, &generator, &stop)?;
        tracing::info!(%summary, "generated");
        Ok(())
    })?;
    let line = thread::Builder::new()
        .name("line".to_owned())
        .spawn(move || line.workers.wait())
        .context("cannot start a thread")?;

    let mut demo = Demo {
        clickhouse: ClickHouse::new(&own.clickhouse.connection)?,
        pulse: Pulse::new(metrics),
        report: Report::new(&own, args, model, screen.has_colours()),
        figures: Figures::default(),
        screen,
        news: Instant::now(),
    };
    let shown = demo.show(&asked, &line_stop, seconds);
    asked.request(patience);
    if shown.is_ok() && !line_stop.is_requested() {
        demo.drain(&own, &line_stop, drain);
    }
    line_stop.request(own.shutdown_timeout);
    demo.finish(end(line), shown)
}

/// What is about to happen.
fn intro(args: &DemoArgs, seconds: Option<u64>) -> String {
    let end = seconds.map_or("until Ctrl-C".to_owned(), |seconds| {
        format!("for {seconds} s")
    });
    format!(
        "streaming {} events of the past {DAYS} days, then {} a second, {end} ...",
        args.history, args.rate
    )
}

/// What the generator makes.
fn generator(args: &DemoArgs) -> GenerateArgs {
    GenerateArgs {
        directory: None,
        kafka: true,
        events: args.history,
        seed: Some(SEED),
        days: DAYS,
        from: chrono::NaiveDate::default(),
        clients: None,
        junk: JUNK,
        tenants: 1,
        rate: args.rate,
        until_count: None,
    }
}

/// The model that is asked for, or the usual one.
fn model(settings: &Settings, args: &DemoArgs) -> anyhow::Result<String> {
    let models = &report::tenant(settings).models;
    let names: Vec<&str> = models.iter().map(|model| &*model.name).collect();
    let name = match args.model.as_deref() {
        Some(name) if !names.contains(&name) => {
            bail!(
                "there is no model `{name}`; the configured ones are {}",
                names.join(", ")
            )
        }
        Some(name) => name,
        None if names.contains(&MODEL) => MODEL,
        None => names
            .first()
            .context("no attribution model is configured")?,
    };
    Ok(name.to_owned())
}

/// How the line ended.
fn end(line: JoinHandle<anyhow::Result<()>>) -> anyhow::Result<()> {
    line.join()
        .unwrap_or_else(|_| Err(anyhow!("the line panicked; {LOG} says where")))
}

/// What is shown, and where.
struct Demo {
    clickhouse: ClickHouse,
    pulse: Pulse,
    report: Report,
    figures: Figures,
    screen: Screen,
    news: Instant,
}

impl Demo {
    /// Shows the table until the demo is asked to end or fails.
    fn show(&mut self, asked: &Stop, line: &Stop, seconds: Option<u64>) -> anyhow::Result<()> {
        let since = Instant::now();
        loop {
            let next = Instant::now() + INTERVAL;
            self.read();
            self.draw(Phase::Running)?;
            while Instant::now() < next {
                if line.is_requested() || asked.sleep(Duration::from_millis(50)) {
                    return Ok(());
                }
            }
            if seconds.is_some_and(|seconds| since.elapsed().as_secs() >= seconds) {
                return Ok(());
            }
        }
    }

    /// Goes on until everything sent has arrived, for a while.
    fn drain(&mut self, settings: &Settings, line: &Stop, patience: Duration) {
        let deadline = Instant::now() + patience;
        let stages = monitor::stages(settings);
        let mut offsets = GroupOffsets::new(settings.kafka.client.clone(), PATIENCE);
        let mut idle = 0;
        while idle < 2 && Instant::now() < deadline && !line.is_requested() {
            idle = match is_idle(&stages, &mut offsets) {
                Ok(true) => idle + 1,
                _ => 0,
            };
            self.read();
            if self.screen.is_live() && self.draw(Phase::Ending).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(250));
        }
        self.read();
        if idle == 2 {
            // The measured one is a moment old.
            self.report.beat.waiting = 0;
        }
    }

    /// Reads the figures; those before stay when ClickHouse does not answer.
    fn read(&mut self) {
        self.report.beat = self.pulse.feel();
        let read = figures::read(&self.clickhouse, &self.report.model, self.report.basis);
        self.report.trouble = match read {
            Ok(figures) => {
                self.figures = figures;
                None
            }
            Err(error) => Some(error.to_string()),
        };
    }

    fn draw(&mut self, phase: Phase) -> anyhow::Result<()> {
        if self.screen.is_live() {
            let lines = self.report.page(&self.figures, phase, self.screen.room());
            return Ok(self.screen.draw(&lines)?);
        }
        if self.news.elapsed() >= NEWS_INTERVAL {
            self.news = Instant::now();
            let news = self.report.news(&self.figures);
            self.screen.leave(&[news])?;
        }
        Ok(())
    }

    /// Leaves the last table behind, and what went wrong.
    fn finish(mut self, line: anyhow::Result<()>, shown: anyhow::Result<()>) -> anyhow::Result<()> {
        let room = (usize::MAX, self.screen.room().1);
        let lines = self.report.page(&self.figures, Phase::Ended, room);
        let left = self.screen.leave(&lines);
        line.with_context(|| format!("the line failed; {LOG} says more"))?;
        shown?;
        Ok(left?)
    }
}
