//! Rollup cells: absolute sums over all journeys of a partition.

use smallvec::SmallVec;

use crate::credit::Credits;
use crate::derive::{Lead, Touch, TouchKind};
use crate::ids::{DimId, hour_of};
use crate::names::Tenant;
use crate::sorted::insert_at;

/// What a cell sums up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum CellKind {
    /// Visits, calls, leads, spend: in the hour they happened.
    Traffic = 0,
    /// Credit, in the hour the deal was won.
    CreditByConversion = 1,
    /// Credit, in the hour of the touch.
    CreditByTouch = 2,
    /// What traffic has of erased persons whose facts are forgotten.
    KeptTraffic = 3,
    /// What credit by conversion has of these.
    KeptByConversion = 4,
    /// What credit by touch has of these.
    KeptByTouch = 5,
}

impl CellKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Traffic,
        Self::CreditByConversion,
        Self::CreditByTouch,
        Self::KeptTraffic,
        Self::KeptByConversion,
        Self::KeptByTouch,
    ];

    /// Where the same is kept of persons whose facts are forgotten.
    const fn kept(self) -> Self {
        match self {
            Self::Traffic | Self::KeptTraffic => Self::KeptTraffic,
            Self::CreditByConversion | Self::KeptByConversion => Self::KeptByConversion,
            Self::CreditByTouch | Self::KeptByTouch => Self::KeptByTouch,
        }
    }

    /// What the kept figures are counted in.
    const fn whole(self) -> Self {
        match self {
            Self::Traffic | Self::KeptTraffic => Self::Traffic,
            Self::CreditByConversion | Self::KeptByConversion => Self::CreditByConversion,
            Self::CreditByTouch | Self::KeptByTouch => Self::CreditByTouch,
        }
    }

    /// It is kept apart, and leaves as no row.
    pub fn is_kept(self) -> bool {
        self == self.kept()
    }

    /// Its slots are models.
    pub fn is_credit(self) -> bool {
        self.whole() != Self::Traffic
    }
}

/// A cell's key within its partition. Ordered by kind first, so that the rows
/// of one table follow one another, then by hour, as traffic comes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CellKey {
    /// What it sums up.
    pub kind: CellKind,
    /// Hours since the epoch, UTC.
    pub hour: i32,
    /// Tenant, channel, source, medium, campaign.
    pub dim: DimId,
}

/// How many dimensions' cells of one hour stand in one chunk.
const CHUNK_DIMS: u32 = 64;

impl CellKey {
    /// The chunk that the cell stands in.
    pub const fn chunk(self) -> ChunkKey {
        ChunkKey {
            kind: self.kind,
            hour: self.hour,
            dims: self.dim.0 / CHUNK_DIMS,
        }
    }

    /// The cell's place in its chunk.
    const fn place(self) -> u8 {
        (self.dim.0 % CHUNK_DIMS) as u8
    }
}

/// Cells of one kind and hour, of dimensions that were interned one after the
/// other: they change together, so they are read and stored together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ChunkKey {
    /// What the cells sum up.
    pub kind: CellKind,
    /// Hours since the epoch, UTC.
    pub hour: i32,
    /// The number of the dimensions, divided by how many a chunk has.
    pub dims: u32,
}

impl ChunkKey {
    /// The key of the cell at a place.
    const fn cell(self, place: u8) -> CellKey {
        CellKey {
            kind: self.kind,
            hour: self.hour,
            dim: DimId(self.dims * CHUNK_DIMS + place as u32),
        }
    }
}

/// The cells of a chunk.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Chunk {
    /// The places that have a cell, a bit each.
    held: u64,
    /// The cells at these places, ascending. One that is all zero is kept: its
    /// Lamport time counts.
    cells: Vec<Cell>,
    /// Places of the cells that changed since they were last handed over.
    changed: u64,
}

impl Chunk {
    /// A chunk of cells at these places; `None` unless they ascend and are
    /// places of a chunk.
    pub fn new(cells: Vec<(u8, Cell)>) -> Option<Self> {
        let mut chunk = Self::default();
        for (place, cell) in cells {
            let bit = 1_u64.checked_shl(place.into())?;
            if bit <= chunk.held {
                return None;
            }
            chunk.held |= bit;
            chunk.cells.push(cell);
        }
        Some(chunk)
    }

    /// A cell that is about to be changed, made when it is not there.
    #[expect(
        clippy::indexing_slicing,
        reason = "the cell is there or was just made"
    )]
    pub fn cell_mut(&mut self, key: CellKey) -> &mut Cell {
        let bit = 1 << key.place();
        self.changed |= bit;
        let index = (self.held & (bit - 1)).count_ones() as usize;
        if self.held & bit == 0 {
            self.held |= bit;
            insert_at(&mut self.cells, index, Cell::default());
        }
        &mut self.cells[index]
    }

    /// Whether cells changed since they were last handed over.
    pub const fn is_changed(&self) -> bool {
        self.changed != 0
    }

    /// All of its cells by place, ascending.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = (u8, &Cell)> {
        let mut places = bits(self.held);
        let place = move |cell| (places.next().unwrap_or_default(), cell);
        self.cells.iter().map(place)
    }

    /// All of its cells by key.
    pub fn all(&self, key: ChunkKey) -> impl Iterator<Item = (CellKey, &Cell)> {
        let cells = self.cells();
        cells.map(move |(place, cell)| (key.cell(place), cell))
    }

    /// Hands over the cells that changed since it was last called.
    pub fn take_changed(&mut self, key: ChunkKey) -> impl Iterator<Item = (CellKey, &Cell)> {
        let changed = std::mem::take(&mut self.changed);
        let cells = self.all(key);
        cells.filter(move |(key, _)| changed >> key.place() & 1 == 1)
    }
}

/// The places of the bits that are set, ascending.
fn bits(mut set: u64) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let place = set.trailing_zeros() as u8;
        (set != 0).then(|| {
            set &= set - 1;
            place
        })
    })
}

/// Four figures that are booked together.
pub type Figures = [i64; 4];

/// The slots of a traffic cell.
pub mod traffic {
    /// Visits, inbound calls, missed ones among them, leads.
    pub const CONTACTS: u16 = 0;
    /// E-mail clicks, other touches, spend (minor units), impressions.
    pub const OTHERS_AND_SPEND: u16 = 1;
    /// Clicks that the ad platform counted.
    pub const AD_CLICKS: u16 = 2;
}

/// A cell's figures by slot, ascending. Traffic mostly has one, which stands in
/// place: there are about as many cells as events.
pub type Slots = SmallVec<[(u16, Figures); 1]>;

/// A cell's figures by slot. In credit cells a slot is a model and its figures
/// are credit (parts per million), gross, revenue, profit (minor units).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cell {
    /// Slots ascending; none is all zero.
    pub slots: Slots,
    /// Lamport time of the latest change.
    pub lamport: u64,
}

impl Cell {
    /// Adds figures to a slot.
    pub fn add(&mut self, slot: u16, figures: Figures) {
        match self.slots.binary_search_by_key(&slot, |(slot, _)| *slot) {
            Ok(index) => {
                let Some((_, held)) = self.slots.get_mut(index) else {
                    return;
                };
                for (held, figure) in held.iter_mut().zip(figures) {
                    *held += figure;
                }
                if *held == [0; 4] {
                    self.slots.remove(index);
                }
            }
            Err(_) if figures == [0; 4] => {}
            Err(index) => self.slots.insert(index, (slot, figures)),
        }
    }

    /// The figures of a slot.
    pub fn figures(&self, slot: u16) -> Figures {
        self.slots
            .binary_search_by_key(&slot, |(slot, _)| *slot)
            .ok()
            .and_then(|index| self.slots.get(index))
            .map_or([0; 4], |(_, figures)| *figures)
    }
}

/// A change of one cell's slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Delta {
    /// The cell.
    pub key: CellKey,
    /// The slot.
    pub slot: u16,
    /// What is added.
    pub figures: Figures,
}

/// Changes of cells, collected over one record of the log.
#[derive(Debug, Default)]
pub struct Deltas(Vec<Delta>);

impl Deltas {
    /// Adds `sign` times a touch's count.
    pub fn touch(&mut self, touch: &Touch, sign: i64) {
        let (slot, figures) = match &touch.kind {
            TouchKind::Visit => (traffic::CONTACTS, [1, 0, 0, 0]),
            TouchKind::Call { missed } => (traffic::CONTACTS, [0, 1, i64::from(*missed), 0]),
            TouchKind::Email => (traffic::OTHERS_AND_SPEND, [1, 0, 0, 0]),
            TouchKind::Other(_) => (traffic::OTHERS_AND_SPEND, [0, 1, 0, 0]),
        };
        self.traffic(
            touch.source.dim,
            hour_of(touch.key.at),
            slot,
            figures.map(|n: i64| n * sign),
        );
    }

    /// Adds `sign` times a lead.
    pub fn lead(&mut self, lead: &Lead, sign: i64) {
        self.traffic(
            lead.source.dim,
            hour_of(lead.key.at),
            traffic::CONTACTS,
            [0, 0, 0, sign],
        );
    }

    /// Adds figures to a traffic cell.
    pub fn traffic(&mut self, dim: DimId, hour: i32, slot: u16, figures: Figures) {
        let key = CellKey {
            dim,
            hour,
            kind: CellKind::Traffic,
        };
        self.0.push(Delta { key, slot, figures });
    }

    /// Adds `sign` times a deal's credits, under both bases.
    pub fn credits(&mut self, credits: &Credits, tenant: &Tenant, sign: i64) {
        for share in &credits.shares {
            let (dim, touch_at) = credits.place(share, tenant);
            let figures = share.figures.map(|figure| figure * sign);
            for (kind, at) in [
                (CellKind::CreditByConversion, credits.won_at),
                (CellKind::CreditByTouch, touch_at),
            ] {
                let key = CellKey {
                    dim,
                    hour: hour_of(at),
                    kind,
                };
                self.0.push(Delta {
                    key,
                    slot: share.model,
                    figures,
                });
            }
        }
    }

    /// The changes summed by slot, of each cell together, in the order of the
    /// cells. Those that cancel out are gone.
    pub fn sum_by_cell(&mut self) -> impl Iterator<Item = (CellKey, &[Delta])> {
        self.sum();
        let cells = self.0.chunk_by(|one, next| one.key == next.key);
        cells.filter_map(|deltas| Some((deltas.first()?.key, deltas)))
    }

    fn sum(&mut self) {
        self.0.sort_unstable_by_key(|delta| (delta.key, delta.slot));
        self.0.dedup_by(|next, sum| {
            let same = (next.key, next.slot) == (sum.key, sum.slot);
            if same {
                for (sum, figure) in sum.figures.iter_mut().zip(next.figures) {
                    *sum += figure;
                }
            }
            same
        });
        self.0.retain(|delta| delta.figures != [0; 4]);
    }

    /// Adds a change to what is kept apart.
    pub fn keep(&mut self, mut delta: Delta) {
        delta.key.kind = delta.key.kind.kept();
        self.0.push(delta);
    }

    /// Adds figures that are kept apart to the cell that they are counted in.
    pub fn add_kept(&mut self, mut key: CellKey, slot: u16, figures: Figures) {
        key.kind = key.kind.whole();
        self.0.push(Delta { key, slot, figures });
    }

    /// The changes; afterwards there are none.
    pub fn drain(&mut self) -> impl Iterator<Item = Delta> {
        self.0.drain(..)
    }

    /// Forgets the changes.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
