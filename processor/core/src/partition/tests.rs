//! The union-find over the log: random facts and links, messages delayed,
//! interleaved and repeated, and what must hold after every step and at rest.

mod chain;
mod crowd;
mod deals;
mod hub;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::fact::{EventKey, Fact, FactBody, Hit, LinkForm};
use crate::identity::Linking;
use crate::message::Body;
use crate::model::{Model, Shares, Weighing};
use crate::rules::TenantRules;

struct Nothing;

impl Backing for Nothing {
    type Error = Infallible;

    fn node(&mut self, _ident: Ident) -> Result<Option<Node>, Infallible> {
        Ok(None)
    }

    fn number(&mut self, _key: NumberKey) -> Result<Option<NumberState>, Infallible> {
        Ok(None)
    }

    fn number_keys(
        &mut self,
        _after: Option<NumberKey>,
        _limit: usize,
    ) -> Result<Vec<NumberKey>, Infallible> {
        Ok(Vec::new())
    }

    fn cost(&mut self, _ident: Ident) -> Result<Option<Cost>, Infallible> {
        Ok(None)
    }

    fn chunk(&mut self, _key: ChunkKey) -> Result<Option<Chunk>, Infallible> {
        Ok(None)
    }
}

struct OneModel;

impl Rules for OneModel {
    fn tenant(&self, _tenant: &str) -> TenantRules {
        let shares = Shares {
            first: 1,
            ..Shares::default()
        };
        let weighing = Weighing::Milestones(shares);
        let model = Model {
            name: "first".into(),
            direct_counts: false,
            weighing,
        };
        TenantRules {
            lookback_ms: 1000,
            reset_on_conversion: false,
            models: [model].into(),
        }
    }

    fn channel(&self, _tenant: &str, source: &str, _medium: &str, _campaign: &str) -> String {
        let is_paid = source == "ads";
        if is_paid { "Paid" } else { "Direct" }.to_owned()
    }

    fn day(&self, _: &str, at: i64) -> i32 {
        at.div_euclid(crate::ids::DAY_MS) as i32
    }

    fn hours(&self, _: &str, date: i32, hour: Option<u8>) -> (i32, u32) {
        hour.map_or((date * 24, 24), |hour| (date * 24 + i32::from(hour), 1))
    }

    fn convert(&self, _: &str, _: [u8; 3], _: i32, minor: i64) -> Option<i64> {
        Some(minor)
    }
}

const LINKING: Linking = Linking {
    max_partners: 1000,
    is_partner: |_| true,
    pseudonym: |ident| Ident(!ident.0),
};

/// Partitions with the messages that are on their way.
struct Cluster {
    partitions: Vec<Partition<Nothing>>,
    tenant: TenantId,
    /// Records on their way, by the partition they are for.
    flight: Vec<(u32, Record)>,
}

impl Cluster {
    fn new(count: u32) -> Self {
        let limits = Limits {
            max_touches: 1000,
            max_items: 1000,
            linking: LINKING,
        };
        Self::limited(count, limits)
    }

    fn limited(count: u32, limits: Limits) -> Self {
        let mut partitions: Vec<_> = (0..count)
            .map(|own| {
                let home = |ident: Ident, count: u32| (ident.0 % u128::from(count)) as u32;
                let topology = Topology {
                    own,
                    partitions: count,
                    home,
                };
                let rules = Arc::new(OneModel);
                let (names, sums) = (Names::default(), Conservation::default());
                Partition::new(topology, limits, rules, Nothing, names, 0, sums)
            })
            .collect();
        let mut tenant = TenantId(0);
        for partition in &mut partitions {
            let (names, rules) = partition.names_mut();
            tenant = names.tenant_id("tenant", rules);
        }
        Self {
            partitions,
            tenant,
            flight: Vec::new(),
        }
    }

    fn home(&self, ident: Ident) -> u32 {
        (ident.0 % self.partitions.len() as u128) as u32
    }

    fn send(&mut self, to: Ident, body: Body) {
        let message = Message {
            tenant: self.tenant,
            to,
            moved: false,
            body,
        };
        self.flight.push((
            self.home(to),
            Record {
                lamport: 0,
                messages: vec![message],
            },
        ));
    }

    /// Delivers a record on its way; now and then it stays on its way too.
    fn deliver(&mut self, index: usize, again: bool) {
        let (home, record) = if again {
            self.flight[index].clone()
        } else {
            self.flight.swap_remove(index)
        };
        let partition = &mut self.partitions[home as usize];
        partition.apply(record).unwrap();
        let lamport = partition.lamport();
        for (home, messages) in partition.take_leaving().messages {
            for message in messages {
                let message = Message {
                    moved: true,
                    ..message
                };
                self.flight.push((
                    home,
                    Record {
                        lamport,
                        messages: vec![message],
                    },
                ));
            }
        }
        self.check_order();
    }

    fn node(&self, ident: Ident) -> Option<StoredNode<'_>> {
        self.partitions[self.home(ident) as usize].node(ident)
    }

    /// Parents come before their children.
    fn check_order(&self) {
        for partition in &self.partitions {
            #[expect(clippy::iter_over_hash_type, reason = "nothing depends on the order")]
            for (ident, entry) in &partition.nodes {
                if let NodeEntry::Child(parent) = entry.value {
                    assert!(parent < *ident, "{parent:?} is no parent for {ident:?}");
                }
            }
        }
    }

    fn root(&self, mut ident: Ident) -> Ident {
        while let Some(StoredNode::Child(parent)) = self.node(ident) {
            ident = parent;
        }
        ident
    }
}

/// The least identifier of each connected component, by plain search.
fn components(idents: &BTreeSet<u8>, links: &[(u8, u8)]) -> BTreeMap<u8, u8> {
    let mut least: BTreeMap<u8, u8> = idents.iter().map(|ident| (*ident, *ident)).collect();
    loop {
        let before = least.clone();
        for (a, b) in links {
            let both = least[a].min(least[b]);
            least.insert(*a, both);
            least.insert(*b, both);
        }
        if before == least {
            return least;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_interleaving_ends_at_the_least_identifier_with_every_fact(
        hits in prop::collection::vec((0_u8..12, 0_i64..500), 0..20),
        links in prop::collection::vec((0_u8..12, 0_u8..12), 0..16),
        order in prop::collection::vec((any::<prop::sample::Index>(), prop::bool::weighted(0.1)), 600),
        partitions in 1_u32..5,
    ) {
        let mut cluster = Cluster::new(partitions);
        let mut idents = BTreeSet::new();
        for (visitor, at) in &hits {
            let visitor_ident = Ident(u128::from(*visitor));
            idents.insert(*visitor);
            let key = EventKey { at: *at, id: format!("{visitor}-{at}").into(), content: 0 };
            let hit = Hit { visitor: visitor_ident, source: None, lead: true, until: *at };
            let fact = Fact { key, origin: None, body: FactBody::Hit(hit) };
            cluster.send(visitor_ident, Body::fresh(fact));
        }
        for (a, b) in &links {
            idents.extend([*a, *b]);
            if a != b {
                let (lower, higher) = (a.min(b), a.max(b));
                let body = Body::Link { higher: Ident(u128::from(*higher)), form: LinkForm::Taken };
                cluster.send(Ident(u128::from(*lower)), body);
            }
        }
        let mut order = order.into_iter();
        while !cluster.flight.is_empty() {
            match order.next() {
                Some((index, again)) => {
                    let index = index.index(cluster.flight.len());
                    cluster.deliver(index, again);
                }
                None => cluster.deliver(0, false),
            }
        }
        let links: Vec<_> = links.into_iter().filter(|(a, b)| a != b).collect();
        let linked: BTreeSet<u8> = links.iter().flat_map(|(a, b)| [*a, *b]).collect();
        let known: BTreeSet<u8> =
            idents.iter().copied().filter(|i| linked.contains(i) || hits.iter().any(|h| h.0 == *i)).collect();
        let least = components(&known, &links);
        let mut leads = 0;
        let expected: BTreeSet<_> = hits.iter().collect();
        for (ident, root) in least {
            let (ident, root) = (Ident(u128::from(ident)), Ident(u128::from(root)));
            prop_assert_eq!(cluster.root(ident), root);
            let Some(StoredNode::Root(journey)) = cluster.node(root) else {
                return Err(TestCaseError::fail(format!("{root:?} is no root")));
            };
            prop_assert!(journey.members.contains(&ident));
            if ident == root {
                leads += journey.visitors.iter().map(|visitor| visitor.leads.len()).sum::<usize>();
            }
        }
        prop_assert_eq!(leads, expected.len(), "every fact stands in exactly one journey");
    }
}
