//! Every metric of the line by name: `throughline_<room>_<noun>_<unit>[_total]`.
//! Counters are raised once per batch, never per event.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// What kind of metric a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution.
    Histogram,
}

macro_rules! metric_names {
    ($($(#[doc = $doc:literal])+ $constant:ident = $kind:ident $unit:ident $name:literal;)+) => {
        $($(#[doc = $doc])+ pub const $constant: &str = $name;)+

        /// Every metric: name, kind, unit, description.
        pub const ALL: &[(&str, Kind, Unit, &str)] = &[
            $(($name, Kind::$kind, Unit::$unit, concat!($($doc),+).trim_ascii()),)+
        ];
    };
}

metric_names! {
    /// Records that a consumer group has still to read; labels group, topic, partition.
    STREAM_LAG_RECORDS = Gauge Count "throughline_stream_lag_records";
    /// Whether the last question to Kafka was answered: 1 or 0.
    STREAM_KAFKA_UP = Gauge Count "throughline_stream_kafka_up";
}

/// Registers the descriptions with the recorder that is installed.
pub fn describe() {
    for &(name, kind, unit, text) in ALL {
        match kind {
            Kind::Counter => describe_counter!(name, unit, text),
            Kind::Gauge => describe_gauge!(name, unit, text),
            Kind::Histogram => describe_histogram!(name, unit, text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_formed_by_the_rule() {
        let names: BTreeSet<_> = ALL.iter().map(|(name, ..)| name).collect();
        assert_eq!(names.len(), ALL.len());
        for (name, kind, _, text) in ALL {
            assert!(name.starts_with("throughline_"), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert!(!text.is_empty(), "{name}");
        }
    }
}
