//! The program as processes, each with its output in a file.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::usage;

/// No test waits longer for anything: it is no measure, but a way to fail.
pub const PATIENCE: Duration = Duration::from_mins(4);
/// How often something is looked at until it is so.
const GLANCE: Duration = Duration::from_millis(50);
/// So much of its output a process shows when a test fails.
const SHOWN_LINES: usize = 40;

/// A running process of the program. It does not outlive its test.
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    /// By this file the watcher of the services knows the process.
    entry: PathBuf,
}

impl Process {
    /// Starts the command, with its output in `log`; `entries` is where the
    /// watcher of the services looks.
    pub fn start(name: &str, mut command: Command, log: PathBuf, entries: &Path) -> Self {
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        command.stdout(file.try_clone().unwrap()).stderr(file);
        let child = command.spawn().unwrap();
        let entry = entries.join(child.id().to_string());
        File::create(&entry).unwrap();
        let name = name.to_owned();
        Self {
            name,
            child,
            log,
            entry,
        }
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What it has said so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap()).into_owned()
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        until(&format!("{} ends", self.name), || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// Waits for an end with success.
    pub fn succeeds(&mut self) {
        let status = self.wait();
        assert!(status.success(), "{} ended with {status}", self.name);
    }

    /// Asks it to end, and waits until it has. Before the program's first
    /// steps are done the kernel would end it, as it does any program.
    pub fn terminate(&mut self) -> ExitStatus {
        let pid = self.pid();
        until(&format!("{} minds SIGTERM", self.name), || {
            usage::minds_sigterm(pid) || usage::has_ended(pid)
        });
        self.signal("TERM");
        self.wait()
    }

    /// Asks it to end, and sees that it does so with success.
    pub fn stop(&mut self) {
        let status = self.terminate();
        assert!(status.success(), "{} stopped with {status}", self.name);
    }

    /// Sends it a signal by name.
    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.unwrap().success(), "{} had ended already", self.name);
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// CPU seconds it has used so far; none when it has ended and was asked how.
    pub fn cpu_seconds(&self) -> Option<f64> {
        usage::cpu_seconds(self.pid())
    }

    /// The most memory it has had so far, in MiB; none when it has ended.
    pub fn peak_mib(&self) -> Option<u64> {
        usage::peak_mib(self.pid())
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) {
        assert!(self.is_running(), "{} had ended already", self.name);
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.entry);
        if std::thread::panicking() {
            let output = self.output();
            let lines: Vec<_> = output.lines().collect();
            let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
            eprintln!("---- {}:\n{}", self.name, shown.join("\n"));
        }
    }
}

/// Waits until something is so.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(GLANCE);
    }
}

/// Something that goes on for as long as it takes, but may not stand still.
pub struct Progress {
    what: &'static str,
    last: i64,
    since: Instant,
}

impl Progress {
    /// Of something that has only begun.
    pub fn of(what: &'static str) -> Self {
        Self {
            what,
            last: 0,
            since: Instant::now(),
        }
    }

    /// Sees that it has come to another place than before, or not long ago.
    #[track_caller]
    pub fn is_at(&mut self, place: i64, left: impl FnOnce() -> String) {
        if place != self.last {
            self.last = place;
            self.since = Instant::now();
        }
        assert!(
            self.since.elapsed() < PATIENCE,
            "{} stands still at {place}: {}",
            self.what,
            left()
        );
    }
}

/// A call of the program with a configuration, which is written to `file`. It
/// knows nothing of the environment's services.
pub fn call(config: &Value, file: &Path, arguments: &[&str]) -> Command {
    // JSON is YAML.
    std::fs::write(file, config.to_string()).unwrap();
    let mut command = Command::new(program());
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("THROUGHLINE_") {
            command.env_remove(variable);
        }
    }
    command.current_dir(file.parent().unwrap());
    command.arg("--config").arg(file).args(arguments);
    command
}

/// The program, built beside this one.
pub fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    // target/debug/deps/it-0123 or target/release/bench, and target/debug/throughline
    let mut directory = own.parent().unwrap();
    if directory.ends_with("deps") {
        directory = directory.parent().unwrap();
    }
    let program = directory.join("throughline");
    assert!(
        program.exists(),
        "{} is missing: `cargo build --workspace` makes it (`make test` does)",
        program.display()
    );
    program
}
