//! Deliberate faults in the protocol, by which the simulator shows that it would find such ones.
//!
//! Each is made at the simulator's side, by changing what passes between the processors and what they are given;
//! what cannot be made there is a switch of the core, compiled for tests only.

use std::collections::BTreeMap;

use fastrand::Rng;
use throughline_proto::Ident;
use throughline_proto::events::{Batch, BatchWriter, Body, FactBody, Message};

/// A deliberate fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mutant {
    /// One message between partitions is lost.
    LostMessage,
    /// Rows get their version when they leave, not when they change.
    VersionAtFlush,
    /// Messages do not carry their sender's Lamport time.
    NoLamportTime,
    /// A checkpoint may stand inside a record.
    CheckpointInsideRecord,
    /// Whoever receives a moved fact writes only what differs.
    OnlyDifferences,
    /// Credits are not computed again when only a milestone changed.
    NoMilestones,
    /// Credits are not computed again when only the deal won before changed.
    NoPreviousConversion,
    /// Of two leases the one that arrived later wins.
    LeaseByArrival,
    /// State is stored before messages and rows are acknowledged.
    StoredTooEarly,
    /// What stands before the latest offset of a raw partition counts as known.
    DedupByOffset,
    /// Tombstones are forgotten.
    NoTombstones,
    /// A shortcut leads to a higher node, and is taken.
    HigherShortcut,
    /// After the key was rotated, ingest does not know the one before it.
    ForgottenKey,
    /// A link that a hub refused does not make the other end one partner more.
    RefusedIsNobody,
    /// What was split does not move with the journey.
    SplitStays,
    /// That somebody is erased does not move with the journey.
    ErasedStays,
    /// Of all who are erased with a person it is said at once, and for good.
    ErasedAtOnce,
    /// Of a deal's events only those are news that change its latest state.
    StateAlone,
    /// A hit before the creation of a deal that is not won changes nothing of the deal.
    OnlyWonDealsLook,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::LostMessage,
        Self::VersionAtFlush,
        Self::NoLamportTime,
        Self::CheckpointInsideRecord,
        Self::OnlyDifferences,
        Self::NoMilestones,
        Self::NoPreviousConversion,
        Self::LeaseByArrival,
        Self::StoredTooEarly,
        Self::DedupByOffset,
        Self::NoTombstones,
        Self::HigherShortcut,
        Self::ForgottenKey,
        Self::RefusedIsNobody,
        Self::SplitStays,
        Self::ErasedStays,
        Self::ErasedAtOnce,
        Self::StateAlone,
        Self::OnlyWonDealsLook,
    ];
}

/// Where a fault takes hold of what passes by. Without a fault everything passes unchanged.
#[derive(Debug, Default)]
pub struct Seam {
    mutant: Option<Mutant>,
    /// How many messages pass before one is lost.
    until_lost: usize,
    /// The leases of each number in the order in which they arrived.
    leases: BTreeMap<Ident, Vec<Arrived>>,
    /// The greatest offset seen, by partition, and topic and partition of the raw record.
    offsets: BTreeMap<(u32, String, i32), i64>,
}

/// A lease that arrived.
#[derive(PartialEq, Eq, Debug)]
struct Arrived {
    from: i64,
    until: i64,
    visitor: Ident,
}

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Passes,
    Vanishes,
    /// It passes, and what follows it in the record vanishes.
    Ends,
}

impl Seam {
    /// Where this fault takes hold.
    pub fn new(mutant: Option<Mutant>, rng: &mut Rng) -> Self {
        Self {
            mutant,
            until_lost: rng.usize(..60),
            ..Self::default()
        }
    }

    /// Whether it is this fault.
    pub fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// A record as it leaves its sender for a log.
    pub fn outgoing(&mut self, value: &[u8]) -> Option<Vec<u8>> {
        if !self.is(Mutant::LostMessage) {
            return None;
        }
        rewrite(
            value,
            |lamport| lamport,
            |_, _| {
                let lost = self.until_lost == 0;
                self.until_lost = self.until_lost.wrapping_sub(1);
                if lost { Fate::Vanishes } else { Fate::Passes }
            },
        )
    }

    /// A record as it is applied: in one piece or in two, when it is not as it stands in the log. `highest` is the
    /// last identifier in the identity order.
    pub fn incoming(
        &mut self,
        partition: u32,
        highest: Ident,
        value: &[u8],
    ) -> Option<Vec<Vec<u8>>> {
        let passes = |_: &Batch<'_>, _: &mut Message<'_>| Fate::Passes;
        let same = |lamport| lamport;
        let rewritten = match self.mutant? {
            Mutant::NoLamportTime => rewrite(value, |lamport: u64| lamport.min(1), passes)?,
            Mutant::OnlyDifferences => {
                // What comes from a sender without Lamport time is taken as new. The time comes before.
                let time = rewrite(value, same, |_, _| Fate::Vanishes)?;
                return Some(vec![time, rewrite(value, |_| 0, passes)?]);
            }
            Mutant::CheckpointInsideRecord => {
                let count = Batch::read(value).ok()?.1.count();
                let half = |first: bool| {
                    let mut index = 0;
                    rewrite(value, same, |_, _| {
                        index += 1;
                        if (index <= count / 2) == first {
                            Fate::Passes
                        } else {
                            Fate::Vanishes
                        }
                    })
                };
                return Some(vec![half(true)?, half(false)?]);
            }
            Mutant::LeaseByArrival => rewrite(value, same, |_, message| {
                self.rank_by_arrival(message);
                Fate::Passes
            })?,
            Mutant::DedupByOffset => rewrite(value, same, |batch, message| {
                self.filter_by_offset(partition, batch, message)
            })?,
            Mutant::HigherShortcut => rewrite(value, same, |_, message| {
                if let Body::Shortcut(root) = &mut message.body
                    && highest > message.to
                {
                    *root = highest;
                    // More messages might run in the circle that this makes.
                    return Fate::Ends;
                }
                Fate::Passes
            })?,
            _ => return None,
        };
        Some(vec![rewritten])
    }

    /// Gives a call the lease that was the last to arrive of those that cover it, and lets that one win.
    fn rank_by_arrival(&mut self, message: &mut Message<'_>) {
        match &mut message.body {
            Body::Lease(lease) => {
                let leases = self.leases.entry(message.to).or_default();
                let lease = Arrived {
                    from: lease.key.at,
                    until: lease.until,
                    visitor: lease.visitor,
                };
                if !leases.contains(&lease) {
                    leases.push(lease);
                }
            }
            Body::Forwarded(forwarded) => {
                let at = forwarded.fact.key.at;
                let FactBody::Call(call) = &mut forwarded.fact.body else {
                    return;
                };
                let Some(given) = &mut call.lease else { return };
                let same =
                    |lease: &Arrived| (lease.from, lease.visitor) == (given.key.at, given.visitor);
                let of_number = self.leases.values().find(|leases| leases.iter().any(same));
                let covering = of_number.into_iter().flatten().zip(0..);
                let covers = |(lease, _): &(&Arrived, i64)| (lease.from..lease.until).contains(&at);
                if let Some((last, rank)) = covering.filter(covers).last() {
                    (given.key.at, given.visitor) = (rank, last.visitor);
                }
            }
            _ => {}
        }
    }

    fn filter_by_offset(
        &mut self,
        partition: u32,
        batch: &Batch<'_>,
        message: &Message<'_>,
    ) -> Fate {
        let fact = match &message.body {
            Body::Fact(fact) => fact,
            Body::Forwarded(forwarded) => &forwarded.fact,
            Body::Call(call) => &call.fact,
            _ => return Fate::Passes,
        };
        let Some(place) = fact.place else {
            return Fate::Passes;
        };
        let origin = batch.origins[place.origin as usize];
        let key = (partition, origin.topic.to_owned(), origin.partition);
        let latest = self.offsets.entry(key).or_insert(place.offset);
        if place.offset < *latest {
            return Fate::Vanishes;
        }
        *latest = place.offset;
        Fate::Passes
    }
}

/// Writes a record again with another Lamport time, and its messages as they are left.
fn rewrite(
    value: &[u8],
    lamport: impl FnOnce(u64) -> u64,
    mut change: impl FnMut(&Batch<'_>, &mut Message<'_>) -> Fate,
) -> Option<Vec<u8>> {
    let (batch, messages) = Batch::read(value).ok()?;
    let mut writer = BatchWriter::default();
    for tenant in &batch.tenants {
        writer.tenants.push(tenant);
    }
    for source in &batch.sources {
        writer.sources.push(source);
    }
    for origin in &batch.origins {
        writer.origins.push(origin);
    }
    for message in messages {
        let mut message = message.ok()?;
        let fate = change(&batch, &mut message);
        if fate != Fate::Vanishes {
            writer.push(&message);
        }
        if fate == Fate::Ends {
            break;
        }
    }
    Some(writer.finish(lamport(batch.lamport)))
}
