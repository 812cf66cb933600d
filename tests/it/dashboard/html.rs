//! The figures that stand on a page: `<data>` elements with exact values.

use std::collections::BTreeMap;

use regex::Regex;

/// A figure of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Figure {
    /// What the element says of itself: report, row, column …
    pub about: BTreeMap<String, String>,
    /// The exact value.
    pub value: String,
}

impl Figure {
    /// What it says of itself by a name; empty when nothing.
    pub fn is(&self, name: &str) -> &str {
        self.about.get(name).map_or("", String::as_str)
    }
}

/// All figures, in the order they stand in.
pub fn figures(page: &str) -> Vec<Figure> {
    let element = Regex::new(r#"<data value="([^"]*)"([^>]*)>"#).unwrap();
    let attribute = Regex::new(r#"data-([a-z]+)="([^"]*)""#).unwrap();
    let figure = |found: regex::Captures<'_>| Figure {
        value: text(&found[1]),
        about: attribute
            .captures_iter(&found[2])
            .map(|pair| (pair[1].to_owned(), text(&pair[2])))
            .collect(),
    };
    element.captures_iter(page).map(figure).collect()
}

/// The heads of the columns of the tables of a report, table by table.
pub fn heads(page: &str) -> Vec<Vec<String>> {
    let table = Regex::new(r"(?s)<table class=.rows.>(.*?)</table>").unwrap();
    let head = Regex::new(r"(?s)<th scope=.col.[^>]*>(.*?)</th>").unwrap();
    let tag = Regex::new(r"(?s)<button.*?</button>|<[^>]*>").unwrap();
    let title = |found: regex::Captures<'_>| text(tag.replace_all(&found[1], "").trim());
    table
        .captures_iter(page)
        .map(|found| {
            let heads = found[1].split("</thead>").next().unwrap().to_owned();
            head.captures_iter(&heads).map(title).collect()
        })
        .collect()
}

/// A text without HTML's escapes.
fn text(escaped: &str) -> String {
    let mut text = escaped.to_owned();
    for (escape, sign) in [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ] {
        text = text.replace(escape, sign);
    }
    text
}
