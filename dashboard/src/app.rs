//! What all requests share, and how a request becomes a question.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use chrono::Utc;
use tokio::sync::Semaphore;

use crate::Lags;
use crate::access::{Access, Refusal, Who};
use crate::config::{Config, Role};
use crate::error::ReadError;
use crate::figures::Ask;
use crate::pulse::Pulse;
use crate::reader::Reader;
use crate::tenants::Tenant;
use crate::texts::Language;
use crate::view::{Span, View, ViewError};

/// The tenant of events that name none.
const USUAL_TENANT: &str = "default";

/// What all requests share.
pub struct App {
    /// The settings.
    pub config: Config,
    /// The gate.
    pub access: Access,
    /// The connection to ClickHouse.
    pub reader: Reader,
    /// What is new.
    pub pulse: Pulse,
    /// How far behind the line is.
    pub lags: Lags,
    /// Places for pages that are kept up to date.
    pub listeners: Arc<Semaphore>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Why a request is not answered with what it asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// Nobody is let in like this.
    Refused(Refusal),
    /// The user may not see the tenant.
    NotAllowed,
    /// There is no such page or report.
    NotFound,
    /// The address is wrong.
    Wrong(String),
    /// ClickHouse does not answer as it should.
    Read(ReadError),
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        Self::Wrong(error.to_string())
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl App {
    /// Who asks, when they may ask now.
    pub fn admit(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<Who, Problem> {
        let now = Utc::now().timestamp();
        self.access
            .admit(headers, peer, now)
            .map_err(Problem::Refused)
    }

    /// The language of an address, or else of the browser.
    pub fn language(view: Option<&View>, headers: &HeaderMap) -> Language {
        let named = view.and_then(|view| view.language);
        named.unwrap_or_else(|| {
            let accepted = headers
                .get(ACCEPT_LANGUAGE)
                .and_then(|value| value.to_str().ok());
            Language::preferred(accepted.unwrap_or_default())
        })
    }

    /// The tenants that somebody may see, of those that anything is known of.
    pub fn tenants_of(&self, who: &Who) -> Vec<String> {
        let state = self.pulse.state();
        match &who.role {
            Role::Marketer(own) => vec![own.clone()],
            Role::Admin => state.tenants.keys().cloned().collect(),
        }
    }

    /// The tenant of a view, if it may be seen.
    pub fn tenant(&self, who: &Who, view: &View) -> Result<Tenant, Problem> {
        let state = self.pulse.state();
        let name = match (&view.tenant, &who.role) {
            (Some(name), _) if who.may_see(name) => name.clone(),
            (Some(_), _) => return Err(Problem::NotAllowed),
            (None, Role::Marketer(own)) => own.clone(),
            (None, Role::Admin) => {
                let usual = state.tenants.keys().find(|name| *name == USUAL_TENANT);
                let first = usual.or_else(|| state.tenants.keys().next());
                first.map_or(USUAL_TENANT, String::as_str).to_owned()
            }
        };
        let known = state.tenants.get(&name).cloned();
        Ok(known.unwrap_or_else(|| self.config.tenants.of(&name)))
    }

    /// What a view asks.
    pub fn ask(&self, who: &Who, view: View) -> Result<Ask, Problem> {
        let tenant = self.tenant(who, &view)?;
        let model_of = |name: &'static str, asked: &Option<String>| match asked {
            None => Ok(None),
            Some(model) if tenant.models.contains(model) => Ok(Some(model.clone())),
            Some(model) => Err(Problem::from(ViewError::Value {
                name,
                value: model.clone(),
                allowed: tenant.models.join(", "),
            })),
        };
        let model = model_of("model", &view.model)?;
        let model = model.unwrap_or_else(|| tenant.usual_model().to_owned());
        let versus = model_of("versus", &view.versus)?.filter(|versus| *versus != model);
        let now = Utc::now();
        let span = Span::new(view.period(), view.compare, tenant.time_zone, now);
        Ok(Ask {
            reader: self.reader.clone(),
            model,
            versus,
            span,
            now,
            is_admin: who.is_admin(),
            known: Arc::default(),
            tenant,
            view,
        })
    }
}
