//! Rows on their way to ClickHouse, one block per table.

use bytes::Bytes;
use throughline_proto::flat::Malformed;

use crate::native::{Column, Row, put_bytes, put_length};
use crate::rows::RowError;
use crate::table::Table;

/// The blocks that rows are appended to.
#[derive(Debug)]
pub struct Blocks(Vec<Open>);

#[derive(Debug)]
struct Open {
    table: Table,
    columns: Vec<Column>,
    rows: usize,
}

/// A block that is ready to be sent, as often as it takes.
#[derive(Clone, Debug)]
pub struct Block {
    /// Where it belongs.
    pub table: Table,
    /// How many rows it has.
    pub rows: usize,
    /// The rows in the format `Native`.
    pub bytes: Bytes,
}

impl Default for Blocks {
    fn default() -> Self {
        Self(Table::ALL.map(Open::new).into())
    }
}

impl Open {
    fn new(table: Table) -> Self {
        let columns = table.columns().iter();
        Self {
            table,
            columns: columns.map(|(_, kind)| Column::new(kind)).collect(),
            rows: 0,
        }
    }

    fn size(&self) -> usize {
        self.columns.iter().map(Column::size).sum()
    }

    fn seal(&self) -> Block {
        // Names, types and the like take little.
        let mut bytes = Vec::with_capacity(self.size() + 64 * self.columns.len());
        put_length(self.columns.len(), &mut bytes);
        put_length(self.rows, &mut bytes);
        for (column, (name, kind)) in self.columns.iter().zip(self.table.columns()) {
            put_bytes(name.as_bytes(), &mut bytes);
            put_bytes(kind.as_bytes(), &mut bytes);
            column.write(&mut bytes);
        }
        Block {
            table: self.table,
            rows: self.rows,
            bytes: bytes.into(),
        }
    }
}

impl Blocks {
    /// Appends rows to a table's block. After an error the blocks are of no
    /// use: of the row that cannot be read or written a part may remain.
    pub fn append<T>(
        &mut self,
        table: Table,
        rows: impl IntoIterator<Item = Result<T, Malformed>>,
        mut write: impl FnMut(&T, &mut Row<'_>) -> Result<(), RowError>,
    ) -> Result<(), RowError> {
        let open = &mut self.0[table as usize];
        for row in rows {
            let mut columns = Row::new(&mut open.columns);
            write(&row?, &mut columns)?;
            debug_assert!(columns.is_complete(), "a column of {table:?} has no value");
            open.rows += 1;
        }
        Ok(())
    }

    /// How many rows the fullest block has.
    pub fn max_rows(&self) -> usize {
        self.0.iter().map(|block| block.rows).max().unwrap_or(0)
    }

    /// How many bytes all blocks have together.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(Open::size).sum()
    }

    /// The blocks that have rows; they start over empty.
    pub fn take(&mut self) -> Vec<Block> {
        let filled = self.0.iter_mut().filter(|open| open.rows > 0);
        filled
            .map(|open| {
                let block = open.seal();
                *open = Open::new(open.table);
                block
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::List;

    #[test]
    fn rows_gather_by_table() {
        let mut blocks = Blocks::default();
        let write = |row: &u8, out: &mut Row<'_>| {
            for (_, kind) in Table::Tenants.columns() {
                match *kind {
                    "UInt32" => out.put(u32::from(*row)),
                    "UInt64" => out.put(u64::from(*row)),
                    "UInt8" => out.put(*row),
                    "Array(LowCardinality(String))" => out.put(List([""; 0].into_iter())),
                    _ => out.put("x"),
                }
            }
            Ok(())
        };
        let before = blocks.bytes();
        blocks
            .append(Table::Tenants, [Ok(1), Ok(2)], write)
            .unwrap();
        blocks.append(Table::Tenants, [Ok(3)], write).unwrap();
        assert_eq!((before, blocks.max_rows()), (0, 3));
        assert!(blocks.bytes() > 0);
        let taken = blocks.take();
        assert_eq!(
            taken.iter().map(|b| (b.table, b.rows)).collect::<Vec<_>>(),
            [(Table::Tenants, 3)]
        );
        assert_eq!(taken[0].bytes[..2], [8, 3]);
        assert_eq!(taken[0].bytes[taken[0].bytes.len() - 3..], [1, 2, 3]);
        assert_eq!((blocks.max_rows(), blocks.bytes()), (0, 0));
    }

    #[test]
    fn tables_stand_in_the_order_of_their_numbers() {
        for (index, table) in Table::ALL.into_iter().enumerate() {
            assert_eq!(table as usize, index);
        }
    }
}
