//! docs/recipes.md: every question in it runs on a real ClickHouse with made-up
//! traffic, and has an answer.

use serde_json::Value;
use throughline_tests::live::services::root;
use throughline_tests::reference::Settings;

use crate::installation::Installation;

/// The statements of the page, with the headings over them.
fn recipes() -> Vec<(String, String)> {
    let page = std::fs::read_to_string(root().join("docs/recipes.md")).unwrap();
    let sections = page.split("\n## ").skip(1);
    let recipe = |section: &str| {
        let (title, text) = section.split_once('\n').unwrap();
        let sql = text
            .split_once("```sql\n")
            .unwrap_or_else(|| panic!("{title}: no SQL"));
        let (sql, after) = sql.1.split_once("\n```").unwrap();
        assert!(!after.contains("```"), "{title}: one statement a recipe");
        (title.to_owned(), sql.to_owned())
    };
    sections.map(recipe).collect()
}

#[test]
fn every_recipe_has_an_answer() {
    let line = Installation::new("recipes", &Settings::default());
    let directory = line.directory.join("traffic");
    let path = directory.to_str().unwrap();
    line.call(&["generate", path, "--events", "40000", "--junk", "0.01"])
        .succeeds();
    line.produce(&directory);
    line.run_until_idle();
    let recipes = recipes();
    assert!(recipes.len() >= 15, "{} recipes", recipes.len());
    let mut empty = Vec::new();
    for (title, sql) in &recipes {
        let rows = line.query(&format!("{sql}\nFORMAT JSONEachRow"));
        if rows.is_empty() {
            empty.push(title);
        }
        // The one that says what must be so.
        for row in rows
            .lines()
            .filter(|_| title.starts_with("Does every model"))
        {
            let row: Value = serde_json::from_str(row).unwrap();
            assert_eq!(
                row["difference"].to_string().trim_matches('"'),
                "0",
                "{row}"
            );
        }
    }
    assert!(empty.is_empty(), "no rows: {empty:?}");
}
