//! When the line has nothing left to do (`--until-idle`).
//!
//! The decision rests on committed offsets alone, because every role commits
//! only what has been acknowledged further down: ingest when its events stand
//! in `events`, the processor when its messages and rows stand in their
//! topics, the sink when the rows are visible. So stages are asked in the
//! order of the flow; when a stage has read everything, nothing more comes to
//! the next one from it. A stage that feeds its own input (the processor sends
//! messages into `events`) is asked twice for its ends: unless they stand
//! still, it has given itself new work meanwhile.

use std::collections::BTreeMap;

use crate::record::TopicPartition;
use crate::role::StreamError;

/// One consumer group and what it reads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stage {
    /// The consumer group.
    pub group: String,
    /// The topics that it reads.
    pub topics: Vec<String>,
    /// Whether it also writes into them.
    pub feeds_itself: bool,
}

/// The first offset that a partition's log holds, and the one its next record gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watermarks {
    /// The first offset in the log.
    pub low: i64,
    /// The offset of the next record to be written.
    pub high: i64,
}

/// Where the offsets are read.
pub trait Offsets {
    /// The watermarks of all partitions of the topics.
    fn watermarks(
        &mut self,
        topics: &[String],
    ) -> Result<BTreeMap<TopicPartition, Watermarks>, StreamError>;

    /// The group's committed offsets in these partitions, where it has one.
    fn committed(
        &mut self,
        group: &str,
        partitions: &[TopicPartition],
    ) -> Result<BTreeMap<TopicPartition, i64>, StreamError>;
}

/// Whether all stages, given in the order of the flow, have nothing to do.
pub fn is_idle(stages: &[Stage], offsets: &mut dyn Offsets) -> Result<bool, StreamError> {
    for stage in stages {
        let before = offsets.watermarks(&stage.topics)?;
        let partitions: Vec<_> = before.keys().cloned().collect();
        let committed = offsets.committed(&stage.group, &partitions)?;
        if lag(&before, &committed).values().any(|&lag| lag > 0) {
            return Ok(false);
        }
        if stage.feeds_itself && offsets.watermarks(&stage.topics)? != before {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether stages have worked off what was there when they were first asked:
/// how a live line, which may never be idle, is known to have come so far.
#[derive(Debug)]
pub struct CatchUp {
    stages: Vec<Stage>,
    /// How many of the stages are through.
    through: usize,
    /// The ends that the present stage must reach.
    goal: Option<BTreeMap<TopicPartition, Watermarks>>,
}

impl CatchUp {
    /// Follows the stages in the given order: each is asked for the ends of
    /// its topics when the one before has reached its own. A stage may stand
    /// there repeatedly, for what it gives itself to do meanwhile.
    pub const fn new(stages: Vec<Stage>) -> Self {
        Self {
            stages,
            through: 0,
            goal: None,
        }
    }

    /// Looks how far they have come; `true` when all are through.
    pub fn look(&mut self, offsets: &mut dyn Offsets) -> Result<bool, StreamError> {
        while let Some(stage) = self.stages.get(self.through) {
            let goal = match &self.goal {
                Some(goal) => goal,
                None => self.goal.insert(offsets.watermarks(&stage.topics)?),
            };
            let partitions: Vec<_> = goal.keys().cloned().collect();
            let committed = offsets.committed(&stage.group, &partitions)?;
            if lag(goal, &committed).values().any(|&lag| lag > 0) {
                return Ok(false);
            }
            self.goal = None;
            self.through += 1;
        }
        Ok(true)
    }
}

/// How many records each partition holds that the group has not committed.
/// A group that has committed nothing lags by everything the log holds.
pub fn lag(
    watermarks: &BTreeMap<TopicPartition, Watermarks>,
    committed: &BTreeMap<TopicPartition, i64>,
) -> BTreeMap<TopicPartition, i64> {
    watermarks
        .iter()
        .map(|(at, marks)| {
            let next = committed.get(at).copied().unwrap_or(marks.low);
            (at.clone(), (marks.high - next.max(marks.low)).max(0))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Offsets of two topics with one partition each; the ends of `events`
    /// grow by `growth` with each reading.
    struct Fake {
        raw: (i64, Option<i64>),
        events: (i64, Option<i64>),
        growth: i64,
    }

    fn at(topic: &str) -> TopicPartition {
        TopicPartition {
            topic: topic.into(),
            partition: 0,
        }
    }

    impl Offsets for Fake {
        fn watermarks(
            &mut self,
            topics: &[String],
        ) -> Result<BTreeMap<TopicPartition, Watermarks>, StreamError> {
            Ok(topics
                .iter()
                .map(|topic| {
                    let high = if topic == "events" {
                        self.events.0 += self.growth;
                        self.events.0 - self.growth
                    } else {
                        self.raw.0
                    };
                    (at(topic), Watermarks { low: 2, high })
                })
                .collect())
        }

        fn committed(
            &mut self,
            group: &str,
            partitions: &[TopicPartition],
        ) -> Result<BTreeMap<TopicPartition, i64>, StreamError> {
            let offset = if group == "ingest" {
                self.raw.1
            } else {
                self.events.1
            };
            Ok(partitions
                .iter()
                .filter_map(|at| Some((at.clone(), offset?)))
                .collect())
        }
    }

    fn stages() -> [Stage; 2] {
        [("ingest", "web"), ("processor", "events")].map(|(group, topic)| Stage {
            group: group.into(),
            topics: vec![topic.into()],
            feeds_itself: topic == "events",
        })
    }

    fn check(raw: (i64, Option<i64>), events: (i64, Option<i64>), growth: i64, idle: bool) {
        let stages = stages();
        let mut offsets = Fake {
            raw,
            events,
            growth,
        };
        assert_eq!(is_idle(&stages, &mut offsets).unwrap(), idle);
    }

    #[test]
    fn idle_is_when_every_stage_has_committed_its_ends_and_the_ends_stand_still() {
        check((9, Some(9)), (7, Some(7)), 0, true);
        check((9, Some(8)), (7, Some(7)), 0, false);
        check((9, Some(9)), (7, Some(6)), 0, false);
        check((9, Some(9)), (7, Some(7)), 1, false);
    }

    #[test]
    fn stages_have_caught_up_with_the_ends_they_had_though_more_comes() {
        let mut offsets = Fake {
            raw: (9, Some(8)),
            events: (7, Some(7)),
            growth: 1,
        };
        let mut catch_up = CatchUp::new(stages().to_vec());
        assert!(!catch_up.look(&mut offsets).unwrap());
        offsets.raw = (12, Some(9));
        offsets.events.1 = Some(6);
        assert!(!catch_up.look(&mut offsets).unwrap());
        offsets.raw.1 = Some(2);
        offsets.events.1 = Some(7);
        assert!(catch_up.look(&mut offsets).unwrap());
    }

    #[test]
    fn without_a_commit_only_an_empty_log_is_done() {
        check((2, None), (2, None), 0, true);
        check((3, None), (2, None), 0, false);
    }

    #[test]
    fn a_commit_below_the_log_lags_by_what_the_log_holds() {
        let marks = BTreeMap::from([(at("web"), Watermarks { low: 5, high: 8 })]);
        let committed = BTreeMap::from([(at("web"), 1)]);
        assert_eq!(lag(&marks, &committed), BTreeMap::from([(at("web"), 3)]));
    }
}
