//! Ordered rules from source, medium and campaign to a channel; the first
//! rule that matches wins. Comparisons ignore case.

use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::lists::{List, SourceLists};
use crate::preset::Preset;

/// The channel of what no rule matches.
pub const UNASSIGNED: &str = "Unassigned";

/// One rule, as it is written down.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    /// The channel's name.
    pub channel: String,
    /// Alternatives, one of which must hold; an alternative without
    /// conditions always holds. Written as one object or a list of them.
    #[serde(default, deserialize_with = "one_or_many")]
    pub when: Vec<FieldsSpec>,
}

/// Conditions that must all hold.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FieldsSpec {
    /// What the source must be.
    pub source: Option<ConditionSpec>,
    /// What the medium must be.
    pub medium: Option<ConditionSpec>,
    /// What the campaign must be.
    pub campaign: Option<ConditionSpec>,
}

/// What one field must be. Several operators must all hold; each takes one
/// value or a list, of which one must fit (of a negated one: none may).
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConditionSpec {
    /// Equals one of these.
    #[serde(deserialize_with = "one_or_many")]
    pub is: Vec<String>,
    /// Equals none of these.
    #[serde(deserialize_with = "one_or_many")]
    pub is_not: Vec<String>,
    /// Contains one of these.
    #[serde(deserialize_with = "one_or_many")]
    pub contains: Vec<String>,
    /// Contains none of these.
    #[serde(deserialize_with = "one_or_many")]
    pub not_contains: Vec<String>,
    /// Is not empty (`true`), is empty (`false`).
    pub set: Option<bool>,
    /// Matches one of these regular expressions somewhere.
    #[serde(deserialize_with = "one_or_many")]
    pub regex: Vec<String>,
    /// Matches none of these.
    #[serde(deserialize_with = "one_or_many")]
    pub not_regex: Vec<String>,
    /// Is in one of these source lists: search, shopping, social, video, ai.
    #[serde(deserialize_with = "one_or_many")]
    pub in_list: Vec<String>,
    /// Is in none of these source lists.
    #[serde(deserialize_with = "one_or_many")]
    pub not_in_list: Vec<String>,
}

/// A rule that cannot be used, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct ChannelError {
    /// The place within the rules: `rules[2].when[0].medium.regex`.
    pub place: String,
    /// What is wrong there.
    pub reason: String,
}

/// Compiled rules, ready to be asked.
#[derive(Clone, Debug)]
pub struct Channels {
    rules: Vec<Rule>,
    lists: Arc<SourceLists>,
}

#[derive(Clone, Debug)]
struct Rule {
    channel: String,
    alternatives: Vec<Vec<Test>>,
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Source,
    Medium,
    Campaign,
}

#[derive(Clone, Debug)]
struct Test {
    field: Field,
    wanted: bool,
    matcher: Matcher,
}

#[derive(Clone, Debug)]
enum Matcher {
    Is(Vec<String>),
    Contains(Vec<String>),
    Set,
    Regex(Vec<Regex>),
    InList(Vec<List>),
}

impl Channels {
    /// A tenant's own rules in front of a preset. Every mistake is reported.
    pub fn new(
        own: &[RuleSpec],
        preset: Preset,
        lists: Arc<SourceLists>,
    ) -> Result<Self, Vec<ChannelError>> {
        let preset = preset.rules().map_err(|error| vec![error])?;
        let mut errors = Vec::new();
        let rules = own
            .iter()
            .enumerate()
            .map(|(index, rule)| (format!("rules[{index}]"), rule))
            .chain(
                preset
                    .iter()
                    .enumerate()
                    .map(|(index, rule)| (format!("preset[{index}]"), rule)),
            )
            .map(|(place, rule)| compile(rule, &place, &mut errors))
            .collect();
        if errors.is_empty() {
            Ok(Self { rules, lists })
        } else {
            Err(errors)
        }
    }

    /// The channel of a touch's source, medium and campaign.
    pub fn channel(&self, source: &str, medium: &str, campaign: &str) -> &str {
        let fields = [source, medium, campaign].map(str::to_lowercase);
        self.rules
            .iter()
            .find(|rule| {
                rule.alternatives
                    .iter()
                    .any(|tests| tests.iter().all(|test| test.holds(&fields, &self.lists)))
            })
            .map_or(UNASSIGNED, |rule| &rule.channel)
    }
}

impl Test {
    fn holds(&self, fields: &[String; 3], lists: &SourceLists) -> bool {
        let value = fields[self.field as usize].as_str();
        let fits = match &self.matcher {
            Matcher::Is(values) => values.iter().any(|wanted| wanted == value),
            Matcher::Contains(values) => values.iter().any(|wanted| value.contains(wanted)),
            Matcher::Set => !value.is_empty(),
            Matcher::Regex(patterns) => patterns.iter().any(|pattern| pattern.is_match(value)),
            Matcher::InList(names) => names.iter().any(|list| lists.contains(*list, value)),
        };
        fits == self.wanted
    }
}

fn compile(rule: &RuleSpec, place: &str, errors: &mut Vec<ChannelError>) -> Rule {
    if rule.channel.trim().is_empty() {
        errors.push(ChannelError {
            place: format!("{place}.channel"),
            reason: "a channel needs a name".to_owned(),
        });
    }
    let mut alternatives: Vec<Vec<Test>> = Vec::new();
    for (index, fields) in rule.when.iter().enumerate() {
        let mut tests = Vec::new();
        for (field, name, condition) in [
            (Field::Source, "source", &fields.source),
            (Field::Medium, "medium", &fields.medium),
            (Field::Campaign, "campaign", &fields.campaign),
        ] {
            if let Some(condition) = condition {
                let place = format!("{place}.when[{index}].{name}");
                tests.extend(compile_condition(field, condition, &place, errors));
            }
        }
        alternatives.push(tests);
    }
    if alternatives.is_empty() {
        alternatives.push(Vec::new());
    }
    Rule {
        channel: rule.channel.clone(),
        alternatives,
    }
}

fn compile_condition(
    field: Field,
    condition: &ConditionSpec,
    place: &str,
    errors: &mut Vec<ChannelError>,
) -> Vec<Test> {
    let lower = |values: &[String]| values.iter().map(|value| value.to_lowercase()).collect();
    let mut matchers = Vec::new();
    for (values, wanted) in [(&condition.is, true), (&condition.is_not, false)] {
        if !values.is_empty() {
            matchers.push((wanted, Matcher::Is(lower(values))));
        }
    }
    for (values, wanted) in [
        (&condition.contains, true),
        (&condition.not_contains, false),
    ] {
        if !values.is_empty() {
            matchers.push((wanted, Matcher::Contains(lower(values))));
        }
    }
    for (values, wanted, name) in [
        (&condition.regex, true, "regex"),
        (&condition.not_regex, false, "not_regex"),
    ] {
        if !values.is_empty() {
            let place = format!("{place}.{name}");
            matchers.push((
                wanted,
                Matcher::Regex(compile_regexes(values, &place, errors)),
            ));
        }
    }
    for (values, wanted, name) in [
        (&condition.in_list, true, "in_list"),
        (&condition.not_in_list, false, "not_in_list"),
    ] {
        if !values.is_empty() {
            let place = format!("{place}.{name}");
            matchers.push((wanted, Matcher::InList(find_lists(values, &place, errors))));
        }
    }
    if let Some(set) = condition.set {
        matchers.push((set, Matcher::Set));
    }
    if matchers.is_empty() {
        errors.push(ChannelError {
            place: place.to_owned(),
            reason: "a condition needs an operator: is, is_not, contains, not_contains, set, \
                     regex, not_regex, in_list or not_in_list"
                .to_owned(),
        });
    }
    matchers
        .into_iter()
        .map(|(wanted, matcher)| Test {
            field,
            wanted,
            matcher,
        })
        .collect()
}

fn compile_regexes(patterns: &[String], place: &str, errors: &mut Vec<ChannelError>) -> Vec<Regex> {
    let mut compiled = Vec::new();
    for pattern in patterns {
        match RegexBuilder::new(pattern).case_insensitive(true).build() {
            Ok(regex) => compiled.push(regex),
            Err(error) => errors.push(ChannelError {
                place: place.to_owned(),
                reason: error.to_string(),
            }),
        }
    }
    compiled
}

fn find_lists(names: &[String], place: &str, errors: &mut Vec<ChannelError>) -> Vec<List> {
    let mut lists = Vec::new();
    for name in names {
        match List::from_name(name) {
            Some(list) => lists.push(list),
            None => errors.push(ChannelError {
                place: place.to_owned(),
                reason: format!(
                    "there is no list `{name}`; the lists are {}",
                    List::ALL.map(List::name).join(", ")
                ),
            }),
        }
    }
    lists
}

/// Reads `value` or `[value, …]`.
fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany<T> {
        Many(Vec<T>),
        One(T),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::Many(values) => values,
        OneOrMany::One(value) => vec![value],
    })
}
