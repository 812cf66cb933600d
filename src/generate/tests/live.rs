//! Live, events keep to their rate and happen before they arrive.

use throughline_proto::topics::RawTopic;

use super::super::outbox::Sort;
use super::super::plan::Order;
use super::super::time::{DAY, MINUTE, SECOND};
use super::super::world::World;
use super::{occurred_at, order};

#[test]
fn the_rate_is_kept_and_nothing_lies_ahead() {
    let past = order(9, 0.0);
    let since = past.to;
    let order = Order {
        events: 6000,
        tenants: 2,
        live_rate: Some(20.0),
        ..past
    };
    let (begin, end) = (since + 5 * MINUTE, since + 25 * MINUTE);
    let (mut live, mut fresh, mut past) = (0, 0, 0);
    let (mut deals, mut reports) = (0, 0);
    for parcel in World::new(&order).take_while(|parcel| parcel.arrival < end) {
        let event: serde_json::Value = serde_json::from_str(&parcel.line).unwrap();
        let at = occurred_at(&event);
        assert!(at <= parcel.arrival, "{}", parcel.line);
        if parcel.arrival < since {
            past += 1;
        }
        if parcel.arrival >= begin {
            live += parcel.events;
            fresh += u32::from(parcel.sort != Sort::Prompt || parcel.arrival - at < 30 * SECOND);
            deals += u32::from(event["event"] == "won");
            reports += u32::from(parcel.topic == RawTopic::Costs);
        }
    }
    assert!((4500..7500).contains(&past), "{past}");
    let rate = f64::from(live) / 1200.0;
    assert!((17.0..23.0).contains(&rate), "{rate}");
    assert!(f64::from(fresh) > 0.95 * f64::from(live));
    assert!(deals > 10 && reports > 100, "{deals}, {reports}");
}

#[test]
fn the_present_is_reached_after_the_past() {
    let order = Order {
        events: 2000,
        live_rate: Some(5.0),
        ..order(10, 0.0)
    };
    let until = order.to + 2 * DAY;
    let mut world = World::new(&order).take_while(|parcel| parcel.arrival < until);
    assert!(world.nth(60_000).is_some());
}
