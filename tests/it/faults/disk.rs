//! The disk of a processor's state is full.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::faults::space::{self, Space};
use crate::installation::{Group, Installation};
use crate::traffic;

/// So much room there is at first, in KiB, and later.
const SMALL: u32 = 512;
const LARGE: u32 = 512 * 1024;

/// A disk of a chosen size under a directory, which nobody but its own
/// processes sees, and which is gone with this value.
///
/// Where the machine does not let one be mounted, a limit on the size of files
/// stands in for it.
struct Disk {
    place: PathBuf,
    space: Option<Space>,
    kib: u32,
}

impl Disk {
    fn new(place: &Path) -> Self {
        std::fs::create_dir_all(place).unwrap();
        let mount = format!("mount -t tmpfs -o size={SMALL}k tmpfs \"$0\"");
        Self {
            place: place.to_owned(),
            space: Space::new(place, &mount),
            kib: SMALL,
        }
    }

    fn grow(&mut self) {
        self.kib = LARGE;
        if let Some(space) = &self.space {
            let remount = format!("mount -o remount,size={}k \"$0\"", self.kib);
            space.run(&self.place, &remount);
        }
    }

    /// A call that sees the disk.
    fn with(&self, call: &Command) -> Command {
        if let Some(space) = &self.space {
            return space.with(call, &self.place);
        }
        let mut with = Command::new("sh");
        let blocks = u64::from(self.kib) * 2;
        with.arg("-c").arg(format!(
            r#"trap '' XFSZ; ulimit -f {blocks}; cd "$0" && exec "$@""#
        ));
        with.arg(call.get_current_dir().unwrap_or(&self.place));
        space::copy(call, &mut with);
        with
    }
}

#[test]
fn a_full_disk_ends_a_processor_which_goes_on_when_there_is_room() {
    let traffic = traffic::small();
    let mut line = Installation::new("full", &traffic.plan.settings());
    // Often enough that the state, with all its versions, does not fit.
    line.config["processor"]["checkpoint_interval_ms"] = 20.into();
    let mut disk = Disk::new(&line.directory.join("disk"));
    let processor = |disk: &Disk, name: &str, arguments: &[&str]| {
        let mut command = line.command(arguments);
        command.env("THROUGHLINE_PROCESSOR__DATA_DIR", disk.place.join("store"));
        line.start_command(name, disk.with(&command))
    };
    traffic.send(&line);
    line.start("ingest", &["ingest", "--until-idle"]).succeeds();

    // Full in the middle, and full from the start.
    for name in ["processor-1", "processor-2"] {
        let mut full = processor(&disk, name, &["processor"]);
        assert_eq!(full.wait().code(), Some(1), "{}", full.output());
        let output = full.output();
        println!("full: {}", output.lines().last().unwrap_or_default());
        let reason = ["No space left on device", "File too large"];
        assert!(
            reason.iter().any(|reason| output.contains(reason)),
            "{output}"
        );
        assert!(output.contains("the state store at "), "{output}");
    }
    assert!(line.left(Group::Processor) > 0);

    disk.grow();
    let last = ["processor", "--until-idle"];
    processor(&disk, "processor-3", &last).succeeds();
    line.start("sink", &["sink", "--until-idle"]).succeeds();
    line.assert_views(&traffic.expected);
}
