//! Logs, metrics and health: what this process tells about itself.

use std::fs;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use throughline_stream::metric_names;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{LogFormat, Telemetry};
use crate::health::Health;

/// Upper bounds of the buckets of histograms in seconds.
const SECONDS: &[f64] = &[
    0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0,
];
/// Upper bounds of the buckets of all other histograms.
const SIZES: &[f64] = &[1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];
/// How often histograms are folded together when nobody asks for them.
const UPKEEP: Duration = Duration::from_secs(5);

/// Logs to standard error from now on.
pub fn start_logs(settings: &Telemetry) {
    let terminal = std::io::stderr().is_terminal();
    let json = match settings.log_format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    subscribe(settings, std::io::stderr, terminal, json);
}

/// Logs to a file from now on, for a terminal that shows something else. The
/// file begins anew.
pub fn start_logs_in(settings: &Telemetry, path: &Path) -> anyhow::Result<()> {
    let failed = || format!("cannot write the log {}", path.display());
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).with_context(failed)?;
    }
    let file = fs::File::create(path).with_context(failed)?;
    let json = settings.log_format == LogFormat::Json;
    subscribe(settings, Mutex::new(file), false, json);
    Ok(())
}

fn subscribe(
    settings: &Telemetry,
    writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static,
    ansi: bool,
    json: bool,
) {
    let builder = tracing_subscriber::fmt()
        .with_max_level(settings.log_level)
        .with_writer(writer)
        .with_target(false)
        .with_ansi(ansi);
    // A second subscriber is refused, and there is none.
    let _ = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.try_init()
    };
}

/// Records metrics from now on, and serves them with the health. What is given
/// back tells them to this process itself.
pub fn start_metrics(settings: &Telemetry, health: &Health) -> anyhow::Result<PrometheusHandle> {
    let mut builder = PrometheusBuilder::new().set_buckets(SIZES)?;
    builder = builder.set_buckets_for_metric(
        metrics_exporter_prometheus::Matcher::Suffix("_seconds".to_owned()),
        SECONDS,
    )?;
    let handle = builder
        .install_recorder()
        .context("cannot record metrics")?;
    metric_names::describe();
    let (listen, health, served) = (settings.listen, health.clone(), handle.clone());
    std::thread::Builder::new()
        .name("telemetry".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            match runtime {
                Ok(runtime) => runtime.block_on(serve(listen, served, health)),
                Err(error) => tracing::error!(%error, "no metrics and no health are served"),
            }
        })
        .context("cannot start a thread")?;
    Ok(handle)
}

async fn serve(listen: Option<SocketAddr>, metrics: PrometheusHandle, health: Health) {
    let upkeep = metrics.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    let Some(address) = listen else {
        return std::future::pending().await;
    };
    let shared = Arc::new((metrics, health));
    let app = Router::new()
        .route("/metrics", get(metrics_page))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .with_state(shared);
    let served = match tokio::net::TcpListener::bind(address).await {
        Ok(listener) => {
            tracing::info!(%address, "serving /metrics, /healthz and /readyz");
            axum::serve(listener, app).await
        }
        Err(error) => Err(error),
    };
    // The line itself does not depend on being watched.
    if let Err(error) = served {
        tracing::warn!(%address, %error, "metrics and health are not served; set telemetry.listen");
        std::future::pending::<()>().await;
    }
}

type Shared = State<Arc<(PrometheusHandle, Health)>>;

async fn metrics_page(State(shared): Shared) -> String {
    shared.0.render()
}

async fn alive(State(shared): Shared) -> (StatusCode, String) {
    (code(shared.1.is_alive()), shared.1.report())
}

async fn ready(State(shared): Shared) -> (StatusCode, String) {
    (code(shared.1.is_ready()), shared.1.report())
}

fn code(good: bool) -> StatusCode {
    if good {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}
