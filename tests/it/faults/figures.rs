//! What was measured while faults happened: to be read, never to be judged by
//! a test.

use std::collections::BTreeMap;
use std::time::Duration;

/// What was measured.
#[derive(Default)]
pub struct Figures {
    memory_mib: BTreeMap<&'static str, u64>,
    backlog: BTreeMap<&'static str, i64>,
    recoveries: BTreeMap<(&'static str, &'static str), Vec<Duration>>,
}

impl Figures {
    /// The most memory of one process of a role so far.
    pub fn memory(&mut self, role: &'static str, mib: Option<u64>) {
        let most = self.memory_mib.entry(role).or_default();
        *most = mib.unwrap_or(0).max(*most);
    }

    /// How many records a role has still to do.
    pub fn backlog(&mut self, role: &'static str, records: i64) {
        let most = self.backlog.entry(role).or_default();
        *most = records.max(*most);
    }

    /// A role went on so long after it could.
    pub fn recovered(&mut self, role: &'static str, from: &'static str, after: Duration) {
        self.recoveries.entry((role, from)).or_default().push(after);
    }

    /// Prints all of it.
    pub fn print(&self, case: &str) {
        for (role, mib) in &self.memory_mib {
            let backlog = self.backlog.get(role).copied().unwrap_or(0);
            println!("{case}: {role}: peak memory {mib} MiB, largest backlog {backlog} records");
        }
        for ((role, from), times) in &self.recoveries {
            let mut seconds: Vec<_> = times.iter().map(Duration::as_secs_f64).collect();
            seconds.sort_by(f64::total_cmp);
            let (count, most) = (seconds.len(), seconds.last().unwrap());
            let median = seconds[count / 2];
            println!(
                "{case}: {role} after {from}: {count} times, median {median:.1} s, longest {most:.1} s"
            );
        }
    }
}
