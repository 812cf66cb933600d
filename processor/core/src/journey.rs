//! A client's journey: the set of facts known about it.
//!
//! Adding a fact again changes nothing, and the order of adding is without
//! consequence. What follows from the facts is in [`crate::derive`].

use std::sync::Arc;

use smol_str::SmolStr;

use crate::fact::{
    Call, Contact, DealEvent, EventKey, Fact, FactBody, Hit, LeaseRef, Link, LinkForm, Origin,
    Split,
};
use crate::identity::Linking;
use crate::ids::{Ident, TenantId};
use crate::sorted::{insert, insert_at};
use crate::visit::{HitItem, Visitor};

/// Everything known about one client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Journey {
    /// The client's tenant.
    pub tenant: TenantId,
    /// The client's identifiers, ascending.
    pub members: Vec<Ident>,
    /// Which of them events named together, ascending.
    pub links: Vec<Link>,
    /// Links that were taken back, ascending.
    pub splits: Vec<Split>,
    /// Pseudonyms of erased identifiers, ascending: the client that has one of
    /// them is counted, but nothing is told of it.
    pub erased: Vec<Ident>,
    /// Browsers in the order of their identifiers.
    pub visitors: Vec<Visitor>,
    /// Calls in order.
    pub calls: Vec<Dated<Box<Call>>>,
    /// Clicked e-mails and other contacts in order.
    pub contacts: Vec<Dated<Contact>>,
    /// Deals in the order of their identifiers.
    pub deals: Vec<Deal>,
    /// Touches before this moment were given up because there were too many.
    pub floor: Option<i64>,
}

/// Something with its place in time and the record that said so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dated<T> {
    /// Its place in time.
    pub key: EventKey,
    /// Its record.
    pub origin: Option<Origin>,
    /// What it is.
    pub body: T,
}

/// The events of one deal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deal {
    /// The deal's own identifier.
    pub ident: Ident,
    /// The CRM's id.
    pub deal_id: Arc<str>,
    /// Its events in order.
    pub events: Vec<Dated<Box<DealEvent>>>,
}

/// What adding a fact did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Added {
    /// The journey is another than before.
    Changed,
    /// The fact was known.
    Known,
    /// The fact lies before the journey's floor.
    TooOld,
}

impl Added {
    /// What it did, by whether the journey is another.
    pub(crate) const fn new(changed: bool) -> Self {
        if changed { Self::Changed } else { Self::Known }
    }
}

impl Journey {
    /// A journey without facts.
    pub const fn new(tenant: TenantId) -> Self {
        Self {
            tenant,
            members: Vec::new(),
            links: Vec::new(),
            splits: Vec::new(),
            erased: Vec::new(),
            visitors: Vec::new(),
            calls: Vec::new(),
            contacts: Vec::new(),
            deals: Vec::new(),
            floor: None,
        }
    }

    /// Adds a fact.
    pub fn add(&mut self, fact: Fact) -> Added {
        if self.refuses(&fact) {
            return Added::TooOld;
        }
        let Fact { key, origin, body } = fact;
        Added::new(match body {
            FactBody::Member(ident) => insert(&mut self.members, ident),
            FactBody::Linked(link) => {
                let member = link.member();
                let new_member = member.is_some_and(|ident| insert(&mut self.members, ident));
                insert(&mut self.links, link) || new_member
            }
            FactBody::Split(split) => insert(&mut self.splits, split),
            FactBody::Erased(pseudonym) => insert(&mut self.erased, pseudonym),
            FactBody::Hit(hit) => self.add_hit(key, origin, &hit),
            FactBody::Lead { visitor } => self.visitor_mut(visitor).add_lead(key),
            FactBody::Call(call) => self.add_call(Dated {
                key,
                origin,
                body: call,
            }),
            FactBody::Contact(contact) => self.add_contact(Dated {
                key,
                origin,
                body: contact,
            }),
            FactBody::Deal(event) => self.add_deal_event(Dated {
                key,
                origin,
                body: event,
            }),
        })
    }

    /// Whether the fact lies before the journey's floor.
    pub fn refuses(&self, fact: &Fact) -> bool {
        let capped = matches!(
            fact.body,
            FactBody::Hit(_) | FactBody::Lead { .. } | FactBody::Call(_) | FactBody::Contact(_)
        );
        capped && self.floor.is_some_and(|floor| fact.key.at < floor)
    }

    /// Every fact of the journey; together they make it again.
    pub fn facts(&self) -> impl Iterator<Item = Fact> {
        let unlinked = |ident: &&Ident| {
            let first = self.links.partition_point(|link| link.high < **ident);
            let own = self.links.iter().skip(first);
            let mut own = own.take_while(|link| link.high == **ident);
            own.all(|link| link.member().is_none())
        };
        let members = self.members.iter().filter(unlinked).copied();
        let members = members.map(FactBody::Member);
        let links = self.links.iter().copied().map(FactBody::Linked);
        let splits = self.splits.iter().copied().map(FactBody::Split);
        let erased = self.erased.iter().copied().map(FactBody::Erased);
        let identity = members.chain(links).chain(splits).chain(erased);
        let identity = identity.map(Fact::timeless);
        let web = self.visitors.iter().flat_map(Visitor::facts);
        identity.chain(web).chain(self.rare_facts())
    }

    /// The facts that say nothing of identity and are not of a visitor.
    pub fn rare_facts(&self) -> impl Iterator<Item = Fact> {
        let calls = self.calls.iter().map(|call| call.fact(FactBody::Call));
        let contacts = self
            .contacts
            .iter()
            .map(|contact| contact.fact(FactBody::Contact));
        let deals = self
            .deals
            .iter()
            .flat_map(|deal| deal.events.iter().map(|event| event.fact(FactBody::Deal)));
        calls.chain(contacts).chain(deals)
    }

    /// A deal with its events.
    pub fn deal(&self, ident: Ident) -> Option<&Deal> {
        let index = self.deals.binary_search_by(|deal| deal.ident.cmp(&ident));
        self.deals.get(index.ok()?)
    }

    /// How many facts are kept that could be touches, or are leads: a form
    /// may be sent any number of times in one visit.
    pub fn items(&self) -> usize {
        self.visitors
            .iter()
            .map(|visitor| visitor.hits.len() + visitor.leads.len())
            .sum::<usize>()
            + self.calls.len()
            + self.contacts.len()
    }

    /// Gives up what could be a touch before the moment `floor`.
    pub fn forget_before(&mut self, floor: i64) {
        for visitor in &mut self.visitors {
            visitor.hits.retain(|hit| hit.key.at >= floor);
            visitor.leads.retain(|lead| lead.at >= floor);
        }
        self.calls.retain(|call| call.key.at >= floor);
        self.contacts.retain(|contact| contact.key.at >= floor);
        self.floor = self.floor.max(Some(floor));
    }

    /// Members, and whose facts stand here: of one who was forgotten a fact may
    /// have been under way.
    pub(crate) fn everybody(&self) -> Vec<Ident> {
        let mut everybody = self.members.clone();
        let visitors = self.visitors.iter().map(|visitor| visitor.ident);
        let calls = self.calls.iter().map(|call| call.body.owner);
        let contacts = self.contacts.iter().map(|contact| contact.body.owner);
        let deals = self.deals.iter().map(|deal| deal.ident);
        for ident in visitors.chain(calls).chain(contacts).chain(deals) {
            insert(&mut everybody, ident);
        }
        everybody
    }

    /// The moment of the newest fact of some identifiers; 0 without one.
    pub fn newest(&self, is_theirs: impl Fn(Ident) -> bool) -> i64 {
        let visitors = self.visitors.iter();
        let visitors = visitors.filter(|visitor| is_theirs(visitor.ident));
        let web = visitors.flat_map(|visitor| {
            let hits = visitor.hits.iter().map(|hit| hit.until.max(hit.key.at));
            hits.chain(visitor.leads.iter().map(|lead| lead.at))
        });
        let others = self.rare_facts();
        let others = others.filter(|fact| is_theirs(fact.body.owner()));
        let others = others.map(|fact| fact.key.at);
        web.chain(others).max().unwrap_or(0)
    }

    /// Forgets the facts of an erased client that shares the journey. Its
    /// identifiers stand in others' links, and count there: of these their
    /// pseudonyms are left.
    pub(crate) fn forget_client(&mut self, is_theirs: impl Fn(Ident) -> bool, linking: Linking) {
        let mut erased = Vec::new();
        let mut rename = |ident: Ident| {
            if !is_theirs(ident) {
                return ident;
            }
            let pseudonym = (linking.pseudonym)(ident);
            insert(&mut erased, pseudonym);
            pseudonym
        };
        for member in &self.members {
            rename(*member);
        }
        self.links
            .retain(|link| !(is_theirs(link.high) && is_theirs(link.low)));
        for link in &mut self.links {
            let (one, other) = (rename(link.high), rename(link.low));
            if (one, other) != (link.high, link.low) {
                (link.high, link.low) = (one.max(other), one.min(other));
                // It united nobody, and does not: what divides is for good.
                link.form = LinkForm::Refused;
            }
        }
        self.links.sort_unstable();
        self.links.dedup();
        for split in &mut self.splits {
            let (one, other) = (rename(split.one), split.other.map(&mut rename));
            (split.one, split.other) = match other {
                Some(other) => (one.max(other), Some(one.min(other))),
                None => (one, None),
            };
        }
        self.splits.sort_unstable();
        self.splits.dedup();
        for pseudonym in erased {
            insert(&mut self.erased, pseudonym);
        }
        self.members.retain(|member| !is_theirs(*member));
        self.visitors.retain(|visitor| !is_theirs(visitor.ident));
        self.calls.retain(|call| !is_theirs(call.body.owner));
        self.contacts
            .retain(|contact| !is_theirs(contact.body.owner));
        self.deals.retain(|deal| !is_theirs(deal.ident));
    }

    /// The moment from which on at most `keep` of [`Self::items`] are kept.
    pub fn floor_to_keep(&self, keep: usize) -> Option<i64> {
        let web = self.visitors.iter().flat_map(|visitor| {
            let hits = visitor.hits.iter().map(|hit| hit.key.at);
            hits.chain(visitor.leads.iter().map(|lead| lead.at))
        });
        let calls = self.calls.iter().map(|call| call.key.at);
        let contacts = self.contacts.iter().map(|contact| contact.key.at);
        let mut times: Vec<i64> = web.chain(calls).chain(contacts).collect();
        times.sort_unstable();
        floor(times.into_iter(), keep)
    }

    /// A browser, made when it is not known.
    #[expect(clippy::indexing_slicing, reason = "the index was just found or made")]
    pub(crate) fn visitor_mut(&mut self, ident: Ident) -> &mut Visitor {
        let index = match self
            .visitors
            .binary_search_by(|visitor| visitor.ident.cmp(&ident))
        {
            Ok(index) => index,
            Err(index) => {
                insert_at(&mut self.visitors, index, Visitor::new(ident));
                index
            }
        };
        &mut self.visitors[index]
    }

    fn add_hit(&mut self, key: EventKey, origin: Option<Origin>, hit: &Hit) -> bool {
        let visitor = self.visitor_mut(hit.visitor);
        let lead = hit.lead && visitor.add_lead(key.clone());
        visitor.add_hit(HitItem {
            key,
            origin,
            source: hit.source,
            until: hit.until,
        }) || lead
    }

    fn add_call(&mut self, call: Dated<Box<Call>>) -> bool {
        match self
            .calls
            .binary_search_by(|known| known.key.cmp(&call.key))
        {
            Ok(index) => {
                let Some(known) = self.calls.get_mut(index) else {
                    return false;
                };
                let owned = first_owner(&mut known.body.owner, call.body.owner);
                known.body.learn(call.body.lease, call.body.ambiguous) || owned
            }
            Err(index) => {
                insert_at(&mut self.calls, index, call);
                true
            }
        }
    }

    fn add_contact(&mut self, contact: Dated<Contact>) -> bool {
        let place = |known: &Dated<Contact>| {
            known
                .key
                .cmp(&contact.key)
                .then(known.body.email.cmp(&contact.body.email))
        };
        match self.contacts.binary_search_by(place) {
            Ok(index) => self
                .contacts
                .get_mut(index)
                .is_some_and(|known| first_owner(&mut known.body.owner, contact.body.owner)),
            Err(index) => {
                insert_at(&mut self.contacts, index, contact);
                true
            }
        }
    }

    fn add_deal_event(&mut self, event: Dated<Box<DealEvent>>) -> bool {
        match self
            .deals
            .binary_search_by(|deal| deal.ident.cmp(&event.body.deal))
        {
            Ok(index) => {
                let Some(deal) = self.deals.get_mut(index) else {
                    return false;
                };
                match deal
                    .events
                    .binary_search_by(|known| known.key.cmp(&event.key))
                {
                    Ok(_) => false,
                    Err(index) => {
                        insert_at(&mut deal.events, index, event);
                        true
                    }
                }
            }
            Err(index) => {
                let (ident, deal_id) = (event.body.deal, Arc::clone(&event.body.deal_id));
                let events = vec![event];
                let deal = Deal {
                    ident,
                    deal_id,
                    events,
                };
                insert_at(&mut self.deals, index, deal);
                true
            }
        }
    }
}

/// An event that came under two keys belongs to the earlier of the two hashes;
/// tells whether that is new.
fn first_owner(owner: &mut Ident, other: Ident) -> bool {
    let earlier = other < *owner;
    if earlier {
        *owner = other;
    }
    earlier
}

impl Fact {
    /// What is known without a moment.
    pub fn timeless(body: FactBody) -> Self {
        let key = EventKey {
            at: 0,
            id: SmolStr::default(),
            content: 0,
        };
        Self {
            key,
            origin: None,
            body,
        }
    }
}

/// The earliest moment from which on at most `keep` of the times (ascending)
/// lie, if there are more. Of a moment all are kept or none: a million events
/// of one moment are no journey, and would stay for ever.
pub(crate) fn floor(times: impl ExactSizeIterator<Item = i64>, keep: usize) -> Option<i64> {
    let given_up = times.len().checked_sub(keep).filter(|excess| *excess > 0)?;
    let mut around = times.skip(given_up - 1);
    let last_given_up = around.next()?;
    Some(
        around
            .next()
            .filter(|first| *first > last_given_up)
            .unwrap_or_else(|| last_given_up.saturating_add(1)),
    )
}

impl Call {
    /// Takes over a greater lease and the mark of ambiguity; tells whether
    /// either is new.
    pub fn learn(&mut self, lease: Option<LeaseRef>, ambiguous: bool) -> bool {
        let greater = lease > self.lease;
        if greater {
            self.lease = lease;
        }
        let newly_ambiguous = ambiguous && !self.ambiguous;
        self.ambiguous |= ambiguous;
        greater || newly_ambiguous
    }
}

impl<T: Clone> Dated<T> {
    fn fact(&self, body: impl FnOnce(T) -> FactBody) -> Fact {
        Fact {
            key: self.key.clone(),
            origin: self.origin,
            body: body(self.body.clone()),
        }
    }
}
