//! Journeys of won deals, and the stages that deals are in.

use throughline_proto::rollups::*;

use crate::line::Line;
use crate::rows::*;

#[test]
fn a_journey_has_the_touches_that_share_the_credit() {
    let mut line = Line::start("journeys");
    line.write([
        batch(&[
            // A model gives all to nobody, the other shares it out; the first row is replaced.
            credit("d1", 1, &[("9", 1)], vec![credit_share(0, 0, 1_000_000, 7)]),
            credit(
                "d1",
                2,
                &[("", 2), ("1", 0), ("2", 1)],
                vec![
                    credit_share(1, 0, 1_000_000, 90_001),
                    credit_share(0, 1, 500_000, 50_001),
                    credit_share(0, 2, 500_000, 40_000),
                ],
            ),
            credit(
                "d2",
                1,
                &[("", 2)],
                vec![credit_share(1, 0, 1_000_000, 10_000)],
            ),
        ]),
        batch(&[
            credit("d3", 1, &[("9", 1)], vec![credit_share(0, 0, 1_000_000, 7)]),
            credit("d3", 2, &[], vec![]),
        ]),
    ]);
    line.check(
        "SELECT deal_id, touches, first_touch_at, touches_at, path, sources, mediums, campaigns, revenue, profit FROM journeys",
        &[
            "d1 | 2 | 2023-11-14 22:13:20.123 | ['2023-11-14 22:13:20.123','2023-11-14 22:13:20.123'] | ['Paid Search','Direct'] | ['google','(direct)'] | ['cpc','(none)'] | ['spring',''] | 9.0001 | -9.0001",
            "d2 | 0 | \\N | [] | [] | [] | [] | [] | 1 | -1",
        ],
    );
}

#[test]
fn a_deal_stays_in_a_stage_until_it_goes_on_or_ends() {
    let mut line = Line::start("stages");
    let with = |deal_id, events: &[(&'static str, &'static str)]| {
        let event = |(place, &(event, stage)): (usize, &(&'static str, &'static str))| DealEvent {
            event_id: "",
            at: 1_700_000_000_000 + 1000 * place as i64,
            event,
            stage,
            pipeline: "",
            manager_id: "",
            origin: None,
        };
        Deal {
            state: Some(DealState {
                pipeline: "retail",
                events: events.iter().enumerate().map(event).collect(),
                ..deal_state()
            }),
            ..deal(deal_id, 1, 0xa)
        }
    };
    line.write([batch(&[
        // What says nothing new changes nothing; it comes back to a stage, and to life.
        with(
            "d1",
            &[
                ("created", "new"),
                ("stage_changed", ""),
                ("stage_changed", "new"),
                ("stage_changed", "talks"),
                ("stage_changed", "new"),
                ("lost", "refused"),
                ("refunded", ""),
                ("stage_changed", "new"),
            ],
        ),
        with("won at once", &[("won", "paid"), ("refunded", "")]),
        with("without stages", &[("created", "")]),
        with("without events", &[]),
    ])]);
    line.check(
        "SELECT deal_id, pipeline, place, stage, visit, toSecond(entered_at), toSecond(left_at), status FROM deal_stages ORDER BY deal_id, place",
        &[
            "d1 | retail | 1 | new | 1 | 20 | 23 | won",
            "d1 | retail | 2 | talks | 1 | 23 | 24 | won",
            "d1 | retail | 3 | new | 2 | 24 | 25 | won",
            "d1 | retail | 5 | new | 3 | 27 | \\N | won",
        ],
    );
}
