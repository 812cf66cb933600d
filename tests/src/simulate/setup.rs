//! What all simulated runs share: settings and what is made of them.

use std::sync::Arc;

use throughline_ingest::IdentKeys;
use throughline_processor::Attribution;

use super::scenario::{self, Scenario};
use crate::configure;
use crate::reference::Settings;

/// What all runs share.
pub struct Setup {
    /// The reference's settings.
    pub settings: Settings,
    /// The processor's rules.
    pub rules: Arc<Attribution>,
    ingest: throughline_ingest::Config,
}

impl Setup {
    /// The settings of the tenants of all scenarios.
    pub fn new() -> Self {
        let settings = scenario::plan(0).settings();
        Self {
            rules: Arc::new(configure::rules(&settings)),
            ingest: configure::ingest(&settings, 1),
            settings,
        }
    }

    /// Ingest that remembers little, cuts small batches and never waits, with the scenario's keys.
    pub fn ingest(&self, scenario: &Scenario, keys: IdentKeys) -> throughline_ingest::Config {
        let mut config = self.ingest.clone();
        config.events_partitions = scenario.partitions;
        config.limits.poll_wait_ms = 0;
        config.limits.linger_ms = 0;
        config.limits.batch_bytes = scenario.batch_bytes;
        config.limits.remembered_links = 20;
        config.limits.remembered_values = 50;
        config.keys = keys;
        config
    }

    /// A processor that keeps little in memory and writes small records.
    pub fn processor(&self, scenario: &Scenario) -> throughline_processor::Config {
        let mut config = configure::processor(scenario.partitions);
        config.record_bytes = scenario.record_bytes;
        config.cached_nodes = scenario.cached;
        config.cached_chunks = scenario.cached;
        config.max_partners = scenario.max_partners;
        config
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}
