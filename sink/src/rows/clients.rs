//! Identifiers of clients, and settings of tenants.

use throughline_proto::rollups::{Identity, Tenant};

use super::{Names, RowError};
use crate::row_binary::RowWriter;
use crate::table::Columns;

/// Columns of `identity_versions`.
pub const IDENTITY_COLUMNS: Columns = &[
    ("generation", "UInt32"),
    ("tenant", "LowCardinality(String)"),
    ("identifier", "FixedString(16)"),
    ("kind", "LowCardinality(String)"),
    ("client", "FixedString(16)"),
    ("version", "UInt64"),
    ("is_deleted", "UInt8"),
];

/// Writes a row of `identity_versions`.
pub fn identity(
    row: &Identity<'_>,
    names: Names<'_>,
    out: &mut RowWriter<'_>,
) -> Result<(), RowError> {
    out.u32(names.generation());
    out.string(names.tenant(row.tenant)?);
    out.id(row.identifier);
    out.string(row.kind);
    out.id(row.client);
    out.u64(row.version);
    out.bool(false);
    Ok(())
}

/// Columns of `tenant_versions`.
pub const TENANT_COLUMNS: Columns = &[
    ("generation", "UInt32"),
    ("tenant", "LowCardinality(String)"),
    ("partition", "UInt32"),
    ("time_zone", "LowCardinality(String)"),
    ("currency", "LowCardinality(String)"),
    ("models", "Array(LowCardinality(String))"),
    ("version", "UInt64"),
    ("is_deleted", "UInt8"),
];

/// Writes a row of `tenant_versions`.
pub fn tenant(row: &Tenant<'_>, names: Names<'_>, out: &mut RowWriter<'_>) -> Result<(), RowError> {
    let models = row
        .models
        .iter()
        .map(|&model| names.model(model))
        .collect::<Result<Vec<_>, _>>()?;
    out.u32(names.generation());
    out.string(names.tenant(row.tenant)?);
    out.u32(row.partition);
    out.string(row.time_zone);
    out.string(row.currency);
    out.array(models.into_iter(), RowWriter::string);
    out.u64(row.version);
    out.bool(false);
    Ok(())
}
