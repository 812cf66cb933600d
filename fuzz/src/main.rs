//! One target under libFuzzer: `FUZZ_TARGET` names it, the arguments are
//! libFuzzer's; `FUZZ_TARGET=list` names all. `make fuzz` builds and runs it.

#![no_main]

use std::path::Path;
use std::process::exit;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use throughline_fuzz::{TARGETS, Target, seeds};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    if let Some(target) = Target::named(&name) {
        return target;
    }
    for target in TARGETS {
        println!("{}", target.name);
    }
    if name == "list" {
        exit(0);
    }
    eprintln!("FUZZ_TARGET is none of these");
    exit(2)
});

/// Writes the target's seeds into the directory that `FUZZ_SEEDS` names, from
/// which libFuzzer begins.
fn write_seeds() {
    let name = TARGET.name;
    let Some(directory) = std::env::var_os("FUZZ_SEEDS") else {
        return;
    };
    for (index, seed) in seeds::of(name).iter().enumerate() {
        let path = Path::new(&directory).join(format!("seed-{index}"));
        if let Err(error) = std::fs::write(&path, seed) {
            eprintln!("{} cannot be written: {error}", path.display());
            exit(2);
        }
    }
}

fuzz_target!(init: write_seeds(), |data: &[u8]| TARGET.check(data));
