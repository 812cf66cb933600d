//! Golden tables of the rules.

use super::*;

const PAGE: &str = "https://shop.example.com/a";

fn hit(given: [&str; 5], page: &str, referrer: &str) -> String {
    let [source, medium, campaign, content, term] = given;
    let given = Source {
        source,
        medium,
        campaign,
        content,
        term,
    };
    let excluded = ["paypal.com".to_owned()];
    Sources::new(Arc::new(SourceLists::new()), 100)
        .of_hit(&given, page, Some(referrer), &excluded, &Bump::new())
        .map_or_else(
            || "none".to_owned(),
            |s| [s.source, s.medium, s.campaign, s.content, s.term].join("|"),
        )
}

#[test]
fn explicit_fields_utm_and_click_ids() {
    // Every page has a referrer from Google, so that what rules 1 and 2 leave shows.
    for (query, expected) in [
        (
            "utm_source=%20Google+&utm_medium=CPC&utm_campaign=+Spring+Sale+&utm_term=t",
            "google|cpc|Spring Sale||t",
        ),
        ("utm_source=google", "google||||"),
        ("utm_medium=email", "|email|||"),
        ("utm_campaign=c&utm_content=x", "google|organic|||"),
        (
            "utm_source=a&utm_source=b&utm_medium=&utm_medium=m",
            "a|m|||",
        ),
        ("UTM_SOURCE=x&Utm_Medium=y", "google|organic|||"),
        ("utm_source=+&utm_medium=", "google|organic|||"),
        (
            "utm_source=%D0%AF%D0%BD%D0%B4%D0%B5%D0%BA%D1%81",
            "яндекс||||",
        ),
        ("utm_source=vk&gclid=1", "vk||||"),
        (
            "gclid=1&utm_campaign=C&utm_content=x&utm_term=y",
            "google|cpc|C|x|y",
        ),
        ("yclid=1&gclid=2", "google|cpc|||"),
        ("gclid=", "google|organic|||"),
        ("GCLID=1", "google|organic|||"),
        ("a=1#utm_source=x&gclid=1", "google|organic|||"),
        ("a=%26utm_source=x", "google|organic|||"),
        ("utm_source=a%26b%3Dc", "a&b=c||||"),
    ] {
        let page = format!("{PAGE}?{query}");
        assert_eq!(
            hit([""; 5], &page, "https://www.google.com/"),
            expected,
            "{query}"
        );
    }
    for (name, source, medium) in CLICK_IDS {
        let page = format!("{PAGE}?{name}=abc&utm_campaign=C");
        assert_eq!(
            hit([""; 5], &page, ""),
            format!("{source}|{medium}|C||"),
            "{name}"
        );
    }
    let page = format!("{PAGE}?utm_source=google&utm_medium=cpc&utm_campaign=c&gclid=1");
    assert_eq!(hit(["vk", "", "", "x", ""], &page, ""), "vk|cpc|c|x|");
    assert_eq!(
        hit(["", "", "C", "", ""], &format!("{PAGE}?yclid=1"), ""),
        "yandex|cpc|C||"
    );
    assert_eq!(
        hit(["", "", "C", "x", "t"], PAGE, "https://ya.ru/"),
        "yandex|organic|||"
    );
}

#[test]
fn referrers() {
    for (referrer, expected) in [
        ("https://www.google.co.uk/search?q=1", "google|organic|||"),
        ("https://yandex.com.tr/", "yandex|organic|||"),
        ("https://go.mail.ru/search", "mail.ru|organic|||"),
        ("https://duckduckgo.com/", "duckduckgo|organic|||"),
        (
            "android-app://com.google.android.googlequicksearchbox/",
            "google|organic|||",
        ),
        ("https://m.vk.com/", "vk|social|||"),
        ("https://away.vk.com/away.php", "vk|social|||"),
        ("https://t.me/x", "telegram|social|||"),
        ("https://web.telegram.org/", "telegram|social|||"),
        ("https://t.co/x", "twitter|social|||"),
        ("https://l.facebook.com/l.php", "facebook|social|||"),
        (
            "https://gemini.google.com/app",
            "gemini.google.com|referral|||",
        ),
        ("https://www.youtube.com/watch", "youtube.com|referral|||"),
        (
            "https://WWW.Blog.Example.org:8080/p",
            "blog.example.org|referral|||",
        ),
        ("https://bing.evil.com/", "bing.evil.com|referral|||"),
        ("http://localhost:3000/", "localhost|referral|||"),
        ("http://www. example.org/", "example.org|referral|||"),
        ("http://10.0.0.1/", "10.0.0.1|referral|||"),
        ("https://www.example.com/", "none"),
        ("https://example.com/", "none"),
        ("https://paypal.com/pay", "none"),
        ("https://www.paypal.com/pay", "none"),
        ("https://notpaypal.com/", "notpaypal.com|referral|||"),
        ("", "none"),
        ("google.com", "none"),
        ("about:blank", "none"),
    ] {
        assert_eq!(hit([""; 5], PAGE, referrer), expected, "{referrer}");
    }
    for (page, referrer, expected) in [
        (
            "https://a.co.uk/",
            "https://b.co.uk/",
            "b.co.uk|referral|||",
        ),
        (
            "https://a.github.io/",
            "https://b.github.io/",
            "b.github.io|referral|||",
        ),
        ("https://a.b.co.uk/", "https://c.b.co.uk/", "none"),
        (
            "https://xn--e1afmkfd.xn--p1ai/",
            "https://www.пример.рф/",
            "none",
        ),
        (
            "http://10.0.0.1/",
            "http://11.0.0.1/",
            "11.0.0.1|referral|||",
        ),
        ("/relative", "https://google.ru/", "google|organic|||"),
        ("https://shop.yandex.ru/", "https://yandex.ru/", "none"),
    ] {
        assert_eq!(hit([""; 5], page, referrer), expected, "{page} {referrer}");
    }
}
