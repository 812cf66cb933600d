//! Traffic to a directory: `<topic>.jsonl` in the order of arrival, and
//! `truth.json`.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};
use throughline_proto::topics::RawTopic;

use super::args::GenerateArgs;
use super::plan::{DEFAULT_SEED, Order};
use super::summary::Summary;
use super::time::{At, DAY};
use super::world::World;

/// What is gathered before it is written to a file.
const BUFFER_BYTES: usize = 1 << 18;

/// Writes a directory.
pub fn write(args: &GenerateArgs, directory: &Path) -> anyhow::Result<()> {
    let order = order(args);
    let (summary, world) = write_order(&order, directory)?;
    let (clients, deals, won) = world.simulations().fold((0, 0, 0), |sums, simulation| {
        (
            sums.0 + simulation.clients(),
            sums.1 + simulation.deals(),
            sums.2 + simulation.truth().won_deals(),
        )
    });
    println!("{summary}");
    println!("{clients} clients, {deals} deals, {won} of them won");
    if chrono::Utc::now().timestamp_millis() < order.to.0 {
        eprintln!(
            "note: some of these events lie in the future, and ingest refuses what lies more than \
             a day ahead; --from and --days say when they happen"
        );
    }
    Ok(())
}

/// What the options ask for.
pub fn order(args: &GenerateArgs) -> Order {
    let from = At::midnight(args.from);
    Order {
        seed: args.seed.unwrap_or(DEFAULT_SEED),
        from,
        to: from + i64::from(args.days) * DAY,
        events: args.events,
        clients: args.clients,
        junk: args.junk,
        tenants: args.tenants,
        live_rate: None,
    }
}

/// Writes what is ordered, and says what came out.
pub fn write_order(order: &Order, directory: &Path) -> anyhow::Result<(Summary, World)> {
    std::fs::create_dir_all(directory)
        .with_context(|| format!("cannot make the directory {}", directory.display()))?;
    let mut files = Vec::new();
    for topic in RawTopic::ALL {
        let path = directory.join(format!("{}.jsonl", topic.name()));
        let file =
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        files.push(BufWriter::with_capacity(BUFFER_BYTES, file));
    }
    let failed = || format!("cannot write to {}", directory.display());
    let mut world = World::new(order);
    let mut summary = Summary::default();
    while summary.events < order.events {
        let Some(parcel) = world.next() else { break };
        summary.count(&parcel);
        let file = &mut files[parcel.topic as usize];
        file.write_all(parcel.line.as_bytes())
            .with_context(failed)?;
        file.write_all(b"\n").with_context(failed)?;
    }
    for mut file in files {
        file.flush().with_context(failed)?;
    }
    let truth = format!("{:#}\n", truth(order, &summary, &world));
    std::fs::write(directory.join("truth.json"), truth).with_context(failed)?;
    Ok((summary, world))
}

/// The truth of every tenant, and what came out.
fn truth(order: &Order, summary: &Summary, world: &World) -> Value {
    let tenants: serde_json::Map<String, Value> = world
        .simulations()
        .map(|simulation| {
            let mut truth = simulation.truth().json();
            truth["clients"] = json!(simulation.clients());
            truth["deals"] = json!(simulation.deals());
            (simulation.tenant().to_owned(), truth)
        })
        .collect();
    json!({
        "note": "A client decides at a contact with probability appetite * (baseline_probability \
                 + sum of lift * 2^(-age / half_life)) over its contacts so far. A source's true \
                 part in a won deal is its part in that sum at the moment of the decision: its \
                 Shapley value, and what would be missing without it. What is left belongs to the \
                 baseline.",
        "seed": order.seed,
        "from": order.from.rfc3339(),
        "to": order.to.rfc3339(),
        "written": summary.json(),
        "tenants": tenants,
    })
}
