//! Whom a journey is about.
//!
//! The union-find brings together whatever was ever linked: it only grows, so
//! any order of arrival ends in the same place. Which of those identifiers are
//! one client is decided here, as a function of what stands in the journey, so
//! that a link can be taken back at any time: an identifier with too many
//! partners (a hub: an office's telephone, a kiosk) links nobody, nor does one
//! that was split off; of two that were split from one another the direct link
//! does not count. A journey of which that is true is divided among its clients.

use std::collections::{BTreeMap, BTreeSet};

use crate::derive::{Derived, derive};
use crate::fact::{Link, LinkForm};
use crate::ids::Ident;
use crate::journey::Journey;
use crate::names::Names;
use crate::rules::Rules;

/// Which identifiers link.
#[derive(Clone, Copy, Debug)]
pub struct Linking {
    /// An identifier that was named together with more others is a hub.
    pub max_partners: usize,
    /// Whether an identifier is counted among the partners of others.
    pub is_partner: fn(Ident) -> bool,
}

/// A client, and what follows from its part of a journey.
#[derive(Clone, PartialEq, Debug)]
pub struct Client {
    /// The first of its identifiers.
    pub ident: Ident,
    /// Its identifiers, ascending, when it shares its journey with others.
    /// Alone it has all of the journey's.
    pub members: Vec<Ident>,
    /// What follows from its facts.
    pub derived: Derived,
}

impl Client {
    /// It has its journey for itself.
    pub const fn is_alone(&self) -> bool {
        self.members.is_empty()
    }
}

/// The clients of a journey that stands at `root`, in the order of their ids.
pub fn clients(
    root: Ident,
    journey: &Journey,
    linking: Linking,
    names: &Names,
    rules: &dyn Rules,
) -> Vec<Client> {
    if !is_divided(journey, linking) {
        return vec![Client {
            ident: root,
            members: Vec::new(),
            derived: derive(journey, names, rules),
        }];
    }
    let parts = divide(journey, linking).into_iter();
    parts
        .map(|(ident, part)| Client {
            ident,
            derived: derive(&part, names, rules),
            members: part.members,
        })
        .collect()
}

/// Whether the journey may be about more than one client.
pub fn is_divided(journey: &Journey, linking: Linking) -> bool {
    !journey.splits.is_empty()
        || (journey.links.len() > linking.max_partners
            && !Aliases::of(journey).hubs(journey, linking).is_empty())
}

/// Whether an identifier has more partners in the journey than a client's may.
pub fn is_hub(journey: &Journey, ident: Ident, linking: Linking) -> bool {
    journey.links.len() > linking.max_partners && {
        let aliases = Aliases::of(journey);
        let hubs = aliases.hubs(journey, linking);
        hubs.contains(&aliases.first(ident))
    }
}

/// The parts of a journey by client.
fn divide(journey: &Journey, linking: Linking) -> BTreeMap<Ident, Journey> {
    let aliases = Aliases::of(journey);
    let mut closed = aliases.hubs(journey, linking);
    let mut denied = BTreeSet::new();
    for split in &journey.splits {
        let one = aliases.first(split.one);
        match split.other {
            None => {
                closed.insert(one);
            }
            Some(other) => {
                let other = aliases.first(other);
                denied.insert((one.max(other), one.min(other)));
            }
        }
    }
    let mut groups = Groups::default();
    for link in &journey.links {
        let (one, other) = (aliases.first(link.high), aliases.first(link.low));
        let pair = (one.max(other), one.min(other));
        let counts = !closed.contains(&one) && !closed.contains(&other) && !denied.contains(&pair);
        let unites = match link.form {
            LinkForm::Taken => counts,
            LinkForm::Alias => true,
            LinkForm::Refused => false,
        };
        if unites {
            groups.unite(link.high, link.low);
        }
    }
    // Everything stays in its order.
    let mut parts = Parts {
        journey,
        groups,
        parts: BTreeMap::new(),
    };
    for member in &journey.members {
        parts.of(*member).members.push(*member);
    }
    for visitor in &journey.visitors {
        parts.of(visitor.ident).visitors.push(visitor.clone());
    }
    for call in &journey.calls {
        parts.of(call.body.owner).calls.push(call.clone());
    }
    for contact in &journey.contacts {
        parts.of(contact.body.owner).contacts.push(contact.clone());
    }
    for deal in &journey.deals {
        parts.of(deal.ident).deals.push(deal.clone());
    }
    parts.parts
}

/// A journey that is being divided.
struct Parts<'a> {
    journey: &'a Journey,
    groups: Groups,
    parts: BTreeMap<Ident, Journey>,
}

impl Parts<'_> {
    /// The part of an identifier's client.
    fn of(&mut self, ident: Ident) -> &mut Journey {
        let first = self.groups.first(ident);
        self.parts.entry(first).or_insert_with(|| {
            let mut part = Journey::new(self.journey.tenant);
            part.floor = self.journey.floor;
            part
        })
    }
}

/// Sets of identifiers, each known by its first.
#[derive(Default)]
struct Groups(BTreeMap<Ident, Ident>);

impl Groups {
    fn first(&self, mut ident: Ident) -> Ident {
        while let Some(before) = self.0.get(&ident) {
            ident = *before;
        }
        ident
    }

    fn unite(&mut self, one: Ident, other: Ident) {
        let (one, other) = (self.first(one), self.first(other));
        if one != other {
            self.0.insert(one.max(other), one.min(other));
        }
    }
}

fn is_alias(link: &&Link) -> bool {
    link.form == LinkForm::Alias
}

/// Hashes of one identifier with two keys, each known by the first.
struct Aliases(Groups);

impl Aliases {
    fn of(journey: &Journey) -> Self {
        let mut groups = Groups::default();
        for link in journey.links.iter().filter(is_alias) {
            groups.unite(link.high, link.low);
        }
        Self(groups)
    }

    fn first(&self, ident: Ident) -> Ident {
        self.0.first(ident)
    }

    /// Identifiers with too many partners. What was one becomes no other by
    /// whatever arrives later: a partner's hashes count each by itself.
    fn hubs(&self, journey: &Journey, linking: Linking) -> BTreeSet<Ident> {
        let mut partners: BTreeMap<Ident, BTreeSet<Ident>> = BTreeMap::new();
        for link in journey.links.iter().filter(|link| !is_alias(link)) {
            for (one, other) in [(link.high, link.low), (link.low, link.high)] {
                if (linking.is_partner)(other) {
                    let partners = partners.entry(self.first(one)).or_default();
                    partners.insert(other);
                }
            }
        }
        let too_many = |(ident, partners): (Ident, BTreeSet<Ident>)| {
            (partners.len() > linking.max_partners).then_some(ident)
        };
        partners.into_iter().filter_map(too_many).collect()
    }
}
