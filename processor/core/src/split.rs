//! Splitting a total by exact weights so that the parts sum to it.

/// Splits `total` in proportion to `weights` by largest remainder, ties to the
/// earlier part. A negative total is split as its absolute value, then negated.
/// When all weights are zero, so are all parts.
///
/// Each part is `⌊total × w / Σw⌋`; the units left over go, one each, to the
/// parts with the largest remainders (Hamilton's method).
///
/// Weights must stay below 2⁶³ so that products fit 128 bits.
pub fn split(total: i64, weights: &[u64]) -> Vec<i64> {
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if sum == 0 || total == 0 {
        return vec![0; weights.len()];
    }
    let magnitude = total.unsigned_abs();
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut left = magnitude;
    for (index, weight) in weights.iter().enumerate() {
        let (part, remainder) = divide(magnitude, *weight, sum);
        left -= part;
        parts.push(part as i64);
        remainders.push((remainder, index));
    }
    if left > 0 {
        // `left` is below the number of parts: each floor loses less than one unit.
        remainders.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        for (_, index) in remainders.into_iter().take(left as usize) {
            if let Some(part) = parts.get_mut(index) {
                *part += 1;
            }
        }
    }
    if total < 0 {
        for part in &mut parts {
            *part = -*part;
        }
    }
    parts
}

/// `magnitude × weight / sum` and its remainder. Most fit 64 bits, where a
/// division is many times faster.
fn divide(magnitude: u64, weight: u64, sum: u128) -> (u64, u128) {
    if let (Some(product), Ok(sum)) = (magnitude.checked_mul(weight), u64::try_from(sum)) {
        return (product / sum, u128::from(product % sum));
    }
    let product = u128::from(magnitude) * u128::from(weight);
    ((product / sum) as u64, product % sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_unit_left_over_goes_to_the_earlier_of_equals() {
        assert_eq!(split(1_000_000, &[1, 1, 1]), [333_334, 333_333, 333_333]);
        assert_eq!(split(5, &[1, 1]), [3, 2]);
        assert_eq!(split(-5, &[1, 1]), [-3, -2]);
        assert_eq!(split(7, &[0, 0]), [0, 0]);
        assert_eq!(split(0, &[3, 4]), [0, 0]);
    }

    #[test]
    fn the_largest_remainder_wins_over_the_earlier() {
        // 10 × (1, 5, 3) / 9 = 1.11, 5.56, 3.33
        assert_eq!(split(10, &[1, 5, 3]), [1, 6, 3]);
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_total_and_stay_within_one_unit(
            total in -1_000_000_000_000_i64..1_000_000_000_000,
            weights in prop::collection::vec(0_u64..(1 << 62), 1..40),
        ) {
            let parts = split(total, &weights);
            let sum: u128 = weights.iter().map(|w| u128::from(*w)).sum();
            if sum > 0 {
                prop_assert_eq!(parts.iter().sum::<i64>(), total);
                for (part, weight) in parts.iter().zip(&weights) {
                    let exact = u128::from(total.unsigned_abs()) * u128::from(*weight);
                    let low = exact.checked_div(sum).unwrap_or_default() as u64;
                    prop_assert!(part.unsigned_abs() == low || part.unsigned_abs() == low + 1);
                }
            }
        }
    }
}
