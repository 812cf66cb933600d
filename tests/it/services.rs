//! Kafka and ClickHouse for the tests of this process: real ones, started once
//! by `dev/services.sh` on free ports, with their data in a directory of their own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use std::os::unix::process::CommandExt as _;

/// Where the services of this process answer.
pub struct Services {
    /// Kafka, `host:port`.
    pub kafka: String,
    /// ClickHouse over HTTP, `host:port`.
    pub clickhouse: String,
    /// What tests write goes here, a directory each.
    pub work: PathBuf,
    /// Ends the services when this process ends, in whichever way.
    _watcher: Child,
}

/// The services, started by whoever asks first.
pub fn shared() -> &'static Services {
    static SERVICES: OnceLock<Services> = OnceLock::new();
    SERVICES.get_or_init(Services::start)
}

/// Waits until this process is gone, by the end of its standard input. Then it
/// ends what tests have left running, which it knows by the directory on their
/// command lines, and the services.
const WATCHER: &str = r#"
cat >/dev/null
for entry in "$1"/state/processes/*; do
    pid=${entry##*/}
    if grep -qaF -- "$1" "/proc/$pid/cmdline" 2>/dev/null; then kill -KILL "$pid"; fi
done
exec "$2" reset --dir "$1"
"#;
const PREFIX: &str = "test-line-";

impl Services {
    fn start() -> Self {
        clear_away();
        let directory = own_directory("");
        std::fs::create_dir_all(directory.join("state/processes")).unwrap();
        let watcher = watch(&directory);
        let ports = [
            "--kafka-port",
            "0",
            "--http-port",
            "0",
            "--native-port",
            "0",
        ];
        run("up", &directory, &ports);
        Self {
            kafka: address(&directory, "THROUGHLINE_KAFKA="),
            clickhouse: address(&directory, "THROUGHLINE_CLICKHOUSE="),
            work: directory.join("state"),
            _watcher: watcher,
        }
    }
}

/// A Kafka that one test has for itself, to do it harm.
pub struct OwnKafka {
    directory: PathBuf,
    /// Where it answers, `host:port`.
    pub address: String,
    watcher: Child,
}

impl OwnKafka {
    /// A running one; its name tells it from those of other tests.
    pub fn start(name: &str) -> Self {
        let directory = own_directory(&format!("-{name}"));
        std::fs::create_dir_all(&directory).unwrap();
        let watcher = watch(&directory);
        run("up", &directory, &["--only", "kafka", "--kafka-port", "0"]);
        Self {
            address: address(&directory, "THROUGHLINE_KAFKA="),
            directory,
            watcher,
        }
    }

    /// Ends it; what it keeps stays.
    pub fn stop(&self) {
        run("down", &self.directory, &[]);
    }

    /// Sends its process a signal by name: KILL, STOP, CONT.
    pub fn signal(&self, signal: &str) {
        let entry = std::fs::read_to_string(self.directory.join("run/kafka.pid")).unwrap();
        let pid = entry.split(' ').next().unwrap();
        let sent = Command::new("kill").args(["-s", signal, pid]).status();
        assert!(sent.unwrap().success(), "kafka had ended already");
    }

    /// Starts it again, where it was.
    pub fn start_again(&self) {
        let port = self.address.rsplit(':').next().unwrap();
        run(
            "up",
            &self.directory,
            &["--only", "kafka", "--kafka-port", port],
        );
    }
}

impl Drop for OwnKafka {
    fn drop(&mut self) {
        // The watcher does the rest when its standard input ends.
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}

fn own_directory(suffix: &str) -> PathBuf {
    let name = format!("{PREFIX}{}{suffix}", std::process::id());
    root().join(".dev").join(name)
}

fn watch(directory: &Path) -> Child {
    Command::new("bash")
        .args(["-c", WATCHER, "watcher"])
        .args([directory, &script()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C is for the tests; the watcher learns of it by their end.
        .process_group(0)
        .spawn()
        .unwrap()
}

fn run(command: &str, directory: &Path, options: &[&str]) {
    let output = services(command, directory).args(options).output().unwrap();
    assert!(
        output.status.success(),
        "dev/services.sh {command} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

/// What a directory's services are reached by.
fn address(directory: &Path, name: &str) -> String {
    let addresses = std::fs::read_to_string(directory.join("run/services.env")).unwrap();
    let line = addresses.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap().trim_start_matches("http://").to_owned()
}

/// Ends what is left of test processes that were killed together with their watchers.
fn clear_away() {
    let Ok(entries) = std::fs::read_dir(root().join(".dev")) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let owner = owner.and_then(|owner| owner.split('-').next());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = services("reset", &entry.path()).output();
        }
    }
}

/// A call of the script that uses no service but its own.
fn services(command: &str, directory: &Path) -> Command {
    let mut call = Command::new(script());
    call.args([command, "--dir"]).arg(directory);
    call.env_remove("THROUGHLINE_KAFKA");
    call.env_remove("THROUGHLINE_CLICKHOUSE");
    call
}

fn script() -> PathBuf {
    root().join("dev/services.sh")
}

fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap().to_owned()
}
