//! What advertising costs, as the ad platforms report it: by hour or by day,
//! per campaign, and once more some days later, when clicks were found invalid.

use std::collections::{BTreeMap, VecDeque};

use throughline_proto::topics::RawTopic;

use super::line::{Kopecks, Line};
use super::market::{Reporting, SOURCES, campaign_name};
use super::simulation::Simulation;
use super::time::{At, DAY, HOUR, MINUTE, date};

/// After so long a day is restated.
const RESTATED_AFTER: i64 = 3 * DAY;

/// What was spent and not reported for good.
#[derive(Clone, Debug)]
pub struct Ledger {
    hour: i64,
    day: i64,
    cells: BTreeMap<(usize, u32), Cell>,
    restatements: VecDeque<(At, Row)>,
}

/// One campaign's figures in the current hour or day.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    clicks: i64,
    impressions: i64,
    spend: Kopecks,
    /// What of the spend is reported.
    reported: Kopecks,
    /// Whether it changed since it was reported.
    changed: bool,
}

/// A row of a report.
#[derive(Clone, Copy, Debug)]
struct Row {
    source: usize,
    campaign: u32,
    day: i64,
    hour: Option<i64>,
    clicks: i64,
    impressions: i64,
    spend: Kopecks,
}

/// What one contact or mail costs.
#[derive(Clone, Copy, Debug)]
pub struct Charge {
    /// How often it was shown.
    pub impressions: i64,
    /// How often it was clicked.
    pub clicks: i64,
    /// What it costs.
    pub spend: Kopecks,
}

impl Ledger {
    /// An empty one.
    pub fn new(from: At) -> Self {
        Self {
            hour: from.hour(),
            day: from.day(),
            cells: BTreeMap::new(),
            restatements: VecDeque::new(),
        }
    }

    /// Adds to the current figures of a campaign.
    pub fn charge(&mut self, source: usize, campaign: u32, charge: Charge) {
        if SOURCES[source].reporting == Reporting::None {
            return;
        }
        let cell = self.cells.entry((source, campaign)).or_default();
        cell.clicks += charge.clicks;
        cell.impressions += charge.impressions;
        cell.spend.0 += charge.spend.0;
        cell.changed = true;
    }
}

impl Simulation {
    /// A click on an advertisement.
    pub(super) fn charge_click(&mut self, source: usize, campaign: u32) {
        let market = &SOURCES[source];
        if market.click_cost <= 0.0 {
            return;
        }
        let seen = self.dice.log_normal(1.0 / market.click_rate, 0.3);
        let cost = self.dice.log_normal(market.click_cost, 0.3);
        let charge = Charge {
            impressions: (seen as i64).max(1),
            clicks: 1,
            spend: Kopecks::from_roubles(cost),
        };
        self.ledger.charge(source, campaign, charge);
    }

    /// Reports what is due at the turn of an hour, and live whatever changed.
    pub(super) fn report(&mut self, at: At) {
        let (hour_ends, day_ends) = (at.hour() > self.ledger.hour, at.day() > self.ledger.day);
        let live = !self.tempo.seasonal;
        let (mut rows, mut closed) = (Vec::new(), Vec::new());
        for (&(source, campaign), cell) in &mut self.ledger.cells {
            let hourly = SOURCES[source].reporting == Reporting::Hourly;
            let ends = if hourly { hour_ends } else { day_ends };
            if !(ends || live && cell.changed) {
                continue;
            }
            let row = Row {
                source,
                campaign,
                day: self.ledger.day,
                hour: hourly.then(|| self.ledger.hour.rem_euclid(24)),
                clicks: cell.clicks,
                impressions: cell.impressions,
                spend: cell.spend,
            };
            self.truth
                .spend(source, Kopecks(cell.spend.0 - cell.reported.0));
            cell.reported = cell.spend;
            cell.changed = false;
            rows.push(row);
            if ends {
                closed.push((source, campaign));
                if !hourly {
                    let due = at + RESTATED_AFTER;
                    self.ledger.restatements.push_back((due, row));
                }
            }
        }
        for key in closed {
            self.ledger.cells.remove(&key);
        }
        (self.ledger.hour, self.ledger.day) = (at.hour(), at.day());
        self.send_rows(at, &rows);
        self.restate(at);
    }

    fn restate(&mut self, at: At) {
        let mut rows = Vec::new();
        while let Some((_, row)) = self.ledger.restatements.pop_front_if(|(due, _)| *due <= at) {
            let kept = self.dice.between(0.94, 1.01);
            let spend = row.spend.share(kept);
            self.truth.spend(row.source, Kopecks(spend.0 - row.spend.0));
            rows.push(Row {
                clicks: (row.clicks as f64 * kept.min(1.0)) as i64,
                spend,
                ..row
            });
        }
        self.send_rows(at, &rows);
    }

    fn send_rows(&mut self, at: At, rows: &[Row]) {
        let mut together = Vec::new();
        for row in rows {
            let reporting = SOURCES[row.source].reporting;
            let at = self.report_time(reporting, at);
            let line = self.row_line(row, at);
            if reporting == Reporting::Together {
                together.push((at, line.finish()));
            } else {
                self.send(RawTopic::Costs, at, line);
            }
        }
        let Some(at) = together.iter().map(|(at, _)| *at).max() else {
            return;
        };
        let events = together.len() as u32;
        let lines: Vec<_> = together.into_iter().map(|(_, line)| line).collect();
        let record = format!("[{}]", lines.join(","));
        self.send_many(RawTopic::Costs, at, record, events);
    }

    /// When a platform has its figures ready.
    fn report_time(&mut self, reporting: Reporting, at: At) -> At {
        if !self.tempo.seasonal {
            return at;
        }
        at + match reporting {
            Reporting::Hourly => self.dice.whole(4 * MINUTE, 15 * MINUTE),
            _ => self.dice.whole(2 * HOUR, 5 * HOUR),
        }
    }

    fn row_line(&mut self, row: &Row, at: At) -> Line {
        let source = &SOURCES[row.source];
        let line = self
            .event(RawTopic::Costs, at)
            .text("date", &date(row.day))
            .text("source", source.name)
            .text("medium", source.medium);
        let campaign = campaign_name(row.source, row.campaign);
        let line = match row.hour {
            Some(hour) => line.whole("hour", hour),
            None => line,
        };
        line.text_if(
            "campaign",
            Some(campaign.as_str()).filter(|name| !name.is_empty()),
        )
        .money("cost", row.spend)
        .text("currency", "RUB")
        .whole("impressions", row.impressions)
        .whole("clicks", row.clicks)
    }
}
