//! Attribution models: which touch earns how much of a conversion.
//!
//! A model turns the touches that may earn credit into integer weights. All
//! rule models are one family: shares for milestones, and a share for the rest
//! (position-based, W-shaped and full-path as `HubSpot` defines them, J and
//! inverse J as Adobe does, U as Marketo does). Time decay is the other.

use std::sync::Arc;

/// A named model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Model {
    /// Its name in the views.
    pub name: Arc<str>,
    /// Touches of the channel Direct earn credit beside others.
    pub direct_counts: bool,
    /// How it weighs.
    pub weighing: Weighing,
}

/// How a model weighs the touches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weighing {
    /// Fixed shares for milestones and for the touches between them.
    Milestones(Shares),
    /// ∝ 2^(−age / half-life), age measured from the last touch that may earn credit.
    TimeDecay {
        /// The age at which a touch weighs half, milliseconds.
        half_life_ms: u64,
    },
}

/// Shares in parts of any common unit. A milestone with share 0 is none.
/// Milestones that fall on one touch add up there; `rest` is divided evenly
/// among touches that are no milestone, and when there are none it is spread
/// over the milestones in proportion.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shares {
    /// The first touch.
    pub first: u32,
    /// The touch that led to the lead.
    pub lead_creation: u32,
    /// The touch that led to the deal.
    pub deal_creation: u32,
    /// The last touch.
    pub last: u32,
    /// All other touches together.
    pub rest: u32,
}

/// Which touches (by index) the milestones of a journey fall on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Milestones {
    /// The last touch at or before the lead was created; else the first.
    pub lead_creation: usize,
    /// The last touch at or before the deal was created; else the first.
    pub deal_creation: usize,
}

impl Weighing {
    /// The weights of touches at the given times (ascending, at least one),
    /// each below 2⁶³. Only their ratios have a meaning.
    pub fn weights(&self, times: &[i64], milestones: Milestones) -> Vec<u64> {
        match self {
            Self::Milestones(shares) => shares.weights(times.len(), milestones),
            Self::TimeDecay { half_life_ms } => {
                let last = times.last().copied().unwrap_or_default();
                let mut decay = Decay::new(*half_life_ms);
                times
                    .iter()
                    .map(|at| decay.weight(last.abs_diff(*at)))
                    .collect()
            }
        }
    }
}

impl Shares {
    fn weights(&self, count: usize, milestones: Milestones) -> Vec<u64> {
        let mut held = vec![0_u64; count];
        let placed = [
            (0, self.first),
            (milestones.lead_creation, self.lead_creation),
            (milestones.deal_creation, self.deal_creation),
            (count.saturating_sub(1), self.last),
        ];
        for (index, share) in placed {
            if let Some(held) = held.get_mut(index) {
                *held += u64::from(share);
            }
        }
        let others = held.iter().filter(|held| **held == 0).count() as u64;
        if others == 0 {
            return held;
        }
        // Scaled by the number of the others, so that each one's part of the
        // rest is a whole number.
        held.into_iter()
            .map(|held| {
                if held == 0 {
                    u64::from(self.rest)
                } else {
                    held * others
                }
            })
            .collect()
    }
}

/// Fractional bits of a decay weight.
const DECAY_BITS: u32 = 62;

/// `ROOTS[k]` = 2^(−2^−(k+1)), `DECAY_BITS` fractional bits.
const ROOTS: [u64; DECAY_BITS as usize] = {
    let mut roots = [0; DECAY_BITS as usize];
    let mut power = 1_u128 << (DECAY_BITS - 1);
    let mut index = 0;
    while index < roots.len() {
        power = (power << DECAY_BITS).isqrt();
        roots[index] = power as u64;
        index += 1;
    }
    roots
};

/// Powers of one half at any fraction of a half-life, in fixed point.
struct Decay {
    half_life_ms: u64,
    /// Consecutive touches often share their age.
    latest: Option<(u64, u64)>,
}

impl Decay {
    fn new(half_life_ms: u64) -> Self {
        Self {
            half_life_ms: half_life_ms.max(1),
            latest: None,
        }
    }

    /// 2^(−age / half-life), `DECAY_BITS` fractional bits, rounded down; the
    /// error is below 2⁻⁵⁵.
    fn weight(&mut self, age_ms: u64) -> u64 {
        if let Some((age, weight)) = self.latest
            && age == age_ms
        {
            return weight;
        }
        let halvings = age_ms / self.half_life_ms;
        let fraction =
            (u128::from(age_ms % self.half_life_ms) << DECAY_BITS) / u128::from(self.half_life_ms);
        let mut weight = 1_u128 << DECAY_BITS;
        for (index, root) in ROOTS.iter().enumerate() {
            if fraction >> (DECAY_BITS - 1 - index as u32) & 1 == 1 {
                weight = (weight * u128::from(*root)) >> DECAY_BITS;
            }
        }
        let weight = if halvings > u64::from(DECAY_BITS) {
            0
        } else {
            (weight >> halvings) as u64
        };
        self.latest = Some((age_ms, weight));
        weight
    }
}

#[cfg(test)]
mod tests;
