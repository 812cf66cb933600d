//! The data dictionary: what the views and their columns mean, read from the
//! migrations themselves, without a server.
//!
//! Every view of the migrations lists its columns with type and comment, a line
//! each, and ends with its own comment. What looks otherwise is no view to
//! people, and a test on a real ClickHouse sees that nothing is overlooked.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::MIGRATIONS;

/// How a view begins that people and programs read.
const BEGINNINGS: [&str; 2] = ["CREATE VIEW IF NOT EXISTS ", "CREATE OR REPLACE VIEW "];

/// A view of the schema.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct View {
    /// Its name.
    pub name: &'static str,
    /// What its rows are.
    pub comment: String,
    /// Its columns in order.
    pub columns: Vec<Column>,
}

/// A column of a view.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type in ClickHouse.
    pub kind: &'static str,
    /// What it holds.
    pub comment: String,
}

/// All views as the newest migration that makes them has them, by name.
pub fn views() -> Vec<View> {
    let mut found = BTreeMap::new();
    for migration in MIGRATIONS {
        for statement in migration.sql.split(";\n") {
            if let Some(view) = view(statement) {
                found.insert(view.name, view);
            }
        }
    }
    found.into_values().collect()
}

/// The dictionary as Markdown.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Data dictionary\n\n\
         Every view in ClickHouse with its columns, as the comments in the database say it; made by `throughline schema dictionary`.\n\
         [data.md](data.md) says how the views hang together, [recipes.md](recipes.md) has questions and their answers in SQL.\n\n\
         | view | what a row is |\n|---|---|\n",
    );
    let views = views();
    for view in &views {
        let _ = writeln!(
            page,
            "| [{0}](#{0}) | {1} |",
            view.name,
            cell(&view.comment)
        );
    }
    for view in &views {
        let _ = write!(
            page,
            "\n## {}\n\n{}\n\n| column | type | what it holds |\n|---|---|---|\n",
            view.name, view.comment
        );
        for column in &view.columns {
            let (kind, comment) = (cell(column.kind), cell(&column.comment));
            let _ = writeln!(page, "| `{}` | `{kind}` | {comment} |", column.name);
        }
    }
    page
}

/// The views as sources of dbt, in YAML.
pub fn dbt_sources() -> String {
    let mut page = String::from(
        "# Made by `throughline schema dictionary --format dbt`.\n\
         version: 2\n\
         \n\
         sources:\n\
         \x20 - name: throughline\n\
         \x20   description: What each channel, campaign and call brought, live and to the cent.\n\
         \x20   schema: \"{{ var('throughline_database', 'throughline') }}\"\n\
         \x20   tables:\n",
    );
    for view in views() {
        let _ = write!(
            page,
            "      - name: {}\n        description: {}\n{}        columns:\n",
            view.name,
            scalar(&view.comment),
            freshness(&view)
        );
        for column in &view.columns {
            let _ = write!(
                page,
                "          - name: {}\n            data_type: {}\n            description: {}\n",
                column.name,
                scalar(column.kind),
                scalar(&column.comment)
            );
        }
    }
    page
}

/// How dbt tells whether rows still come, where a view says when they did.
fn freshness(view: &View) -> &'static str {
    let says = |column: &Column| column.name == "arrived_at";
    if view.columns.iter().any(says) {
        "        config:\n\
         \x20         loaded_at_field: arrived_at\n\
         \x20         freshness:\n\
         \x20           warn_after: { count: \"{{ var('throughline_warn_minutes', 15) }}\", period: minute }\n\
         \x20           error_after: { count: \"{{ var('throughline_error_minutes', 360) }}\", period: minute }\n"
    } else {
        ""
    }
}

/// A text in YAML.
fn scalar(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn view(statement: &'static str) -> Option<View> {
    let start = statement
        .lines()
        .position(|line| BEGINNINGS.iter().any(|begins| line.starts_with(begins)))?;
    let mut lines = statement.lines().skip(start);
    let first = lines.next()?;
    let name = BEGINNINGS
        .iter()
        .find_map(|begins| first.strip_prefix(begins))?;
    let columns = lines
        .by_ref()
        .skip_while(|line| *line == "(")
        .take_while(|line| *line != ")")
        .filter_map(column)
        .collect();
    let last = statement.trim_end().lines().last()?;
    let comment = text(last.strip_prefix("COMMENT ")?)?;
    Some(View {
        name,
        comment,
        columns,
    })
}

fn column(line: &'static str) -> Option<Column> {
    let (name, rest) = line.trim().split_once(' ')?;
    let (kind, comment) = rest.split_once(" COMMENT ")?;
    let comment = text(comment.trim_end_matches(','))?;
    Some(Column {
        name,
        kind,
        comment,
    })
}

/// What a quoted text says.
fn text(quoted: &str) -> Option<String> {
    let inner = quoted.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(inner.replace("''", "'").replace("\\'", "'"))
}

#[cfg(test)]
mod tests {
    use super::super::statements;
    use super::*;

    #[test]
    fn the_newest_form_of_each_view_is_told() {
        let views = views();
        let letters = views.iter().find(|view| view.name == "dead_letters");
        let columns = &letters.unwrap().columns;
        // Migration 2 made the view, migration 3 gave it these.
        assert!(columns.iter().any(|column| column.name == "replayed_at"));
        let won_at = views
            .iter()
            .filter(|view| view.name == "deals")
            .flat_map(|view| &view.columns)
            .find(|column| column.name == "won_at");
        assert_eq!(won_at.unwrap().kind, "Nullable(DateTime64(3, 'UTC'))");
    }

    #[test]
    fn every_view_of_the_migrations_is_told_with_its_comment() {
        let statements = MIGRATIONS
            .iter()
            .flat_map(|migration| statements(migration.sql));
        let made = statements.filter(|statement| {
            statement
                .lines()
                .any(|line| BEGINNINGS.iter().any(|begins| line.starts_with(begins)))
        });
        let mut names: Vec<String> = made
            .filter_map(|statement| {
                let line = statement.lines().find(|line| line.contains(" VIEW "))?;
                Some(line.rsplit(' ').next()?.to_owned())
            })
            .collect();
        names.sort();
        names.dedup();
        let views = views();
        let told: Vec<_> = views.iter().map(|view| view.name).collect();
        assert_eq!(told, names);
        for view in &views {
            assert!(!view.columns.is_empty(), "{} has no columns", view.name);
            assert!(view.comment.ends_with('.'), "{}", view.name);
        }
    }

    #[test]
    fn quotes_and_bars_are_kept() {
        assert_eq!(text("'a tenant''s'").as_deref(), Some("a tenant's"));
        assert_eq!(text(r"'a tenant\'s'").as_deref(), Some("a tenant's"));
        assert_eq!(cell("a|b"), "a\\|b");
        assert_eq!(scalar("the tenant's: 1 # 2"), "'the tenant''s: 1 # 2'");
    }
}
