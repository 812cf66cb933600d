//! The table: lines of text from figures.

use super::figures::{Channel, Figures};
use super::format::Signs;

/// How a piece of text looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// As text does.
    Plain,
    /// Important.
    Bold,
    /// Less important.
    Dim,
    /// Welcome.
    Good,
    /// Unwelcome.
    Bad,
}

impl Look {
    /// The terminal's code for it.
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Bad => "31",
        }
    }

    /// The text in this look, or as it is without colours.
    pub fn paint(self, text: &str, colours: bool) -> String {
        if colours && self != Self::Plain {
            format!("\x1b[{}m{text}\x1b[0m", self.code())
        } else {
            text.to_owned()
        }
    }
}

/// The columns. "Leads" are forms and calls.
const TITLES: [&str; 10] = [
    "Channel", "Spend", "Visits", "Leads", "Deals", "Revenue", "Profit", "ROAS", "ROI", "CAC",
];
/// The one with a colour.
const ROI: usize = 8;
/// What the columns mean that a reader could take for something else.
const LEGEND: [&str; 3] = [
    "Leads: forms and inbound calls. Deals: won ones, shared among the channels.",
    "Profit: revenue less the cost of goods. ROAS = revenue / spend.",
    "ROI = (profit - spend) / spend. CAC = spend / deal.",
];
/// The columns that a narrow terminal does without, first those that others tell too.
const DISPENSABLE: [usize; 5] = [7, 6, 2, 3, 9];

/// How the table is drawn.
#[derive(Clone, Debug)]
pub struct Style {
    /// The signs of numbers.
    pub signs: Signs,
    /// Whether there are colours.
    pub colours: bool,
    /// How many channels are shown; the rest is summed up.
    pub rows: usize,
    /// How wide it may be.
    pub width: usize,
}

/// The cells of a line.
type Cells = [String; TITLES.len()];

/// The lines of the table.
pub fn lines(figures: &Figures, style: &Style) -> Vec<String> {
    let signs = &style.signs;
    let shown = if figures.channels.len() > style.rows {
        style.rows.saturating_sub(1)
    } else {
        figures.channels.len()
    };
    let (shown, hidden) = figures.channels.split_at(shown);
    let mut rows: Vec<_> = shown.iter().map(|channel| row(channel, signs)).collect();
    if !hidden.is_empty() {
        let mut rest = Channel::default();
        for channel in hidden {
            rest.add(channel);
        }
        rest.name = format!("{} more", hidden.len());
        rows.push(row(&rest, signs));
    }
    let mut total = figures.total();
    "Total".clone_into(&mut total.name);
    let total = row(&total, signs);
    let titles = TITLES.map(str::to_owned);
    let all: Vec<_> = rows.iter().chain([&titles, &total]).collect();
    let layout = Layout::new(&all, style.width);
    let rule = signs.rule.to_string().repeat(layout.width());
    let rule = Look::Dim.paint(&rule, style.colours);
    let mut lines = vec![layout.draw(&titles, Look::Dim, style), rule.clone()];
    lines.extend(rows.iter().map(|row| layout.draw(row, Look::Plain, style)));
    lines.push(rule);
    lines.push(layout.draw(&total, Look::Bold, style));
    lines
}

/// Which columns there are, and how wide.
struct Layout {
    columns: Vec<(usize, usize)>,
    gap: usize,
}

impl Layout {
    /// A layout for these lines that is as wide as allowed, if possible.
    fn new(lines: &[&Cells], allowed: usize) -> Self {
        let width = |column: usize| {
            let cells = lines.iter().map(|cells| cells[column].chars().count());
            cells.max().unwrap_or_default()
        };
        let columns = (0..TITLES.len()).map(|column| (column, width(column)));
        let mut layout = Self {
            columns: columns.collect(),
            gap: 2,
        };
        if layout.width() > allowed {
            layout.gap = 1;
        }
        for without in DISPENSABLE {
            if layout.width() <= allowed {
                break;
            }
            layout.columns.retain(|(column, _)| *column != without);
        }
        layout
    }

    fn width(&self) -> usize {
        let text: usize = self.columns.iter().map(|(_, width)| width).sum();
        text + self.gap * (self.columns.len() - 1)
    }

    fn draw(&self, cells: &Cells, look: Look, style: &Style) -> String {
        let cells = self.columns.iter().map(|&(column, width)| {
            let cell = &cells[column];
            let padding = " ".repeat(width - cell.chars().count());
            let look = match verdict(cell, &style.signs) {
                Some(verdict) if column == ROI => verdict,
                _ => look,
            };
            let cell = look.paint(cell, style.colours);
            if column == 0 {
                format!("{cell}{padding}")
            } else {
                format!("{padding}{cell}")
            }
        });
        cells.collect::<Vec<_>>().join(&" ".repeat(self.gap))
    }
}

/// The legend below it.
pub fn legend(colours: bool) -> impl Iterator<Item = String> {
    LEGEND
        .iter()
        .map(move |line| Look::Dim.paint(line, colours))
}

/// What a return on investment looks like.
fn verdict(cell: &str, signs: &Signs) -> Option<Look> {
    if !cell.ends_with('%') {
        None
    } else if cell.starts_with(signs.minus) {
        Some(Look::Bad)
    } else {
        Some(Look::Good)
    }
}

fn row(channel: &Channel, signs: &Signs) -> Cells {
    let spend = channel.spend;
    [
        channel.name.clone(),
        if spend == 0 {
            signs.none.to_owned()
        } else {
            signs.money(spend)
        },
        signs.whole(channel.visits),
        signs.whole(channel.leads),
        signs.millionths(channel.conversions_ppm),
        signs.money(channel.revenue),
        signs.money(channel.profit),
        signs.quotient(channel.revenue, spend),
        signs.percent(channel.profit - spend, spend),
        if spend == 0 {
            signs.none.to_owned()
        } else {
            signs.per_deal(spend, channel.conversions_ppm)
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(name: &str, spend: i64, revenue: i64) -> Channel {
        Channel {
            name: name.to_owned(),
            spend: spend * 10_000,
            visits: 1234,
            leads: 56,
            conversions_ppm: 12_500_000,
            revenue: revenue * 10_000,
            profit: revenue * 4_000,
        }
    }

    fn figures() -> Figures {
        Figures {
            channels: vec![
                channel("Paid Search", 1_250_000, 4_560_789),
                channel("Paid Video", 500_000, 250_000),
                channel("Direct", 0, 90_000),
            ],
            ..Figures::default()
        }
    }

    fn style(rows: usize) -> Style {
        Style {
            signs: Signs::new("RUB", false),
            colours: false,
            rows,
            width: 100,
        }
    }

    #[test]
    fn columns_are_aligned_and_summed() {
        let lines = lines(&figures(), &style(10));
        let expected = [
            "Channel          Spend  Visits  Leads  Deals    Revenue     Profit  ROAS   ROI      CAC",
            "---------------------------------------------------------------------------------------",
            "Paid Search  1 250 000   1 234     56   12.5  4 560 789  1 824 316  3.65   46%  100 000",
            "Paid Video     500 000   1 234     56   12.5    250 000    100 000  0.50  -80%   40 000",
            "Direct               -   1 234     56   12.5     90 000     36 000     -     -        -",
            "---------------------------------------------------------------------------------------",
            "Total        1 750 000   3 702    168   37.5  4 900 789  1 960 316  2.80   12%   46 667",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_has_no_room_is_summed_up() {
        let lines = lines(&figures(), &style(2));
        assert_eq!(lines.len(), 6);
        assert!(lines[3].starts_with("2 more         500 000   2 468 "));
        let none = super::lines(&Figures::default(), &style(2));
        assert!(none[2].starts_with("---") && none[3].starts_with("Total"));
    }

    #[test]
    fn the_width_is_kept() {
        let mut figures = figures();
        let large = channel("Organic Shopping", 98_765_432, 987_654_321);
        figures.channels.push(large);
        for width in [100, 80, 60] {
            let mut style = style(10);
            style.width = width;
            let lines = lines(&figures, &style);
            let longest = lines.iter().map(|line| line.chars().count()).max();
            assert!(longest <= Some(width), "{longest:?} > {width}");
            assert!(lines[0].contains("ROI"));
        }
    }

    #[test]
    fn colours_tell_gain_from_loss_and_change_nothing_else() {
        let plain = style(10);
        let coloured = Style {
            colours: true,
            ..plain.clone()
        };
        let coloured = lines(&figures(), &coloured);
        assert!(coloured[2].contains("\x1b[32m46%\x1b[0m"));
        assert!(coloured[3].contains("\x1b[31m-80%\x1b[0m"));
        assert!(!lines(&figures(), &plain).concat().contains('\x1b'));
    }
}
