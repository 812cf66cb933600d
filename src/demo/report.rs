//! The page around the table: what is shown, how the line is doing, whether
//! the books agree.

use super::LOG;
use super::args::{Basis, DemoArgs};
use super::figures::Figures;
use super::format::Signs;
use super::pulse::Beat;
use super::slate::DATABASE;
use super::table::{self, Look, Style};
use crate::config::{Settings, Tenant};

/// Where the demo stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// It runs.
    Running,
    /// Nothing new is sent; what is on its way arrives.
    Ending,
    /// It is over.
    Ended,
}

/// What is said beside the figures.
pub struct Report {
    /// The model that is shown.
    pub model: String,
    /// The basis that is shown.
    pub basis: Basis,
    /// How the line is doing.
    pub beat: Beat,
    /// What is wrong at the moment.
    pub trouble: Option<String>,
    history: u64,
    signs: Signs,
    colours: bool,
    metrics: Option<String>,
}

/// The settings of the generated traffic's tenant.
pub fn tenant(settings: &Settings) -> &Tenant {
    let tenants = &settings.tenants;
    tenants.named.get("default").unwrap_or(&tenants.defaults)
}

impl Report {
    /// A report on a line with these settings.
    pub fn new(settings: &Settings, args: &DemoArgs, model: String, colours: bool) -> Self {
        let listen = settings.telemetry.listen;
        Self {
            model,
            basis: args.basis,
            beat: Beat::default(),
            trouble: None,
            history: args.history,
            signs: Signs::new(tenant(settings).currency.code(), speaks_unicode()),
            colours,
            metrics: listen.map(|address| format!("http://{address}/metrics")),
        }
    }

    /// All of it, on so many lines, a table of so many columns in it.
    pub fn page(
        &self,
        figures: &Figures,
        phase: Phase,
        (height, width): (usize, usize),
    ) -> Vec<String> {
        if figures.channels.is_empty() && phase == Phase::Running {
            return vec![self.state(figures, phase), self.dim(&self.hints(phase))];
        }
        let mut below = vec![
            String::new(),
            self.books(figures, phase),
            self.state(figures, phase),
        ];
        below.push(String::new());
        below.push(self.dim(&self.hints(phase)));
        let mut page = vec![self.title(figures), String::new()];
        // Titles, two rules and the total stand around the rows.
        let rows = height.saturating_sub(page.len() + below.len() + 4).max(2);
        let legend: Vec<_> = table::legend(self.colours).collect();
        let explained = rows > figures.channels.len() + legend.len();
        let style = Style {
            signs: self.signs.clone(),
            colours: self.colours,
            rows,
            width,
        };
        page.extend(table::lines(figures, &style));
        if explained {
            page.push(String::new());
            page.extend(legend);
        }
        page.extend(below);
        page
    }

    /// One line for those who see no table yet.
    pub fn news(&self, figures: &Figures) -> String {
        let deals = self.signs.whole(figures.won_deals as i64);
        let revenue = self.signs.exact(figures.crm_revenue);
        let dot = self.signs.dot;
        let state = self.state(figures, Phase::Running);
        format!("{state} {dot} {deals} deals won, revenue {revenue}")
    }

    fn title(&self, figures: &Figures) -> String {
        let dot = self.signs.dot;
        let moment = match self.basis {
            Basis::Conversion => "by date of the deal",
            Basis::Touch => "by date of the touch",
        };
        let days = figures.days.map_or(String::new(), |(first, last)| {
            let (first, last) = (first.format("%-d %b"), last.format("%-d %b %Y"));
            format!(" {dot} {first} to {last}")
        });
        let name = Look::Bold.paint("Throughline", self.colours);
        let model = Look::Bold.paint(&self.model, self.colours);
        let currency = &self.signs.currency;
        format!("{name} {dot} model {model}, {moment}{days} {dot} in {currency}")
    }

    /// Whether every unit of the CRM's revenue stands in the table.
    fn books(&self, figures: &Figures, phase: Phase) -> String {
        let crm = self.signs.exact(figures.crm_revenue);
        let deals = self.signs.whole(figures.won_deals as i64);
        match figures.difference() {
            0 => {
                let word = Look::Good.paint("reconciled", self.colours);
                format!("{word}: revenue of the channels = revenue of {deals} won deals = {crm}")
            }
            // Tables are written one after another, and read so.
            difference => {
                let look = if phase == Phase::Ended {
                    Look::Bad
                } else {
                    Look::Plain
                };
                let word = look.paint("settling", self.colours);
                let difference = self.signs.exact(difference.abs());
                format!("{word}: {difference} of {crm} ({deals} won deals) on the way")
            }
        }
    }

    fn state(&self, figures: &Figures, phase: Phase) -> String {
        if let Some(trouble) = &self.trouble {
            return Look::Bad.paint(trouble, self.colours);
        }
        let whole = |number: u64| self.signs.whole(number as i64);
        let (read, waiting) = (whole(self.beat.records), whole(self.beat.waiting));
        let rate = format!("{}/s", whole(self.beat.rate.round() as u64));
        let mut parts = match phase {
            Phase::Running if self.beat.records < self.history => {
                let history = whole(self.history);
                vec![format!("reading history: {read} of {history} events"), rate]
            }
            Phase::Running => {
                let youngest = figures.youngest.map(ago);
                let mut parts = vec![format!("live: {read} events"), rate];
                parts.extend(youngest.map(|age| format!("youngest touch {age} ago")));
                parts.push(format!("{waiting} waiting"));
                parts
            }
            Phase::Ending => vec![format!("ending: {waiting} records are on their way")],
            Phase::Ended if self.beat.waiting > 0 => {
                vec![format!("{read} events, {waiting} records not arrived")]
            }
            Phase::Ended => vec![format!("{read} events")],
        };
        parts.push(format!("{} rejected", whole(figures.rejected)));
        parts.join(&format!(" {} ", self.signs.dot))
    }

    fn hints(&self, phase: Phase) -> String {
        let dot = self.signs.dot;
        if phase == Phase::Ended {
            return format!("kept until the next demo: database {DATABASE} {dot} log: {LOG}");
        }
        let metrics = self.metrics.as_ref();
        let metrics = metrics.map_or(String::new(), |url| format!(" {dot} metrics: {url}"));
        let end = if phase == Phase::Ending {
            "Ctrl-C again ends at once"
        } else {
            "Ctrl-C ends"
        };
        format!("{end} {dot} log: {LOG}{metrics}")
    }

    fn dim(&self, text: &str) -> String {
        Look::Dim.paint(text, self.colours)
    }
}

/// A time in milliseconds, in words.
fn ago(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    match seconds {
        0..10 => format!("{}.{} s", seconds, millis.max(0) % 1000 / 100),
        10..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Whether the environment says that text is in UTF-8.
fn speaks_unicode() -> bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    let mut values = names.iter().filter_map(|name| std::env::var(name).ok());
    values.find(|value| !value.is_empty()).is_some_and(|value| {
        let value = value.to_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::figures::Channel;

    const LARGE: (usize, usize) = (usize::MAX, 100);

    fn report() -> Report {
        Report {
            model: "linear".to_owned(),
            basis: Basis::Conversion,
            beat: Beat {
                records: 61_234,
                rate: 99.6,
                waiting: 0,
            },
            trouble: None,
            history: 60_000,
            signs: Signs::new("RUB", false),
            colours: false,
            metrics: Some("http://127.0.0.1:9464/metrics".to_owned()),
        }
    }

    fn figures() -> Figures {
        let channel = |name: &str, revenue: i64| Channel {
            name: name.to_owned(),
            revenue,
            conversions_ppm: 1_000_000,
            ..Channel::default()
        };
        Figures {
            channels: vec![
                channel("Direct", 15_000_000),
                channel("Email", 10_000_100),
                channel("Calls", 5_000_000),
            ],
            days: chrono::NaiveDate::from_ymd_opt(2026, 3, 1)
                .zip(chrono::NaiveDate::from_ymd_opt(2026, 3, 31)),
            crm_revenue: 30_000_100,
            won_deals: 3,
            credited_revenue: 30_000_100,
            youngest: Some(1240),
            rejected: 17,
        }
    }

    #[test]
    fn the_page_says_what_is_shown_and_how_the_line_is_doing() {
        let page = report().page(&figures(), Phase::Running, LARGE);
        assert_eq!(
            page[0],
            "Throughline | model linear, by date of the deal | 1 Mar to 31 Mar 2026 | in RUB"
        );
        let text = page.join("\n");
        assert!(
            text.contains("= revenue of 3 won deals = 3 000.01 RUB"),
            "{text}"
        );
        assert!(
            text.contains(
                "live: 61 234 events | 100/s | youngest touch 1.2 s ago | 0 waiting | 17 rejected"
            ),
            "{text}"
        );
        assert!(text.ends_with("metrics: http://127.0.0.1:9464/metrics"));
    }

    #[test]
    fn a_difference_is_shown_to_the_hundredth() {
        let mut figures = figures();
        figures.crm_revenue += 100;
        let page = report().page(&figures, Phase::Ended, LARGE).join("\n");
        assert!(
            page.contains("settling: 0.01 RUB of 3 000.02 RUB (3 won deals)"),
            "{page}"
        );
        figures.crm_revenue -= 100;
        figures.credited_revenue -= 1;
        assert_eq!(figures.difference(), 1);
    }

    #[test]
    fn a_low_terminal_is_not_exceeded() {
        for height in [14, 18, 24, 100] {
            let page = report().page(&figures(), Phase::Running, (height, 100));
            assert!(page.len() <= height, "{height}: {}", page.len());
        }
    }

    #[test]
    fn times_read_well() {
        for (millis, text) in [
            (-5, "0.0 s"),
            (1240, "1.2 s"),
            (61_000, "61 s"),
            (600_000, "10 min"),
            (10_000_000, "2 h"),
            (864_000_000, "10 days"),
        ] {
            assert_eq!(ago(millis), text);
        }
    }
}
