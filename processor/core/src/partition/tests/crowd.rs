//! A client with far more events than anybody has: a robot, a shop's own
//! telephone, a till. It keeps the newest, and nobody else is any the worse.

use super::*;
use crate::fact::Contact;
use crate::message::Record;

/// The crowd, and a client beside it.
const CROWD: Ident = Ident(7);
const NEIGHBOUR: Ident = Ident(11);
/// Events of the crowd in one record.
const RECORD: i64 = 100;
/// Between two events.
const STEP_MS: i64 = 1000;

fn event(client: Ident, at: i64, body: FactBody) -> Message {
    let key = EventKey {
        at,
        id: format!("{client:?}-{at}").into(),
        content: 0,
    };
    let fact = Fact {
        key,
        origin: None,
        body,
    };
    Message {
        tenant: TenantId(0),
        to: client,
        moved: false,
        body: Body::fresh(fact),
    }
}

/// A contact, a visit or a lead in turn.
fn mixed(partition: &mut Partition<Nothing>, client: Ident, at: i64) -> Message {
    let (names, rules) = partition.names_mut();
    let index = (at / STEP_MS).unsigned_abs();
    let campaign = format!("campaign {}", index % 5);
    let source = names.source(TenantId(0), ["crm", "list", &campaign, "", ""], rules);
    let body = match index % 3 {
        0 => FactBody::Contact(Contact {
            owner: client,
            source,
            email: false,
            kind: "chat".into(),
        }),
        rest => FactBody::Hit(Hit {
            visitor: client,
            source: Some(source),
            lead: rest == 2,
            until: at,
        }),
    };
    event(client, at, body)
}

fn apply(partition: &mut Partition<Nothing>, messages: Vec<Message>) -> Counters {
    let lamport = partition.lamport();
    partition.apply(Record { lamport, messages }).unwrap();
    let (_, rows) = partition.rows();
    drop(rows);
    let changes = partition.take_changes();
    for chunk in partition.take_leaving().chunks {
        let (_, cells) = partition.changed_cells(chunk);
        cells.for_each(drop);
    }
    changes.counters
}

fn journey(partition: &Partition<Nothing>, client: Ident) -> &Journey {
    match partition.node(client) {
        Some(StoredNode::Root(journey)) => journey,
        other => panic!("{client:?} is no root: {other:?}"),
    }
}

fn limited(max_touches: usize, max_items: usize) -> Partition<Nothing> {
    let limits = Limits {
        max_touches,
        max_items,
        linking: LINKING,
    };
    Cluster::limited(1, limits).partitions.remove(0)
}

/// How many contacts, hits and leads a journey keeps, and the oldest.
fn kept(journey: &Journey) -> (usize, i64) {
    let hits = journey
        .visitors
        .iter()
        .flat_map(|v| v.hits.iter().map(|hit| hit.key.at));
    let leads = journey
        .visitors
        .iter()
        .flat_map(|v| v.leads.iter().map(|lead| lead.at));
    let contacts = journey.contacts.iter().map(|contact| contact.key.at);
    let oldest = hits.chain(leads).chain(contacts).min();
    (journey.items(), oldest.unwrap())
}

#[test]
fn a_crowd_keeps_the_newest_and_its_neighbour_all() {
    let mut partition = limited(300, 1000);
    let mut sums = Counters::default();
    for record in 0..40 {
        let first = record * RECORD;
        let messages = (first..first + RECORD)
            .map(|index| mixed(&mut partition, CROWD, index * STEP_MS))
            .collect();
        let counters = apply(&mut partition, messages);
        sums.capped_journeys += counters.capped_journeys;
        sums.too_old_facts += counters.too_old_facts;
        let message = mixed(&mut partition, NEIGHBOUR, first * STEP_MS);
        apply(&mut partition, vec![message]);
        assert!(kept(journey(&partition, CROWD)).0 <= 1000);
    }
    let (items, oldest) = kept(journey(&partition, CROWD));
    assert!(items >= 300, "{items}");
    assert_eq!(journey(&partition, CROWD).floor, Some(oldest));
    assert!(sums.capped_journeys >= 30, "{sums:?}");
    assert_eq!(sums.too_old_facts, 0);
    // What was given up does not come back.
    let late = mixed(&mut partition, CROWD, 1);
    assert_eq!(apply(&mut partition, vec![late]).too_old_facts, 1);
    let (_, first) = kept(journey(&partition, NEIGHBOUR));
    assert_eq!(first, 0);
    assert_eq!(journey(&partition, NEIGHBOUR).floor, None);
}

/// A form sent again and again within one visit is one touch and one hit.
#[test]
fn leads_of_one_visit_are_capped() {
    let mut partition = limited(300, 1000);
    let mut capped = 0;
    for record in 0..30 {
        let messages = (record * RECORD..(record + 1) * RECORD)
            .map(|index| {
                let at = index * STEP_MS;
                let hit = Hit {
                    visitor: CROWD,
                    source: None,
                    lead: true,
                    until: at,
                };
                event(CROWD, at, FactBody::Hit(hit))
            })
            .collect();
        capped += apply(&mut partition, messages).capped_journeys;
        assert!(journey(&partition, CROWD).items() <= 1000);
    }
    assert!(capped > 0);
}

/// An import that knows the day only gives all of it one moment.
#[test]
fn more_events_of_one_moment_than_may_be_kept_are_given_up() {
    let mut partition = limited(300, 1000);
    let source = |partition: &mut Partition<Nothing>| {
        let (names, rules) = partition.names_mut();
        names.source(TenantId(0), ["crm", "list", "", "", ""], rules)
    };
    let source = source(&mut partition);
    let contact = |index: u32, at: i64| {
        let contact = Contact {
            owner: CROWD,
            source,
            email: false,
            kind: "chat".into(),
        };
        let mut message = event(CROWD, at, FactBody::Contact(contact));
        if let Body::Event { fact, .. } = &mut message.body {
            fact.key.id = index.to_string().into();
        }
        message
    };
    let mut given_up = 0;
    for record in 0..20_u32 {
        let indexes = record * 100..(record + 1) * 100;
        let messages = indexes.map(|index| contact(index, 5)).collect();
        given_up += apply(&mut partition, messages).too_old_facts;
        assert!(journey(&partition, CROWD).contacts.len() <= 300);
    }
    assert_eq!(given_up, 1600);
    apply(&mut partition, vec![contact(0, 6)]);
    assert_eq!(journey(&partition, CROWD).contacts.len(), 1);
}

/// `cargo test --release -p throughline-core -- --ignored --nocapture crowd`
#[test]
#[ignore = "measures, which takes a while"]
#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn a_crowd_of_a_million_events() {
    use std::time::Instant;
    let mib = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS"))
            .unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib / 1024
    };
    let mut partition = limited(10_000, 50_000);
    let mut capped = 0;
    let (mut crowd, mut beside) = (Vec::new(), Vec::new());
    for record in 0..10_000_i64 {
        let first = record * RECORD;
        let messages = (first..first + RECORD)
            .map(|index| mixed(&mut partition, CROWD, index * STEP_MS))
            .collect();
        let begun = Instant::now();
        capped += apply(&mut partition, messages).capped_journeys;
        crowd.push(begun.elapsed().as_secs_f64() * 1000.0);
        let neighbour = Ident(1000 + record as u128 % 500);
        let message = mixed(&mut partition, neighbour, first * STEP_MS);
        let begun = Instant::now();
        apply(&mut partition, vec![message]);
        beside.push(begun.elapsed().as_secs_f64() * 1000.0);
        if record % 1000 == 999 {
            let figure = |times: &mut Vec<f64>| {
                times.sort_by(f64::total_cmp);
                (times[times.len() / 2], times[times.len() - 1])
            };
            let ((median, most), (others, others_most)) = (figure(&mut crowd), figure(&mut beside));
            println!(
                "{} events: {} kept, cut {capped} times; a record of {RECORD} took {median:.1} ms, \
                 {most:.1} at most; one of another client {others:.3} ms, {others_most:.3} at most; \
                 {} MiB",
                (record + 1) * RECORD,
                journey(&partition, CROWD).items(),
                mib(),
            );
            crowd.clear();
            beside.clear();
        }
    }
    assert!(journey(&partition, CROWD).items() <= 50_000);
}
