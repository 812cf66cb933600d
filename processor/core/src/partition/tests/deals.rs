//! What the row of a deal tells of its events, and of the touch under which it
//! was created.

use super::*;
use crate::deal::{DealState, LISTED_EVENTS};
use crate::fact::{DealEvent, DealStatus, Origin};
use crate::ids::{OriginId, Source};
use crate::journey::Dated;
use crate::row::{RowBody, RowKey};

const DEAL: Ident = Ident(7);
const VISITOR: Ident = Ident(9);

fn event(at: i64, id: &str, status: DealStatus, stage: Option<&str>) -> Fact {
    let body = DealEvent {
        deal: DEAL,
        deal_id: "d".into(),
        status,
        stage: stage.map(Into::into),
        pipeline: None,
        amount: None,
        cost: None,
        refund: None,
        manager_id: None,
        date: 0,
    };
    Fact {
        key: EventKey {
            at,
            id: id.into(),
            content: 0,
        },
        origin: Some(Origin {
            partition: OriginId(0),
            offset: at,
        }),
        body: FactBody::Deal(Box::new(body)),
    }
}

/// The row of the deal that leaves when a record with these messages was applied:
/// its state and its events.
fn row_after(
    cluster: &mut Cluster,
    bodies: impl IntoIterator<Item = (Ident, Body)>,
) -> Option<(DealState, Vec<Dated<Box<DealEvent>>>)> {
    let messages = bodies.into_iter().map(|(to, body)| Message {
        tenant: cluster.tenant,
        to,
        moved: false,
        body,
    });
    let messages = messages.collect();
    let partition = &mut cluster.partitions[0];
    partition
        .apply(Record {
            lamport: 0,
            messages,
        })
        .unwrap();
    let (_, mut rows) = partition.rows();
    let row = rows.find(|row| matches!(row.key, RowKey::Deal(..)))?;
    let RowBody::Deal { state, events, .. } = row.body else {
        panic!("{:?} is no deal", row.body);
    };
    Some((*state, events))
}

/// Of the row that leaves when a record with these events was applied: how many
/// events the deal has, and the ids, stages and offsets of those listed.
fn row(cluster: &mut Cluster, events: &[Fact]) -> Option<(usize, Vec<String>)> {
    let bodies = events.iter().map(|it| (DEAL, Body::fresh(it.clone())));
    let (state, events) = row_after(cluster, bodies)?;
    let told = events.iter().map(|event| {
        let stage = event.body.stage.as_deref().unwrap_or_default();
        let offset = event.origin.map(|origin| origin.offset);
        format!("{} {stage} {offset:?}", event.key.id)
    });
    Some((state.events, told.collect()))
}

#[test]
fn a_row_lists_the_events_in_order_whatever_the_order_of_their_arrival() {
    let events = [
        event(1, "a", DealStatus::Created, Some("new")),
        event(5, "b", DealStatus::StageChanged, Some("talks")),
        event(5, "c", DealStatus::StageChanged, None),
        event(9, "d", DealStatus::Won, Some("paid")),
    ];
    let told = [
        "a new Some(1)",
        "b talks Some(5)",
        "c  Some(5)",
        "d paid Some(9)",
    ];
    let expected = Some((4, told.map(str::to_owned).to_vec()));
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 3, 0, 1], [1, 0, 3, 2]] {
        let mut cluster = Cluster::new(1);
        let mut last = None;
        for index in order {
            // Each is news, those too that leave the deal's state as it was.
            last = row(&mut cluster, &events[index..=index]);
            assert!(last.is_some(), "{order:?}: no row after event {index}");
        }
        assert_eq!(last, expected, "{order:?}");
        assert_eq!(row(&mut cluster, &events), None, "known events are no news");
    }
    assert_eq!(row(&mut Cluster::new(1), &events), expected, "at once");
}

#[test]
fn of_a_deal_with_very_many_events_the_newest_are_listed() {
    let count = LISTED_EVENTS as i64 + 2;
    let id = |at: i64| format!("{at:05}");
    let changed = |at| event(at, &id(at), DealStatus::StageChanged, None);
    let events: Vec<_> = (0..count).map(changed).collect();
    let mut cluster = Cluster::new(1);
    let (all, told) = row(&mut cluster, &events).unwrap();
    assert_eq!((all, told.len()), (events.len(), LISTED_EVENTS));
    assert_eq!(told.first(), Some(&"00002  Some(2)".to_owned()));
    // What is not listed changes how many there are.
    let late = event(-1, "late", DealStatus::Created, None);
    let again = row(&mut cluster, &[late]).unwrap();
    assert_eq!(again, (events.len() + 1, told));
}

/// A partition, and where paid touches come from.
fn alone() -> (Cluster, Source) {
    let mut cluster = Cluster::new(1);
    let (names, rules) = cluster.partitions[0].names_mut();
    let paid = names.source(cluster.tenant, ["ads", "", "", "", ""], rules);
    (cluster, paid)
}

/// What makes the visitor the deal's client.
fn link() -> (Ident, Body) {
    let (higher, form) = (VISITOR, LinkForm::Taken);
    (DEAL, Body::Link { higher, form })
}

fn hit(at: i64, source: Option<Source>) -> (Ident, Body) {
    let key = EventKey {
        at,
        id: at.to_string().into(),
        content: 0,
    };
    let hit = Hit {
        visitor: VISITOR,
        source,
        lead: false,
        until: at,
    };
    let fact = Fact {
        key,
        origin: None,
        body: FactBody::Hit(hit),
    };
    (VISITOR, Body::fresh(fact))
}

fn of_deal(at: i64, id: &str, status: DealStatus) -> (Ident, Body) {
    (DEAL, Body::fresh(event(at, id, status, None)))
}

/// When the touch was under which the deal was created, and its channel, as the
/// row says that leaves when the message was applied.
fn creation(cluster: &mut Cluster, message: (Ident, Body)) -> String {
    let Some((state, _)) = row_after(cluster, [message]) else {
        return "no row".to_owned();
    };
    let Some(creation) = state.creation else {
        return "no touch".to_owned();
    };
    let names = cluster.partitions[0].names();
    let channel = names.text(names.dim(creation.dim).channel);
    format!("{} {channel}", creation.touch.at)
}

#[test]
fn a_deal_is_created_under_the_latest_touch_before_that_is_not_direct() {
    let (mut cluster, paid) = alone();
    let direct = cluster.partitions[0].names().tenant(cluster.tenant).direct;
    let (direct, paid) = (Some(direct), Some(paid));
    let mut creation = |message| creation(&mut cluster, message);
    assert_eq!(creation(link()), "no row");
    let created = of_deal(5000, "c", DealStatus::Created);
    assert_eq!(creation(created), "no touch");
    // The deal is not won, and late hits count all the same, each a visit.
    assert_eq!(creation(hit(3999, paid)), "no row", "older than the window");
    assert_eq!(creation(hit(4000, direct)), "4000 Direct");
    assert_eq!(creation(hit(4100, paid)), "4100 Paid");
    assert_eq!(creation(hit(4200, direct)), "no row");
    assert_eq!(creation(hit(5001, paid)), "no row", "later");
    assert_eq!(creation(hit(5000, paid)), "5000 Paid");
    // An earlier event makes it older than all these touches.
    let earlier = of_deal(5, "a", DealStatus::StageChanged);
    assert_eq!(creation(earlier), "no touch");
}

#[test]
fn the_visit_under_which_a_deal_was_created_may_turn_out_to_open_earlier() {
    let (mut cluster, paid) = alone();
    let mut creation = |message| creation(&mut cluster, message);
    assert_eq!(creation(link()), "no row");
    let created = of_deal(5000, "c", DealStatus::Created);
    assert_eq!(creation(created), "no touch");
    assert_eq!(creation(hit(4500, None)), "4500 Direct");
    assert_eq!(creation(hit(4400, Some(paid))), "4400 Paid");
    assert_eq!(creation(hit(4300, Some(paid))), "4300 Paid");
    // Then the whole visit is older than the window.
    assert_eq!(creation(hit(3900, Some(paid))), "no touch");
}

#[test]
fn a_link_that_comes_later_brings_the_touch_under_which_a_deal_was_created() {
    let (mut cluster, paid) = alone();
    let mut creation = |message| creation(&mut cluster, message);
    assert_eq!(creation(hit(9, Some(paid))), "no row");
    assert_eq!(creation(of_deal(10, "c", DealStatus::Created)), "no touch");
    assert_eq!(creation(link()), "9 Paid");
}
