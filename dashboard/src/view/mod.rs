//! What a page shows, which is what its address says: one parse, one print.
//!
//! A view can be sent to a colleague as it is. What an address says wrongly is
//! an error that names the parameter and what is allowed, never another view.

mod filter;
mod period;

use std::fmt::Write as _;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

pub use filter::{Dimension, Filter};
pub use period::{Compare, HOUR, Hours, Period, Span, first_hour};

use crate::texts::Language;

/// An address is no longer than this, bytes.
pub const MAX_QUERY_BYTES: usize = 8192;
/// The period of a form whose two days count.
pub const OWN: &str = "own";
/// A value in an address is no longer than this, bytes.
const MAX_VALUE_BYTES: usize = 1024;

/// The moment that credit is booked under.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Basis {
    /// When the deal was won.
    #[default]
    Conversion,
    /// When the touch happened.
    Touch,
}

impl Basis {
    /// Both, by their names in the views.
    pub const ALL: [(&'static str, Self); 2] =
        [("conversion", Self::Conversion), ("touch", Self::Touch)];

    /// Its name in the views.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conversion => "conversion",
            Self::Touch => "touch",
        }
    }
}

/// What calls are told apart by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CallsBy {
    /// The channel.
    #[default]
    Channel,
    /// The number that was dialed.
    Number,
    /// Who of the staff had the call.
    Manager,
}

impl CallsBy {
    /// All, by their names in the address.
    pub const ALL: [(&'static str, Self); 3] = [
        ("channel", Self::Channel),
        ("number", Self::Number),
        ("manager", Self::Manager),
    ];

    /// Its name in the address.
    pub fn name(self) -> &'static str {
        name_of(&self, &Self::ALL)
    }
}

/// The order of a table: by a column, the greatest first or last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sort {
    /// The name of the column.
    pub column: String,
    /// Whether the greatest comes first.
    pub descends: bool,
}

/// Everything an address can say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct View {
    /// The tenant; the user's own when the address names none.
    pub tenant: Option<String>,
    /// The period; 30 days when the address names none.
    pub period: Option<Period>,
    /// What it is compared with.
    pub compare: Compare,
    /// The attribution model; the tenant's usual one when the address names none.
    pub model: Option<String>,
    /// A second model beside it.
    pub versus: Option<String>,
    /// The moment that credit is booked under.
    pub basis: Basis,
    /// Which traffic.
    pub filter: Filter,
    /// What a table of channels is told apart by.
    pub level: Option<Dimension>,
    /// What calls are told apart by.
    pub by: CallsBy,
    /// The order of the page's main table.
    pub sort: Option<Sort>,
    /// A deal, by its id in the CRM.
    pub deal: Option<String>,
    /// The language; what the browser prefers when the address names none.
    pub language: Option<Language>,
}

/// What is wrong with an address.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ViewError {
    /// A parameter that no address has.
    #[error("there is no parameter `{0}`; the parameters are {known}", known = NAMES.join(", "))]
    Unknown(String),
    /// A value that the parameter cannot have.
    #[error("`{value}` is no value of `{name}`: it is {allowed}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What the address says.
        value: String,
        /// What it could say.
        allowed: String,
    },
    /// A parameter that stands twice and can only stand once.
    #[error("the parameter `{0}` stands there more than once")]
    Twice(&'static str),
    /// Too much of something.
    #[error("{0}")]
    TooLong(String),
}

/// The parameters of an address.
pub const NAMES: [&str; 18] = [
    "tenant",
    "period",
    "compare",
    "model",
    "versus",
    "basis",
    "channel",
    "source",
    "medium",
    "campaign",
    "not_channel",
    "not_source",
    "not_medium",
    "not_campaign",
    "level",
    "by",
    "sort",
    "deal",
];
/// What else may stand there: the language, the two ends of an own period as a
/// form sends them, and the format.
const MORE_NAMES: [&str; 4] = ["lang", "from", "to", "format"];

impl View {
    /// The default period.
    pub const PERIOD: Period = Period::Last(30);

    /// The period.
    pub fn period(&self) -> Period {
        self.period.unwrap_or(Self::PERIOD)
    }

    /// Reads the query of an address. Empty values count as absent.
    pub fn parse(query: &str) -> Result<Self, ViewError> {
        let mut view = Self::default();
        let mut seen: Vec<&'static str> = Vec::new();
        let mut ends = [None, None];
        for (name, value) in pairs(query)? {
            let Some(name) = NAMES
                .iter()
                .chain(&MORE_NAMES)
                .find(|known| **known == name)
            else {
                return Err(ViewError::Unknown(name));
            };
            if let Some((dimension, is_only)) = dimension_of(name) {
                // The empty value is a value here: traffic without a campaign.
                if !view.filter.add(dimension, is_only, &value) {
                    let problem = format!("`{name}` has more than {} values", Filter::MAX_VALUES);
                    return Err(ViewError::TooLong(problem));
                }
                continue;
            }
            if value.is_empty() {
                continue;
            }
            if seen.contains(name) {
                return Err(ViewError::Twice(name));
            }
            seen.push(name);
            match *name {
                "from" => ends[0] = Some(value),
                "to" => ends[1] = Some(value),
                // Whoever answers chooses the format.
                "format" => {}
                _ => view.set(name, value)?,
            }
        }
        if let ([Some(first), Some(last)], None) = (ends, view.period) {
            view.set("period", format!("{first}..{last}"))?;
        }
        Ok(view)
    }

    fn set(&mut self, name: &'static str, value: String) -> Result<(), ViewError> {
        match name {
            "tenant" => self.tenant = Some(value),
            "model" => self.model = Some(value),
            "versus" => self.versus = Some(value),
            "deal" => self.deal = Some(value),
            // What a form says whose two days count.
            "period" if value == OWN => {}
            "period" => {
                let period = value.parse().map_err(|()| ViewError::Value {
                    name: "period",
                    value,
                    allowed: format!(
                        "{} or two days such as 2026-01-01..2026-01-31",
                        Period::NAMED.map(|period| period.to_string()).join(", ")
                    ),
                })?;
                self.period = Some(period);
            }
            "compare" => self.compare = one_of("compare", &value, &Compare::ALL)?,
            "basis" => self.basis = one_of("basis", &value, &Basis::ALL)?,
            "by" => self.by = one_of("by", &value, &CallsBy::ALL)?,
            "lang" => self.language = Some(one_of("lang", &value, &Language::ALL)?),
            "level" => {
                let levels = Dimension::ALL.map(|dimension| (dimension.name(), dimension));
                self.level = Some(one_of("level", &value, &levels)?);
            }
            _ => {
                let column = value.trim_start_matches('-');
                self.sort = Some(Sort {
                    column: column.to_owned(),
                    descends: value.starts_with('-'),
                });
            }
        }
        Ok(())
    }

    /// The query of the address that says all this: what is as usual is left out.
    pub fn query(&self) -> String {
        let mut text = String::new();
        let mut put = |name: &str, value: &str| {
            let gap = if text.is_empty() { '?' } else { '&' };
            let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
            // Writing to a string cannot fail.
            let _ = write!(text, "{gap}{name}={value}");
        };
        let mut put_if = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                put(name, value);
            }
        };
        put_if("tenant", self.tenant.as_deref());
        let period = self.period.map(|period| period.to_string());
        put_if("period", period.as_deref());
        if self.compare != Compare::default() {
            put_if("compare", Some(name_of(&self.compare, &Compare::ALL)));
        }
        put_if("model", self.model.as_deref());
        put_if("versus", self.versus.as_deref());
        if self.basis != Basis::default() {
            put_if("basis", Some(self.basis.name()));
        }
        for (dimension, is_only, value) in self.filter.values() {
            let name = if is_only {
                dimension.name()
            } else {
                dimension.negated()
            };
            put_if(name, Some(value));
        }
        put_if("level", self.level.map(Dimension::name));
        if self.by != CallsBy::default() {
            put_if("by", Some(self.by.name()));
        }
        let sort = self.sort.as_ref().map(|sort| {
            let sign = if sort.descends { "-" } else { "" };
            format!("{sign}{}", sort.column)
        });
        put_if("sort", sort.as_deref());
        put_if("deal", self.deal.as_deref());
        put_if("lang", self.language.map(Language::name));
        text
    }

    /// What holds on every page: everything but the order of a table, the deal
    /// and what a table is told apart by.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self {
            sort: None,
            deal: None,
            level: None,
            by: CallsBy::default(),
            ..self.clone()
        }
    }

    /// The same with something changed.
    #[must_use]
    pub fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut view = self.clone();
        change(&mut view);
        view
    }
}

/// The names and values of a query, decoded as form data.
pub fn pairs(query: &str) -> Result<Vec<(String, String)>, ViewError> {
    if query.len() > MAX_QUERY_BYTES {
        let problem = format!("the address is longer than {MAX_QUERY_BYTES} bytes");
        return Err(ViewError::TooLong(problem));
    }
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    let mut all = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (decode(name), decode(value));
        if value.len() > MAX_VALUE_BYTES {
            let problem = format!("a value is longer than {MAX_VALUE_BYTES} bytes");
            return Err(ViewError::TooLong(problem));
        }
        all.push((name, value));
    }
    Ok(all)
}

fn dimension_of(name: &str) -> Option<(Dimension, bool)> {
    Dimension::ALL.into_iter().find_map(|dimension| {
        if dimension.name() == name {
            Some((dimension, true))
        } else if dimension.negated() == name {
            Some((dimension, false))
        } else {
            None
        }
    })
}

fn one_of<T: Copy>(
    name: &'static str,
    value: &str,
    choices: &[(&'static str, T)],
) -> Result<T, ViewError> {
    let found = choices.iter().find(|(word, _)| *word == value);
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        ViewError::Value {
            name,
            value: value.to_owned(),
            allowed: words.join(" or "),
        }
    })
}

fn name_of<T: PartialEq>(value: &T, choices: &[(&'static str, T)]) -> &'static str {
    choices
        .iter()
        .find(|(_, choice)| choice == value)
        .map_or("", |(word, _)| word)
}

#[cfg(test)]
mod tests;
