//! `throughline dead-letters replay`: the records to their topics again.
//!
//! Key, value and headers go to the partition they came from as they were,
//! with one header more. Since an event that arrives again changes nothing, a
//! replay may be repeated and interrupted at will: what is not marked as sent
//! again yet, a page of letters at most, is sent once more by the next one.

use std::collections::BTreeMap;
use std::io::{BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Context as _, bail};
use throughline_sink::letters::{Filter, Letter, Letters, PAGE_LETTERS, Run};

use super::args::ReplayArgs;
use super::list::nothing;
use super::text::escaped;
use super::{connect, moment, remedy};
use crate::config::Settings;
use sender::{Sender, would_send};

mod sender;

/// Sends letters again.
pub fn execute(settings: &Settings, args: &ReplayArgs) -> anyhow::Result<()> {
    let clickhouse = connect(settings)?;
    let letters = Letters::of(&clickhouse).map_err(remedy)?;
    let plan = Plan::new(settings, letters, args)?;
    if plan.is_empty() {
        let totals = letters.totals().map_err(remedy)?;
        eprintln!("{}", nothing(totals, !args.again));
        return Ok(());
    }
    let limit = args.limit.unwrap_or(u64::MAX);
    if args.dry_run {
        let mut out = std::io::stdout().lock();
        let sent = plan.each_page(letters, limit, |_, page| {
            for letter in page {
                writeln!(out, "{}", would_send(letter)).context("cannot write the list")?;
            }
            Ok(())
        })?;
        eprintln!(
            "nothing was sent; without --dry-run it would be {}",
            records(sent)
        );
        return Ok(());
    }
    let count = plan.letters().min(limit);
    if !args.yes && !confirmed(&plan, count)? {
        eprintln!("nothing was sent");
        return Ok(());
    }
    let mut sender = Sender::new(settings, count)?;
    plan.each_page(letters, limit, |run, page| {
        let sent = sender.send(page)?;
        if sent.is_empty() {
            return Ok(());
        }
        letters.mark_replayed(run, sent).map_err(|error| {
            remedy(error).context(
                "records were sent again, but could not be marked so; sending them once more \
                 changes no figure",
            )
        })
    })?;
    sender.finish()
}

/// What is to be sent: the letters that were there when it was made.
struct Plan {
    runs: Vec<(Filter, Run)>,
}

impl Plan {
    fn new(settings: &Settings, letters: Letters<'_>, args: &ReplayArgs) -> anyhow::Result<Self> {
        let topics = &settings.kafka.topics;
        let mut runs = Vec::new();
        for filter in args.filters_at(moment::now()?) {
            let found = letters.runs(&filter).map_err(remedy)?;
            if found.is_empty()
                && let Some(place) = &filter.place
            {
                if letters.at(place).map_err(remedy)?.is_none() {
                    bail!(
                        "there is no dead letter {place}: `throughline dead-letters list` names \
                         those there are"
                    );
                }
                eprintln!("{place} was sent again before; --again sends it once more");
            }
            for run in found {
                // Whoever wrote to the topic of dead letters himself must not be answered there.
                if topics.raw.iter().any(|(_, name)| *name == run.topic) {
                    runs.push((filter.clone(), run));
                } else {
                    eprintln!(
                        "{} of {} stay where they are: that is no topic that ingest reads",
                        records(run.letters),
                        escaped(&run.topic)
                    );
                }
            }
        }
        Ok(Self { runs })
    }

    fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    fn letters(&self) -> u64 {
        self.runs.iter().map(|(_, run)| run.letters).sum()
    }

    /// How many letters there are of each topic.
    fn topics(&self) -> BTreeMap<&str, u64> {
        let mut topics = BTreeMap::new();
        for (_, run) in &self.runs {
            *topics.entry(run.topic.as_str()).or_default() += run.letters;
        }
        topics
    }

    /// Gives the letters page by page, at most so many; how many they were.
    fn each_page(
        &self,
        letters: Letters<'_>,
        limit: u64,
        mut each: impl FnMut(&Run, &[Letter]) -> anyhow::Result<()>,
    ) -> anyhow::Result<u64> {
        let mut given = 0;
        for (filter, run) in &self.runs {
            let mut after = -1;
            while given < limit {
                let room = usize::try_from(limit - given).unwrap_or(PAGE_LETTERS);
                let page = letters.page(filter, run, after, room).map_err(remedy)?;
                let Some(last) = page.last() else { break };
                after = last.entry.offset;
                given += page.len() as u64;
                each(run, &page)?;
            }
        }
        Ok(given)
    }
}

/// Asks whoever sits at the terminal.
fn confirmed(plan: &Plan, count: u64) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        bail!(
            "nobody can be asked here whether to send {}: say --yes",
            records(count)
        );
    }
    let topics = plan.topics().into_iter();
    let topics: Vec<_> = topics
        .map(|(topic, letters)| format!("{topic} {letters}"))
        .collect();
    let of = if count < plan.letters() { " of" } else { ":" };
    eprint!(
        "Send {} again{of} {}? [y/N] ",
        records(count),
        topics.join(", ")
    );
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn records(count: u64) -> String {
    match count {
        1 => "1 record".to_owned(),
        count => format!("{count} records"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for (answer, yes) in [
            ("y\n", true),
            ("YES\r\n", true),
            ("", false),
            ("\n", false),
            ("ye", false),
        ] {
            assert_eq!(is_yes(answer), yes, "{answer:?}");
        }
    }
}
