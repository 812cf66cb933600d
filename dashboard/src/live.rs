//! `/events`: tells an open page that there is something new, and how old what
//! it shows is.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use metrics::gauge;
use throughline_stream::metric_names;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Duration, Instant, sleep_until, timeout};
use tokio_stream::wrappers::ReceiverStream;

use crate::access::Who;
use crate::app::App;
use crate::format::Format;
use crate::pulse::{Fresh, Pulse};
use crate::texts::Text;
use crate::view::View;
use crate::{api, shell};

/// How often an open page is told how old its figures are.
const STAMP_INTERVAL: Duration = Duration::from_secs(1);
/// How long a listener stays before it must ask again, and show again who it is.
const LIFETIME: Duration = Duration::from_mins(10);

/// Opens the stream.
pub async fn events(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let opened = (|| {
        let who: Who = app.admit(&headers, peer)?;
        let view = View::parse(query.as_deref().unwrap_or_default())?;
        let tenant = app.tenant(&who, &view)?;
        Ok((view, tenant))
    })();
    let (view, tenant) = match opened {
        Ok(opened) => opened,
        Err(problem) => return api::problem(problem),
    };
    let Ok(place) = Arc::clone(&app.listeners).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many open pages").into_response();
    };
    let language = App::language(Some(&view), &headers);
    let format = Format::new(language, tenant.time_zone, &tenant.currency);
    let (sender, receiver) = mpsc::channel(4);
    let listener = Listener {
        pulse: app.pulse.clone(),
        tenant: tenant.name,
        format,
        interval: app.config.live_interval,
        sender,
        place,
    };
    tokio::spawn(listener.run());
    Sse::new(ReceiverStream::new(receiver))
        .keep_alive(KeepAlive::default())
        .into_response()
}

/// One open page.
struct Listener {
    pulse: Pulse,
    tenant: String,
    format: Format,
    interval: Duration,
    sender: mpsc::Sender<Result<Event, Infallible>>,
    place: OwnedSemaphorePermit,
}

impl Listener {
    async fn run(mut self) {
        gauge!(metric_names::DASHBOARD_LISTENERS).increment(1.0);
        // It ends when the page is closed, which sending finds out.
        let _ = self.tell().await;
        gauge!(metric_names::DASHBOARD_LISTENERS).decrement(1.0);
        drop(self.place);
    }

    async fn tell(&mut self) -> Result<(), mpsc::error::SendError<Result<Event, Infallible>>> {
        let begun = Instant::now();
        let mut seen = self.fresh().arrived_at;
        let mut next = begun;
        let mut stamped = begun.checked_sub(STAMP_INTERVAL).unwrap_or(begun);
        while begun.elapsed() < LIFETIME {
            let fresh = self.fresh();
            if fresh.arrived_at != seen {
                // No more often than pages may be brought up to date, but the
                // first news after a pause at once.
                sleep_until(next).await;
                seen = self.fresh().arrived_at;
                next = Instant::now() + self.interval;
                self.sender
                    .send(Ok(Event::default().event("figures").data(seen.to_string())))
                    .await?;
            }
            if stamped.elapsed() >= STAMP_INTERVAL {
                stamped = Instant::now();
                let text = self.stamp();
                self.sender
                    .send(Ok(Event::default().event("stamp").data(text)))
                    .await?;
            }
            // Either something changes, or the stamp grows older.
            if let Ok(false) = timeout(STAMP_INTERVAL, self.pulse.changed()).await {
                return Ok(());
            }
        }
        Ok(())
    }

    fn fresh(&self) -> Fresh {
        let state = self.pulse.state();
        state.fresh.get(&self.tenant).copied().unwrap_or_default()
    }

    fn stamp(&self) -> String {
        let state = self.pulse.state();
        if state.trouble.is_some() {
            return self.format.language.say(Text::NotReached).to_owned();
        }
        shell::stamp(&self.format, &self.fresh(), Utc::now().timestamp_millis())
    }
}
