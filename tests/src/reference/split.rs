//! Splitting a total by exact weights, by largest remainder.

use num_bigint::BigInt;

/// Shares of `total` in proportion to the weights, summing to it exactly. What the rounding down leaves goes one by
/// one to the largest remainders, ties to the earlier. A negative total is split as its absolute value, then negated.
///
/// # Panics
///
/// When all weights are zero.
pub fn split(total: i64, weights: &[BigInt]) -> Vec<i64> {
    let sum: BigInt = weights.iter().sum();
    let absolute = BigInt::from(total.unsigned_abs());
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        let product = &absolute * weight;
        let share = i64::try_from(&product / &sum).expect("a share is at most the total");
        shares.push(share);
        remainders.push((product % &sum, index));
    }
    let left = i64::try_from(total.unsigned_abs()).expect("totals are far from the limits")
        - shares.iter().sum::<i64>();
    remainders.sort_by(|(one, at), (other, than)| other.cmp(one).then(at.cmp(than)));
    for (_, index) in remainders.iter().take(left as usize) {
        shares[*index] += 1;
    }
    if total < 0 {
        for share in &mut shares {
            *share = -*share;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(total: i64, weights: &[i64]) -> Vec<i64> {
        split(
            total,
            &weights
                .iter()
                .copied()
                .map(BigInt::from)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn the_largest_remainders_win_and_ties_go_to_the_earlier() {
        assert_eq!(shares(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(shares(2, &[1, 1, 1]), [1, 1, 0]);
        assert_eq!(shares(10, &[1, 2, 4]), [1, 3, 6], "1.43 2.86 5.71");
        assert_eq!(shares(1, &[1, 2, 1]), [0, 1, 0]);
        assert_eq!(shares(0, &[1, 1]), [0, 0]);
        assert_eq!(shares(5, &[0, 7, 0]), [0, 5, 0]);
    }

    #[test]
    fn a_negative_total_mirrors_the_positive_one() {
        assert_eq!(shares(-100, &[1, 1, 1]), [-34, -33, -33]);
        assert_eq!(shares(-10, &[1, 2, 4]), [-1, -3, -6]);
    }
}
