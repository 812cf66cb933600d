//! A way back for clients that have lost every broker.
//!
//! A broker that has come back but not joined its cluster yet may answer a
//! question about a topic, and then names no broker at all. The client library
//! (librdkafka 2.11 to 2.13 at least, its issue 5301) lets go of all brokers it
//! knew, and when its threads take turns unluckily, as they do on a busy
//! machine, it never begins anew with `bootstrap.servers`: the client asks
//! nobody anything any more, says nothing and waits for ever, though Kafka is
//! there. So whoever has heard nothing for a while names the brokers again. A
//! client that still has some takes no harm from that.

use std::time::{Duration, Instant};

use rdkafka::client::Client;
use rdkafka::error::RDKafkaErrorCode;
use throughline_brokers::add_brokers;

use super::context::Context;
use super::settings::ClientSettings;

/// How long nothing is heard before the brokers are named again.
const FIRST: Duration = Duration::from_secs(10);
/// The time doubles up to this: the client keeps a copy of each list.
const LONGEST: Duration = Duration::from_mins(5);

/// Since when one client has heard nothing.
pub(super) struct Lifeline {
    brokers: String,
    /// None while nothing is waited for.
    since: Option<Instant>,
    patience: Duration,
}

impl Lifeline {
    pub(super) fn new(settings: &ClientSettings) -> Self {
        Self {
            brokers: settings.bootstrap_servers.clone(),
            since: None,
            patience: FIRST,
        }
    }

    /// A broker has answered, or nothing is waited for.
    pub(super) fn heard(&mut self) {
        self.since = None;
        self.patience = FIRST;
    }

    /// From now on an answer is waited for.
    pub(super) fn waits(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    /// An answer that must come has not come yet.
    pub(super) fn silent(&mut self, client: &Client<Context>) {
        if self.is_due() {
            self.name_brokers(client);
        }
    }

    /// Nothing has come, which may be for want of records: then some broker
    /// is connected.
    pub(super) fn idle(&mut self, client: &Client<Context>, topic: &str) {
        if !self.is_due() {
            return;
        }
        // Whoever has a broker to send the question to runs out of time.
        let answer = client.fetch_metadata(Some(topic), Duration::ZERO);
        let code = answer.err().and_then(|error| error.rdkafka_error_code());
        if code == Some(RDKafkaErrorCode::BrokerTransportFailure) {
            self.name_brokers(client);
        } else {
            self.heard();
        }
    }

    fn is_due(&mut self) -> bool {
        let since = *self.since.get_or_insert_with(Instant::now);
        since.elapsed() >= self.patience
    }

    fn name_brokers(&mut self, client: &Client<Context>) {
        add_brokers(client, &self.brokers);
        tracing::debug!(
            client = client.context().name(),
            "no broker answers; those of kafka.bootstrap_servers are tried again"
        );
        self.patience = (self.patience * 2).min(LONGEST);
        self.since = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests;
