//! A space of mounts that nobody but chosen processes sees, and which is gone
//! with its value.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// A space of mounts.
pub struct Space {
    keeper: Child,
    /// The keeper lives until this is closed.
    input: Option<ChildStdin>,
}

impl Space {
    /// A space in which `mount`, a shell script with `place` as its `$0`, has
    /// succeeded; none where the machine does not allow it.
    pub fn new(place: &Path, mount: &str) -> Option<Self> {
        let ways: &[&str] = if is_root() { &["-m"] } else { &["-Urm"] };
        ways.iter().find_map(|how| enter(place, mount, how))
    }

    /// A call that sees the mounts.
    pub fn with(&self, call: &Command, default: &Path) -> Command {
        let mut with = Command::new("nsenter");
        // The user's space is entered where it is another; it never is root's.
        if !is_root() {
            with.args(["-U", "--preserve-credentials"]);
        }
        with.args(["-m", "-t", &self.keeper.id().to_string()]);
        // Entering goes to the root of the file system.
        with.args(["sh", "-c", r#"cd "$0" && exec "$@""#]);
        with.arg(call.get_current_dir().unwrap_or(default));
        copy(call, &mut with);
        with
    }

    /// Runs a shell script with `place` as its `$0` among the mounts.
    pub fn run(&self, place: &Path, script: &str) {
        let mut call = Command::new("sh");
        call.arg("-c").arg(script).arg(place);
        call.current_dir("/");
        let done = self.with(&call, place).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{script}\n{said}");
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.keeper.wait();
    }
}

/// Adds the program of a call, its arguments and environment to another call.
pub fn copy(call: &Command, to: &mut Command) {
    to.arg(call.get_program()).args(call.get_args());
    for (name, value) in call.get_envs() {
        match value {
            Some(value) => to.env(name, value),
            None => to.env_remove(name),
        };
    }
}

fn enter(place: &Path, mount: &str, how: &str) -> Option<Space> {
    let mut keeper = Command::new("unshare")
        .args([
            how,
            "sh",
            "-c",
            &format!("{mount} && echo done && exec cat"),
        ])
        .arg(place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut said = String::new();
    let mut output = BufReader::new(keeper.stdout.take()?);
    let _ = output.read_line(&mut said);
    let input = keeper.stdin.take();
    let space = Space { keeper, input };
    (said.trim() == "done").then_some(space)
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}
