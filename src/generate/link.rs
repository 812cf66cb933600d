//! Links: what the first hit of a visit says about where it comes from.

use super::market::{Entry, NEWSLETTER, SOURCES, campaign_name};
use super::shop::TERMS;
use super::simulation::Simulation;

/// Where a visit comes from, as its first hit says it.
#[derive(Default)]
pub(super) struct Link {
    /// Tags and click ids, from the question mark on.
    pub query: String,
    /// The page with the link.
    pub referrer: String,
    /// Source, medium and campaign when they are fields of the event.
    pub given: Option<(usize, u32)>,
}

impl Simulation {
    /// The link of a visit through a campaign.
    pub(super) fn link(&mut self, source: usize, campaign: u32) -> Link {
        let market = &SOURCES[source];
        match market.entry {
            Entry::Linked(referrer) => Link {
                referrer: referrer.to_owned(),
                ..Link::default()
            },
            Entry::Tagged | Entry::Newsletter => {
                if market.entry == Entry::Tagged && self.dice.chance(0.05) {
                    return Link {
                        given: Some((source, campaign)),
                        ..Link::default()
                    };
                }
                Link {
                    query: self.tags(source, campaign),
                    ..Link::default()
                }
            }
            Entry::Clicked(click_id) => {
                let id = self.dice.bits();
                let query = if self.dice.chance(0.12) {
                    format!("?{click_id}={id:016x}")
                } else {
                    format!("{}&{click_id}={id:016x}", self.tags(source, campaign))
                };
                let referrer = match market.name {
                    "google" => "https://www.google.com/",
                    "yandex" => "https://yandex.ru/",
                    "bing" => "https://www.bing.com/",
                    _ => "",
                };
                Link {
                    query,
                    referrer: referrer.to_owned(),
                    given: None,
                }
            }
            Entry::Address | Entry::Printed | Entry::Stand => Link::default(),
        }
    }

    fn tags(&mut self, source: usize, campaign: u32) -> String {
        let market = &SOURCES[source];
        let campaign = campaign_name(source, campaign);
        let mut query = format!(
            "?utm_source={}&utm_medium={}&utm_campaign={}",
            market.name,
            market.medium,
            form_encoded(&campaign)
        );
        if source != NEWSLETTER {
            let ad = self.dice.whole(1, 7);
            query.push_str("&utm_content=ad-");
            query.push_str(&ad.to_string());
        }
        if market.channel == "Paid Search" {
            query.push_str("&utm_term=");
            query.push_str(&form_encoded(self.dice.pick(&TERMS)));
        }
        query
    }
}

/// Encoded as a form's value is, in the part of a URL after the question mark.
pub(super) fn form_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            other => {
                encoded.push('%');
                for digit in [other >> 4, other & 15] {
                    let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                    encoded.push(digit.to_ascii_uppercase());
                }
            }
        }
    }
    encoded
}
