//! Identifiers of clients and their links, and settings of tenants.

use throughline_proto::Ident;
use throughline_proto::rollups::{Erasure, Identity, Link, Tenant};

use super::{Names, RowError};
use crate::native::Row;
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
pub fn identity(row: &Identity<'_>, names: Names<'_>, out: &mut Row<'_>) -> Result<(), RowError> {
    out.put(names.generation());
    out.put(names.tenant(row.tenant)?);
    out.put(row.identifier);
    out.put(row.kind);
    out.put(row.client);
    out.put(row.version);
    out.put(row.is_erased);
    Ok(())
}

/// Columns of `erased_identifiers`.
pub const ERASURE_COLUMNS: Columns = &[
    ("tenant", "LowCardinality(String)"),
    ("pseudonym", "FixedString(16)"),
    ("version", "UInt64"),
    ("is_deleted", "UInt8"),
];

/// Writes a row of `erased_identifiers`.
pub fn erasure(row: &Erasure, names: Names<'_>, out: &mut Row<'_>) -> Result<(), RowError> {
    out.put(names.tenant(row.tenant)?);
    out.put(row.pseudonym);
    out.put(row.version);
    out.put(false);
    Ok(())
}

/// Columns of `link_versions`.
pub const LINK_COLUMNS: Columns = &[
    ("tenant", "LowCardinality(String)"),
    ("identifier", "FixedString(16)"),
    ("other", "FixedString(16)"),
    ("kind", "LowCardinality(String)"),
    ("version", "UInt64"),
    ("is_deleted", "UInt8"),
];

/// Writes a row of `link_versions`.
pub fn link(row: &Link<'_>, names: Names<'_>, out: &mut Row<'_>) -> Result<(), RowError> {
    out.put(names.tenant(row.tenant)?);
    out.put(row.identifier);
    out.put(row.other.unwrap_or(Ident(0)));
    out.put(row.kind);
    out.put(row.version);
    out.put(false);
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
pub fn tenant(row: &Tenant<'_>, names: Names<'_>, out: &mut Row<'_>) -> Result<(), RowError> {
    out.put(names.generation());
    out.put(names.tenant(row.tenant)?);
    out.put(row.partition);
    out.put(row.time_zone);
    out.put(row.currency);
    out.try_put(row.models.iter().map(|model| names.model(*model)))?;
    out.put(row.version);
    out.put(false);
    Ok(())
}
