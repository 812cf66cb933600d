//! Settings from environment variables: `THROUGHLINE_<SECTION>__<KEY>=value`.

use std::sync::Arc;

use super::tree::{Entry, Node, Place, Value};

const PREFIX: &str = "THROUGHLINE_";

/// Variables without a section in their name. Others of that form belong to
/// tools around the program.
const SHORT_FORMS: &[(&str, &[&str])] = &[
    ("MODE", &["mode"]),
    ("KAFKA", &["kafka", "bootstrap_servers"]),
    ("CLICKHOUSE", &["clickhouse", "url"]),
];

/// The variables as a tree to be laid over the files'. A long form wins over a
/// short one.
pub fn tree(variables: impl Iterator<Item = (String, String)>) -> Node {
    let mut found: Vec<_> = variables
        // The tools around the program take an empty short form for none.
        .filter(|(name, value)| name.contains("__") || !value.is_empty())
        .filter_map(|(name, value)| Some((path_of(&name)?, name, value)))
        .collect();
    found.sort_by_key(|(path, name, _)| (name.contains("__"), path.clone()));
    let mut tree = Node {
        place: Place::whole(&Arc::from("environment")),
        value: Value::Map(Vec::new()),
    };
    for (path, name, value) in found {
        let origin = Arc::from(format!("environment variable {name}"));
        tree.merge(nest(&path, leaf(&value, &origin), &origin));
    }
    tree
}

fn path_of(name: &str) -> Option<Vec<String>> {
    let name = name.strip_prefix(PREFIX)?;
    if let Some((_, path)) = SHORT_FORMS.iter().find(|(short, _)| *short == name) {
        return Some(path.iter().map(|key| (*key).to_owned()).collect());
    }
    name.contains("__")
        .then(|| name.split("__").map(str::to_lowercase).collect())
}

/// The value: a list or section in YAML, anything else as it is, so that a
/// password needs no quoting.
fn leaf(value: &str, origin: &Arc<str>) -> Node {
    let place = Place::whole(origin);
    if value.starts_with(['[', '{'])
        && let Ok(mut node) = Node::parse(value, origin)
    {
        node.set_place(&place);
        return node;
    }
    let value = Value::Scalar(value.to_owned());
    Node { place, value }
}

fn nest(path: &[String], leaf: Node, origin: &Arc<str>) -> Node {
    path.iter().rev().fold(leaf, |node, key| Node {
        place: Place::whole(origin),
        value: Value::Map(vec![Entry {
            key: key.clone(),
            place: Place::whole(origin),
            node,
        }]),
    })
}
