//! Figures by the hour, and the costs that some of them come from.

use throughline_proto::rollups::{CellShare, Cost, CreditCell, TrafficCell};

use super::{Named, Names, RowError, date, hour};
use crate::native::{List, Row};
use crate::table::Columns;

/// Columns of `cost_versions`.
pub const COST_COLUMNS: Columns = &[
    ("generation", "UInt32"),
    ("tenant", "LowCardinality(String)"),
    ("date", "Date"),
    ("hour", "Int8"),
    ("channel", "LowCardinality(String)"),
    ("source", "LowCardinality(String)"),
    ("medium", "LowCardinality(String)"),
    ("campaign", "LowCardinality(String)"),
    ("content", "String"),
    ("term", "String"),
    ("cost", "Decimal(18, 4)"),
    ("impressions", "Int64"),
    ("clicks", "Int64"),
    ("version", "UInt64"),
    ("is_deleted", "UInt8"),
];

/// Writes a row of `cost_versions`.
pub fn cost(row: &Cost, names: Names<'_>, out: &mut Row<'_>) -> Result<(), RowError> {
    let dimension = names.dimension(row.dimension)?;
    out.put(names.generation());
    out.put(names.tenant(row.tenant)?);
    out.put(date(row.date));
    out.put(row.hour.map_or(-1, |hour| hour.min(23).cast_signed()));
    out.put(dimension.channel);
    out.put(dimension.source);
    out.put(dimension.medium);
    out.put(dimension.campaign);
    out.put(dimension.content);
    out.put(dimension.term);
    out.put(row.cost);
    out.put(row.impressions);
    out.put(row.clicks);
    out.put(row.version);
    out.put(false);
    Ok(())
}

/// Columns of `traffic_cells`.
pub const TRAFFIC_COLUMNS: Columns = &[
    ("generation", "UInt32"),
    ("tenant", "LowCardinality(String)"),
    ("hour", "DateTime('UTC')"),
    ("channel", "LowCardinality(String)"),
    ("source", "LowCardinality(String)"),
    ("medium", "LowCardinality(String)"),
    ("campaign", "LowCardinality(String)"),
    ("partition", "UInt32"),
    ("day", "Date"),
    ("visits", "Int64"),
    ("calls", "Int64"),
    ("missed_calls", "Int64"),
    ("leads", "Int64"),
    ("email_clicks", "Int64"),
    ("other_touches", "Int64"),
    ("spend", "Decimal(18, 4)"),
    ("impressions", "Int64"),
    ("clicks", "Int64"),
    ("version", "UInt64"),
    ("is_deleted", "UInt8"),
];

/// Writes a row of `traffic_cells`.
pub fn traffic(row: &TrafficCell, names: Names<'_>, out: &mut Row<'_>) -> Result<(), RowError> {
    out.put(names.generation());
    out.put(names.tenant(row.tenant)?);
    out.put(hour(row.hour));
    cell_dimension(names.dimension(row.dimension)?, out);
    out.put(row.partition);
    out.put(date(row.day));
    for figure in [
        row.visits,
        row.calls,
        row.missed_calls,
        row.leads,
        row.email_clicks,
        row.other_touches,
        row.spend,
        row.impressions,
        row.clicks,
    ] {
        out.put(figure);
    }
    out.put(row.version);
    out.put(row.is_empty());
    Ok(())
}

/// Columns of `credit_cells`.
pub const CREDIT_COLUMNS: Columns = &[
    ("generation", "UInt32"),
    ("tenant", "LowCardinality(String)"),
    ("basis", "LowCardinality(String)"),
    ("hour", "DateTime('UTC')"),
    ("channel", "LowCardinality(String)"),
    ("source", "LowCardinality(String)"),
    ("medium", "LowCardinality(String)"),
    ("campaign", "LowCardinality(String)"),
    ("partition", "UInt32"),
    ("day", "Date"),
    ("models", "Array(LowCardinality(String))"),
    ("conversions_ppm", "Array(Int64)"),
    ("gross", "Array(Decimal(18, 4))"),
    ("revenue", "Array(Decimal(18, 4))"),
    ("profit", "Array(Decimal(18, 4))"),
    ("version", "UInt64"),
    ("is_deleted", "UInt8"),
];

/// Writes a row of `credit_cells`.
pub fn credit(row: &CreditCell, names: Names<'_>, out: &mut Row<'_>) -> Result<(), RowError> {
    out.put(names.generation());
    out.put(names.tenant(row.tenant)?);
    out.put(row.basis.name());
    out.put(hour(row.hour));
    cell_dimension(names.dimension(row.dimension)?, out);
    out.put(row.partition);
    out.put(date(row.day));
    let models = row.shares.iter().map(|share| names.model(share.model));
    out.try_put(models)?;
    let figures: [fn(&CellShare) -> i64; 4] = [
        |share| share.conversions_ppm,
        |share| share.gross,
        |share| share.revenue,
        |share| share.profit,
    ];
    for figure in figures {
        out.put(List(row.shares.iter().map(figure)));
    }
    out.put(row.version);
    out.put(row.shares.is_empty());
    Ok(())
}

fn cell_dimension(dimension: Named<'_>, out: &mut Row<'_>) {
    out.put(dimension.channel);
    out.put(dimension.source);
    out.put(dimension.medium);
    out.put(dimension.campaign);
}
