//! Hits, which most facts are, change nothing but the visits next to them most
//! of the time. Then these alone are derived and settled, at once.

use crate::derive::{Derived, web_touch};
use crate::fact::{DealStatus, Fact, FactBody, Hit};
use crate::identity::is_divided;
use crate::ids::Ident;
use crate::journey::{Added, Deal};
use crate::settle::Change;
use crate::visit::HitItem;

use super::{Backing, Claims, Limits, NodeEntry, Partition, Root};

impl<B: Backing> Partition<B> {
    /// Adds a hit to the journey at a root and settles the visits near it;
    /// `None`, and nothing is done, when something else may follow from it.
    pub(super) fn add_near(&mut self, to: Ident, fact: &Fact, moved: bool) -> Option<Added> {
        let FactBody::Hit(hit) = &fact.body else {
            return None;
        };
        let NodeEntry::Root(root) = &mut self.nodes.get_mut(&to)?.value else {
            return None;
        };
        root.partners(self.limits.linking);
        if !root.only_visits_follow(fact, hit, self.limits) {
            return None;
        }
        let item = HitItem {
            key: fact.key.clone(),
            origin: fact.origin,
            source: hit.source,
            until: hit.until,
        };
        let tenant = root.journey.tenant;
        let direct = self.names.tenant(tenant).direct;
        let visitor = root.journey.visitor_mut(hit.visitor);
        let near = visitor.near(&item);
        let derived = |visits| Derived {
            touches: visits,
            ..Derived::default()
        };
        let before = visitor.visits_within(near.clone(), direct).map(web_touch);
        let before = derived(before.collect());
        let further = visitor.hits.len() - near.end;
        let added = visitor.add_hit(item);
        let near = near.start..visitor.hits.len() - further;
        let after = visitor.visits_within(near, direct).map(web_touch);
        let after = derived(after.collect());
        let mut claims = Claims::default();
        if moved {
            claims.claim(fact);
        }
        let change = Change {
            tenant,
            client: Some(to),
            before: &before,
            after: &after,
            counted: true,
            restated: false,
        };
        self.books.settle_visits(&change, claims.touches);
        Some(Added::new(added))
    }
}

impl Root {
    /// Whether no more than visits of its visitor, from its moment on, follow
    /// from a hit: they are those of one client, and no lead, call or deal looks
    /// at them.
    fn only_visits_follow(&self, fact: &Fact, hit: &Hit, limits: Limits) -> bool {
        let (journey, at) = (&self.journey, fact.key.at);
        let is_whole = journey.erased.is_empty() && !is_divided(journey, self.partners.as_deref());
        let has_room = journey.items() < limits.max_touches.min(limits.max_items);
        let is_lead_later = journey.visitors.iter().any(|visitor| {
            visitor.ident == hit.visitor && visitor.leads.last().is_some_and(|lead| lead.at >= at)
        });
        let is_call_later = journey.calls.iter().rev();
        let mut is_call_later = is_call_later.take_while(|call| call.key.at >= at);
        let is_call_later = is_call_later.any(|call| {
            let lease = call.body.lease.as_ref();
            lease.is_some_and(|lease| lease.visitor == hit.visitor)
        });
        let is_looked_at = journey.deals.iter().any(|deal| looks_at(deal, at));
        self.pending.is_none()
            && !hit.lead
            && !journey.refuses(fact)
            && is_whole
            && has_room
            && !(is_lead_later || is_call_later || is_looked_at)
            && !self.has_twin(fact, hit)
    }

    /// Whether another visitor has a hit of the same id and moment.
    fn has_twin(&self, fact: &Fact, hit: &Hit) -> bool {
        let key = (fact.key.at, &fact.key.id);
        let others = self.journey.visitors.iter();
        let mut others = others.filter(|visitor| visitor.ident != hit.visitor);
        others.any(|visitor| {
            let hits = &visitor.hits;
            let first = hits.partition_point(|item| (item.key.at, &item.key.id) < key);
            let item = hits.get(first);
            item.is_some_and(|item| (item.key.at, &item.key.id) == key)
        })
    }
}

/// Whether a deal may look at touches from a moment on: it looks back from its
/// creation, and from when it is won.
fn looks_at(deal: &Deal, at: i64) -> bool {
    let is_created_later = deal.events.first().is_some_and(|event| event.key.at >= at);
    #[cfg(feature = "mutants")]
    let is_created_later =
        is_created_later && !crate::mutant::is(crate::mutant::Mutant::OnlyWonDealsLook);
    let is_won = |status| status == DealStatus::Won;
    let mut events = deal.events.iter();
    is_created_later || events.any(|event| is_won(event.body.status) && event.key.at >= at)
}
