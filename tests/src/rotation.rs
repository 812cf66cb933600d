//! Keys that follow one another, and views in which an identifier is one whatever key it was seen under.

use std::collections::{BTreeMap, BTreeSet};

use throughline_ingest::{IdentKey, IdentKeys};
use throughline_proto::IdentKind;

use crate::reference::Tables;
use crate::reference::tables::{Cell, Row};

/// The keys of an installation whose first key was the first of these and whose current one is the last. The one
/// before it is known, too, if that is wanted.
///
/// # Panics
///
/// When there is no key.
pub fn keys(in_turn: &[[u8; 32]], previous_is_known: bool) -> IdentKeys {
    let key = |bytes: &[u8; 32]| IdentKey::new(bytes);
    let (current, before) = in_turn.split_last().expect("a key");
    IdentKeys {
        current: key(current),
        previous: before.last().filter(|_| previous_is_known).map(key),
        stable: before.first().map(key),
    }
}

/// Gives each of the identities its hash under the last of the keys. Hashes of one identifier that belong to one
/// client become one row; those that do not are two rows of one identifier, which is a difference.
pub fn rename(actual: &mut Tables, expected: &Tables, in_turn: &[[u8; 32]]) {
    let in_turn: Vec<IdentKey> = in_turn.iter().map(IdentKey::new).collect();
    let mut names: BTreeMap<(Cell, Cell), Cell> = BTreeMap::new();
    for Row(cells) in expected.of("identities") {
        let [Cell::Text(tenant), Cell::Text(value), Cell::Text(kind), ..] = cells.as_slice() else {
            continue;
        };
        let kind = IdentKind::ALL
            .into_iter()
            .find(|known| known.name() == &**kind);
        let Some(kind) = kind else {
            continue;
        };
        let hash = |key: &IdentKey| {
            let ident = key.ident(kind, tenant, value.as_bytes());
            Cell::from(ident.to_string().as_str())
        };
        let Some(last) = in_turn.last().map(hash) else {
            continue;
        };
        for key in &in_turn {
            names.insert((cells[0].clone(), hash(key)), last.clone());
        }
    }
    let renamed: BTreeSet<Row> = actual
        .of("identities")
        .iter()
        .map(|Row(cells)| {
            let mut cells = cells.clone();
            if let Some(name) = names.get(&(cells[0].clone(), cells[1].clone())) {
                cells[1] = name.clone();
            }
            Row(cells)
        })
        .collect();
    actual.set("identities", renamed.into_iter().collect());
}
