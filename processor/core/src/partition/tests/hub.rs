//! An office's telephone: thousands of people are named together with it. It
//! links nobody, whatever came before it had too many partners, and what it
//! once brought into one journey does not grow any more.

use super::*;
use crate::fact::LinkForm;
use crate::identity::{Linking, Partners, clients};

const MAX_PARTNERS: usize = 100;

#[test]
fn a_hub_links_nobody_and_stays_small() {
    let limits = Limits {
        max_touches: 1000,
        max_items: 1000,
        linking: Linking {
            max_partners: MAX_PARTNERS,
            ..LINKING
        },
    };
    let mut cluster = Cluster::limited(4, limits);
    // Half of the people come before the telephone in the identity order.
    let office = Ident(1 << 100);
    let people: Vec<Ident> = (0..3000_u128)
        .map(|person| {
            Ident(if person % 2 == 0 {
                person + 1
            } else {
                office.0 + person
            })
        })
        .collect();
    let everybody = people.iter().chain([&office]);
    for person in &people {
        let body = Body::Link {
            higher: office.max(*person),
            form: LinkForm::Taken,
        };
        cluster.send(office.min(*person), body);
        while !cluster.flight.is_empty() {
            cluster.deliver(0, false);
        }
    }
    let (mut found, mut largest) = (0, 0);
    for ident in everybody {
        let Some(StoredNode::Root(journey)) = cluster.node(*ident) else {
            continue;
        };
        largest = largest.max(journey.members.len());
        let names = cluster.partitions[0].names();
        let partners = Partners::of(journey, limits.linking);
        for client in clients(
            *ident,
            journey,
            partners.as_ref(),
            limits.linking,
            names,
            &OneModel,
        ) {
            found += 1;
            assert!(
                client.members.len() <= 1,
                "{:?} has {:?}",
                client.ident,
                client.members
            );
        }
    }
    assert_eq!(found, people.len() + 1, "everybody is a client");
    assert!(
        (MAX_PARTNERS..MAX_PARTNERS + 10).contains(&largest),
        "{largest} in one journey"
    );
}
