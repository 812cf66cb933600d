//! The data dictionary: it is what the database says, and docs/dictionary.md and
//! the sources of dbt are it.

use throughline_sink::schema::dictionary::{dbt_sources, markdown, views};
use throughline_tests::live::services::root;
use throughline_tests::reference::Settings;

use crate::installation::Installation;

#[test]
fn what_is_made_of_it_is_up_to_date() {
    let made = [
        ("docs/dictionary.md", markdown()),
        ("dbt/models/sources.yml", dbt_sources()),
    ];
    for (path, text) in made {
        let page = std::fs::read_to_string(root().join(path)).unwrap();
        assert!(
            page == text,
            "{path}: `make dictionary` brings it up to date"
        );
    }
}

#[test]
fn no_view_and_no_column_of_the_database_is_missing() {
    let line = Installation::new("dictionary", &Settings::default());
    line.call(&["schema", "apply"]).succeeds();
    let told = line.query(
        "SELECT table, name, type, comment FROM system.columns \
         WHERE database = currentDatabase() AND table IN \
             (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View') \
         ORDER BY table, position FORMAT TSVRaw",
    );
    let expected: Vec<_> = views()
        .into_iter()
        .flat_map(|view| {
            let name = view.name;
            let columns = view.columns.into_iter();
            columns.map(move |column| {
                format!(
                    "{name}\t{}\t{}\t{}",
                    column.name, column.kind, column.comment
                )
            })
        })
        .collect();
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    let told = line.query(
        "SELECT name, comment FROM system.tables \
         WHERE database = currentDatabase() AND engine = 'View' ORDER BY name FORMAT TSVRaw",
    );
    let views = views().into_iter();
    let expected: Vec<_> = views
        .map(|view| format!("{}\t{}", view.name, view.comment))
        .collect();
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
}
