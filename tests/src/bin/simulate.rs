//! Runs the simulator: `simulate SEEDS [FIRST]`, or `simulate --seed SEED` to replay one run step by step.

use std::process::ExitCode;
use std::time::Instant;

use throughline_tests::simulate::{Scenario, Setup, check, report, trace};

/// Seeds between two lines of progress.
const PROGRESS: u64 = 1000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().ok();
    match texts.as_slice() {
        ["--seed", seed] => match number(seed) {
            Some(seed) => replay(seed),
            None => usage(),
        },
        [seeds] => match number(seeds) {
            Some(seeds) => run(0, seeds),
            None => usage(),
        },
        [seeds, first] => match (number(seeds), number(first)) {
            (Some(seeds), Some(first)) => run(first, seeds),
            _ => usage(),
        },
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: simulate SEEDS [FIRST] | simulate --seed SEED");
    ExitCode::from(2)
}

/// Runs that many seeds; stops at the first that fails.
fn run(first: u64, seeds: u64) -> ExitCode {
    let setup = Setup::new();
    let begun = Instant::now();
    let mut steps = 0;
    for seed in first..first.saturating_add(seeds) {
        let scenario = Scenario::new(seed);
        match check(&setup, &scenario) {
            Ok(outcome) => steps += outcome.steps,
            Err(difference) => {
                eprintln!("{}", report(&setup, &scenario, &difference));
                return ExitCode::FAILURE;
            }
        }
        let done = seed - first + 1;
        if done.is_multiple_of(PROGRESS) || done == seeds {
            let seconds = begun.elapsed().as_secs_f64();
            println!("{done} seeds, {steps} steps, {seconds:.1} s, no difference");
        }
    }
    ExitCode::SUCCESS
}

/// Prints what happens in one run, and what is wrong with it.
fn replay(seed: u64) -> ExitCode {
    let setup = Setup::new();
    let scenario = Scenario::new(seed);
    for raw in &scenario.raw {
        let value = String::from_utf8_lossy(&raw.value);
        println!("{}[{}]@{} {value}", raw.topic, raw.partition, raw.offset);
    }
    for step in trace(&setup, &scenario) {
        println!("{step}");
    }
    match check(&setup, &scenario) {
        Ok(outcome) => {
            println!("{} steps, no difference", outcome.steps);
            ExitCode::SUCCESS
        }
        Err(difference) => {
            eprintln!("{}", report(&setup, &scenario, &difference));
            ExitCode::FAILURE
        }
    }
}
