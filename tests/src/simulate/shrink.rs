//! Fewer events that still fail.

use super::Scenario;

/// The most runs that are spent on it.
const TRIES: usize = 600;

/// Takes raw records and faults away while the scenario still fails, whatever the failure is then.
pub fn shrink(scenario: &Scenario, mut fails: impl FnMut(&Scenario) -> bool) -> Scenario {
    let mut tries = 0;
    let mut still_fails = |candidate: &Scenario| {
        tries += 1;
        tries <= TRIES && fails(candidate)
    };
    let mut best = scenario.clone();
    for calmer in [
        Scenario {
            faults: 0,
            ..best.clone()
        },
        Scenario {
            repeats: 0,
            ..best.clone()
        },
        Scenario {
            disorder: 1,
            ..best.clone()
        },
        Scenario {
            rotates: false,
            ..best.clone()
        },
    ] {
        if still_fails(&calmer) {
            best = calmer;
        }
    }
    let mut size = best.raw.len().div_ceil(2);
    while size > 0 {
        let mut from = 0;
        while from < best.raw.len() {
            let mut candidate = best.clone();
            let until = candidate.raw.len().min(from + size);
            candidate.raw.drain(from..until);
            if still_fails(&candidate) {
                best = candidate;
            } else {
                from = until;
            }
        }
        size /= 2;
    }
    best
}
