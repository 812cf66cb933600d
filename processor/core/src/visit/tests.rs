use proptest::prelude::*;

use super::*;
use crate::ids::{DimId, StrId};

const MINUTE: i64 = 60_000;

fn source(number: u32) -> Source {
    Source {
        dim: DimId(number),
        content: StrId::EMPTY,
        term: StrId::EMPTY,
    }
}

fn hit(at: i64, id: &str, named: Option<u32>) -> HitItem {
    let key = EventKey {
        at,
        id: id.into(),
        content: 0,
    };
    HitItem {
        key,
        origin: None,
        source: named.map(source),
        until: at,
    }
}

/// The visits by the contract's words, over every single hit.
fn visits_of_all(hits: &[HitItem]) -> Vec<(EventKey, Source)> {
    let mut hits = hits.to_vec();
    hits.sort_by(|a, b| a.key.cmp(&b.key));
    hits.dedup_by(|a, b| a.key == b.key);
    let mut visits: Vec<(EventKey, Source)> = Vec::new();
    let mut previous: Option<i64> = None;
    for hit in hits {
        let paused = previous.is_none_or(|previous| hit.key.at - previous > VISIT_GAP_MS);
        let differs = visits
            .last()
            .is_some_and(|(_, source)| hit.source.is_some_and(|named| named != *source));
        if paused || differs {
            visits.push((hit.key.clone(), hit.source.unwrap_or(source(0))));
        }
        previous = Some(hit.key.at);
    }
    visits
}

fn visits(visitor: &Visitor) -> Vec<(EventKey, Source)> {
    visitor
        .visits(source(0))
        .map(|visit| (visit.opening.key.clone(), visit.source))
        .collect()
}

#[test]
fn thirty_minutes_exactly_do_not_end_a_visit() {
    let mut visitor = Visitor::new(Ident(1));
    visitor.add_hit(hit(0, "a", None));
    visitor.add_hit(hit(30 * MINUTE, "b", None));
    visitor.add_hit(hit(60 * MINUTE + 1, "c", None));
    assert_eq!(visits(&visitor).len(), 2);
    assert_eq!(
        visitor.hits.len(),
        2,
        "the second hit went into the first one's run"
    );
}

#[test]
fn a_run_that_comes_whole_reaches_past_the_hits_that_it_takes_in() {
    let mut moved = Visitor::new(Ident(1));
    moved.add_hit(hit(0, "a", None));
    moved.add_hit(hit(22 * MINUTE + 1, "b", None));
    let mut visitor = Visitor::new(Ident(1));
    visitor.add_hit(hit(22 * MINUTE, "c", None));
    // Thirty minutes after the end of the run, a millisecond more after what it takes in.
    visitor.add_hit(hit(52 * MINUTE + 1, "d", None));
    for item in moved.hits {
        visitor.add_hit(item);
    }
    assert_eq!(visits(&visitor).len(), 1);
    assert_eq!(visitor.hits[0].until, 52 * MINUTE + 1);
}

/// Adds a hit and sees to it that visits change near it only.
fn add_looking_near(visitor: &mut Visitor, item: HitItem) {
    let of = |visits: &mut dyn Iterator<Item = Visit<'_>>| -> Vec<(EventKey, Source)> {
        let visits = visits.map(|visit| (visit.opening.key.clone(), visit.source));
        visits.collect()
    };
    let parts = |visitor: &Visitor, near: Range<usize>| {
        let within = |items| of(&mut visitor.visits_within(items, source(0)));
        let (start, end) = (near.start, near.end);
        [
            within(0..start),
            within(near),
            within(end..visitor.hits.len()),
        ]
    };
    let near = visitor.near(&item);
    let further = visitor.hits.len() - near.end;
    let [before, _, after] = parts(visitor, near.clone());
    visitor.add_hit(item);
    let near = near.start..visitor.hits.len() - further;
    let [still_before, changed, still_after] = parts(visitor, near);
    assert_eq!((&before, &after), (&still_before, &still_after));
    assert_eq!([before, changed, after].concat(), visits(visitor));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn runs_give_the_visits_of_all_hits_in_any_order(
        hits in prop::collection::vec((0_i64..40, 0_u32..3, 0_u8..4), 1..30),
        split in 0_usize..30,
    ) {
        let all: Vec<HitItem> = hits
            .iter()
            .enumerate()
            .map(|(index, (slot, named, id))| {
                let named = named.checked_sub(1).map(|named| named + 1);
                // Ids repeat across times; index keeps events apart.
                hit(slot * 10 * MINUTE, &format!("{id}-{index}"), named)
            })
            .collect();
        let expected = visits_of_all(&all);
        let mut whole = Visitor::new(Ident(1));
        for item in &all {
            whole.add_hit(item.clone());
        }
        prop_assert_eq!(&visits(&whole), &expected);
        // Two journeys that merge: the items of one are added to the other.
        let mut left = Visitor::new(Ident(1));
        let mut right = Visitor::new(Ident(1));
        for (index, item) in all.iter().enumerate() {
            let side = if index < split { &mut left } else { &mut right };
            add_looking_near(side, item.clone());
        }
        for item in right.hits.iter().chain(&right.hits) {
            add_looking_near(&mut left, item.clone());
        }
        prop_assert_eq!(&visits(&left), &expected);
        prop_assert!(left.hits.windows(2).all(|pair| pair[0].until <= pair[1].key.at));
    }
}
