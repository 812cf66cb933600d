//! Golden tables of phones, e-mails and junk.

use super::*;

#[test]
fn junk_is_never_an_identifier() {
    for value in [
        "",
        " ",
        "-",
        "-1",
        "null",
        "NULL",
        "None",
        " undefined ",
        "unknown",
        "Anonymous",
        "guest",
        "TEST",
        "\ttest\n",
        "0",
        "000",
        "--",
        "0-0",
        "00000000-0000-0000-0000-000000000000",
    ] {
        assert!(is_junk(value), "{value:?}");
    }
    for value in [
        "1", "tester", "0a", "-2", "nobody", "nulls", "00000001", "n/a", "a",
    ] {
        assert!(!is_junk(value), "{value:?}");
    }
}

#[test]
fn emails_are_trimmed_and_lowered() {
    for (value, expected) in [
        (" Ann@Example.COM ", Some("ann@example.com")),
        ("a+b@mail.example.com", Some("a+b@mail.example.com")),
        ("АННА@ПРИМЕР.РФ", Some("анна@пример.рф")),
        ("", None),
        ("ann", None),
        ("@example.com", None),
        ("ann@", None),
        ("ann@localhost", None),
        ("a b@example.com", None),
        ("a@b@c.com", None),
        ("ann@example.", None),
        ("ann@.com", None),
        ("ann@exa..mple.com", None),
        ("null", None),
    ] {
        let arena = Bump::new();
        let found = email(value, &arena);
        assert_eq!(found, expected, "{value:?}");
    }
}

#[test]
fn phones_become_e164() {
    let arena = Bump::new();
    for (region, value, expected) in [
        ("RU", "8 (916) 123-45-67", "+79161234567"),
        ("RU", "+7 916 123 45 67", "+79161234567"),
        ("RU", "7 916 123 45 67", "+79161234567"),
        ("RU", "9161234567", "+79161234567"),
        ("RU", "89161234567", "+79161234567"),
        ("RU", "tel:+7-916-123-45-67", "+79161234567"),
        ("RU", "+7 (916) 123-45-67 доб. 12", "+79161234567"),
        ("RU", "+7 916 123-45-67;ext=12", "+79161234567"),
        ("RU", "８９１６１２３４５６７", "+79161234567"),
        ("RU", "\u{202a}+79161234567\u{202c}", "+79161234567"),
        ("RU", "8 800 555-35-35", "+78005553535"),
        ("RU", "+7 800 555-35-35", "+78005553535"),
        ("RU", "8 495 123-45-67", "+74951234567"),
        ("RU", "+1 800 234 2387", "+18002342387"),
        ("RU", "+49 1512 3456789", "+4915123456789"),
        ("US", "+49 1512 3456789", "+4915123456789"),
        ("RU", "810 49 1512 3456789", "+4915123456789"),
        ("RU", "+380 67 123 4567", "+380671234567"),
        ("KZ", "8 701 123 4567", "+77011234567"),
        ("US", "(212) 555-2368", "+12125552368"),
        ("US", "1-800-FLOWERS", "+18003569377"),
        ("US", "+7 916 123 45 67", "+79161234567"),
        ("US", "011 44 20 7946 0958", "+442079460958"),
        ("GB", "020 7946 0958", "+442079460958"),
        ("DE", "030 123456", "+4930123456"),
        ("IT", "06 6982 1234", "+390669821234"),
        ("AR", "011 15 2345-6789", "+5491123456789"),
    ] {
        let region = region.parse().unwrap();
        let found = Phones::new(10).e164(value, region, &arena);
        assert_eq!(found, Some(expected), "{value}");
    }
}

#[test]
fn what_is_no_valid_phone_is_none() {
    let (mut phones, arena) = (Phones::new(10), Bump::new());
    for value in [
        "",
        "+",
        "12",
        "112",
        "abc",
        "0000000000",
        "+0 123 456 78 90",
        "+999 123 456 789",
        "8 916 123 45",
        "+7 916 123 45 67 89",
        "+7 016 123 45 67",
        "ann@example.com",
        "- - -",
        "12.03.2026",
        "79161234567x7916123456789012345678",
    ] {
        for _ in 0..2 {
            assert_eq!(phones.e164(value, country::RU, &arena), None, "{value:?}");
        }
    }
    assert_eq!(phones.number(" 112 ", country::RU, &arena), "112");
    assert_eq!(
        phones.number("8 495 123-45-67", country::RU, &arena),
        "+74951234567"
    );
}
