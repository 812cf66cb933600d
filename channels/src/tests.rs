//! Golden tables of the lists and of the preset.

use std::sync::Arc;

use crate::lists::{List, SourceLists};
use crate::preset::Preset;
use crate::rules::{Channels, ConditionSpec, FieldsSpec, RuleSpec};

fn ga4() -> Channels {
    Channels::new(&[], Preset::Ga4, Arc::new(SourceLists::new())).unwrap()
}

/// source | medium | campaign | channel, every rule and trap of the preset.
const GA4: &str = "
(direct)|(none)||Direct
(direct)|(not set)|spring|Direct
|||Direct
(Direct)|(None)||Direct
||spring|Direct
(direct)|||Unassigned
|(none)||Unassigned
google|cpc|Brand Cross-Network|Cross-network
amazon|cpc||Paid Shopping
market.yandex.ru|cpc||Paid Shopping
google|cpc|spring shop|Paid Shopping
google|cpc|Shopping 2026|Paid Shopping
google|cpc|e-shop|Paid Shopping
google|cpc|eshop|Paid Shopping
google|cpc|workshop|Paid Search
google|cpc||Paid Search
Google|CPC||Paid Search
yandex|cpm||Paid Search
yandex.ru|ppc||Paid Search
news.google.com|paid||Paid Search
bing|retargeting||Paid Search
mail.ru|cpc||Paid Search
rambler|cpc||Paid Search
bing.evil.com|cpc||Paid Other
vk|cpc||Paid Social
m.vk.com|cpc||Paid Social
telegram|cpm||Paid Social
t.me|paid_post||Paid Social
x|cpc||Paid Social
twitter|cpc||Paid Social
youtube|cpm||Paid Video
rutube.ru|cpv||Paid Video
rutube|paid-video||Paid Video
criteo|display||Display
adfox|banner||Display
a|expandable||Display
a|interstitial||Display
a|cpm||Display
partner|cpa||Paid Other
partner|cpc||Paid Other
partner|ppc||Paid Other
partner|retargeting||Paid Other
partner|paid-anything||Paid Other
partner|tcp/ip||Paid Other
partner|unpaid||Unassigned
ozon|referral||Organic Shopping
avito.ru|||Organic Shopping
newsletter|email|shopping week|Organic Shopping
vk|social||Organic Social
facebook|referral||Organic Social
l.facebook.com|referral||Organic Social
blog|social||Organic Social
blog|social-network||Organic Social
blog|social-media||Organic Social
blog|SM||Organic Social
blog|social network||Organic Social
blog|social media||Organic Social
youtube|referral||Organic Video
youtube.com|social||Organic Social
site|my_video_ad||Organic Video
vimeo|||Organic Video
chatgpt|referral||AI Assistants
chatgpt.com|||AI Assistants
gemini.google.com|referral||AI Assistants
copilot.microsoft.com|referral||AI Assistants
alice|||AI Assistants
google|organic||Organic Search
yandex|||Organic Search
duckduckgo|referral||Organic Search
unknown-engine|organic||Organic Search
email|||Email
news|email||Email
news|e-mail||Email
news|E_Mail||Email
e mail|||Email
news|emails||Unassigned
partner|affiliate||Affiliates
partner|affiliates||Unassigned
site.com|referral||Referral
site.com|app||Referral
site.com|link||Referral
email|referral||Email
spotify|audio||Audio
sms|||SMS
a|sms||SMS
a|web push||Mobile Push
a|mobile||Mobile Push
a|app-notification||Mobile Push
firebase|||Mobile Push
a|pushed||Unassigned
+74951234567|call||Calls
fair|offline||Offline
something|else||Unassigned
bing.evil.com|||Unassigned
notgoogle.com|||Unassigned
google.com.evil.org|||Unassigned
";

#[test]
fn the_ga4_preset_gives_every_channel_as_written() {
    let channels = ga4();
    for line in GA4.lines().filter(|line| !line.is_empty()) {
        let fields: Vec<&str> = line.split('|').collect();
        let [source, medium, campaign, channel] = fields[..] else {
            panic!("a line has four fields: {line}");
        };
        assert_eq!(
            channels.channel(source, medium, campaign),
            channel,
            "{line}"
        );
    }
}

#[test]
fn every_rule_of_the_preset_is_in_the_table() {
    for rule in Preset::Ga4.rules().unwrap() {
        assert!(
            GA4.lines()
                .any(|line| line.ends_with(&format!("|{}", rule.channel))),
            "{} has no example",
            rule.channel
        );
    }
}

#[test]
fn own_rules_stand_in_front_and_may_negate() {
    let rule = |channel: &str, fields: FieldsSpec| RuleSpec {
        channel: channel.to_owned(),
        when: vec![fields],
    };
    let own = [
        rule(
            "Partners",
            FieldsSpec {
                source: Some(ConditionSpec {
                    contains: vec!["PARTNER".to_owned()],
                    not_contains: vec!["ex-".to_owned()],
                    ..ConditionSpec::default()
                }),
                ..FieldsSpec::default()
            },
        ),
        rule(
            "Brand",
            FieldsSpec {
                campaign: Some(ConditionSpec {
                    regex: vec!["^brand[-_]".to_owned()],
                    ..ConditionSpec::default()
                }),
                medium: Some(ConditionSpec {
                    is_not: vec!["email".to_owned()],
                    set: Some(true),
                    not_regex: vec!["^x".to_owned()],
                    not_in_list: vec!["search".to_owned()],
                    ..ConditionSpec::default()
                }),
                ..FieldsSpec::default()
            },
        ),
    ];
    let channels = Channels::new(&own, Preset::Ga4, Arc::new(SourceLists::new())).unwrap();
    for (source, medium, campaign, channel) in [
        ("Our-Partner", "cpc", "", "Partners"),
        ("ex-partner", "cpc", "", "Paid Other"),
        ("google", "cpc", "Brand-1", "Brand"),
        ("google", "email", "brand-1", "Organic Search"),
        ("google", "", "brand-1", "Organic Search"),
        ("google", "xcpc", "brand-1", "Paid Search"),
        ("google", "bing", "brand-1", "Organic Search"),
    ] {
        assert_eq!(channels.channel(source, medium, campaign), channel);
    }
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let own: Vec<RuleSpec> = serde_json::from_str(
        r#"[{"channel": "A", "when": {"source": {"is": "a"}}},
            {"channel": " ", "when": [{"medium": {"regex": "("}}, {"campaign": {"in_list": ["search", "nowhere"]}}]},
            {"channel": "B", "when": {"source": {}}}]"#,
    )
    .unwrap();
    let errors = Channels::new(&own, Preset::Ga4, Arc::new(SourceLists::new())).unwrap_err();
    let places: Vec<&str> = errors.iter().map(|error| error.place.as_str()).collect();
    assert_eq!(
        places,
        [
            "rules[1].channel",
            "rules[1].when[0].medium.regex",
            "rules[1].when[1].campaign.in_list",
            "rules[2].when[0].source"
        ]
    );
    assert!(
        serde_json::from_str::<RuleSpec>(r#"{"channel": "A", "when": {"sauce": {}}}"#).is_err()
    );
}

#[test]
fn hosts_are_known_by_their_nearest_entry() {
    let lists = SourceLists::new();
    for (host, engine, network) in [
        ("google.com", Some("google"), None),
        ("www.google.co.uk", Some("google"), None),
        ("google.ru", Some("google"), None),
        ("gemini.google.com", None, None),
        ("yandex.ru", Some("yandex"), None),
        ("ya.ru", Some("yandex"), None),
        ("yandex.com", Some("yandex"), None),
        ("market.yandex.ru", None, None),
        ("alice.yandex.ru", None, None),
        ("go.mail.ru", Some("mail.ru"), None),
        ("e.mail.ru", None, None),
        ("my.mail.ru", None, Some("my.mail.ru")),
        ("m.vk.com", None, Some("vk")),
        ("vk.com", None, Some("vk")),
        ("t.me", None, Some("telegram")),
        ("web.telegram.org", None, Some("telegram")),
        ("l.facebook.com", None, Some("facebook")),
        ("lm.facebook.com", None, Some("facebook")),
        ("t.co", None, Some("twitter")),
        ("lnkd.in", None, Some("linkedin")),
        ("out.reddit.com", None, Some("reddit")),
        (
            "com.google.android.googlequicksearchbox",
            Some("google"),
            None,
        ),
        ("youtube.com", None, None),
        ("chatgpt.com", None, None),
        ("bing.evil.com", None, None),
        ("evilgoogle.com", None, None),
        ("com", None, None),
        ("", None, None),
    ] {
        assert_eq!(lists.engine_of(host), engine, "{host}");
        assert_eq!(lists.network_of(host), network, "{host}");
    }
}

#[test]
fn a_source_is_in_a_list_by_name_by_host_or_under_a_host() {
    let lists = SourceLists::new();
    for (list, source, inside) in [
        (List::Search, "google", true),
        (List::Search, "news.google.com", true),
        (List::Search, "mail.ru", true),
        (List::Search, "bing.evil.com", false),
        (List::Search, "sub.google", false),
        (List::Social, "m.vk.com", true),
        (List::Video, "twitch.tv", true),
        (List::Ai, "claude", true),
        (List::Shopping, "market.yandex", true),
        (List::Shopping, "", false),
    ] {
        assert_eq!(lists.contains(list, source), inside, "{source}");
    }
}

#[test]
fn no_host_stands_in_two_places() {
    let mut seen = std::collections::BTreeMap::new();
    for list in List::ALL {
        for line in list
            .built_in()
            .lines()
            .filter(|line| !line.starts_with('#'))
        {
            for host in line.split_whitespace().skip(1) {
                assert_eq!(host, host.to_lowercase());
                let before = seen.insert(host.to_owned(), line.to_owned());
                assert_eq!(before, None, "{host}");
            }
        }
    }
}
