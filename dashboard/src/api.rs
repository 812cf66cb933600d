//! `/api/v1/…`: every report as JSON or CSV, by the parameters of the pages.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as JsonValue, json};

use crate::access::Refusal;
use crate::app::{App, Problem};
use crate::error::ReadError;
use crate::figures::{Ask, REPORTS, Reported};
use crate::report::{Column, Report, index_of, iso};
use crate::ui::safe;
use crate::view::View;

/// Where the API is.
pub const ROOT: &str = "/api/v1";

/// A report, or the list of them.
pub async fn report(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let answer = answer(
        &app,
        peer,
        &headers,
        &name,
        query.as_deref().unwrap_or_default(),
    )
    .await;
    answer.unwrap_or_else(problem)
}

async fn answer(
    app: &App,
    peer: SocketAddr,
    headers: &HeaderMap,
    name: &str,
    query: &str,
) -> Result<Response, Problem> {
    let who = app.admit(headers, peer)?;
    let (name, is_csv) = match name.strip_suffix(".csv") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let reported = REPORTS
        .iter()
        .find(|report| report.name == name)
        .ok_or(Problem::NotFound)?;
    let view = View::parse(query)?;
    if reported.name.starts_with("deal") && reported.name != "deals" && view.deal.is_none() {
        return Err(Problem::Wrong(
            "the parameter `deal` is missing: the id of a deal".to_owned(),
        ));
    }
    if reported.name == "dead_letters" && !who.is_admin() {
        return Err(Problem::NotAllowed);
    }
    let ask = app.ask(&who, view)?;
    let mut report = reported.of(&ask).await?;
    if let Some(sort) = &ask.view.sort {
        let place = index_of(reported.columns, &sort.column).ok_or_else(|| {
            let names: Vec<_> = reported.columns.iter().map(|column| column.name).collect();
            Problem::Wrong(format!(
                "`{}` is no column of {name}, which has {}",
                sort.column,
                names.join(", ")
            ))
        })?;
        report.sort(place, sort.descends);
    }
    if is_csv {
        let body = csv(reported.columns, &report).map_err(|error| {
            Problem::Read(ReadError::Failed {
                name: "csv",
                reason: error.to_string(),
            })
        })?;
        return Ok(download(reported.name, body));
    }
    Ok(Json(document(&ask, reported, &report)).into_response())
}

/// The body as a file that a browser saves.
pub fn download(name: &str, body: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, body).into_response()
}

fn document(ask: &Ask, reported: &Reported, report: &Report) -> JsonValue {
    let row = |values: &Vec<crate::report::Value>| {
        let pairs = reported.columns.iter().zip(values);
        let pairs = pairs.map(|(column, value)| (column.name.to_owned(), value.json()));
        JsonValue::Object(pairs.collect())
    };
    let span = &ask.span;
    json!({
        "report": reported.name,
        "tenant": ask.tenant.name,
        "time_zone": ask.tenant.time_zone.name(),
        "currency": ask.tenant.currency,
        "model": ask.model,
        "versus": ask.versus,
        "basis": ask.view.basis.name(),
        "first_day": span.first.to_string(),
        "last_day": span.last.to_string(),
        "from": iso(span.hours.from * 1000),
        "until": iso(span.hours.until * 1000),
        "rows": report.rows.iter().map(row).collect::<Vec<_>>(),
        "total": report.total.as_ref().map(row),
        "is_cut": report.is_cut,
    })
}

fn csv(columns: &[Column], report: &Report) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns.iter().map(|column| column.name))?;
    for row in &report.rows {
        let cells = columns.iter().zip(row);
        let cells = cells
            .map(|(column, value)| safe(&value.machine(), column.unit.is_number()).into_owned());
        writer.write_record(cells)?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

/// An error as the API tells it.
pub fn problem(problem: Problem) -> Response {
    let (status, text) = match problem {
        Problem::Refused(Refusal::TooMany) => (
            StatusCode::TOO_MANY_REQUESTS,
            "too many requests; wait a moment".to_owned(),
        ),
        Problem::Refused(Refusal::WrongHost) => (
            StatusCode::MISDIRECTED_REQUEST,
            "an open dashboard answers to 127.0.0.1, localhost and [::1] alone".to_owned(),
        ),
        Problem::Refused(Refusal::Unknown) => (
            StatusCode::UNAUTHORIZED,
            "send `authorization: Bearer <token>` with a token of dashboard.tokens, or sign in"
                .to_owned(),
        ),
        Problem::NotAllowed => (StatusCode::FORBIDDEN, "you may not see this".to_owned()),
        Problem::NotFound => {
            let names: Vec<_> = REPORTS.iter().map(|report| report.name).collect();
            let text = format!(
                "there is no such report; the reports are {}",
                names.join(", ")
            );
            (StatusCode::NOT_FOUND, text)
        }
        Problem::Wrong(text) => (StatusCode::BAD_REQUEST, text),
        Problem::Read(error) => {
            // What ClickHouse says may name tables and settings: it is for the log.
            tracing::warn!(%error, "no answer for the API");
            let text = "ClickHouse does not answer as it should; try again".to_owned();
            (StatusCode::SERVICE_UNAVAILABLE, text)
        }
    };
    (status, Json(json!({"error": text}))).into_response()
}
