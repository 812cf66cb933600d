//! Rows on their way to ClickHouse, one block per table.

use bytes::Bytes;
use throughline_proto::flat::Malformed;

use crate::row_binary::RowWriter;
use crate::rows::RowError;
use crate::table::Table;

/// The blocks that rows are appended to.
#[derive(Debug)]
pub struct Blocks(Vec<Open>);

#[derive(Debug, Default)]
struct Open {
    bytes: Vec<u8>,
    rows: usize,
}

/// A block that is ready to be sent, as often as it takes.
#[derive(Clone, Debug)]
pub struct Block {
    /// Where it belongs.
    pub table: Table,
    /// How many rows it has.
    pub rows: usize,
    /// The rows with the names and types of their columns in front.
    pub bytes: Bytes,
}

impl Default for Blocks {
    fn default() -> Self {
        Self(Table::ALL.iter().map(|_| Open::default()).collect())
    }
}

impl Blocks {
    /// Appends rows to a table's block; of a row that cannot be read or
    /// written nothing remains.
    pub fn append<T>(
        &mut self,
        table: Table,
        rows: impl IntoIterator<Item = Result<T, Malformed>>,
        mut write: impl FnMut(&T, &mut RowWriter<'_>) -> Result<(), RowError>,
    ) -> Result<(), RowError> {
        let Open { bytes, rows: count } = &mut self.0[table as usize];
        for row in rows {
            let row = row?;
            if bytes.is_empty() {
                RowWriter::new(bytes).header(table.columns());
            }
            let before = bytes.len();
            if let Err(error) = write(&row, &mut RowWriter::new(bytes)) {
                bytes.truncate(before);
                return Err(error);
            }
            *count += 1;
        }
        Ok(())
    }

    /// How many rows the fullest block has.
    pub fn max_rows(&self) -> usize {
        self.0.iter().map(|block| block.rows).max().unwrap_or(0)
    }

    /// How many bytes all blocks have together.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|block| block.bytes.len()).sum()
    }

    /// The blocks that have rows; they start over empty.
    pub fn take(&mut self) -> Vec<Block> {
        Table::ALL
            .iter()
            .zip(std::mem::take(self).0)
            .filter(|(_, open)| open.rows > 0)
            .map(|(&table, open)| Block {
                table,
                rows: open.rows,
                bytes: open.bytes.into(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_gather_by_table_behind_one_header() {
        let mut blocks = Blocks::default();
        let write = |row: &u8, out: &mut RowWriter<'_>| {
            out.u8(*row);
            Ok(())
        };
        blocks
            .append(Table::Costs, [Ok(1u8), Ok(2)], write)
            .unwrap();
        blocks.append(Table::Deals, [Ok(9u8)], write).unwrap();
        blocks.append(Table::Costs, [Ok(3u8)], write).unwrap();
        assert_eq!(blocks.max_rows(), 3);
        let taken = blocks.take();
        assert_eq!(
            taken.iter().map(|b| (b.table, b.rows)).collect::<Vec<_>>(),
            [(Table::Deals, 1), (Table::Costs, 3)]
        );
        assert_eq!(taken[1].bytes[taken[1].bytes.len() - 3..], [1, 2, 3]);
        assert_eq!((blocks.max_rows(), blocks.bytes()), (0, 0));
    }

    #[test]
    fn nothing_remains_of_a_row_that_cannot_be_written() {
        let mut blocks = Blocks::default();
        let result = blocks.append(Table::Costs, [Ok(1u8), Ok(2)], |row, out| {
            out.u8(*row);
            if *row == 2 {
                Err(RowError::Missing("model", 2))
            } else {
                Ok(())
            }
        });
        assert!(result.is_err());
        let taken = blocks.take();
        assert_eq!((taken[0].rows, taken[0].bytes.last()), (1, Some(&1)));
    }

    #[test]
    fn tables_stand_in_the_order_of_their_numbers() {
        for (index, table) in Table::ALL.into_iter().enumerate() {
            assert_eq!(table as usize, index);
        }
    }
}
