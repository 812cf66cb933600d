//! The views of the contract, row by row, from what the other modules found.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::SourcedCall;
use super::currency::places;
use super::deals::Deal;
use super::event::{Cost, Kind, Source};
use super::identity::Clients;
use super::journeys::Credit;
use super::rollups::{Earned, Lens, Place, Traffic};
use super::settings::Settings;
use super::tables::{Cell, Row, Tables};
use super::time::{date_text, local_date};
use super::touches::{Touch, client_of};

/// Decimal places of money in the views.
const VIEW_PLACES: u32 = 4;

/// Money of a tenant as the views show it.
fn money(settings: &Settings, tenant: &str, minor: i64) -> Cell {
    let places = places(&settings.tenant(tenant).currency).unwrap_or(2);
    Cell::Int(minor * 10_i64.pow(VIEW_PLACES - places))
}

fn client(number: usize) -> Cell {
    Cell::Int(number as i64)
}

fn source_cells(source: &Source) -> [Cell; 5] {
    [
        &source.source,
        &source.medium,
        &source.campaign,
        &source.content,
        &source.term,
    ]
    .map(|text| text.as_str().into())
}

fn place_cells(place: &Place<'_>) -> Vec<Cell> {
    let (_, hour, channel, source, medium, campaign) = place;
    vec![
        (*hour).into(),
        (*channel).into(),
        source.as_str().into(),
        medium.as_str().into(),
        campaign.as_str().into(),
    ]
}

/// `channel_hourly`.
pub fn channel_hourly(
    cells: &BTreeMap<(Place<'_>, Lens<'_>), Earned>,
    settings: &Settings,
) -> Vec<Row> {
    let row = |((place, (model, basis)), sum): (&(Place<'_>, Lens<'_>), &Earned)| {
        let money = |minor| money(settings, place.0, minor);
        let mut row: Vec<Cell> = vec![place.0.into(), (*model).into(), (*basis).into()];
        row.extend(place_cells(place));
        row.extend([
            sum.ppm.into(),
            money(sum.gross),
            money(sum.revenue),
            money(sum.profit),
        ]);
        Row(row)
    };
    cells.iter().map(row).collect()
}

/// `traffic_hourly`.
pub fn traffic_hourly(cells: &BTreeMap<Place<'_>, Traffic>, settings: &Settings) -> Vec<Row> {
    let row = |(place, sum): (&Place<'_>, &Traffic)| {
        let mut row: Vec<Cell> = vec![place.0.into()];
        row.extend(place_cells(place));
        let counts = [
            sum.visits,
            sum.calls,
            sum.missed_calls,
            sum.leads,
            sum.email_clicks,
            sum.other_touches,
        ];
        row.extend(counts.map(Cell::Int));
        row.extend([
            money(settings, place.0, sum.spend),
            sum.impressions.into(),
            sum.clicks.into(),
        ]);
        Row(row)
    };
    cells.iter().map(row).collect()
}

/// Tenant, local date, channel.
type Day<'a> = (&'a str, String, &'a str);

/// `channel_roi`: every day and channel with traffic for every model and basis, and every one with credit.
pub fn channel_roi(
    earned: &BTreeMap<(Place<'_>, Lens<'_>), Earned>,
    traffic: &BTreeMap<Place<'_>, Traffic>,
    settings: &Settings,
) -> Vec<Row> {
    let day = |place: &Place<'_>| date_text(local_date(settings.tenant(place.0).zone, place.1));
    let mut traffic_by_day: BTreeMap<Day<'_>, Traffic> = BTreeMap::new();
    for (place, sum) in traffic {
        traffic_by_day
            .entry((place.0, day(place), place.2))
            .or_default()
            .add(sum);
    }
    let mut rows: BTreeMap<(Day<'_>, (&str, &str)), Earned> = BTreeMap::new();
    for key in traffic_by_day.keys() {
        for model in &settings.tenant(key.0).models {
            for basis in ["conversion", "touch"] {
                rows.insert((key.clone(), (&model.name, basis)), Earned::default());
            }
        }
    }
    for ((place, lens), sum) in earned {
        rows.entry(((place.0, day(place), place.2), *lens))
            .or_default()
            .add(sum);
    }
    let row = |((key, (model, basis)), sum): ((Day<'_>, (&str, &str)), Earned)| {
        let (tenant, day, channel) = &key;
        let traffic = traffic_by_day.get(&key).copied().unwrap_or_default();
        let money = |minor| money(settings, tenant, minor);
        let minor_units =
            10_f64.powi(places(&settings.tenant(tenant).currency).unwrap_or(2) as i32);
        let quotient = |over: f64, under: f64| (under != 0.0).then(|| over / under);
        let conversions = sum.ppm as f64 / 1e6;
        let spend = traffic.spend as f64 / minor_units;
        let revenue = sum.revenue as f64 / minor_units;
        let profit = sum.profit as f64 / minor_units;
        Row(vec![
            (*tenant).into(),
            model.into(),
            basis.into(),
            day.as_str().into(),
            (*channel).into(),
            sum.ppm.into(),
            money(sum.gross),
            money(sum.revenue),
            money(sum.profit),
            money(traffic.spend),
            traffic.visits.into(),
            traffic.calls.into(),
            traffic.leads.into(),
            quotient(spend, conversions).into(),
            quotient(spend, (traffic.leads + traffic.calls) as f64).into(),
            quotient(revenue, spend).into(),
            quotient(profit - spend, spend).into(),
        ])
    };
    rows.into_iter().map(row).collect()
}

/// `deals`.
pub fn deals<'a>(
    deals: &[Deal<'a>],
    creations: &[Option<&Touch<'_>>],
    clients: &Clients<'a>,
    settings: &Settings,
) -> Vec<Row> {
    let nowhere = Source::default();
    let row = |(deal, creation): (&Deal<'a>, Option<&Touch<'_>>)| {
        let (touch_id, channel, source) = match creation {
            Some(touch) => (touch.id.as_str(), touch.channel, &touch.source),
            None => ("", super::channel::UNATTRIBUTED, &nowhere),
        };
        let money = |minor| money(settings, deal.tenant, minor);
        let of = client_of_deal(deal, clients);
        Row(vec![
            deal.tenant.into(),
            deal.deal_id.into(),
            client(of),
            deal.status.into(),
            deal.stage.into(),
            deal.pipeline.into(),
            deal.manager_id.into(),
            deal.created_at.into(),
            deal.won_at.into(),
            money(deal.gross),
            money(deal.refunds),
            money(deal.revenue),
            money(deal.cost),
            money(deal.profit),
            touch_id.into(),
            channel.into(),
            source.source.as_str().into(),
            source.medium.as_str().into(),
            source.campaign.as_str().into(),
        ])
    };
    let shown = deals.iter().zip(creations.iter().copied());
    let shown = shown.filter(|(deal, _)| clients.is_shown(client_of_deal(deal, clients)));
    shown.map(row).collect()
}

/// The newest events of a deal that are listed.
const LISTED_EVENTS: usize = 1000;

/// `deal_events`.
pub fn deal_events<'a>(deals: &[Deal<'a>], clients: &Clients<'a>) -> Vec<Row> {
    let shown = deals
        .iter()
        .map(|deal| (deal, client_of_deal(deal, clients)));
    let shown = shown.filter(|(_, of)| clients.is_shown(*of));
    let rows = shown.flat_map(|(deal, of)| {
        let numbered = (1_i64..).zip(&deal.events);
        let earlier = deal.events.len().saturating_sub(LISTED_EVENTS);
        numbered.skip(earlier).map(move |(position, told)| {
            let given = |text: &'a Option<String>| Cell::from(text.as_deref().unwrap_or_default());
            let event = told.event;
            Row(vec![
                deal.tenant.into(),
                deal.deal_id.into(),
                position.into(),
                client(of),
                told.event_id.into(),
                event.event.as_str().into(),
                told.at.into(),
                given(&event.stage),
                given(&event.pipeline),
                given(&event.manager_id),
            ])
        })
    });
    rows.collect()
}

/// The client of a deal.
pub fn client_of_deal(deal: &Deal<'_>, clients: &Clients<'_>) -> usize {
    clients.of(deal.tenant, &(Kind::Deal, deal.deal_id.to_owned()))
}

/// `credits`.
pub fn credits<'a>(credits: &[Credit<'a>], clients: &Clients<'a>, settings: &Settings) -> Vec<Row> {
    let row = |credit: &Credit<'a>| {
        let tenant = credit.deal.tenant;
        let nowhere = Source::default();
        let (id, at, channel, source, kind) = match credit.touch {
            Some(touch) => (
                touch.id.as_str(),
                touch.at,
                touch.channel,
                &touch.source,
                touch.kind,
            ),
            None => (
                "",
                credit.won_at,
                super::channel::UNATTRIBUTED,
                &nowhere,
                "",
            ),
        };
        let mut row: Vec<Cell> = vec![
            tenant.into(),
            credit.deal.deal_id.into(),
            credit.model.into(),
            id.into(),
        ];
        row.extend([at.into(), credit.won_at.into(), channel.into()]);
        row.extend(source_cells(source));
        row.extend([kind.into(), credit.ppm.into()]);
        row.extend(
            [credit.gross, credit.revenue, credit.profit]
                .map(|minor| money(settings, tenant, minor)),
        );
        Row(row)
    };
    let shown = credits.iter();
    let shown = shown.filter(|credit| clients.is_shown(client_of_deal(credit.deal, clients)));
    shown.map(row).collect()
}

/// `touchpoints`.
pub fn touchpoints(touches: &[Touch<'_>], clients: &Clients<'_>) -> Vec<Row> {
    let row = |touch: &Touch<'_>| {
        let mut row = vec![
            touch.tenant.into(),
            touch.id.as_str().into(),
            client(touch.client),
        ];
        row.extend([touch.kind.into(), touch.at.into(), touch.channel.into()]);
        row.extend(source_cells(&touch.source));
        Row(row)
    };
    let shown = touches.iter();
    let shown = shown.filter(|touch| clients.is_shown(touch.client));
    shown.map(row).collect()
}

/// `calls`, also the outbound ones.
pub fn calls<'a>(calls: &[SourcedCall<'a>], clients: &Clients<'a>) -> Vec<Row> {
    let row = |sourced: &SourcedCall<'a>| {
        let (event, call) = (sourced.event, sourced.call);
        let of = client_of(event, clients).map_or(Cell::Null, client);
        let mut row: Vec<Cell> = vec![
            event.tenant.as_str().into(),
            event.event_id.as_str().into(),
            of,
        ];
        row.push(event.occurred_at.into());
        row.extend([&call.direction, &call.status, &call.dialed].map(|text| text.as_str().into()));
        row.push(i64::from(sourced.is_ambiguous()).into());
        // An outbound call is nobody's touch, so whether it has a source is not for the contract to say.
        if sourced.is_inbound() {
            row.push(sourced.channel.into());
            row.extend(source_cells(&sourced.source));
        } else {
            row.extend(std::iter::repeat_n(Cell::Absent, 6));
        }
        row.extend([call.wait_seconds, call.talk_seconds].map(Cell::from));
        row.push(call.manager_id.as_deref().unwrap_or_default().into());
        row.push(call.quality_score.into());
        Row(row)
    };
    let is_shown = |sourced: &&SourcedCall<'a>| {
        let client = client_of(sourced.event, clients);
        client.is_none_or(|client| clients.is_shown(client))
    };
    calls.iter().filter(is_shown).map(row).collect()
}

/// `identities` and `clients`.
pub fn identities(all: &Clients<'_>, tables: &mut Tables) {
    let row = |(tenant, (kind, value), number): (&str, &(Kind, String), usize)| {
        Row(vec![
            tenant.into(),
            value.as_str().into(),
            kind.name().into(),
            client(number),
        ])
    };
    tables.set("identities", all.iter().map(row).collect());
    let numbers: BTreeSet<_> = all
        .iter()
        .map(|(tenant, _, number)| (tenant, number))
        .collect();
    let row = |(tenant, number): (&str, usize)| Row(vec![tenant.into(), client(number)]);
    tables.set("clients", numbers.into_iter().map(row).collect());
}

/// `costs`.
pub fn costs(costs: &[(&str, &Cost)], settings: &Settings) -> Vec<Row> {
    let row = |(tenant, cost): &(&str, &Cost)| {
        let mut row: Vec<Cell> = vec![(*tenant).into(), date_text(cost.date).as_str().into()];
        row.push(cost.hour.map(i64::from).into());
        row.extend(source_cells(&cost.source));
        row.push(money(settings, tenant, cost.cost.converted));
        row.extend(
            [cost.impressions, cost.clicks].map(|count| Cell::Int(count.unwrap_or_default())),
        );
        Row(row)
    };
    costs.iter().map(row).collect()
}
