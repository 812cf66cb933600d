//! What the row of a deal tells of its events.

use super::*;
use crate::deal::LISTED_EVENTS;
use crate::fact::{DealEvent, DealStatus, Origin};
use crate::ids::OriginId;
use crate::row::{RowBody, RowKey};

const DEAL: Ident = Ident(7);

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

/// The row of the deal that leaves when a record with these events was applied:
/// how many events it has, and the ids, stages and offsets of those listed.
fn row(cluster: &mut Cluster, events: &[Fact]) -> Option<(usize, Vec<String>)> {
    let messages = events.iter().map(|event| Message {
        tenant: cluster.tenant,
        to: DEAL,
        moved: false,
        body: Body::fresh(event.clone()),
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
