//! The few parts of a URL that say where a hit came from. Not a URL parser:
//! what producers send is often not quite a URL, and nothing is fetched.

use std::net::IpAddr;

use bumpalo::Bump;
use memchr::{memchr, memchr2};
use percent_encoding::percent_decode_str;

/// The part between `scheme://` and the path.
pub fn authority(url: &str) -> Option<&str> {
    let (scheme, rest) = url.trim_start().split_once("://")?;
    let is_scheme = !scheme.is_empty()
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    is_scheme.then(|| rest[..end].trim_end())
}

/// The host of an authority: without user, port and brackets, in lower case,
/// international names in their ASCII form. `None` when it is empty.
pub fn host(authority: &str) -> Option<String> {
    let host = authority.rsplit('@').next()?;
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let host = match bracketed {
        Some((address, _)) => address,
        None => host.split(':').next()?,
    };
    // No host has spaces around it, but what producers send may.
    let host = host
        .trim_start()
        .trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    if host.is_empty() {
        return None;
    }
    if host.is_ascii() {
        return Some(host.to_ascii_lowercase());
    }
    Some(idna::domain_to_ascii(host).unwrap_or_else(|_| host.to_lowercase()))
}

/// The domain that somebody registered, by the public suffix list; the host
/// itself where the list has no say (an address, `localhost`).
pub fn registrable_domain(host: &str) -> &str {
    if host.parse::<IpAddr>().is_ok() {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

/// The query as it is written, empty when there is none; fragments are no part of it.
pub fn query(url: &str) -> &str {
    match memchr2(b'?', b'#', url.as_bytes()) {
        Some(at) if url.as_bytes()[at] == b'?' => {
            let query = &url[at + 1..];
            &query[..memchr(b'#', query.as_bytes()).unwrap_or(query.len())]
        }
        _ => "",
    }
}

/// Whether anything in a query stands for something else.
pub fn has_escapes(query: &str) -> bool {
    memchr2(b'+', b'%', query.as_bytes()).is_some()
}

/// Names and values of a query as they are written, in order.
pub fn parameters(query: &str) -> Parameters<'_> {
    Parameters(Some(query))
}

/// What is left of a query. Bytes are looked at one by one: names and values
/// are shorter than what a search for them in steps would cost to set up.
#[derive(Clone, Debug)]
pub struct Parameters<'a>(Option<&'a str>);

impl<'a> Iterator for Parameters<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let query = self.0?;
        let end_of = |from: usize, is_end: fn(u8) -> bool| {
            let rest = query.as_bytes().iter().skip(from);
            let length = rest.take_while(|byte| !is_end(**byte)).count();
            from + length
        };
        let name_end = end_of(0, |byte| matches!(byte, b'=' | b'&'));
        let name = &query[..name_end];
        let mut end = name_end;
        let mut value = "";
        if query.as_bytes().get(name_end) == Some(&b'=') {
            end = end_of(name_end + 1, |byte| byte == b'&');
            value = &query[name_end + 1..end];
        }
        self.0 = query.get(end + 1..);
        Some((name, value))
    }
}

/// A name or value of a query, decoded as form data: plus is a space, and what
/// is not UTF-8 becomes the replacement character.
pub fn decode<'a>(text: &'a str, arena: &'a Bump) -> &'a str {
    if !has_escapes(text) {
        return text;
    }
    let spaced = text.replace('+', " ");
    arena.alloc_str(&percent_decode_str(&spaced).decode_utf8_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_of(url: &str) -> Option<String> {
        authority(url).and_then(host)
    }

    #[test]
    fn hosts() {
        for (url, expected) in [
            (
                "https://User:pw@WWW.Example.com:8443/a?b#c",
                Some("www.example.com"),
            ),
            ("http://example.com", Some("example.com")),
            ("http://example.com?x=1", Some("example.com")),
            ("http://example.com#x", Some("example.com")),
            (" https://example.com./", Some("example.com")),
            ("https:// a@\texample.com. :80/", Some("example.com")),
            ("https://\r\n/", None),
            ("https://[2001:db8::1]:80/", Some("2001:db8::1")),
            ("https://пример.рф/", Some("xn--e1afmkfd.xn--p1ai")),
            (
                "android-app://com.google.android.gm/",
                Some("com.google.android.gm"),
            ),
            ("example.com/a", None),
            ("/a?to=https://example.com", None),
            ("about:blank", None),
            ("https:///a", None),
            ("://a", None),
            ("", None),
        ] {
            assert_eq!(host_of(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn domains() {
        for (host, expected) in [
            ("a.b.example.co.uk", "example.co.uk"),
            ("shop.example.com", "example.com"),
            ("example.com", "example.com"),
            ("a.github.io", "a.github.io"),
            ("xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai"),
            ("a.xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai"),
            ("192.168.1.1", "192.168.1.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("localhost", "localhost"),
            ("co.uk", "co.uk"),
        ] {
            assert_eq!(registrable_domain(host), expected, "{host}");
        }
    }

    #[test]
    fn queries_are_form_data() {
        let arena = Bump::new();
        let page = "https://e.com/?a=&a=1+2&%61=3&A=%D0%B4%zz&b&c=%ff&=x&d=a=b%3Dc+d?#e=9&f=1";
        let found: Vec<(&str, &str)> = parameters(query(page))
            .map(|(name, value)| (decode(name, &arena), decode(value, &arena)))
            .collect();
        let expected = [
            ("a", ""),
            ("a", "1 2"),
            ("a", "3"),
            ("A", "д%zz"),
            ("b", ""),
            ("c", "\u{fffd}"),
            ("", "x"),
            ("d", "a=b=c d?"),
        ];
        assert_eq!(found, expected);
        for page in ["https://e.com/#/route?a=1", "https://e.com/", ""] {
            assert_eq!(query(page), "", "{page}");
        }
    }
}
