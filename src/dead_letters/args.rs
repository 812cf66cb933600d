//! The options of `throughline dead-letters`.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use throughline_ingest::Reason;
use throughline_sink::letters::{Filter, Place};

use super::moment::Moment;
use crate::attribute::Format;

/// What the commands end with.
pub const STATUSES: &str = "\
Exit status: 0 when it is done, also when there are no letters; 1 when it is not (ClickHouse or
Kafka does not answer, there is no such letter, letters could not be sent; the message says which
and what to do); 2 when the command line or the configuration is wrong.";

/// What to do about rejected records.
#[derive(Subcommand, Debug)]
pub enum DeadLettersCommand {
    /// List them, newest first; those that were sent again are left out
    #[command(after_help = STATUSES)]
    List(ListArgs),
    /// Print everything about one
    #[command(after_help = STATUSES)]
    Show(ShowArgs),
    /// Send their records to their topics again, unchanged but for a header that names the letter
    #[command(after_help = STATUSES)]
    Replay(ReplayArgs),
}

/// Which letters.
#[derive(Args, Clone, Debug, Default)]
#[group(id = "selection", multiple = true)]
pub struct FilterArgs {
    /// Only those of this reason; may be given several times
    #[arg(long, value_name = "REASON", value_delimiter = ',',
          value_parser = reasons())]
    pub reason: Vec<String>,
    /// Only those of this topic, by its name in Kafka; may be given several times
    #[arg(long, value_name = "TOPIC", value_delimiter = ',')]
    pub topic: Vec<String>,
    /// Only those rejected since then: 2026-01-31T12:00:00Z, or an age such as 2h (s, m, h, d, w)
    #[arg(long, value_name = "TIME")]
    pub since: Option<Moment>,
    /// Only those rejected before then, given likewise
    #[arg(long, value_name = "TIME")]
    pub until: Option<Moment>,
}

/// What to list.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Which letters.
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Also those that were sent again
    #[arg(long)]
    pub replayed: bool,
    /// How many lines at most
    #[arg(long, value_name = "N", default_value_t = 50,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    /// How to print them
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    /// Print how many there are of each topic and reason instead
    #[arg(long)]
    pub count: bool,
}

/// What to show.
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// The letter, by the place of its record
    #[arg(value_name = "TOPIC/PARTITION/OFFSET")]
    pub place: Place,
    /// Print the bytes of the value and nothing else
    #[arg(long)]
    pub raw: bool,
}

/// What to send again.
#[derive(Args, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the flags of a command line"
)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true)
    .args(["reason", "topic", "since", "until", "all", "letters"]))]
pub struct ReplayArgs {
    /// These letters, by the places of their records
    #[arg(value_name = "TOPIC/PARTITION/OFFSET", conflicts_with_all = ["selection", "all"])]
    pub letters: Vec<Place>,
    /// Which letters.
    #[command(flatten)]
    pub filter: FilterArgs,
    /// All of them
    #[arg(long, conflicts_with = "selection")]
    pub all: bool,
    /// Also those that were sent again before
    #[arg(long)]
    pub again: bool,
    /// How many at most, in the order of topics, partitions and offsets
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Print what would be sent, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask; needed where nobody can be asked
    #[arg(long, short)]
    pub yes: bool,
}

fn reasons() -> PossibleValuesParser {
    PossibleValuesParser::new(Reason::ALL.map(Reason::name))
}

impl FilterArgs {
    /// The filter, at this moment in epoch milliseconds.
    pub fn at(&self, now: i64) -> Filter {
        Filter {
            reasons: self.reason.clone(),
            topics: self.topic.clone(),
            since: self.since.map(|since| since.at(now)),
            until: self.until.map(|until| until.at(now)),
            ..Filter::default()
        }
    }
}

impl ListArgs {
    /// The filter, at this moment in epoch milliseconds.
    pub fn filter_at(&self, now: i64) -> Filter {
        Filter {
            open: !self.replayed,
            ..self.filter.at(now)
        }
    }
}

impl ReplayArgs {
    /// The filters, at this moment in epoch milliseconds: one, or one for each
    /// letter that was named.
    pub fn filters_at(&self, now: i64) -> Vec<Filter> {
        let open = !self.again;
        if self.letters.is_empty() {
            let filter = self.filter.at(now);
            return vec![Filter { open, ..filter }];
        }
        let places = self.letters.iter();
        places
            .map(|place| Filter {
                open,
                ..Filter::at(place)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser as _;

    fn parse(line: &str) -> Result<DeadLettersCommand, clap::error::ErrorKind> {
        let words = ["throughline", "dead-letters"].into_iter();
        match Cli::try_parse_from(words.chain(line.split(' '))) {
            Ok(Cli {
                command: Command::DeadLetters(command),
                ..
            }) => Ok(command),
            Ok(other) => panic!("{line}: {other:?}"),
            Err(error) => Err(error.kind()),
        }
    }

    #[test]
    fn a_filter_is_what_the_options_say() {
        let line = "list --reason no_rate,wrong_type --topic web --topic shop.calls --since 2h \
                    --until 2026-01-10T12:00:00Z";
        let Ok(DeadLettersCommand::List(args)) = parse(line) else {
            panic!("a list");
        };
        assert_eq!((args.limit, args.count), (50, false));
        let expected = Filter {
            reasons: vec!["no_rate".to_owned(), "wrong_type".to_owned()],
            topics: vec!["web".to_owned(), "shop.calls".to_owned()],
            since: Some(10_000_000 - 7_200_000),
            until: Some(1_768_046_400_000),
            place: None,
            open: true,
        };
        assert_eq!(args.filter_at(10_000_000), expected);
        let Ok(DeadLettersCommand::List(args)) = parse("list --replayed") else {
            panic!("a list");
        };
        assert_eq!(args.filter_at(0), Filter::default());
    }

    #[test]
    fn a_replay_says_what_it_is_about() {
        use clap::error::ErrorKind::{ArgumentConflict, MissingRequiredArgument};
        for (line, kind) in [
            ("replay", MissingRequiredArgument),
            ("replay --yes --limit 5", MissingRequiredArgument),
            ("replay --all --topic web", ArgumentConflict),
            ("replay web/0/1 --all", ArgumentConflict),
            ("replay web/0/1 --since 2h", ArgumentConflict),
        ] {
            assert_eq!(parse(line).map(drop), Err(kind), "{line}");
        }
        let filters = |line: &str| match parse(line) {
            Ok(DeadLettersCommand::Replay(args)) => args.filters_at(0),
            other => panic!("{line}: {other:?}"),
        };
        let open = Filter {
            open: true,
            ..Filter::default()
        };
        assert_eq!(
            filters("replay --all --dry-run"),
            std::slice::from_ref(&open)
        );
        assert_eq!(filters("replay --all --again"), [Filter::default()]);
        let named = filters("replay web/0/1 web/0/2");
        let offsets: Vec<_> = named
            .iter()
            .map(|filter| (filter.open, filter.place.as_ref().map(|place| place.offset)))
            .collect();
        assert_eq!(offsets, [(true, Some(1)), (true, Some(2))]);
        assert_eq!(filters("replay --since 1d --topic web").len(), 1);
    }

    #[test]
    fn wrong_words_are_refused() {
        for line in [
            "list --reason typo",
            "list --since yesterday",
            "list --limit 0",
            "list --format xml",
            "show",
            "show web/1",
            "replay web-1-2",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
