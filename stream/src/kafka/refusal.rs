//! Why brokers do not let a client in, or not to something, and what to do
//! about it. What is meant here does not pass by itself.

use rdkafka::error::RDKafkaErrorCode as Code;

const NO_RIGHT_TO_TOPIC: &str = "the user of `kafka.client` has no right to do this with the topic: docs/kafka-access.md lists the ACLs of each role";

/// What to do about an error; none when it may pass by itself.
pub(super) fn remedy(code: Option<Code>, reason: &str) -> Option<&'static str> {
    of_code(code?).or_else(|| of_text(reason))
}

const fn of_code(code: Code) -> Option<&'static str> {
    match code {
        Code::Authentication | Code::SaslAuthenticationFailed => Some(
            "kafka does not accept who the client says it is: set sasl.mechanism, sasl.username and sasl.password in `kafka.client` as the broker knows them",
        ),
        Code::UnsupportedSASLMechanism => Some(
            "kafka does not offer sasl.mechanism of `kafka.client` here: set one of the broker's sasl.enabled.mechanisms",
        ),
        Code::TopicAuthorizationFailed => Some(NO_RIGHT_TO_TOPIC),
        Code::GroupAuthorizationFailed => Some(
            "the user of `kafka.client` has no right to the consumer group: docs/kafka-access.md lists the ACLs of each role",
        ),
        Code::ClusterAuthorizationFailed => Some(
            "the user of `kafka.client` has no right to do this in the cluster, or to write to any of its topics: docs/kafka-access.md lists the ACLs of each role",
        ),
        _ => None,
    }
}

/// The words are OpenSSL's and librdkafka's.
fn of_text(reason: &str) -> Option<&'static str> {
    const SIGNS: [(&[&str], &str); 5] = [
        // The broker says so of a record, the client of the producer that it ends.
        (&["Topic authorization failed"], NO_RIGHT_TO_TOPIC),
        (
            &["ostname mismatch", "IP address mismatch"],
            "the broker's certificate is for other names: put one of them into `kafka.bootstrap_servers` and the broker's advertised.listeners",
        ),
        (
            &["certificate verify failed", "could not be verified"],
            "nobody that is trusted has signed the broker's certificate: set ssl.ca.location in `kafka.client` to the certificate of the authority that has",
        ),
        (
            &[
                "certificate required",
                "alert bad certificate",
                "alert handshake failure",
                "alert unknown ca",
                "alert certificate unknown",
            ],
            "the broker wants a certificate of the client that it trusts: set ssl.certificate.location and ssl.key.location in `kafka.client`",
        ),
        (
            &[
                "wrong version number",
                "connecting to a PLAINTEXT broker listener",
            ],
            "the broker does not speak TLS on this port: set security.protocol in `kafka.client` to what its listener speaks, or another port",
        ),
    ];
    let found = SIGNS
        .iter()
        .find(|(signs, _)| signs.iter().any(|sign| reason.contains(sign)));
    found.map(|(_, remedy)| *remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_pass_has_a_remedy_that_names_the_setting() {
        for (code, reason, setting) in [
            (Code::Authentication, "", "sasl.password"),
            (Code::GroupAuthorizationFailed, "", "docs/kafka-access.md"),
            (
                Code::SSL,
                "SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could not be verified",
                "ssl.ca.location",
            ),
            (
                Code::BrokerTransportFailure,
                "tlsv13 alert certificate required: SSL alert number 116",
                "ssl.key.location",
            ),
        ] {
            let remedy = remedy(Some(code), reason).unwrap();
            assert!(remedy.contains(setting), "{code}: {remedy}");
        }
        let passes = "Connect to ipv4#127.0.0.1:9092 failed: Connection refused";
        assert_eq!(remedy(Some(Code::BrokerTransportFailure), passes), None);
        assert_eq!(
            remedy(Some(Code::AllBrokersDown), "1/1 brokers are down"),
            None
        );
    }
}
