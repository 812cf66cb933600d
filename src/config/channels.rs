//! Channel rules: own ones in front of a preset.

use std::sync::Arc;

use throughline_channels::{Channels, ConditionSpec, FieldsSpec, Preset, RuleSpec, SourceLists};

use super::mistake::{Mistake, Mistakes};
use super::section::{Item, Section, not_empty};
use super::tree::{Node, Value};

/// Reads a tenant's channel rules. `None` only when mistakes were noted.
pub fn read(
    tenant: &Section<'_>,
    lists: &Arc<SourceLists>,
    mistakes: &Mistakes,
) -> Option<Channels> {
    let section = tenant.section("channels")?;
    let presets = Preset::ALL.map(|preset| (preset.name(), preset));
    let preset = section.choice("preset", &presets);
    let items = section.list("rules");
    let rules: Vec<_> = items.iter().map(|item| rule(item, mistakes)).collect();
    // Rules are asked one by one for their mistakes, so that each finds its place.
    let mut sound = true;
    for (item, rule) in items.iter().zip(&rules) {
        let Err(errors) = Channels::new(std::slice::from_ref(rule), preset, Arc::clone(lists))
        else {
            continue;
        };
        sound = false;
        for error in errors {
            let below = error.place.strip_prefix("rules[0]").unwrap_or("");
            mistakes.add(Mistake::new(
                find(item.node, below).place.clone(),
                format!("{}{below}", item.path),
                one_line(&error.reason),
            ));
        }
    }
    if !sound {
        return None;
    }
    match Channels::new(&rules, preset, Arc::clone(lists)) {
        Ok(channels) => Some(channels),
        Err(errors) => {
            let item = tenant.get("channels")?;
            for error in errors {
                tenant.wrong(&item, &error.to_string());
            }
            None
        }
    }
}

fn rule(item: &Item<'_>, mistakes: &Mistakes) -> RuleSpec {
    let section = Section::new(item, mistakes);
    // A name that is missing is reported here, once.
    let channel = section
        .parse("channel", not_empty)
        .unwrap_or_else(|| "?".to_owned());
    let alternatives = match section.get("when") {
        None => Vec::new(),
        Some(one) if matches!(one.node.value, Value::Map(_)) => vec![one],
        Some(_) => section.list("when"),
    };
    RuleSpec {
        channel,
        when: alternatives
            .iter()
            .map(|item| fields(item, mistakes))
            .collect(),
    }
}

fn fields(item: &Item<'_>, mistakes: &Mistakes) -> FieldsSpec {
    let section = Section::new(item, mistakes);
    let field = |key| section.get(key).map(|item| condition(&item, mistakes));
    FieldsSpec {
        source: field("source"),
        medium: field("medium"),
        campaign: field("campaign"),
    }
}

fn condition(item: &Item<'_>, mistakes: &Mistakes) -> ConditionSpec {
    let section = Section::new(item, mistakes);
    let values = |key| {
        if section.get(key).is_none() {
            return Vec::new();
        }
        let text = |item: &Item<'_>| section.parse_item(item, |text| Ok(text.to_owned()));
        section.list(key).iter().filter_map(text).collect()
    };
    ConditionSpec {
        is: values("is"),
        is_not: values("is_not"),
        contains: values("contains"),
        not_contains: values("not_contains"),
        set: section.get("set").map(|_| section.flag("set")),
        regex: values("regex"),
        not_regex: values("not_regex"),
        in_list: values("in_list"),
        not_in_list: values("not_in_list"),
    }
}

/// An error of a regular expression shows it, marks the spot and says what is
/// wrong in the last line.
fn one_line(reason: &str) -> String {
    match reason.lines().last() {
        Some(last) if reason.lines().count() > 1 => {
            let last = last.trim_start_matches("error: ");
            format!("this is not a regular expression: {last}")
        }
        _ => reason.to_owned(),
    }
}

/// The node that a path such as `.when[0].medium` leads to, or the last one
/// on the way that exists.
fn find<'a>(node: &'a Node, path: &str) -> &'a Node {
    path.split(['.', '[', ']'])
        .filter(|step| !step.is_empty())
        .fold(node, |node, step| match &node.value {
            Value::Map(entries) => entries
                .iter()
                .find(|entry| entry.key == step)
                .map_or(node, |entry| &entry.node),
            Value::List(nodes) => step
                .parse()
                .ok()
                .and_then(|at: usize| nodes.get(at))
                .unwrap_or(node),
            _ => node,
        })
}
