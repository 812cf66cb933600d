//! `throughline run|ingest|processor|sink`: the roles, until they are told to
//! stop or have nothing to do.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use throughline_dashboard::DashboardError;
use throughline_processor::purge::Told;
use throughline_sink::{Eraser, Outdated, SinkError};
use throughline_stream::{Role, Stop, runner};

use crate::config::Settings;
use crate::dashboard::{self, Measured};
use crate::generation::Switch;
use crate::health::{Health, State};
use crate::monitor::UntilIdle;
use crate::roles::{Joined, Worker};
use crate::shutdown::Signals;
use crate::workers::Workers;
use crate::{monitor, prepare, roles, snapshots, telemetry, usage};

/// How often it is looked whether the schema is up to date.
const SCHEMA_INTERVAL: Duration = Duration::from_millis(100);

/// The roles of the line, in the order of the flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RoleName {
    /// Raw records → events.
    Ingest,
    /// Events → rows.
    Processor,
    /// Rows → ClickHouse.
    Sink,
}

impl RoleName {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Processor, Self::Sink];

    /// What it is called in metrics.
    const fn label(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Processor => "processor",
            Self::Sink => "sink",
        }
    }
}

/// Runs these roles in this process, until a signal asks them to end.
pub fn execute(
    settings: &Settings,
    names: &[RoleName],
    until_idle: bool,
    signals: Signals,
) -> anyhow::Result<()> {
    let (stop, health) = (Stop::new(), Health::default());
    signals.obey(&stop, settings.shutdown_timeout)?;
    telemetry::start_metrics(&settings.telemetry, &health)?;
    let labels: Vec<_> = names.iter().map(|name| name.label()).collect();
    let has_state = names.contains(&RoleName::Processor);
    usage::start(
        &labels,
        has_state.then(|| settings.processor.data_dir.clone()),
    )?;
    health.set("kafka", State::Waiting("not asked yet".to_owned()));
    if !prepare::topics_when_there(&settings.kafka, &health, &stop)? {
        return Ok(());
    }
    let settings = Arc::new(settings.clone());
    let mut line = Line::start(settings, names, stop, health, until_idle)?;
    // Who runs the whole line wants to see it, unless it ends by itself.
    if names.len() == RoleName::ALL.len() && !until_idle {
        line.start_dashboard()?;
    }
    line.workers.wait()?;
    tracing::info!("stopped");
    Ok(())
}

/// The workers of this process and what they share.
pub struct Line {
    settings: Arc<Settings>,
    /// All workers.
    pub workers: Workers,
    stop: Stop,
    health: Health,
    joined: Joined,
    told: Option<Arc<Told>>,
}

impl Line {
    /// Starts the workers of these roles, and what watches them. The topics
    /// must be there.
    pub fn start(
        settings: Arc<Settings>,
        names: &[RoleName],
        stop: Stop,
        health: Health,
        until_idle: bool,
    ) -> anyhow::Result<Self> {
        let mut line = Self {
            workers: Workers::new(stop.clone(), health.clone(), settings.shutdown_timeout),
            settings,
            stop,
            health,
            joined: Joined::default(),
            told: until_idle.then(Arc::default),
        };
        for name in names {
            match name {
                RoleName::Ingest => line.start_ingest()?,
                RoleName::Processor => line.start_processor()?,
                RoleName::Sink => line.start_sink()?,
            }
        }
        let last = names.iter().map(|name| *name as usize).max().unwrap_or(0);
        let has_sink = names.contains(&RoleName::Sink);
        line.start_monitor(until_idle.then_some(last), has_sink)?;
        Ok(line)
    }

    /// Starts the dashboard; gives its address, if it has one. The line does not
    /// depend on being looked at: where it cannot be served, the log says why.
    pub fn start_dashboard(&mut self) -> anyhow::Result<Option<SocketAddr>> {
        let measured = Measured::default();
        let bound = match dashboard::bind(&self.settings, &measured) {
            Ok(Some(bound)) => bound,
            Ok(None) => return Ok(None),
            Err(error @ DashboardError::Unsafe(_)) => return Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, "no dashboard is served");
                return Ok(None);
            }
        };
        let address = bound.address();
        let (settings, stop) = (Arc::clone(&self.settings), self.stop.clone());
        self.workers.start("lags", move || {
            measured.keep(&settings, &stop);
            Ok(())
        })?;
        let (stop, watch) = (self.stop.clone(), dashboard::watch(&self.health));
        self.workers
            .start("dashboard", move || Ok(bound.serve(&stop, watch)?))?;
        tracing::info!(
            address = format!("http://{address}/"),
            "the dashboard is open"
        );
        Ok(Some(address))
    }

    fn worker(&mut self, index: usize) -> Worker {
        Worker {
            index,
            stop: self.stop.clone(),
            told: self.told.clone(),
            joined: self.joined.one_more(),
        }
    }

    /// Starts a worker that makes its role on its own thread and runs it.
    fn start_worker<R: Role>(
        &mut self,
        name: &str,
        make: impl FnOnce() -> anyhow::Result<Option<R>> + Send + 'static,
    ) -> anyhow::Result<()> {
        self.health.set(name, State::Waiting("starting".to_owned()));
        let (stop, health, part) = (self.stop.clone(), self.health.clone(), name.to_owned());
        self.workers.start(name, move || {
            let Some(mut role) = make()? else {
                return Ok(());
            };
            health.set(&part, State::Ready);
            Ok(runner::run(&mut role, &stop)?)
        })
    }

    fn start_ingest(&mut self) -> anyhow::Result<()> {
        let keys = self.settings.identity.keys()?;
        let config = roles::ingest_config(&self.settings, keys);
        for index in 0..self.settings.ingest.workers {
            let (settings, config) = (Arc::clone(&self.settings), config.clone());
            let worker = self.worker(index);
            let make = move || {
                if !prepare::keys_when_told(&settings, &config.keys, &worker.stop)? {
                    return Ok(None);
                }
                roles::ingest(&settings, config, &worker).map(Some)
            };
            self.start_worker(&format!("ingest {index}"), make)?;
        }
        Ok(())
    }

    fn start_processor(&mut self) -> anyhow::Result<()> {
        let rules = Arc::new(roles::attribution(&self.settings));
        let store = roles::store(&self.settings)?;
        let member = roles::processor_member(&self.settings)?;
        let place = snapshots::place(&self.settings)?;
        for index in 0..self.settings.processor.workers {
            let settings = Arc::clone(&self.settings);
            let starter = snapshots::starter(&settings, &place, &rules, &store, &self.stop);
            let (member, worker) = (member.clone(), self.worker(index));
            let make = move || roles::processor(&settings, starter, member, &worker).map(Some);
            self.start_worker(&format!("processor {index}"), make)?;
        }
        if let Some(maker) = snapshots::maker(&self.settings, place, &store, &self.stop) {
            self.workers.start("snapshots", move || {
                maker.run();
                Ok(())
            })?;
        }
        Ok(())
    }

    fn start_sink(&mut self) -> anyhow::Result<()> {
        // The schema is brought up to date by the first worker, while the
        // others wait; the roles before the sink do not.
        let schema = Arc::new(Mutex::new(!self.settings.clickhouse.apply_schema));
        for index in 0..self.settings.sink.workers {
            let (settings, schema) = (Arc::clone(&self.settings), Arc::clone(&schema));
            let worker = self.worker(index);
            self.start_worker(&format!("sink {index}"), move || {
                let mut applied = schema.lock().unwrap_or_else(PoisonError::into_inner);
                if !*applied {
                    *applied = prepare::schema_when_there(&settings, &worker.stop)?;
                    if !*applied {
                        return Ok(None);
                    }
                }
                drop(applied);
                roles::sink(&settings, &worker).map(Some)
            })?;
        }
        self.start_outdated(Arc::clone(&schema))?;
        self.start_eraser(schema)
    }

    /// Starts what removes rows of older generations.
    fn start_outdated(&mut self, schema: Arc<Mutex<bool>>) -> anyhow::Result<()> {
        let outdated = Outdated::new(
            &self.settings.clickhouse.connection,
            self.settings.sink.keep_generations,
            self.stop.clone(),
        )?;
        self.start_keeper("outdated rows", schema, move || outdated.run())
    }

    /// Starts what deletes rows of erased persons.
    fn start_eraser(&mut self, schema: Arc<Mutex<bool>>) -> anyhow::Result<()> {
        let eraser = self.eraser()?;
        self.start_keeper("eraser", schema, move || eraser.run())
    }

    /// Starts what works on the tables beside the sink, once the schema is there.
    fn start_keeper(
        &mut self,
        name: &str,
        schema: Arc<Mutex<bool>>,
        run: impl FnOnce() + Send + 'static,
    ) -> anyhow::Result<()> {
        let stop = self.stop.clone();
        self.workers.start(name, move || {
            while !*schema.lock().unwrap_or_else(PoisonError::into_inner) {
                if stop.sleep(SCHEMA_INTERVAL) {
                    return Ok(());
                }
            }
            run();
            Ok(())
        })
    }

    fn eraser(&self) -> Result<Eraser, SinkError> {
        Eraser::new(
            &self.settings.clickhouse.connection,
            self.settings.sink.erasure_sweep,
            self.settings.sink.erasure_delay,
            self.stop.clone(),
        )
    }

    fn start_monitor(&mut self, until_idle: Option<usize>, has_sink: bool) -> anyhow::Result<()> {
        let (settings, stop) = (Arc::clone(&self.settings), self.stop.clone());
        let (health, joined) = (self.health.clone(), self.joined.clone());
        let is_last_pass = has_sink && until_idle.is_some();
        let eraser = is_last_pass.then(|| self.eraser()).transpose()?;
        let told = self.told.clone().unwrap_or_default();
        self.workers.start("monitor", move || {
            let stages = monitor::stages(&settings);
            let idle = until_idle.map(|last| UntilIdle {
                stages: &stages[..=last],
                joined,
                told,
                eraser,
            });
            let [_, processor, sink] = &stages;
            let switch = has_sink.then(|| Switch::new(&settings, processor, sink));
            let switch = switch.transpose()?;
            monitor::watch(&settings, idle.as_ref(), switch, &health, &stop);
            Ok(())
        })
    }
}
