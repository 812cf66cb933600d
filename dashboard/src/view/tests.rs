//! Addresses: what is printed is read again, and what is wrong is named.

use super::*;

#[test]
fn what_is_printed_is_read_again() {
    let mut rng = fastrand::Rng::with_seed(7);
    let words = [
        "",
        "Paid Search",
        "a&b=c",
        "100%",
        "+",
        "имя",
        "'; DROP TABLE x",
        "\\",
        "\"<b>",
    ];
    for _ in 0..2000 {
        let mut view = View::default();
        let mut word = || words[rng.usize(..words.len())].to_owned();
        for dimension in Dimension::ALL {
            let (only, without) = (word(), word());
            view.filter.add(dimension, true, &only);
            view.filter.add(dimension, false, &without);
        }
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        view.tenant = given(word());
        view.model = given(word());
        view.versus = given(word());
        view.deal = given(word());
        view.period = rng.choice(Period::NAMED);
        view.compare = if rng.bool() {
            Compare::Year
        } else {
            Compare::Previous
        };
        view.basis = if rng.bool() {
            Basis::Touch
        } else {
            Basis::Conversion
        };
        view.level = rng.choice(Dimension::ALL);
        view.by = CallsBy::ALL[rng.usize(..3)].1;
        view.language = Some(Language::ALL[rng.usize(..2)].1);
        view.sort = Some(Sort {
            column: "revenue".to_owned(),
            descends: rng.bool(),
        });
        let query = view.query();
        let read = View::parse(query.trim_start_matches('?'));
        assert_eq!(read.as_ref(), Ok(&view), "{query}");
    }
}

#[test]
fn what_is_wrong_is_named_with_what_is_allowed() {
    for (query, said) in [
        ("perod=7d", "there is no parameter `perod`"),
        ("period=8d", "`8d` is no value of `period`: it is today"),
        (
            "basis=click",
            "`click` is no value of `basis`: it is conversion or touch",
        ),
        ("lang=de", "`lang`: it is en or ru"),
        (
            "model=linear&model=linear",
            "the parameter `model` stands there more than once",
        ),
    ] {
        let error = View::parse(query).unwrap_err().to_string();
        assert!(error.contains(said), "{query}: {error}");
    }
    let many: Vec<_> = (0..60).map(|i| format!("channel={i}")).collect();
    let many = many.join("&");
    assert!(View::parse(&many).is_err());
    assert!(View::parse(&"x".repeat(MAX_QUERY_BYTES + 1)).is_err());
}

#[test]
fn a_form_of_two_days_is_a_period() {
    let view = View::parse("from=2026-01-01&to=2026-01-31").unwrap();
    assert_eq!(view.period().to_string(), "2026-01-01..2026-01-31");
    let view = View::parse("period=own&from=2026-01-01&to=2026-01-31").unwrap();
    assert_eq!(view.period().to_string(), "2026-01-01..2026-01-31");
    // A period that was chosen while two days stood there.
    let view = View::parse("period=7d&from=2026-01-01&to=2026-01-31").unwrap();
    assert_eq!(view.period(), Period::Last(7));
}
