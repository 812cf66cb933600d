//! Kafka and ClickHouse for this process: real ones, started by `dev/services.sh`
//! on free ports, with their data in a directory of their own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use std::os::unix::process::CommandExt as _;

/// A Kafka and a ClickHouse of their own.
pub struct Services {
    /// Kafka, `host:port`.
    pub kafka: String,
    /// ClickHouse over HTTP, `host:port`.
    pub clickhouse: String,
    /// What is written beside them goes here.
    pub work: PathBuf,
    instance: Instance,
}

/// The services that all tests share, started by whoever asks first.
pub fn shared() -> &'static Services {
    static SERVICES: OnceLock<Services> = OnceLock::new();
    SERVICES.get_or_init(|| Services::start(""))
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
    /// Running ones; their name tells them from others of this process.
    pub fn start(name: &str) -> Self {
        clear_away();
        let instance = Instance::new(name);
        let directory = &instance.directory;
        let ports = [
            "--kafka-port",
            "0",
            "--http-port",
            "0",
            "--native-port",
            "0",
        ];
        run("up", directory, &ports);
        Self {
            kafka: address(directory, "THROUGHLINE_KAFKA="),
            clickhouse: address(directory, "THROUGHLINE_CLICKHOUSE="),
            work: directory.join("state"),
            instance,
        }
    }

    /// Where the watcher looks for processes to end with the services.
    pub fn entries(&self) -> PathBuf {
        self.instance.entries()
    }

    /// The process of a service, `kafka` or `clickhouse`.
    pub fn pid(&self, service: &str) -> u32 {
        self.instance.pid(service)
    }

    /// Where the broker keeps its logs.
    pub fn kafka_data(&self) -> PathBuf {
        self.instance.directory.join("kafka")
    }
}

/// A directory with services and what works on them. Both end with it, or with
/// this process, in whichever way that ends.
struct Instance {
    directory: PathBuf,
    watcher: Child,
}

impl Instance {
    fn new(name: &str) -> Self {
        let mut own = format!("{PREFIX}{}", std::process::id());
        if !name.is_empty() {
            own = format!("{own}-{name}");
        }
        let directory = root().join(".dev").join(own);
        let new = Self {
            watcher: watch(&directory),
            directory,
        };
        std::fs::create_dir_all(new.entries()).unwrap();
        new
    }

    fn entries(&self) -> PathBuf {
        self.directory.join("state/processes")
    }

    fn pid(&self, service: &str) -> u32 {
        let file = self.directory.join(format!("run/{service}.pid"));
        let entry = std::fs::read_to_string(file).unwrap();
        entry.split(' ').next().unwrap().parse().unwrap()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // The watcher does the rest when its standard input ends.
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}

/// A Kafka that one test has for itself, to do it harm.
pub struct OwnKafka {
    /// Where it answers, `host:port`.
    pub address: String,
    instance: Instance,
}

impl OwnKafka {
    /// A running one; its name tells it from those of other tests.
    pub fn start(name: &str) -> Self {
        Self::start_with(name, None)
    }

    /// The same with more configuration, from a directory (see `dev/services.sh`).
    pub fn start_with(name: &str, config: Option<&Path>) -> Self {
        let instance = Instance::new(name);
        let directory = &instance.directory;
        let mut command = services("up", directory);
        command.args(["--only", "kafka", "--kafka-port", "0"]);
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        succeed("up", &mut command);
        Self {
            address: address(directory, "THROUGHLINE_KAFKA="),
            instance,
        }
    }

    /// Ends it; what it keeps stays.
    pub fn stop(&self) {
        run("down", &self.instance.directory, &[]);
    }

    /// Sends its process a signal by name: KILL, STOP, CONT.
    pub fn signal(&self, signal: &str) {
        let pid = self.instance.pid("kafka").to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.unwrap().success(), "kafka had ended already");
    }

    /// Starts it again, where it was.
    pub fn start_again(&self) {
        let port = self.address.rsplit(':').next().unwrap();
        run(
            "up",
            &self.instance.directory,
            &["--only", "kafka", "--kafka-port", port],
        );
    }
}

/// A ClickHouse that one test has for itself.
pub struct OwnClickHouse {
    /// Where it answers over HTTP, `host:port`.
    pub address: String,
    /// Where it speaks its own protocol, `host:port`.
    pub native: String,
    /// Ends it.
    _instance: Instance,
}

impl OwnClickHouse {
    /// A running one with the users of the configuration in a directory (see
    /// `dev/services.sh`), which may name variables.
    pub fn with_users(name: &str, config: &Path, variables: &[(String, String)]) -> Self {
        Self::start(Instance::new(name), "0", |command| {
            command.arg("--config").arg(config);
            command.envs(variables.iter().cloned());
        })
    }

    /// A running one with a port for its own protocol, and a file of configuration
    /// beside that of all.
    pub fn with_file(name: &str, native_port: &str, config: &str) -> Self {
        let instance = Instance::new(name);
        let beside = instance.directory.join("run/clickhouse.d");
        std::fs::create_dir_all(&beside).unwrap();
        std::fs::write(beside.join("own.xml"), config).unwrap();
        Self::start(instance, native_port, |_| ())
    }

    fn start(instance: Instance, native_port: &str, more: impl FnOnce(&mut Command)) -> Self {
        let directory = &instance.directory;
        let mut command = services("up", directory);
        command.args(["--only", "clickhouse", "--http-port", "0"]);
        command.args(["--native-port", native_port]);
        more(&mut command);
        succeed("up", &mut command);
        Self {
            address: address(directory, "THROUGHLINE_CLICKHOUSE="),
            native: address(directory, "THROUGHLINE_CLICKHOUSE_NATIVE="),
            _instance: instance,
        }
    }
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
    succeed(command, services(command, directory).args(options));
}

fn succeed(command: &str, call: &mut Command) {
    let output = call.output().unwrap();
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

/// The checkout.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap().to_owned()
}
