//! Rows from the core to records of `rollups`: batches of one table each.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use throughline_core::cell::{Cell, CellKey, CellKind, traffic};
use throughline_core::credit::Credits;
use throughline_core::deal::DealState;
use throughline_core::derive::{Touch, TouchKey, TouchTopic};
use throughline_core::fact::{Call, DealEvent, Origin};
use throughline_core::journey::Dated;
use throughline_core::names::Names;
use throughline_core::row::RowBody;
use throughline_core::{DimId, EventKey, Ident, Row, RowKey, Source, StrId, TenantId};
use throughline_proto::IdentKind;
use throughline_proto::flat::{ContentHash, ListWriter};
use throughline_proto::rollups as wire;
use throughline_proto::rollups::Table;

use crate::facts::ident_to_wire;
use crate::rules::Attribution;

/// What every row of a partition shares.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The partition's names.
    pub names: &'a Names,
    /// The rules by which days and money are written.
    pub rules: &'a Attribution,
    /// The partition's number.
    pub partition: u32,
    /// About how large a record may become.
    pub max_bytes: usize,
    /// The tables whose rows are written.
    pub tables: &'a [Table],
}

/// A partition's rows on their way out.
#[derive(Default)]
pub struct Outbox {
    /// Records that are being written, by table.
    open: BTreeMap<Table, Writer>,
    /// Rows that are large and often change again: only the latest of each
    /// leaves, at the checkpoint.
    latest: BTreeMap<RowKey, Row>,
    /// Records that are full.
    records: Vec<Vec<u8>>,
    rows: usize,
}

impl Outbox {
    /// Takes a row.
    pub fn add(&mut self, row: Row, context: Context<'_>) {
        if !context.tables.contains(&table_of(&row.key)) {
            return;
        }
        match row.key {
            RowKey::Deal(..) | RowKey::Credits(..) | RowKey::Call(..) => {
                self.latest.insert(row.key.clone(), row);
            }
            _ => self.write(&row, context),
        }
    }

    /// The records that are full.
    pub fn full(&mut self) -> impl Iterator<Item = Vec<u8>> {
        self.records.drain(..)
    }

    /// Everything that was taken. Tells how many rows left since the last call.
    pub fn finish(&mut self, context: Context<'_>) -> (usize, Vec<Vec<u8>>) {
        for row in std::mem::take(&mut self.latest).into_values() {
            self.write(&row, context);
        }
        for writer in self.open.values_mut() {
            if writer.batch.rows() > 0 {
                self.records.push(writer.finish(context));
            }
        }
        let rows = std::mem::take(&mut self.rows);
        (rows, std::mem::take(&mut self.records))
    }

    /// Takes a cell as it is now.
    pub fn add_cell(&mut self, key: CellKey, cell: &Cell, context: Context<'_>) {
        let table = match key.kind {
            CellKind::Traffic => Table::TrafficCells,
            CellKind::CreditByConversion | CellKind::CreditByTouch => Table::CreditCells,
            CellKind::KeptTraffic | CellKind::KeptByConversion | CellKind::KeptByTouch => return,
        };
        if !context.tables.contains(&table) {
            return;
        }
        let version = version(cell.lamport, context);
        self.write_to(table, context, |writer| {
            writer.cell_row(key, cell, version, context);
        });
    }

    fn write(&mut self, row: &Row, context: Context<'_>) {
        self.write_to(table_of(&row.key), context, |writer| {
            writer.add(row, context);
        });
    }

    fn write_to(&mut self, table: Table, context: Context<'_>, add: impl FnOnce(&mut Writer)) {
        let writer = self.open.entry(table).or_insert_with(|| Writer::new(table));
        add(writer);
        self.rows += 1;
        if writer.batch.size() >= context.max_bytes {
            self.records.push(writer.finish(context));
        }
    }
}

const fn table_of(key: &RowKey) -> Table {
    match key {
        RowKey::Tenant(_) => Table::Tenants,
        RowKey::Identity(..) => Table::Identities,
        RowKey::Link(..) => Table::Links,
        RowKey::Touchpoint(..) => Table::Touchpoints,
        RowKey::Call(..) => Table::Calls,
        RowKey::Deal(..) => Table::Deals,
        RowKey::Credits(..) => Table::Credits,
        RowKey::Cost(_) => Table::Costs,
        RowKey::Erased(..) => Table::Erasures,
    }
}

/// Unique among the versions of one key: a cell has one partition, and what
/// moves between partitions takes its Lamport time along.
const fn version(lamport: u64, context: Context<'_>) -> u64 {
    lamport << 16 | context.partition as u64
}

/// A record that is being written.
struct Writer {
    batch: wire::BatchWriter,
    /// The tenants in the record: their places, and what a minor unit of their
    /// currency is in rows.
    tenants: FxHashMap<TenantId, (u32, i64)>,
    dimensions: FxHashMap<(DimId, StrId, StrId), u32>,
    models: FxHashMap<(TenantId, u16), u32>,
    topics: FxHashMap<StrId, u32>,
}

impl Writer {
    fn new(table: Table) -> Self {
        Self {
            batch: wire::BatchWriter::new(table),
            tenants: FxHashMap::default(),
            dimensions: FxHashMap::default(),
            models: FxHashMap::default(),
            topics: FxHashMap::default(),
        }
    }

    fn finish(&mut self, context: Context<'_>) -> Vec<u8> {
        self.tenants.clear();
        self.dimensions.clear();
        self.models.clear();
        self.topics.clear();
        self.batch.finish(context.rules.generation())
    }

    fn add(&mut self, row: &Row, context: Context<'_>) {
        let version = version(row.lamport, context);
        let body = &row.body;
        match (&row.key, body) {
            (RowKey::Tenant(tenant), _) => self.tenant_row(*tenant, version, context),
            (RowKey::Identity(tenant, ident), _) => {
                self.identity_row(*tenant, *ident, body, version, context);
            }
            (RowKey::Erased(tenant, pseudonym), _) => {
                let row = wire::Erasure {
                    tenant: self.tenant(*tenant, context).0,
                    pseudonym: ident_to_wire(*pseudonym),
                    version,
                };
                self.batch.push(&row);
            }
            (RowKey::Link(tenant, ident, other, kind), _) => {
                let row = wire::Link {
                    tenant: self.tenant(*tenant, context).0,
                    identifier: ident_to_wire(*ident),
                    other: other.map(ident_to_wire),
                    kind: kind.name(),
                    version,
                };
                self.batch.push(&row);
            }
            (RowKey::Touchpoint(tenant, key), _) => {
                self.touchpoint_row(*tenant, key, body, version, context);
            }
            (RowKey::Call(tenant, key), _) => self.call_row(*tenant, key, body, version, context),
            (RowKey::Deal(tenant, deal_id), _) => {
                self.deal_row(*tenant, deal_id, body, version, context);
            }
            (RowKey::Credits(tenant, deal_id), _) => {
                self.credit_row(*tenant, deal_id, body, version, context);
            }
            (RowKey::Cost(_), RowBody::Cost { cost, spend }) => {
                self.cost_row(cost, *spend, version, context);
            }
            // What was spent is never taken back.
            (RowKey::Cost(_), _) => {}
        }
    }

    fn tenant_row(&mut self, id: TenantId, version: u64, context: Context<'_>) {
        let tenant = context.names.tenant(id);
        let settings = context.rules.settings(&tenant.name);
        let models = (0..tenant.rules.models.len())
            .map(|model| self.model(id, model as u16, context))
            .collect();
        let row = wire::Tenant {
            tenant: self.tenant(id, context).0,
            partition: context.partition,
            version,
            time_zone: settings.time_zone.name(),
            currency: settings.currency.code(),
            models,
        };
        self.batch.push(&row);
    }

    fn identity_row(
        &mut self,
        tenant: TenantId,
        ident: Ident,
        body: &RowBody,
        version: u64,
        context: Context<'_>,
    ) {
        let identifier = ident_to_wire(ident);
        let is_erased = matches!(body, RowBody::Gone { .. });
        let row = wire::Identity {
            tenant: self.tenant(tenant, context).0,
            identifier,
            kind: identifier.kind().map_or("", IdentKind::name),
            version,
            client: client_of(body),
            is_erased,
        };
        self.batch.push(&row);
    }

    fn touchpoint_row(
        &mut self,
        tenant: TenantId,
        key: &TouchKey,
        body: &RowBody,
        version: u64,
        context: Context<'_>,
    ) {
        let state = match body {
            RowBody::Touchpoint {
                kind,
                source,
                origin,
                ..
            } => Some(wire::TouchState {
                at: key.at,
                kind: kind.name(),
                dimension: self.source(*source, context),
                origin: self.origin(*origin, context),
            }),
            _ => None,
        };
        let row = wire::Touchpoint {
            tenant: self.tenant(tenant, context).0,
            topic: topic_of(key.topic),
            event_id: &key.id,
            content: ContentHash(key.content),
            version,
            client: client_of(body),
            state,
        };
        self.batch.push(&row);
    }

    fn call_row(
        &mut self,
        tenant: TenantId,
        key: &EventKey,
        body: &RowBody,
        version: u64,
        context: Context<'_>,
    ) {
        let state = match body {
            RowBody::Call {
                source,
                call,
                origin,
                ..
            } => Some(wire::CallState {
                dimension: self.source(*source, context),
                origin: self.origin(*origin, context),
                ..call_state(key.at, call)
            }),
            _ => None,
        };
        let row = wire::Call {
            tenant: self.tenant(tenant, context).0,
            event_id: &key.id,
            content: ContentHash(key.content),
            version,
            client: client_of(body),
            state,
        };
        self.batch.push(&row);
    }

    fn deal_row(
        &mut self,
        id: TenantId,
        deal_id: &str,
        body: &RowBody,
        version: u64,
        context: Context<'_>,
    ) {
        let (tenant, unit) = self.tenant(id, context);
        let state = match body {
            RowBody::Deal { state, events, .. } => Some(wire::DealState {
                created_dimension: self.created_dimension(id, state, context),
                earlier_events: state.events.saturating_sub(events.len()) as u32,
                events: self.deal_events(events, context),
                ..deal_state(state, unit)
            }),
            _ => None,
        };
        let row = wire::Deal {
            tenant,
            deal_id,
            version,
            client: client_of(body),
            state,
        };
        self.batch.push(&row);
    }

    /// Where the touch came from under which a deal was created.
    fn created_dimension(&mut self, id: TenantId, state: &DealState, context: Context<'_>) -> u32 {
        let of_nobody = context.names.tenant(id).unattributed;
        let dim = state.creation.as_ref().map_or(of_nobody, |it| it.dim);
        self.dimension(dim, StrId::EMPTY, StrId::EMPTY, context)
    }

    fn deal_events<'a>(
        &mut self,
        events: &'a [Dated<Box<DealEvent>>],
        context: Context<'_>,
    ) -> Vec<wire::DealEvent<'a>> {
        let events = events.iter().map(|Dated { key, origin, body }| {
            let DealEvent {
                stage,
                pipeline,
                manager_id,
                ..
            } = body.as_ref();
            let [stage, pipeline, manager_id] =
                [stage, pipeline, manager_id].map(|text| text.as_deref().unwrap_or_default());
            wire::DealEvent {
                event_id: &key.id,
                at: key.at,
                event: body.status.name(),
                stage,
                pipeline,
                manager_id,
                origin: self.origin(*origin, context),
            }
        });
        events.collect()
    }

    fn credit_row(
        &mut self,
        id: TenantId,
        deal_id: &str,
        body: &RowBody,
        version: u64,
        context: Context<'_>,
    ) {
        let (tenant, unit) = self.tenant(id, context);
        let state = match body {
            RowBody::Credits { credits, .. } => Some(wire::CreditState {
                won_at: credits.won_at,
                touches: self.credit_touches(id, credits, context),
                shares: credits
                    .shares
                    .iter()
                    .map(|share| {
                        let [credit_ppm, money @ ..] = share.figures;
                        let [gross, revenue, profit] =
                            money.map(|minor| minor.saturating_mul(unit));
                        wire::CreditShare {
                            model: self.model(id, share.model, context),
                            touch: share.touch.unwrap_or(0),
                            credit_ppm,
                            gross,
                            revenue,
                            profit,
                        }
                    })
                    .collect(),
            }),
            _ => None,
        };
        let row = wire::Credit {
            tenant,
            deal_id,
            version,
            client: client_of(body),
            state,
        };
        self.batch.push(&row);
    }

    /// The touches of a deal's credits; one without id when there is none.
    fn credit_touches<'a>(
        &mut self,
        tenant: TenantId,
        credits: &'a Credits,
        context: Context<'_>,
    ) -> Vec<wire::CreditTouch<'a>> {
        if credits.touches.is_empty() {
            let dim = context.names.tenant(tenant).unattributed;
            return vec![wire::CreditTouch {
                touch: None,
                at: credits.won_at,
                kind: "",
                dimension: self.dimension(dim, StrId::EMPTY, StrId::EMPTY, context),
            }];
        }
        let place = |touch: &'a Touch| wire::CreditTouch {
            touch: Some(touch_ref(&touch.key)),
            at: touch.key.at,
            kind: touch.kind.name(),
            dimension: self.source(touch.source, context),
        };
        credits.touches.iter().map(place).collect()
    }

    fn cost_row(
        &mut self,
        cost: &throughline_core::cost::Cost,
        spend: i64,
        version: u64,
        context: Context<'_>,
    ) {
        let (tenant, unit) = self.tenant(cost.tenant, context);
        let row = wire::Cost {
            tenant,
            date: cost.date,
            hour: cost.hour,
            dimension: self.source(cost.source, context),
            version,
            cost: spend.saturating_mul(unit),
            impressions: cost.impressions,
            clicks: cost.clicks,
        };
        self.batch.push(&row);
    }

    fn cell_row(&mut self, key: CellKey, cell: &Cell, version: u64, context: Context<'_>) {
        let id = context.names.dim(key.dim).tenant;
        let (tenant, unit) = self.tenant(id, context);
        let day = context
            .rules
            .day_of_hour(&context.names.tenant(id).name, key.hour);
        let dimension = self.dimension(key.dim, StrId::EMPTY, StrId::EMPTY, context);
        let partition = context.partition;
        let basis = match key.kind {
            CellKind::Traffic => {
                let [visits, calls, missed_calls, leads] = cell.figures(traffic::CONTACTS);
                let [email_clicks, other_touches, spend, impressions] =
                    cell.figures(traffic::OTHERS_AND_SPEND);
                let [clicks, ..] = cell.figures(traffic::AD_CLICKS);
                let row = wire::TrafficCell {
                    tenant,
                    hour: key.hour,
                    day,
                    dimension,
                    partition,
                    version,
                    visits,
                    calls,
                    missed_calls,
                    leads,
                    email_clicks,
                    other_touches,
                    spend: spend.saturating_mul(unit),
                    impressions,
                    clicks,
                };
                return self.batch.push(&row);
            }
            CellKind::CreditByConversion => wire::Basis::Conversion,
            CellKind::CreditByTouch => wire::Basis::Touch,
            CellKind::KeptTraffic | CellKind::KeptByConversion | CellKind::KeptByTouch => return,
        };
        let shares = cell
            .slots
            .iter()
            .map(|(model, [conversions_ppm, money @ ..])| {
                let [gross, revenue, profit] = money.map(|minor| minor.saturating_mul(unit));
                wire::CellShare {
                    model: self.model(id, *model, context),
                    conversions_ppm: *conversions_ppm,
                    gross,
                    revenue,
                    profit,
                }
            })
            .collect();
        let row = wire::CreditCell {
            tenant,
            basis,
            hour: key.hour,
            day,
            dimension,
            partition,
            version,
            shares,
        };
        self.batch.push(&row);
    }

    /// A tenant's place, and its currency's minor unit in the unit of rows.
    fn tenant(&mut self, id: TenantId, context: Context<'_>) -> (u32, i64) {
        *self.tenants.entry(id).or_insert_with(|| {
            let name = context.names.tenant(id).name.as_ref();
            (self.batch.tenants.push(&name), context.rules.unit(name))
        })
    }

    fn model(&mut self, tenant: TenantId, model: u16, context: Context<'_>) -> u32 {
        *self.models.entry((tenant, model)).or_insert_with(|| {
            let models = &context.names.tenant(tenant).rules.models;
            let model = models.get(usize::from(model));
            let name = model.map_or("", |model| model.name.as_ref());
            self.batch.models.push(&name)
        })
    }

    fn source(&mut self, source: Source, context: Context<'_>) -> u32 {
        self.dimension(source.dim, source.content, source.term, context)
    }

    fn dimension(&mut self, dim: DimId, content: StrId, term: StrId, context: Context<'_>) -> u32 {
        let names = context.names;
        *self
            .dimensions
            .entry((dim, content, term))
            .or_insert_with(|| {
                let dim = names.dim(dim);
                self.batch.dimensions.push(&wire::Dimension {
                    channel: names.text(dim.channel),
                    source: names.text(dim.source),
                    medium: names.text(dim.medium),
                    campaign: names.text(dim.campaign),
                    content: names.text(content),
                    term: names.text(term),
                })
            })
    }

    fn origin(&mut self, origin: Option<Origin>, context: Context<'_>) -> Option<wire::Origin> {
        let Origin { partition, offset } = origin?;
        let (topic, partition) = context.names.origin_of(partition);
        let topics: &mut ListWriter = &mut self.batch.topics;
        let topic = *self
            .topics
            .entry(topic)
            .or_insert_with(|| topics.push(&context.names.text(topic).as_ref()));
        Some(wire::Origin {
            topic,
            partition,
            offset,
        })
    }
}

/// The client that a row names.
fn client_of(body: &RowBody) -> throughline_proto::Ident {
    ident_to_wire(body.client().unwrap_or(Ident(0)))
}

/// A deal as it is now, but for its events and where it came from, a minor unit
/// of its tenant's currency being `unit`.
fn deal_state(state: &DealState, unit: i64) -> wire::DealState<'_> {
    let money = |minor: i64| minor.saturating_mul(unit);
    wire::DealState {
        status: state.status.name(),
        stage: &state.stage,
        pipeline: &state.pipeline,
        manager_id: &state.manager_id,
        created_at: state.created_at,
        won_at: state.won_at,
        gross: money(state.gross),
        refunds: money(state.refunds),
        revenue: money(state.revenue()),
        cost: money(state.cost),
        profit: money(state.profit()),
        created_touch: state.creation.as_ref().map(|it| touch_ref(&it.touch)),
        created_dimension: 0,
        earlier_events: 0,
        events: Vec::new(),
    }
}

/// A call as it is now, but for its source and origin.
fn call_state(at: i64, call: &Call) -> wire::CallState<'_> {
    wire::CallState {
        at,
        outbound: call.outbound,
        status: call.status.name(),
        dialed_number: &call.dialed_number,
        wait_seconds: call.wait_seconds,
        talk_seconds: call.talk_seconds,
        manager_id: &call.manager_id,
        recording_url: &call.recording_url,
        quality_score: call.quality_score,
        ambiguous: call.ambiguous,
        dimension: 0,
        origin: None,
    }
}

fn touch_ref(key: &TouchKey) -> wire::TouchRef<'_> {
    wire::TouchRef {
        topic: topic_of(key.topic),
        event_id: &key.id,
    }
}

const fn topic_of(topic: TouchTopic) -> wire::TouchTopic {
    match topic {
        TouchTopic::Calls => wire::TouchTopic::Calls,
        TouchTopic::Emails => wire::TouchTopic::Emails,
        TouchTopic::Touches => wire::TouchTopic::Touches,
        TouchTopic::Web => wire::TouchTopic::Web,
    }
}
