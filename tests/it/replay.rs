//! `throughline dead-letters`: what an operator sees of rejected records, and
//! what comes of sending them again.

use throughline_proto::topics::{DEAD_LETTERS, dead_letter_headers};
use throughline_stream::{Header, Outgoing};
use throughline_tests::reference::decimal::Decimal;
use throughline_tests::reference::{Reference, Settings};

use crate::dead_letters::broken;
use crate::installation::{Called, Group, Installation};
use crate::process::until;
use crate::traffic::{self, Traffic};
use crate::written;

/// Letters by the record that they are about, each with how often it was rejected.
const BY_RECORD: &str = "SELECT if(replay_of = '', concat(topic, '/', toString(partition), '/', \
     toString(offset)), replay_of) AS record, count() AS times, \
     uniqExact(ifNull(hex(key), '-'), ifNull(hex(value), '-'), headers, reason, field) AS contents, \
     countIf(replayed_at IS NULL) AS open, countIf(replay_of = '') AS firsts \
     FROM dead_letters GROUP BY record";

struct Letters<'a> {
    line: &'a Installation,
}

impl Letters<'_> {
    fn call(&self, arguments: &[&str]) -> Called {
        self.line.call(&[&["dead-letters"], arguments].concat())
    }

    /// The output of a call that succeeds.
    #[track_caller]
    fn out(&self, arguments: &[&str]) -> String {
        let called = self.call(arguments);
        called.succeeds();
        called.out
    }

    /// The message of a call that fails.
    #[track_caller]
    fn failure(&self, arguments: &[&str], code: i32) -> String {
        let called = self.call(arguments);
        assert_eq!(called.code, Some(code), "{}\n{}", called.out, called.err);
        called.err
    }

    #[track_caller]
    fn until_there_are(&self, letters: usize) {
        until(&format!("there are {letters} letters"), || {
            self.line.query("SELECT count() FROM dead_letters") == letters.to_string()
        });
    }

    /// Every record was rejected so often, always alike, and is open once.
    #[track_caller]
    fn check(&self, records: usize, times: usize) {
        let summary = format!(
            "SELECT count(), min(times), max(times), max(contents), min(open), max(open), \
             min(firsts), max(firsts) FROM ({BY_RECORD})"
        );
        let expected = format!("{records}\t{times}\t{times}\t1\t1\t1\t1\t1");
        assert_eq!(self.line.query(&summary), expected);
    }
}

/// A line with traffic and broken records of every kind, at rest; gives how
/// many were rejected.
fn line_with_letters(name: &str, traffic: &Traffic) -> (Installation, usize) {
    let line = Installation::new(name, &traffic.plan.settings());
    line.call(&["topics", "create"]).succeeds();
    line.send(traffic.outgoing().map(|(_, record)| record));
    let broken = broken();
    let rejected = traffic.rejected + broken.len();
    line.send(broken);
    line.run_until_idle();
    line.assert_views(&traffic.expected);
    (line, rejected)
}

#[test]
fn letters_sent_again_change_no_row_and_stand_in_the_list_once() {
    let traffic = traffic::small();
    let (line, rejected) = line_with_letters("replay", traffic);
    let letters = Letters { line: &line };
    letters.until_there_are(rejected);
    letters.check(rejected, 1);

    let mut run = line.start("again", &["run"]);
    for time in 2..=3 {
        // Of what was sent before only the newest letters are open.
        let sent = letters.out(&["replay", "--all", "--yes"]);
        assert_eq!(sent, format!("sent {rejected} records again\n"));
        letters.until_there_are(rejected * time);
        letters.check(rejected, time);
    }
    run.stop();
    line.run_until_idle();
    line.assert_views(&traffic.expected);

    // A replay that died before it could say what it had sent sends it again.
    line.query("TRUNCATE TABLE dead_letter_replays");
    let web = line.topic("web");
    let of_web = format!("SELECT count() FROM dead_letters WHERE topic = '{web}'");
    let of_web: usize = line.query(&of_web).parse().unwrap();
    let sent = letters.out(&["replay", "--topic", &web, "--yes"]);
    assert_eq!(sent, format!("sent {of_web} records again\n"));
    line.run_until_idle();
    letters.until_there_are(rejected * 3 + of_web);
    line.assert_views(&traffic.expected);

    // The bytes that went over Kafka are the producer's, and one header more.
    let raw = line.records("web");
    let again: Vec<_> = raw
        .iter()
        .filter(|record| {
            let mut headers = record.headers.iter();
            headers.any(|header| header.name == dead_letter_headers::REPLAY_OF)
        })
        .collect();
    let first: Vec<_> = broken();
    let first = first.iter().find(|record| &*record.topic == "web").unwrap();
    let alike = again.iter().filter(|record| {
        let own = &record.headers[..record.headers.len() - 1];
        record.key == first.key && record.value == first.value && own == first.headers
    });
    // Twice of its one letter, then of three.
    assert_eq!(alike.count(), 2 + 3);
}

#[test]
fn a_cause_that_is_removed_lets_letters_in_exactly_once() {
    let traffic = traffic::small();
    let (mut line, rejected) = line_with_letters("repaired", traffic);
    let after = with_swiss_francs(&traffic.plan.settings());
    let expected = traffic.expected_with(&after);
    assert!(!expected.compare(&traffic.expected).is_empty());
    let mut reference = Reference::new(after.clone());
    let received = traffic.plan.received_ms();
    let still_rejected = traffic
        .records
        .iter()
        .filter(|(topic, value)| reference.record(topic, value, received).is_err())
        .count()
        + broken().len();
    let no_rate: usize = line
        .query("SELECT count() FROM dead_letters WHERE reason = 'no_rate'")
        .parse()
        .unwrap();
    assert!(still_rejected < rejected && no_rate > 0);

    line.config["tenants"] = written::tenants(&after);
    line.config["processor"]["generation"] = 2.into();
    line.run_until_idle();
    line.assert_views(&traffic.expected);
    let letters = Letters { line: &line };
    let sent = letters.out(&["replay", "--reason", "no_rate", "--yes"]);
    assert_eq!(sent, format!("sent {no_rate} records again\n"));
    line.run_until_idle();
    line.assert_views(&expected);
    let open = "SELECT count() FROM dead_letters WHERE replayed_at IS NULL";
    assert_eq!(line.query(open), still_rejected.to_string());

    // Once more, all of them, with a line that runs: nothing changes.
    let called = letters.call(&["replay", "--reason", "no_rate", "--yes"]);
    called.succeeds();
    assert!(
        called.err.contains("no dead letter matches"),
        "{}",
        called.err
    );
    let before = line.done(Group::Ingest);
    let mut run = line.start("again", &["run"]);
    let again = ["replay", "--reason", "no_rate", "--again", "--yes"];
    let sent = letters.out(&again);
    assert_eq!(sent, format!("sent {no_rate} records again\n"));
    line.until_done(Group::Ingest, before + no_rate as i64);
    run.stop();
    line.run_until_idle();
    line.assert_views(&expected);
}

/// The settings with the one rate that the traffic lacks.
fn with_swiss_francs(settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    let rate = Decimal::parse("104.25").unwrap();
    let tenants = settings.tenants.values_mut();
    for tenant in tenants.chain([&mut settings.default]) {
        let days: Vec<_> = tenant.rates.keys().map(|(_, day)| *day).collect();
        let rates = days
            .into_iter()
            .map(|day| (("CHF".to_owned(), day), rate.clone()));
        tenant.rates.extend(rates);
    }
    settings
}

#[test]
fn an_operator_is_told_what_there_is_and_what_to_do() {
    let line = Installation::new("operator", &Settings::default());
    let letters = Letters { line: &line };
    let error = letters.failure(&["list"], 1);
    assert!(error.contains("throughline schema apply"), "{error}");
    line.call(&["topics", "create"]).succeeds();
    line.call(&["schema", "apply"]).succeeds();
    for command in [&["list"][..], &["list", "--count"], &["replay", "--all"]] {
        let called = letters.call(command);
        called.succeeds();
        assert_eq!(called.out, "");
        assert!(
            called.err.contains("there are no dead letters"),
            "{}",
            called.err
        );
    }

    let broken = broken();
    let count = broken.len();
    line.send(broken);
    // Someone else's record in the topic of dead letters stands for itself.
    line.send([Outgoing {
        topic: DEAD_LETTERS.into(),
        value: Some(b"\x1b[2J".to_vec()),
        ..Outgoing::default()
    }]);
    line.run_until_idle();
    letters.until_there_are(count + 1);
    list(&letters, count);
    show(&letters);
    refuse(&letters, count);
}

fn list(letters: &Letters<'_>, count: usize) {
    let lines = |arguments: &[&str]| letters.out(&[&["list"], arguments].concat());
    let all = lines(&["--format", "jsonl"]);
    assert_eq!(all.lines().count(), count + 1);
    let times: Vec<_> = all.lines().map(|line| &line[..42]).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    let deals = letters.line.topic("deals");
    let csv = lines(&[
        "--format",
        "csv",
        "--topic",
        &deals,
        "--reason",
        "wrong_type",
    ]);
    assert!(csv.starts_with("rejected_at,letter,topic,"), "{csv}");
    assert!(
        csv.contains(&format!(",{deals}/1/1,{deals},1,1,wrong_type,[1].amount,")),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 2);
    assert_eq!(
        lines(&["--since", "1h"]).lines().count(),
        count + 2,
        "and a heading"
    );
    let called = letters.call(&["list", "--until", "1h"]);
    called.succeeds();
    let none = format!("no dead letter matches; there are {}", count + 1);
    assert!(
        called.out.is_empty() && called.err.contains(&none),
        "{}",
        called.err
    );
    let called = letters.call(&["list", "--limit", "2"]);
    assert_eq!(called.out.lines().count(), 3, "{}", called.out);
    assert!(called.err.contains("--limit shows more"), "{}", called.err);
    // A topic that is no name but an attempt.
    let evil = "web' OR 1=1 --";
    assert_eq!(lines(&["--topic", evil, "--format", "jsonl"]), "");

    let counts = lines(&["--count", "--format", "jsonl"]);
    let counted: u64 = counts
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|group| group["letters"].as_u64().unwrap())
        .sum();
    assert_eq!(counted, count as u64 + 1);
}

fn show(letters: &Letters<'_>) {
    let topic = |name| letters.line.topic(name);
    let text = letters.out(&["show", &format!("{}/1/0", topic("web"))]);
    for expected in [
        "reason      invalid_utf8",
        "field       (the whole record)",
        "sent again  not yet",
        r#"key         "\u{0}\xff key \r\n""#,
        r#"header      "trace" = "\u{0}\xfe\t'\\""#,
        r#"header      "trace" = (no value)"#,
        r#"header      "" = """#,
        "00000000  ff fe 00 7b 7d",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let text = letters.out(&["show", &format!("{}/1/1", topic("deals"))]);
    assert!(text.contains(">     \"amount\": \"many\"\n"), "{text}");
    let text = letters.out(&["show", &format!("{}/1/3", topic("web"))]);
    assert!(text.contains("> {\n"), "a field that is missing\n{text}");
    let text = letters.out(&["show", &format!("{}/1/0", topic("calls"))]);
    assert!(text.contains("value       (none)\n"), "{text}");
    let raw = letters.out(&["show", "--raw", &format!("{}/1/0", topic("numbers"))]);
    assert_eq!(raw.len(), 9 << 20);
    let own = letters.out(&[
        "show",
        &format!("{}/0/{}", topic(DEAD_LETTERS), last(letters)),
    ]);
    assert!(
        own.contains("1b 5b 32 4a") && !own.contains('\u{1b}'),
        "{own}"
    );
}

/// The offset of the newest record in the topic of dead letters.
fn last(letters: &Letters<'_>) -> i64 {
    let own = letters.line.topic(DEAD_LETTERS);
    let sql = format!("SELECT offset FROM dead_letters WHERE topic = '{own}'");
    letters.line.query(&sql).parse().unwrap()
}

fn refuse(letters: &Letters<'_>, count: usize) {
    let web = letters.line.topic("web");
    for command in ["show", "replay"] {
        let error = letters.failure(&[command, &format!("{web}/2/77")], 1);
        assert!(error.contains("there is no dead letter"), "{error}");
        assert!(error.contains("dead-letters list"), "{error}");
    }
    let error = letters.failure(&["replay", "--yes"], 2);
    assert!(error.contains("--all"), "{error}");
    let error = letters.failure(&["list", "--reason", "no_rates"], 2);
    assert!(error.contains("no_rate"), "{error}");
    let error = letters.failure(&["replay", "--all"], 1);
    assert!(error.contains("say --yes"), "{error}");
    // Neither of these has sent anything, nor does this.
    let called = letters.call(&["replay", "--all", "--dry-run"]);
    called.succeeds();
    assert_eq!(called.out.lines().count(), count, "{}", called.out);
    assert!(
        called.err.contains("no topic that ingest reads"),
        "{}",
        called.err
    );
    let replayed = letters
        .line
        .query("SELECT count() FROM dead_letter_replays");
    assert_eq!(replayed, "0");
    assert_eq!(letters.line.left(Group::Ingest), 0);

    // One by its name, and no more than was asked for.
    let place = format!("{web}/1/3");
    assert_eq!(
        letters.out(&["replay", &place, "--yes"]),
        "sent 1 record again\n"
    );
    let called = letters.call(&["replay", &place, "--yes"]);
    called.succeeds();
    assert!(
        called.err.contains("--again sends it once more"),
        "{}",
        called.err
    );
    let sent = letters.out(&["replay", "--all", "--limit", "3", "--yes"]);
    assert_eq!(sent, "sent 3 records again\n");
    assert_eq!(letters.line.left(Group::Ingest), 4);
    letters.line.run_until_idle();
    letters.until_there_are(count + 1 + 4);
    let text = letters.out(&["show", &place]);
    assert!(text.contains(&format!("and again   {web}/1/")), "{text}");

    stay_open(letters, &web);
    let error = away(
        letters,
        "THROUGHLINE_CLICKHOUSE",
        "http://127.0.0.1:9",
        &["list"],
    );
    assert!(
        error.contains("cannot reach clickhouse at http://127.0.0.1:9"),
        "{error}"
    );
    assert!(error.contains("clickhouse.url"), "{error}");
    let replay = ["replay", "--all", "--yes"];
    let error = away(letters, "THROUGHLINE_KAFKA", "127.0.0.1:9", &replay);
    assert!(error.contains("Nothing was sent"), "{error}");
    assert!(error.contains("kafka.bootstrap_servers"), "{error}");
}

/// A letter that cannot be sent is told apart and stays open.
fn stay_open(letters: &Letters<'_>, web: &str) {
    let origin = [
        (dead_letter_headers::TOPIC, web),
        (dead_letter_headers::PARTITION, "99"),
        (dead_letter_headers::OFFSET, "5"),
        (dead_letter_headers::REASON, "no_rate"),
    ];
    let headers = origin.map(|(name, value)| Header {
        name: name.to_owned(),
        value: Some(value.into()),
    });
    letters.line.send([Outgoing {
        topic: DEAD_LETTERS.into(),
        value: Some(b"{}".to_vec()),
        headers: headers.to_vec(),
        ..Outgoing::default()
    }]);
    letters.line.run_until_idle();
    let error = letters.failure(&["replay", "--reason", "no_rate", "--yes"], 1);
    let place = format!("{web}/99/5");
    assert!(
        error.contains(&format!("{place} was not sent: ")),
        "{error}"
    );
    assert!(error.contains("1 record could not be sent"), "{error}");
    let text = letters.out(&["show", &place]);
    assert!(text.contains("sent again  not yet"), "{text}");
}

/// The message of a call that does not find a service.
fn away(letters: &Letters<'_>, variable: &str, address: &str, arguments: &[&str]) -> String {
    let arguments = [&["dead-letters"], arguments].concat();
    let mut call = letters.line.command(&arguments);
    // Nobody listens on the port for discarding.
    call.env(variable, address);
    let output = call.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8_lossy(&output.stderr).into_owned()
}
