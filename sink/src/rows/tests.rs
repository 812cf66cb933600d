//! A row of every kind, its columns read back from the bytes.

use throughline_proto::rollups::*;
use throughline_stream::{Header, Record};

mod reader;

use self::reader::text;
use super::*;

fn batch(rows: Rows) -> RowBatch {
    RowBatch {
        generation: 7,
        tenants: vec!["shop".into(), "other".into()],
        dimensions: vec![
            dimension("Direct", "(direct)"),
            dimension("Paid Search", "google"),
        ],
        models: vec!["linear".into(), "last_touch".into()],
        origin_topics: vec!["web".into(), "calls".into()],
        rows: Some(rows),
    }
}

fn dimension(channel: &str, source: &str) -> Dimension {
    Dimension {
        channel: channel.into(),
        source: source.into(),
        medium: "m".into(),
        campaign: "c".into(),
        content: "o".into(),
        term: "t".into(),
    }
}

#[allow(clippy::unnecessary_wraps, reason = "as the messages want it")]
fn id(low: u64) -> Option<Id> {
    Some(Id { high: 0, low })
}

#[track_caller]
fn check(rows: Rows, table: Table, expected: &[&str]) {
    let mut blocks = Blocks::default();
    append(&batch(rows), &mut blocks).unwrap();
    let block = blocks.take().pop().unwrap();
    assert_eq!(block.table, table);
    assert_eq!(
        text(&block.bytes, table.columns(), block.rows),
        expected.join("\n")
    );
}

#[test]
fn touchpoints() {
    let live = Touchpoint {
        tenant: 1,
        touch_id: "web:1".into(),
        content_hash: 5,
        version: 9,
        deleted: false,
        client: id(0xab),
        at: 1_000,
        kind: "visit".into(),
        dimension: 1,
        origin_topic: 1,
        origin_partition: 2,
        origin_offset: 3,
    };
    let tombstone = Touchpoint {
        touch_id: "web:2".into(),
        version: 10,
        deleted: true,
        dimension: 99,
        origin_topic: 99,
        ..Touchpoint::default()
    };
    check(
        Rows::Touchpoints(TouchpointRows {
            rows: vec![live, tombstone],
        }),
        Table::Touchpoints,
        &[
            "generation=7 tenant='other' touch_id='web:1' content_hash=5 client=ab \
             occurred_at=1000 kind='visit' channel='Paid Search' source='google' medium='m' \
             campaign='c' content='o' term='t' origin_topic='calls' origin_partition=2 \
             origin_offset=3 version=9 is_deleted=0",
            "generation=7 tenant='shop' touch_id='web:2' content_hash=0 client=0 occurred_at=0 \
             kind='' channel='' source='' medium='' campaign='' content='' term='' \
             origin_topic='' origin_partition=0 origin_offset=0 version=10 is_deleted=1",
        ],
    );
}

#[test]
fn calls() {
    let call = Call {
        touch_id: "calls:1".into(),
        content_hash: 5,
        version: 9,
        client: id(1),
        at: 2_000,
        outbound: true,
        status: "missed".into(),
        dialed_number: "+7".into(),
        wait_seconds: Some(0),
        talk_seconds: None,
        manager_id: "ann".into(),
        recording_url: "u".into(),
        quality_score: Some(100),
        ambiguous: true,
        dimension: 1,
        origin_topic: 1,
        origin_partition: 4,
        origin_offset: 5,
        ..Call::default()
    };
    check(
        Rows::Calls(CallRows { rows: vec![call] }),
        Table::Calls,
        &[
            "generation=7 tenant='shop' touch_id='calls:1' content_hash=5 client=1 \
             occurred_at=2000 direction='outbound' status='missed' dialed_number='+7' \
             wait_seconds=0 talk_seconds=NULL manager_id='ann' recording_url='u' \
             quality_score=100 ambiguous=1 channel='Paid Search' source='google' medium='m' \
             campaign='c' content='o' term='t' origin_topic='calls' origin_partition=4 \
             origin_offset=5 version=9 is_deleted=0",
        ],
    );
}

#[test]
fn deals() {
    let deal = Deal {
        deal_id: "d".into(),
        version: 3,
        client: id(2),
        status: "won".into(),
        stage: "s".into(),
        pipeline: "p".into(),
        manager_id: "m".into(),
        created_at: 10,
        won_at: Some(20),
        gross: 1,
        refunds: 2,
        revenue: 3,
        cost: 4,
        profit: -5,
        ..Deal::default()
    };
    check(
        Rows::Deals(DealRows { rows: vec![deal] }),
        Table::Deals,
        &[
            "generation=7 tenant='shop' deal_id='d' client=2 status='won' stage='s' pipeline='p' \
             manager_id='m' created_at=10 won_at=20 gross=1 refunds=2 revenue=3 cost=4 \
             profit=-5 version=3 is_deleted=0",
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

fn credit(shares: Vec<CreditShare>) -> Credit {
    let touch = |touch_id: &str, at, dimension| CreditTouch {
        touch_id: touch_id.into(),
        at,
        kind: "visit".into(),
        dimension,
    };
    Credit {
        deal_id: "d".into(),
        version: 3,
        client: id(2),
        won_at: 20,
        touches: vec![touch("web:1", 11, 1), touch("web:2", 12, 0)],
        shares,
        ..Credit::default()
    }
}

#[test]
fn credits_gather_shares_by_touch() {
    let live = credit(vec![share(0, 0, 10), share(1, 1, 20), share(0, 1, 30)]);
    let tombstone = Credit {
        deal_id: "e".into(),
        version: 4,
        deleted: true,
        ..Credit::default()
    };
    check(
        Rows::Credits(CreditRows {
            rows: vec![live, tombstone],
        }),
        Table::Credits,
        &[
            "generation=7 tenant='shop' deal_id='d' client=2 won_at=20 \
             touch_ids=['web:1' 'web:2'] touches_at=[11 12] kinds=['visit' 'visit'] \
             channels=['Paid Search' 'Direct'] sources=['google' '(direct)'] mediums=['m' 'm'] \
             campaigns=['c' 'c'] contents=['o' 'o'] terms=['t' 't'] \
             models=[['linear'] ['last_touch' 'linear']] credits_ppm=[[10] [20 30]] \
             gross=[[11] [21 31]] revenue=[[12] [22 32]] profit=[[13] [23 33]] \
             version=3 is_deleted=0",
            "generation=7 tenant='shop' deal_id='e' client=0 won_at=0 touch_ids=[] \
             touches_at=[] kinds=[] channels=[] sources=[] mediums=[] campaigns=[] contents=[] \
             terms=[] models=[] credits_ppm=[] gross=[] revenue=[] profit=[] version=4 \
             is_deleted=1",
        ],
    );
}

#[test]
fn identities_and_tenants() {
    let identity = Identity {
        identifier: id(0x1f),
        kind: "phone".into(),
        version: 3,
        client: id(0x0e),
        ..Identity::default()
    };
    check(
        Rows::Identities(IdentityRows {
            rows: vec![identity],
        }),
        Table::Identities,
        &["generation=7 tenant='shop' identifier=1f kind='phone' client=e version=3 is_deleted=0"],
    );
    let tenant = Tenant {
        tenant: 1,
        partition: 6,
        version: 1,
        time_zone: "Europe/Moscow".into(),
        currency: "RUB".into(),
        models: vec![1, 0],
    };
    check(
        Rows::TenantsSettings(TenantRows { rows: vec![tenant] }),
        Table::Tenants,
        &[
            "generation=7 tenant='other' partition=6 time_zone='Europe/Moscow' currency='RUB' \
             models=['last_touch' 'linear'] version=1 is_deleted=0",
        ],
    );
}

#[test]
fn costs_keep_the_dimension_of_their_key_in_a_tombstone() {
    let cost = |hour, deleted| Cost {
        date: 19_000,
        hour,
        dimension: 1,
        version: 3,
        deleted,
        cost: 5,
        impressions: 6,
        clicks: 7,
        ..Cost::default()
    };
    check(
        Rows::Costs(CostRows {
            rows: vec![cost(None, false), cost(Some(23), true)],
        }),
        Table::Costs,
        &[
            "generation=7 tenant='shop' date=19000 hour=-1 channel='Paid Search' source='google' \
             medium='m' campaign='c' content='o' term='t' cost=5 impressions=6 clicks=7 \
             version=3 is_deleted=0",
            "generation=7 tenant='shop' date=19000 hour=23 channel='Paid Search' source='google' \
             medium='m' campaign='c' content='o' term='t' cost=5 impressions=6 clicks=7 \
             version=3 is_deleted=1",
        ],
    );
}

#[test]
fn cells() {
    let traffic = TrafficCell {
        hour: 10,
        day: 1,
        partition: 3,
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
        ..TrafficCell::default()
    };
    check(
        Rows::TrafficCells(TrafficCellRows {
            rows: vec![traffic],
        }),
        Table::TrafficCells,
        &[
            "generation=7 tenant='shop' hour=36000 channel='Direct' source='(direct)' medium='m' \
             campaign='c' partition=3 day=1 visits=11 calls=12 missed_calls=13 leads=14 \
             email_clicks=15 other_touches=16 spend=17 impressions=18 clicks=19 version=4 \
             is_deleted=0",
        ],
    );
    let credit = CreditCell {
        basis: Basis::Touch as i32,
        hour: 10,
        day: 1,
        partition: 3,
        version: 4,
        shares: vec![CellShare {
            model: 1,
            conversions_ppm: 5,
            gross: 6,
            revenue: 7,
            profit: -8,
        }],
        ..CreditCell::default()
    };
    check(
        Rows::CreditCells(CreditCellRows { rows: vec![credit] }),
        Table::CreditCells,
        &[
            "generation=7 tenant='shop' basis='touch' hour=36000 channel='Direct' \
             source='(direct)' medium='m' campaign='c' partition=3 day=1 models=['last_touch'] \
             conversions_ppm=[5] gross=[6] revenue=[7] profit=[-8] version=4 is_deleted=0",
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
        .append(Table::DeadLetters, &[record], |record, out| {
            dead_letters::dead_letter(record, out);
            Ok(())
        })
        .unwrap();
    let block = blocks.take().pop().unwrap();
    text(&block.bytes, Table::DeadLetters.columns(), 1)
}

#[test]
fn dead_letters_stand_under_their_origin() {
    assert_eq!(
        dead_letter_text(&[
            ("content-type", Some("application/json")),
            ("empty", None),
            ("throughline-topic", Some("web")),
            ("throughline-partition", Some("1")),
            ("throughline-offset", Some("77")),
            ("throughline-reason", Some("missing")),
            ("throughline-field", Some("[2].url")),
            ("throughline-message", Some("no url")),
        ]),
        "topic='web' partition=1 offset=77 reason='missing' field='[2].url' message='no url' \
         key=NULL value='{' headers=['content-type'='application/json' 'empty'=NULL] \
         rejected_at=1234 version=1234 is_deleted=0"
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
fn what_a_batch_does_not_hold_is_an_error() {
    let refused = |batch: &RowBatch| append(batch, &mut Blocks::default()).unwrap_err();
    let mut none = batch(Rows::Costs(CostRows::default()));
    none.rows = None;
    assert_eq!(refused(&none), RowError::UnknownTable);

    let cost = Cost {
        dimension: 2,
        ..Cost::default()
    };
    assert_eq!(
        refused(&batch(Rows::Costs(CostRows { rows: vec![cost] }))),
        RowError::Missing("dimension", 2)
    );
    assert_eq!(
        refused(&batch(Rows::Credits(CreditRows {
            rows: vec![credit(vec![share(0, 2, 1)])]
        }))),
        RowError::MissingTouch(2)
    );
    let cell = CreditCell {
        basis: 9,
        ..CreditCell::default()
    };
    assert_eq!(
        refused(&batch(Rows::CreditCells(CreditCellRows {
            rows: vec![cell]
        }))),
        RowError::Meaningless("basis", 9)
    );
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
