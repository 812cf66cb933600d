//! The presets: rule lists that come with the program.

use crate::rules::{ChannelError, RuleSpec};

/// A preset of channel rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Preset {
    /// GA4's default channel grouping, with calls, offline contacts and AI assistants added.
    Ga4,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 1] = [Self::Ga4];

    /// The name in configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ga4 => "ga4",
        }
    }

    /// The preset of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// Its rules.
    pub fn rules(self) -> Result<Vec<RuleSpec>, ChannelError> {
        let text = match self {
            Self::Ga4 => include_str!("../data/ga4.json"),
        };
        serde_json::from_str(text).map_err(|error| ChannelError {
            place: format!("preset {}", self.name()),
            reason: error.to_string(),
        })
    }
}
