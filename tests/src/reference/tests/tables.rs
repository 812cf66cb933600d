//! Loading and comparing.

use super::*;

const LEDGER: &str = "web a 01 10:00 v=x source=vk medium=cpc user_id=u
    web b 02 10:00 v=y
    calls c 01 11:00 caller_phone=+79161234567 dialed_number=1 user_id=u
    deals w 03 10:00 deal_id=d event=won user_id=u amount=10
    costs k 01 10:00 date=2026-01-01 source=vk medium=cpc cost=1";

/// The tables as some other program would print them.
fn printed(tables: &Tables, name: &str) -> String {
    let table = crate::reference::schema::table(name);
    let names: Vec<_> = table.columns.iter().map(|column| column.name).collect();
    let line = |row: &crate::reference::tables::Row| {
        let cells = names.iter().enumerate().map(|(at, name)| {
            let text = crate::reference::tables::show(table, &row.0, at);
            let text = if *name == "client_id" {
                format!("hash{text}")
            } else {
                text
            };
            let bare = text == "NULL"
                || !["Text", "Time", "Client"]
                    .contains(&format!("{:?}", table.columns[at].ty).as_str());
            format!(
                "\"{name}\":{}",
                if bare {
                    text.replace("NULL", "null")
                } else {
                    format!("\"{text}\"")
                }
            )
        });
        format!("{{{}}}\n", cells.collect::<Vec<_>>().join(","))
    };
    tables.of(name).iter().map(line).collect()
}

fn reloaded(tables: &Tables, change: impl Fn(&str, String) -> String) -> Tables {
    let mut loaded = Tables::default();
    for table in &crate::reference::schema::TABLES {
        loaded
            .load(table.name, &change(table.name, printed(tables, table.name)))
            .unwrap();
    }
    loaded
}

#[test]
fn what_is_printed_and_loaded_is_the_same() {
    let tables = compute(LEDGER);
    assert_eq!(
        tables.compare(&reloaded(&tables, |_, text| text)),
        Vec::<String>::new()
    );
    // Other names of clients, hashed identifiers, and times as a database prints them.
    let other = reloaded(&tables, |_, text| {
        let text = text
            .replace("hash0", "z")
            .replace("hash1", "y")
            .replace("+79161234567\",\"kind", "cafe\",\"kind");
        ["0", "1", "2"]
            .iter()
            .fold(text.replace(".000Z\"", "\""), |text, hour| {
                text.replace(&format!("T{hour}"), &format!(" {hour}"))
            })
    });
    assert_eq!(tables.compare(&other), Vec::<String>::new());
}

#[test]
fn differences_are_told() {
    let tables = compute(LEDGER);
    let differ = |table: &str, from: &str, to: &str| {
        let other = reloaded(&tables, |name, text| {
            if name == table {
                text.replace(from, to)
            } else {
                text
            }
        });
        tables.compare(&other).join("\n")
    };
    let first_line = printed(&tables, "deals");
    assert!(differ("deals", &first_line, "").contains("deals: missing tenant=default deal_id=d"));
    assert!(differ("deals", "\"gross\":10,", "\"gross\":10.0001,").contains("gross 10 ≠ 10.0001"));
    assert!(
        differ("touchpoints", "web:b", "web:c")
            .contains("touchpoints: unexpected tenant=default touch_id=web:c")
    );
    assert!(differ("touchpoints", "hash1", "hash0").contains("belongs to a client it should not"));
    assert!(
        differ("identities", "\"user_id\"", "\"email\"")
            .contains("identities: expected a client of")
    );
    assert!(differ("identities", "\"hash1\"", "\"hash0\"").contains("clients: "));
    assert!(
        differ("channel_roi", "\"roi\":9.000000", "\"roi\":9.1")
            .contains("roi 9.000000 ≠ 9.100000")
    );
    assert_eq!(
        differ("calls", "\"ambiguous\":0,", ""),
        "",
        "an optional column may lack"
    );
    let mut twice = tables.clone();
    twice.set(
        "credits",
        [tables.of("credits"), tables.of("credits")].concat(),
    );
    assert!(
        tables
            .compare(&twice)
            .join("\n")
            .contains("credits: unexpected")
    );
}

#[test]
fn a_table_that_cannot_be_read_says_where() {
    let mut tables = Tables::default();
    assert!(
        tables
            .load("clients", "\n{\"tenant\":\"a\"}")
            .unwrap_err()
            .starts_with("clients, line 2, client_id: no such")
    );
    assert!(
        tables
            .load("clients", "[]")
            .unwrap_err()
            .contains("not a JSON object")
    );
    assert!(tables.load("costs", "{\"tenant\":7}").is_err());
}
