//! `throughline identity explain`: which client, by which links.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::{anyhow, bail};
use throughline_sink::identities::{Identifier, Identities, Link};
use throughline_sink::{ClickHouse, SinkError};

use super::args::ExplainArgs;
use super::named::{Hashed, hashed};
use super::path::shortest;
use crate::attribute::{Value, View};
use crate::config::Settings;
use crate::remedy::with_remedy;

/// The most identifiers of a client, and links of these, that are looked at.
const LIMIT: u64 = 10_000;
const COLUMNS: [&str; 5] = [
    "kind",
    "identifier",
    "other_kind",
    "other_identifier",
    "state",
];

/// Prints what is known.
pub fn execute(settings: &Settings, args: &ExplainArgs) -> anyhow::Result<()> {
    let asked = hashed(settings, &args.tenant, &args.identifiers)?;
    let known = Known::of(settings, &args.tenant, &asked)?;
    for (one, identifiers) in known.clients() {
        let client = &one.client_id;
        println!("client {client} has {} identifiers", identifiers.len());
    }
    for asked in &asked {
        println!("{asked} is of client {}", known.client(asked)?);
    }
    if let [one, other] = &asked[..] {
        println!("{}", known.why(one, other)?);
    }
    let mut out = std::io::stdout().lock();
    known.view().write(args.format, &mut out)?;
    Ok(out.flush()?)
}

/// What is known of some identifiers, their clients and the links of these.
pub struct Known {
    /// By hash.
    identifiers: BTreeMap<String, Identifier>,
    links: Vec<Link>,
}

impl Known {
    /// Looks it up. It is an error when one of them is not known.
    pub fn of(settings: &Settings, tenant: &str, asked: &[Hashed]) -> anyhow::Result<Self> {
        let clickhouse = ClickHouse::new(&settings.clickhouse.connection).map_err(remedy)?;
        let identities = Identities::of(&clickhouse, tenant);
        let hashes: Vec<String> = asked.iter().flat_map(|one| one.hashes.clone()).collect();
        let mut identifiers = BTreeMap::new();
        for found in identities.known(&hashes).map_err(remedy)? {
            for member in identities
                .of_client(&found.client_id, LIMIT)
                .map_err(remedy)?
            {
                identifiers.insert(member.identifier.clone(), member);
            }
            identifiers.insert(found.identifier.clone(), found);
        }
        let members: Vec<String> = identifiers.keys().cloned().collect();
        let links = identities.links(&members, LIMIT).map_err(remedy)?;
        let known = Self { identifiers, links };
        for one in asked {
            if known.client(one).is_err() {
                bail!(
                    "no event of tenant {tenant} names {one}: look at --tenant and at the kind; or ingest \
                     hashes with other keys than those configured here (`identity`)"
                );
            }
        }
        Ok(known)
    }

    /// The client of an identifier.
    pub fn client(&self, asked: &Hashed) -> anyhow::Result<&str> {
        let mut found = asked
            .hashes
            .iter()
            .filter_map(|hash| self.identifiers.get(hash));
        let found = found
            .next()
            .ok_or_else(|| anyhow!("{asked} is not known"))?;
        Ok(&found.client_id)
    }

    /// The clients, each with its identifiers.
    fn clients(&self) -> Vec<(&Identifier, Vec<&Identifier>)> {
        let mut clients: BTreeMap<&str, Vec<&Identifier>> = BTreeMap::new();
        for identifier in self.identifiers.values() {
            clients
                .entry(&identifier.client_id)
                .or_default()
                .push(identifier);
        }
        let first = |members: Vec<_>| Some((*members.first()?, members));
        clients.into_values().filter_map(first).collect()
    }

    /// What makes two identifiers one client, or why they are not.
    pub fn why(&self, one: &Hashed, other: &Hashed) -> anyhow::Result<String> {
        if self.client(one)? != self.client(other)? {
            let between = |link: &&Link| {
                let ends = [&link.identifier, &link.other_identifier];
                let is_end = |asked: &Hashed| ends.iter().any(|end| asked.hashes.contains(end));
                is_end(one) && is_end(other)
            };
            return Ok(match self.links.iter().find(between) {
                Some(link) => format!("they are not one client: their link is {}", link.state),
                None => {
                    "they are not one client: no chain of links that count joins them".to_owned()
                }
            });
        }
        let way = shortest(&self.links, &one.hashes, &other.hashes);
        let named = |hash: &String| format!("{} {hash}", self.kind(hash));
        let way: Vec<String> = way.iter().map(named).collect();
        Ok(format!("they are one client by {}", way.join(" – ")))
    }

    fn kind(&self, hash: &str) -> &str {
        self.identifiers.get(hash).map_or("", |known| &known.kind)
    }

    fn view(&self) -> View {
        let text = |text: &str| Value::Text(text.to_owned());
        let row = |link: &Link| {
            let state = if link.alias {
                "one identifier under two keys"
            } else {
                &link.state
            };
            vec![
                text(self.kind(&link.identifier)),
                text(&link.identifier),
                text(self.kind(&link.other_identifier)),
                text(&link.other_identifier),
                text(state),
            ]
        };
        View {
            columns: &COLUMNS,
            rows: self.links.iter().map(row).collect(),
        }
    }
}

fn remedy(error: SinkError) -> anyhow::Error {
    with_remedy(error, "Identifiers are looked up in ClickHouse.", "")
}
