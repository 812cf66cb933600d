//! Looks all the time whether something new has arrived, once for everybody who
//! has a page open, and tells them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::sync::watch;

use crate::Watch;
use crate::queries::{FRESHNESS, TENANTS};
use crate::reader::{Fence, Params, Reader};
use crate::tenants::{Configured, Tenant, TenantRow};

/// How often it is looked.
const INTERVAL: Duration = Duration::from_millis(200);
/// After how many looks the tenants are read again.
const TENANTS_EVERY: u32 = 10;
/// How long to wait after ClickHouse did not answer.
const PAUSE: Duration = Duration::from_secs(2);

/// What is new of a tenant, milliseconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fresh {
    /// The latest touch, call or deal that the figures know of.
    pub occurred_at: Option<i64>,
    /// When something was inserted last.
    pub arrived_at: i64,
}

/// What is known at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct State {
    /// The tenants, by name.
    pub tenants: BTreeMap<String, Tenant>,
    /// What is new of each.
    pub fresh: BTreeMap<String, Fresh>,
    /// Why ClickHouse cannot be asked, if so.
    pub trouble: Option<String>,
}

/// The newest state; copies share it.
#[derive(Clone, Debug)]
pub struct Pulse(watch::Receiver<Arc<State>>);

impl Pulse {
    /// Begins to look; it goes on for as long as the runtime does.
    pub fn start(reader: Reader, configured: Configured, watch: Watch) -> Self {
        let (sender, receiver) = watch::channel(Arc::default());
        tokio::spawn(look(reader, configured, sender, watch));
        Self(receiver)
    }

    /// The newest state.
    pub fn state(&self) -> Arc<State> {
        Arc::clone(&self.0.borrow())
    }

    /// Waits until there is another state; `false` when there never will be.
    pub async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}

async fn look(
    reader: Reader,
    configured: Configured,
    sender: watch::Sender<Arc<State>>,
    watch: Watch,
) {
    let mut looks = 0_u32;
    let mut tenants = BTreeMap::new();
    loop {
        let state = async {
            if looks.is_multiple_of(TENANTS_EVERY) || tenants.is_empty() {
                let nothing = Params::default();
                let rows: Vec<TenantRow> = reader.rows(TENANTS, &Fence::None, &nothing).await?;
                let known = rows
                    .into_iter()
                    .map(|row| (row.name.clone(), configured.known(row)));
                tenants = known.collect();
            }
            read(&reader).await
        };
        let state = match state.await {
            Ok(fresh) => State {
                tenants: tenants.clone(),
                fresh,
                trouble: None,
            },
            Err(error) => State {
                trouble: Some(error.to_string()),
                ..State::clone(&sender.borrow())
            },
        };
        watch(state.trouble.as_deref());
        let is_away = state.trouble.is_some();
        if is_away && sender.borrow().trouble.is_none() {
            tracing::warn!(error = state.trouble, "cannot read figures");
        }
        sender.send_if_modified(|before| {
            let has_changed = **before != state;
            if has_changed {
                *before = Arc::new(state);
            }
            has_changed
        });
        if sender.is_closed() {
            return;
        }
        looks = if is_away { 0 } else { looks.wrapping_add(1) };
        tokio::time::sleep(if is_away { PAUSE } else { INTERVAL }).await;
    }
}

async fn read(reader: &Reader) -> Result<BTreeMap<String, Fresh>, crate::error::ReadError> {
    let nothing = Params::default();
    let rows: Vec<(String, String, i64, i64)> =
        reader.rows(FRESHNESS, &Fence::None, &nothing).await?;
    let now = Utc::now().timestamp_millis();
    let mut all: BTreeMap<String, Fresh> = BTreeMap::new();
    for (tenant, subject, occurred_at, arrived_at) in rows {
        let fresh = all.entry(tenant).or_default();
        fresh.arrived_at = fresh.arrived_at.max(arrived_at);
        // Of figures only the hour is known.
        let is_exact = !matches!(subject.as_str(), "credit" | "traffic");
        if is_exact && occurred_at > 0 && occurred_at <= now {
            fresh.occurred_at = fresh.occurred_at.max(Some(occurred_at));
        }
    }
    Ok(all)
}
