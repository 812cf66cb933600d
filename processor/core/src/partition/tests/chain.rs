//! A long chain of identifiers: each is linked with the next one only, so that
//! every link joins two clients. However the links come, there is one client
//! in the end, no way up is long, and every identifier stands in its journey.

use std::collections::VecDeque;

use super::*;

/// The order in which the links of a chain come.
#[derive(Clone, Copy, Debug)]
enum Order {
    /// From one end to the other, each at rest before the next.
    Forth,
    /// From the other end, likewise.
    Back,
    /// By chance, likewise.
    Random,
    /// All at once and by chance, delivered by several partitions in turn.
    AtOnce,
}

/// Dice of the test's own, so that it is the same every time (`SplitMix64`).
struct Dice(u64);

impl Dice {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for index in (1..list.len()).rev() {
            list.swap(index, self.below(index + 1));
        }
    }
}

/// Partitions, and what is on its way to each.
struct Lanes {
    cluster: Cluster,
    waiting: Vec<VecDeque<Message>>,
    done: Counters,
}

impl Lanes {
    fn new(partitions: u32) -> Self {
        Self {
            cluster: Cluster::new(partitions),
            waiting: vec![VecDeque::new(); partitions as usize],
            done: Counters::default(),
        }
    }

    fn send(&mut self, to: Ident, body: Body) {
        let message = Message {
            tenant: self.cluster.tenant,
            to,
            moved: false,
            body,
        };
        let home = self.cluster.home(to) as usize;
        self.waiting[home].push_back(message);
    }

    fn link(&mut self, (one, other): (Ident, Ident)) {
        let body = Body::Link {
            higher: one.max(other),
            form: LinkForm::Taken,
        };
        self.send(one.min(other), body);
    }

    /// Delivers one record to a partition, and takes on what it sends.
    fn deliver(&mut self, lane: usize, most: usize) {
        let waiting = &mut self.waiting[lane];
        let most = most.min(waiting.len());
        let messages = waiting.drain(..most).collect();
        let partition = &mut self.cluster.partitions[lane];
        let lamport = partition.lamport();
        partition.apply(Record { lamport, messages }).unwrap();
        let changes = partition.take_changes();
        for (home, messages) in partition.take_leaving().messages {
            let moved = messages.into_iter().map(|message| Message {
                moved: true,
                ..message
            });
            self.waiting[home as usize].extend(moved);
        }
        let (done, new) = (&mut self.done, changes.counters);
        done.messages += new.messages;
        done.arrived_facts += new.arrived_facts;
        done.forwarded_facts += new.forwarded_facts;
        done.forwarded_links += new.forwarded_links;
        done.most_hops = done.most_hops.max(new.most_hops);
    }

    fn rest(&mut self) {
        while let Some(lane) = self.waiting.iter().position(|lane| !lane.is_empty()) {
            self.deliver(lane, 64);
        }
    }

    fn rest_by_chance(&mut self, dice: &mut Dice) {
        loop {
            let waiting: Vec<usize> = (0..self.waiting.len())
                .filter(|lane| !self.waiting[*lane].is_empty())
                .collect();
            if waiting.is_empty() {
                return;
            }
            let lane = waiting[dice.below(waiting.len())];
            self.deliver(lane, 1 + dice.below(64));
        }
    }
}

/// Identifiers as hashes are: each anywhere.
fn identifiers(count: usize, dice: &mut Dice) -> Vec<Ident> {
    (0..count)
        .map(|_| Ident(u128::from(dice.next()) << 64 | u128::from(dice.next())))
        .collect()
}

fn check(count: usize, order: Order) {
    let mut dice = Dice(count as u64);
    let idents = identifiers(count, &mut dice);
    let mut links: Vec<_> = idents
        .iter()
        .copied()
        .zip(idents[1..].iter().copied())
        .collect();
    match order {
        Order::Forth => {}
        Order::Back => links.reverse(),
        Order::Random | Order::AtOnce => dice.shuffle(&mut links),
    }
    let mut lanes = Lanes::new(4);
    let mut most_forwards = 0;
    for link in links {
        lanes.link(link);
        if !matches!(order, Order::AtOnce) {
            let before = lanes.done.forwarded_links;
            lanes.rest();
            most_forwards = most_forwards.max(lanes.done.forwarded_links - before);
        }
    }
    lanes.rest_by_chance(&mut dice);
    let first = idents.iter().copied().min().unwrap();
    lanes.cluster.check_order();
    let mut roots = 0;
    for partition in &lanes.cluster.partitions {
        let nodes = partition.nodes.values();
        roots += nodes
            .filter(|node| matches!(node.value, NodeEntry::Root(_)))
            .count();
    }
    assert_eq!(roots, 1, "{order:?}");
    let Some(StoredNode::Root(journey)) = lanes.cluster.node(first) else {
        panic!("{order:?}: {first:?} is no root");
    };
    let mut sorted = idents.clone();
    sorted.sort_unstable();
    assert!(journey.members == sorted, "{order:?}: a member is missing");

    // What was done for the links, and how far each identifier is from the root now.
    let made = std::mem::take(&mut lanes.done);
    for ident in &idents {
        let key = EventKey {
            at: 0,
            id: "".into(),
            content: 0,
        };
        let fact = Fact {
            key,
            origin: None,
            body: FactBody::Member(*ident),
        };
        lanes.send(*ident, Body::fresh(fact));
        lanes.rest();
    }
    let then = &lanes.done;
    assert_eq!(then.arrived_facts, count as u64);
    let mean = |part: u64, whole: u64| part as f64 / whole as f64;
    println!(
        "{count} identifiers, links {order:?}: {:.1} messages a link; a fact that moved took {:.2} \
         hops on average, {} at most; a link was passed on {:.2} times on average, {} at most; \
         an event to each identifier afterwards: {:.2} and {} hops",
        mean(made.messages, count as u64),
        mean(made.forwarded_facts, made.arrived_facts),
        made.most_hops,
        mean(made.forwarded_links, count as u64),
        if matches!(order, Order::AtOnce) {
            "?".to_owned()
        } else {
            most_forwards.to_string()
        },
        mean(then.forwarded_facts, then.arrived_facts),
        then.most_hops,
    );
    let bound = 4 * count.ilog2();
    for hops in [made.most_hops, then.most_hops, most_forwards as u32] {
        assert!(
            hops <= bound,
            "{order:?}: {hops} hops among {count} identifiers"
        );
    }
}

const ORDERS: [Order; 4] = [Order::Forth, Order::Back, Order::Random, Order::AtOnce];

#[test]
fn a_chain_becomes_one_client_on_short_ways() {
    for order in ORDERS {
        check(5_000, order);
    }
}

/// `cargo test --release -p throughline-core -- --ignored --nocapture chain`
#[test]
#[ignore = "takes minutes"]
fn a_chain_of_400_000_becomes_one_client_on_short_ways() {
    for order in ORDERS {
        check(400_000, order);
    }
}
