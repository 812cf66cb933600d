//! A ClickHouse for the tests of this process, started by `dev/services.sh`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use throughline_sink::Connection;

/// A running ClickHouse; it stops, and its data goes, with the last user.
#[derive(Debug)]
pub struct Service {
    directory: PathBuf,
    url: String,
}

/// The service that tests share while any of them runs.
static SHARED: Mutex<Weak<Service>> = Mutex::new(Weak::new());

impl Service {
    /// The running one, or a new one.
    pub fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(service) = shared.upgrade() {
            return service;
        }
        let service = Arc::new(Self::start());
        *shared = Arc::downgrade(&service);
        service
    }

    fn start() -> Self {
        /// The one before may still be going down.
        static STARTED: AtomicU32 = AtomicU32::new(0);
        clear_away();
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let directory = root()
            .join(".dev")
            .join(format!("{PREFIX}{}-{number}", std::process::id()));
        run(
            "up",
            &directory,
            &[
                "--only",
                "clickhouse",
                "--http-port",
                "0",
                "--native-port",
                "0",
            ],
        );
        let addresses = std::fs::read_to_string(directory.join("run/services.env")).unwrap();
        let url = addresses
            .lines()
            .find_map(|line| line.strip_prefix("THROUGHLINE_CLICKHOUSE="))
            .unwrap()
            .to_owned();
        Self { directory, url }
    }

    /// A connection to a database of it.
    pub fn connection(&self, database: &str) -> Connection {
        Connection {
            url: self.url.clone(),
            database: database.to_owned(),
            user: "default".into(),
            password: String::new(),
            tls: throughline_sink::TlsFiles::default(),
            cluster: String::new(),
            connect_timeout_ms: 5_000,
            request_timeout_ms: 60_000,
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        run("reset", &self.directory, &[]);
    }
}

const PREFIX: &str = "test-sink-";

/// Stops what test processes that were killed have left running.
fn clear_away() {
    let Ok(entries) = std::fs::read_dir(root().join(".dev")) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            run("reset", &entry.path(), &[]);
        }
    }
}

fn run(command: &str, directory: &Path, options: &[&str]) {
    let status = Command::new(root().join("dev/services.sh"))
        .arg(command)
        .arg("--dir")
        .arg(directory)
        .args(options)
        .status()
        .unwrap();
    assert!(status.success(), "dev/services.sh {command} failed");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
