//! The processes of a line, each of which may come to harm, and what is
//! measured of them meanwhile.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::faults::figures::Figures;
use crate::installation::{Group, Installation};
use crate::process::Process;

/// How long a group waits for a silent member here. Shorter than by default, so
/// that a test can outlast it.
pub const SESSION: Duration = Duration::from_secs(3);

/// How often the backlog is measured.
const MEASURE_EVERY: Duration = Duration::from_secs(2);

/// The processes of one line.
pub struct Crew<'a> {
    line: &'a Installation,
    members: Vec<Member>,
    /// What was seen of them.
    pub figures: Figures,
    /// Groups that were harmed: what it was, how far they were, and since when
    /// they could go on.
    healing: BTreeMap<Group, (&'static str, i64, Instant)>,
    /// When the backlog was last measured, which takes its time.
    measured: Instant,
}

struct Member {
    group: Group,
    name: String,
    /// Whether it keeps its partitions over a restart within the session.
    is_static: bool,
    process: Option<Process>,
    is_frozen: bool,
}

impl<'a> Crew<'a> {
    /// Nobody yet.
    pub fn new(line: &'a Installation) -> Self {
        Self {
            line,
            members: Vec::new(),
            figures: Figures::default(),
            healing: BTreeMap::new(),
            measured: Instant::now(),
        }
    }

    /// Starts so many more processes of a role; every other one is a static
    /// member of its group.
    pub fn hire(&mut self, group: Group, count: usize) {
        let known = self.members.iter().filter(|member| member.group == group);
        let known = known.count();
        for number in known + 1..=known + count {
            let role = role(group);
            self.members.push(Member {
                group,
                name: format!("{role}-{number}"),
                is_static: number % 2 == 0,
                process: None,
                is_frozen: false,
            });
            self.start(self.members.len() - 1);
        }
    }

    /// Those of a role that nothing ails at the moment.
    pub fn well(&mut self, group: Group) -> Vec<usize> {
        let members = self.members.iter_mut().enumerate();
        let well = members.filter_map(|(index, member)| {
            let process = member.process.as_mut()?;
            let is_well = member.group == group && !member.is_frozen && process.is_running();
            is_well.then_some(index)
        });
        well.collect()
    }

    /// Starts one that does not run.
    pub fn start(&mut self, index: usize) {
        let member = &mut self.members[index];
        let mut command = self.line.command(&[role(member.group)]);
        command.env(
            "THROUGHLINE_PROCESSOR__DATA_DIR",
            store(self.line, &member.name),
        );
        if member.is_static {
            command.env("THROUGHLINE_KAFKA__INSTANCE", &member.name);
        }
        assert!(member.process.is_none(), "{} runs already", member.name);
        member.process = Some(self.line.start_command(&member.name, command));
        if let Some((_, _, since)) = self.healing.get_mut(&member.group) {
            *since = Instant::now();
        }
    }

    /// Ends one as `kill -9` does.
    pub fn kill(&mut self, index: usize) {
        self.is_harmed(index, "kill -9");
        self.members[index].process.take().unwrap().kill();
    }

    /// Kills one, and its state is lost with it.
    pub fn lose(&mut self, index: usize) {
        self.is_harmed(index, "killed, its disk lost");
        self.members[index].process.take().unwrap().kill();
        let store = store(self.line, &self.members[index].name);
        if store.exists() {
            std::fs::remove_dir_all(store).unwrap();
        }
    }

    /// Stops one where it stands; it knows nothing of it.
    pub fn freeze(&mut self, index: usize) {
        self.is_harmed(index, "SIGSTOP past its session");
        let member = &mut self.members[index];
        member.process.as_ref().unwrap().signal("STOP");
        member.is_frozen = true;
    }

    /// Lets one go on that was stopped.
    pub fn thaw(&mut self, index: usize) {
        let member = &mut self.members[index];
        member.process.as_ref().unwrap().signal("CONT");
        member.is_frozen = false;
    }

    /// Asks one to end, which it does with success, whatever it has to do.
    pub fn leave(&mut self, index: usize) {
        self.is_harmed(index, "SIGTERM");
        let mut process = self.members[index].process.take().unwrap();
        process.stop();
    }

    /// Notes what ails the group until it has come further than now.
    fn is_harmed(&mut self, index: usize, what: &'static str) {
        let member = &self.members[index];
        let peak = member.process.as_ref().and_then(Process::peak_mib);
        self.figures.memory(role(member.group), peak);
        let done = self.line.done(member.group);
        let healing = (what, done, Instant::now());
        self.healing.insert(member.group, healing);
    }

    /// Looks how everybody is. Nobody may end unasked, whatever happens to it,
    /// but for one reason: see [`was_fenced`].
    pub fn look(&mut self) {
        let mut fenced = Vec::new();
        for (index, member) in self.members.iter_mut().enumerate() {
            let Some(process) = &mut member.process else {
                continue;
            };
            self.figures.memory(role(member.group), process.peak_mib());
            if !process.is_running() {
                let is_fenced = member.is_static && was_fenced(process);
                assert!(is_fenced, "{} ended by itself", member.name);
                member.process = None;
                fenced.push(index);
            }
        }
        for index in fenced {
            println!(
                "{} was fenced, and is started again",
                self.members[index].name
            );
            self.start(index);
        }
        let is_time = self.measured.elapsed() >= MEASURE_EVERY;
        for group in Group::ALL {
            if is_time {
                self.figures.backlog(role(group), self.line.left(group));
                self.measured = Instant::now();
            }
            if let Some((what, mark, since)) = self.healing.get(&group)
                && self.line.done(group) > *mark
            {
                self.figures.recovered(role(group), what, since.elapsed());
                self.healing.remove(&group);
            }
        }
    }

    /// Ends all of them, with success, but for those that were fenced since the last look.
    pub fn dismiss(mut self) -> Figures {
        for member in &mut self.members {
            if let Some(process) = &mut member.process {
                self.figures.memory(role(member.group), process.peak_mib());
                if member.is_static && !process.is_running() && was_fenced(process) {
                    println!("{} was fenced", member.name);
                } else {
                    process.stop();
                }
            }
        }
        self.figures
    }
}

/// Whether a process ended because its group took it for two. A static member
/// that hears nothing of Kafka for a session forgets who it was; when Kafka has
/// not forgotten, the client library calls that fatal, and the process says so
/// and ends. Whoever started it starts it again.
fn was_fenced(process: &mut Process) -> bool {
    process.wait().code() == Some(1) && process.output().contains("Static consumer fenced")
}

/// The role's name on the command line.
pub const fn role(group: Group) -> &'static str {
    match group {
        Group::Ingest => "ingest",
        Group::Processor => "processor",
        Group::Sink => "sink",
    }
}

/// Where a member's state is.
fn store(line: &Installation, name: &str) -> PathBuf {
    line.directory.join(format!("store-{name}"))
}
