//! What must hold after every step, and at rest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use throughline_core::cell::{CellKey, ChunkKey, Delta, Deltas, Figures};
use throughline_core::fact::LinkForm;
use throughline_core::journey::Journey;
use throughline_core::partition::StoredNode;
use throughline_core::{Ident, Node, cost, credit, identity};
use throughline_processor::stored;
use throughline_proto::events as wire;

use super::instance::Instance;
use super::setup::Setup;
use throughline_core::{FactBody, Rules as _};

/// What tells one fact from another: kind, time, event id, content, and whom it is about.
pub type FactId = (u8, i64, String, u64, u128);

/// The kind of a link that one end refused.
pub const REFUSED: u8 = 8;

/// The facts of a record that stand in a journey by themselves from then on. Hits without a source do not: they are
/// taken into runs.
pub fn facts_of(value: &[u8]) -> Result<Vec<FactId>, String> {
    let (_, messages) = wire::Batch::read(value).map_err(|error| error.to_string())?;
    let mut facts = Vec::new();
    for message in messages {
        match message.map_err(|error| error.to_string())?.body {
            wire::Body::Fact(fact) => add_wire(&fact, &mut facts),
            wire::Body::Forwarded(forwarded) => add_wire(&forwarded.fact, &mut facts),
            wire::Body::Call(call) => add_wire(&call.fact, &mut facts),
            _ => {}
        }
    }
    Ok(facts)
}

fn member(ident: u128) -> FactId {
    (0, 0, String::new(), 0, ident)
}

/// Whoever has a link that was taken is a member.
fn linked(high: u128, low: u128, refused: bool) -> impl Iterator<Item = FactId> {
    let member = (!refused).then(|| member(high));
    let link = pair(if refused { REFUSED } else { 6 }, high, Some(low));
    member.into_iter().chain([link])
}

fn pair(kind: u8, one: u128, other: Option<u128>) -> FactId {
    (kind, 0, format!("{other:?}"), 0, one)
}

fn add_wire(fact: &wire::Fact<'_>, facts: &mut Vec<FactId>) {
    let key = fact.key;
    let mut add = |kind, about| facts.push((kind, key.at, key.id.to_owned(), key.content.0, about));
    match &fact.body {
        // A member has no moment once it stands in a journey.
        wire::FactBody::Member(ident) => facts.push(member(ident.0)),
        wire::FactBody::Hit(hit) => {
            if hit.source.is_some() {
                add(1, hit.visitor.0);
            }
            if hit.lead {
                add(2, hit.visitor.0);
            }
        }
        wire::FactBody::Lead(visitor) => add(2, visitor.0),
        wire::FactBody::Linked(link) => {
            let refused = link.form == wire::LinkForm::Refused;
            facts.extend(linked(link.high.0, link.low.0, refused));
        }
        wire::FactBody::Split(split) => {
            facts.push(pair(7, split.one.0, split.other.map(|other| other.0)));
        }
        wire::FactBody::Erased(pseudonym) => facts.push(pair(9, pseudonym.0, None)),
        wire::FactBody::Call(_) => add(3, 0),
        wire::FactBody::Contact(contact) => add(4, contact.email.into()),
        wire::FactBody::Deal(event) => add(5, event.deal.0),
    }
}

fn add_core(fact: &throughline_core::Fact, facts: &mut Vec<FactId>) {
    let key = &fact.key;
    let mut add = |kind, about| facts.push((kind, key.at, key.id.to_string(), key.content, about));
    match &fact.body {
        FactBody::Member(ident) => facts.push(member(ident.0)),
        FactBody::Hit(hit) => {
            if hit.source.is_some() {
                add(1, hit.visitor.0);
            }
            if hit.lead {
                add(2, hit.visitor.0);
            }
        }
        FactBody::Lead { visitor } => add(2, visitor.0),
        FactBody::Linked(link) => {
            let refused = link.form == LinkForm::Refused;
            facts.extend(linked(link.high.0, link.low.0, refused));
        }
        FactBody::Split(split) => {
            facts.push(pair(7, split.one.0, split.other.map(|other| other.0)));
        }
        FactBody::Erased(pseudonym) => facts.push(pair(9, pseudonym.0, None)),
        FactBody::Call(_) => add(3, 0),
        FactBody::Contact(contact) => add(4, contact.email.into()),
        FactBody::Deal(event) => add(5, event.deal.0),
    }
}

/// The identifiers of nodes that the record is addressed to, or may make known.
pub fn idents_of(value: &[u8]) -> Result<Vec<throughline_proto::Ident>, String> {
    let (_, messages) = wire::Batch::read(value).map_err(|error| error.to_string())?;
    let mut idents = Vec::new();
    for message in messages {
        let message = message.map_err(|error| error.to_string())?;
        idents.push(message.to);
        match message.body {
            wire::Body::Link(link) | wire::Body::Answer(link) => idents.push(link.other),
            wire::Body::Join(lower) => idents.push(lower),
            wire::Body::Call(call) => idents.push(call.caller),
            wire::Body::Lease(lease) => idents.push(lease.visitor),
            _ => {}
        }
    }
    Ok(idents)
}

/// A node, in memory or on disk.
enum Found<'a> {
    Memory(&'a Journey),
    Disk(Box<Journey>),
    Child(Ident),
    Nothing,
}

fn find(instance: &Instance, ident: Ident) -> Result<Found<'_>, String> {
    match instance.owned.fold().node(ident) {
        Some(StoredNode::Child(parent)) => return Ok(Found::Child(parent)),
        Some(StoredNode::Root(journey)) => return Ok(Found::Memory(journey)),
        None if instance.owned.fold().is_gone(ident) => return Ok(Found::Nothing),
        None => {}
    }
    let stored = instance
        .disk
        .read(&stored::node_key(ident), stored::decode_node);
    Ok(match stored.map_err(|error| error.to_string())? {
        Some(Node::Child(parent)) => Found::Child(parent),
        Some(Node::Root(journey)) => Found::Disk(journey),
        None => Found::Nothing,
    })
}

/// What holds after every record, and is cheap: parents come before their children; what was booked is what was due.
pub fn after_record(instance: &Instance, idents: &BTreeSet<Ident>) -> Result<(), String> {
    let fold = instance.owned.fold();
    for ident in idents {
        if let Some(StoredNode::Child(parent)) = fold.node(*ident)
            && parent >= *ident
        {
            return Err(format!("{parent:?} is the parent of {ident:?}"));
        }
    }
    let sums = instance.owned.conservation();
    if (sums.expected_ppm, sums.expected_revenue) != (sums.booked_ppm, sums.booked_revenue) {
        return Err(format!("what is booked is not what is due: {sums:?}"));
    }
    Ok(())
}

/// Calls with every journey of an instance.
fn journeys(
    instance: &Instance,
    idents: &BTreeSet<Ident>,
    mut each: impl FnMut(Ident, &Journey) -> Result<(), String>,
) -> Result<(), String> {
    for ident in idents {
        match find(instance, *ident)? {
            Found::Memory(journey) => each(*ident, journey)?,
            Found::Disk(journey) => each(*ident, &journey)?,
            Found::Child(parent) if parent >= *ident => {
                return Err(format!("{parent:?} is the stored parent of {ident:?}"));
            }
            Found::Child(_) | Found::Nothing => {}
        }
    }
    Ok(())
}

/// The facts in the journeys of an instance, which stand at the first of their members.
pub fn held(instance: &Instance, idents: &BTreeSet<Ident>) -> Result<Vec<FactId>, String> {
    let mut facts = Vec::new();
    journeys(instance, idents, |root, journey| {
        if journey.members.first() != Some(&root) {
            let first = journey.members.first();
            return Err(format!(
                "the journey of {first:?} stands at {root:?}, which is no root"
            ));
        }
        let mut of_journey = Vec::new();
        for fact in journey.facts() {
            add_core(&fact, &mut of_journey);
        }
        facts.extend(of_journey.into_iter().collect::<BTreeSet<_>>());
        Ok(())
    })?;
    Ok(facts)
}

/// The facts of messages that wait for a checkpoint.
pub fn waiting(instance: &Instance) -> Vec<FactId> {
    let mut facts = Vec::new();
    for message in instance.owned.fold().waiting().values().flatten() {
        match &message.body {
            throughline_core::Body::Event { fact, .. }
            | throughline_core::Body::Call { fact, .. } => add_core(fact, &mut facts),
            _ => {}
        }
    }
    facts
}

/// Cells by key, each with its figures by slot.
type Cells = BTreeMap<CellKey, BTreeMap<u16, Figures>>;

/// The cells are what follows from all journeys and costs, computed from scratch. `chunks` remembers where cells were
/// ever due, so that what should be gone is looked for as well.
pub fn cells(
    setup: &Setup,
    instance: &Instance,
    idents: &BTreeSet<Ident>,
    chunks: &mut BTreeSet<ChunkKey>,
) -> Result<(), String> {
    let mut due = due(setup, instance, idents)?;
    add_kept(instance, &mut due)?;
    chunks.extend(due.keys().map(|key| key.chunk()));
    for chunk in &*chunks {
        let mut stood = match instance.owned.fold().chunk(*chunk) {
            Some(chunk) => chunk.clone(),
            None => instance
                .disk
                .read(&stored::chunk_key(*chunk), stored::decode_chunk)
                .map_err(|error| error.to_string())?
                .unwrap_or_default(),
        };
        // Marks every cell as changed in this copy, so that all of them are handed over with their keys.
        let keys: Vec<CellKey> = due.keys().copied().collect();
        for key in keys.into_iter().filter(|key| key.chunk() == *chunk) {
            let cell = stood.cell_mut(key);
            let slots: BTreeMap<u16, Figures> = cell.slots.iter().copied().collect();
            let right = due.remove(&key).unwrap_or_default();
            if slots != right {
                return Err(format!(
                    "cell {key:?} holds {slots:?}, but {right:?} is due"
                ));
            }
            cell.slots.clear();
        }
        if let Some((place, cell)) = stood.cells().find(|(_, cell)| !cell.slots.is_empty()) {
            return Err(format!(
                "cell {place} of {chunk:?} holds {cell:?}, but nothing is due"
            ));
        }
    }
    Ok(())
}

/// What is kept of forgotten persons is counted in the cells as well.
fn add_kept(instance: &Instance, due: &mut Cells) -> Result<(), String> {
    let disk = instance.disk.snapshot();
    let stored = disk.keys().filter_map(|key| stored::chunk_of(key));
    let cached = instance.owned.fold().cached_chunks();
    let kept = stored.chain(cached).filter(|chunk| chunk.kind.is_kept());
    for chunk in kept.collect::<BTreeSet<_>>() {
        let cells = match instance.owned.fold().chunk(chunk) {
            Some(cells) => Some(cells.clone()),
            None => instance
                .disk
                .read(&stored::chunk_key(chunk), stored::decode_chunk)
                .map_err(|error| error.to_string())?,
        };
        let mut deltas = Deltas::default();
        for (key, cell) in cells.unwrap_or_default().all(chunk) {
            for (slot, figures) in &cell.slots {
                deltas.add_kept(key, *slot, *figures);
            }
        }
        for delta in deltas.drain() {
            let slots = due.entry(delta.key).or_default();
            let figures = slots.entry(delta.slot).or_insert([0; 4]);
            for (sum, figure) in figures.iter_mut().zip(delta.figures) {
                *sum += figure;
            }
            if *figures == [0; 4] {
                slots.remove(&delta.slot);
            }
        }
    }
    Ok(())
}

/// Of erased persons nothing but pseudonyms is stored.
pub fn forgotten(instance: &Instance, idents: &BTreeSet<Ident>) -> Result<(), String> {
    let fold = instance.owned.fold();
    let pseudonym = fold.linking().pseudonym;
    let erased = idents.iter();
    let erased: Vec<_> = erased
        .filter(|ident| fold.erased_until(pseudonym(**ident)).is_some())
        .map(|ident| ident.0.to_be_bytes())
        .collect();
    let has = |bytes: &[u8]| {
        let mut found = erased.iter();
        let stands = |ident: &[u8; 16]| bytes.windows(16).any(|window| window == ident);
        found.find(|ident| stands(ident)).copied()
    };
    for (key, value) in instance.disk.snapshot() {
        if let Some(ident) = has(&key).or_else(|| has(&value)) {
            let ident = Ident(u128::from_be_bytes(ident));
            return Err(format!("{ident:?}, who is erased, stands in {key:?}"));
        }
    }
    Ok(())
}

fn due(setup: &Setup, instance: &Instance, idents: &BTreeSet<Ident>) -> Result<Cells, String> {
    let names = instance.owned.fold().names();
    let mut deltas = Deltas::default();
    let linking = instance.owned.fold().linking();
    let mut clients = Vec::new();
    journeys(instance, idents, |root, journey| {
        let rules = setup.rules.as_ref();
        let partners = identity::Partners::of(journey, linking);
        let partners = partners.as_ref();
        let of_journey = identity::clients(root, journey, partners, linking, names, rules);
        clients.extend(
            of_journey
                .into_iter()
                .map(|client| (journey.tenant, client.derived)),
        );
        Ok(())
    })?;
    for (tenant, derived) in clients {
        for touch in &derived.touches {
            deltas.touch(touch, 1);
        }
        for lead in &derived.leads {
            deltas.lead(lead, 1);
        }
        let tenant = names.tenant(tenant);
        for deal in &derived.deals {
            if let Some(credits) = credit::credits(deal, &derived, tenant, names) {
                deltas.credits(&credits, tenant, 1);
            }
        }
    }
    for ident in idents {
        let stated = match instance.owned.fold().cost(*ident) {
            Some(cost) => Some(Arc::clone(cost)),
            None => instance
                .disk
                .read(&stored::cost_key(*ident), stored::decode_cost)
                .map_err(|error| error.to_string())?
                .map(Arc::new),
        };
        if let Some(stated) = stated {
            let tenant = &names.tenant(stated.tenant).name;
            let money = stated.cost;
            let rules = setup.rules.as_ref();
            let minor = rules.convert(tenant, money.currency, stated.date, money.minor);
            let (first_hour, hours) = rules.hours(tenant, stated.date, stated.hour);
            let spend = cost::Spend {
                minor: minor.unwrap_or(0),
                first_hour,
                hours,
            };
            cost::spread(&stated, spend, 1, &mut deltas);
        }
    }
    let slots = |deltas: &[Delta]| {
        let slots = deltas.iter().map(|delta| (delta.slot, delta.figures));
        slots.collect()
    };
    let cells = deltas.sum_by_cell();
    Ok(cells.map(|(key, deltas)| (key, slots(deltas))).collect())
}
