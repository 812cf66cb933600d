//! The flat layout: what can be read is written again as the same values.

use std::convert::Infallible;

use throughline_core::Node;
use throughline_core::names::Names;
use throughline_core::partition::StoredNode;
use throughline_processor::stored::{self, Meta};
use throughline_proto::events;
use throughline_proto::flat::{Flat, ListWriter, Malformed};
use throughline_proto::rollups::{self, Row, Rows, Table};

use super::processor;
use crate::input::Input;

fn list<'a, T: Flat<'a>>(values: &[T], into: &mut ListWriter) {
    for value in values {
        into.push(value);
    }
}

/// A record of `events`.
pub fn events(data: &[u8]) {
    let Ok((batch, messages)) = events::Batch::read(data) else {
        return;
    };
    let Ok(messages) = messages.collect::<Result<Vec<_>, Malformed>>() else {
        return;
    };
    let mut writer = events::BatchWriter::default();
    list(&batch.tenants, &mut writer.tenants);
    list(&batch.sources, &mut writer.sources);
    list(&batch.origins, &mut writer.origins);
    for message in &messages {
        writer.push(message);
    }
    let written = writer.finish(batch.lamport);
    let (again, rest) = events::Batch::read(&written).expect("what was written is read");
    assert_eq!(again, batch);
    let rest: Result<Vec<_>, Malformed> = rest.collect();
    assert_eq!(rest, Ok(messages));
}

/// A record of `rollups`.
pub fn rollups(data: &[u8]) {
    let Ok((batch, rest)) = rollups::Batch::read(data) else {
        return;
    };
    // A macro, for the rows that were read live longer than those read again.
    macro_rules! rows {
        ($row:ident) => {{
            let rows: Result<Vec<rollups::$row>, Malformed> = Rows::new(rest).collect();
            let Ok(rows) = rows else { return };
            let written = write(&batch, &rows);
            let (again, rest) = rollups::Batch::read(&written).expect("what was written is read");
            assert_eq!(again, batch);
            let again: Result<Vec<rollups::$row>, Malformed> = Rows::new(rest).collect();
            assert_eq!(again, Ok(rows));
        }};
    }
    match batch.table {
        Table::Tenants => rows!(Tenant),
        Table::Identities => rows!(Identity),
        Table::Links => rows!(Link),
        Table::Erasures => rows!(Erasure),
        Table::Touchpoints => rows!(Touchpoint),
        Table::Calls => rows!(Call),
        Table::Deals => rows!(Deal),
        Table::Credits => rows!(Credit),
        Table::Costs => rows!(Cost),
        Table::TrafficCells => rows!(TrafficCell),
        Table::CreditCells => rows!(CreditCell),
    }
}

fn write<'a, T: Row<'a>>(batch: &rollups::Batch<'a>, rows: &[T]) -> Vec<u8> {
    let mut writer = rollups::BatchWriter::new(batch.table);
    list(&batch.tenants, &mut writer.tenants);
    list(&batch.dimensions, &mut writer.dimensions);
    list(&batch.models, &mut writer.models);
    list(&batch.topics, &mut writer.topics);
    for row in rows {
        writer.push(row);
    }
    writer.finish(batch.generation)
}

/// A value of the state store, by its kind.
pub fn stored(data: &[u8]) {
    let mut input = Input::new(data);
    let kind = input.byte() % 6;
    let value = input.rest();
    let mut out = Vec::new();
    match kind {
        0 => {
            let Ok(node) = stored::decode_node(value) else {
                return;
            };
            let node = match &node {
                Node::Child(parent) => StoredNode::Child(*parent),
                Node::Root(journey) => StoredNode::Root(journey),
            };
            stored::encode_node(node, &mut out);
            let mut again = Vec::new();
            match stored::decode_node(&out).expect("what was written is read") {
                Node::Child(parent) => stored::encode_node(StoredNode::Child(parent), &mut again),
                Node::Root(journey) => stored::encode_node(StoredNode::Root(&journey), &mut again),
            }
            assert_eq!(again, out);
        }
        1 => {
            let Ok(number) = stored::decode_number(value) else {
                return;
            };
            stored::encode_number(&number, &mut out);
            assert_eq!(stored::decode_number(&out), Ok(number));
        }
        2 => {
            let Ok(cost) = stored::decode_cost(value) else {
                return;
            };
            stored::encode_cost(&cost, &mut out);
            assert_eq!(stored::decode_cost(&out), Ok(cost));
        }
        3 => {
            let Ok(chunk) = stored::decode_chunk(value) else {
                return;
            };
            stored::encode_chunk(&chunk, &mut out);
            let again = stored::decode_chunk(&out).expect("what was written is read");
            let mut bytes = Vec::new();
            stored::encode_chunk(&again, &mut bytes);
            assert_eq!(bytes, out);
        }
        4 => {
            let Ok(meta) = Meta::decode(value) else {
                return;
            };
            assert_eq!(Meta::decode(&meta.encode()), Ok(meta));
        }
        _ => names(input),
    }
}

/// Names: how many there are of each kind, then their values.
fn names(mut input: Input<'_>) {
    let counts = [0; 4].map(|_: u8| usize::from(input.byte() % 8));
    let read = stored::decode_names::<Infallible>(counts, |_| Ok(input.part().map(<[u8]>::to_vec)));
    let Ok(Ok(names)) = read else { return };
    let rules = processor::rules();
    let restored = Names::restore(names.clone(), &*rules);
    // A tenant without the source of its direct visits, which no line stores, gets one behind all others.
    let all = restored.since([0; 4]);
    assert!(
        all.strings.starts_with(&names.strings)
            && all.tenants == names.tenants
            && all.dims.starts_with(&names.dims)
            && all.origins == names.origins,
        "names have other numbers: {names:?} {all:?}"
    );
    let mut values = Vec::new();
    stored::encode_names(&restored.since([0; 4]), [0; 4], |_, value| {
        values.push(value.to_vec());
    });
    let mut values = values.into_iter();
    let again = stored::decode_names::<Infallible>(restored.counts(), |_| Ok(values.next()));
    assert!(again.is_ok_and(|again| again.is_ok()));
}
