//! Where a web hit came from: the contract's rules, in their order.

use std::borrow::Cow;
use std::sync::Arc;

use throughline_channels::{List, SourceLists};

use crate::event::Source;
use crate::normalise::{lower, trimmed};
use crate::recent::RecentMap;
use crate::url;

const UTM: [&str; 5] = [
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_content",
    "utm_term",
];

/// Click ids with the source and medium they stand for. Of several the first in this order counts.
pub const CLICK_IDS: [(&str, &str, &str); 9] = [
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

/// What a page's address says.
#[derive(Default)]
struct Tags<'a> {
    utm: [Option<Cow<'a, str>>; UTM.len()],
    /// Index into [`CLICK_IDS`].
    click_id: Option<usize>,
}

/// What a host is, as a referrer.
#[derive(Debug)]
struct Host {
    name: String,
    domain: String,
    /// Source and medium of a visit from there.
    source: String,
    medium: &'static str,
}

/// Finds the sources of hits; remembers the hosts it has looked up.
#[derive(Debug)]
pub struct Sources {
    lists: Arc<SourceLists>,
    hosts: RecentMap<Box<str>, Option<Arc<Host>>>,
}

impl Sources {
    /// With these lists, remembering up to `capacity` hosts.
    pub fn new(lists: Arc<SourceLists>, capacity: usize) -> Self {
        Self {
            lists,
            hosts: RecentMap::new(capacity),
        }
    }

    /// The source of a hit, or `None` when nothing names one. `given` are the
    /// event's explicit fields, normalised.
    pub fn of_hit<'a>(
        &mut self,
        given: &Source<'a>,
        page: &'a str,
        referrer: Option<&str>,
        excluded: &[String],
    ) -> Option<Source<'a>> {
        let tags = read_tags(page);
        let click_id = tags.click_id;
        let tagged = explicit_or_tagged(given, tags);
        if !tagged.source.is_empty() || !tagged.medium.is_empty() {
            return Some(tagged);
        }
        if let Some(index) = click_id {
            let (_, source, medium) = CLICK_IDS[index];
            return Some(Source {
                source: source.into(),
                medium: medium.into(),
                ..tagged
            });
        }
        self.of_referrer(page, referrer?, excluded)
    }

    /// How many hosts are remembered.
    pub fn remembered(&self) -> usize {
        self.hosts.len()
    }

    fn of_referrer(
        &mut self,
        page: &str,
        referrer: &str,
        excluded: &[String],
    ) -> Option<Source<'static>> {
        let from = self.host(url::authority(referrer)?)?;
        let page = url::authority(page).and_then(|authority| self.host(authority));
        let is_own = page.is_some_and(|page| page.domain == from.domain);
        if is_own || excluded.iter().any(|entry| is_within(&from.name, entry)) {
            return None;
        }
        Some(Source {
            source: from.source.clone().into(),
            medium: from.medium.into(),
            ..Source::default()
        })
    }

    fn host(&mut self, authority: &str) -> Option<Arc<Host>> {
        if let Some(known) = self.hosts.get(authority) {
            return known;
        }
        let host = url::host(authority).map(|name| Arc::new(self.look_up(name)));
        self.hosts.insert(authority.into(), host.clone());
        host
    }

    fn look_up(&self, name: String) -> Host {
        let (source, medium) = match self.lists.known(&name) {
            Some(known) if known.list == List::Search => (known.name, "organic"),
            Some(known) if known.list == List::Social => (known.name, "social"),
            _ => (name.strip_prefix("www.").unwrap_or(&name), "referral"),
        };
        Host {
            source: source.to_owned(),
            medium,
            domain: url::registrable_domain(&name).to_owned(),
            name,
        }
    }
}

/// One pass over the query; the first value of a name wins, and an empty one
/// counts as absent. Only what has a known name is decoded.
fn read_tags(page: &str) -> Tags<'_> {
    let mut tags = Tags::default();
    for (name, value) in url::parameters(page) {
        let name = url::decode(name);
        if value.is_empty() {
            continue;
        }
        if let Some(index) = UTM.iter().position(|utm| *utm == name) {
            tags.utm[index].get_or_insert_with(|| url::decode(value));
        } else if let Some(index) = CLICK_IDS.iter().position(|(id, ..)| *id == name) {
            tags.click_id = Some(tags.click_id.map_or(index, |before| before.min(index)));
        }
    }
    tags
}

/// Field by field: the explicit one, else that of the page's address.
fn explicit_or_tagged<'a>(given: &Source<'a>, tags: Tags<'a>) -> Source<'a> {
    let [source, medium, campaign, content, term] = tags.utm.map(Option::unwrap_or_default);
    let either = |given: &Cow<'a, str>, tagged: Cow<'a, str>| {
        if given.is_empty() {
            tagged
        } else {
            given.clone()
        }
    };
    Source {
        source: either(&given.source, lower(source)),
        medium: either(&given.medium, lower(medium)),
        campaign: either(&given.campaign, trimmed(campaign)),
        content: either(&given.content, trimmed(content)),
        term: either(&given.term, trimmed(term)),
    }
}

/// Whether a host is `entry` or a host under it.
fn is_within(host: &str, entry: &str) -> bool {
    host.strip_suffix(entry)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests;
