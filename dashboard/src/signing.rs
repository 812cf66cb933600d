//! Signing in and out.

use std::net::SocketAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::{ConnectInfo, Form, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use chrono::Utc;
use metrics::counter;
use serde::Deserialize;
use throughline_stream::metric_names;

use crate::access::{Sessions, cookie, is_own_origin, is_same};
use crate::app::App;
use crate::texts::{Language, Text};

/// A password is no longer than this, bytes: hashing takes time.
const MAX_PASSWORD_BYTES: usize = 1024;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    language: Language,
    token: &'a str,
    name: &'a str,
    next: &'a str,
    trouble: Option<Text>,
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Given {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    token: String,
    #[serde(default)]
    next: String,
}

/// What leaving sends.
#[derive(Deserialize)]
pub struct Leaving {
    #[serde(default)]
    token: String,
}

/// The form. `next` is where one wanted to go.
pub fn page(
    app: &App,
    language: Language,
    next: &str,
    name: &str,
    trouble: Option<Text>,
) -> Response {
    let (token, cookie) = app.access.sessions().form();
    let page = SignIn {
        language,
        token: &token,
        name,
        next: own_address(next),
        trouble,
    };
    let status = match trouble {
        None => StatusCode::OK,
        Some(Text::TooManyTries) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::UNAUTHORIZED,
    };
    let body = page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "cannot draw the form for signing in");
        String::new()
    });
    let mut response = (status, Html(body)).into_response();
    set_cookie(&mut response, &cookie);
    response
}

/// `GET /login`.
pub async fn form(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    page(&app, App::language(None, &headers), "/", "", None)
}

/// `POST /login`.
pub async fn sign_in(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Form(given): Form<Given>,
) -> Response {
    let language = App::language(None, &headers);
    let again = |trouble| page(&app, language, &given.next, &given.name, Some(trouble));
    let now = Utc::now().timestamp();
    let nonce = cookie(&headers, Sessions::FORM_COOKIE).unwrap_or_default();
    let expected = app.access.sessions().form_token(nonce);
    let is_form = !nonce.is_empty() && is_same(expected.as_bytes(), given.token.as_bytes());
    if !is_form || !is_own_origin(&headers) {
        return again(Text::WrongPassword);
    }
    if !app.access.may_try(&given.name, peer, now) {
        counter!(metric_names::DASHBOARD_LOGINS_TOTAL, "result" => "limited").increment(1);
        return again(Text::TooManyTries);
    }
    if given.password.len() > MAX_PASSWORD_BYTES {
        return again(Text::WrongPassword);
    }
    let (gate, name, password) = (Arc::clone(&app), given.name.clone(), given.password.clone());
    let session = tokio::task::spawn_blocking(move || gate.access.sign_in(&name, &password, now));
    let Ok(Some(session)) = session.await else {
        counter!(metric_names::DASHBOARD_LOGINS_TOTAL, "result" => "refused").increment(1);
        tracing::warn!(name = given.name, address = %peer.ip(), "signing in was refused");
        return again(Text::WrongPassword);
    };
    counter!(metric_names::DASHBOARD_LOGINS_TOTAL, "result" => "accepted").increment(1);
    let mut response = see(own_address(&given.next));
    set_cookie(
        &mut response,
        &app.access.sessions().set_cookie(Some(&session)),
    );
    response
}

/// `POST /logout`.
pub async fn sign_out(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Form(leaving): Form<Leaving>,
) -> Response {
    let who = app.admit(&headers, peer).ok();
    if let Some(session) = who.and_then(|who| who.session) {
        let sessions = app.access.sessions();
        let expected = sessions.token(&session);
        let is_ours = is_same(expected.as_bytes(), leaving.token.as_bytes());
        if !is_ours || !is_own_origin(&headers) {
            return StatusCode::FORBIDDEN.into_response();
        }
        sessions.end(&session, Utc::now().timestamp());
    }
    let mut response = see("/login");
    set_cookie(&mut response, &app.access.sessions().set_cookie(None));
    response
}

/// An address of ours; anything else becomes the overview's.
fn own_address(next: &str) -> &str {
    let is_own = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\', '\r', '\n', '\t'])
        && next.is_ascii();
    if is_own { next } else { "/" }
}

fn see(address: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(value) = HeaderValue::from_str(address) {
        response.headers_mut().insert(LOCATION, value);
    }
    response
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::own_address;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for next in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil",
            "",
            "x",
        ] {
            assert_eq!(own_address(next), "/", "{next}");
        }
        assert_eq!(own_address("/channels?period=7d"), "/channels?period=7d");
    }
}
