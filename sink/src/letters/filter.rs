//! Which letters are meant.

use crate::client::Param;

use super::Place;

/// Conditions that must all hold; an empty one holds for every letter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// One of these reasons; none: any.
    pub reasons: Vec<String>,
    /// One of these topics, by their names in the broker; none: any.
    pub topics: Vec<String>,
    /// Rejected at or after this moment, epoch milliseconds.
    pub since: Option<i64>,
    /// Rejected before this moment, epoch milliseconds.
    pub until: Option<i64>,
    /// This very letter.
    pub place: Option<Place>,
    /// Only those that were not sent again yet.
    pub open: bool,
}

impl Filter {
    /// The letter of a place, whether it was sent again or not.
    pub fn at(place: &Place) -> Self {
        Self {
            place: Some(place.clone()),
            ..Self::default()
        }
    }

    /// The condition on the rows of `dead_letters AS letter`, and its values.
    pub(super) fn condition(&self) -> (String, Vec<(&'static str, Param)>) {
        let mut conditions = vec!["1"];
        let mut params = Vec::new();
        let mut add = |condition, values: Vec<(&'static str, Param)>| {
            conditions.push(condition);
            params.extend(values);
        };
        if !self.reasons.is_empty() {
            let reasons = Param::Texts(self.reasons.clone());
            add(
                "has({reasons:Array(String)}, letter.reason)",
                vec![("reasons", reasons)],
            );
        }
        if !self.topics.is_empty() {
            let topics = Param::Texts(self.topics.clone());
            add(
                "has({topics:Array(String)}, letter.topic)",
                vec![("topics", topics)],
            );
        }
        if let Some(since) = self.since {
            add(
                "toUnixTimestamp64Milli(letter.rejected_at) >= {since:Int64}",
                vec![("since", Param::Number(since))],
            );
        }
        if let Some(until) = self.until {
            add(
                "toUnixTimestamp64Milli(letter.rejected_at) < {until:Int64}",
                vec![("until", Param::Number(until))],
            );
        }
        if let Some(place) = &self.place {
            add(
                "letter.topic = {topic:String} AND letter.partition = {partition:Int32} \
                 AND letter.offset = {offset:Int64}",
                vec![
                    ("topic", Param::Text(place.topic.clone())),
                    ("partition", Param::Number(place.partition.into())),
                    ("offset", Param::Number(place.offset)),
                ],
            );
        }
        if self.open {
            add("letter.replayed_at IS NULL", Vec::new());
        }
        (conditions.join(" AND "), params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_says_is_bound_and_never_part_of_the_text() {
        assert_eq!(Filter::default().condition(), ("1".to_owned(), Vec::new()));
        let evil = "x' OR 1 --".to_owned();
        let filter = Filter {
            reasons: vec![evil.clone()],
            topics: vec![evil.clone()],
            since: Some(1),
            until: Some(2),
            place: Some(Place {
                topic: evil,
                partition: 3,
                offset: 4,
            }),
            open: true,
        };
        let (condition, params) = filter.condition();
        assert!(!condition.contains("OR 1"), "{condition}");
        for (name, _) in &params {
            assert_eq!(
                condition.matches(&format!("{{{name}:")).count(),
                1,
                "{name}"
            );
        }
        assert_eq!(condition.matches('{').count(), params.len());
        assert_eq!(params.len(), 7);
    }
}
