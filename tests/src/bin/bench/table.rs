//! The table of results.

use std::fmt;

use crate::figures::{Figure, Goal};
use crate::machine;
use crate::options::Options;

/// A figure as it was measured.
pub struct Row {
    /// What was measured.
    pub figure: &'static Figure,
    /// What came out, round by round.
    pub values: Vec<f64>,
}

impl Row {
    /// The middle one of the rounds.
    pub fn median(&self) -> f64 {
        median(&self.values)
    }
}

/// The middle one, or the mean of the two in the middle.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        f64::midpoint(values[middle - 1], values[middle])
    } else {
        values[middle]
    }
}

/// All results.
pub struct Table {
    versions: String,
    machine: String,
    command: String,
    rows: Vec<Row>,
}

impl Table {
    /// Without results; says where and of what they will be.
    pub fn new(options: &Options) -> Self {
        Self {
            versions: machine::versions(),
            machine: machine::description(),
            command: options.command(),
            rows: Vec::new(),
        }
    }

    /// Adds results, and shows them.
    pub fn add(&mut self, rows: Vec<Row>) {
        for row in &rows {
            let (figure, median) = (row.figure, row.median());
            eprintln!(
                "  {}: {median:.*} {}",
                figure.what, figure.decimals, figure.unit
            );
        }
        self.rows.extend(rows);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}\n", self.versions, self.machine, self.command)?;
        let what = self.rows.iter().map(|row| row.figure.what.len());
        let unit = self.rows.iter().map(|row| row.figure.unit.len());
        let (what, unit) = (what.max().unwrap_or(0), unit.max().unwrap_or(0));
        writeln!(
            f,
            "{:what$}  {:>9}  {:>9}  {:>9}  {:unit$}  {:>11}  {:7}  best peer",
            "figure", "median", "lowest", "highest", "unit", "goal", "reached"
        )?;
        for Row { figure, values } in &self.rows {
            let decimals = figure.decimals;
            let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
            let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let median = median(values);
            let (goal, reached) = match figure.goal {
                Goal::None => (String::new(), ""),
                Goal::AtMost(most) => (format!("≤ {most}"), yes(median <= most)),
                Goal::AtLeast(least) => (format!("≥ {least}"), yes(median >= least)),
            };
            let line = format!(
                "{:what$}  {median:>9.decimals$}  {lowest:>9.decimals$}  {highest:>9.decimals$}  {:unit$}  \
                 {goal:>11}  {reached:7}  {}",
                figure.what, figure.unit, figure.peer
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        writeln!(
            f,
            "\nPeers were measured elsewhere, on such a machine, with the same kind of load."
        )?;
        for figure in self.rows.iter().map(|row| row.figure) {
            if !figure.how.is_empty() {
                writeln!(f, "\n{}: {}", figure.what, figure.how)?;
            }
        }
        Ok(())
    }
}

const fn yes(reached: bool) -> &'static str {
    if reached { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(
            median(&[3.0, 1.0, 2.0]).total_cmp(&2.0),
            std::cmp::Ordering::Equal
        );
        assert_eq!(
            median(&[4.0, 1.0, 2.0, 3.0]).total_cmp(&2.5),
            std::cmp::Ordering::Equal
        );
    }
}
