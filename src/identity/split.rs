//! `throughline identity split`: takes back what makes identifiers one client,
//! by an event of the topic `identities`. So it is a fact like all others: it
//! stands in the log, is applied again when the log is read again, and no event
//! that comes later undoes it.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use anyhow::{bail, ensure};
use serde_json::{Map, Value, json};
use throughline_proto::topics::RawTopic;
use throughline_stream::{Outgoing, Publish as _, Stop};

use super::args::SplitArgs;
use super::explain::Known;
use super::named::{Hashed, hashed};
use crate::config::Settings;
use crate::dead_letters::moment;
use crate::health::Health;
use crate::{prepare, roles};

/// Says what will be, asks, and sends the event.
pub fn execute(settings: &Settings, args: &SplitArgs) -> anyhow::Result<()> {
    let asked = hashed(settings, &args.tenant, &args.identifiers)?;
    let known = Known::of(settings, &args.tenant, &asked)?;
    match &asked[..] {
        [one, other] => {
            ensure!(one.hashes != other.hashes, "both are the same identifier");
            println!("{}", known.why(one, other)?);
            println!("from now on, that events name {one} and {other} together does not link them");
        }
        _ => {
            for one in &asked {
                println!(
                    "from now on, {one} links nobody: whoever else it was named with is a client apart from it"
                );
            }
        }
    }
    println!("this cannot be undone");
    if !args.yes {
        confirm()?;
    }
    send(settings, &args.tenant, &asked)?;
    println!("sent; the views follow when the line has come to it");
    Ok(())
}

fn confirm() -> anyhow::Result<()> {
    ensure!(
        std::io::stdin().is_terminal(),
        "nobody is there to be asked: --yes does it without asking"
    );
    print!("split them? (yes/no) ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    if answer.trim() != "yes" {
        bail!("nothing was done");
    }
    Ok(())
}

/// The event that splits identifiers. Of the same ones it is always the same.
fn event(tenant: &str, asked: &[Hashed], now_ms: i64) -> Value {
    let mut event = Map::new();
    let mut hashes: Vec<&str> = Vec::new();
    for one in asked {
        event.insert(one.kind.name().to_owned(), json!(one.value));
        hashes.extend(one.hashes.first().map(String::as_str));
    }
    hashes.sort_unstable();
    event.insert(
        "event_id".to_owned(),
        json!(format!("split-{}", hashes.join("-"))),
    );
    event.insert("occurred_at".to_owned(), json!(now_ms));
    event.insert("tenant".to_owned(), json!(tenant));
    event.insert("split".to_owned(), json!(true));
    Value::Object(event)
}

fn send(settings: &Settings, tenant: &str, asked: &[Hashed]) -> anyhow::Result<()> {
    if let [one, other] = asked {
        ensure!(
            one.kind != other.kind,
            "an event names one {} only: split both from what links them, which `identity explain` shows",
            one.kind.name()
        );
    }
    let stop = Stop::new();
    prepare::topics_when_there(&settings.kafka, &Health::default(), &stop)?;
    let mut publisher = roles::raw_publisher(settings, "identity", &stop)?;
    let topic = settings.kafka.topics.name_of(RawTopic::Identities);
    publisher.send(Outgoing {
        topic: topic.into(),
        value: Some(
            event(tenant, asked, moment::now()?)
                .to_string()
                .into_bytes(),
        ),
        ..Outgoing::default()
    })?;
    while publisher.in_flight() > 0 {
        publisher.flush()?;
    }
    Ok(())
}
