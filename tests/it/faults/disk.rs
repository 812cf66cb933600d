//! The disk of a processor's state is full.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

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
    /// Keeps the mount; its standard input keeps it.
    keeper: Option<(Child, ChildStdin)>,
    kib: u32,
}

impl Disk {
    fn new(place: &Path) -> Self {
        std::fs::create_dir_all(place).unwrap();
        let keeper = ["-m", "-Urm"].iter().find_map(|how| mount(place, how));
        Self {
            place: place.to_owned(),
            keeper,
            kib: SMALL,
        }
    }

    fn grow(&mut self) {
        self.kib = LARGE;
        if self.keeper.is_some() {
            let mut call = Command::new("mount");
            call.args(["-o", &format!("remount,size={}k", self.kib)]);
            call.arg(&self.place);
            assert!(self.with(&call).status().unwrap().success());
        }
    }

    /// A call that sees the disk.
    fn with(&self, call: &Command) -> Command {
        let mut with = if let Some((keeper, _)) = &self.keeper {
            let mut with = Command::new("nsenter");
            // The user's space is entered where it is another; it never is root's.
            if !is_root() {
                with.args(["-U", "--preserve-credentials"]);
            }
            with.args(["-m", "-t", &keeper.id().to_string()]);
            // Entering goes to the root of the file system.
            with.args(["sh", "-c", r#"cd "$0" && exec "$@""#]);
            with
        } else {
            let mut with = Command::new("sh");
            let blocks = u64::from(self.kib) * 2;
            with.arg("-c").arg(format!(
                r#"trap '' XFSZ; ulimit -f {blocks}; cd "$0" && exec "$@""#
            ));
            with
        };
        with.arg(call.get_current_dir().unwrap_or(&self.place));
        with.arg(call.get_program()).args(call.get_args());
        for (name, value) in call.get_envs() {
            match value {
                Some(value) => with.env(name, value),
                None => with.env_remove(name),
            };
        }
        with
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Some((mut keeper, input)) = self.keeper.take() {
            drop(input);
            let _ = keeper.wait();
        }
    }
}

/// Mounts a small disk in a space of its own, if that is allowed.
fn mount(place: &Path, how: &str) -> Option<(Child, ChildStdin)> {
    let script = format!("mount -t tmpfs -o size={SMALL}k tmpfs \"$0\" && echo done && exec cat");
    let mut keeper = Command::new("unshare")
        .args([how, "sh", "-c", &script])
        .arg(place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut said = String::new();
    let mut output = BufReader::new(keeper.stdout.take()?);
    let _ = output.read_line(&mut said);
    let input = keeper.stdin.take()?;
    if said.trim() == "done" {
        return Some((keeper, input));
    }
    let _ = keeper.wait();
    None
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

#[test]
fn a_full_disk_ends_a_processor_which_goes_on_when_there_is_room() {
    let traffic = traffic::small();
    let line = Installation::new("full", &traffic.plan.settings());
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
