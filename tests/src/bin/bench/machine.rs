//! On what, and with what, it was measured.

use std::process::Command;

use throughline_tests::live::process::program;
use throughline_tests::live::services::root;

/// Versions of everything that takes part but ClickHouse, which tells its own.
pub fn versions() -> String {
    let commit = said(Command::new("git").args(["describe", "--always", "--dirty"]));
    let (_, librdkafka) = rdkafka::util::get_rdkafka_version();
    let services = std::fs::read_to_string(root().join("dev/services.sh")).unwrap();
    let version = |name: &str| {
        let mut lines = services.lines();
        let version = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        version.unwrap_or("of an unknown version").to_owned()
    };
    format!(
        "{} ({commit}), {}, librdkafka {librdkafka}, Kafka {}, ClickHouse {}",
        said(Command::new(program()).arg("--version")),
        said(Command::new("rustc").arg("--version")),
        version("KAFKA_VERSION"),
        version("CLICKHOUSE_VERSION"),
    )
}

/// The machine, and how busy it is.
pub fn description() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = field("/proc/cpuinfo", "model name");
    let memory = field("/proc/meminfo", "MemTotal");
    let kib: u64 = memory.trim_end_matches(" kB").parse().unwrap_or(0);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    format!(
        "{cores} cores of {model}, {:.0} GiB of memory; load average at the start: {load}",
        kib as f64 / f64::from(1 << 20)
    )
}

/// What a command says, or that it says nothing.
fn said(command: &mut Command) -> String {
    let output = command.current_dir(root()).output();
    let text = output.map_or(String::new(), |output| {
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    });
    if text.is_empty() {
        "unknown".to_owned()
    } else {
        text
    }
}

/// The value of the first line of a file that begins with a name.
fn field(file: &str, name: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':'));
    value
        .map_or("unknown", |(_, value)| value.trim())
        .to_owned()
}
