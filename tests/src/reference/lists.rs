//! Lists of known sources: a short name and its hosts a line.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

/// The lists the channel rules and referrers look sources up in.
#[derive(Clone, Debug)]
pub struct Lists {
    /// Search engines.
    pub search: List,
    /// Social networks.
    pub social: List,
    /// Video sites.
    pub video: List,
    /// Shopping sites.
    pub shopping: List,
    /// AI assistants.
    pub assistants: List,
}

/// One list.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Short names, and hosts with the short name they belong to.
    names: BTreeMap<String, String>,
    hosts: BTreeMap<String, String>,
}

impl List {
    /// Reads `short-name host host …` lines; empty lines and `#` comments are skipped.
    pub fn parse(text: &str) -> Self {
        let mut list = Self::default();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default().to_lowercase();
            let mut words = line.split_whitespace();
            let Some(name) = words.next() else { continue };
            list.names.insert(name.to_owned(), name.to_owned());
            for host in words {
                list.hosts
                    .entry(host.to_owned())
                    .or_insert_with(|| name.to_owned());
            }
        }
        list
    }

    /// Whether a source (lower case) equals a short name or a host, or is a host under one.
    pub fn contains(&self, source: &str) -> bool {
        self.names.contains_key(source) || self.name_of_host(source).is_some()
    }

    /// The short name of a host that is in the list or under one that is; the nearest one decides.
    pub fn name_of_host(&self, host: &str) -> Option<&str> {
        let mut rest = host;
        loop {
            if let Some(name) = self.hosts.get(rest) {
                return Some(name);
            }
            rest = rest.split_once('.')?.1;
        }
    }
}

impl Lists {
    /// Reads the files of a directory, one a list.
    pub fn read(directory: &Path) -> io::Result<Self> {
        let list =
            |name| Ok::<_, io::Error>(List::parse(&fs::read_to_string(directory.join(name))?));
        Ok(Self {
            search: list("search.txt")?,
            social: list("social.txt")?,
            video: list("video.txt")?,
            shopping: list("shopping.txt")?,
            assistants: list("ai.txt")?,
        })
    }
}

impl Default for Lists {
    /// What channels.md names. Tests that compare with production load production's data instead.
    fn default() -> Self {
        Self {
            search: List::parse(SEARCH),
            social: List::parse(SOCIAL),
            video: List::parse(VIDEO),
            shopping: List::parse(SHOPPING),
            assistants: List::parse(ASSISTANTS),
        }
    }
}

const SEARCH: &str = "
google google.com google.ru google.de google.co.uk google.co.in
yandex yandex.ru yandex.com ya.ru yandex.by yandex.kz
bing bing.com
duckduckgo duckduckgo.com
mail.ru mail.ru go.mail.ru
rambler rambler.ru
yahoo yahoo.com
baidu baidu.com
ecosia ecosia.org
";

const SOCIAL: &str = "
vk vk.com vk.ru vkontakte.ru
ok ok.ru odnoklassniki.ru
telegram telegram.org t.me telegram.me web.telegram.org
facebook facebook.com fb.com fb.me
instagram instagram.com
tiktok tiktok.com
x x.com
twitter twitter.com t.co
linkedin linkedin.com lnkd.in
pinterest pinterest.com
reddit reddit.com
";

const VIDEO: &str = "
youtube youtube.com youtu.be
rutube rutube.ru
vimeo vimeo.com
twitch twitch.tv
";

const SHOPPING: &str = "
ozon ozon.ru
wildberries wildberries.ru
market.yandex market.yandex.ru
amazon amazon.com amazon.de
ebay ebay.com
avito avito.ru
";

const ASSISTANTS: &str = "
chatgpt chatgpt.com chat.openai.com
perplexity perplexity.ai
gemini gemini.google.com
copilot copilot.microsoft.com
claude claude.ai
alice alice.yandex.ru
";
