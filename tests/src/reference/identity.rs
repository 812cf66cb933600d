//! Clients: identifiers that are named together, transitively, within a tenant.
//!
//! Not every pair that is named together counts: an identifier with too many partners links nobody, nor does one that
//! was split off, and of two that were split from one another the pair does not count.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Identifier, Kind};

/// What the events of one tenant say of identifiers.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// Identifiers that are named, linked or not.
    pub known: BTreeSet<Identifier>,
    /// Pairs that are named together, the lesser first.
    pub pairs: BTreeSet<(Identifier, Identifier)>,
    /// Pairs that were split, the lesser first.
    pub split: BTreeSet<(Identifier, Identifier)>,
    /// Identifiers that were split off.
    pub split_off: BTreeSet<Identifier>,
    /// Identifiers of erased persons.
    pub erased: BTreeSet<Identifier>,
}

/// Which client each identifier belongs to, as a number that means nothing else.
#[derive(Debug, Default)]
pub struct Clients<'a> {
    clients: BTreeMap<(&'a str, Identifier), usize>,
    erased: BTreeSet<usize>,
}

impl Named {
    /// Every identifier is named together with every other.
    pub fn together(&mut self, identifiers: &[Identifier]) {
        self.known.extend(identifiers.iter().cloned());
        self.pairs.extend(pairs(identifiers));
    }

    /// Every identifier is split from every other; one by itself from all.
    pub fn apart(&mut self, identifiers: &[Identifier]) {
        self.known.extend(identifiers.iter().cloned());
        match identifiers {
            [one] => {
                self.split_off.insert(one.clone());
            }
            several => self.split.extend(pairs(several)),
        }
    }

    /// Identifiers with more partners than a client's has. Deals are no partners.
    fn hubs(&self, max_partners: usize) -> BTreeSet<&Identifier> {
        let mut partners: BTreeMap<&Identifier, usize> = BTreeMap::new();
        for (one, other) in &self.pairs {
            for (one, other) in [(one, other), (other, one)] {
                *partners.entry(one).or_default() += usize::from(other.0 != Kind::Deal);
            }
        }
        partners.retain(|_, count| *count > max_partners);
        partners.into_keys().collect()
    }
}

fn pairs(identifiers: &[Identifier]) -> impl Iterator<Item = (Identifier, Identifier)> + '_ {
    identifiers.iter().enumerate().flat_map(|(index, one)| {
        let others = identifiers[index + 1..].iter();
        others.filter(move |other| *other != one).map(move |other| {
            let (lesser, greater) = (one.min(other), one.max(other));
            (lesser.clone(), greater.clone())
        })
    })
}

impl<'a> Clients<'a> {
    /// Joins the identifiers of each tenant into clients.
    pub fn unite(tenants: &BTreeMap<&'a str, Named>, max_partners: usize) -> Self {
        let mut all = Self::default();
        for (tenant, named) in tenants {
            let first = all.clients.len();
            let nodes: BTreeMap<&Identifier, usize> = named.known.iter().zip(0..).collect();
            let hubs = named.hubs(max_partners);
            let closed = |one: &Identifier| hubs.contains(one) || named.split_off.contains(one);
            let mut parents: Vec<usize> = (0..nodes.len()).collect();
            for pair in &named.pairs {
                if closed(&pair.0) || closed(&pair.1) || named.split.contains(pair) {
                    continue;
                }
                let (one, other) = (nodes[&pair.0], nodes[&pair.1]);
                let (one, other) = (root(&mut parents, one), root(&mut parents, other));
                parents[one.max(other)] = one.min(other);
            }
            for (identifier, node) in nodes {
                let client = first + root(&mut parents, node);
                if named.erased.contains(identifier) {
                    all.erased.insert(client);
                }
                all.clients.insert((tenant, identifier.clone()), client);
            }
        }
        all
    }

    /// The client of an identifier that some event has.
    pub fn of(&self, tenant: &'a str, identifier: &Identifier) -> usize {
        self.clients[&(tenant, identifier.clone())]
    }

    /// Whether something is told of a client.
    pub fn is_shown(&self, client: usize) -> bool {
        !self.erased.contains(&client)
    }

    /// All identifiers of clients that are shown: tenant, identifier and client.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &Identifier, usize)> {
        let shown = self.clients.iter();
        let shown = shown.filter(|(_, client)| self.is_shown(**client));
        shown.map(|((tenant, identifier), client)| (*tenant, identifier, *client))
    }
}

/// The root of a node; the path to it is halved on the way.
fn root(parents: &mut [usize], mut node: usize) -> usize {
    while parents[node] != node {
        parents[node] = parents[parents[node]];
        node = parents[node];
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(kind: Kind, value: &str) -> Identifier {
        (kind, value.to_owned())
    }

    #[test]
    fn sharing_is_transitive_and_stays_in_the_tenant() {
        let (v1, v2) = (id(Kind::Visitor, "1"), id(Kind::Visitor, "2"));
        let (phone, email) = (id(Kind::Phone, "+7"), id(Kind::Email, "a@b.c"));
        let (mut a, mut b) = (Named::default(), Named::default());
        a.together(&[v1.clone(), phone.clone()]);
        a.together(&[v2.clone(), email.clone()]);
        a.together(&[email.clone(), phone.clone()]);
        a.together(&[id(Kind::User, "1")]);
        b.together(std::slice::from_ref(&v1));
        b.together(std::slice::from_ref(&v2));
        let clients = Clients::unite(&BTreeMap::from([("a", a), ("b", b)]), 3);
        let first = clients.of("a", &v1);
        for other in [&v2, &phone, &email] {
            assert_eq!(clients.of("a", other), first);
        }
        assert_ne!(clients.of("b", &v1), first);
        assert_ne!(clients.of("b", &v1), clients.of("b", &v2));
        assert_ne!(
            clients.of("a", &id(Kind::User, "1")),
            first,
            "the kind is part of an identifier"
        );
    }

    #[test]
    fn hubs_and_what_was_split_link_nobody() {
        let (v1, v2, v3) = (
            id(Kind::Visitor, "1"),
            id(Kind::Visitor, "2"),
            id(Kind::Visitor, "3"),
        );
        let (office, email) = (id(Kind::Phone, "+7"), id(Kind::Email, "a@b.c"));
        let mut named = Named::default();
        named.together(&[office.clone(), v1.clone(), email.clone()]);
        named.together(&[office.clone(), v2.clone()]);
        named.together(&[office.clone(), v3.clone()]);
        named.together(&[v2.clone(), v3.clone()]);
        for deal in 0..9 {
            named.together(&[v1.clone(), id(Kind::Deal, &deal.to_string())]);
        }
        let of = |named: &Named, max_partners| {
            let clients = Clients::unite(&BTreeMap::from([("a", named.clone())]), max_partners);
            [&office, &email, &v1, &v2, &v3].map(|one| clients.of("a", one))
        };
        let [office_is, email_is, one, two, three] = of(&named, 3);
        assert!(office_is != one && one != two && two == three && email_is == one);
        let [office_is, _, one, two, _] = of(&named, 4);
        assert!(office_is == one && one == two);
        named.apart(&[office.clone(), v2.clone()]);
        let [_, _, one, two, _] = of(&named, 4);
        assert_eq!(one, two, "by way of the third visitor");
        named.erased.insert(v2.clone());
        let shown = |named: &Named, one: &Identifier| {
            let clients = Clients::unite(&BTreeMap::from([("a", named.clone())]), 4);
            clients.is_shown(clients.of("a", one))
        };
        assert!(!shown(&named, &v1) && !shown(&named, &office));
        named.apart(std::slice::from_ref(&v3));
        assert!(!shown(&named, &v2) && shown(&named, &v1));
        let [office_is, _, one, two, three] = of(&named, 4);
        assert!(office_is == one && one != two && two != three && three != one);
    }
}
