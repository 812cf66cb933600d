//! The exact weights of each model over the touches that may earn credit.

use std::sync::OnceLock;

use num_bigint::BigInt;

use super::settings::{Rule, Shares};

/// Fractional bits of time-decay weights.
const BITS: u32 = 256;

/// Integer weights, one a touch. `times` are the touches' moments in order; `lead` and `deal` are the moments of lead
/// creation (if anything created one) and of this deal's creation.
pub fn weights(rule: Rule, times: &[i64], lead: Option<i64>, deal: i64) -> Vec<BigInt> {
    let last = times.len().saturating_sub(1);
    let only = |chosen| {
        (0..times.len())
            .map(|at| BigInt::from(i32::from(at == chosen)))
            .collect()
    };
    match rule {
        Rule::First => only(0),
        Rule::Last => only(last),
        Rule::Linear => vec![BigInt::from(1); times.len()],
        Rule::TimeDecay { half_life_ms } => times
            .iter()
            .map(|at| decay(times[last] - at, half_life_ms))
            .collect(),
        Rule::Milestones(shares) => milestones(shares, times, lead, deal),
    }
}

fn milestones(shares: Shares, times: &[i64], lead: Option<i64>, deal: i64) -> Vec<BigInt> {
    // The last touch at or before the moment; the first touch where there is none.
    let at_or_before = |moment: i64| times.iter().rposition(|at| *at <= moment).unwrap_or(0);
    let mut own = vec![0; times.len()];
    own[0] += shares.first;
    own[lead.map_or(0, at_or_before)] += shares.lead;
    own[at_or_before(deal)] += shares.deal;
    own[times.len() - 1] += shares.last;
    let rest = own.iter().filter(|share| **share == 0).count();
    if rest == 0 {
        // The milestones share everything in proportion.
        return own.into_iter().map(BigInt::from).collect();
    }
    // Times the number of the rest, so that each part of the rest is an integer too.
    let weigh = |share: u32| match share {
        0 => BigInt::from(shares.rest),
        share => BigInt::from(share) * rest,
    };
    own.into_iter().map(weigh).collect()
}

/// `2^(-age / half-life)` times `2^BITS`: whole half-lives are shifts, the rest is the series of `exp(-x)`.
fn decay(age: i64, half_life: i64) -> BigInt {
    let x = ln2() * (age % half_life) / half_life;
    let mut sum = BigInt::from(1) << BITS;
    let mut term = sum.clone();
    let mut n = 0;
    while term != BigInt::ZERO {
        n += 1;
        term = ((term * &x) >> BITS) / n;
        if n % 2 == 1 {
            sum -= &term;
        } else {
            sum += &term;
        }
    }
    sum >> (age / half_life)
}

/// The natural logarithm of 2 times `2^BITS`: the sum of `1 / (n × 2^n)`.
fn ln2() -> &'static BigInt {
    static LN2: OnceLock<BigInt> = OnceLock::new();
    LN2.get_or_init(|| {
        (1..=BITS)
            .map(|n| (BigInt::from(1) << (BITS - n)) / n)
            .sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::settings::default_models;
    use crate::reference::split::split;
    use crate::reference::time::DAY;

    const WEEK: Rule = Rule::TimeDecay {
        half_life_ms: 7 * DAY,
    };

    fn rule(name: &str) -> Rule {
        default_models()
            .into_iter()
            .find(|model| model.name == name)
            .unwrap()
            .rule
    }

    fn ppm(rule: Rule, times: &[i64], lead: Option<i64>, deal: i64) -> Vec<i64> {
        split(1_000_000, &weights(rule, times, lead, deal))
    }

    #[test]
    fn adobes_time_decay_case() {
        let times = [0, 3 * DAY, 9 * DAY, 9 * DAY];
        // Value 50.00: search 9 days, social 6 days, display and e-mail 0 days before.
        assert_eq!(
            split(5000, &weights(WEEK, &times, None, 0)),
            [692, 932, 1688, 1688]
        );
    }

    #[test]
    fn decay_is_exact_at_whole_half_lives_and_right_between() {
        let one = BigInt::from(1) << BITS;
        assert_eq!(decay(0, 7 * DAY), one);
        assert_eq!(decay(21 * DAY, 7 * DAY), &one >> 3u32);
        // Two halves of a half-life make one, but for the last bits.
        let half = decay(7 * DAY / 2, 7 * DAY);
        let error = ((&half * &half) >> BITS) - (&one >> 1u32);
        assert!(
            error < BigInt::from(1 << 10) && error > BigInt::from(-(1 << 10)),
            "{error}"
        );
        assert_eq!(ppm(WEEK, &[0, 7 * DAY], None, 0), [333_333, 666_667]);
    }

    #[test]
    fn simple_models() {
        assert_eq!(
            ppm(rule("first_touch"), &[1, 2, 3], None, 0),
            [1_000_000, 0, 0]
        );
        assert_eq!(
            ppm(rule("last_non_direct"), &[1, 2, 3], None, 0),
            [0, 0, 1_000_000]
        );
        assert_eq!(
            ppm(rule("linear"), &[1, 2, 3], None, 0),
            [333_334, 333_333, 333_333]
        );
    }

    #[test]
    fn position_based_of_one_two_and_more() {
        let position_based = rule("position_based");
        assert_eq!(ppm(position_based, &[1], None, 0), [1_000_000]);
        assert_eq!(ppm(position_based, &[1, 2], None, 0), [500_000, 500_000]);
        assert_eq!(
            ppm(position_based, &[1, 2, 3], None, 0),
            [400_000, 200_000, 400_000]
        );
        assert_eq!(
            ppm(position_based, &[1, 2, 3, 4, 5], None, 0),
            [400_000, 66_667, 66_667, 66_666, 400_000]
        );
    }

    #[test]
    fn milestones_fall_on_the_last_touch_before_them() {
        let w_shaped = rule("w_shaped");
        assert_eq!(
            ppm(w_shaped, &[1, 3, 5, 7], Some(4), 5),
            [300_000, 300_000, 300_000, 100_000]
        );
        assert_eq!(
            ppm(w_shaped, &[1, 3, 5, 7], None, 9),
            [600_000, 50_000, 50_000, 300_000],
            "no lead: the first"
        );
        assert_eq!(
            ppm(w_shaped, &[5, 7], Some(1), 2),
            [900_000, 100_000],
            "all on the first, one rest"
        );
        assert_eq!(
            ppm(w_shaped, &[5, 7], Some(8), 2),
            [666_667, 333_333],
            "no rest: 60 to 30"
        );
        assert_eq!(ppm(w_shaped, &[5], Some(8), 2), [1_000_000]);
        let full_path = rule("full_path");
        assert_eq!(
            ppm(full_path, &[1, 2, 3, 4, 5], Some(2), 3),
            [225_000, 225_000, 225_000, 100_000, 225_000]
        );
        assert_eq!(ppm(full_path, &[1, 2], Some(2), 2), [250_000, 750_000]);
        assert_eq!(
            ppm(full_path, &[1, 2, 3, 4], Some(4), 4),
            [225_000, 50_000, 50_000, 675_000]
        );
    }

    #[test]
    fn adobes_j_shape() {
        let j = Rule::Milestones(Shares {
            first: 20,
            last: 60,
            rest: 20,
            ..Shares::default()
        });
        assert_eq!(ppm(j, &[1, 2], None, 0), [250_000, 750_000]);
        assert_eq!(ppm(j, &[1, 2, 3], None, 0), [200_000, 200_000, 600_000]);
    }
}
