use throughline_core::mutant as core;

use super::{Mutant, Scenario, Setup, check, report, run};

/// Seeds of an ordinary test; `make simulate` runs any number.
const SEEDS: u64 = 200;
/// A deliberate fault is found within so many seeds.
const MUTANT_SEEDS: u64 = 500;

#[test]
fn simulated_runs_equal_the_reference() {
    let setup = Setup::new();
    for seed in 0..SEEDS {
        let scenario = Scenario::new(seed);
        if let Err(difference) = check(&setup, &scenario) {
            panic!("{}", report(&setup, &scenario, &difference));
        }
    }
}

/// The switch of the core that a fault needs.
fn switch_of(mutant: Mutant) -> Option<core::Mutant> {
    match mutant {
        Mutant::NoMilestones => Some(core::Mutant::NoMilestones),
        Mutant::NoPreviousConversion => Some(core::Mutant::NoPreviousConversion),
        Mutant::HigherShortcut => Some(core::Mutant::AnyShortcut),
        Mutant::RefusedIsNobody => Some(core::Mutant::RefusedIsNobody),
        Mutant::SplitStays => Some(core::Mutant::SplitStays),
        Mutant::ErasedStays => Some(core::Mutant::ErasedStays),
        Mutant::ErasedAtOnce => Some(core::Mutant::ErasedAtOnce),
        Mutant::StateAlone => Some(core::Mutant::StateAlone),
        Mutant::OnlyWonDealsLook => Some(core::Mutant::OnlyWonDealsLook),
        _ => None,
    }
}

/// The first seed that finds a fault, and what it tells of it.
fn find(setup: &Setup, mutant: Mutant) -> Option<(u64, String)> {
    core::switch(switch_of(mutant));
    let found = (0..MUTANT_SEEDS)
        .find_map(|seed| Some((seed, run(setup, &Scenario::new(seed), Some(mutant)).err()?)));
    core::switch(None);
    found
}

#[test]
fn deliberate_faults_are_found() {
    let setup = Setup::new();
    let mut missed = Vec::new();
    for mutant in Mutant::ALL {
        match find(&setup, mutant) {
            Some((seed, difference)) => {
                let first = difference.lines().take(2).collect::<Vec<_>>().join(" ");
                println!("{mutant:?}: seed {seed}: {first}");
            }
            None => missed.push(mutant),
        }
    }
    assert!(missed.is_empty(), "{missed:?} are not found");
}
