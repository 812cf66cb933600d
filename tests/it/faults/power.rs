//! Power fails: whatever was written to the disk of a processor's state and
//! not synced is gone.
//!
//! The disk is a real file system on a loop device, which is shut down as the
//! tests of file systems do it (`EXT4_IOC_SHUTDOWN` without flushing the log):
//! from that moment on nothing reaches the device, and what stood in memory
//! only is not there when it is mounted again.

use std::path::{Path, PathBuf};
use std::process::Command;

use throughline_processor::{FjallStore, StoreOptions};

use crate::faults::space::Space;
use crate::installation::{EVENTS_PARTITIONS, Group, Installation};
use crate::traffic;

/// How often power fails.
const FAILURES: i64 = 5;
/// Makes the disk, which is `$0.img`.
const MAKE: &str = r#"truncate -s 2G "$0.img" && mkfs.ext4 -q -F "$0.img""#;
const MOUNT: &str = r#"mount -o loop "$0.img" "$0""#;
const UNMOUNT: &str = r#"umount "$0""#;
/// Ends all traffic with the device at once; 2 says that not even the file
/// system's own log is written.
const FAIL: &str = r#"python3 -c 'import fcntl, os, struct, sys
place = os.open(sys.argv[1], os.O_RDONLY)
fcntl.ioctl(place, 0x8004587D, struct.pack("I", 2))' "$0""#;

/// A disk whose power can fail.
struct Disk {
    place: PathBuf,
    space: Space,
}

impl Disk {
    /// None where the machine does not let one be mounted.
    fn new(place: &Path) -> Option<Self> {
        std::fs::create_dir_all(place).unwrap();
        let space = Space::new(place, &format!("{MAKE} && {MOUNT}"))?;
        let place = place.to_owned();
        Some(Self { place, space })
    }

    /// Power fails and comes back; what was not synced must be lost.
    fn fail(&self) {
        self.space
            .run(&self.place, r#"echo lost > "$0/unsynced.$$""#);
        self.space.run(&self.place, FAIL);
    }

    fn come_back(&self) {
        self.space.run(&self.place, UNMOUNT);
        self.space.run(&self.place, MOUNT);
        self.space.run(
            &self.place,
            r#"! find "$0" -name 'unsynced.*' -size +0 | grep ."#,
        );
    }

    /// How many records of `events` the state on the disk holds.
    fn applied(&self, copy: &Path) -> i64 {
        let script = format!(r#"cp -a "$0/store" "{}""#, copy.display());
        self.space.run(&self.place, &script);
        let options = StoreOptions {
            path: copy.to_owned(),
            cache_bytes: 8 << 20,
        };
        let store = FjallStore::open(&options).unwrap();
        let offsets = (0..EVENTS_PARTITIONS).map(|partition| store.next_offset(partition).unwrap());
        offsets.map(Option::unwrap_or_default).sum()
    }
}

#[test]
fn a_processor_whose_power_fails_goes_on_from_its_last_checkpoint() {
    let traffic = traffic::large();
    let mut line = Installation::new("power", &traffic.plan.settings());
    // Many small records, so that power fails amid them.
    line.config["ingest"] = serde_json::json!({"batch_bytes": 1024});
    line.config["processor"]["checkpoint_records"] = 20.into();
    line.config["processor"]["checkpoint_interval_ms"] = 20.into();
    let Some(disk) = Disk::new(&line.directory.join("disk")) else {
        println!("left out: no file system can be mounted here, which takes root");
        return;
    };
    let processor = |name: &str, arguments: &[&str]| {
        let mut command: Command = line.command(arguments);
        command.env("THROUGHLINE_PROCESSOR__DATA_DIR", disk.place.join("store"));
        command.env("THROUGHLINE_KAFKA__INSTANCE", "power");
        line.start_command(name, disk.space.with(&command, &disk.place))
    };
    traffic.send(&line);
    line.start("ingest", &["ingest", "--until-idle"]).succeeds();
    for failure in 1..=FAILURES {
        let before = line.done(Group::Processor);
        let running = processor(&format!("processor-{failure}"), &["processor"]);
        line.until_done(Group::Processor, before + 60);
        // Without power nothing goes on, so nobody may act on what a write says
        // that was under way.
        running.signal("STOP");
        disk.fail();
        drop(running);
        let committed = line.done(Group::Processor);
        disk.come_back();
        let applied = disk.applied(&line.directory.join(format!("copy-{failure}")));
        println!("power failed: {committed} records were committed, {applied} are in the state");
        assert!(applied >= committed, "{applied} of {committed}");
    }
    assert!(line.left(Group::Processor) > 0, "all was done too soon");
    processor("processor-last", &["processor", "--until-idle"]).succeeds();
    line.start("sink", &["sink", "--until-idle"]).succeeds();
    line.assert_views(&traffic.expected);
}
