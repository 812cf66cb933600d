//! The figures: one function for each report, from questions to exact values.
//!
//! Pages and the API read the same reports, so they show the same.

/// Declares a row of an answer: its fields are the columns of the question.
macro_rules! row {
    ($(#[$meta:meta])* struct $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, clickhouse::Row, serde::Deserialize)]
        pub(crate) struct $name {
            $($field: $type),*
        }
    };
}
mod amounts;
mod calls;
mod channels;
mod columns;
mod deal;
mod funnel;
mod journeys;
mod live;
mod managers;
mod models;
mod over_time;
mod overview;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clickhouse::{RowOwned, RowRead};
use tokio::sync::OnceCell;

pub use amounts::Amounts;
pub use calls::{CALLS, CALLS_BY_HOUR};
pub use channels::{CHANNELS, columns as channel_columns, report_of as channels_of};
pub use deal::{DEAL, DEAL_CREDITS, DEAL_EVENTS, DEAL_TOUCHES, Fate};
pub use funnel::{FUNNEL, STAGES};
pub use journeys::{DAYS, DEALS, PATHS, ROLES, TOUCHES};
pub use live::{DEAD_LETTERS, LATEST_DEALS, LATEST_SECONDS, LATEST_STEP, LATEST_TOUCHES};
pub use managers::MANAGERS;
pub use models::MODELS;
pub use over_time::OverTime;
pub use overview::{MATURITY, RECONCILIATION, REVENUE_BY_CHANNEL, SERIES, SUMMARY};

use crate::error::ReadError;
use crate::reader::{Fence, Param, Params, Question, Reader};
use crate::report::{Column, Report};
use crate::tenants::Tenant;
use crate::view::{Dimension, Hours, Span, View};

/// What is asked: by a view, for one tenant, at a moment.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The connection.
    pub reader: Reader,
    /// What the address says.
    pub view: View,
    /// The tenant.
    pub tenant: Tenant,
    /// The attribution model.
    pub model: String,
    /// The second model, when there is one.
    pub versus: Option<String>,
    /// The period and what it is compared with.
    pub span: Span,
    /// The moment.
    pub now: DateTime<Utc>,
    /// Whether the user may see what is nobody's: rejected records.
    pub is_admin: bool,
    /// What several reports of one page are made of, asked for once.
    pub known: Arc<Known>,
}

/// Answers that several reports are made of.
#[derive(Debug, Default)]
pub struct Known {
    over_time: OnceCell<OverTime>,
    deal: OnceCell<Option<deal::DealRow>>,
    credits: OnceCell<Vec<deal::CreditRow>>,
}

impl Ask {
    /// The parameters that questions have in common, for some hours.
    pub fn params(&self, hours: Hours) -> Params {
        let mut params = Params::default()
            .text("tenant", &self.tenant.name)
            .text("zone", self.tenant.time_zone.name())
            .text("basis", self.view.basis.name())
            .text("model", &self.model)
            .text("by", self.view.by.name())
            .number("from", hours.from)
            .number("until", hours.until);
        for dimension in Dimension::ALL {
            let filter = &self.view.filter;
            let only = Param::Texts(filter.only(dimension).to_vec());
            let without = Param::Texts(filter.without(dimension).to_vec());
            params = params.with(dimension.name(), only);
            params = params.with(dimension.negated(), without);
        }
        params
    }

    /// The period by step and channel.
    pub async fn over_time(&self) -> Result<&OverTime, ReadError> {
        self.known
            .over_time
            .get_or_try_init(|| OverTime::read(self))
            .await
    }

    /// Asks a question about the tenant.
    pub async fn rows<T>(&self, question: Question, params: &Params) -> Result<Vec<T>, ReadError>
    where
        T: RowOwned + RowRead,
    {
        let fence = Fence::Tenant(self.tenant.name.clone());
        self.reader.rows(question, &fence, params).await
    }
}

/// A report on its way.
pub type Reading<'a> = Pin<Box<dyn Future<Output = Result<Report, ReadError>> + Send + 'a>>;

/// A report by its name, with its columns.
#[derive(Clone, Copy)]
pub struct Reported {
    /// The name in the API.
    pub name: &'static str,
    /// What it is, in the API's description.
    pub about: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// Reads it.
    pub read: for<'a> fn(&'a Ask) -> Reading<'a>,
}

impl std::fmt::Debug for Reported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Reported {
    /// Reads it.
    pub async fn of(&self, ask: &Ask) -> Result<Report, ReadError> {
        (self.read)(ask).await
    }
}

/// Every report.
pub const REPORTS: [&Reported; 24] = [
    &SUMMARY,
    &SERIES,
    &REVENUE_BY_CHANNEL,
    &RECONCILIATION,
    &MATURITY,
    &CHANNELS,
    &MODELS,
    &PATHS,
    &TOUCHES,
    &DAYS,
    &ROLES,
    &DEALS,
    &DEAL,
    &DEAL_EVENTS,
    &DEAL_TOUCHES,
    &DEAL_CREDITS,
    &CALLS,
    &CALLS_BY_HOUR,
    &FUNNEL,
    &STAGES,
    &MANAGERS,
    &LATEST_TOUCHES,
    &LATEST_DEALS,
    &DEAD_LETTERS,
];
