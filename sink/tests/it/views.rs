//! What the views make of hand-made rows.

use throughline_proto::Ident;
use throughline_proto::flat::ContentHash;
use throughline_proto::rollups::*;
use throughline_sink::schema;

use crate::line::{Line, WRITTEN_MS};
use crate::rows::*;

#[test]
fn of_a_key_the_highest_version_counts_however_it_came() {
    let mut line = Line::start("versions");
    line.write([
        batch(&[touchpoint("1", 5, 0xa), touchpoint("2", 5, 0xa)]),
        // A repeat, a late older version, and a newer one that deletes.
        batch(&[touchpoint("1", 5, 0xa)]),
        batch(&[touchpoint("1", 4, 0xb)]),
        batch(&[Touchpoint {
            version: 6,
            state: None,
            ..touchpoint("2", 6, 0xa)
        }]),
        batch(&[touchpoint("2", 5, 0xa)]),
        // In one block the order does not matter either; another content is another touch.
        batch(&[
            touchpoint("3", 8, 0xc),
            touchpoint("3", 7, 0xd),
            Touchpoint {
                content: ContentHash(1),
                ..touchpoint("3", 7, 0xe)
            },
        ]),
    ]);
    let expected = [
        "shop | web:1 | 0000000000000000000000000000000a | visit | 2023-11-14 22:13:20.123 | Paid Search | google | cpc | spring |  |  | web | 3 | 44",
        "shop | web:3 | 0000000000000000000000000000000c | visit | 2023-11-14 22:13:20.123 | Paid Search | google | cpc | spring |  |  | web | 3 | 44",
        "shop | web:3 | 0000000000000000000000000000000e | visit | 2023-11-14 22:13:20.123 | Paid Search | google | cpc | spring |  |  | web | 3 | 44",
    ];
    line.check("SELECT * FROM touchpoints", &expected);
    // Merges change nothing.
    line.clickhouse
        .execute("merge", "OPTIMIZE TABLE touchpoint_versions FINAL")
        .unwrap();
    line.check("SELECT * FROM touchpoints", &expected);
    line.write([batch(&[touchpoint("2", 5, 0xa)])]);
    line.check("SELECT * FROM touchpoints", &expected);
}

#[test]
fn calls_have_all_their_columns() {
    let mut line = Line::start("calls");
    let call = |event_id, outbound, wait_seconds: Option<i64>| Call {
        tenant: 0,
        event_id,
        content: ContentHash(0),
        version: 1,
        client: Ident(0xa),
        state: Some(CallState {
            at: 1_700_000_000_000,
            outbound,
            status: "missed",
            dialed_number: "+74951234567",
            wait_seconds,
            talk_seconds: None,
            manager_id: "ann",
            recording_url: "",
            quality_score: wait_seconds.map(|_| 90),
            ambiguous: true,
            dimension: 1,
            origin: None,
        }),
    };
    line.write([
        batch(&[
            call("1", false, None),
            call("2", true, Some(7)),
            call("3", false, None),
        ]),
        batch(&[Call {
            version: 2,
            state: None,
            ..call("3", false, None)
        }]),
    ]);
    line.check(
        "SELECT touch_id, client_id, occurred_at, direction, status, dialed_number, wait_seconds, \
         talk_seconds, manager_id, quality_score, ambiguous, channel, source, origin_topic, origin_partition, origin_offset \
         FROM calls",
        &[
            "calls:1 | 0000000000000000000000000000000a | 2023-11-14 22:13:20.000 | inbound | missed | +74951234567 | \\N | \\N | ann | \\N | true | Direct | (direct) |  | -1 | -1",
            "calls:2 | 0000000000000000000000000000000a | 2023-11-14 22:13:20.000 | outbound | missed | +74951234567 | 7 | \\N | ann | 90 | true | Direct | (direct) |  | -1 | -1",
        ],
    );
}

#[test]
fn deals_clients_and_identities() {
    let mut line = Line::start("clients");
    let lost = Deal {
        state: Some(DealState {
            status: "lost",
            won_at: None,
            created_touch: None,
            created_dimension: 2,
            ..deal_state()
        }),
        ..deal("d2", 1, 0xa)
    };
    let later = Touchpoint {
        state: Some(TouchState {
            at: 1_700_000_500_000,
            ..touch_state()
        }),
        ..touchpoint("2", 1, 0xa)
    };
    line.write([
        batch(&[deal("d1", 1, 0xa), lost]),
        batch(&[identity(0xa, 1, 0xa), identity(0xb, 1, 0xb)]),
        // The second identifier turns out to be the first one's client.
        batch(&[identity(0xb, 2, 0xa), identity(0xc, 1, 0xc)]),
        batch(&[touchpoint("1", 1, 0xa), later]),
    ]);
    line.check(
        "SELECT deal_id, right(client_id, 2), status, created_at, won_at, gross, refunds, revenue, cost, profit, \
         created_touch_id, created_channel, created_source, created_medium, created_campaign FROM deals",
        &[
            "d1 | 0a | won | 2023-11-14 22:13:20.000 | 2023-11-14 22:15:00.001 | 100 | 20 | 80 | 30 | 50 | web:1 | Paid Search | google | cpc | spring",
            "d2 | 0a | lost | 2023-11-14 22:13:20.000 | \\N | 100 | 20 | 80 | 30 | 50 |  | Unattributed |  |  | ",
        ],
    );
    line.check(
        "SELECT tenant, right(identifier, 2), kind, right(client_id, 2) FROM identities",
        &[
            "shop | 0a | phone | 0a",
            "shop | 0b | phone | 0a",
            "shop | 0c | phone | 0c",
        ],
    );
    line.check(
        "SELECT right(client_id, 2), identifiers, touches, deals, won_deals, revenue, profit, first_touch_at, last_touch_at FROM clients",
        &[
            "0a | 2 | 2 | 2 | 1 | 80 | 50 | 2023-11-14 22:13:20.123 | 2023-11-14 22:21:40.000",
            "0c | 1 | 0 | 0 | 0 | 0 | 0 | \\N | \\N",
        ],
    );
}

#[test]
fn events_of_deals_unfold_and_are_replaced_whole() {
    let mut line = Line::start("deal_events");
    let event = |event_id, event, stage, origin: bool| DealEvent {
        event_id,
        at: 1_700_000_000_123,
        event,
        stage,
        pipeline: "",
        manager_id: if stage.is_empty() { "" } else { "ann" },
        origin: origin.then_some(Origin {
            topic: 0,
            partition: 3,
            offset: 44,
        }),
    };
    let of_events = |deal_id, version, earlier_events, events| Deal {
        state: Some(DealState {
            stage: "of the deal",
            pipeline: "of the deal",
            manager_id: "of the deal",
            earlier_events,
            events,
            ..deal_state()
        }),
        ..deal(deal_id, version, 0xa)
    };
    line.write([
        batch(&[
            of_events("d1", 1, 0, vec![event("1", "created", "new", true)]),
            of_events("d2", 1, 1000, vec![event("7", "lost", "", false)]),
            of_events("gone", 1, 0, vec![event("1", "created", "new", true)]),
            of_events("none", 1, 0, vec![]),
        ]),
        batch(&[
            of_events(
                "d1",
                2,
                0,
                vec![
                    event("0", "stage_changed", "talks", true),
                    event("1", "created", "new", true),
                ],
            ),
            Deal {
                state: None,
                ..deal("gone", 2, 0xa)
            },
        ]),
    ]);
    line.check(
        "SELECT * FROM deal_events ORDER BY deal_id, position",
        &[
            "shop | d1 | 0000000000000000000000000000000a | 1 | 0 | stage_changed | 2023-11-14 22:13:20.123 | talks |  | ann | web | 3 | 44",
            "shop | d1 | 0000000000000000000000000000000a | 2 | 1 | created | 2023-11-14 22:13:20.123 | new |  | ann | web | 3 | 44",
            "shop | d2 | 0000000000000000000000000000000a | 1001 | 7 | lost | 2023-11-14 22:13:20.123 |  |  |  |  | -1 | -1",
        ],
    );
    line.check(
        "SELECT deal_id, stage, pipeline, manager_id FROM deals WHERE deal_id = 'd1'",
        &["d1 | of the deal | of the deal | of the deal"],
    );
}

#[test]
fn credits_unfold_and_are_replaced_whole() {
    let mut line = Line::start("credits");
    line.write([
        batch(&[
            credit("d1", 1, &[("9", 1)], vec![credit_share(0, 0, 1_000_000, 7)]),
            credit("d3", 1, &[("9", 1)], vec![credit_share(0, 0, 1_000_000, 7)]),
        ]),
        batch(&[
            credit(
                "d1",
                2,
                &[("1", 0), ("2", 1)],
                vec![
                    credit_share(0, 0, 500_000, 5),
                    credit_share(0, 1, 500_000, 4),
                    credit_share(1, 1, 1_000_000, 9),
                ],
            ),
            credit(
                "d2",
                1,
                &[("", 2)],
                vec![credit_share(1, 0, 1_000_000, 10_000)],
            ),
            credit("d3", 2, &[], vec![]),
        ]),
    ]);
    line.check(
        "SELECT deal_id, model, touch_id, kind, channel, source, touch_at, won_at, credit_ppm, gross, revenue, profit FROM credits",
        &[
            "d1 | last_touch | web:2 | visit | Direct | (direct) | 2023-11-14 22:13:20.123 | 2023-11-14 22:15:00.001 | 1000000 | 0.0009 | 0.0009 | -0.0009",
            "d1 | linear | web:1 | visit | Paid Search | google | 2023-11-14 22:13:20.123 | 2023-11-14 22:15:00.001 | 500000 | 0.0005 | 0.0005 | -0.0005",
            "d1 | linear | web:2 | visit | Direct | (direct) | 2023-11-14 22:13:20.123 | 2023-11-14 22:15:00.001 | 500000 | 0.0004 | 0.0004 | -0.0004",
            "d2 | last_touch |  |  | Unattributed |  | 2023-11-14 22:13:20.123 | 2023-11-14 22:15:00.001 | 1000000 | 1 | 1 | -1",
        ],
    );
}

#[test]
fn costs_tell_the_hour_or_the_whole_day() {
    let mut line = Line::start("costs");
    line.write([
        batch(&[cost(19_700, None, 1, 10), cost(19_700, Some(0), 1, 20)]),
        batch(&[cost(19_700, None, 2, 15_000)]),
    ]);
    line.check(
        "SELECT * FROM costs",
        &[
            "shop | 2023-12-09 | 0 | Paid Search | google | cpc | spring |  |  | 0.002 | 20 | 2",
            "shop | 2023-12-09 | \\N | Paid Search | google | cpc | spring |  |  | 1.5 | 20 | 2",
        ],
    );
}

#[test]
fn cells_of_partitions_add_up_and_zeros_vanish() {
    let mut line = Line::start("cells");
    let cell = |partition, version, visits| TrafficCell {
        visits,
        ..traffic(100, partition, version)
    };
    let other_hour = |version, spend: i64| TrafficCell {
        spend,
        ..traffic(101, 0, version)
    };
    line.write([
        batch(&[
            cell(0, 10, 3),
            cell(1, 11, 4),
            cell(2, 12, 50),
            other_hour(10, 5),
        ]),
        // Partition 0 corrects itself, 2 gives its figures up, the other hour becomes empty.
        batch(&[cell(0, 20, 2), cell(2, 22, 0), other_hour(20, 0)]),
    ]);
    line.check(
        "SELECT * FROM traffic_hourly",
        &["shop | 1970-01-05 04:00:00 | Paid Search | google | cpc | spring | 6 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0"],
    );
    line.write([batch(&[
        credit_cell(
            100,
            0,
            1,
            vec![share(0, 500_000, [50, 40, -30]), share(1, 1, [1, 1, 1])],
        ),
        credit_cell(
            100,
            1,
            1,
            vec![share(0, 250_000, [20, 20, 10]), share(1, -1, [-1, -1, -1])],
        ),
        CreditCell {
            basis: Basis::Touch,
            ..credit_cell(99, 1, 1, vec![share(1, 0, [0, 0, 7])])
        },
        credit_cell(101, 0, 1, vec![share(1, 9, [9, 9, 9])]),
        credit_cell(101, 0, 2, vec![]),
    ])]);
    line.check(
        "SELECT * FROM channel_hourly",
        &[
            "shop | last_touch | touch | 1970-01-05 03:00:00 | Paid Search | google | cpc | spring | 0 | 0 | 0 | 7",
            "shop | linear | conversion | 1970-01-05 04:00:00 | Paid Search | google | cpc | spring | 750000 | 70 | 60 | -20",
        ],
    );
}

#[test]
fn roi_has_every_model_and_basis_beside_the_same_traffic() {
    let mut line = Line::start("roi");
    // 16:00 UTC is the next day in Tokyo; the two hours are of one day there.
    let spent = TrafficCell {
        day: 5,
        visits: 10,
        calls: 1,
        leads: 3,
        spend: 1_000_000,
        ..traffic(4 * 24 + 16, 0, 1)
    };
    let also = TrafficCell {
        day: 5,
        dimension: 0,
        visits: 1,
        ..traffic(5 * 24, 1, 1)
    };
    // No spend, no leads, no calls; another tenant without any traffic.
    let direct = TrafficCell {
        dimension: 1,
        visits: 2,
        ..traffic(5 * 24, 0, 1)
    };
    let earned = |tenant, dimension, shares| CreditCell {
        tenant,
        dimension,
        ..credit_cell(5 * 24, 0, 1, shares)
    };
    line.write([
        batch(&[tenant(0, 0), tenant(0, 1), tenant(1, 0)]),
        batch(&[spent, also, direct]),
        batch(&[
            earned(0, 0, vec![share(0, 2_500_000, [400, 300, 250])]),
            earned(0, 2, vec![share(1, 1_000_000, [10, 0, -5])]),
            earned(1, 1, vec![share(0, 1, [0, 0, 0])]),
        ]),
    ]);
    line.check(
        "SELECT * FROM channel_roi",
        &[
            "other | linear | conversion | 1970-01-06 | Direct | 0.000001 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | \\N | \\N | \\N",
            "shop | last_touch | conversion | 1970-01-06 | Direct | 0 | 0 | 0 | 0 | 0 | 2 | 0 | 0 | \\N | \\N | \\N | \\N",
            "shop | last_touch | conversion | 1970-01-06 | Paid Search | 0 | 0 | 0 | 0 | 100 | 11 | 1 | 3 | \\N | 25 | 0 | -1",
            "shop | last_touch | conversion | 1970-01-06 | Unattributed | 1 | 10 | 0 | -5 | 0 | 0 | 0 | 0 | 0 | \\N | \\N | \\N",
            "shop | last_touch | touch | 1970-01-06 | Direct | 0 | 0 | 0 | 0 | 0 | 2 | 0 | 0 | \\N | \\N | \\N | \\N",
            "shop | last_touch | touch | 1970-01-06 | Paid Search | 0 | 0 | 0 | 0 | 100 | 11 | 1 | 3 | \\N | 25 | 0 | -1",
            "shop | linear | conversion | 1970-01-06 | Direct | 0 | 0 | 0 | 0 | 0 | 2 | 0 | 0 | \\N | \\N | \\N | \\N",
            "shop | linear | conversion | 1970-01-06 | Paid Search | 2.5 | 400 | 300 | 250 | 100 | 11 | 1 | 3 | 40 | 25 | 3 | 1.5",
            "shop | linear | touch | 1970-01-06 | Direct | 0 | 0 | 0 | 0 | 0 | 2 | 0 | 0 | \\N | \\N | \\N | \\N",
            "shop | linear | touch | 1970-01-06 | Paid Search | 0 | 0 | 0 | 0 | 100 | 11 | 1 | 3 | \\N | 25 | 0 | -1",
        ],
    );
}

#[test]
fn only_the_active_generation_shows() {
    let mut line = Line::start("generations");
    line.write([
        batch(&[touchpoint("1", 9, 0xa)]),
        batch_of(2, &[touchpoint("1", 1, 0xb), touchpoint("2", 1, 0xb)]),
        batch(&[identity(0xa, 1, 0xa)]),
        batch_of(2, &[identity(0xb, 1, 0xb)]),
        batch(&[TrafficCell {
            visits: 1,
            ..traffic(5, 0, 9)
        }]),
        batch_of(
            2,
            &[TrafficCell {
                visits: 2,
                ..traffic(5, 0, 1)
            }],
        ),
    ]);
    let shown = "SELECT 'touch', concat(touch_id, right(client_id, 1)) FROM touchpoints \
                 UNION ALL SELECT 'client', right(client_id, 1) FROM clients \
                 UNION ALL SELECT 'visits', toString(visits) FROM traffic_hourly";
    assert_eq!(schema::active_generation(&line.clickhouse).unwrap(), 1);
    line.check(shown, &["client | a", "touch | web:1a", "visits | 1"]);

    schema::activate(&line.clickhouse, 2).unwrap();
    // An older one does not come back.
    schema::activate(&line.clickhouse, 1).unwrap();
    assert_eq!(schema::active_generation(&line.clickhouse).unwrap(), 2);
    line.check(
        shown,
        &[
            "client | b",
            "touch | web:1b",
            "touch | web:2b",
            "visits | 2",
        ],
    );
}

#[test]
fn dead_letters_stand_once_under_their_origin() {
    let mut line = Line::start("dead_letters");
    let headers = |reason| {
        [
            ("content-type", "application/json"),
            ("throughline-topic", "web"),
            ("throughline-partition", "1"),
            ("throughline-offset", "77"),
            ("throughline-reason", reason),
            ("throughline-field", "url"),
            ("throughline-message", "no url"),
        ]
    };
    line.reject("{}", &headers("missing"), WRITTEN_MS);
    line.settle().unwrap();
    line.reject("{}", &headers("invalid"), WRITTEN_MS + 1);
    line.reject("not ours", &[], WRITTEN_MS);
    line.settle().unwrap();
    let expected = [
        "dead-letters | 0 | 2 |  |  |  | \\N | not ours | [] | 2023-11-14 22:13:20.000",
        "web | 1 | 77 | invalid | url | no url | \\N | {} | [('content-type','application/json')] | 2023-11-14 22:13:20.001",
    ];
    line.check("SELECT topic, partition, offset, reason, field, message, key, value, headers, rejected_at FROM dead_letters", &expected);
    line.check("SELECT count() FROM dead_letters FINAL", &["2"]);
}

#[test]
fn a_dead_letter_tells_what_it_repeats_and_when_it_was_sent_again() {
    let mut line = Line::start("replays");
    let headers = |offset| {
        [
            ("throughline-topic", "web"),
            ("throughline-partition", "1"),
            ("throughline-offset", offset),
            ("throughline-reason", "missing"),
        ]
    };
    line.reject("{}", &headers("77"), WRITTEN_MS);
    let again = [("throughline-replay-of", "web/1/77")];
    let again: Vec<_> = again.into_iter().chain(headers("78")).collect();
    line.reject("{}", &again, WRITTEN_MS + 1);
    line.settle().unwrap();
    let query = "SELECT offset, headers, replay_of, replayed_at FROM dead_letters";
    line.check(query, &["77 | [] |  | \\N", "78 | [] | web/1/77 | \\N"]);
    for millis in [7, 9, 8] {
        let sent = format!("INSERT INTO dead_letter_replays VALUES ('web', 1, 77, {millis})");
        line.clickhouse.execute("mark a letter", &sent).unwrap();
    }
    line.check(
        query,
        &[
            "77 | [] |  | 1970-01-01 00:00:00.009",
            "78 | [] | web/1/77 | \\N",
        ],
    );
}

#[test]
fn a_link_counts_unless_it_or_an_end_was_taken_back() {
    let mut line = Line::start("links");
    let link = |identifier, other, kind| Link {
        tenant: 0,
        identifier: Ident(identifier),
        other: Some(Ident(other)).filter(|other| other.0 > 0),
        kind,
        version: 1,
    };
    line.write([
        batch(&[
            link(5, 1, "link"),
            link(5, 2, "link"),
            link(6, 5, "link"),
            link(7, 3, "link"),
            link(8, 4, "link"),
            link(8, 7, "alias"),
        ]),
        batch(&[link(5, 1, "split"), link(6, 0, "split"), link(3, 0, "hub")]),
        batch(&[link(8, 0, "hub"), link(8, 0, "split"), link(5, 2, "link")]),
    ]);
    line.check(
        "SELECT right(identifier, 1), right(other_identifier, 1), alias, state FROM links ORDER BY ALL",
        &[
            "5 | 1 | false | split",
            "5 | 2 | false | counts",
            "6 | 5 | false | split",
            "7 | 3 | false | hub",
            "8 | 4 | false | split",
            "8 | 7 | true | counts",
        ],
    );
}
