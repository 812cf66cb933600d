//! The hits of one visitor, and the visits they make.
//!
//! A hit without a source of its own never opens a visit when another hit
//! precedes it by at most 30 minutes, whatever arrives later: hits are never
//! taken back. So unbroken runs of such hits are kept as one item that knows
//! when the run ends; only what can ever open a visit is kept by itself.

use std::ops::Range;

use crate::fact::{EventKey, Fact, FactBody, Hit, Origin};
use crate::ids::{Ident, Source};
use crate::sorted;

/// A longer pause between two hits ends a visit, milliseconds.
pub const VISIT_GAP_MS: i64 = 30 * 60 * 1000;

/// The hits of one visitor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Visitor {
    /// The visitor's identifier.
    pub ident: Ident,
    /// Hits in order; the runs `[key.at, until]` do not overlap.
    pub hits: Vec<HitItem>,
    /// `lead` hits in order.
    pub leads: Vec<EventKey>,
}

/// A hit, and the unbroken run of sourceless hits after it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HitItem {
    /// The hit.
    pub key: EventKey,
    /// Its record.
    pub origin: Option<Origin>,
    /// The source it names.
    pub source: Option<Source>,
    /// When the last hit of the run happened.
    pub until: i64,
}

/// A visit: the touch of its opening hit.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// The opening hit.
    pub opening: &'a HitItem,
    /// The visit's source.
    pub source: Source,
}

impl Visitor {
    /// A visitor without hits.
    pub const fn new(ident: Ident) -> Self {
        Self {
            ident,
            hits: Vec::new(),
            leads: Vec::new(),
        }
    }

    /// Adds a hit; tells whether anything changed.
    pub fn add_hit(&mut self, item: HitItem) -> bool {
        match self.hits.binary_search_by(|hit| hit.key.cmp(&item.key)) {
            Ok(index) => self.extend_run(index, item.until),
            Err(index) if item.source.is_some() => {
                self.insert_sourced(index, item);
                true
            }
            Err(index) => self.add_sourceless(index, item),
        }
    }

    /// Adds a lead; tells whether it is new.
    pub fn add_lead(&mut self, key: EventKey) -> bool {
        sorted::insert(&mut self.leads, key)
    }

    /// The visits in order. A visit that names no source is `direct`.
    pub fn visits(&self, direct: Source) -> impl Iterator<Item = Visit<'_>> {
        self.visits_within(0..self.hits.len(), direct)
    }

    /// The visits that open at some of the items, in order.
    pub fn visits_within(
        &self,
        items: Range<usize>,
        direct: Source,
    ) -> impl Iterator<Item = Visit<'_>> {
        let mut current = self.current_before(items.start, direct);
        let items = self.hits.get(items).unwrap_or_default();
        items.iter().filter_map(move |hit| {
            let opens = match current {
                None => true,
                Some((source, last)) => {
                    hit.key.at - last > VISIT_GAP_MS
                        || hit.source.is_some_and(|named| named != source)
                }
            };
            let last = current.map_or(hit.until, |(_, last)| last.max(hit.until));
            let source = match current {
                Some((source, _)) if !opens => source,
                _ => hit.source.unwrap_or(direct),
            };
            current = Some((source, last));
            opens.then_some(Visit {
                opening: hit,
                source,
            })
        })
    }

    /// The items at which visits may open or not because a hit is added: from
    /// its moment on up to a pause that is one with it and without it.
    pub fn near(&self, hit: &HitItem) -> Range<usize> {
        let start = self.hits.partition_point(|item| item.key.at < hit.key.at);
        let mut last = match self.before(start) {
            Some(before) => before.until.max(hit.until),
            None => hit.until,
        };
        let near = self.hits.iter().skip(start).take_while(|item| {
            let is_near = item.key.at - last <= VISIT_GAP_MS;
            last = last.max(item.until);
            is_near
        });
        start..start + near.count()
    }

    /// The source of the visit that an item falls into, and when its last hit
    /// before the item was; `None` before the first item.
    fn current_before(&self, index: usize, direct: Source) -> Option<(Source, i64)> {
        let last = self.before(index)?.until;
        // An item that names a source, or comes after a pause, settles it.
        let items = self.hits.get(..index).unwrap_or_default();
        let decides = |pair: &[HitItem]| match pair {
            [before, item] => item.source.is_some() || item.key.at - before.until > VISIT_GAP_MS,
            _ => false,
        };
        let decisive = items.windows(2).rposition(decides);
        let decisive = items.get(decisive.map_or(0, |before| before + 1));
        let source = decisive.and_then(|item| item.source).unwrap_or(direct);
        Some((source, last))
    }

    fn before(&self, index: usize) -> Option<&HitItem> {
        self.hits.get(index.checked_sub(1)?)
    }

    /// Every fact of the visitor; together they make it again.
    pub fn facts(&self) -> impl Iterator<Item = Fact> {
        let hits = self.hits.iter().map(|item| Fact {
            key: item.key.clone(),
            origin: item.origin,
            body: FactBody::Hit(Hit {
                visitor: self.ident,
                source: item.source,
                lead: false,
                until: item.until,
            }),
        });
        let leads = self.leads.iter().map(|key| Fact {
            key: key.clone(),
            origin: None,
            body: FactBody::Lead {
                visitor: self.ident,
            },
        });
        hits.chain(leads)
    }

    /// A hit that names a source may open a visit some day, so it stands by
    /// itself and takes over what remains of the run it falls into.
    fn insert_sourced(&mut self, index: usize, mut item: HitItem) {
        let before = index
            .checked_sub(1)
            .and_then(|before| self.hits.get_mut(before));
        if let Some(before) = before
            && before.until > item.key.at
        {
            item.until = item.until.max(before.until);
            before.until = item.key.at;
        }
        self.insert(index, item);
    }

    fn add_sourceless(&mut self, index: usize, item: HitItem) -> bool {
        let before = index.checked_sub(1);
        let joins = before
            .and_then(|before| self.hits.get(before))
            .is_some_and(|before| item.key.at - before.until <= VISIT_GAP_MS);
        match before {
            Some(before) if joins => self.extend_run(before, item.until),
            _ => {
                self.insert(index, item);
                true
            }
        }
    }

    fn insert(&mut self, index: usize, mut item: HitItem) {
        let until = item.until;
        item.until = item.key.at;
        sorted::insert_at(&mut self.hits, index, item);
        self.extend_run(index, until);
    }

    /// Lets the run of a hit last until `until` at least, but not past hits
    /// that stand by themselves: those take over the rest of it.
    fn extend_run(&mut self, index: usize, until: i64) -> bool {
        let mut changed = false;
        let mut index = index;
        loop {
            let next_at = self.hits.get(index + 1).map(|next| next.key.at);
            let Some(hit) = self.hits.get_mut(index) else {
                return changed;
            };
            let here = next_at.map_or(until, |next_at| until.min(next_at));
            if here > hit.until {
                hit.until = here;
                changed = true;
            }
            if self.absorb_following(index) {
                // What was taken in may have been what the run stopped at.
                changed = true;
                continue;
            }
            // What follows is out of reach or names a source.
            match self.hits.get(index + 1) {
                Some(next) if next.key.at < until => index += 1,
                _ => return changed,
            }
        }
    }

    /// Takes sourceless hits that can no longer open a visit into the run.
    fn absorb_following(&mut self, index: usize) -> bool {
        let mut absorbed = false;
        loop {
            let Some(hit) = self.hits.get(index) else {
                return absorbed;
            };
            let reach = hit.until + VISIT_GAP_MS;
            match self.hits.get(index + 1) {
                Some(next) if next.source.is_none() && next.key.at <= reach => {
                    let next = self.hits.remove(index + 1);
                    if let Some(hit) = self.hits.get_mut(index) {
                        hit.until = hit.until.max(next.until);
                    }
                    absorbed = true;
                }
                _ => return absorbed,
            }
        }
    }
}

#[cfg(test)]
mod tests;
