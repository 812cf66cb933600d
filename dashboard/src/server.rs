//! The server: which address is what, and what every answer carries.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::extract::{ConnectInfo, OriginalUri, Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use metrics::{counter, histogram};
use throughline_stream::{Stop, metric_names};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use crate::access::{Access, Refusal};
use crate::app::{App, Problem};
use crate::config::Config;
use crate::error::{DashboardError, ReadError};
use crate::format::Format;
use crate::pages::{Context, PAGES, Page};
use crate::pulse::Pulse;
use crate::reader::Reader;
use crate::shell::Shell;
use crate::texts::{Language, Text};
use crate::ui::Block;
use crate::view::{View, pairs};
use crate::{Lags, Watch, api, assets, live, openapi, signing};

/// Nothing runs and nothing is loaded that is not ours, and nobody frames us.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// A form that is sent has so many bytes at most.
const MAX_BODY_BYTES: usize = 16_384;
/// How often it is looked whether to end.
const STOP_CHECK: std::time::Duration = std::time::Duration::from_millis(100);
/// Threads of the runtime: waiting for ClickHouse needs none.
const THREADS: usize = 2;

/// The dashboard, bound to its address.
pub struct Dashboard {
    runtime: Runtime,
    listener: TcpListener,
    config: Config,
    reader: Reader,
    lags: Lags,
}

impl std::fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dashboard")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    language: Language,
    title: Text,
    lines: Vec<String>,
}

impl Dashboard {
    /// Binds the address; refuses to when everybody would be let in.
    pub fn bind(config: Config, lags: Lags) -> Result<Self, DashboardError> {
        if let Some(danger) = config.danger() {
            return Err(DashboardError::Unsafe(danger));
        }
        let reader = Reader::new(&config.connection, config.max_queries, config.query_timeout)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("dashboard")
            .enable_all()
            .build()
            .map_err(DashboardError::Runtime)?;
        let listener = runtime.block_on(TcpListener::bind(config.listen));
        let listener = listener.map_err(|reason| DashboardError::Listen {
            address: config.listen,
            reason,
        })?;
        Ok(Self {
            runtime,
            listener,
            config,
            reader,
            lags,
        })
    }

    /// Where it is served; the port is known even when any was asked for.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap_or(self.config.listen)
    }

    /// Serves until a stop is requested; tells `watch` all the time whether there
    /// is anything to serve.
    pub fn serve(self, stop: &Stop, watch: Watch) -> Result<(), DashboardError> {
        let Self {
            runtime,
            listener,
            config,
            reader,
            lags,
        } = self;
        let stop = stop.clone();
        let served = runtime.block_on(async move {
            let app = Arc::new(App {
                access: Access::new(&config),
                pulse: Pulse::start(reader.clone(), config.tenants.clone(), watch),
                listeners: Arc::new(Semaphore::new(config.max_listeners)),
                reader,
                lags,
                config,
            });
            let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
            // Open pages would keep it for ever: whoever is being answered when it
            // ends asks again.
            tokio::select! {
                served = axum::serve(listener, service).into_future() => served,
                () = requested(&stop) => Ok(()),
            }
        });
        runtime.shutdown_background();
        served.map_err(DashboardError::Runtime)
    }
}

async fn requested(stop: &Stop) {
    while !stop.is_requested() {
        tokio::time::sleep(STOP_CHECK).await;
    }
}

fn router(app: Arc<App>) -> Router {
    let mut router = Router::new()
        .route("/events", get(live::events))
        .route("/login", get(signing::form).post(signing::sign_in))
        .route("/logout", post(signing::sign_out))
        .route(
            "/api/v1/openapi.json",
            get(|| async { Json(openapi::document()) }),
        )
        .route("/api/v1/{name}", get(api::report))
        .route("/assets/{hash}/{*name}", get(assets::serve))
        .route("/healthz", get(|| async { "alive\n" }));
    for page in &PAGES {
        let handler = move |state, peer, uri, headers| show(page, state, peer, uri, headers);
        router = router.route(page.path, get(handler));
    }
    router
        .fallback(missing)
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn(guard))
        .with_state(app)
}

/// Puts on every answer what browsers must know, and measures it.
async fn guard(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let path = request.uri().path();
    let page = PAGES.iter().find(|page| page.path == path);
    let label = match page {
        Some(page) => page.path,
        None if path.starts_with(api::ROOT) => api::ROOT,
        None => "other",
    };
    let may_keep = path.starts_with("/assets/");
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = next.run(request).await;
    let status = response.status();
    counter!(metric_names::DASHBOARD_REQUESTS_TOTAL, "page" => label, "status" => status.as_u16().to_string())
        .increment(1);
    if is_read {
        histogram!(metric_names::DASHBOARD_REQUEST_SECONDS, "page" => label)
            .record(begun.elapsed().as_secs_f64());
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !may_keep {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

async fn show(
    page: &'static Page,
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Response {
    let query = uri.query().unwrap_or_default();
    let view = View::parse(query);
    let language = App::language(view.as_ref().ok(), &headers);
    let built = async {
        let who = app.admit(&headers, peer)?;
        let ask = app.ask(&who, view?)?;
        let format = Format::new(language, ask.tenant.time_zone, &ask.tenant.currency);
        let fresh = app.pulse.state().fresh.get(&ask.tenant.name).copied();
        let context = Context {
            arrived_at: fresh.map(|fresh| fresh.arrived_at),
            lags: (app.lags)(),
            path: page.path,
            ask,
            format,
        };
        let blocks = (page.build)(&context).await?;
        if is_csv(query) {
            return csv(&blocks);
        }
        let shell = Shell::new(&app, &who, &context.ask, page, &context.format, blocks);
        let drawn = shell.render().map_err(|error| {
            let reason = error.to_string();
            Problem::Read(ReadError::Failed {
                name: "page",
                reason,
            })
        })?;
        Ok(Html(drawn).into_response())
    };
    match built.await {
        Ok(response) => response,
        Err(Problem::Refused(Refusal::Unknown)) if app.access.has_passwords() => {
            let address = uri.path_and_query().map_or("/", |address| address.as_str());
            signing::page(&app, language, address, "", None)
        }
        Err(problem) => tell(language, &problem),
    }
}

fn is_csv(query: &str) -> bool {
    let all = pairs(query).unwrap_or_default();
    all.iter()
        .any(|(name, value)| name == "format" && value == "csv")
}

/// The table of a page that can be saved.
fn csv(blocks: &[Block]) -> Result<Response, Problem> {
    let table = blocks.iter().find_map(|block| match block {
        Block::Table(table) if !table.csv.is_empty() => Some(table),
        _ => None,
    });
    let table = table.ok_or(Problem::NotFound)?;
    let body = table.csv().map_err(|error| {
        let reason = error.to_string();
        Problem::Read(ReadError::Failed {
            name: "csv",
            reason,
        })
    })?;
    Ok(api::download(table.name, body))
}

async fn missing(OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    if uri.path().starts_with(api::ROOT) {
        return api::problem(Problem::NotFound);
    }
    tell(App::language(None, &headers), &Problem::NotFound)
}

/// A page that says what is wrong, and what to do about it.
fn tell(language: Language, problem: &Problem) -> Response {
    let say = |text| language.say(text).to_owned();
    let (status, title, lines) = match problem {
        Problem::Refused(Refusal::TooMany) => (
            StatusCode::TOO_MANY_REQUESTS,
            Text::ErrorTitle,
            vec![say(Text::TooManyRequests)],
        ),
        Problem::Refused(Refusal::WrongHost) => (
            StatusCode::MISDIRECTED_REQUEST,
            Text::ErrorTitle,
            vec![say(Text::NotAllowed)],
        ),
        Problem::Refused(Refusal::Unknown) => (
            StatusCode::UNAUTHORIZED,
            Text::ErrorTitle,
            vec![say(Text::NotAllowed)],
        ),
        Problem::NotAllowed => (
            StatusCode::FORBIDDEN,
            Text::ErrorTitle,
            vec![say(Text::NotAllowed)],
        ),
        Problem::NotFound => (
            StatusCode::NOT_FOUND,
            Text::ErrorTitle,
            vec![say(Text::NotFound)],
        ),
        Problem::Wrong(text) => (
            StatusCode::BAD_REQUEST,
            Text::ErrorTitle,
            vec![text.clone()],
        ),
        Problem::Read(error) => {
            tracing::warn!(%error, "a page cannot be shown");
            let lines = vec![say(Text::AwayRemedy)];
            (StatusCode::SERVICE_UNAVAILABLE, Text::AwayTitle, lines)
        }
    };
    let page = ProblemPage {
        language,
        title,
        lines,
    };
    let drawn = page.render().unwrap_or_default();
    (status, Html(drawn)).into_response()
}
