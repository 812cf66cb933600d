//! The default channel grouping, rule by rule.

use std::sync::LazyLock;

use regex::Regex;

use super::lists::Lists;

/// The channel of a journey without touches.
pub const UNATTRIBUTED: &str = "Unattributed";
/// The channel whose touches usually earn nothing.
pub const DIRECT: &str = "Direct";
/// The channel of calls to numbers that nothing else explains.
pub const CALLS: &str = "Calls";

/// Paid media, shops, videos and e-mail, in this order.
static PATTERNS: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    [
        "^(.*cp.*|ppc|retargeting|paid.*)$",
        "^(.*(([^a-df-z]|^)shop|shopping).*)$",
        "^(.*video.*)$",
        "^(email|e-mail|e_mail|e mail)$",
    ]
    .map(|pattern| Regex::new(pattern).expect("the patterns are constants"))
});

/// The rules, ready to be asked.
#[derive(Debug)]
pub struct Channels<'a> {
    lists: &'a Lists,
    paid: &'static Regex,
    shop: &'static Regex,
    video: &'static Regex,
    email: &'static Regex,
}

impl<'a> Channels<'a> {
    /// Prepares the rules.
    pub fn new(lists: &'a Lists) -> Self {
        let [paid, shop, video, email] = &*PATTERNS;
        Self {
            lists,
            paid,
            shop,
            video,
            email,
        }
    }

    /// The channel of a source, medium and campaign; the first rule that matches decides.
    pub fn of(&self, source: &str, medium: &str, campaign: &str) -> &'static str {
        let source = source.to_lowercase();
        let medium = medium.to_lowercase();
        let campaign = campaign.to_lowercase();
        let any = |list: &[&str]| list.contains(&medium.as_str());
        let paid = self.paid.is_match(&medium);
        let shopping = self.lists.shopping.contains(&source) || self.shop.is_match(&campaign);
        let search = self.lists.search.contains(&source);
        let social = self.lists.social.contains(&source);
        let video = self.lists.video.contains(&source);
        let social_media = [
            "social",
            "social-network",
            "social-media",
            "sm",
            "social network",
            "social media",
        ];

        if (source == "(direct)" && any(&["(none)", "(not set)"]))
            || (source.is_empty() && medium.is_empty())
        {
            DIRECT
        } else if campaign.contains("cross-network") {
            "Cross-network"
        } else if shopping && paid {
            "Paid Shopping"
        } else if search && paid {
            "Paid Search"
        } else if social && paid {
            "Paid Social"
        } else if video && paid {
            "Paid Video"
        } else if any(&["display", "banner", "expandable", "interstitial", "cpm"]) {
            "Display"
        } else if paid {
            "Paid Other"
        } else if shopping {
            "Organic Shopping"
        } else if social || any(&social_media) {
            "Organic Social"
        } else if video || self.video.is_match(&medium) {
            "Organic Video"
        } else if self.lists.assistants.contains(&source) {
            "AI Assistants"
        } else if search || medium == "organic" {
            "Organic Search"
        } else if self.email.is_match(&source) || self.email.is_match(&medium) {
            "Email"
        } else if medium == "affiliate" {
            "Affiliates"
        } else if any(&["referral", "app", "link"]) {
            "Referral"
        } else if medium == "audio" {
            "Audio"
        } else if source == "sms" || medium == "sms" {
            "SMS"
        } else if medium.ends_with("push")
            || medium.contains("mobile")
            || medium.contains("notification")
            || source == "firebase"
        {
            "Mobile Push"
        } else if medium == "call" {
            CALLS
        } else if medium == "offline" {
            "Offline"
        } else {
            "Unassigned"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_and_every_trap() {
        // The product's own lists must answer the same.
        let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../channels/data");
        let lists = [Lists::default(), Lists::read(&data).unwrap()];
        let cases = [
            ("(direct)", "(none)", "", "Direct"),
            ("(direct)", "(not set)", "x", "Direct"),
            ("", "", "cross-network", "Direct"),
            ("google", "cpc", "a Cross-Network b", "Cross-network"),
            ("ozon.ru", "cpc", "", "Paid Shopping"),
            ("google", "cpc", "E-Shop", "Paid Shopping"),
            ("google", "cpc", "eshop", "Paid Shopping"),
            ("google", "cpc", "workshop", "Paid Search"),
            ("market.yandex.ru", "cpc", "", "Paid Shopping"),
            ("yandex", "cpm", "", "Paid Search"),
            ("news.google.com", "ppc", "", "Paid Search"),
            ("bing.evil.com", "ppc", "", "Paid Other"),
            ("m.vk.com", "cpm", "", "Paid Social"),
            ("youtube", "paid-video", "", "Paid Video"),
            ("site", "cpm", "", "Display"),
            ("site", "banner", "", "Display"),
            ("site", "xcpx", "", "Paid Other"),
            ("site", "retargeting", "", "Paid Other"),
            ("site", "remarketing", "", "Unassigned"),
            ("avito", "", "", "Organic Shopping"),
            ("site", "link", "winter shopping", "Organic Shopping"),
            ("telegram", "referral", "", "Organic Social"),
            ("site", "sm", "", "Organic Social"),
            ("site", "social network", "", "Organic Social"),
            ("rutube.ru", "referral", "", "Organic Video"),
            ("site", "myvideos", "", "Organic Video"),
            ("claude.ai", "referral", "", "AI Assistants"),
            ("gemini.google.com", "referral", "", "AI Assistants"),
            ("ya.ru", "", "", "Organic Search"),
            ("site", "organic", "", "Organic Search"),
            ("email", "referral", "", "Email"),
            ("site", "e mail", "", "Email"),
            ("site", "emails", "", "Unassigned"),
            ("site", "affiliate", "", "Affiliates"),
            ("site", "app", "", "Referral"),
            ("site", "audio", "", "Audio"),
            ("sms", "x", "", "SMS"),
            ("site", "web_push", "", "Mobile Push"),
            ("site", "my mobile ad", "", "Mobile Push"),
            ("firebase", "x", "", "Mobile Push"),
            ("+74951234567", "call", "", "Calls"),
            ("fair", "offline", "", "Offline"),
            ("site", "(none)", "", "Unassigned"),
        ];
        for channels in lists.iter().map(Channels::new) {
            for (source, medium, campaign, channel) in cases {
                assert_eq!(
                    channels.of(source, medium, campaign),
                    channel,
                    "{source} / {medium} / {campaign}"
                );
            }
        }
    }
}
