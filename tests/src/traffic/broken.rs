//! Events that must become dead letters.

use fastrand::Rng;

use super::json::Draft;

/// Fields and what makes them invalid, for every topic.
const COMMON: [(&str, &str); 14] = [
    ("event_id", "null"),
    ("event_id", "12"),
    ("event_id", "\"\""),
    ("occurred_at", "null"),
    ("occurred_at", "\"2026-03-01T00:00:00\""),
    ("occurred_at", "\"yesterday\""),
    ("occurred_at", "\"1772323200000\""),
    ("occurred_at", "true"),
    ("occurred_at", "946684799999"),
    ("occurred_at", "\"2999-01-01T00:00:00Z\""),
    ("tenant", "7"),
    ("tenant", "\"\""),
    ("user_id", "[\"u\"]"),
    ("phone", "79161234567"),
];

const OWN: [(&str, &[(&str, &str)]); 8] = [
    (
        "web",
        &[
            ("url", "null"),
            ("url", "{}"),
            ("visitor_id", "null"),
            ("referrer", "5"),
            ("event", "1"),
        ],
    ),
    (
        "calls",
        &[
            ("caller_phone", "null"),
            ("dialed_number", "8"),
            ("direction", "\"sideways\""),
            ("status", "\"lost\""),
            ("quality_score", "101"),
            ("wait_seconds", "-1"),
            ("talk_seconds", "\"long\""),
        ],
    ),
    (
        "emails",
        &[
            ("event", "null"),
            ("event", "\"seen\""),
            ("email", "null"),
            ("email", "{}"),
        ],
    ),
    (
        "deals",
        &[
            ("deal_id", "null"),
            ("event", "\"paid\""),
            ("amount", "-1"),
            ("amount", "\"many\""),
            ("amount", "\"1,5\""),
            ("amount", "1e30"),
            ("cost", "false"),
            ("refund_amount", "\"-0.5\""),
            ("currency", "\"ZZZ\""),
            ("items", "{\"sku\":\"a\"}"),
            ("items", "[{\"sku\":\"a\",\"amount\":[]}]"),
        ],
    ),
    (
        "costs",
        &[
            ("date", "null"),
            ("date", "\"2026-02-30\""),
            ("date", "\"01.03.2026\""),
            ("source", "null"),
            ("medium", "1"),
            ("cost", "null"),
            ("cost", "-0.01"),
            ("hour", "24"),
            ("hour", "\"5\""),
            ("clicks", "-1"),
            ("impressions", "1.5"),
        ],
    ),
    (
        "touches",
        &[("source", "null"), ("medium", "null"), ("kind", "3")],
    ),
    (
        "numbers",
        &[
            ("number", "null"),
            ("visitor_id", "null"),
            ("leased_until", "null"),
            ("leased_until", "\"soon\""),
        ],
    ),
    ("identities", &[("erase", "\"yes\"")]),
];

const IDENTIFIERS: [&str; 6] = [
    "visitor_id",
    "user_id",
    "phone",
    "email",
    "crm_contact_id",
    "caller_phone",
];

/// The event with one thing wrong.
pub fn spoil(mut draft: Draft, rng: &mut Rng) -> String {
    let own = OWN
        .iter()
        .find(|(topic, _)| *topic == draft.topic)
        .map_or(&[][..], |(_, own)| own);
    match rng.u8(..10) {
        0 => {
            let text = draft.text(rng);
            return text[..text.len() - 1].to_owned() + "}]";
        }
        1 if !["deals", "costs"].contains(&draft.topic) => {
            // Nobody is left, though everything is there that must be.
            for (index, name) in IDENTIFIERS.into_iter().enumerate() {
                let known = draft.fields.iter().any(|(known, _)| *known == name);
                if known {
                    draft.text_field(name, ["", "0", "Unknown", " - ", "000-000", "null"][index]);
                }
            }
        }
        2..=4 => {
            let (name, json) = COMMON[rng.usize(..COMMON.len())];
            draft.raw(name, json.to_owned());
        }
        _ => {
            let (name, json) = own[rng.usize(..own.len())];
            draft.raw(name, json.to_owned());
        }
    }
    draft.text(rng)
}

/// A record that is no event at all.
pub fn bytes(rng: &mut Rng) -> Vec<u8> {
    let choices: [&[u8]; 8] = [
        b"",
        b"not json",
        b"7",
        b"\"text\"",
        b"null",
        b"[[]]",
        b"\xff\xfe{}",
        b"[{\"event_id\":",
    ];
    choices[rng.usize(..choices.len())].to_vec()
}
