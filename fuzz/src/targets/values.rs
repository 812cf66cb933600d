//! Single values of an event. What is normalised stays as it is when it is
//! normalised again.

use bumpalo::Bump;
use phonenumber::country;
use throughline_ingest::event::Source;
use throughline_ingest::moment;
use throughline_ingest::money::{self, MAX_MAJOR_UNITS};
use throughline_ingest::normalise::{self, Phones};
use throughline_ingest::source::Sources;
use throughline_ingest::url as address;
use throughline_proto::events::MOMENTS_MS;
use throughline_tests::reference::decimal::Decimal;

use crate::input::Input;

/// Addresses and what they say of a hit's source: page, referrer, source.
pub fn url(data: &[u8]) {
    let mut input = Input::new(data);
    let mut text = || std::str::from_utf8(input.part()?).ok();
    let page = text().unwrap_or_default();
    let referrer = text();
    let given = text().unwrap_or_default();
    let arena = Bump::new();
    for url in [Some(page), referrer].into_iter().flatten() {
        if let Some(host) = address::authority(url).and_then(address::host) {
            assert_eq!(host, host.to_lowercase());
            let domain = address::registrable_domain(&host);
            assert!(host.ends_with(domain));
            if !host.contains(':') {
                let again = address::host(&host);
                assert_eq!(again.as_ref(), Some(&host), "{url:?}");
            }
        }
        let query = address::query(url);
        let parameters = address::parameters(query);
        let written: usize = parameters
            .map(|(name, value)| name.len() + value.len())
            .sum();
        assert!(written <= query.len());
        for (name, value) in address::parameters(query) {
            let decoded = address::decode(value, &arena);
            let bare = address::has_escapes(value) || decoded == value;
            assert!(bare && address::decode(name, &arena).len() <= 3 * name.len());
        }
    }
    let given = Source {
        source: normalise::lower(given, &arena),
        ..Source::default()
    };
    let lists = super::lists();
    let excluded = ["pay.example.com".to_owned()];
    let mut sources = Sources::new(lists, 8);
    let mut ask = || sources.of_hit(&given, page, referrer, &excluded, &arena);
    let found = ask();
    assert_eq!(found, ask(), "the second answer, from memory, is another");
    if let Some(found) = found {
        assert!(!found.source.is_empty() || !found.medium.is_empty());
        for text in [found.source, found.medium] {
            assert_eq!(normalise::lower(text, &arena), text);
        }
        for text in [found.campaign, found.content, found.term] {
            assert_eq!(normalise::trimmed(text), text);
        }
    }
}

/// Amounts, compared with arithmetic on numbers of any size.
pub fn money(data: &[u8]) {
    let mut input = Input::new(data);
    let places = input.byte() % 5;
    let Some(text) = input.text() else { return };
    let amount = money::minor_units(text, places);
    let known = Decimal::parse(text);
    if amount == Err(money::NotAnAmount::Malformed) {
        assert!(known.is_none(), "{text:?} is a decimal");
        return;
    }
    // The arithmetic gives up exponents that are far beyond any amount.
    let Some(known) = known else { return };
    let Ok(minor) = amount else { return };
    assert!(minor <= MAX_MAJOR_UNITS * 10_i64.pow(places.into()));
    assert_eq!(
        known.in_units(places.into()).to_string(),
        minor.to_string(),
        "{text:?}"
    );
    let again = money::minor_units(&format!("{minor}e-{places}"), places);
    assert_eq!(again, Ok(minor));
}

/// Times and dates, written again.
pub fn time(data: &[u8]) {
    let Some(text) = Input::new(data).text() else {
        return;
    };
    // A zone may put a time of the last day or the first beyond its year.
    let at = moment::parse_rfc3339(text).filter(|at| MOMENTS_MS.contains(at));
    if let Some(at) = at {
        let again = throughline_tests::reference::time::iso(at);
        assert_eq!(moment::parse_rfc3339(&again), Some(at), "{text:?}");
    }
    let date = moment::parse_date(text);
    if let Some(date) = date {
        assert_eq!(date.to_string(), text);
    }
    assert_eq!(date, throughline_tests::reference::time::parse_date(text));
}

/// Phones, numbers, e-mails and what is none.
pub fn identifiers(data: &[u8]) {
    const REGIONS: [country::Id; 8] = [
        country::RU,
        country::DE,
        country::US,
        country::GB,
        country::BR,
        country::MX,
        country::AR,
        country::IT,
    ];
    thread_local! {
        static PHONES: std::cell::RefCell<Phones> = std::cell::RefCell::new(Phones::new(64));
    }
    let mut input = Input::new(data);
    let region = REGIONS[usize::from(input.byte() % 8)];
    let Some(text) = input.text() else { return };
    let arena = Bump::new();
    PHONES.with_borrow_mut(|phones| {
        if let Some(phone) = phones.e164(text, region, &arena) {
            let digits = phone.strip_prefix('+').expect("a plus in front");
            assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
            for region in REGIONS {
                let again = phones.e164(phone, region, &arena);
                assert_eq!(again, Some(phone), "{text:?} in {region:?}");
            }
        }
        let number = phones.number(text, region, &arena);
        assert_eq!(phones.number(number, region, &arena), number, "{text:?}");
    });
    if let Some(address) = normalise::email(text, &arena) {
        assert_eq!(normalise::email(address, &arena), Some(address));
        assert!(!normalise::is_junk(address));
    }
    let lower = normalise::lower(text, &arena);
    assert_eq!(normalise::lower(lower, &arena), lower, "{text:?}");
    let trimmed = normalise::trimmed(text);
    assert_eq!(trimmed, text.trim());
    assert_eq!(normalise::is_junk(trimmed), normalise::is_junk(text));
}
