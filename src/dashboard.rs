//! The dashboard in this process: alone, or beside the roles of the line.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use throughline_dashboard::tenants::{Configured, Tenant};
use throughline_dashboard::{Config, Dashboard, DashboardError, Lag, Lags, Watch};
use throughline_stream::idle::Stage;
use throughline_stream::kafka::GroupOffsets;
use throughline_stream::{Stop, StreamError};

use crate::config::{Settings, Tenant as TenantSettings};
use crate::health::{Health, State};
use crate::monitor;

/// The part of the health that says whether figures can be shown.
const PART: &str = "dashboard";
/// How long one question to Kafka may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// How far behind each stage of the line is, as it was measured last.
#[derive(Clone, Debug, Default)]
pub struct Measured(Arc<Mutex<Option<Vec<Lag>>>>);

impl Measured {
    /// Asks Kafka how far behind the stages are. Without an answer it is not known.
    fn measure(&self, stages: &[Stage], offsets: &mut GroupOffsets) {
        let lags: Result<Vec<Lag>, _> = stages.iter().map(|stage| lag_of(stage, offsets)).collect();
        if let Err(error) = &lags {
            tracing::debug!(%error, "cannot tell how far behind the line is");
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = lags.ok();
    }

    /// How the dashboard asks for it.
    pub fn lags(&self) -> Lags {
        let measured = self.clone();
        Arc::new(move || {
            measured
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        })
    }

    /// Measures until a stop is requested.
    pub fn keep(&self, settings: &Settings, stop: &Stop) {
        let stages = monitor::stages(settings);
        let mut offsets = GroupOffsets::new(settings.kafka.client.clone(), PATIENCE);
        loop {
            self.measure(&stages, &mut offsets);
            if stop.sleep(settings.telemetry.lag_interval) {
                return;
            }
        }
    }
}

fn lag_of(stage: &Stage, offsets: &mut GroupOffsets) -> Result<Lag, StreamError> {
    let records = monitor::lags(stage, offsets)?.into_values();
    Ok(Lag {
        group: stage.group.clone(),
        records: records.map(|records| records as u64).sum(),
    })
}

/// The dashboard as it is configured, bound to its address; `None` when it is
/// served nowhere.
pub fn bind(settings: &Settings, measured: &Measured) -> Result<Option<Dashboard>, DashboardError> {
    let dashboard = &settings.dashboard;
    let Some(listen) = dashboard.listen else {
        return Ok(None);
    };
    let config = Config {
        listen,
        connection: settings.clickhouse.connection.clone(),
        query_timeout: dashboard.query_timeout,
        max_queries: dashboard.max_queries,
        max_listeners: dashboard.max_listeners,
        live_interval: dashboard.live_interval,
        access: dashboard.access.clone(),
        tenants: tenants(settings),
    };
    Dashboard::bind(config, measured.lags()).map(Some)
}

/// Says in the health whether ClickHouse can be asked for figures: before the
/// first answer, and whenever it is away, the dashboard is not ready.
pub fn watch(health: &Health) -> Watch {
    health.set(
        PART,
        State::Waiting("ClickHouse was not asked yet".to_owned()),
    );
    let health = health.clone();
    Box::new(move |trouble| {
        let state = match trouble {
            None => State::Ready,
            Some(reason) => State::Waiting(reason.to_owned()),
        };
        health.set(PART, state);
    })
}

fn tenants(settings: &Settings) -> Configured {
    let tenants = &settings.tenants;
    let named: BTreeMap<String, Tenant> = tenants
        .named
        .iter()
        .map(|(name, settings)| (name.clone(), tenant(name, settings)))
        .collect();
    Configured {
        defaults: tenant("", &tenants.defaults),
        named,
    }
}

fn tenant(name: &str, settings: &TenantSettings) -> Tenant {
    Tenant {
        name: name.to_owned(),
        time_zone: settings.time_zone,
        currency: settings.currency.code().to_owned(),
        models: settings
            .models
            .iter()
            .map(|model| model.name.to_string())
            .collect(),
        lookback_days: settings.lookback_days,
        reset_on_conversion: settings.reset_on_conversion,
        is_known: false,
    }
}
