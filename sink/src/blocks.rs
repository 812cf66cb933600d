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
    /// The columns of a block that was sent: room for the next one.
    spare: Option<Vec<Column>>,
}

/// A block that is ready to be sent, as often as it takes.
#[derive(Debug)]
pub struct Block {
    /// Where it belongs.
    pub table: Table,
    /// How many rows it has.
    pub rows: usize,
    columns: Vec<Column>,
}

/// A block in the format `Native`, piece by piece: no copy of the whole exists.
#[derive(Debug)]
pub struct Pieces<'a> {
    block: &'a Block,
    piece_bytes: usize,
    /// How many columns are written.
    written: usize,
    /// What is written and not given yet.
    rest: Bytes,
}

impl Default for Blocks {
    fn default() -> Self {
        Self(Table::ALL.map(Open::new).into())
    }
}

impl Open {
    fn new(table: Table) -> Self {
        Self {
            table,
            columns: empty(table),
            rows: 0,
            spare: None,
        }
    }

    fn size(&self) -> usize {
        self.columns.iter().map(Column::size).sum()
    }
}

fn empty(table: Table) -> Vec<Column> {
    let columns = table.columns().iter();
    columns.map(|(_, kind)| Column::new(kind)).collect()
}

impl Block {
    /// How many bytes its values take.
    pub fn size(&self) -> usize {
        self.columns.iter().map(Column::size).sum()
    }

    /// The same bytes each time, in pieces of at most so many.
    pub fn pieces(&self, piece_bytes: usize) -> Pieces<'_> {
        Pieces {
            block: self,
            piece_bytes: piece_bytes.max(1),
            written: 0,
            rest: Bytes::new(),
        }
    }
}

impl Pieces<'_> {
    /// Writes whole columns until there is enough for a piece.
    fn write(&mut self) {
        let Block {
            table,
            rows,
            columns,
        } = self.block;
        // Names, types and the like take little.
        let whole = self.block.size() + 64 * columns.len();
        let mut out = Vec::with_capacity(whole.min(self.piece_bytes));
        while out.len() < self.piece_bytes && self.written < columns.len() {
            if self.written == 0 {
                put_length(columns.len(), &mut out);
                put_length(*rows, &mut out);
            }
            let (name, kind) = table.columns()[self.written];
            put_bytes(name.as_bytes(), &mut out);
            put_bytes(kind.as_bytes(), &mut out);
            columns[self.written].write(&mut out);
            self.written += 1;
        }
        self.rest = out.into();
    }
}

impl Iterator for Pieces<'_> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.rest.is_empty() {
            self.write();
        }
        let length = self.rest.len().min(self.piece_bytes);
        (length > 0).then(|| self.rest.split_to(length))
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

    /// The blocks that have rows, of the tables that are wanted; they start over
    /// empty.
    pub fn take(&mut self, wanted: impl Fn(Table) -> bool) -> Vec<Block> {
        let open = self.0.iter_mut().filter(|open| wanted(open.table));
        let filled = open.filter(|open| open.rows > 0);
        filled
            .map(|open| {
                let spare = open.spare.take();
                let next = spare.unwrap_or_else(|| empty(open.table));
                Block {
                    table: open.table,
                    rows: std::mem::take(&mut open.rows),
                    columns: std::mem::replace(&mut open.columns, next),
                }
            })
            .collect()
    }

    /// Takes back a block that is needed no more: the room it took is room for
    /// the next one of its table, as much as the block needed.
    pub fn recycle(&mut self, mut block: Block) {
        block.columns.iter_mut().for_each(Column::clear);
        self.0[block.table as usize].spare = Some(block.columns);
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
        let taken = blocks.take(|table| table == Table::Tenants);
        assert!(blocks.take(|_| true).is_empty());
        assert_eq!(
            taken.iter().map(|b| (b.table, b.rows)).collect::<Vec<_>>(),
            [(Table::Tenants, 3)]
        );
        assert_eq!((blocks.max_rows(), blocks.bytes()), (0, 0));
        let whole = bytes(&taken[0], usize::MAX);
        assert_eq!(whole[..2], [8, 3]);
        assert_eq!(whole[whole.len() - 3..], [1, 2, 3]);
        // It is the same however it is cut, and in room that was used before.
        for piece_bytes in [1, 7, 64] {
            assert!(
                taken[0]
                    .pieces(piece_bytes)
                    .all(|it| it.len() <= piece_bytes)
            );
            assert_eq!(bytes(&taken[0], piece_bytes), whole);
        }
        for block in taken {
            blocks.recycle(block);
        }
        assert_eq!((blocks.max_rows(), blocks.bytes()), (0, 0));
        let rows = [Ok(1), Ok(2), Ok(3)];
        blocks.append(Table::Tenants, rows, write).unwrap();
        assert_eq!(bytes(&blocks.take(|_| true)[0], usize::MAX), whole);
    }

    fn bytes(block: &Block, piece_bytes: usize) -> Vec<u8> {
        block.pieces(piece_bytes).flatten().collect()
    }

    #[test]
    fn tables_stand_in_the_order_of_their_numbers() {
        for (index, table) in Table::ALL.into_iter().enumerate() {
            assert_eq!(table as usize, index);
        }
    }
}
