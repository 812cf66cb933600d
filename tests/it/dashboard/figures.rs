//! Every figure on every page and in every report equals a direct query of the
//! views, whatever is asked for.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate};
use chrono_tz::Tz;
use fastrand::Rng;
use serde_json::Value;

use super::html::{Figure, figures, heads};
use super::served::{Served, encoded};
use super::truth::Case;
use crate::installation::Installation;
use crate::traffic;

/// How many views are asked for.
const CASES: usize = 10;
/// The reports that direct queries are compared with.
const REPORTS: [&str; 21] = [
    "summary",
    "series",
    "revenue_by_channel",
    "reconciliation",
    "maturity",
    "channels",
    "models",
    "paths",
    "touches",
    "days",
    "roles",
    "deals",
    "deal",
    "deal_events",
    "deal_touches",
    "deal_credits",
    "calls",
    "calls_by_hour",
    "funnel",
    "managers",
    "dead_letters",
];
/// The pages, each with the reports that its figures are of.
const PAGES: [(&str, &[&str]); 8] = [
    ("/", &["summary", "channels"]),
    ("/channels", &["channels"]),
    ("/models", &[]),
    ("/journeys", &["paths", "touches", "days", "roles", "deals"]),
    ("/calls", &["calls"]),
    ("/funnel", &["funnel", "stages"]),
    ("/managers", &["managers"]),
    ("/deal", &["deal", "deal_events", "deal_touches"]),
];

#[test]
fn every_figure_equals_a_direct_query() {
    let traffic = traffic::large();
    let settings = traffic.plan.settings();
    let mut line = Installation::new("dashboard_figures", &settings);
    traffic.send(&line);
    line.run_until_idle();
    line.config["dashboard"] = serde_json::json!({"requests_per_minute": 1_000_000});
    let served = Served::start(&line, "dashboard");
    let tenants: Vec<String> = settings
        .tenants
        .keys()
        .cloned()
        .chain(["default".to_owned()])
        .collect();
    for tenant in &tenants {
        served.knows(tenant, &[]);
    }
    let mut rng = Rng::with_seed(20_261_129);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for number in 0..CASES {
        let tenant = &tenants[number % tenants.len()];
        let of = settings.tenants.get(tenant).unwrap_or(&settings.default);
        let case = case(
            &line,
            &mut rng,
            tenant,
            of.zone,
            of.lookback_days,
            of.reset_on_conversion,
        );
        let query = query(&case);
        let answers = Answers::of(&served);
        for report in REPORTS {
            *seen.entry(report).or_default() += compare(&line, &answers, &case, &query, report);
        }
        *seen.entry("stages").or_default() += compare_stages(&line, &answers, &case, &query);
        for (page, reports) in PAGES {
            compare_page(&answers, page, &query, reports, &case);
        }
        compare_csv(&served, &query);
    }
    for (report, rows) in seen {
        assert!(
            rows > 0,
            "{report} was empty in every case: nothing was compared"
        );
    }
}

/// A view by chance.
fn case(
    line: &Installation,
    rng: &mut Rng,
    tenant: &str,
    zone: Tz,
    lookback_days: i64,
    reset: bool,
) -> Case {
    let days: Vec<NaiveDate> = line
        .query(&format!(
            "SELECT min(day), max(day) FROM channel_roi WHERE tenant = '{tenant}' AND (visits > 0 OR revenue > 0)"
        ))
        .split('\t')
        .map(|day| day.parse().unwrap())
        .collect();
    let count = (days[1] - days[0]).num_days() as u64;
    let from = rng.u64(0..=count / 2);
    // Often all of it, sometimes a day or two.
    let length = *[count, count, rng.u64(0..=count), 0, 1]
        .get(rng.usize(..5))
        .unwrap();
    let first = days[0] + Days::new(from);
    let last = (first + Days::new(length))
        .min(days[1] + Days::new(3))
        .max(first);
    let shift = Days::new((last - first).num_days() as u64 + 1);
    let models = words(
        line,
        &format!("SELECT arrayJoin(models) FROM tenants WHERE tenant = '{tenant}'"),
    );
    let model = rng.choice(&models).unwrap().clone();
    let mut filter = Vec::new();
    for dimension in ["channel", "source", "medium", "campaign"] {
        if rng.u32(..4) > 0 {
            continue;
        }
        let known = words(
            line,
            &format!(
                "SELECT DISTINCT toString({dimension}) AS v FROM traffic_hourly WHERE tenant = '{tenant}' ORDER BY v"
            ),
        );
        let mut values: BTreeSet<String> = BTreeSet::new();
        for _ in 0..rng.usize(1..4) {
            values.insert(rng.choice(&known).unwrap().clone());
        }
        let is_only = rng.bool();
        filter.push((dimension, is_only, values.into_iter().collect()));
    }
    let won = if rng.u32(..4) == 0 {
        "IS NULL"
    } else {
        "IS NOT NULL"
    };
    let deals = words(
        line,
        &format!(
            "SELECT deal_id FROM deals WHERE tenant = '{tenant}' AND won_at {won} ORDER BY cityHash64(deal_id) LIMIT 50"
        ),
    );
    Case {
        tenant: tenant.to_owned(),
        zone,
        days: (first, last),
        before: (first - shift, last - shift),
        versus: rng
            .bool()
            .then(|| rng.choice(&models).unwrap().clone())
            .filter(|other| *other != model),
        model,
        basis: if rng.bool() { "touch" } else { "conversion" },
        filter,
        level: rng.usize(1..=4),
        by: ["channel", "number", "manager"][rng.usize(..3)],
        deal: rng.choice(&deals).unwrap().clone(),
        lookback_days,
        reset,
    }
}

fn words(line: &Installation, sql: &str) -> Vec<String> {
    let answer = line.query(&format!("{sql} FORMAT JSONCompactEachRow"));
    let word = |line: &str| serde_json::from_str::<Vec<String>>(line).unwrap().remove(0);
    answer.lines().map(word).collect()
}

fn query(case: &Case) -> String {
    let mut pairs = vec![
        ("tenant".to_owned(), case.tenant.clone()),
        (
            "period".to_owned(),
            format!("{}..{}", case.days.0, case.days.1),
        ),
        ("model".to_owned(), case.model.clone()),
        ("basis".to_owned(), case.basis.to_owned()),
        ("by".to_owned(), case.by.to_owned()),
        ("deal".to_owned(), case.deal.clone()),
        (
            "level".to_owned(),
            ["channel", "source", "medium", "campaign"][case.level - 1].to_owned(),
        ),
    ];
    pairs.extend(
        case.versus
            .clone()
            .map(|versus| ("versus".to_owned(), versus)),
    );
    for (dimension, is_only, values) in &case.filter {
        let name = if *is_only {
            (*dimension).to_owned()
        } else {
            format!("not_{dimension}")
        };
        pairs.extend(values.iter().map(|value| (name.clone(), value.clone())));
    }
    let pair = |(name, value): &(String, String)| format!("{name}={}", encoded(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// A report: columns, rows of text, and the document they come from.
type Reported = (Vec<String>, Vec<Vec<String>>, Value);

/// A dashboard, and the reports it has given: pages are compared with the same ones.
struct Answers<'a> {
    served: &'a Served,
    known: RefCell<BTreeMap<(String, String), Reported>>,
}

impl<'a> Answers<'a> {
    fn of(served: &'a Served) -> Self {
        Self {
            served,
            known: RefCell::default(),
        }
    }

    /// A report as the API gives it: columns, and rows of text.
    fn report(&self, name: &str, query: &str) -> Reported {
        let key = (name.to_owned(), query.to_owned());
        let known = self.known.borrow().get(&key).cloned();
        known.unwrap_or_else(|| {
            let report = self.ask(name, query);
            self.known.borrow_mut().insert(key, report.clone());
            report
        })
    }

    fn ask(&self, name: &str, query: &str) -> Reported {
        let answer = self.served.get(&format!("/api/v1/{name}?{query}"), &[]);
        assert_eq!(answer.status, 200, "{name}?{query}: {}", answer.body);
        let document: Value = serde_json::from_str(&answer.body).unwrap();
        // JSON has no order of names; CSV has.
        let csv = self.served.get(&format!("/api/v1/{name}.csv?{query}"), &[]);
        let columns = csv.body.lines().next().unwrap().split(',');
        let columns: Vec<String> = columns.map(str::to_owned).collect();
        let rows = document["rows"].as_array().unwrap().iter();
        let rows = rows
            .map(|row| columns.iter().map(|column| text(&row[column])).collect())
            .collect();
        (columns, rows, document)
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(names) => {
            let names: Vec<_> = names.iter().map(|name| name.as_str().unwrap()).collect();
            names.join(" > ")
        }
        other => other.to_string(),
    }
}

/// Sees that a report is what a direct query gives; says how many rows it has.
fn compare(
    line: &Installation,
    answers: &Answers<'_>,
    case: &Case,
    query: &str,
    name: &str,
) -> usize {
    let (columns, mut rows, _) = answers.report(name, query);
    let expected = case.rows(line, name).unwrap();
    if matches!(name, "series" | "revenue_by_channel") {
        for row in &mut rows {
            row[0] = step(case, &row[0]);
        }
        // Steps at which nothing happened are shown, and are no rows of a query.
        rows.retain(|row| {
            row[1..]
                .iter()
                .any(|cell| !cell.is_empty() && number(cell) != Some(0.0))
        });
    }
    assert_same(&format!("{name}?{query}"), &columns, &rows, &expected);
    rows.len()
}

/// A moment as the hour or the day it stands for.
fn step(case: &Case, at: &str) -> String {
    let at: DateTime<chrono::Utc> = at.parse().unwrap();
    if case.is_hourly() {
        return at.format("%Y-%m-%d %H:%M:%S").to_string();
    }
    at.with_timezone(&case.zone).date_naive().to_string()
}

fn assert_same(what: &str, columns: &[String], rows: &[Vec<String>], expected: &[Vec<String>]) {
    let sorted = |rows: &[Vec<String>]| {
        let mut rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| plain(cell)).collect())
            .collect();
        rows.sort();
        rows
    };
    let (rows, expected) = (sorted(rows), sorted(expected));
    assert_eq!(rows.len(), expected.len(), "{what}\n{rows:?}\n{expected:?}");
    for (row, truth) in rows.iter().zip(&expected) {
        assert_eq!(row.len(), truth.len(), "{what}: {columns:?}\n{truth:?}");
        for ((column, cell), truth) in columns.iter().zip(row).zip(truth) {
            assert!(
                is_same(cell, truth),
                "{what}: {column} is {cell}, not {truth}\n{row:?}"
            );
        }
    }
}

/// A cell in one notation: moments without letters, whole numbers and decimals
/// without trailing zeros.
fn plain(cell: &str) -> String {
    if cell.len() == 24 && cell.ends_with('Z') {
        return cell.replace('T', " ").trim_end_matches('Z').to_owned();
    }
    if number(cell).is_some() && cell.contains('.') && !cell.contains('e') {
        let cell = cell.trim_end_matches('0').trim_end_matches('.');
        return if cell == "-0" {
            "0".to_owned()
        } else {
            cell.to_owned()
        };
    }
    cell.to_owned()
}

fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Amounts must be the same to the last digit; quotients are reckoned in
/// binary fractions, in two ways.
fn is_same(one: &str, two: &str) -> bool {
    if one == two {
        return true;
    }
    let digits = |cell: &str| cell.split_once('.').map_or(0, |(_, rest)| rest.len());
    match (number(one), number(two)) {
        (Some(a), Some(b))
            if digits(one) > 6 || digits(two) > 6 || one.contains('e') || two.contains('e') =>
        {
            (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
        }
        _ => false,
    }
}

/// Stages, step by step from the events of the deals.
fn compare_stages(line: &Installation, answers: &Answers<'_>, case: &Case, query: &str) -> usize {
    #[derive(Default)]
    struct Stage {
        came: BTreeSet<String>,
        went_on: BTreeSet<String>,
        won: BTreeSet<String>,
        lost: BTreeSet<String>,
        still: BTreeSet<String>,
        stays: Vec<i64>,
    }
    let (columns, rows, _) = answers.report("stages", query);
    let tenant = &case.tenant;
    let created = case.within("created_at", case.days);
    let deals = line.query(&format!(
        "SELECT deal_id, pipeline, won_at IS NOT NULL, status = 'lost' FROM deals WHERE tenant = '{tenant}' AND {created} FORMAT JSONCompactEachRow"
    ));
    let mut stages: BTreeMap<(String, String), Stage> = BTreeMap::new();
    let mut events: BTreeMap<String, Vec<(String, String, i64)>> = BTreeMap::new();
    let all = line.query(&format!(
        "SELECT deal_id, toString(event), toString(stage), toInt64(toUnixTimestamp64Milli(occurred_at)) FROM deal_events
        WHERE tenant = '{tenant}' ORDER BY deal_id, position
        FORMAT JSONCompactEachRow SETTINGS output_format_json_quote_64bit_integers = 0"
    ));
    for event in all.lines() {
        let (deal, event, stage, at): (String, String, String, i64) =
            serde_json::from_str(event).unwrap();
        events.entry(deal).or_default().push((event, stage, at));
    }
    for deal in deals.lines() {
        let (id, pipeline, is_won, is_lost): (String, String, u8, u8) =
            serde_json::from_str(deal).unwrap();
        // Where the deal is, and since when.
        let mut here: Option<(String, i64)> = None;
        let mut at_end = false;
        for (event, name, at) in events.remove(&id).unwrap_or_default() {
            let is_end = event == "won" || event == "lost";
            if !is_end && name.is_empty() {
                continue;
            }
            let is_new =
                is_end != at_end || (!is_end && here.as_ref().is_none_or(|(now, _)| *now != name));
            if !is_new {
                continue;
            }
            if let Some((left, since)) = here.take() {
                let stage = stages.entry((pipeline.clone(), left)).or_default();
                stage.went_on.insert(id.clone());
                // Whole seconds between whole seconds, as ClickHouse counts them.
                stage
                    .stays
                    .push(at.div_euclid(1000) - since.div_euclid(1000));
            }
            at_end = is_end;
            if !is_end {
                stages
                    .entry((pipeline.clone(), name.clone()))
                    .or_default()
                    .came
                    .insert(id.clone());
                here = Some((name, at));
            }
        }
        if let Some((name, _)) = here {
            stages
                .entry((pipeline.clone(), name))
                .or_default()
                .still
                .insert(id.clone());
        }
        for stage in stages.values_mut().filter(|stage| stage.came.contains(&id)) {
            if is_won == 1 {
                stage.won.insert(id.clone());
            }
            if is_lost == 1 {
                stage.lost.insert(id.clone());
            }
        }
    }
    let share = |part: usize, of: usize| (part as f64 / of as f64).to_string();
    let expected: Vec<Vec<String>> = stages
        .into_iter()
        .map(|((pipeline, name), mut stage)| {
            stage.stays.sort_unstable();
            let middle = stage.stays.get(stage.stays.len() / 2);
            let came = stage.came.len();
            vec![
                pipeline,
                name,
                came.to_string(),
                stage.went_on.len().to_string(),
                share(stage.went_on.len(), came),
                stage.won.len().to_string(),
                share(stage.won.len(), came),
                stage.lost.len().to_string(),
                stage.still.len().to_string(),
                middle.map_or(String::new(), ToString::to_string),
            ]
        })
        .collect();
    assert_same(&format!("stages?{query}"), &columns, &rows, &expected);
    rows.len()
}

/// Sees that every figure of a page stands in a report of the API, in a row of
/// the same name.
fn compare_page(answers: &Answers<'_>, page: &str, query: &str, reports: &[&str], case: &Case) {
    let answer = answers.served.get(&format!("{page}?{query}"), &[]);
    assert_eq!(answer.status, 200, "{page}?{query}: {}", answer.body);
    let shown = figures(&answer.body);
    let mut all: BTreeMap<String, Reported> = BTreeMap::new();
    for name in reports.iter().chain(&[
        "models",
        "revenue_by_channel",
        "reconciliation",
        "calls_by_hour",
        "deal_credits",
    ]) {
        // The overview is of channels, whatever else the address says.
        let query = if page == "/" {
            query.replace("level=", "level=channel&x=")
        } else {
            query.to_owned()
        };
        let query: Vec<_> = query
            .split('&')
            .filter(|pair| !pair.starts_with("x="))
            .collect();
        let query = query.join("&");
        let query = if page == "/" {
            without(&query, "versus")
        } else {
            query
        };
        all.insert((*name).to_owned(), answers.report(name, &query));
    }
    let mut rows: BTreeMap<(String, String), Vec<&Figure>> = BTreeMap::new();
    for figure in &shown {
        match figure.is("report") {
            "models" | "deal_credits" | "revenue_by_channel" => {}
            "reconciliation" => {
                let differences = &all["reconciliation"].2["rows"];
                let is_there = differences
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|row| row["difference"] == figure.value.as_str());
                assert!(
                    is_there || figure.value.is_empty(),
                    "{page}?{query}: {figure:?}"
                );
            }
            "calls_by_hour" => {
                let hours = all["calls_by_hour"].2["rows"].as_array().unwrap();
                let is_it = |row: &&Value| {
                    text(&row["weekday"]) == figure.is("weekday")
                        && text(&row["hour"]) == figure.is("hour")
                };
                let count = hours
                    .iter()
                    .find(is_it)
                    .map_or("0".to_owned(), |row| row["inbound"].to_string());
                assert_eq!(figure.value, count, "{page}?{query}: {figure:?}");
            }
            report => {
                let key = (report.to_owned(), figure.is("row").to_owned());
                rows.entry(key).or_default().push(figure);
            }
        }
    }
    for ((name, row), figures) in rows {
        assert!(
            all.contains_key(&name),
            "{page} shows {name}, which nothing was compared with"
        );
        let (columns, truth, document) = &all[&name];
        let place = |figure: &&Figure| {
            columns
                .iter()
                .position(|column| column == figure.is("column"))
                .unwrap()
        };
        let is_it = |truth: &Vec<String>| {
            figures
                .iter()
                .all(|figure| is_same(&plain(&truth[place(figure)]), &plain(&figure.value)))
        };
        let is_there = if row == "total" {
            let total = columns
                .iter()
                .map(|column| text(&document["total"][column]))
                .collect();
            is_it(&total)
        } else {
            truth.iter().any(is_it)
        };
        assert!(is_there, "{page}?{query}: {name} has no row {figures:?}");
    }
    let tables = heads(&answer.body);
    compare_models(&shown, &all["models"], case, page);
    compare_chart(&shown, &tables, &all["revenue_by_channel"], page, query);
    compare_shares(&shown, &all["deal_credits"], page, query);
}

fn without(query: &str, name: &str) -> String {
    let keeps = |pair: &&str| !pair.starts_with(&format!("{name}="));
    query.split('&').filter(keeps).collect::<Vec<_>>().join("&")
}

/// One figure in every model, row by row.
fn compare_models(shown: &[Figure], (columns, truth, _): &Reported, case: &Case, page: &str) {
    let shown: Vec<_> = shown
        .iter()
        .filter(|figure| figure.is("report") == "models")
        .collect();
    if page != "/models" || truth.is_empty() {
        return;
    }
    let models: BTreeSet<&String> = truth.iter().map(|row| &row[4]).collect();
    let width = case.level + models.len();
    assert_eq!(
        shown.len(),
        2 * truth.len() / models.len() * width,
        "{page}"
    );
    for (row, figures) in shown.chunks(width).enumerate() {
        let of_it = &truth[row * models.len() % truth.len()..][..models.len()];
        for (place, figure) in figures.iter().enumerate() {
            let column = columns
                .iter()
                .position(|column| column == figure.is("column"))
                .unwrap();
            let of_model = if place < case.level {
                &of_it[0]
            } else {
                &of_it[place - case.level]
            };
            let is_it = is_same(&plain(&figure.value), &plain(&of_model[column]));
            assert!(is_it, "{figure:?} in row {row} is not {}", of_model[column]);
        }
    }
}

/// The lines of the chart, as the table beside it tells them.
fn compare_chart(
    shown: &[Figure],
    tables: &[Vec<String>],
    (_, truth, _): &Reported,
    page: &str,
    query: &str,
) {
    let cells: Vec<_> = shown
        .iter()
        .filter(|figure| figure.is("report") == "revenue_by_channel")
        .collect();
    let Some(first) = cells.first() else {
        return;
    };
    assert_eq!(first.is("column"), "at");
    let width = cells
        .iter()
        .skip(1)
        .position(|figure| figure.is("column") == "at")
        .map_or(cells.len(), |at| at + 1);
    let chart = tables
        .iter()
        .find(|heads| heads.len() == width && heads[0] == "When")
        .unwrap();
    let names: BTreeSet<&String> = truth.iter().map(|row| &row[1]).collect();
    for row in cells.chunks(width) {
        let at = &row[0].value;
        let here: Vec<_> = truth.iter().filter(|row| row[0] == *at).collect();
        let amount = |rows: &[&&Vec<String>]| rows.iter().map(|row| parts(&row[2])).sum::<i64>();
        for (head, figure) in chart.iter().zip(row).skip(1) {
            let is_line = |row: &&&Vec<String>| {
                if names.contains(head) {
                    row[1] == *head
                } else {
                    !chart.contains(&row[1])
                }
            };
            let of_line: Vec<_> = here.iter().filter(is_line).collect();
            assert_eq!(
                parts(&figure.value),
                amount(&of_line),
                "{page}?{query}: {head} at {at}"
            );
        }
    }
}

/// An amount in 1/10000.
fn parts(amount: &str) -> i64 {
    let (whole, rest) = amount.split_once('.').unwrap_or((amount, ""));
    let digits = format!("{whole}{rest:0<4}");
    digits.parse().unwrap()
}

/// Who has which share of a deal.
fn compare_shares(shown: &[Figure], (_, truth, _): &Reported, page: &str, query: &str) {
    let shown: Vec<_> = shown
        .iter()
        .filter(|figure| figure.is("report") == "deal_credits" && figure.is("column") == "revenue")
        .map(|figure| &figure.value)
        .filter(|value| !value.is_empty())
        .collect();
    if page != "/deal" || truth.iter().all(|row| row[0].is_empty()) {
        return;
    }
    let mut expected: Vec<_> = truth.iter().map(|row| &row[3]).collect();
    let mut found = shown.clone();
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "{page}?{query}");
}

/// The CSV of the channels' page is what the page shows.
fn compare_csv(served: &Served, query: &str) {
    let page = served.get(&format!("/channels?{query}"), &[]).body;
    let shown = figures(&page);
    let cells: Vec<_> = shown
        .iter()
        .filter(|figure| figure.is("report") == "channels" && figure.is("row") != "total")
        .map(|figure| figure.value.clone())
        .collect();
    let answer = served.get(&format!("/channels?{query}&format=csv"), &[]);
    if answer.status == 404 {
        assert!(cells.is_empty());
        return;
    }
    let lines = answer.body.lines().skip(1);
    let saved: Vec<String> = lines.flat_map(unquoted).collect();
    assert_eq!(saved, cells, "/channels?{query}");
}

/// The cells of a line of CSV.
fn unquoted(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}
