//! The section `tenants`: what figures are made by.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::str::FromStr as _;
use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use throughline_channels::{Channels, SourceLists};
use throughline_core::model::Model;
use throughline_proto::money::{Currency, Rate, Rates};

use super::mistake::Mistakes;
use super::section::{Item, Section};
use super::tree::{Node, Value};
use super::{channels, models};

/// All tenants.
#[derive(Clone, Debug)]
pub struct Tenants {
    /// What a tenant has that is not named.
    pub defaults: Tenant,
    /// The tenants with settings of their own, whole.
    pub named: BTreeMap<String, Tenant>,
    /// The known sources, which all share.
    pub lists: Arc<SourceLists>,
    /// Everything that figures depend on, as one text.
    pub canonical: String,
}

/// One tenant's settings.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The zone of the tenant's days.
    pub time_zone: Tz,
    /// The currency of the tenant's figures.
    pub currency: Currency,
    /// ISO 3166 code of the country of phones without a country code.
    pub phone_region: String,
    /// How long before a deal was won a touch may earn credit, days.
    pub lookback_days: u32,
    /// Only touches after the client's previous won deal earn credit.
    pub reset_on_conversion: bool,
    /// The models in order.
    pub models: Vec<Model>,
    /// The channel rules.
    pub channels: Channels,
    /// Where calls to printed numbers come from.
    pub numbers: Vec<PrintedNumber>,
    /// Hosts that are never a source.
    pub excluded_referrers: Vec<String>,
    /// Rates of other currencies.
    pub rates: Rates,
    /// Since when which currency has a rate.
    pub rated_since: Vec<(Currency, NaiveDate)>,
}

/// A printed telephone number and its source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrintedNumber {
    /// The number, in any notation.
    pub number: String,
    /// The source of calls to it.
    pub source: String,
    /// Their medium.
    pub medium: String,
    /// Their campaign.
    pub campaign: String,
}

/// The keys of a tenant that change figures which were made before. So do
/// rates, but only from the day on that they are for: they are looked at apart.
const RESTATING: &[&str] = &[
    "time_zone",
    "currency",
    "lookback_days",
    "reset_on_conversion",
    "models",
    "channels",
];

impl Tenants {
    /// The settings of a tenant.
    pub fn of(&self, name: &str) -> &Tenant {
        self.named.get(name).unwrap_or(&self.defaults)
    }

    /// Reads the section. `None` only when mistakes were noted.
    pub fn read(section: &Section<'_>, mistakes: &Mistakes) -> Option<Self> {
        let lists = Arc::new(SourceLists::new());
        let base = section.require("defaults")?;
        let mut canonical = String::new();
        let defaults = Tenant::read(&base, &lists, mistakes);
        note_canonical("", &base, &mut canonical);
        let mut named = BTreeMap::new();
        for (name, item) in section.entries("named") {
            if name.is_empty() || name.len() > 128 {
                section.wrong(&item, "the name of a tenant has 1 to 128 bytes");
            }
            let mut whole = base.node.clone();
            if changes_currency(base.node, item.node) {
                forget_rates(&mut whole);
            }
            whole.merge(item.node.clone());
            let whole = Item {
                path: item.path.clone(),
                node: &whole,
            };
            note_canonical(name, &whole, &mut canonical);
            if let Some(tenant) = Tenant::read(&whole, &lists, mistakes) {
                named.insert(name.to_owned(), tenant);
            }
        }
        Some(Self {
            defaults: defaults?,
            named,
            lists,
            canonical,
        })
    }
}

/// Whether a tenant has a currency of its own.
fn changes_currency(base: &Node, own: &Node) -> bool {
    let currency = |node: &Node| {
        let entries = node.entries();
        let entry = entries.iter().find(|entry| entry.key == "currency");
        entry.map(|entry| entry.node.value.clone())
    };
    currency(own).is_some_and(|own| Some(own) != currency(base))
}

/// Rates are in the tenant's currency: those of the defaults mean nothing in another one.
fn forget_rates(tenant: &mut Node) {
    let Value::Map(entries) = &mut tenant.value else {
        return;
    };
    for entry in entries
        .iter_mut()
        .filter(|entry| entry.key == "currency_rates")
    {
        entry.node.value = Value::Map(Vec::new());
    }
}

fn note_canonical(name: &str, tenant: &Item<'_>, out: &mut String) {
    let _ = write!(out, "{name:?}:");
    for key in RESTATING {
        if let Some(entry) = tenant.node.entries().iter().find(|entry| entry.key == *key) {
            out.push_str(key);
            entry.node.canonical(out);
        }
    }
}

impl Tenant {
    fn read(item: &Item<'_>, lists: &Arc<SourceLists>, mistakes: &Mistakes) -> Option<Self> {
        let section = Section::new(item, mistakes);
        let currency = section.parse("currency", currency);
        let (rates, rated_since) = rates(&section, mistakes, currency);
        let tenant = Self {
            time_zone: section.parse("time_zone", time_zone).unwrap_or(Tz::UTC),
            currency: currency.unwrap_or(Currency::from_code_bytes(*b"XXX")),
            phone_region: section.parse("phone_region", region).unwrap_or_default(),
            lookback_days: section.whole("lookback_days", 1..=36_500),
            reset_on_conversion: section.flag("reset_on_conversion"),
            models: models::read(&section, mistakes),
            // Both are read in any case, for their mistakes.
            numbers: numbers(&section, mistakes),
            excluded_referrers: hosts(&section),
            channels: channels::read(&section, lists, mistakes)?,
            rates,
            rated_since,
        };
        Some(tenant)
    }
}

fn time_zone(text: &str) -> Result<Tz, String> {
    Tz::from_str(text).map_err(|_| {
        let nearest = chrono_tz::TZ_VARIANTS
            .iter()
            .map(|zone| (strsim::damerau_levenshtein(zone.name(), text), zone.name()))
            .min();
        let hint = match nearest {
            Some((distance, name)) if distance <= 3 => format!("did you mean {name}?"),
            _ => "such as UTC or Europe/Moscow".to_owned(),
        };
        format!("`{text}` is not a time zone of the IANA database; {hint}")
    })
}

fn currency(text: &str) -> Result<Currency, String> {
    Currency::parse(text)
        .ok_or_else(|| format!("`{text}` is not a currency code of ISO 4217, such as RUB or EUR"))
}

fn region(text: &str) -> Result<String, String> {
    let code = text.trim().to_ascii_uppercase();
    phonenumber::country::Id::from_str(&code)
        .map(|_| code)
        .map_err(|_| format!("`{text}` is not a country code of ISO 3166, such as RU or DE"))
}

fn hosts(section: &Section<'_>) -> Vec<String> {
    let host = |text: &str| {
        let host = text.trim().trim_end_matches('.').to_lowercase();
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || "/:?#@".contains(c)) {
            return Err(format!("`{text}` is not a host such as pay.example.com"));
        }
        Ok(host)
    };
    section
        .list("excluded_referrers")
        .iter()
        .filter_map(|item| section.parse_item(item, host))
        .collect()
}

fn numbers(section: &Section<'_>, mistakes: &Mistakes) -> Vec<PrintedNumber> {
    let mut all = Vec::new();
    for (number, item) in section.entries("numbers") {
        let source = Section::new(&item, mistakes);
        let optional = |key| {
            let item = source.get(key)?;
            source.parse_item(&item, |text| Ok(text.trim().to_owned()))
        };
        let found = PrintedNumber {
            number: number.trim().to_owned(),
            source: optional("source").unwrap_or_default().to_lowercase(),
            medium: optional("medium").unwrap_or_default().to_lowercase(),
            campaign: optional("campaign").unwrap_or_default(),
        };
        if found.source.is_empty() && found.medium.is_empty() {
            section.wrong(&item, "needs a source or a medium");
        }
        all.push(found);
    }
    all
}

fn rates(
    section: &Section<'_>,
    mistakes: &Mistakes,
    own: Option<Currency>,
) -> (Rates, Vec<(Currency, NaiveDate)>) {
    let mut rates = Rates::default();
    let mut since = Vec::new();
    for (code, item) in section.entries("currency_rates") {
        let foreign = match currency(code) {
            Ok(foreign) if Some(foreign) == own => {
                section.wrong(&item, "is the tenant's own currency, which needs no rate");
                continue;
            }
            Ok(foreign) => foreign,
            Err(problem) => {
                section.wrong(&item, &problem);
                continue;
            }
        };
        let mut days = BTreeMap::new();
        for item in items(section, &item) {
            let row = Section::new(&item, mistakes);
            let (Some(from), Some(rate)) = (row.parse("from", date), row.parse("rate", rate))
            else {
                continue;
            };
            if days.insert(from, rate).is_some() {
                section.wrong(&item, &format!("a second rate from {from} on"));
            }
        }
        since.extend(days.keys().next().map(|first| (foreign, *first)));
        for (from, rate) in days {
            let day = from.signed_duration_since(NaiveDate::default()).num_days();
            rates.set(foreign, day as i32, rate);
        }
    }
    (rates, since)
}

fn items<'a>(section: &Section<'_>, list: &Item<'a>) -> Vec<Item<'a>> {
    let Value::List(nodes) = &list.node.value else {
        let problem = format!("must be a list of rates, not {}", list.node.kind());
        section.wrong(list, &problem);
        return Vec::new();
    };
    let item = |(index, node)| Item {
        path: format!("{}[{index}]", list.path),
        node,
    };
    nodes.iter().enumerate().map(item).collect()
}

fn date(text: &str) -> Result<NaiveDate, String> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| format!("`{text}` is not a day such as 2026-01-31"))
}

fn rate(text: &str) -> Result<Rate, String> {
    Rate::parse(text)
        .ok_or_else(|| format!("`{text}` is not a positive decimal number such as 92.50"))
}
