//! Settling: after each record, rows and cells are made to agree with the
//! journeys that it changed. What changed is the difference between what was
//! derived before and what is derived now; cells get f(after) − f(before).

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cell::CellKind;
use crate::credit::{self, Credits};
use crate::deal::{self, DealState};
use crate::derive::{Derived, Touch, TouchKey};
use crate::fact::{EventKey, Fact, FactBody};
use crate::identity::{self, Client, Partners};
use crate::ids::{Ident, TenantId};
use crate::journey::{Journey, floor};
use crate::names::Names;
use crate::partition::{Backing, Books, Claims, Partition, Root};
use crate::row::{RowBody, RowKey};

/// What became of a client's journey.
pub(crate) struct Change<'a> {
    pub(crate) tenant: TenantId,
    /// The client, when the journey stands here (and its rows with it).
    pub(crate) client: Option<Ident>,
    pub(crate) before: &'a Derived,
    pub(crate) after: &'a Derived,
    /// Touches and leads count where they appear or disappear. Not so when
    /// they are only given up: what was counted stays counted.
    pub(crate) counted: bool,
    /// What there is was stated before, under another client.
    pub(crate) restated: bool,
}

/// The stretch of time in which a journey changed.
#[derive(Clone, Copy, Default)]
struct Stretch(Option<(i64, i64)>);

impl Stretch {
    fn add(&mut self, at: i64) {
        self.0 = Some(
            self.0
                .map_or((at, at), |(from, to)| (from.min(at), to.max(at))),
        );
    }

    fn overlaps(self, (from, to): (i64, i64)) -> bool {
        self.0
            .is_some_and(|(first, last)| first <= to && from <= last)
    }
}

impl<B: Backing> Partition<B> {
    /// Settles every journey that the record changed.
    pub(crate) fn settle(&mut self) -> Result<(), B::Error> {
        let mut unsettled = std::mem::take(&mut self.unsettled);
        for client in unsettled.drain(..) {
            self.settle_root(client);
        }
        self.unsettled = unsettled;
        self.book()
    }

    /// Settles the journey of one root, if the record changed it.
    pub(crate) fn settle_root(&mut self, ident: Ident) {
        let linking = self.limits.linking;
        let Some(root) = self.root_mut(ident) else {
            return;
        };
        let Some(pending) = root.pending.take() else {
            return;
        };
        root.partners(linking);
        // Taken out while the partition is borrowed, and put back below.
        let partners = root.partners.take();
        let mut journey = std::mem::replace(&mut root.journey, Journey::new(TenantId(0)));
        let after = self.clients(ident, &journey, partners.as_deref());
        self.settle_clients(&pending.before, &after, pending.claims, &journey, true);
        if after.iter().any(|client| client.is_erased) {
            self.await_purge(ident);
        }
        if let Some(floor) = self.too_much(&journey, &after) {
            journey.forget_before(floor);
            self.books.counters.capped_journeys += 1;
            let kept = self.clients(ident, &journey, partners.as_deref());
            self.settle_clients(&after, &kept, Claims::default(), &journey, false);
        }
        if let Some(root) = self.root_mut(ident) {
            root.journey = journey;
            root.partners = partners;
        }
    }

    /// Takes a journey that stands here no more out of the cells. Its rows
    /// belong to whoever receives it.
    pub(crate) fn settle_departed(&mut self, ident: Ident, root: &Root) {
        let journey = &root.journey;
        for client in self.clients(ident, journey, root.partners.as_deref()) {
            let change = Change {
                tenant: journey.tenant,
                client: None,
                before: &client.derived,
                after: &Derived::default(),
                counted: true,
                restated: false,
            };
            self.settle_change(&change, Claims::default(), None);
        }
    }

    pub(crate) fn clients(
        &self,
        root: Ident,
        journey: &Journey,
        partners: Option<&Partners>,
    ) -> Vec<Client> {
        let (names, rules) = (&self.names, self.rules.as_ref());
        identity::clients(root, journey, partners, self.limits.linking, names, rules)
    }

    /// Settles what became of a journey's clients.
    fn settle_clients(
        &mut self,
        before: &[Client],
        after: &[Client],
        claims: Claims,
        journey: &Journey,
        counted: bool,
    ) {
        let nothing = Derived::default();
        let change = |client: &Client| Change {
            tenant: journey.tenant,
            client: (!client.is_erased).then_some(client.ident),
            before: &nothing,
            after: &nothing,
            counted,
            restated: false,
        };
        if let [client] = after
            && let [] | [_] = before
            && before.iter().chain(after).all(Client::is_alone)
        {
            let was_shown = before.first().is_some_and(|client| !client.is_erased);
            let before = before.first().map_or(&nothing, |client| &client.derived);
            let after = &client.derived;
            let change = Change {
                before,
                after,
                ..change(client)
            };
            if client.is_erased {
                let mut hidden = claims;
                if was_shown {
                    hidden.members.clone_from(&journey.members);
                    hidden.claim_all(before);
                    hidden.claim_all(after);
                }
                self.hide(client.ident, &hidden, &change);
                return self.settle_change(&change, Claims::default(), None);
            }
            return self.settle_change(&change, claims, Some(journey));
        }
        // What one client loses another may win: of all that differ, what was
        // is taken back first and what is stated then, for of one key the last
        // row counts.
        let same =
            |client: &Client, others: &[Client]| claims.is_empty() && others.contains(client);
        let may_have_rows = !claims.is_empty() || before.iter().any(|client| !client.is_erased);
        let rewritten = Claims {
            members: Vec::new(),
            ..claims.clone()
        };
        if let Some(first) = after.first() {
            let change = Change {
                client: Some(first.ident),
                ..change(first)
            };
            self.settle_change(&change, rewritten, Some(journey));
        }
        for client in before.iter().filter(|client| !same(client, after)) {
            let change = Change {
                before: &client.derived,
                ..change(client)
            };
            self.settle_change(&change, Claims::default(), Some(journey));
        }
        for client in after.iter().filter(|client| !same(client, before)) {
            let change = Change {
                after: &client.derived,
                restated: true,
                ..change(client)
            };
            let members = if client.is_alone() {
                &journey.members
            } else {
                &client.members
            };
            if client.is_erased {
                if may_have_rows {
                    let mut hidden = Claims {
                        members: members.clone(),
                        ..Claims::default()
                    };
                    hidden.claim_all(&client.derived);
                    self.hide(client.ident, &hidden, &change);
                }
                self.settle_change(&change, Claims::default(), None);
                continue;
            }
            let claims = Claims {
                members: members.clone(),
                // A deal that is not won says so where it is known.
                deals: claims.deals.clone(),
                ..Claims::default()
            };
            self.settle_change(&change, claims, Some(journey));
        }
    }

    /// The moment before which a journey has to be given up, if it is too long.
    fn too_much(&self, journey: &Journey, clients: &[Client]) -> Option<i64> {
        let of_touches = |client: &Client| {
            let touches = client.derived.touches.iter().map(|touch| touch.key.at);
            floor(touches, self.limits.max_touches)
        };
        let of_touches = clients.iter().filter_map(of_touches).max();
        let is_long = journey.items() > self.limits.max_items;
        let of_items = is_long.then(|| journey.floor_to_keep(self.limits.max_items));
        of_touches.max(of_items.flatten())
    }

    fn settle_change(&mut self, change: &Change<'_>, claims: Claims, journey: Option<&Journey>) {
        let mut stretch = Stretch::default();
        let books = &mut self.books;
        if let Some(client) = change.client {
            for member in claims.members {
                let key = RowKey::Identity(change.tenant, member);
                books.put_row(key, RowBody::Identity { client });
            }
        }
        books.settle_touches(change, claims.touches, &mut stretch);
        #[cfg(feature = "mutants")]
        let of_touches = stretch;
        books.settle_leads(change, &mut stretch);
        if let Some(journey) = journey {
            books.settle_calls(change, &claims.calls, journey);
        }
        if change.before.deals.is_empty() && change.after.deals.is_empty() {
            return;
        }
        let claimed: BTreeSet<Ident> = claims.deals.into_iter().collect();
        let changed = books.settle_deals(change, &claimed, journey, &mut stretch);
        #[cfg(feature = "mutants")]
        if crate::mutant::is(crate::mutant::Mutant::NoMilestones) {
            stretch = of_touches;
        }
        books.settle_credits(change, &self.names, &changed, &claimed, stretch);
    }

    /// Writes that there are no rows of an erased client any more. That its
    /// identifiers are erased is said when its facts are forgotten, and not
    /// before: what divides the client until then may leave some of them to
    /// another one, who lives.
    fn hide(&mut self, client: Ident, hidden: &Claims, change: &Change<'_>) {
        let tenant = change.tenant;
        #[cfg(feature = "mutants")]
        if crate::mutant::is(crate::mutant::Mutant::ErasedAtOnce) {
            for member in &hidden.members {
                let pseudonym = (self.limits.linking.pseudonym)(*member);
                let key = RowKey::Erased(tenant, pseudonym);
                self.books.put_row(key, RowBody::Erased);
            }
        }
        let deals = change.before.deals.iter().chain(&change.after.deals);
        let deals = deals.filter(|deal| hidden.deals.contains(&deal.ident));
        let deals = deals.map(|deal| &deal.deal_id);
        self.books.put_gone(tenant, client, hidden, deals);
    }

    /// Writes that there is no row of a fact whose person is forgotten: where it
    /// comes from there may have been one.
    pub(crate) fn hide_fact(&mut self, tenant: TenantId, fact: &Fact) {
        let client = fact.body.owner();
        let mut hidden = Claims::default();
        hidden.claim(fact);
        let deal = match &fact.body {
            FactBody::Deal(event) => Some(&event.deal_id),
            _ => None,
        };
        self.books
            .put_gone(tenant, client, &hidden, deal.into_iter());
    }

    /// Adds up what the record changed in the cells.
    pub(crate) fn book(&mut self) -> Result<(), B::Error> {
        if self.facts_only {
            self.books.forget();
            return Ok(());
        }
        self.add_deltas()
    }

    /// Adds the changes to their cells, those of what is kept apart too.
    pub(crate) fn add_deltas(&mut self) -> Result<(), B::Error> {
        let lamport = self.books.lamport;
        // Taken out while the partition is borrowed; its room is kept.
        let mut deltas = std::mem::take(&mut self.books.deltas);
        for (key, deltas) in deltas.sum_by_cell() {
            let cell = self.cell_mut(key)?;
            for delta in deltas {
                cell.add(delta.slot, delta.figures);
            }
            cell.lamport = lamport;
            if key.kind == CellKind::CreditByConversion {
                for delta in deltas {
                    let [ppm, _, revenue, _] = delta.figures;
                    self.books.conservation.booked_ppm += ppm;
                    self.books.conservation.booked_revenue += revenue;
                }
            }
        }
        deltas.clear();
        self.books.deltas = deltas;
        Ok(())
    }
}

impl Books {
    /// Writes that there are no such rows any more, nor those of the deals.
    fn put_gone<'a>(
        &mut self,
        tenant: TenantId,
        client: Ident,
        gone: &Claims,
        deals: impl Iterator<Item = &'a Arc<str>>,
    ) {
        let mut put = |key| self.put_row(key, RowBody::Gone { client });
        for member in &gone.members {
            put(RowKey::Identity(tenant, *member));
        }
        for touch in &gone.touches {
            put(RowKey::Touchpoint(tenant, touch.clone()));
        }
        for call in &gone.calls {
            put(RowKey::Call(tenant, call.clone()));
        }
        for deal in deals {
            put(RowKey::Deal(tenant, Arc::clone(deal)));
            put(RowKey::Credits(tenant, Arc::clone(deal)));
        }
    }

    /// Settles touches that nothing else looks at.
    pub(crate) fn settle_visits(&mut self, change: &Change<'_>, claimed: Vec<TouchKey>) {
        self.settle_touches(change, claimed, &mut Stretch::default());
    }

    /// Rows of touches, and what they count for.
    fn settle_touches(
        &mut self,
        change: &Change<'_>,
        claimed: Vec<TouchKey>,
        stretch: &mut Stretch,
    ) {
        let (before, after) = (&change.before.touches, &change.after.touches);
        differences(
            before,
            after,
            |touch| &touch.key,
            |before, after| {
                for (touch, sign) in before
                    .iter()
                    .map(|t| (t, -1))
                    .chain(after.iter().map(|t| (t, 1)))
                {
                    stretch.add(touch.key.at);
                    if change.counted {
                        self.deltas.touch(touch, sign);
                    }
                }
                let (Some(client), Some(touch)) = (change.client, after.or(before)) else {
                    return;
                };
                if before.is_none()
                    && !change.restated
                    && is_conflicting(touch, &change.after.touches)
                {
                    self.counters.conflicting_events += 1;
                }
                if after.is_some() || change.counted {
                    let body = touch_row(client, after);
                    self.put_row(RowKey::Touchpoint(change.tenant, touch.key.clone()), body);
                }
            },
        );
        let Some(client) = change.client else { return };
        for key in claimed {
            let touch = after.binary_search_by(|touch| touch.key.cmp(&key)).ok();
            let body = touch_row(client, touch.and_then(|index| after.get(index)));
            self.put_row(RowKey::Touchpoint(change.tenant, key), body);
        }
    }

    fn settle_leads(&mut self, change: &Change<'_>, stretch: &mut Stretch) {
        let (before, after) = (&change.before.leads, &change.after.leads);
        differences(
            before,
            after,
            |lead| (&lead.key, lead.visitor),
            |before, after| {
                for (lead, sign) in before
                    .iter()
                    .map(|l| (l, -1))
                    .chain(after.iter().map(|l| (l, 1)))
                {
                    stretch.add(lead.key.at);
                    if change.counted {
                        self.deltas.lead(lead, sign);
                    }
                }
            },
        );
    }

    /// Rows of calls; what calls count for was done with their touches.
    fn settle_calls(&mut self, change: &Change<'_>, claimed: &[EventKey], journey: &Journey) {
        let Some(client) = change.client else { return };
        let mut keys: BTreeSet<&EventKey> = claimed.iter().collect();
        differences(
            &change.before.calls,
            &change.after.calls,
            |call| &call.key,
            |_, after| {
                keys.extend(after.map(|call| &call.key));
            },
        );
        for key in keys {
            let states = &change.after.calls;
            let state = states.binary_search_by(|call| call.key.cmp(key));
            let state = state.ok().and_then(|index| states.get(index));
            let calls = &journey.calls;
            let call = calls.binary_search_by(|call| call.key.cmp(key));
            let call = call.ok().and_then(|index| calls.get(index));
            let body = state.zip(call).map(|(state, call)| RowBody::Call {
                client,
                source: state.source,
                call: call.body.clone(),
                origin: call.origin,
            });
            let body = body.unwrap_or(RowBody::Gone { client });
            self.put_row(RowKey::Call(change.tenant, key.clone()), body);
        }
    }

    /// Rows of deals. Gives the deals whose events changed: what is due to touches
    /// alone is no news for credits, which look at touches themselves.
    fn settle_deals(
        &mut self,
        change: &Change<'_>,
        claimed: &BTreeSet<Ident>,
        journey: Option<&Journey>,
        stretch: &mut Stretch,
    ) -> BTreeSet<Ident> {
        let (mut changed, mut rewritten) = (BTreeSet::new(), BTreeSet::new());
        let (before, after) = (&change.before.deals, &change.after.deals);
        differences(
            before,
            after,
            |deal| deal.ident,
            |before, after| {
                let created = |deal: Option<&DealState>| deal.map(|deal| deal.created_at);
                if created(before) != created(after) {
                    for at in created(before).into_iter().chain(created(after)) {
                        stretch.add(at);
                    }
                }
                let ident = after.or(before).map(|deal| deal.ident);
                rewritten.extend(ident);
                let both = before.zip(after);
                if !both.is_some_and(|(before, after)| before.is_same_by_events(after)) {
                    changed.extend(ident);
                }
            },
        );
        let Some((client, journey)) = change.client.zip(journey) else {
            return changed;
        };
        for deal in after {
            let is_news = changed.contains(&deal.ident) || claimed.contains(&deal.ident);
            if !is_news && !rewritten.contains(&deal.ident) {
                continue;
            }
            // Where only its touch is another, its amounts were counted before.
            self.counters.missing_rates += u64::from(is_news && deal.rate_missing);
            let key = RowKey::Deal(change.tenant, deal.deal_id.clone());
            let events = journey.deal(deal.ident).map(deal::listed);
            let body = RowBody::Deal {
                client,
                state: Box::new(deal.clone()),
                events: events.unwrap_or_default().to_vec(),
            };
            self.put_row(key, body);
        }
        changed
    }

    /// Credits of the deals that the change may concern: those changed
    /// themselves, those whose window the change falls into and, where touches
    /// count only after the previous won deal, all when any deal changed.
    fn settle_credits(
        &mut self,
        change: &Change<'_>,
        names: &Names,
        changed: &BTreeSet<Ident>,
        claimed: &BTreeSet<Ident>,
        stretch: Stretch,
    ) {
        let tenant = names.tenant(change.tenant);
        let all = tenant.rules.reset_on_conversion && !changed.is_empty();
        #[cfg(feature = "mutants")]
        let all = all && !crate::mutant::is(crate::mutant::Mutant::NoPreviousConversion);
        let mut idents: BTreeSet<Ident> = changed.union(claimed).copied().collect();
        for deal in change.before.deals.iter().chain(&change.after.deals) {
            let Some(won_at) = deal.won_at else { continue };
            if all || stretch.overlaps(credit::window(won_at, tenant)) {
                idents.insert(deal.ident);
            }
        }
        for ident in idents {
            let credits_in = |derived: &Derived| {
                let index = derived
                    .deals
                    .binary_search_by(|deal| deal.ident.cmp(&ident))
                    .ok()?;
                let deal = derived.deals.get(index)?;
                credit::credits(deal, derived, tenant, names)
                    .map(|credits| (deal.revenue(), credits))
            };
            let (before, after) = (credits_in(change.before), credits_in(change.after));
            if before != after {
                let models = tenant.rules.models.len() as i64;
                for (side, sign) in [(&before, -1), (&after, 1)] {
                    let Some((revenue, credits)) = side else {
                        continue;
                    };
                    self.deltas.credits(credits, tenant, sign);
                    self.conservation.expected_ppm += sign * models * credit::WHOLE_PPM;
                    self.conservation.expected_revenue += sign * models * revenue;
                }
            }
            if before != after || claimed.contains(&ident) {
                self.put_credits(change, ident, after.map(|(_, credits)| credits));
            }
        }
    }

    fn put_credits(&mut self, change: &Change<'_>, ident: Ident, credits: Option<Credits>) {
        let Some(client) = change.client else { return };
        let deals = change.after.deals.iter().chain(&change.before.deals);
        let Some(deal) = deals.into_iter().find(|deal| deal.ident == ident) else {
            return;
        };
        let key = RowKey::Credits(change.tenant, deal.deal_id.clone());
        let body = match credits.map(Box::new) {
            Some(credits) => RowBody::Credits { client, credits },
            None => RowBody::Gone { client },
        };
        self.put_row(key, body);
    }
}

/// What a touch's row says; of none, that there is none any more.
fn touch_row(client: Ident, touch: Option<&Touch>) -> RowBody {
    match touch {
        Some(touch) => RowBody::Touchpoint {
            client,
            kind: touch.kind.clone(),
            source: touch.source,
            origin: touch.origin,
        },
        None => RowBody::Gone { client },
    }
}

/// Whether another touch has the same id and time, but other content: its
/// producer gave one id to two events.
fn is_conflicting(touch: &Touch, touches: &[Touch]) -> bool {
    let key = &touch.key;
    let same =
        |other: &TouchKey| (other.at, other.topic, &other.id) == (key.at, key.topic, &key.id);
    let first = touches.partition_point(|other| {
        (other.key.at, other.key.topic, &other.key.id) < (key.at, key.topic, &key.id)
    });
    touches
        .get(first..)
        .unwrap_or_default()
        .iter()
        .take_while(|other| same(&other.key))
        .any(|other| other.key.content != key.content)
}

/// Walks two lists ordered by key and calls with each pair that is not equal.
fn differences<'a, T: PartialEq, K: Ord>(
    before: &'a [T],
    after: &'a [T],
    key: impl Fn(&'a T) -> K,
    mut differ: impl FnMut(Option<&'a T>, Option<&'a T>),
) {
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(b), Some(a)) => key(b).cmp(&key(a)),
        };
        match order {
            Ordering::Less => differ(before.next(), None),
            Ordering::Greater => differ(None, after.next()),
            Ordering::Equal => {
                let (b, a) = (before.next(), after.next());
                if b != a {
                    differ(b, a);
                }
            }
        }
    }
}
