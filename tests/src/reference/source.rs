//! The source of a web hit, by the four rules of the contract.

use super::event::Source;
use super::lists::Lists;
use super::url;

const CLICK_IDS: [(&str, &str, &str); 9] = [
    ("gclid", "google", "cpc"),
    ("gbraid", "google", "cpc"),
    ("wbraid", "google", "cpc"),
    ("yclid", "yandex", "cpc"),
    ("msclkid", "bing", "cpc"),
    ("fbclid", "facebook", "social"),
    ("ttclid", "tiktok", "social"),
    ("vkclid", "vk", "cpc"),
    ("rb_clickid", "vk", "cpc"),
];

/// The hit's own source, or `None` (rule 4). `given` are the explicit fields, normalised.
pub fn of_hit(
    given: &Source,
    page: &str,
    referrer: &str,
    lists: &Lists,
    excluded: &[String],
) -> Option<Source> {
    let parameters = url::parameters(page);
    let utm = |name: &str| {
        url::first(&parameters, name)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let either = |field: &String, utm: String| if field.is_empty() { utm } else { field.clone() };
    let tagged = Source {
        source: either(&given.source, utm("utm_source").to_lowercase()),
        medium: either(&given.medium, utm("utm_medium").to_lowercase()),
        campaign: either(&given.campaign, utm("utm_campaign")),
        content: either(&given.content, utm("utm_content")),
        term: either(&given.term, utm("utm_term")),
    };
    if !tagged.source.is_empty() || !tagged.medium.is_empty() {
        return Some(tagged);
    }
    for (name, source, medium) in CLICK_IDS {
        if url::first(&parameters, name).is_some() {
            return Some(Source {
                source: source.to_owned(),
                medium: medium.to_owned(),
                ..tagged
            });
        }
    }
    of_referrer(page, referrer, lists, excluded)
}

fn of_referrer(page: &str, referrer: &str, lists: &Lists, excluded: &[String]) -> Option<Source> {
    let host = url::host(referrer)?;
    let domain = url::registrable_domain(&host);
    let page_host = url::host(page);
    if page_host.as_deref().map(url::registrable_domain) == Some(domain) {
        return None;
    }
    let within = |entry: &String| host == *entry || host.ends_with(&format!(".{entry}"));
    if excluded.iter().any(within) {
        return None;
    }
    let pair = |source: &str, medium: &str| {
        Some(Source {
            source: source.to_owned(),
            medium: medium.to_owned(),
            ..Source::default()
        })
    };
    if let Some(engine) = lists.search.name_of_host(&host) {
        return pair(engine, "organic");
    }
    if let Some(network) = lists.social.name_of_host(&host) {
        return pair(network, "social");
    }
    let bare = host.strip_prefix("www.").unwrap_or(&host);
    pair(bare.trim_start(), "referral")
}

/// What a visit is called that no rule gives a source.
pub fn direct() -> Source {
    Source {
        source: "(direct)".to_owned(),
        medium: "(none)".to_owned(),
        ..Source::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://shop.example.com/a";

    fn hit(given: [&str; 5], page: &str, referrer: &str) -> Option<String> {
        let [source, medium, campaign, content, term] = given.map(str::to_owned);
        let given = Source {
            source,
            medium,
            campaign,
            content,
            term,
        };
        let excluded = ["paypal.com".to_owned()];
        of_hit(&given, page, referrer, &Lists::default(), &excluded)
            .map(|s| [s.source, s.medium, s.campaign, s.content, s.term].join("|"))
    }

    fn page(query: &str) -> Option<String> {
        hit(
            [""; 5],
            &format!("{PAGE}?{query}"),
            "https://www.google.com/",
        )
    }

    fn referrer(referrer: &str) -> Option<String> {
        hit([""; 5], PAGE, referrer)
    }

    #[test]
    fn fields_then_utm_field_by_field() {
        let query =
            "utm_source=%20Google+&utm_medium=CPC&utm_campaign=+Spring+Sale+&utm_term=t&gclid=1";
        assert_eq!(page(query).as_deref(), Some("google|cpc|Spring Sale||t"));
        let mixed = hit(["vk", "", "", "c", ""], &format!("{PAGE}?{query}"), "");
        assert_eq!(mixed.as_deref(), Some("vk|cpc|Spring Sale|c|t"));
        assert_eq!(
            page("utm_medium=email&gclid=1").as_deref(),
            Some("|email|||")
        );
        assert_eq!(
            page("UTM_SOURCE=x").as_deref(),
            Some("google|organic|||"),
            "names are case-sensitive"
        );
        assert_eq!(
            page("utm_source=+&utm_medium=").as_deref(),
            Some("google|organic|||"),
            "empty is absent"
        );
    }

    #[test]
    fn click_ids_keep_the_campaign() {
        for (name, source, medium) in CLICK_IDS {
            let found = page(&format!(
                "{name}=abc&utm_campaign=C&utm_content=x&utm_term=y"
            ));
            assert_eq!(found, Some(format!("{source}|{medium}|C|x|y")));
        }
        assert_eq!(
            page("yclid=1&gclid=2").as_deref(),
            Some("google|cpc|||"),
            "in the order of the rule"
        );
        assert_eq!(page("gclid=").as_deref(), Some("google|organic|||"));
        assert_eq!(
            hit(["", "", "C", "", ""], &format!("{PAGE}?gclid=1"), "").as_deref(),
            Some("google|cpc|C||")
        );
    }

    #[test]
    fn referrers() {
        assert_eq!(
            referrer("https://www.google.co.uk/search").as_deref(),
            Some("google|organic|||")
        );
        assert_eq!(
            referrer("https://m.vk.com/").as_deref(),
            Some("vk|social|||")
        );
        assert_eq!(
            referrer("https://t.me/x").as_deref(),
            Some("telegram|social|||")
        );
        assert_eq!(
            referrer("https://WWW.Blog.Example.org:8080/p").as_deref(),
            Some("blog.example.org|referral|||")
        );
        assert_eq!(
            referrer("https://bing.evil.com/").as_deref(),
            Some("bing.evil.com|referral|||")
        );
        assert_eq!(
            referrer("https://www.example.com/"),
            None,
            "the same registrable domain"
        );
        assert_eq!(
            referrer("https://www.paypal.com/pay"),
            None,
            "a payment gateway"
        );
        assert_eq!(
            referrer("https://notpaypal.com/").as_deref(),
            Some("notpaypal.com|referral|||")
        );
        assert_eq!(referrer(""), None);
        let with_campaign = hit(["", "", "C", "", ""], PAGE, "https://yandex.ru/");
        assert_eq!(
            with_campaign.as_deref(),
            Some("yandex|organic|||"),
            "rule 3 leaves the campaign empty"
        );
    }
}
