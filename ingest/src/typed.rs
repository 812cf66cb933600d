//! An identifier as a person types it, made what it is in events.

use bumpalo::Bump;
use phonenumber::country;
use throughline_proto::IdentKind;

use crate::normalise;
use crate::phone::PhoneParser;

/// The identifier as events have it: phones in E.164 (`region` is the country
/// of those without one, ISO 3166), e-mail addresses trimmed and in lower case.
/// `None`: events with that value have no such identifier.
pub fn normalised(kind: IdentKind, value: &str, region: &str) -> Option<String> {
    match kind {
        IdentKind::Phone => {
            let region: country::Id = region.parse().ok()?;
            PhoneParser::default().e164(value, region)
        }
        IdentKind::Email => normalise::email(value, &Bump::new()).map(str::to_owned),
        IdentKind::Deal => (!value.is_empty()).then(|| value.to_owned()),
        _ => (!normalise::is_junk(value)).then(|| value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_what_events_have() {
        let phone = |text| normalised(IdentKind::Phone, text, "RU");
        assert_eq!(phone("8 (916) 123-45-67").as_deref(), Some("+79161234567"));
        assert_eq!(phone("12"), None);
        let email = normalised(IdentKind::Email, " Ann@Example.com", "RU");
        assert_eq!(email.as_deref(), Some("ann@example.com"));
        assert_eq!(normalised(IdentKind::User, "undefined", "RU"), None);
        assert_eq!(normalised(IdentKind::Deal, "0", "RU").as_deref(), Some("0"));
    }
}
