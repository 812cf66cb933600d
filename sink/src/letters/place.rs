//! Where a record stands: `topic/partition/offset`.

use std::fmt;
use std::str::FromStr;

/// A record's place in Kafka, by which its dead letter is known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The topic's name in the broker.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// A text that names no place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a letter is named by its place, TOPIC/PARTITION/OFFSET, such as web/0/1234")]
pub struct InvalidPlace;

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

impl FromStr for Place {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        let mut parts = text.split('/');
        let (Some(topic), Some(partition), Some(offset), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidPlace);
        };
        let partition = partition.parse().ok().filter(|number| *number >= 0);
        let offset = offset.parse().ok().filter(|number| *number >= 0);
        match (topic, partition, offset) {
            ("", _, _) => Err(InvalidPlace),
            (topic, Some(partition), Some(offset)) => Ok(Self {
                topic: topic.to_owned(),
                partition,
                offset,
            }),
            _ => Err(InvalidPlace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let place: Place = "shop.web-1/3/9000000000".parse().unwrap();
        assert_eq!(
            (place.topic.as_str(), place.partition, place.offset),
            ("shop.web-1", 3, 9_000_000_000)
        );
        assert_eq!(place.to_string(), "shop.web-1/3/9000000000");
        for wrong in [
            "",
            "web",
            "web/1",
            "web/1/2/3",
            "/1/2",
            "web/-1/2",
            "web/1/-2",
            "web/x/2",
            "web/1/",
            "web/1/2 ",
            "web/99999999999/2",
        ] {
            assert_eq!(wrong.parse::<Place>(), Err(InvalidPlace), "{wrong}");
        }
    }
}
