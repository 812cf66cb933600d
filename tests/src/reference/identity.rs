//! Clients: identifiers that share an event, transitively, within a tenant.

use std::collections::BTreeMap;

use super::event::Identifier;

/// Which client each identifier belongs to, as a number that means nothing else.
#[derive(Debug, Default)]
pub struct Clients<'a> {
    clients: BTreeMap<(&'a str, Identifier), usize>,
}

impl<'a> Clients<'a> {
    /// Joins the identifiers of each set (of one tenant) into one client.
    pub fn unite(sets: &[(&'a str, Vec<Identifier>)]) -> Self {
        let mut nodes = BTreeMap::new();
        for (tenant, identifiers) in sets {
            for identifier in identifiers {
                let next = nodes.len();
                nodes.entry((*tenant, identifier.clone())).or_insert(next);
            }
        }
        let mut parents: Vec<usize> = (0..nodes.len()).collect();
        for (tenant, identifiers) in sets {
            let mut members = identifiers
                .iter()
                .map(|identifier| nodes[&(*tenant, identifier.clone())]);
            let Some(first) = members.next() else {
                continue;
            };
            for member in members {
                let (one, other) = (root(&mut parents, first), root(&mut parents, member));
                parents[one.max(other)] = one.min(other);
            }
        }
        let mut numbers = BTreeMap::new();
        let number = |(key, node)| {
            let next = numbers.len();
            let client = *numbers.entry(root(&mut parents, node)).or_insert(next);
            (key, client)
        };
        Self {
            clients: nodes.into_iter().map(number).collect(),
        }
    }

    /// The client of an identifier that some event has.
    pub fn of(&self, tenant: &'a str, identifier: &Identifier) -> usize {
        self.clients[&(tenant, identifier.clone())]
    }

    /// All identifiers: tenant, identifier and client.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &Identifier, usize)> {
        self.clients
            .iter()
            .map(|((tenant, identifier), client)| (*tenant, identifier, *client))
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
    use crate::reference::event::Kind;

    fn id(kind: Kind, value: &str) -> Identifier {
        (kind, value.to_owned())
    }

    #[test]
    fn sharing_is_transitive_and_stays_in_the_tenant() {
        let (v1, v2) = (id(Kind::Visitor, "1"), id(Kind::Visitor, "2"));
        let (phone, email) = (id(Kind::Phone, "+7"), id(Kind::Email, "a@b.c"));
        let clients = Clients::unite(&[
            ("a", vec![v1.clone(), phone.clone()]),
            ("a", vec![v2.clone(), email.clone()]),
            ("a", vec![email.clone(), phone.clone()]),
            ("b", vec![v1.clone()]),
            ("b", vec![v2.clone()]),
            ("a", vec![id(Kind::User, "1")]),
        ]);
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
}
