//! Rows of erased persons, out of ClickHouse.
//!
//! The processor covers the rows of an erased person by tombstones, and says of
//! each identifier, by its pseudonym, that it is one of such a person's
//! (`erased_identifiers`) when nothing can change that any more.
//! A tombstone hides rows and keeps them, and names the person itself: here all
//! of them are deleted, physically. Whose a touch or a deal is says its newest row;
//! one that passed from an erased person to another stays, without the rows that
//! still named the former.
//!
//! A deletion goes part by part, so the versions of a key would go one by one in
//! any order, and an older one could show again for a moment. So all but the
//! newest go first, and the newest when that is done. Whatever is interrupted
//! leaves the newest version, by which a later pass finds the rest.
//!
//! Rows can come after that (a topic that is read again, a worker that was
//! stopped), so passes are repeated for as long as anybody is erased. Several
//! processes may do this at once: a row that is gone is gone.

mod tables;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use throughline_stream::{Stop, metric_names};

use crate::client::ClickHouse;
use crate::config::Connection;
use crate::error::SinkError;
use crate::schema::catch_up;

pub(crate) use tables::{ERASED, ROWS};
use tables::{PASS_DICE, ROUND_KEYS};

pub use tables::{PERSON_TABLES, PersonTable};

/// How often it is asked whether somebody more is erased.
const LOOK_INTERVAL: Duration = Duration::from_secs(3);
/// How long after a failure the next try comes.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);
/// How often it is asked whether a deletion that somebody began is done.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// The longest that one statement may take: a deletion rewrites every part that
/// it finds rows in.
const STATEMENT_LIMIT: Duration = Duration::from_hours(1);
/// What a deletion was told is forgotten after so long when nobody has done so:
/// the process that began it was killed.
const STALE: Duration = Duration::from_hours(24);

/// How many rows a pass has deleted, by table; tables without any are left out.
pub type Deleted = BTreeMap<&'static str, u64>;

/// Who is erased: how many identifiers, and a sum over all of them, which
/// neither merges nor repeated inserts change.
type Known = (u64, u64);

/// The latest complete pass.
#[derive(Debug)]
struct Last {
    /// Who was erased when it began; none: there was no pass yet.
    known: Option<Known>,
    /// When it was over.
    ended: Instant,
}

/// Deletes the rows of erased persons.
#[derive(Debug)]
pub struct Eraser {
    clickhouse: ClickHouse,
    sweep: Duration,
    delay: Duration,
    stop: Stop,
}

impl Eraser {
    /// Passes over all tables that often even if nobody more is erased, for those
    /// who have been so for `delay`: until then, tombstones cover what is sent
    /// again. Nothing is asked of ClickHouse yet, and no answer is waited for once
    /// a stop is requested.
    pub fn new(
        connection: &Connection,
        sweep: Duration,
        delay: Duration,
        stop: Stop,
    ) -> Result<Self, SinkError> {
        let limit = STATEMENT_LIMIT.as_millis() as u64;
        let connection = Connection {
            request_timeout_ms: connection.request_timeout_ms.max(limit),
            ..connection.clone()
        };
        Ok(Self {
            clickhouse: ClickHouse::new(&connection)?.until(stop.clone()),
            sweep,
            delay,
            stop,
        })
    }

    /// Looks again and again until a stop is requested, and passes when somebody
    /// more is erased or a sweep is due. What goes wrong is logged and counted.
    pub fn run(&self) {
        metrics::counter!(metric_names::SINK_ERASURE_FAILURES_TOTAL).increment(0);
        for table in &PERSON_TABLES {
            count(table, 0);
        }
        let mut last = Last {
            known: None,
            ended: Instant::now(),
        };
        loop {
            let pause = match self.look(&mut last) {
                Ok(()) => LOOK_INTERVAL.min(self.sweep),
                Err(_) => RETRY_INTERVAL,
            };
            let age = last.ended.elapsed().as_secs_f64();
            metrics::gauge!(metric_names::SINK_ERASURE_AGE_SECONDS).set(age);
            if self.stop.sleep(pause) {
                return;
            }
        }
    }

    fn look(&self, last: &mut Last) -> Result<(), SinkError> {
        let known = self.report(self.known(self.delay))?;
        let is_nobody = known.0 == 0;
        if !is_nobody && last.known == Some(known) && last.ended.elapsed() < self.sweep {
            return Ok(());
        }
        if !is_nobody {
            self.pass_over(self.delay)?;
        }
        *last = Last {
            known: Some(known),
            ended: Instant::now(),
        };
        Ok(())
    }

    /// Deletes what there is of erased persons by now, and waits until it is
    /// gone. What was done or went wrong is logged and counted.
    pub fn pass(&self) -> Result<Deleted, SinkError> {
        self.pass_over(Duration::ZERO)
    }

    /// The same of those who have been erased for so long.
    fn pass_over(&self, since: Duration) -> Result<Deleted, SinkError> {
        let mut deleted = Deleted::new();
        let passed = self.pass_over_all(since, &mut deleted);
        if !deleted.is_empty() {
            let mut tables = String::new();
            for (table, rows) in &deleted {
                let comma = if tables.is_empty() { "" } else { ", " };
                let _ = write!(tables, "{comma}{table}: {rows}");
            }
            tracing::info!(tables, "deleted the rows of erased persons");
        }
        self.report(passed.map(|()| deleted))
    }

    fn report<T>(&self, result: Result<T, SinkError>) -> Result<T, SinkError> {
        if let Err(error) = &result
            && !self.stop.is_requested()
        {
            metrics::counter!(metric_names::SINK_ERASURE_FAILURES_TOTAL).increment(1);
            tracing::warn!(
                %error,
                remedy = remedy(error),
                "rows of erased persons cannot be deleted for now; it is tried again"
            );
        }
        result
    }

    fn pass_over_all(&self, since: Duration, deleted: &mut Deleted) -> Result<(), SinkError> {
        if self.known(since)?.0 == 0 {
            return Ok(());
        }
        self.settle()?;
        self.forget_stale()?;
        for table in &PERSON_TABLES {
            let mut rows = 0;
            while self.finds_rows(table, since)? {
                let keys = self.round(table, since, &mut rows)?;
                if keys < ROUND_KEYS {
                    break;
                }
            }
            if rows > 0 {
                deleted.insert(table.table.name(), rows);
            }
        }
        Ok(())
    }

    fn known(&self, since: Duration) -> Result<Known, SinkError> {
        self.clickhouse.scalar(
            "look up who is erased",
            &format!(
                "SELECT count(), sum(cityHash64(tenant, pseudonym)) FROM {ERASED} FINAL \
                 WHERE erased_at <= now() - {}",
                since.as_secs()
            ),
        )
    }

    /// Waits for deletions that somebody began: another process, or this one
    /// before it lost the connection. ClickHouse goes on with them by itself.
    fn settle(&self) -> Result<(), SinkError> {
        let connection = self.clickhouse.connection();
        loop {
            let (unfinished, trouble): (u64, String) = self.clickhouse.scalar(
                "look for deletions that are under way",
                &format!(
                    "SELECT count(), max(latest_fail_reason) FROM {} \
                     WHERE database = '{}' AND NOT is_done \
                     AND position(command, '{ROWS}') > 0",
                    connection.on_all_servers("mutations"),
                    connection.database
                ),
            )?;
            if !trouble.is_empty() {
                return Err(self.failed("deleting rows of erased persons", trouble));
            }
            if unfinished == 0 {
                return Ok(());
            }
            if self.stop.sleep(POLL_INTERVAL) {
                let reason = "stopped before it was done".to_owned();
                return Err(self.failed("wait for deletions that are under way", reason));
            }
        }
    }

    fn failed(&self, context: &str, reason: String) -> SinkError {
        SinkError::Failed {
            url: self.clickhouse.connection().url.clone(),
            context: context.to_owned(),
            reason,
        }
    }

    /// Drops the lists of passes that were killed.
    fn forget_stale(&self) -> Result<(), SinkError> {
        let stale: Vec<u64> = self.clickhouse.rows(
            "look for lists of rows that were left behind",
            &format!(
                "SELECT DISTINCT pass FROM {ROWS} \
                 WHERE intDiv(pass, {PASS_DICE}) + {} < toUnixTimestamp64Milli(now64(3))",
                STALE.as_millis()
            ),
        )?;
        let mut stale = stale.into_iter();
        stale.try_for_each(|pass| forget(&self.clickhouse, pass))
    }

    /// Whether a table has a row that names somebody who is erased.
    fn finds_rows(&self, table: &PersonTable, since: Duration) -> Result<bool, SinkError> {
        let found: u64 = self
            .clickhouse
            .scalar("look for rows of erased persons", &table.search(since))?;
        Ok(found > 0)
    }

    /// Deletes the rows of some keys and adds up how many; gives the number of keys.
    fn round(
        &self,
        table: &PersonTable,
        since: Duration,
        rows: &mut u64,
    ) -> Result<u64, SinkError> {
        let pass: u64 = self.clickhouse.scalar("name a deletion", &name_pass())?;
        self.clickhouse
            .execute("list rows of erased persons", &table.listing(pass, since))?;
        let (keys, older, newest): (u64, u64, u64) = self.clickhouse.scalar(
            "count rows of erased persons",
            &format!(
                "SELECT uniqExact(key), countIf(is_newest = 0), countIf(is_newest = 1) \
                 FROM {ROWS} WHERE pass = {pass}"
            ),
        )?;
        // Every replica deletes by its own reading of the list.
        catch_up(&self.clickhouse, ROWS)?;
        for (is_newest, listed) in [(0, older), (1, newest)] {
            if listed > 0 {
                let sql = table.deletion(self.clickhouse.connection(), pass, is_newest);
                self.clickhouse
                    .execute("delete rows of erased persons", &sql)?;
                *rows += listed;
                count(table, listed);
            }
        }
        if keys > 0 {
            forget(&self.clickhouse, pass)?;
        }
        Ok(keys)
    }
}

/// The query that gives a deletion its name.
pub(crate) fn name_pass() -> String {
    format!(
        "SELECT toUInt64(toUnixTimestamp64Milli(now64(3))) * {PASS_DICE} + rand() % {PASS_DICE}"
    )
}

/// Drops the list of a deletion.
pub(crate) fn forget(clickhouse: &ClickHouse, pass: u64) -> Result<(), SinkError> {
    let connection = clickhouse.connection();
    clickhouse.execute(
        "drop a list of rows",
        &format!(
            "ALTER TABLE {}{} DROP PARTITION {pass}",
            connection.stored(ROWS),
            connection.on_cluster()
        ),
    )
}

fn count(table: &PersonTable, rows: u64) {
    let name = table.table.name();
    metrics::counter!(metric_names::SINK_ERASED_ROWS_TOTAL, "table" => name).increment(rows);
}

const fn remedy(error: &SinkError) -> &'static str {
    match error {
        SinkError::Unreachable { .. } => {
            "start clickhouse, or set `clickhouse.url` to where it answers"
        }
        SinkError::Refused { .. } => {
            "grant the user SELECT on system.mutations, and SELECT, INSERT and ALTER DELETE on the database"
        }
        SinkError::NoSchema { .. } => "apply the schema with `throughline schema apply`",
        _ => "remove the cause that clickhouse names; a deletion it began goes on by itself then",
    }
}
