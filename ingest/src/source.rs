//! Where a web hit came from: the contract's rules, in their order.

use std::sync::Arc;

use bumpalo::Bump;
use throughline_channels::{List, SourceLists};

use crate::event::Source;
use crate::normalise::{lower, trimmed};
use crate::recent::RecentMap;
use crate::url;

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
    /// Source, medium, campaign, content and term; empty when absent.
    utm: [&'a str; 5],
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
        arena: &'a Bump,
    ) -> Option<Source<'a>> {
        let tags = read_tags(page, arena);
        let tagged = explicit_or_tagged(given, &tags, arena);
        if !tagged.source.is_empty() || !tagged.medium.is_empty() {
            return Some(tagged);
        }
        if let Some(index) = tags.click_id {
            let (_, source, medium) = CLICK_IDS[index];
            return Some(Source {
                source,
                medium,
                ..tagged
            });
        }
        let from = self.of_referrer(page, referrer?, excluded)?;
        Some(Source {
            source: arena.alloc_str(&from.source),
            medium: from.medium,
            ..Source::default()
        })
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
    ) -> Option<Arc<Host>> {
        let from = self.host(url::authority(referrer)?)?;
        let page = url::authority(page).and_then(|authority| self.host(authority));
        let is_own = page.is_some_and(|page| page.domain == from.domain);
        let is_excluded = || excluded.iter().any(|entry| is_within(&from.name, entry));
        (!is_own && !is_excluded()).then_some(from)
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
            _ => {
                let bare = name.strip_prefix("www.").unwrap_or(&name);
                // What is no host's name may have spaces in the middle.
                (bare.trim_start(), "referral")
            }
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
fn read_tags<'a>(page: &'a str, arena: &'a Bump) -> Tags<'a> {
    let mut tags = Tags::default();
    let query = url::query(page);
    let has_escapes = url::has_escapes(query);
    let decode = |text| {
        if has_escapes {
            url::decode(text, arena)
        } else {
            text
        }
    };
    for (name, value) in url::parameters(query) {
        if value.is_empty() {
            continue;
        }
        let name = decode(name);
        let utm = match name.as_bytes() {
            b"utm_source" => 0,
            b"utm_medium" => 1,
            b"utm_campaign" => 2,
            b"utm_content" => 3,
            b"utm_term" => 4,
            _ => {
                let index = CLICK_IDS.iter().position(|(id, ..)| *id == name);
                // Of none and an index the index, of two the lower.
                tags.click_id = tags.click_id.into_iter().chain(index).min();
                continue;
            }
        };
        if tags.utm[utm].is_empty() {
            tags.utm[utm] = decode(value);
        }
    }
    tags
}

/// Field by field: the explicit one, else that of the page's address.
fn explicit_or_tagged<'a>(given: &Source<'a>, tags: &Tags<'a>, arena: &'a Bump) -> Source<'a> {
    let [source, medium, campaign, content, term] = tags.utm;
    let either = |given: &'a str, tagged| if given.is_empty() { tagged } else { given };
    Source {
        source: either(given.source, lower(source, arena)),
        medium: either(given.medium, lower(medium, arena)),
        campaign: either(given.campaign, trimmed(campaign)),
        content: either(given.content, trimmed(content)),
        term: either(given.term, trimmed(term)),
    }
}

/// Whether a host is `entry` or a host under it.
fn is_within(host: &str, entry: &str) -> bool {
    host.strip_suffix(entry)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests;
