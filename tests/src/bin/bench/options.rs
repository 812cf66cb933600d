//! What is asked for, by the environment.

use std::path::PathBuf;

use throughline_tests::live::services::root;

/// What is measured, and on how much.
pub struct Options {
    /// The names of the measurements.
    pub chosen: Vec<String>,
    /// Events of a load.
    pub events: u64,
    /// How often a measurement is repeated.
    pub rounds: usize,
    /// Events of the largest load.
    pub scale: u64,
    /// Events that the dashboard is asked about.
    pub history: u64,
    /// What the results are called.
    pub name: String,
}

impl Options {
    /// What the environment says, or what is usual; `known` are the measurements.
    pub fn from_environment(known: &[&str]) -> Result<Self, String> {
        let chosen = match variable("BENCH") {
            None => known.iter().map(|name| (*name).to_owned()).collect(),
            Some(names) => names.split(',').map(str::to_owned).collect::<Vec<_>>(),
        };
        if let Some(unknown) = chosen.iter().find(|name| !known.contains(&name.as_str())) {
            let known = known.join(", ");
            return Err(format!(
                "BENCH names {unknown:?}; what can be measured is {known}"
            ));
        }
        let name = variable("NAME");
        Ok(Self {
            chosen,
            events: number("EVENTS", 1_000_000)?,
            rounds: number("ROUNDS", 3)? as usize,
            scale: number("SCALE", 30_000_000)?,
            history: number("HISTORY", 10_000_000)?,
            name: name.unwrap_or_else(|| chrono::Utc::now().format("%Y-%m-%dT%H%M").to_string()),
        })
    }

    /// The command that asks for the same, but for the name.
    pub fn command(&self) -> String {
        format!(
            "make bench BENCH={} EVENTS={} SCALE={} HISTORY={} ROUNDS={}",
            self.chosen.join(","),
            self.events,
            self.scale,
            self.history,
            self.rounds
        )
    }

    /// Where the results go.
    pub fn file(&self) -> PathBuf {
        root().join(format!("bench/results/{}.txt", self.name))
    }
}

/// What the environment says, unless it is nothing.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn number(name: &str, usual: u64) -> Result<u64, String> {
    let Some(text) = variable(name) else {
        return Ok(usual);
    };
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("{name} is {text:?}; it must be a whole number above 0"))
}
