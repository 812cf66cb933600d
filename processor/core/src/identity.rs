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
    /// What is left of an identifier when its person is erased: one of the same
    /// kind, from which nothing leads back.
    pub pseudonym: fn(Ident) -> Ident,
}

/// A client, and what follows from its part of a journey.
#[derive(Clone, PartialEq, Debug)]
pub struct Client {
    /// The first of its identifiers.
    pub ident: Ident,
    /// Its identifiers, ascending, when it shares its journey with others.
    /// Alone it has all of the journey's.
    pub members: Vec<Ident>,
    /// It is erased: its figures are counted, and there are no rows of it.
    pub is_erased: bool,
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
/// `partners` are those of the journey: see [`Partners::of`].
pub fn clients(
    root: Ident,
    journey: &Journey,
    partners: Option<&Partners>,
    linking: Linking,
    names: &Names,
    rules: &dyn Rules,
) -> Vec<Client> {
    if !is_divided(journey, partners) {
        return vec![Client {
            ident: root,
            members: Vec::new(),
            is_erased: !journey.erased.is_empty(),
            derived: derive(journey, names, rules),
        }];
    }
    let parts = divide(journey, partners, linking).into_iter();
    parts
        .map(|(ident, mut part)| {
            // Of who was erased nothing but newer facts may stand here.
            if part.members.is_empty() {
                part.members.push(ident);
            }
            (ident, part)
        })
        .map(|(ident, part)| Client {
            ident,
            is_erased: is_erased(&part, &journey.erased, linking),
            derived: derive(&part, names, rules),
            members: part.members,
        })
        .collect()
}

/// Whether a journey may be that of several clients.
pub(crate) fn is_divided(journey: &Journey, partners: Option<&Partners>) -> bool {
    !journey.splits.is_empty() || partners.is_some_and(|partners| !partners.hubs.is_empty())
}

/// Whether one of a client's identifiers is among the erased ones.
fn is_erased(part: &Journey, erased: &[Ident], linking: Linking) -> bool {
    let is_one = |ident: &Ident| erased.binary_search(&(linking.pseudonym)(*ident)).is_ok();
    !erased.is_empty() && part.members.iter().any(is_one)
}

/// The parts of a journey by client.
fn divide(
    journey: &Journey,
    partners: Option<&Partners>,
    linking: Linking,
) -> BTreeMap<Ident, Journey> {
    let naming = Naming::new(journey, linking);
    let name = |ident| naming.name(ident);
    let mut closed = partners.map_or_else(BTreeSet::new, |partners| partners.hubs.clone());
    let mut denied = BTreeSet::new();
    for split in &journey.splits {
        let one = name(split.one);
        match split.other {
            None => {
                closed.insert(one);
            }
            Some(other) => {
                let other = name(other);
                denied.insert((one.max(other), one.min(other)));
            }
        }
    }
    let mut groups = Groups::default();
    for link in &journey.links {
        let (one, other) = (name(link.high), name(link.low));
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
        made: BTreeMap::new(),
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
    parts.made
}

/// A journey that is being divided.
struct Parts<'a> {
    journey: &'a Journey,
    groups: Groups,
    made: BTreeMap<Ident, Journey>,
}

impl Parts<'_> {
    /// The part of an identifier's client.
    fn of(&mut self, ident: Ident) -> &mut Journey {
        let first = self.groups.first(ident);
        self.made.entry(first).or_insert_with(|| {
            let mut part = Journey::new(self.journey.tenant);
            part.floor = self.journey.floor;
            part
        })
    }
}

/// Sets of identifiers, each known by its first.
#[derive(Debug, Default)]
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

/// By what identifiers are known where they are compared.
#[derive(Debug)]
struct Naming {
    linking: Linking,
    aliases: Groups,
    erased: Vec<Ident>,
}

impl Naming {
    fn new(journey: &Journey, linking: Linking) -> Self {
        Self {
            linking,
            aliases: aliases(journey),
            erased: journey.erased.clone(),
        }
    }

    /// The first of an identifier's hashes; of one who is erased its pseudonym,
    /// since nothing else may be left of it.
    fn name(&self, ident: Ident) -> Ident {
        self.without_aliases(self.aliases.first(ident))
    }

    fn without_aliases(&self, ident: Ident) -> Ident {
        if self.erased.is_empty() {
            return ident;
        }
        let pseudonym = (self.linking.pseudonym)(ident);
        let is_erased = self.erased.binary_search(&pseudonym).is_ok();
        if is_erased { pseudonym } else { ident }
    }
}

/// The hashes of one identifier with several keys are known by the first.
fn aliases(journey: &Journey) -> Groups {
    let mut groups = Groups::default();
    for link in &journey.links {
        if link.form == LinkForm::Alias {
            groups.unite(link.high, link.low);
        }
    }
    groups
}

/// How many partners the identifiers of a journey have. What is a hub becomes
/// no other by whatever arrives later: a partner's hashes with several keys
/// count each by itself.
#[derive(Debug)]
pub struct Partners {
    naming: Naming,
    of: BTreeMap<Ident, BTreeSet<Ident>>,
    hubs: BTreeSet<Ident>,
}

impl Partners {
    /// The partners in a journey; `None` when it has too few links for a hub.
    pub fn of(journey: &Journey, linking: Linking) -> Option<Self> {
        if journey.links.len() <= linking.max_partners {
            return None;
        }
        let mut partners = Self {
            naming: Naming::new(journey, linking),
            of: BTreeMap::new(),
            hubs: BTreeSet::new(),
        };
        for link in &journey.links {
            partners.add(*link);
        }
        Some(partners)
    }

    /// Takes a further link, which is none between two hashes of one identifier.
    pub(crate) fn add(&mut self, link: Link) {
        if link.form == LinkForm::Alias {
            return;
        }
        let linking = self.naming.linking;
        for (one, other) in [(link.high, link.low), (link.low, link.high)] {
            if (linking.is_partner)(other) {
                let one = self.naming.name(one);
                let partners = self.of.entry(one).or_default();
                partners.insert(self.naming.without_aliases(other));
                if partners.len() > linking.max_partners {
                    self.hubs.insert(one);
                }
            }
        }
    }

    /// Whether an identifier has more partners than a client's may.
    pub(crate) fn is_hub(&self, ident: Ident) -> bool {
        self.hubs.contains(&self.naming.name(ident))
    }
}
