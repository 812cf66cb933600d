//! A row of every kind, its columns read back from the bytes.

use throughline_proto::Ident;
use throughline_proto::flat::ContentHash;
use throughline_proto::rollups::{
    Basis, BatchWriter, Call, CallState, CellShare, Cost, Credit, CreditCell, CreditShare,
    CreditState, CreditTouch, Deal, DealEvent, DealState, Dimension, Erasure, Identity, Link,
    Origin, Row, Tenant, TouchRef, TouchState, TouchTopic, Touchpoint, TrafficCell,
};
use throughline_stream::{Header, Record};

mod reader;

use self::reader::text;
use super::*;
use crate::blocks::Block;

/// A record with rows of one table.
fn record<'a, T: Row<'a>>(rows: &[T]) -> Vec<u8> {
    let mut batch = BatchWriter::new(T::TABLE);
    batch.tenants.push(&"shop");
    batch.tenants.push(&"other");
    batch.dimensions.push(&dimension("Direct", "(direct)"));
    batch.dimensions.push(&dimension("Paid Search", "google"));
    batch.models.push(&"linear");
    batch.models.push(&"last_touch");
    batch.topics.push(&"web");
    batch.topics.push(&"calls");
    for row in rows {
        batch.push(row);
    }
    batch.finish(7)
}

fn dimension(channel: &'static str, source: &'static str) -> Dimension<'static> {
    Dimension {
        channel,
        source,
        medium: "m",
        campaign: "c",
        content: "o",
        term: "t",
    }
}

fn bytes(block: &Block) -> Vec<u8> {
    block.pieces(usize::MAX).flatten().collect()
}

#[track_caller]
fn check<'a, T: Row<'a>>(rows: &[T], table: Table, expected: &[&str]) {
    let mut blocks = Blocks::default();
    append(&record(rows), &mut blocks).unwrap();
    let block = blocks.take(|_| true).pop().unwrap();
    assert_eq!(block.table, table);
    assert_eq!(
        text(&bytes(&block), table.columns(), block.rows),
        expected.join("\n")
    );
}

#[test]
fn touchpoints() {
    let state = TouchState {
        at: 1_000,
        kind: "visit",
        dimension: 1,
        origin: Some(Origin {
            topic: 1,
            partition: 2,
            offset: 3,
        }),
    };
    let live = Touchpoint {
        tenant: 1,
        topic: TouchTopic::Web,
        event_id: "1",
        content: ContentHash(5),
        version: 9,
        client: Ident(0xab),
        state: Some(state),
    };
    let of_unknown_origin = Touchpoint {
        tenant: 0,
        topic: TouchTopic::Touches,
        state: Some(TouchState {
            origin: None,
            ..state
        }),
        ..live
    };
    let tombstone = Touchpoint {
        tenant: 0,
        event_id: "2",
        content: ContentHash(0),
        version: 10,
        state: None,
        ..live
    };
    check(
        &[live, of_unknown_origin, tombstone],
        Table::Touchpoints,
        &[
            "generation=7 tenant='other' touch_id='web:1' content_hash=5 client=ab \
             occurred_at=1000 kind='visit' channel='Paid Search' source='google' medium='m' \
             campaign='c' content='o' term='t' origin_topic='calls' origin_partition=2 \
             origin_offset=3 version=9 is_deleted=0",
            "generation=7 tenant='shop' touch_id='touches:1' content_hash=5 client=ab \
             occurred_at=1000 kind='visit' channel='Paid Search' source='google' medium='m' \
             campaign='c' content='o' term='t' origin_topic='' origin_partition=-1 \
             origin_offset=-1 version=9 is_deleted=0",
            "generation=7 tenant='shop' touch_id='web:2' content_hash=0 client=ab occurred_at=0 \
             kind='' channel='' source='' medium='' campaign='' content='' term='' \
             origin_topic='' origin_partition=0 origin_offset=0 version=10 is_deleted=1",
        ],
    );
}

#[test]
fn calls() {
    let state = CallState {
        at: 2_000,
        outbound: true,
        status: "missed",
        dialed_number: "+7",
        wait_seconds: Some(0),
        talk_seconds: None,
        manager_id: "ann",
        recording_url: "u",
        quality_score: Some(100),
        ambiguous: true,
        dimension: 1,
        origin: Some(Origin {
            topic: 1,
            partition: 4,
            offset: 5,
        }),
    };
    let call = Call {
        tenant: 0,
        event_id: "1",
        content: ContentHash(5),
        version: 9,
        client: Ident(1),
        state: Some(state),
    };
    let tombstone = Call {
        version: 10,
        state: None,
        ..call
    };
    check(
        &[call, tombstone],
        Table::Calls,
        &[
            "generation=7 tenant='shop' touch_id='calls:1' content_hash=5 client=1 \
             occurred_at=2000 direction='outbound' status='missed' dialed_number='+7' \
             wait_seconds=0 talk_seconds=NULL manager_id='ann' recording_url='u' \
             quality_score=100 ambiguous=1 channel='Paid Search' source='google' medium='m' \
             campaign='c' content='o' term='t' origin_topic='calls' origin_partition=4 \
             origin_offset=5 version=9 is_deleted=0",
            "generation=7 tenant='shop' touch_id='calls:1' content_hash=5 client=1 \
             occurred_at=0 direction='inbound' status='' dialed_number='' \
             wait_seconds=NULL talk_seconds=NULL manager_id='' recording_url='' \
             quality_score=NULL ambiguous=0 channel='' source='' medium='' \
             campaign='' content='' term='' origin_topic='' origin_partition=0 \
             origin_offset=0 version=10 is_deleted=1",
        ],
    );
}

#[test]
fn deals() {
    let origin = Origin {
        topic: 1,
        partition: 2,
        offset: 3,
    };
    let event = |event_id, event, origin| DealEvent {
        event_id,
        at: 10,
        event,
        stage: "",
        pipeline: "",
        manager_id: "",
        origin,
    };
    let deal = Deal {
        tenant: 0,
        deal_id: "d",
        version: 3,
        client: Ident(2),
        state: Some(DealState {
            status: "won",
            stage: "s",
            pipeline: "p",
            manager_id: "m",
            created_at: 10,
            won_at: Some(20),
            gross: 1,
            refunds: 2,
            revenue: 3,
            cost: 4,
            profit: -5,
            created_touch: Some(TouchRef {
                topic: TouchTopic::Calls,
                event_id: "7",
            }),
            created_dimension: 1,
            earlier_events: 6,
            events: vec![
                event("1", "created", None),
                DealEvent {
                    stage: "s",
                    pipeline: "p",
                    manager_id: "m",
                    ..event("2", "won", Some(origin))
                },
            ],
        }),
    };
    let erased = Deal {
        version: 4,
        state: None,
        ..deal.clone()
    };
    let of_nobody = Deal {
        version: 5,
        state: Some(DealState::default()),
        ..deal.clone()
    };
    check(
        &[deal, erased, of_nobody],
        Table::Deals,
        &[
            "generation=7 tenant='shop' deal_id='d' client=2 status='won' stage='s' pipeline='p' \
             manager_id='m' created_at=10 won_at=20 gross=1 refunds=2 revenue=3 cost=4 \
             profit=-5 created_touch_id='calls:7' created_channel='Paid Search' \
             created_source='google' created_medium='m' created_campaign='c' \
             earlier_events=6 event_ids=['1' '2'] events=['created' 'won'] \
             events_at=[10 10] stages=['' 's'] pipelines=['' 'p'] manager_ids=['' 'm'] \
             origin_topics=['' 'calls'] origin_partitions=[-1 2] origin_offsets=[-1 3] \
             version=3 is_deleted=0",
            "generation=7 tenant='shop' deal_id='d' client=2 status='' stage='' pipeline='' \
             manager_id='' created_at=0 won_at=NULL gross=0 refunds=0 revenue=0 cost=0 \
             profit=0 created_touch_id='' created_channel='' created_source='' created_medium='' \
             created_campaign='' earlier_events=0 event_ids=[] events=[] events_at=[] stages=[] \
             pipelines=[] manager_ids=[] origin_topics=[] origin_partitions=[] \
             origin_offsets=[] version=4 is_deleted=1",
            "generation=7 tenant='shop' deal_id='d' client=2 status='' stage='' pipeline='' \
             manager_id='' created_at=0 won_at=NULL gross=0 refunds=0 revenue=0 cost=0 \
             profit=0 created_touch_id='' created_channel='Direct' created_source='(direct)' \
             created_medium='m' created_campaign='c' earlier_events=0 event_ids=[] events=[] \
             events_at=[] stages=[] pipelines=[] manager_ids=[] origin_topics=[] \
             origin_partitions=[] origin_offsets=[] version=5 is_deleted=0",
        ],
    );
}

fn share(model: u32, touch: u32, credit_ppm: i64) -> CreditShare {
    CreditShare {
        model,
        touch,
        credit_ppm,
        gross: credit_ppm + 1,
        revenue: credit_ppm + 2,
        profit: credit_ppm + 3,
    }
}

fn credit(shares: Vec<CreditShare>) -> Credit<'static> {
    let touch = |event_id, at, dimension| CreditTouch {
        touch: Some(TouchRef {
            topic: TouchTopic::Web,
            event_id,
        }),
        at,
        kind: "visit",
        dimension,
    };
    let state = CreditState {
        won_at: 20,
        touches: vec![touch("1", 11, 1), touch("2", 12, 0)],
        shares,
    };
    Credit {
        tenant: 0,
        deal_id: "d",
        version: 3,
        client: Ident(2),
        state: Some(state),
    }
}

#[test]
fn credits_gather_shares_by_touch() {
    let live = credit(vec![share(0, 0, 10), share(1, 1, 20), share(0, 1, 30)]);
    let tombstone = Credit {
        tenant: 0,
        deal_id: "e",
        version: 4,
        client: Ident(3),
        state: None,
    };
    let unattributed = Credit {
        state: Some(CreditState {
            won_at: 20,
            touches: vec![CreditTouch {
                touch: None,
                at: 20,
                kind: "",
                dimension: 0,
            }],
            shares: vec![share(1, 0, 10)],
        }),
        ..tombstone
    };
    check(
        &[live, tombstone, unattributed],
        Table::Credits,
        &[
            "generation=7 tenant='shop' deal_id='d' client=2 won_at=20 \
             touch_ids=['web:1' 'web:2'] touches_at=[11 12] kinds=['visit' 'visit'] \
             channels=['Paid Search' 'Direct'] sources=['google' '(direct)'] mediums=['m' 'm'] \
             campaigns=['c' 'c'] contents=['o' 'o'] terms=['t' 't'] \
             models=[['linear'] ['last_touch' 'linear']] credits_ppm=[[10] [20 30]] \
             gross=[[11] [21 31]] revenue=[[12] [22 32]] profit=[[13] [23 33]] \
             version=3 is_deleted=0",
            "generation=7 tenant='shop' deal_id='e' client=3 won_at=0 touch_ids=[] \
             touches_at=[] kinds=[] channels=[] sources=[] mediums=[] campaigns=[] contents=[] \
             terms=[] models=[] credits_ppm=[] gross=[] revenue=[] profit=[] version=4 \
             is_deleted=1",
            "generation=7 tenant='shop' deal_id='e' client=3 won_at=20 touch_ids=[''] \
             touches_at=[20] kinds=[''] channels=['Direct'] sources=['(direct)'] mediums=['m'] \
             campaigns=['c'] contents=['o'] terms=['t'] models=[['last_touch']] \
             credits_ppm=[[10]] gross=[[11]] revenue=[[12]] profit=[[13]] version=4 \
             is_deleted=0",
        ],
    );
}

#[test]
fn identities_and_tenants() {
    let identity = Identity {
        tenant: 0,
        identifier: Ident(0x1f),
        kind: "phone",
        version: 3,
        client: Ident(0x0e),
        is_erased: false,
    };
    let erased = Identity {
        version: 4,
        is_erased: true,
        ..identity
    };
    check(
        &[identity, erased],
        Table::Identities,
        &[
            "generation=7 tenant='shop' identifier=1f kind='phone' client=e version=3 is_deleted=0",
            "generation=7 tenant='shop' identifier=1f kind='phone' client=e version=4 is_deleted=1",
        ],
    );
    let erasure = Erasure {
        tenant: 0,
        pseudonym: Ident(0x3f),
        version: 5,
    };
    check(
        &[erasure],
        Table::Erasures,
        &["tenant='shop' pseudonym=3f version=5 is_deleted=0"],
    );
    let link = |other| Link {
        tenant: 1,
        identifier: Ident(0x2f),
        other,
        kind: "link",
        version: 4,
    };
    check(
        &[link(Some(Ident(0x1f))), link(None)],
        Table::Links,
        &[
            "tenant='other' identifier=2f other=1f kind='link' version=4 is_deleted=0",
            "tenant='other' identifier=2f other=0 kind='link' version=4 is_deleted=0",
        ],
    );
    let tenant = Tenant {
        tenant: 1,
        partition: 6,
        version: 1,
        time_zone: "Europe/Moscow",
        currency: "RUB",
        models: vec![1, 0],
    };
    check(
        &[tenant],
        Table::Tenants,
        &[
            "generation=7 tenant='other' partition=6 time_zone='Europe/Moscow' currency='RUB' \
             models=['last_touch' 'linear'] version=1 is_deleted=0",
        ],
    );
}

#[test]
fn costs_are_of_an_hour_or_of_the_whole_day() {
    let cost = |hour| Cost {
        tenant: 0,
        date: 19_000,
        hour,
        dimension: 1,
        version: 3,
        cost: 5,
        impressions: 6,
        clicks: 7,
    };
    check(
        &[cost(None), cost(Some(23))],
        Table::Costs,
        &[
            "generation=7 tenant='shop' date=19000 hour=-1 channel='Paid Search' source='google' \
             medium='m' campaign='c' content='o' term='t' cost=5 impressions=6 clicks=7 \
             version=3 is_deleted=0",
            "generation=7 tenant='shop' date=19000 hour=23 channel='Paid Search' source='google' \
             medium='m' campaign='c' content='o' term='t' cost=5 impressions=6 clicks=7 \
             version=3 is_deleted=0",
        ],
    );
}

#[test]
fn cells_without_figures_keep_the_dimension_of_their_key() {
    let empty = TrafficCell {
        hour: 10,
        day: 1,
        partition: 3,
        version: 5,
        ..TrafficCell::default()
    };
    let traffic = TrafficCell {
        version: 4,
        visits: 11,
        calls: 12,
        missed_calls: 13,
        leads: 14,
        email_clicks: 15,
        other_touches: 16,
        spend: 17,
        impressions: 18,
        clicks: 19,
        ..empty
    };
    check(
        &[traffic, empty],
        Table::TrafficCells,
        &[
            "generation=7 tenant='shop' hour=36000 channel='Direct' source='(direct)' medium='m' \
             campaign='c' partition=3 day=1 visits=11 calls=12 missed_calls=13 leads=14 \
             email_clicks=15 other_touches=16 spend=17 impressions=18 clicks=19 version=4 \
             is_deleted=0",
            "generation=7 tenant='shop' hour=36000 channel='Direct' source='(direct)' medium='m' \
             campaign='c' partition=3 day=1 visits=0 calls=0 missed_calls=0 leads=0 \
             email_clicks=0 other_touches=0 spend=0 impressions=0 clicks=0 version=5 \
             is_deleted=1",
        ],
    );
    let credit = |version, basis, shares| CreditCell {
        tenant: 0,
        basis,
        hour: 10,
        day: 1,
        dimension: 1,
        partition: 3,
        version,
        shares,
    };
    let share = CellShare {
        model: 1,
        conversions_ppm: 5,
        gross: 6,
        revenue: 7,
        profit: -8,
    };
    check(
        &[
            credit(4, Basis::Touch, vec![share]),
            credit(5, Basis::Conversion, Vec::new()),
        ],
        Table::CreditCells,
        &[
            "generation=7 tenant='shop' basis='touch' hour=36000 channel='Paid Search' \
             source='google' medium='m' campaign='c' partition=3 day=1 models=['last_touch'] \
             conversions_ppm=[5] gross=[6] revenue=[7] profit=[-8] version=4 is_deleted=0",
            "generation=7 tenant='shop' basis='conversion' hour=36000 channel='Paid Search' \
             source='google' medium='m' campaign='c' partition=3 day=1 models=[] \
             conversions_ppm=[] gross=[] revenue=[] profit=[] version=5 is_deleted=1",
        ],
    );
}

fn dead_letter_text(headers: &[(&str, Option<&str>)]) -> String {
    let record = Record {
        topic: "dead-letters".into(),
        partition: 8,
        offset: 9,
        timestamp_ms: 1_234,
        key: None,
        value: Some(b"{".to_vec()),
        headers: headers
            .iter()
            .map(|(name, value)| Header {
                name: (*name).into(),
                value: value.map(|value| value.as_bytes().to_vec()),
            })
            .collect(),
    };
    let mut blocks = Blocks::default();
    blocks
        .append(Table::DeadLetters, [Ok(record)], |record, out| {
            dead_letters::dead_letter(record, out);
            Ok(())
        })
        .unwrap();
    let block = blocks.take(|_| true).pop().unwrap();
    text(&bytes(&block), Table::DeadLetters.columns(), 1)
}

#[test]
fn dead_letters_stand_under_their_origin() {
    assert_eq!(
        dead_letter_text(&[
            ("content-type", Some("application/json")),
            ("empty", None),
            ("throughline-replay-of", Some("web/1/3")),
            ("throughline-topic", Some("web")),
            ("throughline-partition", Some("1")),
            ("throughline-offset", Some("77")),
            ("throughline-reason", Some("missing")),
            ("throughline-field", Some("[2].url")),
            ("throughline-message", Some("no url")),
        ]),
        "topic='web' partition=1 offset=77 reason='missing' field='[2].url' message='no url' \
         key=NULL value='{' headers=['content-type'='application/json' 'empty'=NULL] \
         replay_of='web/1/3' rejected_at=1234 version=1234 is_deleted=0"
    );
}

#[test]
fn a_dead_letter_of_unknown_origin_stands_for_itself() {
    assert!(
        dead_letter_text(&[("throughline-topic", Some("web"))])
            .starts_with("topic='dead-letters' partition=8 offset=9 reason=''")
    );
}

#[test]
fn what_a_record_does_not_hold_is_an_error() {
    fn refused(record: &[u8]) -> RowError {
        append(record, &mut Blocks::default()).unwrap_err()
    }
    let cell = |dimension| TrafficCell {
        dimension,
        ..TrafficCell::default()
    };
    assert_eq!(
        refused(&record(&[cell(2)])),
        RowError::Missing("dimension", 2)
    );
    assert_eq!(
        refused(&record(&[credit(vec![share(0, 2, 1)])])),
        RowError::MissingTouch(2)
    );
    let mut cut = record(&[cell(0)]);
    cut.pop();
    assert!(matches!(refused(&cut), RowError::Malformed(_)));
    assert!(matches!(refused(&[0xff; 9]), RowError::Malformed(_)));
}

#[test]
fn times_outside_of_what_a_column_holds_become_its_ends() {
    assert_eq!(
        (date(-1), date(19_000), date(i32::MAX)),
        (0, 19_000, u16::MAX)
    );
    assert_eq!((hour(-1), hour(1)), (0, 3_600));
    assert_eq!(hour(i32::MAX) % 3_600, 0);
}
