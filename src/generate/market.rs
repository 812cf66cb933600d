//! The simulated market: a furniture business, where its clients come from,
//! and what each source truly does to them.
//!
//! The figures are made up, and chosen so that the channel table is one that a
//! marketer would believe: search pays, video and some social advertising lose
//! money, retargeting looks better than it is.

/// Where clients come from, and what it costs and does.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// As in `utm_source`.
    pub name: &'static str,
    /// As in `utm_medium`.
    pub medium: &'static str,
    /// The channel that the default rules say.
    pub channel: &'static str,
    /// How a client of it arrives.
    pub entry: Entry,
    /// Its share of the clients' first contacts, in parts.
    pub reach: f64,
    /// Its share of the clients' further visits, in parts.
    pub returning: f64,
    /// How much one contact truly adds to the probability that a client
    /// decides at this or a later contact (before its half-life; see `truth`).
    pub lift: f64,
    /// What a contact costs, in roubles; 0 for what is not paid by contact.
    pub click_cost: f64,
    /// Clicks per impression.
    pub click_rate: f64,
    /// How its spend is reported.
    pub reporting: Reporting,
    /// The names of its campaigns, the largest first.
    pub campaigns: &'static [&'static str],
}

/// How a client arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    /// Types the address or follows a bookmark.
    Address,
    /// Follows a link with `utm_*` tags.
    Tagged,
    /// Follows an advertisement with a click id, mostly with tags as well.
    Clicked(&'static str),
    /// Follows a link without tags; the referrer.
    Linked(&'static str),
    /// Follows a link in the newsletter.
    Newsletter,
    /// Calls a printed number.
    Printed,
    /// Talks to somebody on a fair.
    Stand,
}

/// How spend is reported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reporting {
    /// Not at all.
    None,
    /// Each hour, soon after it.
    Hourly,
    /// Each day, in the next night, and once more some days later.
    Daily,
    /// Like `Daily`, all campaigns in one record.
    Together,
}

const NO_CAMPAIGN: &[&str] = &[""];

/// A source that is not paid; the others change what differs.
const FREE: Source = Source {
    name: "",
    medium: "",
    channel: "",
    entry: Entry::Address,
    reach: 0.0,
    returning: 0.0,
    lift: 0.0,
    click_cost: 0.0,
    click_rate: 1.0,
    reporting: Reporting::None,
    campaigns: NO_CAMPAIGN,
};

/// How many sources there are.
pub const SOURCE_COUNT: usize = 21;
/// The index of the newsletter.
pub const NEWSLETTER: usize = 1;

/// Every source.
pub const SOURCES: [Source; SOURCE_COUNT] = [
    Source {
        name: "(direct)",
        medium: "(none)",
        channel: "Direct",
        reach: 9.0,
        returning: 24.0,
        ..FREE
    },
    Source {
        name: "newsletter",
        medium: "email",
        channel: "Email",
        entry: Entry::Newsletter,
        lift: 0.011,
        click_cost: 5.0,
        reporting: Reporting::Daily,
        ..FREE
    },
    Source {
        name: "yandex",
        medium: "cpc",
        channel: "Paid Search",
        entry: Entry::Clicked("yclid"),
        reach: 15.0,
        returning: 6.0,
        lift: 0.020,
        click_cost: 84.0,
        click_rate: 0.061,
        reporting: Reporting::Daily,
        campaigns: &["brand", "sofas-search", "kitchens-search", "competitors"],
    },
    Source {
        name: "google",
        medium: "cpc",
        channel: "Paid Search",
        entry: Entry::Clicked("gclid"),
        reach: 8.0,
        returning: 3.0,
        lift: 0.018,
        click_cost: 96.0,
        click_rate: 0.052,
        reporting: Reporting::Hourly,
        campaigns: &["brand", "mattresses-search", "wardrobes-search"],
    },
    Source {
        name: "yandex",
        medium: "organic",
        channel: "Organic Search",
        entry: Entry::Linked("https://yandex.ru/"),
        reach: 14.0,
        returning: 7.0,
        lift: 0.014,
        click_cost: 55.0,
        click_rate: 0.03,
        reporting: Reporting::Daily,
        ..FREE
    },
    Source {
        name: "google",
        medium: "organic",
        channel: "Organic Search",
        entry: Entry::Linked("https://www.google.com/"),
        reach: 12.0,
        returning: 6.0,
        lift: 0.014,
        click_cost: 55.0,
        click_rate: 0.03,
        reporting: Reporting::Daily,
        ..FREE
    },
    Source {
        name: "duckduckgo",
        medium: "organic",
        channel: "Organic Search",
        entry: Entry::Linked("https://duckduckgo.com/"),
        reach: 1.0,
        returning: 0.6,
        lift: 0.012,
        ..FREE
    },
    Source {
        name: "vk",
        medium: "cpc",
        channel: "Paid Social",
        entry: Entry::Clicked("rb_clickid"),
        reach: 9.0,
        returning: 4.0,
        lift: 0.007,
        click_cost: 98.0,
        click_rate: 0.012,
        reporting: Reporting::Together,
        campaigns: &["lookalike-buyers", "spring sale – sofas", "new-homes"],
    },
    Source {
        name: "telegram",
        medium: "cpm",
        channel: "Paid Social",
        entry: Entry::Tagged,
        reach: 4.0,
        returning: 1.0,
        lift: 0.005,
        click_cost: 95.0,
        click_rate: 0.006,
        reporting: Reporting::Daily,
        campaigns: &["channels-interior", "channels-moms"],
    },
    Source {
        name: "youtube",
        medium: "cpm",
        channel: "Paid Video",
        entry: Entry::Tagged,
        reach: 6.0,
        returning: 0.5,
        lift: 0.006,
        click_cost: 210.0,
        click_rate: 0.004,
        reporting: Reporting::Daily,
        campaigns: &["how-we-build", "bumper-6s"],
    },
    Source {
        name: "criteo",
        medium: "display",
        channel: "Display",
        entry: Entry::Tagged,
        reach: 0.6,
        returning: 7.0,
        lift: 0.002,
        click_cost: 95.0,
        click_rate: 0.005,
        reporting: Reporting::Daily,
        campaigns: &["retargeting-cart", "retargeting-all"],
    },
    Source {
        name: "ozon",
        medium: "cpc",
        channel: "Paid Shopping",
        entry: Entry::Tagged,
        reach: 4.0,
        returning: 1.6,
        lift: 0.015,
        click_cost: 72.0,
        click_rate: 0.02,
        reporting: Reporting::Daily,
        campaigns: &["feed-sofas", "feed-mattresses"],
    },
    Source {
        name: "vk",
        medium: "social",
        channel: "Organic Social",
        entry: Entry::Linked("https://vk.com/"),
        reach: 4.0,
        returning: 3.0,
        lift: 0.006,
        ..FREE
    },
    Source {
        name: "telegram",
        medium: "social",
        channel: "Organic Social",
        entry: Entry::Linked("https://t.me/"),
        reach: 2.5,
        returning: 2.5,
        lift: 0.007,
        ..FREE
    },
    Source {
        name: "admitad",
        medium: "affiliate",
        channel: "Affiliates",
        entry: Entry::Tagged,
        reach: 2.5,
        returning: 1.8,
        lift: 0.012,
        click_cost: 66.0,
        click_rate: 0.03,
        reporting: Reporting::Daily,
        campaigns: &["cashback", "coupons"],
    },
    Source {
        name: "homeideas.example",
        medium: "referral",
        channel: "Referral",
        entry: Entry::Linked("https://www.homeideas.example/review/best-sofas"),
        reach: 3.5,
        returning: 1.5,
        lift: 0.013,
        ..FREE
    },
    Source {
        name: "chatgpt.com",
        medium: "referral",
        channel: "AI Assistants",
        entry: Entry::Linked("https://chatgpt.com/"),
        reach: 2.0,
        returning: 1.0,
        lift: 0.022,
        ..FREE
    },
    Source {
        name: "+74951200101",
        medium: "call",
        channel: "Calls",
        entry: Entry::Printed,
        reach: 0.9,
        returning: 0.15,
        lift: 0.06,
        click_cost: 1100.0,
        click_rate: 0.0005,
        reporting: Reporting::Daily,
        ..FREE
    },
    Source {
        name: "+74951200102",
        medium: "call",
        channel: "Calls",
        entry: Entry::Printed,
        reach: 0.6,
        returning: 0.1,
        lift: 0.05,
        click_cost: 1300.0,
        click_rate: 0.0004,
        reporting: Reporting::Daily,
        ..FREE
    },
    Source {
        name: "expo",
        medium: "offline",
        channel: "Offline",
        entry: Entry::Stand,
        reach: 0.7,
        lift: 0.07,
        click_cost: 1500.0,
        click_rate: 0.02,
        reporting: Reporting::Daily,
        campaigns: &["home-expo"],
        ..FREE
    },
    Source {
        name: "bing",
        medium: "cpc",
        channel: "Paid Search",
        entry: Entry::Clicked("msclkid"),
        reach: 1.0,
        returning: 0.4,
        lift: 0.014,
        click_cost: 40.0,
        click_rate: 0.035,
        reporting: Reporting::Daily,
        campaigns: &["brand"],
    },
];

/// What a client decides by itself, without any contact that has an influence.
pub const BASELINE: f64 = 0.003;
/// After so long a contact's influence has halved.
pub const HALF_LIFE_DAYS: f64 = 12.0;

/// The name of a source's campaign; the newsletter's are the weeks.
pub fn campaign_name(source: usize, campaign: u32) -> String {
    if source == NEWSLETTER {
        return format!("news-{}-w{:02}", campaign / 100, campaign % 100);
    }
    let campaigns = SOURCES[source].campaigns;
    campaigns[campaign as usize % campaigns.len()].to_owned()
}
