//! People: their identifiers in every spelling, what is no identifier, and the numbers they lease.

use fastrand::Rng;

use super::json::Draft;

/// Persons of a tenant who share moments and leased numbers: more would make everybody one client.
pub const GROUP: usize = 3;
/// What never is an identifier.
pub const JUNK: [&str; 6] = [
    "",
    "0",
    "null",
    "Undefined",
    " test ",
    "00000000-0000-0000-0000-000000000000",
];

/// One of a few.
pub fn pick<'a>(rng: &mut Rng, choices: &[&'a str]) -> &'a str {
    choices[rng.usize(..choices.len())]
}

/// One of a person's three browsers.
pub fn visitor(person: usize, rng: &mut Rng) -> String {
    format!("visitor-{person}-{}", rng.u8(..3))
}

/// A person's phone.
pub fn phone(person: usize, rng: &mut Rng) -> String {
    let number = 1_000_000 + person;
    match rng.u8(..3) {
        0 => format!("+7916{number}"),
        1 => format!(
            "+7 (916) {} {}",
            &number.to_string()[..3],
            &number.to_string()[3..]
        ),
        _ => format!(" +7-916-{number} "),
    }
}

/// One of the two numbers that a person's group leases, in one of its forms.
pub fn number(person: usize, rng: &mut Rng) -> String {
    let group = person / GROUP;
    let digits = (1_000_000 + group).to_string();
    match rng.u8(..3) {
        0 => format!("short-{group} "),
        1 => format!("+7495{digits}"),
        _ => format!("+7 (495) {}-{}", &digits[..3], &digits[3..]),
    }
}

/// A person's e-mail address.
pub fn address(person: usize, rng: &mut Rng) -> String {
    pick(
        rng,
        &[
            "Person{}@Example.com",
            " person{}@example.com",
            "person{}@example.com",
        ],
    )
    .replace("{}", &person.to_string())
}

/// Sets one identifier of a person.
pub fn identifier(draft: &mut Draft, person: usize, rng: &mut Rng) {
    match rng.u8(..5) {
        0 => draft.text_field("visitor_id", &visitor(person, rng)),
        1 => draft.text_field("user_id", &format!("user {person}")),
        2 => draft.text_field("phone", &phone(person, rng)),
        3 => draft.text_field("email", &address(person, rng)),
        _ => draft.text_field("crm_contact_id", &format!("crm/{person}")),
    }
}

/// Perhaps one more identifier, perhaps junk.
pub fn more(draft: &mut Draft, person: usize, rng: &mut Rng) {
    match rng.u8(..12) {
        0..=4 => {
            let required = draft.fields.clone();
            identifier(draft, person, rng);
            // What the topic requires stays as it was.
            for (name, json) in required {
                draft.raw(name, json);
            }
        }
        5 => draft.text_field("user_id", pick(rng, &JUNK)),
        6 => draft.text_field("crm_contact_id", pick(rng, &JUNK)),
        7 => draft.text_field("phone", "12"),
        _ => {}
    }
}
