//! The few parts of a URL that say where a hit came from.

/// The host, in lower case, without user, port and brackets; `None` when there is none.
pub fn host(url: &str) -> Option<String> {
    let (_scheme, rest) = url.trim().split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    // A bracket that is never closed is part of the name.
    let v6 = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let host = match v6 {
        Some((v6, _)) => v6,
        None => host.split(':').next()?,
    };
    let host = host.trim_start();
    let host = host.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    let host = host.to_lowercase();
    (!host.is_empty()).then_some(host)
}

/// The domain somebody registered: by the public suffix list, or the host itself where the list says nothing
/// (an address, `localhost`).
pub fn registrable_domain(host: &str) -> &str {
    if host.parse::<std::net::IpAddr>().is_ok() {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

/// Names and values of the query, decoded as form data, in order, without empty values.
pub fn parameters(url: &str) -> Vec<(String, String)> {
    let before_fragment = url.split('#').next().unwrap_or_default();
    let Some((_, query)) = before_fragment.split_once('?') else {
        return Vec::new();
    };
    let pair = |part: &str| {
        let (name, value) = part.split_once('=')?;
        Some((decode(name), decode(value)))
    };
    query
        .split('&')
        .filter_map(pair)
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// The first value of a name.
pub fn first<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// Plus is a space, `%41` is a byte; what is not UTF-8 becomes the replacement character.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = text
            .get(at + 1..at + 3)
            .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match (
            bytes[at],
            escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()),
        ) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        assert_eq!(
            host("https://User:pw@WWW.Example.com:8443/a?b#c").as_deref(),
            Some("www.example.com")
        );
        assert_eq!(
            host("https://[2001:db8::1]:80/").as_deref(),
            Some("2001:db8::1")
        );
        assert_eq!(host("example.com/a"), None);
        assert_eq!(host("https:///a"), None);
    }

    #[test]
    fn domains() {
        assert_eq!(registrable_domain("a.b.example.co.uk"), "example.co.uk");
        assert_eq!(registrable_domain("shop.example.com"), "example.com");
        assert_eq!(registrable_domain("192.168.1.1"), "192.168.1.1");
        assert_eq!(registrable_domain("localhost"), "localhost");
    }

    #[test]
    fn queries_are_form_data() {
        let found = parameters("https://e.com/?a=&a=1+2&a=3&A=x&b=%D0%B4%zz&c#a=9&d=1");
        assert_eq!(
            first(&found, "a"),
            Some("1 2"),
            "an empty value counts as absent, then the first wins"
        );
        assert_eq!(first(&found, "A"), Some("x"));
        assert_eq!(first(&found, "b"), Some("д%zz"));
        assert_eq!(first(&found, "c"), None);
        assert_eq!(first(&found, "d"), None, "fragments are ignored");
    }
}
