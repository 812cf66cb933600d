//! Attribution models: by weights, by a half-life, or by the name of a preset.

use throughline_core::model::{Model, Shares, Weighing};

use super::mistake::Mistakes;
use super::section::{Item, Section, not_empty, one_of};

const DAY_MS: u64 = 86_400_000;
/// Parts are given with up to three decimals and kept as whole thousandths.
const DECIMALS: u32 = 3;
/// The largest part of one milestone.
const MAX_PART: u32 = 1_000_000;

/// A preset: how it weighs, and whether Direct counts.
type Preset = (Weighing, bool);

/// The presets by name. A new one is usable as soon as it stands here.
pub const PRESETS: &[(&str, Preset)] = &[
    ("first_touch", (parts([1, 0, 0, 0, 0]), false)),
    ("last_touch", (parts([0, 0, 0, 1, 0]), true)),
    ("last_non_direct", (parts([0, 0, 0, 1, 0]), false)),
    ("linear", (parts([0, 0, 0, 0, 1]), false)),
    (
        "time_decay",
        (
            Weighing::TimeDecay {
                half_life_ms: 7 * DAY_MS,
            },
            false,
        ),
    ),
    ("position_based", (parts([40, 0, 0, 40, 20]), false)),
    ("w_shaped", (parts([30, 30, 30, 0, 10]), false)),
    ("full_path", (parts([225, 225, 225, 225, 100]), false)),
    // Adobe's: most to the last, and its mirror image.
    ("j_shape", (parts([20, 0, 0, 60, 20]), false)),
    ("inverse_j", (parts([60, 0, 0, 20, 20]), false)),
    // Marketo's: the first touch and the one that made the lead.
    ("marketo_u", (parts([50, 50, 0, 0, 0]), false)),
    // HubSpot's, under their names.
    ("hubspot_w", (parts([30, 30, 30, 0, 10]), false)),
    (
        "hubspot_full_path",
        (parts([225, 225, 225, 225, 100]), false),
    ),
];

const fn parts([first, lead_creation, deal_creation, last, rest]: [u32; 5]) -> Weighing {
    Weighing::Milestones(Shares {
        first,
        lead_creation,
        deal_creation,
        last,
        rest,
    })
}

/// Reads a tenant's models.
pub fn read(tenant: &Section<'_>, mistakes: &Mistakes) -> Vec<Model> {
    let mut models: Vec<Model> = Vec::new();
    let items = tenant.list("models");
    for item in &items {
        let Some(model) = one(item, mistakes) else {
            continue;
        };
        if models.iter().any(|other| other.name == model.name) {
            tenant.wrong(item, &format!("a second model `{}`", model.name));
        }
        models.push(model);
    }
    if items.is_empty()
        && let Some(item) = tenant.get("models")
    {
        tenant.wrong(&item, "at least one model is needed");
    }
    models
}

fn one(item: &Item<'_>, mistakes: &Mistakes) -> Option<Model> {
    let section = Section::new(item, mistakes);
    let name = section.parse("name", |text| match not_empty(text)? {
        name if name.len() > 128 => Err("has more than 128 bytes".to_owned()),
        name => Ok(name),
    });
    let direct = section.get("direct").and_then(|item| {
        section.parse_item(&item, |text| {
            one_of(text, &[("counts", true), ("ignored", false)])
        })
    });
    let weights = section.get("weights");
    let half_life = section.get("half_life_days");
    let preset = section.get("preset");
    let (weighing, preset_direct) = match (weights, half_life, preset) {
        (Some(item), None, None) => (shares(&item, mistakes)?, false),
        (None, Some(item), None) => (half_life_of(&section, &item)?, false),
        (None, None, Some(item)) => section.parse_item(&item, |text| one_of(text, PRESETS))?,
        _ => {
            section.wrong(
                item,
                "needs exactly one of weights, half_life_days and preset",
            );
            return None;
        }
    };
    Some(Model {
        name: name?.into(),
        direct_counts: direct.unwrap_or(preset_direct),
        weighing,
    })
}

fn half_life_of(section: &Section<'_>, item: &Item<'_>) -> Option<Weighing> {
    let thousandths = section.parse_item(item, |text| {
        decimal(text)
            .filter(|days| (1..=36_500_000).contains(days))
            .ok_or_else(|| format!("`{text}` is not a number of days from 0.001 to 36500"))
    })?;
    let half_life_ms = thousandths * (DAY_MS / 10_u64.pow(DECIMALS));
    Some(Weighing::TimeDecay { half_life_ms })
}

fn shares(item: &Item<'_>, mistakes: &Mistakes) -> Option<Weighing> {
    let section = Section::new(item, mistakes);
    let part = |key| {
        let Some(item) = section.get(key) else {
            return Some(0);
        };
        section.parse_item(&item, |text| {
            decimal(text)
                .and_then(|thousandths| u32::try_from(thousandths).ok())
                .filter(|thousandths| *thousandths <= MAX_PART * 10_u32.pow(DECIMALS))
                .ok_or_else(|| {
                    format!(
                        "`{text}` is not a number from 0 to {MAX_PART} with at most {DECIMALS} decimals"
                    )
                })
        })
    };
    let all = ["first", "lead_creation", "deal_creation", "last", "rest"].map(part);
    let [first, lead_creation, deal_creation, last, rest] = all;
    let shares = Shares {
        first: first?,
        lead_creation: lead_creation?,
        deal_creation: deal_creation?,
        last: last?,
        rest: rest?,
    };
    if shares == Shares::default() {
        section.wrong(item, "at least one part must be more than 0");
        return None;
    }
    Some(Weighing::Milestones(shares))
}

/// A decimal number in thousandths; `None` when it is not one, or finer.
fn decimal(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > DECIMALS as usize || !digits(whole) || !digits(fraction)
    {
        return None;
    }
    format!("{whole}{fraction:0<width$}", width = DECIMALS as usize)
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_keep_their_decimals() {
        for (text, thousandths) in [
            ("22.5", Some(22_500)),
            ("1", Some(1000)),
            ("0.001", Some(1)),
            ("7.", Some(7000)),
            ("0.0001", None),
            (".5", None),
            ("-1", None),
            ("1e3", None),
        ] {
            assert_eq!(decimal(text), thousandths, "{text}");
        }
    }
}
