//! What the kernel knows of a process: what it has used so far, what it minds.

use std::process::Command;
use std::sync::OnceLock;

/// CPU seconds, in user and system mode together, of all its threads; none when there is no such process.
pub fn cpu_seconds(pid: u32) -> Option<f64> {
    let fields = stat(pid)?;
    let mut fields = fields.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) as f64 / ticks_a_second())
}

/// The most memory it has had so far, in MiB; none when it has ended.
pub fn peak_mib(pid: u32) -> Option<u64> {
    let kib: u64 = status(pid, "VmHWM")?.trim_end_matches(" kB").parse().ok()?;
    Some(kib / 1024)
}

/// Whether it has said what SIGTERM does to it.
pub fn minds_sigterm(pid: u32) -> bool {
    const SIGTERM: u32 = 15;
    let caught = status(pid, "SigCgt");
    let caught = caught.and_then(|mask| u64::from_str_radix(&mask, 16).ok());
    caught.is_some_and(|mask| mask >> (SIGTERM - 1) & 1 == 1)
}

/// Whether it has ended and nobody has asked how yet: until then it is known what it used.
pub fn has_ended(pid: u32) -> bool {
    stat(pid).is_none_or(|fields| fields.starts_with('Z'))
}

/// One line of what the kernel says of a process.
fn status(pid: u32, name: &str) -> Option<String> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let mut lines = status.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(given, _)| *given == name)?;
    Some(value.trim().to_owned())
}

/// What the kernel says of a process, from its state on.
fn stat(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command's name, in parentheses before it, may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    Some(fields.to_owned())
}

/// In which unit the kernel tells CPU time.
fn ticks_a_second() -> f64 {
    static TICKS: OnceLock<f64> = OnceLock::new();
    *TICKS.get_or_init(|| {
        let output = Command::new("getconf").arg("CLK_TCK").output().unwrap();
        let ticks = String::from_utf8_lossy(&output.stdout);
        ticks.trim().parse().unwrap()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_used_what_it_worked_and_one_that_is_gone_nothing() {
        let own = std::process::id();
        let before = cpu_seconds(own).unwrap();
        let mut number = 1_u64;
        while cpu_seconds(own).unwrap() < before + 0.02 {
            for _ in 0..100_000 {
                number = std::hint::black_box(number.wrapping_mul(31));
            }
        }
        assert!(peak_mib(own).unwrap() > 0);
        let mut child = Command::new("true").spawn().unwrap();
        let pid = child.id();
        while !has_ended(pid) {
            std::thread::yield_now();
        }
        assert!(cpu_seconds(pid).is_some(), "nobody has asked yet");
        child.wait().unwrap();
        assert_eq!((cpu_seconds(pid), peak_mib(pid)), (None, None));
    }
}
