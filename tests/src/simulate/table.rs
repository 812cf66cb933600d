//! The table of rows: of each key it holds the row of the highest version, as ClickHouse does once it has merged.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use throughline_proto::Ident;
use throughline_proto::flat::{Malformed, Reader};
use throughline_proto::rollups::{self as wire, Batch, Row, Rows, Table};

use crate::reference::tables::Cell;

/// The key of a row.
pub type Key = (Table, Vec<Cell>);

/// A row: its version, and what it says; without that it is a tombstone.
pub type Versioned = (u64, Option<Vec<Cell>>);

/// The newest row of every key.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RowTable(pub BTreeMap<Key, Versioned>);

/// How rows are written; anything but the default is a deliberate fault.
#[derive(Clone, Copy, Debug, Default)]
pub struct Writing {
    /// The Lamport time that all rows get instead of their own.
    pub lamport: Option<u64>,
    /// Tombstones are forgotten.
    pub forgets_tombstones: bool,
}

/// The names of a record.
struct Names<'a>(Batch<'a>);

impl RowTable {
    /// Takes a record of rows. The error tells of two rows of one key and version that differ.
    pub fn add(&mut self, value: &[u8], writing: Writing) -> Result<(), String> {
        let garbled = |reason: Malformed| format!("a record of rows is garbled: {reason}");
        let (batch, rest) = Batch::read(value).map_err(garbled)?;
        let table = batch.table;
        let names = Names(batch);
        let mut rows = Vec::new();
        let read = match table {
            Table::Tenants => each(rest, |row| rows.push(names.tenant(&row))),
            Table::Identities => each(rest, |row| rows.push(names.identity(&row))),
            Table::Links => each(rest, |row| rows.push(names.link(&row))),
            Table::Erasures => each(rest, |row| rows.push(names.erasure(&row))),
            Table::Touchpoints => each(rest, |row| rows.push(names.touchpoint(&row))),
            Table::Calls => each(rest, |row| rows.push(names.call(&row))),
            Table::Deals => each(rest, |row| rows.push(names.deal(&row))),
            Table::Credits => each(rest, |row| rows.push(names.credit(&row))),
            Table::Costs => each(rest, |row| rows.push(names.cost(&row))),
            Table::TrafficCells => each(rest, |row| rows.push(names.traffic_cell(&row))),
            Table::CreditCells => each(rest, |row| rows.push(names.credit_cell(&row))),
        };
        read.map_err(garbled)?;
        for (key, version, state) in rows {
            if state.is_none() && writing.forgets_tombstones {
                continue;
            }
            let version = match writing.lamport {
                Some(lamport) => lamport << 16 | version & 0xffff,
                None => version,
            };
            self.put((table, key), version, state)?;
        }
        Ok(())
    }

    /// Whether the same is shown as in another table. Neither links nor erasures are compared, nor who knows of a tenant.
    pub fn same_rows(&self, other: &Self) -> Result<(), String> {
        let shown = |table: &Self| -> BTreeMap<Key, Vec<Cell>> {
            let rows = table.0.iter();
            let rows = rows.filter(|((of, _), _)| {
                !matches!(of, Table::Links | Table::Erasures | Table::Tenants)
            });
            rows.filter_map(|(key, (_, state))| Some((key.clone(), state.clone()?)))
                .collect()
        };
        let (before, after) = (shown(self), shown(other));
        let gone = before
            .iter()
            .find(|(key, state)| after.get(*key) != Some(state));
        let new = after.iter().find(|(key, _)| !before.contains_key(*key));
        match gone.or(new) {
            Some((key, _)) => Err(format!(
                "{key:?} was {:?} and is {:?}",
                before.get(key),
                after.get(key)
            )),
            None => Ok(()),
        }
    }

    fn put(&mut self, key: Key, version: u64, state: Option<Vec<Cell>>) -> Result<(), String> {
        match self.0.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert((version, state));
            }
            Entry::Occupied(mut occupied) => {
                let (held, row) = occupied.get();
                if *held == version && *row != state {
                    return Err(format!(
                        "two rows {:?} of version {} in partition {} differ:\n  {row:?}\n  {state:?}",
                        occupied.key(),
                        version >> 16,
                        version & 0xffff,
                    ));
                }
                if *held < version {
                    occupied.insert((version, state));
                }
            }
        }
        Ok(())
    }
}

type Line = (Vec<Cell>, u64, Option<Vec<Cell>>);

fn each<'a, T: Row<'a>>(rest: Reader<'a>, mut add: impl FnMut(T)) -> Result<(), Malformed> {
    for row in Rows::new(rest) {
        add(row?);
    }
    Ok(())
}

fn int(number: impl Into<i64>) -> Cell {
    Cell::Int(number.into())
}

fn opt(number: Option<impl Into<i64>>) -> Cell {
    number.map_or(Cell::Null, int)
}

fn ident(ident: Ident) -> Cell {
    ident.to_string().as_str().into()
}

fn content(hash: throughline_proto::flat::ContentHash) -> Cell {
    Cell::Int(hash.0.cast_signed())
}

fn touch_id(topic: wire::TouchTopic, event_id: &str) -> Cell {
    format!("{}:{event_id}", topic.name()).as_str().into()
}

impl Names<'_> {
    fn name(&self, index: u32) -> Cell {
        self.0.tenants[index as usize].into()
    }

    fn model(&self, index: u32) -> Cell {
        self.0.models[index as usize].into()
    }

    /// Channel, source, medium, campaign, content, term.
    fn place(&self, index: u32) -> [Cell; 6] {
        let dimension = self.0.dimensions[index as usize];
        [
            dimension.channel,
            dimension.source,
            dimension.medium,
            dimension.campaign,
            dimension.content,
            dimension.term,
        ]
        .map(Cell::from)
    }

    fn origin(&self, origin: Option<wire::Origin>) -> [Cell; 3] {
        origin.map_or([Cell::Null, Cell::Null, Cell::Null], |origin| {
            let topic = self.0.topics[origin.topic as usize];
            [topic.into(), int(origin.partition), int(origin.offset)]
        })
    }

    fn tenant(&self, row: &wire::Tenant<'_>) -> Line {
        let models = row.models.iter().map(|model| self.model(*model));
        let key = vec![self.name(row.tenant), int(row.partition)];
        (key, row.version, Some(models.collect()))
    }

    fn identity(&self, row: &wire::Identity<'_>) -> Line {
        let key = vec![self.name(row.tenant), ident(row.identifier)];
        let state = vec![row.kind.into(), ident(row.client)];
        (key, row.version, (!row.is_erased).then_some(state))
    }

    fn erasure(&self, row: &wire::Erasure) -> Line {
        let key = vec![self.name(row.tenant), ident(row.pseudonym)];
        (key, row.version, Some(Vec::new()))
    }

    fn link(&self, row: &wire::Link<'_>) -> Line {
        let mut key = vec![self.name(row.tenant), ident(row.identifier)];
        key.extend([row.other.map_or(Cell::Null, ident), row.kind.into()]);
        (key, row.version, Some(Vec::new()))
    }

    fn touchpoint(&self, row: &wire::Touchpoint<'_>) -> Line {
        let id = touch_id(row.topic, row.event_id);
        let key = vec![self.name(row.tenant), id, content(row.content)];
        let state = row.state.map(|state| {
            let mut cells = vec![ident(row.client), state.kind.into(), int(state.at)];
            cells.extend(self.place(state.dimension));
            cells.extend(self.origin(state.origin));
            cells
        });
        (key, row.version, state)
    }

    fn call(&self, row: &wire::Call<'_>) -> Line {
        let key = vec![
            self.name(row.tenant),
            row.event_id.into(),
            content(row.content),
        ];
        let state = row.state.map(|state| {
            let direction = if state.outbound {
                "outbound"
            } else {
                "inbound"
            };
            let mut cells = vec![ident(row.client), int(state.at), direction.into()];
            cells.extend([state.status.into(), state.dialed_number.into()]);
            cells.push(int(state.ambiguous));
            cells.extend(self.place(state.dimension));
            cells.extend([opt(state.wait_seconds), opt(state.talk_seconds)]);
            cells.extend([state.manager_id.into(), opt(state.quality_score)]);
            cells.extend(self.origin(state.origin));
            cells
        });
        (key, row.version, state)
    }

    /// How many events are not listed comes last but for the events, nine cells each.
    fn deal(&self, row: &wire::Deal<'_>) -> Line {
        let key = vec![self.name(row.tenant), row.deal_id.into()];
        let state = row.state.as_ref().map(|deal| {
            let mut cells = vec![ident(row.client)];
            cells.extend([deal.status, deal.stage, deal.pipeline, deal.manager_id].map(Cell::from));
            cells.extend([int(deal.created_at), opt(deal.won_at)]);
            let [gross, refunds, revenue] = [deal.gross, deal.refunds, deal.revenue];
            cells.extend([gross, refunds, revenue, deal.cost, deal.profit].map(Cell::from));
            let touch = deal.created_touch;
            let touch = touch.map_or(Cell::from(""), |touch| {
                touch_id(touch.topic, touch.event_id)
            });
            let [channel, source, medium, campaign, ..] = self.place(deal.created_dimension);
            cells.extend([touch, channel, source, medium, campaign]);
            cells.push(int(deal.earlier_events));
            for event in &deal.events {
                cells.extend([event.event_id, event.event].map(Cell::from));
                cells.push(int(event.at));
                cells.extend([event.stage, event.pipeline, event.manager_id].map(Cell::from));
                cells.extend(self.origin(event.origin));
            }
            cells
        });
        (key, row.version, state)
    }

    /// The moment, then fourteen cells a share.
    fn credit(&self, row: &wire::Credit<'_>) -> Line {
        let key = vec![self.name(row.tenant), row.deal_id.into()];
        let state = row.state.as_ref().map(|state| {
            let mut cells = vec![ident(row.client), int(state.won_at)];
            for share in &state.shares {
                let touch = &state.touches[share.touch as usize];
                let id = touch.touch.map_or(Cell::from(""), |touch| {
                    touch_id(touch.topic, touch.event_id)
                });
                cells.extend([self.model(share.model), id, int(touch.at)]);
                cells.extend(self.place(touch.dimension));
                cells.extend([touch.kind.into(), int(share.credit_ppm)]);
                cells.extend([share.gross, share.revenue, share.profit].map(Cell::from));
            }
            cells
        });
        (key, row.version, state)
    }

    fn cost(&self, row: &wire::Cost) -> Line {
        let [channel, place @ ..] = self.place(row.dimension);
        let mut key = vec![self.name(row.tenant), int(row.date), opt(row.hour)];
        key.extend(place);
        let mut state = vec![channel];
        state.extend([row.cost, row.impressions, row.clicks].map(Cell::from));
        (key, row.version, Some(state))
    }

    fn traffic_cell(&self, row: &wire::TrafficCell) -> Line {
        let mut key = vec![
            self.name(row.tenant),
            int(row.hour),
            int(row.partition),
            "".into(),
        ];
        key.extend(self.place(row.dimension));
        let figures = [
            row.visits,
            row.calls,
            row.missed_calls,
            row.leads,
            row.email_clicks,
            row.other_touches,
            row.spend,
            row.impressions,
            row.clicks,
        ];
        let state = (!row.is_empty()).then(|| figures.map(Cell::from).to_vec());
        (key, row.version, state)
    }

    /// Five cells a share.
    fn credit_cell(&self, row: &wire::CreditCell) -> Line {
        let mut key = vec![self.name(row.tenant), int(row.hour), int(row.partition)];
        key.push(row.basis.name().into());
        key.extend(self.place(row.dimension));
        let mut state = Vec::new();
        for share in &row.shares {
            state.push(self.model(share.model));
            let figures = [
                share.conversions_ppm,
                share.gross,
                share.revenue,
                share.profit,
            ];
            state.extend(figures.map(Cell::from));
        }
        (key, row.version, (!row.shares.is_empty()).then_some(state))
    }
}
