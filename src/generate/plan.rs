//! From what was asked for to what is simulated: how many clients make so many
//! events, found by simulating some of them.

use super::simulation::{Live, Plan, Simulation};
use super::time::{At, SECOND};

/// The seed of files, when none is given.
pub const DEFAULT_SEED: u64 = 42;
/// The name of the second tenant.
const SECOND_TENANT: &str = "acme";
/// The shares of the tenants when there are two.
const TENANT_SHARES: [f64; 2] = [0.75, 0.25];
/// A pilot has no more clients.
const PILOT_CLIENTS: u64 = 3000;
/// Events of a client, about; only where a pilot begins.
const EVENTS_PER_CLIENT: u64 = 18;
/// So many more clients than it takes on the average, so that the events
/// suffice and the last hours are left out instead.
const RESERVE: f64 = 1.02;
/// A pilot of a whole small market is taken when it makes no more than this.
const ENOUGH: f64 = 1.06;
/// How many pilots there are at most.
const PILOTS: u32 = 8;
/// Leased numbers that are in use at a time, for each event a second.
const LEASES_PER_RATE: f64 = 110.0;
/// The most and the fewest numbers of a pool.
const POOL: (f64, f64) = (24.0, 20_000.0);

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Everything follows from it.
    pub seed: u64,
    /// The beginning.
    pub from: At,
    /// The end, or when it goes live.
    pub to: At,
    /// Events until then.
    pub events: u64,
    /// Clients until then, instead of as many as make the events.
    pub clients: Option<u64>,
    /// Broken records for each event.
    pub junk: f64,
    /// One or two.
    pub tenants: u32,
    /// Live events a second, when it goes live.
    pub live_rate: Option<f64>,
}

/// A plan for each tenant.
pub fn plans(order: &Order) -> Vec<Plan> {
    if order.tenants < 2 {
        return vec![plan(order, 1.0, 0)];
    }
    let shares = TENANT_SHARES.iter().enumerate();
    shares
        .map(|(tenant, share)| plan(order, *share, tenant))
        .collect()
}

fn plan(order: &Order, share: f64, tenant: usize) -> Plan {
    let seconds = (order.to - order.from) as f64 / SECOND as f64;
    let events = order.events as f64 * share;
    let past_rate = events / seconds;
    let live = order.live_rate.map(|rate| Live {
        since: order.to,
        rate: rate * share,
        haste: rate * share / past_rate,
    });
    let busiest = live.map_or(0.0, |live| live.rate).max(past_rate);
    let mut plan = Plan {
        // Both tenants have clients of the same names, which are not the same.
        seed: order.seed,
        from: order.from,
        to: order.to,
        clients: 0,
        junk: order.junk,
        tenant: (tenant > 0).then(|| SECOND_TENANT.to_owned()),
        pool: (busiest * LEASES_PER_RATE).clamp(POOL.0, POOL.1) as u32,
        live: None,
    };
    plan.clients = match order.clients {
        Some(clients) => (clients as f64 * share).round().max(1.0) as u64,
        None => clients_for(&plan, events),
    };
    if live.is_some() {
        plan.live = live;
        plan.to = At(i64::MAX);
    }
    plan
}

/// How many clients make so many events.
fn clients_for(plan: &Plan, events: f64) -> u64 {
    let mut clients = (events as u64 / EVENTS_PER_CLIENT).max(1);
    for _ in 0..PILOTS {
        let pilot = clients.min(PILOT_CLIENTS);
        let (reports, others) = pilot_events(plan, pilot);
        // Reports of spend grow with the days more than with the clients.
        let made = reports + others * (clients as f64 / pilot as f64);
        let enough = events <= made && made <= events * ENOUGH;
        if pilot == clients && enough {
            break;
        }
        clients = (clients as f64 * events * RESERVE / made).ceil().max(1.0) as u64;
        if pilot == PILOT_CLIENTS && clients > PILOT_CLIENTS {
            break;
        }
    }
    clients
}

/// Reports of spend and other events that so many clients make.
fn pilot_events(plan: &Plan, clients: u64) -> (f64, f64) {
    use throughline_proto::topics::RawTopic;

    let pilot = Plan {
        clients,
        ..plan.clone()
    };
    let (mut reports, mut others) = (0, 0);
    for parcel in Simulation::new(pilot) {
        if parcel.topic == RawTopic::Costs {
            reports += parcel.events;
        } else {
            others += parcel.events;
        }
    }
    (f64::from(reports), f64::from(others.max(1)))
}
