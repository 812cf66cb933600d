//! What this process is and uses, as metrics: its roles, its memory and the
//! limit of it, the room on the disk that the state is on.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use metrics::gauge;
use throughline_stream::metric_names as names;

/// How often it is looked.
const INTERVAL: Duration = Duration::from_secs(5);

/// Measures from now on, on a thread of its own: a disk that does not answer
/// holds up nothing else. `data_dir` is where a processor has its state.
pub fn start(roles: &[&'static str], data_dir: Option<PathBuf>) -> anyhow::Result<()> {
    for role in roles {
        gauge!(names::PROCESS_ROLE, "role" => *role).set(1.0);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    gauge!(names::PROCESS_START_TIMESTAMP_SECONDS).set(now.unwrap_or_default().as_secs_f64());
    std::thread::Builder::new()
        .name("usage".to_owned())
        .spawn(move || {
            loop {
                memory();
                if let Some(directory) = &data_dir {
                    disk(directory);
                }
                std::thread::sleep(INTERVAL);
            }
        })
        .context("cannot start a thread")?;
    Ok(())
}

fn memory() {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    if let Some(bytes) = kib(&read("/proc/self/status"), "VmRSS:") {
        gauge!(names::PROCESS_RESIDENT_BYTES).set(bytes as f64);
    }
    let of_groups = limit(Path::new("/sys/fs/cgroup"), &read("/proc/self/cgroup"));
    let of_machine = kib(&read("/proc/meminfo"), "MemTotal:");
    if let Some(bytes) = of_groups.into_iter().chain(of_machine).min() {
        gauge!(names::PROCESS_MEMORY_LIMIT_BYTES).set(bytes as f64);
    }
}

/// What the kernel tells in a line `name: N kB`, in bytes.
fn kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib * 1024)
}

/// The lowest limit of the control groups that `groups` (/proc/self/cgroup)
/// names, and of those above them; of version 2, and of version 1, which writes
/// a very large number for none.
fn limit(root: &Path, groups: &str) -> Option<u64> {
    let group = |line: &str| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?.trim_start_matches('/'));
        if controllers.is_empty() {
            Some((root.to_owned(), path.to_owned(), "memory.max"))
        } else {
            let is_memory = controllers.split(',').any(|name| name == "memory");
            is_memory.then(|| {
                (
                    root.join("memory"),
                    path.to_owned(),
                    "memory.limit_in_bytes",
                )
            })
        }
    };
    let limits = groups
        .lines()
        .filter_map(group)
        .flat_map(|(root, path, file)| {
            let own = root.join(path);
            let above: Vec<_> = own.ancestors().map(Path::to_owned).collect();
            let within = above.into_iter().filter(move |at| at.starts_with(&root));
            within.filter_map(move |at| fs::read_to_string(at.join(file)).ok())
        });
    limits.filter_map(|limit| limit.trim().parse().ok()).min()
}

fn disk(directory: &Path) {
    // It is made by the processor, and perhaps not yet.
    let Some(there) = directory.ancestors().find(|path| path.exists()) else {
        return;
    };
    match rustix::fs::statvfs(there) {
        Ok(room) => {
            let bytes = BTreeMap::from([
                (
                    names::PROCESS_DISK_FREE_BYTES,
                    room.f_bavail * room.f_frsize,
                ),
                (
                    names::PROCESS_DISK_SIZE_BYTES,
                    room.f_blocks * room.f_frsize,
                ),
            ]);
            for (name, bytes) in bytes {
                let label = directory.display().to_string();
                gauge!(name, "directory" => label).set(bytes as f64);
            }
        }
        Err(error) => {
            tracing::warn!(directory = %directory.display(), %error, "cannot tell the room on the disk");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_limit_of_the_groups_above_counts() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("pods/memory.max", "2000\n");
        write("pods/one/memory.max", "max\n");
        write("memory/docker/a/memory.limit_in_bytes", "500\n");
        write("memory/memory.limit_in_bytes", "9223372036854771712\n");
        for (groups, expected) in [
            ("0::/pods/one\n", Some(2000)),
            ("0::/\n", None),
            ("4:cpu,memory:/docker/a\n0::/\n", Some(500)),
            // A container does not see the groups above its own.
            ("4:memory:/elsewhere\n", Some(9_223_372_036_854_771_712)),
            ("4:cpu:/docker/a\n", None),
            ("", None),
        ] {
            assert_eq!(limit(root.path(), groups), expected, "{groups}");
        }
    }

    #[test]
    fn the_kernel_counts_in_kib() {
        let status = "VmHWM:\t   20 kB\nVmRSS:\t   12 kB\n";
        assert_eq!(kib(status, "VmRSS:"), Some(12 << 10));
        assert_eq!(kib(status, "VmSwap:"), None);
    }
}
