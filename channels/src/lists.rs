//! Lists of known sources: short names and hosts, from data files.
//!
//! A line of a list is a short name and then the hosts it is known by; `#`
//! begins a comment. A source is in a list when it equals a short name or a
//! host of it, or is a host under one of the hosts: `news.google.com` is in
//! the list that has `google.com`, `bing.evil.com` is in none.

use std::collections::HashMap;

/// A list of known sources.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum List {
    /// Search engines.
    Search,
    /// Shops and marketplaces.
    Shopping,
    /// Social networks and messengers.
    Social,
    /// Video sites.
    Video,
    /// AI assistants.
    Ai,
}

impl List {
    /// Every list.
    pub const ALL: [Self; 5] = [
        Self::Search,
        Self::Shopping,
        Self::Social,
        Self::Video,
        Self::Ai,
    ];

    /// The name that rules use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Shopping => "shopping",
            Self::Social => "social",
            Self::Video => "video",
            Self::Ai => "ai",
        }
    }

    /// The list of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.name() == name)
    }

    /// The built-in list, as it is written.
    pub const fn built_in(self) -> &'static str {
        match self {
            Self::Search => include_str!("../data/search.txt"),
            Self::Shopping => include_str!("../data/shopping.txt"),
            Self::Social => include_str!("../data/social.txt"),
            Self::Video => include_str!("../data/video.txt"),
            Self::Ai => include_str!("../data/ai.txt"),
        }
    }
}

/// What a host is known as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known<'a> {
    /// The list it is in.
    pub list: List,
    /// The short name it has there.
    pub name: &'a str,
}

#[derive(Clone, Debug, Default)]
struct Entries {
    names: Vec<String>,
    /// From a short name or a host to the index of the short name.
    names_and_hosts: HashMap<String, usize>,
    hosts: HashMap<String, usize>,
}

/// All lists. The built-in ones are the default.
#[derive(Clone, Debug)]
pub struct SourceLists {
    lists: [Entries; List::ALL.len()],
}

impl Default for SourceLists {
    fn default() -> Self {
        Self {
            lists: List::ALL.map(|list| Entries::parse(list.built_in())),
        }
    }
}

impl SourceLists {
    /// The built-in lists.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a source, in lower case, is in the list.
    pub fn contains(&self, list: List, source: &str) -> bool {
        let entries = &self.lists[list as usize];
        entries.names_and_hosts.contains_key(source)
            || parents(source).any(|host| entries.hosts.contains_key(host))
    }

    /// What a host, in lower case, is known as. The nearest listed host
    /// decides: `gemini.google.com` is an AI assistant although it stands
    /// under the search engine `google.com`.
    pub fn known(&self, host: &str) -> Option<Known<'_>> {
        std::iter::once(host)
            .chain(parents(host))
            .find_map(|host| self.listed(host))
    }

    /// The short name of the search engine that a host belongs to.
    pub fn engine_of(&self, host: &str) -> Option<&str> {
        self.name_in(List::Search, host)
    }

    /// The short name of the social network that a host belongs to.
    pub fn network_of(&self, host: &str) -> Option<&str> {
        self.name_in(List::Social, host)
    }

    fn name_in(&self, list: List, host: &str) -> Option<&str> {
        self.known(host)
            .filter(|known| known.list == list)
            .map(|known| known.name)
    }

    fn listed(&self, host: &str) -> Option<Known<'_>> {
        List::ALL.into_iter().find_map(|list| {
            let entries = &self.lists[list as usize];
            let name = &entries.names[*entries.hosts.get(host)?];
            Some(Known { list, name })
        })
    }
}

impl Entries {
    fn parse(text: &str) -> Self {
        let mut entries = Self::default();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default().to_lowercase();
            let mut words = line.split_whitespace();
            let Some(name) = words.next() else { continue };
            let index = entries.names.len();
            entries.names.push(name.to_owned());
            entries.names_and_hosts.insert(name.to_owned(), index);
            for host in words {
                entries.names_and_hosts.insert(host.to_owned(), index);
                entries.hosts.insert(host.to_owned(), index);
            }
        }
        entries
    }
}

/// The hosts above a host, nearest first: `b.c` and `c` of `a.b.c`.
fn parents(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |host| {
        host.split_once('.').map(|(_, rest)| rest)
    })
    .skip(1)
}
