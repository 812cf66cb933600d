//! How far a partition is on its way to the generation that its [`Meta`](super::Meta) names.

use throughline_proto::flat::Malformed;

use super::space;

/// The layout of the value; another one is not read.
const FORMAT: u8 = 2;

/// The key of a partition's [`Progress`].
pub const PROGRESS_KEY: [u8; 1] = [space::PROGRESS];

/// How far a partition is on its way to its generation.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Progress {
    /// It is there: rows and cells are the generation's.
    #[default]
    There,
    /// It keeps facts alone until the log announces the generation.
    Awaiting,
    /// It is being restated.
    Restating {
        /// What is being done.
        stage: Stage,
        /// The last stored key that this is done for; empty at the beginning.
        after: Vec<u8>,
    },
}

/// What is done with the stored keys of one kind, one kind after the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// The cells of the generation before are removed.
    Clearing,
    /// What is kept of persons whose facts are forgotten is counted anew.
    Kept,
    /// Ad costs are settled anew.
    Costs,
    /// Journeys are settled anew.
    Journeys,
    /// The cells, which are whole now, leave as rows.
    Cells,
}

impl Stage {
    /// The stages in their order.
    pub const ALL: [Self; 5] = [
        Self::Clearing,
        Self::Kept,
        Self::Costs,
        Self::Journeys,
        Self::Cells,
    ];

    /// The first byte of the keys that it goes through.
    pub const fn space(self) -> u8 {
        match self {
            Self::Clearing | Self::Cells => space::CHUNK,
            Self::Kept => space::KEPT,
            Self::Costs => space::COST,
            Self::Journeys => space::NODE,
        }
    }

    /// The one after it.
    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| *stage > self)
    }

    const fn code(self) -> u8 {
        self as u8 + 2
    }
}

impl Progress {
    /// A stage that is about to begin.
    pub const fn at(stage: Stage) -> Self {
        let after = Vec::new();
        Self::Restating { stage, after }
    }

    /// The value in the store.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::There => vec![FORMAT, 0],
            Self::Awaiting => vec![FORMAT, 1],
            Self::Restating { stage, after } => {
                let mut value = vec![FORMAT, stage.code()];
                value.extend(after);
                value
            }
        }
    }

    /// Reads the value; the error says what is wrong with it.
    pub fn decode(value: &[u8]) -> Result<Self, Malformed> {
        match value {
            [FORMAT, 0] => Ok(Self::There),
            [FORMAT, 1] => Ok(Self::Awaiting),
            [FORMAT, code, after @ ..] => {
                let stage = Stage::ALL.into_iter().find(|stage| stage.code() == *code);
                let stage = stage.ok_or(Malformed("an unknown stage"))?;
                if after.first().is_some_and(|space| *space != stage.space()) {
                    return Err(Malformed("a stage with a key of another"));
                }
                let after = after.to_vec();
                Ok(Self::Restating { stage, after })
            }
            _ => Err(Malformed("another layout")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_as_it_was_written() {
        let mut all = vec![Progress::There, Progress::Awaiting];
        for stage in Stage::ALL {
            all.push(Progress::at(stage));
            let after = vec![stage.space(), 7, 0];
            all.push(Progress::Restating { stage, after });
        }
        for progress in all {
            assert_eq!(Progress::decode(&progress.encode()).unwrap(), progress);
        }
        for damaged in [&b""[..], &[1, 0], &[2], &[2, 7], &[2, 0, 0], &[2, 4, b'n']] {
            assert!(Progress::decode(damaged).is_err(), "{damaged:?}");
        }
    }

    #[test]
    fn stages_follow_one_another() {
        let order: Vec<_> =
            std::iter::successors(Some(Stage::Clearing), |stage| stage.next()).collect();
        assert_eq!(order, Stage::ALL);
    }
}
