//! Rows from the core to records of `rollups`: batches of one table each.

mod lists;

use prost::Message as _;
use rustc_hash::FxHashMap;
use throughline_core::cell::{CellKind, traffic};
use throughline_core::credit::Credits;
use throughline_core::derive::{TouchKey, TouchTopic};
use throughline_core::fact::Origin;
use throughline_core::names::Names;
use throughline_core::{DimId, EventKey, Ident, Row, RowKey, Source, StrId, TenantId};
use throughline_core::{cell, row::RowBody};
use throughline_proto::rollups as wire;

use crate::rules::Attribution;
use lists::push;

/// What every row of a partition's checkpoint shares.
pub struct Context<'a> {
    /// The partition's names.
    pub names: &'a Names,
    /// The rules by which days and money are written.
    pub rules: &'a Attribution,
    /// The partition's number.
    pub partition: u32,
    /// About how large a record may become.
    pub max_bytes: usize,
}

/// Writes rows as records; rows of one table must follow one another.
pub fn encode(rows: &[Row], context: &Context<'_>) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let mut writer = Writer::new(context);
    for row in rows {
        let table = Table::of(&row.key);
        if writer.table != Some(table) || writer.bytes >= context.max_bytes {
            writer.finish(&mut records);
            writer = Writer::new(context);
            writer.table = Some(table);
        }
        writer.add(row);
    }
    writer.finish(&mut records);
    records
}

/// The tables that rows go to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    Tenants,
    Identities,
    Touchpoints,
    Calls,
    Deals,
    Credits,
    Costs,
    TrafficCells,
    CreditCells,
}

impl Table {
    const fn of(key: &RowKey) -> Self {
        match key {
            RowKey::Tenant(_) => Self::Tenants,
            RowKey::Identity(..) => Self::Identities,
            RowKey::Touchpoint(..) => Self::Touchpoints,
            RowKey::Call(..) => Self::Calls,
            RowKey::Deal(..) => Self::Deals,
            RowKey::Credits(..) => Self::Credits,
            RowKey::Cost(_) => Self::Costs,
            RowKey::Cell(key) => match key.kind {
                CellKind::Traffic => Self::TrafficCells,
                CellKind::CreditByConversion | CellKind::CreditByTouch => Self::CreditCells,
            },
        }
    }
}

/// A batch that is being written.
struct Writer<'a> {
    context: &'a Context<'a>,
    table: Option<Table>,
    batch: wire::RowBatch,
    tenants: FxHashMap<TenantId, u32>,
    dimensions: FxHashMap<(DimId, StrId, StrId), u32>,
    models: FxHashMap<(TenantId, u16), u32>,
    topics: FxHashMap<StrId, u32>,
    bytes: usize,
}

impl<'a> Writer<'a> {
    fn new(context: &'a Context<'a>) -> Self {
        Self {
            context,
            table: None,
            batch: wire::RowBatch {
                generation: context.rules.generation(),
                ..wire::RowBatch::default()
            },
            tenants: FxHashMap::default(),
            dimensions: FxHashMap::default(),
            models: FxHashMap::default(),
            topics: FxHashMap::default(),
            bytes: 0,
        }
    }

    fn finish(self, records: &mut Vec<Vec<u8>>) {
        if self.batch.rows.is_some() {
            records.push(self.batch.encode_to_vec());
        }
    }

    fn add(&mut self, row: &Row) {
        let version = row.lamport << 16 | u64::from(self.context.partition);
        let body = row.body.as_ref();
        match &row.key {
            RowKey::Tenant(tenant) => self.tenant_row(*tenant, version),
            RowKey::Identity(tenant, ident) => {
                let Some(RowBody::Identity { client }) = body else {
                    return;
                };
                self.identity_row(*tenant, *ident, *client, version);
            }
            RowKey::Touchpoint(tenant, key) => self.touchpoint_row(*tenant, key, body, version),
            RowKey::Call(tenant, key) => self.call_row(*tenant, key, body, version),
            RowKey::Deal(tenant, _) => {
                let Some(RowBody::Deal { client, state }) = body else {
                    return;
                };
                self.deal_row(*tenant, *client, state, version);
            }
            RowKey::Credits(tenant, deal_id) => {
                self.credit_row(*tenant, deal_id, body, version);
            }
            RowKey::Cost(_) => {
                let Some(RowBody::Cost { cost, spend }) = body else {
                    return;
                };
                self.cost_row(cost, *spend, version);
            }
            RowKey::Cell(key) => self.cell_row(*key, body, version),
        }
    }

    fn tenant_row(&mut self, id: TenantId, version: u64) {
        let tenant = self.context.names.tenant(id);
        let settings = self.context.rules.settings(&tenant.name);
        let models = (0..tenant.rules.models.len())
            .map(|model| self.model(id, model as u16))
            .collect();
        let row = wire::Tenant {
            tenant: self.tenant(id),
            partition: self.context.partition,
            version,
            time_zone: settings.time_zone.name().to_owned(),
            currency: settings.currency.code().to_owned(),
            models,
        };
        push(&mut self.batch.rows, &mut self.bytes, row);
    }

    fn identity_row(&mut self, tenant: TenantId, ident: Ident, client: Ident, version: u64) {
        let identifier = throughline_proto::Ident(ident.0);
        let kind = identifier
            .kind()
            .map_or("", throughline_proto::IdentKind::name)
            .to_owned();
        let row = wire::Identity {
            tenant: self.tenant(tenant),
            identifier: Some(identifier.into()),
            kind,
            version,
            deleted: false,
            client: Some(id(client)),
        };
        push(&mut self.batch.rows, &mut self.bytes, row);
    }

    fn touchpoint_row(
        &mut self,
        tenant: TenantId,
        key: &TouchKey,
        body: Option<&RowBody>,
        version: u64,
    ) {
        let mut row = wire::Touchpoint {
            tenant: self.tenant(tenant),
            touch_id: touch_id(key),
            content_hash: key.content,
            version,
            deleted: true,
            ..wire::Touchpoint::default()
        };
        if let Some(RowBody::Touchpoint { client, touch }) = body {
            row.deleted = false;
            row.client = Some(id(*client));
            row.at = key.at;
            touch.kind.name().clone_into(&mut row.kind);
            row.dimension = self.source(touch.source);
            (row.origin_topic, row.origin_partition, row.origin_offset) = self.origin(touch.origin);
        }
        push(&mut self.batch.rows, &mut self.bytes, row);
    }

    fn call_row(&mut self, tenant: TenantId, key: &EventKey, body: Option<&RowBody>, version: u64) {
        let mut row = wire::Call {
            tenant: self.tenant(tenant),
            touch_id: touch_id(&TouchKey::new(TouchTopic::Calls, key)),
            content_hash: key.content,
            version,
            deleted: true,
            ..wire::Call::default()
        };
        if let Some(RowBody::Call {
            client,
            source,
            call,
            origin,
        }) = body
        {
            row.deleted = false;
            row.client = Some(id(*client));
            row.at = key.at;
            row.outbound = call.outbound;
            call.status.name().clone_into(&mut row.status);
            row.dialed_number = call.dialed_number.to_string();
            row.wait_seconds = call.wait_seconds;
            row.talk_seconds = call.talk_seconds;
            row.manager_id = call.manager_id.to_string();
            row.recording_url = call.recording_url.to_string();
            row.quality_score = call.quality_score;
            row.ambiguous = call.ambiguous;
            row.dimension = self.source(*source);
            (row.origin_topic, row.origin_partition, row.origin_offset) = self.origin(*origin);
        }
        push(&mut self.batch.rows, &mut self.bytes, row);
    }

    fn deal_row(
        &mut self,
        tenant: TenantId,
        client: Ident,
        state: &throughline_core::deal::DealState,
        version: u64,
    ) {
        let row = wire::Deal {
            tenant: self.tenant(tenant),
            deal_id: state.deal_id.to_string(),
            version,
            deleted: false,
            client: Some(id(client)),
            status: state.status.name().to_owned(),
            stage: state.stage.to_string(),
            pipeline: state.pipeline.to_string(),
            manager_id: state.manager_id.to_string(),
            created_at: state.created_at,
            won_at: state.won_at,
            gross: self.money(tenant, state.gross),
            refunds: self.money(tenant, state.refunds),
            revenue: self.money(tenant, state.revenue()),
            cost: self.money(tenant, state.cost),
            profit: self.money(tenant, state.profit()),
        };
        push(&mut self.batch.rows, &mut self.bytes, row);
    }

    fn credit_row(
        &mut self,
        tenant: TenantId,
        deal_id: &str,
        body: Option<&RowBody>,
        version: u64,
    ) {
        let mut row = wire::Credit {
            tenant: self.tenant(tenant),
            deal_id: deal_id.to_owned(),
            version,
            deleted: true,
            ..wire::Credit::default()
        };
        if let Some(RowBody::Credits { client, credits }) = body {
            row.deleted = false;
            row.client = Some(id(*client));
            row.won_at = credits.won_at;
            row.touches = self.credit_touches(tenant, credits);
            row.shares = credits
                .shares
                .iter()
                .map(|share| {
                    let [credit_ppm, gross, revenue, profit] = share.figures;
                    wire::CreditShare {
                        model: self.model(tenant, share.model),
                        touch: share.touch.unwrap_or(0),
                        credit_ppm,
                        gross: self.money(tenant, gross),
                        revenue: self.money(tenant, revenue),
                        profit: self.money(tenant, profit),
                    }
                })
                .collect();
        }
        push(&mut self.batch.rows, &mut self.bytes, row);
    }

    /// The touches of a deal's credits; one without id when there is none.
    fn credit_touches(&mut self, tenant: TenantId, credits: &Credits) -> Vec<wire::CreditTouch> {
        if credits.touches.is_empty() {
            let dim = self.context.names.tenant(tenant).unattributed;
            let dimension = self.dimension(dim, StrId::EMPTY, StrId::EMPTY);
            let at = credits.won_at;
            return vec![wire::CreditTouch {
                at,
                dimension,
                ..wire::CreditTouch::default()
            }];
        }
        credits
            .touches
            .iter()
            .map(|touch| wire::CreditTouch {
                touch_id: touch_id(&touch.key),
                at: touch.key.at,
                kind: touch.kind.name().to_owned(),
                dimension: self.source(touch.source),
            })
            .collect()
    }

    fn cost_row(&mut self, cost: &throughline_core::cost::Cost, spend: i64, version: u64) {
        let row = wire::Cost {
            tenant: self.tenant(cost.tenant),
            date: cost.date,
            hour: cost.hour.map(u32::from),
            dimension: self.source(cost.source),
            version,
            deleted: false,
            cost: self.money(cost.tenant, spend),
            impressions: cost.impressions,
            clicks: cost.clicks,
        };
        push(&mut self.batch.rows, &mut self.bytes, row);
    }

    fn cell_row(&mut self, key: cell::CellKey, body: Option<&RowBody>, version: u64) {
        let empty = cell::Cell::default();
        let cell = match body {
            Some(RowBody::Cell(cell)) => cell,
            _ => &empty,
        };
        let deleted = cell.slots.is_empty();
        let id = self.context.names.dim(key.dim).tenant;
        let name = &self.context.names.tenant(id).name;
        let day = self.context.rules.day_of_hour(name, key.hour);
        let tenant = self.tenant(id);
        let dimension = self.dimension(key.dim, StrId::EMPTY, StrId::EMPTY);
        let partition = self.context.partition;
        let basis = match key.kind {
            CellKind::Traffic => {
                let [visits, calls, missed_calls, leads] = cell.figures(traffic::CONTACTS);
                let [email_clicks, other_touches, spend, impressions] =
                    cell.figures(traffic::OTHERS_AND_SPEND);
                let row = wire::TrafficCell {
                    tenant,
                    hour: key.hour,
                    day,
                    dimension,
                    partition,
                    version,
                    deleted,
                    visits,
                    calls,
                    missed_calls,
                    leads,
                    email_clicks,
                    other_touches,
                    spend: self.money(id, spend),
                    impressions,
                    clicks: cell.figures(traffic::AD_CLICKS)[0],
                };
                return push(&mut self.batch.rows, &mut self.bytes, row);
            }
            CellKind::CreditByConversion => wire::Basis::Conversion,
            CellKind::CreditByTouch => wire::Basis::Touch,
        };
        let shares = cell
            .slots
            .iter()
            .map(
                |(model, [conversions_ppm, gross, revenue, profit])| wire::CellShare {
                    model: self.model(id, *model),
                    conversions_ppm: *conversions_ppm,
                    gross: self.money(id, *gross),
                    revenue: self.money(id, *revenue),
                    profit: self.money(id, *profit),
                },
            )
            .collect();
        let row = wire::CreditCell {
            tenant,
            basis: basis.into(),
            hour: key.hour,
            day,
            dimension,
            partition,
            version,
            deleted,
            shares,
        };
        push(&mut self.batch.rows, &mut self.bytes, row);
    }

    fn money(&self, tenant: TenantId, minor: i64) -> i64 {
        self.context
            .rules
            .in_rows(&self.context.names.tenant(tenant).name, minor)
    }

    fn tenant(&mut self, id: TenantId) -> u32 {
        let next = self.batch.tenants.len() as u32;
        let index = *self.tenants.entry(id).or_insert(next);
        if index == next {
            self.batch
                .tenants
                .push(self.context.names.tenant(id).name.to_string());
        }
        index
    }

    fn model(&mut self, tenant: TenantId, model: u16) -> u32 {
        let next = self.batch.models.len() as u32;
        let index = *self.models.entry((tenant, model)).or_insert(next);
        if index == next {
            let models = &self.context.names.tenant(tenant).rules.models;
            let name = models
                .get(usize::from(model))
                .map(|model| model.name.to_string());
            self.batch.models.push(name.unwrap_or_default());
        }
        index
    }

    fn source(&mut self, source: Source) -> u32 {
        self.dimension(source.dim, source.content, source.term)
    }

    fn dimension(&mut self, dim: DimId, content: StrId, term: StrId) -> u32 {
        let next = self.batch.dimensions.len() as u32;
        let index = *self.dimensions.entry((dim, content, term)).or_insert(next);
        if index == next {
            let names = self.context.names;
            let text = |id| names.text(id).to_string();
            let dim = names.dim(dim);
            let dimension = wire::Dimension {
                channel: text(dim.channel),
                source: text(dim.source),
                medium: text(dim.medium),
                campaign: text(dim.campaign),
                content: text(content),
                term: text(term),
            };
            self.bytes += dimension.encoded_len();
            self.batch.dimensions.push(dimension);
        }
        index
    }

    fn origin(&mut self, origin: Option<Origin>) -> (u32, i32, i64) {
        let (topic, partition, offset) = match origin {
            Some(origin) => {
                let (topic, partition) = self.context.names.origin_of(origin.partition);
                (topic, partition, origin.offset)
            }
            None => (StrId::EMPTY, -1, -1),
        };
        let next = self.batch.origin_topics.len() as u32;
        let index = *self.topics.entry(topic).or_insert(next);
        if index == next {
            self.batch
                .origin_topics
                .push(self.context.names.text(topic).to_string());
        }
        (index, partition, offset)
    }
}

fn touch_id(key: &TouchKey) -> String {
    format!("{}:{}", key.topic.name(), key.id)
}

fn id(ident: Ident) -> wire::Id {
    throughline_proto::Ident(ident.0).into()
}
