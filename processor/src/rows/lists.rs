//! Each kind of row goes into the list of its table.

use throughline_proto::rollups::{self as wire, row_batch::Rows};

/// A row that knows the list it belongs to.
pub trait Listed: prost::Message + Sized {
    /// Appends the row to its list; a batch has rows of one table only.
    fn list(self, rows: &mut Option<Rows>);
}

macro_rules! listed {
    ($($row:ident in $list:ident as $variant:ident),+ $(,)?) => {
        $(impl Listed for wire::$row {
            fn list(self, rows: &mut Option<Rows>) {
                match rows {
                    Some(Rows::$variant(list)) => list.rows.push(self),
                    _ => *rows = Some(Rows::$variant(wire::$list { rows: vec![self] })),
                }
            }
        })+
    };
}

listed! {
    Touchpoint in TouchpointRows as Touchpoints,
    Call in CallRows as Calls,
    Deal in DealRows as Deals,
    Credit in CreditRows as Credits,
    Identity in IdentityRows as Identities,
    Cost in CostRows as Costs,
    TrafficCell in TrafficCellRows as TrafficCells,
    CreditCell in CreditCellRows as CreditCells,
    Tenant in TenantRows as TenantsSettings,
}

/// Appends a row to its list and its size to `bytes`.
pub fn push(rows: &mut Option<Rows>, bytes: &mut usize, row: impl Listed) {
    *bytes += row.encoded_len();
    row.list(rows);
}
