//! Names that many rows share, each kept once and known by a number.

use std::sync::Arc;

use rustc_hash::FxHashMap;

/// A name's number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NameId(u32);

/// A dimension's number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DimensionId(u32);

/// Where a touch came from, by the numbers of the names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Dimension {
    /// The channel.
    pub channel: NameId,
    /// The source.
    pub source: NameId,
    /// The medium.
    pub medium: NameId,
    /// The campaign.
    pub campaign: NameId,
    /// The advertisement.
    pub content: NameId,
    /// The keyword.
    pub term: NameId,
}

/// All names and dimensions, numbered in the order in which they came.
#[derive(Debug, Default)]
pub struct Names {
    name_ids: FxHashMap<Arc<str>, NameId>,
    texts: Vec<Arc<str>>,
    dimension_ids: FxHashMap<Dimension, DimensionId>,
    dimensions: Vec<Dimension>,
}

impl Names {
    /// The number of a name.
    pub fn name(&mut self, text: &str) -> NameId {
        if let Some(id) = self.name_ids.get(text) {
            return *id;
        }
        let id = NameId(self.texts.len() as u32);
        let name: Arc<str> = text.into();
        self.texts.push(Arc::clone(&name));
        self.name_ids.insert(name, id);
        id
    }

    /// The number of a dimension.
    pub fn dimension(&mut self, dimension: Dimension) -> DimensionId {
        *self.dimension_ids.entry(dimension).or_insert_with(|| {
            self.dimensions.push(dimension);
            DimensionId(self.dimensions.len() as u32 - 1)
        })
    }

    /// The name of a number.
    pub fn text(&self, id: NameId) -> &str {
        &self.texts[id.0 as usize]
    }

    /// The dimension of a number.
    pub fn of(&self, id: DimensionId) -> Dimension {
        self.dimensions[id.0 as usize]
    }

    /// The order of all names and dimensions.
    pub fn ranks(&self) -> Ranks {
        let names = ranks(&self.texts);
        let of_names = self.dimensions.iter().map(|dimension| {
            let Dimension {
                channel,
                source,
                medium,
                campaign,
                content,
                term,
            } = dimension;
            [channel, source, medium, campaign, content, term].map(|id| names[id.0 as usize])
        });
        let dimensions = ranks(&of_names.collect::<Vec<_>>());
        Ranks { names, dimensions }
    }
}

/// The places that names and dimensions have in the order of their texts, byte
/// by byte: rows are sorted by these, which is the same and compares no texts.
#[derive(Debug)]
pub struct Ranks {
    names: Vec<u32>,
    dimensions: Vec<u32>,
}

impl Ranks {
    /// The place of a name.
    pub fn name(&self, id: NameId) -> u32 {
        self.names[id.0 as usize]
    }

    /// The place of a dimension, by its names in their order.
    pub fn dimension(&self, id: DimensionId) -> u32 {
        self.dimensions[id.0 as usize]
    }
}

/// The place of each, where all are distinct.
fn ranks<T: Ord>(all: &[T]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_unstable_by_key(|index| &all[*index]);
    let mut ranks = vec![0; all.len()];
    for (rank, index) in order.into_iter().enumerate() {
        ranks[index] = rank as u32;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_in_the_order_of_the_texts() {
        let mut names = Names::default();
        let [b, empty, ab, a] = ["b", "", "ab", "a"].map(|text| names.name(text));
        assert_eq!(names.name("ab"), ab);
        let mut dimension = |channel, source| {
            names.dimension(Dimension {
                channel,
                source,
                medium: empty,
                campaign: empty,
                content: empty,
                term: empty,
            })
        };
        let dimensions = [(b, a), (a, b), (a, ab)].map(|(one, two)| dimension(one, two));
        assert_eq!(dimension(a, b), dimensions[1]);
        let ranks = names.ranks();
        assert_eq!([b, empty, ab, a].map(|id| ranks.name(id)), [3, 0, 2, 1]);
        assert_eq!(dimensions.map(|id| ranks.dimension(id)), [2, 1, 0]);
    }
}
