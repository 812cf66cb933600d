use super::*;
use crate::split::split;

const DAY: i64 = 86_400_000;

fn shares(first: u32, lead_creation: u32, deal_creation: u32, last: u32, rest: u32) -> Weighing {
    Weighing::Milestones(Shares {
        first,
        lead_creation,
        deal_creation,
        last,
        rest,
    })
}

/// Splits 1,000 parts over `count` touches.
fn parts(weighing: Weighing, count: usize, lead: usize, deal: usize) -> Vec<i64> {
    let times: Vec<i64> = (0..count as i64).collect();
    let milestones = Milestones {
        lead_creation: lead,
        deal_creation: deal,
    };
    split(1000, &weighing.weights(&times, milestones))
}

#[test]
fn rule_models_give_their_published_shares() {
    let position = shares(40, 0, 0, 40, 20);
    assert_eq!(parts(position, 1, 0, 0), [1000]);
    assert_eq!(parts(position, 2, 0, 0), [500, 500]);
    assert_eq!(parts(position, 4, 0, 0), [400, 100, 100, 400]);
    let linear = shares(0, 0, 0, 0, 1);
    assert_eq!(parts(linear, 4, 0, 0), [250; 4]);
    let first = shares(1, 0, 0, 0, 0);
    assert_eq!(parts(first, 3, 2, 2), [1000, 0, 0]);
    let last = shares(0, 0, 0, 1, 0);
    assert_eq!(parts(last, 3, 0, 0), [0, 0, 1000]);
}

#[test]
fn milestones_on_one_touch_add_up() {
    let w = shares(300, 300, 300, 0, 100);
    assert_eq!(parts(w, 5, 1, 3), [300, 300, 50, 300, 50]);
    assert_eq!(parts(w, 4, 0, 2), [600, 50, 300, 50]);
    let full = shares(225, 225, 225, 225, 100);
    assert_eq!(parts(full, 6, 1, 3), [225, 225, 50, 225, 50, 225]);
    // No rest: its share goes to the milestones in proportion.
    assert_eq!(parts(w, 3, 1, 2), [334, 333, 333]);
    assert_eq!(parts(full, 2, 0, 1), [500, 500]);
}

#[test]
fn presets_of_other_products() {
    let j = shares(20, 0, 0, 60, 20);
    assert_eq!(parts(j, 2, 0, 0), [250, 750]);
    assert_eq!(parts(j, 3, 0, 0), [200, 200, 600]);
    let u = shares(50, 50, 0, 0, 0);
    assert_eq!(parts(u, 4, 2, 3), [500, 0, 500, 0]);
}

/// Adobe's worked case: value 50, half-life 7 days, touches 9, 6, 0 and 0 days
/// before the conversion.
#[test]
fn time_decay_gives_adobes_figures() {
    let decay = Weighing::TimeDecay {
        half_life_ms: 7 * DAY as u64,
    };
    let times = [0, 3 * DAY, 9 * DAY, 9 * DAY];
    let weights = decay.weights(
        &times,
        Milestones {
            lead_creation: 0,
            deal_creation: 0,
        },
    );
    assert_eq!(split(5000, &weights), [692, 932, 1688, 1688]);
}

#[test]
fn whole_half_lives_are_exact_powers() {
    let mut decay = Decay::new(7 * DAY as u64);
    assert_eq!(decay.weight(0), 1 << 62);
    assert_eq!(decay.weight(7 * DAY as u64), 1 << 61);
    assert_eq!(decay.weight(70 * DAY as u64), 1 << 52);
    assert_eq!(decay.weight(u64::MAX), 0);
}

#[test]
fn decay_is_precise_to_fifty_bits() {
    let mut decay = Decay::new(2);
    // 2^(-1/2) to 62 fractional bits, from the square root of one half.
    let exact = (1_u128 << 123).isqrt() as u64;
    assert!(decay.weight(1).abs_diff(exact) < 1 << 12);
}
