//! Valid events of all topics.

use fastrand::Rng;

use super::json::Draft;
use super::people::{GROUP, JUNK, address, identifier, more, number, phone, pick, visitor};
use super::{Plan, hit};
use crate::reference::time::{DAY, HOUR, date_text, local_date};

/// All topics.
pub const TOPICS: [&str; 8] = [
    "web",
    "calls",
    "emails",
    "deals",
    "costs",
    "touches",
    "numbers",
    "identities",
];
/// A number in the static table.
pub const STATIC_NUMBER: &str = "+74957777777";

/// Tenants whose settings differ: see [`Plan::settings`].
pub const TENANTS: [&str; 4] = ["default", "moscow", "new-york", "kolkata"];
const MINUTE: i64 = 60_000;
/// Steps from a client's favourite moments: ties, and pauses around thirty minutes.
const STEPS: [i64; 12] = [
    0,
    0,
    0,
    1,
    1000,
    10 * MINUTE,
    30 * MINUTE - 1,
    30 * MINUTE,
    30 * MINUTE + 1,
    60 * MINUTE,
    90 * MINUTE + 1,
    DAY,
];
const PAGES: [&str; 4] = [
    "https://shop.example.com/",
    "https://www.example.com/cart",
    "http://m.example.co.uk/a%20b",
    "https://example.com",
];
const QUERIES: [&str; 16] = [
    "utm_source=google&utm_medium=cpc&utm_campaign=Spring",
    "utm_source=Google&utm_medium=CPC&utm_campaign=Spring",
    "utm_source=google&utm_medium=cpc&utm_campaign=Spring&utm_term=boots",
    "utm_source=vk&utm_medium=cpm&utm_campaign=e-shop+sale",
    "utm_source=newsletter&utm_medium=email&utm_campaign=%D0%92%D0%B5%D1%81%D0%BD%D0%B0",
    "utm_medium=affiliate",
    "utm_source=%28direct%29&utm_medium=%28none%29",
    "utm_campaign=lonely",
    "utm_source=ozon&utm_medium=organic&utm_source=vk",
    "UTM_SOURCE=nobody&gclid=Abc",
    "gclid=Abc&utm_campaign=Kept&utm_content=too",
    "yclid=1",
    "fbclid=2&utm_term=t",
    "vkclid=3#gclid=4",
    "gclid=&utm_source=&utm_medium=",
    "q=1#utm_source=vk",
];
const REFERRERS: [&str; 10] = [
    "https://www.google.com/search?q=a",
    "https://yandex.ru/",
    "https://m.vk.com/wall",
    "https://t.me/channel",
    "https://shop.example.com/other",
    "https://www.paypal.com/checkout",
    "https://www.blog.example.org/post",
    "https://bing.evil.com/",
    "http://chatgpt.com/",
    "not a url",
];
const SPEND: [(&str, &str, &str); 5] = [
    ("google", "cpc", "Spring"),
    ("GOOGLE ", "cpc", "Spring"),
    ("vk", "cpm", "e-shop sale"),
    ("yandex", "cpc", ""),
    ("billboard", "offline", "Centre"),
];
const AMOUNTS: [&str; 9] = [
    "0",
    "0.01",
    "\"100\"",
    "99.99",
    "33.335",
    "\"1000.005\"",
    "1e3",
    "250",
    "\"7\"",
];

/// What the events are made from.
pub struct Events<'a> {
    plan: &'a Plan,
    /// Favourite moments of each group.
    moments: Vec<[i64; 6]>,
    made: usize,
}

impl<'a> Events<'a> {
    /// Groups with their favourite moments.
    pub fn new(plan: &'a Plan, rng: &mut Rng) -> Self {
        // Room for the longest step and for moved copies, so that nothing is after the end.
        let room = (plan.span_ms - DAY - 2 * HOUR).max(1);
        let minute = |rng: &mut Rng| plan.start_ms + rng.i64(0..room) / MINUTE * MINUTE;
        let groups = plan.clients / plan.tenants.len() / GROUP + 1;
        let moments = (0..groups)
            .map(|_| std::array::from_fn(|_| minute(rng)))
            .collect();
        Self {
            plan,
            moments,
            made: 0,
        }
    }

    /// The next event.
    pub fn next(&mut self, rng: &mut Rng) -> Draft {
        let client = rng.usize(..self.plan.clients.max(1));
        // The same names in every tenant, so that nothing keeps tenants apart but the tenant.
        let tenants = &self.plan.tenants;
        let (tenant, person) = (tenants[client % tenants.len()], client / tenants.len());
        let moments = &self.moments[person / GROUP];
        let at = moments[rng.usize(..moments.len())] + STEPS[rng.usize(..STEPS.len())];
        self.made += 1;
        // Ids whose order is not that of their making, with bytes above ASCII among them.
        let prefix = ["a", "Z", "9", "é", "b-", "_"][rng.usize(..6)];
        let event_id = format!("{prefix}{:x}", self.made);
        let topic = self.topic(rng);
        let mut draft = Draft::new(topic, &event_id, at);
        if tenant != "default" || rng.u8(..10) == 0 {
            draft.text_field("tenant", tenant);
        }
        match topic {
            "web" => web(&mut draft, person, rng),
            "calls" => call(&mut draft, person, rng),
            "emails" => email(&mut draft, person, rng),
            "deals" => deal(&mut draft, person, rng),
            "costs" => cost(&mut draft, self.plan, rng),
            "touches" => touch(&mut draft, person, rng),
            "numbers" => lease(&mut draft, person, at, rng),
            _ => identities(
                &mut draft,
                person,
                self.plan.clients / self.plan.tenants.len(),
                self.plan.erasures_per_mille,
                rng,
            ),
        }
        draft
    }
}

impl Events<'_> {
    /// One of the topics, as often as the plan says.
    fn topic(&self, rng: &mut Rng) -> &'static str {
        let mix = &self.plan.mix;
        let mut chosen = rng.u8(..mix.iter().sum::<u8>());
        let topics = TOPICS.iter().zip(mix);
        let mut found = topics.skip_while(|(_, share)| {
            let passed = chosen >= **share;
            chosen = chosen.saturating_sub(**share);
            passed
        });
        found.next().map_or("web", |(topic, _)| *topic)
    }
}

fn web(draft: &mut Draft, person: usize, rng: &mut Rng) {
    let mut url = pick(rng, &PAGES).to_owned();
    if rng.u8(..3) == 0 {
        url = format!("{}?{}", url, pick(rng, &QUERIES));
    }
    draft.text_field("url", &url);
    draft.text_field("visitor_id", &visitor(person, rng));
    match rng.u8(..20) {
        0 => draft.text_field("source", "Partner "),
        1 => draft.text_field("medium", "referral"),
        2 => draft.text_field("campaign", " Named "),
        3..=7 => draft.text_field("referrer", pick(rng, &REFERRERS)),
        8 => {
            draft.text_field("visitor_id", pick(rng, &JUNK));
            draft.text_field("user_id", &format!("user {person}"));
            return;
        }
        _ => {}
    }
    match rng.u8(..10) {
        0 => draft.text_field("event", "lead"),
        1 => draft.text_field("event", "add_to_cart"),
        _ => {}
    }
    more(draft, person, rng);
}

fn call(draft: &mut Draft, person: usize, rng: &mut Rng) {
    draft.text_field("dialed_number", &number(person, rng));
    if rng.u8(..4) == 0 {
        draft.text_field(
            "dialed_number",
            pick(
                rng,
                &[STATIC_NUMBER, "8 (495) 777-77-77", "+1 212 555 2368", "112"],
            ),
        );
    }
    draft.text_field("caller_phone", &phone(person, rng));
    if rng.u8(..10) == 0 {
        draft.text_field("caller_phone", pick(rng, &["anonymous", "hidden", ""]));
        draft.text_field("user_id", &format!("user {person}"));
    } else {
        more(draft, person, rng);
    }
    if rng.bool() {
        draft.text_field("direction", pick(rng, &["inbound", "inbound", "outbound"]));
        draft.text_field(
            "status",
            pick(rng, &["answered", "missed", "busy", "voicemail"]),
        );
    }
    if rng.bool() {
        draft.raw("talk_seconds", rng.u8(..).to_string());
        draft.raw("wait_seconds", rng.u8(..).to_string());
        draft.raw("quality_score", rng.u8(..=100).to_string());
        draft.text_field("manager_id", pick(rng, &["m1", "m2"]));
    }
}

fn email(draft: &mut Draft, person: usize, rng: &mut Rng) {
    draft.text_field("email", &address(person, rng));
    draft.text_field(
        "event",
        pick(
            rng,
            &["clicked", "clicked", "opened", "sent", "unsubscribed"],
        ),
    );
    match rng.u8(..5) {
        0 => draft.text_field("source", "Digest"),
        1 => draft.text_field("campaign", " Weekly"),
        2 => {
            draft.text_field("email", "nobody");
            draft.text_field("user_id", &format!("user {person}"));
        }
        _ => more(draft, person, rng),
    }
}

fn deal(draft: &mut Draft, person: usize, rng: &mut Rng) {
    draft.text_field("deal_id", &format!("deal-{person}-{}", rng.u8(..3)));
    draft.text_field(
        "event",
        pick(
            rng,
            &[
                "created",
                "stage_changed",
                "won",
                "won",
                "won",
                "lost",
                "refunded",
            ],
        ),
    );
    // One in four names nobody: its deal may be known by others, or by none.
    if rng.u8(..4) > 0 {
        identifier(draft, person, rng);
    }
    if rng.bool() {
        draft.raw("amount", pick(rng, &AMOUNTS).to_owned());
    }
    if rng.u8(..3) == 0 {
        draft.raw("cost", pick(rng, &AMOUNTS).to_owned());
    }
    if rng.u8(..3) == 0 {
        draft.raw("refund_amount", pick(rng, &AMOUNTS).to_owned());
    }
    match rng.u8(..10) {
        0 | 1 => draft.text_field("currency", "USD"),
        2 => draft.text_field("currency", "JPY"),
        // Without an amount nothing needs a rate; with one there is none.
        3 => draft.text_field("currency", "CHF"),
        _ => {}
    }
    match rng.u8(..6) {
        0 => draft.text_field("stage", pick(rng, &["new", "talks", "paid"])),
        1 => draft.text_field("pipeline", pick(rng, &["retail", "wholesale"])),
        2 => draft.text_field("manager_id", pick(rng, &["m1", "m2"])),
        _ => {}
    }
}

fn cost(draft: &mut Draft, plan: &Plan, rng: &mut Rng) {
    // Half of it on the one day a week in on which New York's clocks change, so that rows are restated.
    let days = (plan.span_ms / DAY).max(1);
    let day = if rng.bool() {
        7 % days
    } else {
        rng.i64(0..days)
    };
    let date = local_date(chrono_tz::Tz::UTC, plan.start_ms + day * DAY);
    let (source, medium, campaign) = SPEND[rng.usize(..SPEND.len())];
    draft.text_field("date", &date_text(date));
    draft.text_field("source", source);
    draft.text_field("medium", medium);
    draft.raw("cost", pick(rng, &AMOUNTS).to_owned());
    if !campaign.is_empty() {
        draft.text_field("campaign", campaign);
    }
    if rng.bool() {
        draft.raw("hour", pick(rng, &["0", "1", "2", "9", "23"]).to_owned());
    }
    if rng.bool() {
        draft.raw("impressions", rng.u16(..).to_string());
        draft.raw("clicks", rng.u8(..).to_string());
        draft.raw("bid", "1.5".to_owned());
    }
    match rng.u8(..8) {
        0 => draft.text_field("currency", "USD"),
        1 => draft.text_field("term", "boots"),
        2 => draft.text_field("content", "banner 1"),
        _ => {}
    }
}

fn touch(draft: &mut Draft, person: usize, rng: &mut Rng) {
    identifier(draft, person, rng);
    draft.text_field("source", pick(rng, &["Telegram-bot", "fair", "(direct)"]));
    draft.text_field("medium", pick(rng, &["chat", "Offline", "(none)"]));
    match rng.u8(..3) {
        0 => draft.text_field("kind", "chat"),
        1 => draft.text_field("campaign", "Expo"),
        _ => {}
    }
    more(draft, person, rng);
}

fn lease(draft: &mut Draft, person: usize, at: i64, rng: &mut Rng) {
    draft.text_field("number", &number(person, rng));
    if person < GROUP && rng.u8(..10) == 0 {
        draft.text_field("number", STATIC_NUMBER);
    }
    draft.text_field("visitor_id", &visitor(person, rng));
    let lengths = [
        0,
        1,
        10 * MINUTE,
        30 * MINUTE,
        60 * MINUTE,
        60 * MINUTE + 1,
        6 * HOUR,
    ];
    draft.raw(
        "leased_until",
        (at + lengths[rng.usize(..lengths.len())]).to_string(),
    );
    if hit(rng, 50) {
        draft.text_field("visitor_id", pick(rng, &JUNK));
        draft.text_field("user_id", &format!("user {person}"));
    }
}

/// Two identifiers of one person, or of two neighbours that turn out to be one.
fn identities(draft: &mut Draft, person: usize, persons: usize, erasures: u32, rng: &mut Rng) {
    let other = if rng.u8(..3) == 0 {
        (person + 1) % persons.max(1)
    } else {
        person
    };
    draft.text_field("user_id", &format!("user {person}"));
    draft.text_field("visitor_id", &visitor(other, rng));
    match rng.u8(..4) {
        0 => draft.text_field("phone", &phone(person, rng)),
        1 => draft.text_field("email", &address(other, rng)),
        _ => {}
    }
    if hit(rng, erasures) {
        draft.raw("erase", "true".to_owned());
        for field in ["visitor_id", "phone", "email"] {
            if rng.u8(..3) > 0 {
                draft.remove(field);
            }
        }
        return;
    }
    if rng.u8(..8) == 0 {
        draft.raw("split", "true".to_owned());
        // By itself, it links nobody.
        if rng.u8(..3) == 0 {
            draft.remove("visitor_id");
            draft.remove("phone");
            draft.remove("email");
        }
    }
}
