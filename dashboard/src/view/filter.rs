//! Which channels, sources, mediums and campaigns a view is of.

/// A column that traffic can be told apart by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Dimension {
    /// The channel.
    Channel,
    /// The source.
    Source,
    /// The medium.
    Medium,
    /// The campaign.
    Campaign,
}

impl Dimension {
    /// All, from the widest to the narrowest.
    pub const ALL: [Self; 4] = [Self::Channel, Self::Source, Self::Medium, Self::Campaign];

    /// Its name in the views, in the address and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Source => "source",
            Self::Medium => "medium",
            Self::Campaign => "campaign",
        }
    }

    /// What it is called in the address where its values are left out.
    pub const fn negated(self) -> &'static str {
        match self {
            Self::Channel => "not_channel",
            Self::Source => "not_source",
            Self::Medium => "not_medium",
            Self::Campaign => "not_campaign",
        }
    }

    /// The next narrower one.
    pub fn narrower(self) -> Option<Self> {
        Self::ALL.into_iter().find(|other| *other > self)
    }
}

/// The values that are asked for, and those that are left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    only: [Vec<String>; 4],
    without: [Vec<String>; 4],
}

impl Filter {
    /// A dimension has so many values at most, asked for or left out.
    pub const MAX_VALUES: usize = 50;

    /// The values asked for; empty: all.
    pub fn only(&self, dimension: Dimension) -> &[String] {
        &self.only[dimension as usize]
    }

    /// The values left out.
    pub fn without(&self, dimension: Dimension) -> &[String] {
        &self.without[dimension as usize]
    }

    /// Whether everything is asked for.
    pub fn is_empty(&self) -> bool {
        self.only.iter().chain(&self.without).all(Vec::is_empty)
    }

    /// Asks for a value, or leaves it out; `false` when there are too many.
    pub fn add(&mut self, dimension: Dimension, is_only: bool, value: &str) -> bool {
        let list = if is_only {
            &mut self.only[dimension as usize]
        } else {
            &mut self.without[dimension as usize]
        };
        if !list.iter().any(|known| known == value) {
            list.push(value.to_owned());
        }
        list.len() <= Self::MAX_VALUES
    }

    /// Asks no more for a value, or leaves it out no more.
    pub fn remove(&mut self, dimension: Dimension, is_only: bool, value: &str) {
        let list = if is_only {
            &mut self.only[dimension as usize]
        } else {
            &mut self.without[dimension as usize]
        };
        list.retain(|known| known != value);
    }

    /// Asks for one value of a dimension and no other.
    pub fn set(&mut self, dimension: Dimension, value: &str) {
        self.only[dimension as usize] = vec![value.to_owned()];
    }

    /// Every value with its dimension, and whether it is asked for.
    pub fn values(&self) -> impl Iterator<Item = (Dimension, bool, &str)> {
        Dimension::ALL.into_iter().flat_map(|dimension| {
            let only = self.only(dimension).iter();
            let without = self.without(dimension).iter();
            only.map(move |value| (dimension, true, value.as_str()))
                .chain(without.map(move |value| (dimension, false, value.as_str())))
        })
    }
}
