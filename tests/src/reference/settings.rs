//! What the figures depend on beside the events: the tenants' configuration and the lists of known sources.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::decimal::Decimal;
use super::lists::Lists;

/// Everything configurable.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The tenants that are configured by name.
    pub tenants: BTreeMap<String, Tenant>,
    /// What any other tenant gets.
    pub default: Tenant,
    /// An identifier with more partners links nobody.
    pub max_partners: usize,
    /// Search engines, social networks and so on.
    pub lists: Lists,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tenants: BTreeMap::new(),
            default: Tenant::default(),
            max_partners: 1000,
            lists: Lists::default(),
        }
    }
}

impl Settings {
    /// The configuration of a tenant.
    pub fn tenant(&self, name: &str) -> &Tenant {
        self.tenants.get(name).unwrap_or(&self.default)
    }
}

/// One tenant's configuration.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Time zone of its days.
    pub zone: Tz,
    /// ISO 4217 code of its currency.
    pub currency: String,
    /// ISO 3166 code of the country of phone numbers written without one.
    pub phone_region: String,
    /// How far before a won deal its journey reaches.
    pub lookback_days: i64,
    /// Whether a journey begins after the previous won deal.
    pub reset_on_conversion: bool,
    /// The models, computed for every won deal.
    pub models: Vec<Model>,
    /// Numbers printed on billboards and the like.
    pub static_numbers: BTreeMap<String, StaticSource>,
    /// Units of the tenant's currency for one unit of a foreign one on a local date.
    pub rates: BTreeMap<(String, NaiveDate), Decimal>,
    /// Referrers that are never a source (payment gateways).
    pub excluded_referrers: Vec<String>,
}

impl Default for Tenant {
    fn default() -> Self {
        Self {
            zone: Tz::UTC,
            currency: "RUB".to_owned(),
            phone_region: "RU".to_owned(),
            lookback_days: 90,
            reset_on_conversion: false,
            models: default_models(),
            static_numbers: BTreeMap::new(),
            rates: BTreeMap::new(),
            excluded_referrers: Vec::new(),
        }
    }
}

/// Where calls to a static number come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaticSource {
    /// Source.
    pub source: String,
    /// Medium.
    pub medium: String,
    /// Campaign.
    pub campaign: String,
}

/// An attribution model.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its name in the views.
    pub name: String,
    /// Whether Direct touches earn credit beside others (`direct: counts`).
    pub direct_counts: bool,
    /// Its weights.
    pub rule: Rule,
}

/// How a model weighs the touches that may earn credit.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// All to the first.
    First,
    /// All to the last.
    Last,
    /// The same to each.
    Linear,
    /// Half as much for every half-life before the last touch.
    TimeDecay {
        /// The half-life in milliseconds.
        half_life_ms: i64,
    },
    /// Shares of the milestones, and one share for all the rest together.
    Milestones(Shares),
}

/// Integer shares of a milestone model, in any common unit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shares {
    /// The first touch.
    pub first: u32,
    /// Lead creation.
    pub lead: u32,
    /// Deal creation.
    pub deal: u32,
    /// The last touch.
    pub last: u32,
    /// All other touches together.
    pub rest: u32,
}

/// The eight models every tenant has unless configured otherwise.
pub fn default_models() -> Vec<Model> {
    let model = |name: &str, direct_counts, rule| Model {
        name: name.to_owned(),
        direct_counts,
        rule,
    };
    let position_based = Shares {
        first: 40,
        last: 40,
        rest: 20,
        ..Shares::default()
    };
    let w_shaped = Shares {
        first: 30,
        lead: 30,
        deal: 30,
        rest: 10,
        ..Shares::default()
    };
    let full_path = Shares {
        first: 225,
        lead: 225,
        deal: 225,
        last: 225,
        rest: 100,
    };
    vec![
        model("first_touch", false, Rule::First),
        model("last_touch", true, Rule::Last),
        model("last_non_direct", false, Rule::Last),
        model("linear", false, Rule::Linear),
        model(
            "time_decay",
            false,
            Rule::TimeDecay {
                half_life_ms: 7 * super::time::DAY,
            },
        ),
        model("position_based", false, Rule::Milestones(position_based)),
        model("w_shaped", false, Rule::Milestones(w_shaped)),
        model("full_path", false, Rule::Milestones(full_path)),
    ]
}
