//! Telephone calls: when, how they ended, how long people waited and talked.

use crate::error::ReadError;
use crate::queries::{CALLS_BY, CALLS_BY_HOUR as BY_HOUR};
use crate::reader::Params;
use crate::report::{Column, Report, Unit, Value};
use crate::texts::Text;

use super::{Ask, Reported};

/// Calls by channel, number or manager.
pub const CALLS: Reported = Reported {
    name: "calls",
    about: "Calls of the period by channel, dialed number or manager (`by`)",
    columns: &COLUMNS,
    read: |ask| Box::pin(read(ask)),
};

/// Calls by weekday and hour.
pub const CALLS_BY_HOUR: Reported = Reported {
    name: "calls_by_hour",
    about: "Calls of the period by weekday (1 is Monday) and hour of the day in the tenant's time zone",
    columns: &HOUR_COLUMNS,
    read: |ask| Box::pin(by_hour(ask)),
};

const COLUMNS: [Column; 12] = [
    Column::new("name", Text::By, Unit::Text),
    INBOUND,
    ANSWERED,
    MISSED,
    MISSED_SHARE,
    OTHER,
    OUTBOUND,
    CALLERS,
    WAIT,
    TALK,
    TALK_TOTAL,
    Column::new("waits", Text::CallsWithWait, Unit::Count),
];

const HOUR_COLUMNS: [Column; 13] = [
    Column::new("weekday", Text::Weekday, Unit::Count),
    Column::new("hour", Text::Hour, Unit::Count),
    INBOUND,
    ANSWERED,
    MISSED,
    MISSED_SHARE,
    OTHER,
    OUTBOUND,
    CALLERS,
    WAIT,
    TALK,
    TALK_TOTAL,
    Column::new("waits", Text::CallsWithWait, Unit::Count),
];

const INBOUND: Column = Column::new("inbound", Text::Inbound, Unit::Count)
    .about(Text::AboutCalls)
    .more();
const ANSWERED: Column = Column::new("answered", Text::Answered, Unit::Count).more();
const MISSED: Column = Column::new("missed", Text::MissedCalls, Unit::Count)
    .about(Text::AboutMissedCalls)
    .less();
const MISSED_SHARE: Column = Column::new("missed_share", Text::MissedShare, Unit::Share).less();
const OTHER: Column =
    Column::new("other", Text::OtherEnds, Unit::Count).about(Text::AboutOtherEnds);
const OUTBOUND: Column = Column::new("outbound", Text::Outbound, Unit::Count);
const CALLERS: Column =
    Column::new("callers", Text::Callers, Unit::Count).about(Text::AboutCallers);
const WAIT: Column = Column::new("wait_seconds", Text::MeanWait, Unit::Seconds)
    .about(Text::AboutMeanWait)
    .less();
const TALK: Column =
    Column::new("talk_seconds", Text::MeanTalk, Unit::Seconds).about(Text::AboutMeanTalk);
const TALK_TOTAL: Column = Column::new("talk_seconds_total", Text::TalkTotal, Unit::Seconds);

row! {
    /// Calls of one channel, number or manager.
    struct NamedRow {
        name: String,
        inbound: i64,
        answered: i64,
        missed: i64,
        other: i64,
        outbound: i64,
        waited: i64,
        waits: i64,
        talked: i64,
        talks: i64,
        callers: i64,
    }
}

row! {
    /// Calls of one hour of one weekday.
    struct HourRow {
        weekday: i64,
        hour_of_day: i64,
        inbound: i64,
        answered: i64,
        missed: i64,
        other: i64,
        outbound: i64,
        waited: i64,
        waits: i64,
        talked: i64,
        talks: i64,
        callers: i64,
    }
}

/// Figures of calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calls {
    /// Inbound ones.
    pub inbound: i64,
    /// Answered ones among them.
    pub answered: i64,
    /// Missed ones among them.
    pub missed: i64,
    /// Inbound ones that ended otherwise.
    pub other: i64,
    /// Outbound ones.
    pub outbound: i64,
    /// Seconds that callers waited,
    pub waited: i64,
    /// in so many calls.
    pub waits: i64,
    /// Seconds that was talked,
    pub talked: i64,
    /// in so many calls.
    pub talks: i64,
    /// Different callers; they cannot be added up.
    pub callers: Option<i64>,
}

/// Takes the figures from a row.
macro_rules! figures_of {
    ($row:expr) => {
        Calls {
            inbound: $row.inbound,
            answered: $row.answered,
            missed: $row.missed,
            other: $row.other,
            outbound: $row.outbound,
            waited: $row.waited,
            waits: $row.waits,
            talked: $row.talked,
            talks: $row.talks,
            callers: Some($row.callers),
        }
    };
}

/// The calls of the period by what the view says.
pub async fn by_name(ask: &Ask, params: &Params) -> Result<Vec<(String, Calls)>, ReadError> {
    let rows: Vec<NamedRow> = ask.rows(CALLS_BY, params).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.name.clone(), figures_of!(row)))
        .collect())
}

async fn read(ask: &Ask) -> Result<Report, ReadError> {
    let rows = by_name(ask, &ask.params(ask.span.hours)).await?;
    let mut total = Calls::default();
    for (_, calls) in &rows {
        total.inbound += calls.inbound;
        total.answered += calls.answered;
        total.missed += calls.missed;
        total.other += calls.other;
        total.outbound += calls.outbound;
        total.waited += calls.waited;
        total.waits += calls.waits;
        total.talked += calls.talked;
        total.talks += calls.talks;
    }
    let values = |name: Value, calls: &Calls| {
        let mut values = vec![name];
        values.extend(figures(calls));
        values
    };
    let all = rows
        .iter()
        .map(|(name, calls)| values(Value::text(name), calls));
    let mut report = Report::new(all.collect()).with_total(values(Value::Nothing, &total));
    report.sort(1, true);
    Ok(report)
}

async fn by_hour(ask: &Ask) -> Result<Report, ReadError> {
    let rows: Vec<HourRow> = ask.rows(BY_HOUR, &ask.params(ask.span.hours)).await?;
    let values = |row: &HourRow| {
        let mut values = vec![Value::Count(row.weekday), Value::Count(row.hour_of_day)];
        values.extend(figures(&figures_of!(row)));
        values
    };
    Ok(Report::new(rows.iter().map(values).collect()))
}

fn figures(calls: &Calls) -> [Value; 11] {
    [
        Value::Count(calls.inbound),
        Value::Count(calls.answered),
        Value::Count(calls.missed),
        Value::ratio(calls.missed, calls.inbound),
        Value::Count(calls.other),
        Value::Count(calls.outbound),
        calls.callers.map_or(Value::Nothing, Value::Count),
        Value::mean_seconds(calls.waited, calls.waits),
        Value::mean_seconds(calls.talked, calls.talks),
        Value::Seconds(calls.talked as f64),
        Value::Count(calls.waits),
    ]
}
