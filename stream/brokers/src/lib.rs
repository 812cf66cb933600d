//! The calls of librdkafka that its Rust wrapper does not offer, and with them
//! the only unsafe code of the workspace.

#[expect(unsafe_code, reason = "calls of a C library")]
mod inbox;

use std::ffi::CString;

use rdkafka::ClientContext;
use rdkafka::bindings::rd_kafka_brokers_add;
use rdkafka::client::Client;

pub use inbox::{Inbox, Message};

/// Gives a client brokers to ask, `host:port,host:port`, beside those that it
/// knows, and says how many of them it can use. Each call costs the client a
/// copy of the list for as long as it lives.
#[allow(unsafe_code)]
pub fn add_brokers<C: ClientContext>(client: &Client<C>, brokers: &str) -> usize {
    // No client can be made with such a list.
    let Ok(brokers) = CString::new(brokers) else {
        return 0;
    };
    // SAFETY: the handle is valid for as long as the client is borrowed, any
    // thread may call this, and the list is copied before the call returns.
    let added = unsafe { rd_kafka_brokers_add(client.native_ptr(), brokers.as_ptr()) };
    usize::try_from(added).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use rdkafka::ClientConfig;
    use rdkafka::consumer::{BaseConsumer, Consumer as _};

    use super::add_brokers;

    #[test]
    fn brokers_are_added_by_name() {
        let mut config = ClientConfig::new();
        config.set("log_level", "0").set("group.id", "none");
        let consumer: BaseConsumer = config.create().expect("a client needs no broker");
        // Port 1 answers nobody.
        let client = consumer.client();
        assert_eq!(add_brokers(client, "127.0.0.1:1,127.0.0.2:1"), 2);
        assert_eq!(add_brokers(client, ""), 0);
        assert_eq!(add_brokers(client, "127.0.0.1:1\0"), 0);
    }
}
