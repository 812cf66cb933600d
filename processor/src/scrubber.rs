//! Has the files of the store rewritten, beside the work, when persons were erased.

use std::collections::BTreeSet;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use metrics::counter;
use throughline_stream::metric_names;

use crate::error::ProcessorError;
use crate::purge::When;
use crate::store::Store;

type Scrubbed = Result<(), ProcessorError>;

/// How long to leave a store alone that could not be rewritten: its disk may be full or broken, and
/// each try reads and writes all of its tables.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_mins(1);

/// Rewrites files beside the work.
#[derive(Default)]
pub struct Scrubber {
    /// Partitions whose files have something that is to go.
    waiting: BTreeSet<u32>,
    /// What is being rewritten.
    running: Option<(BTreeSet<u32>, JoinHandle<Scrubbed>)>,
    /// When that was begun last.
    begun: Option<Instant>,
    /// Whether the last try failed.
    has_failed: bool,
}

impl Scrubber {
    /// Nothing is to be rewritten.
    pub fn new() -> Self {
        // An alarm needs something to compare with.
        counter!(metric_names::PROCESSOR_SCRUB_FAILURES_TOTAL).increment(0);
        Self::default()
    }

    /// Something was erased from a partition's state.
    pub fn erased(&mut self, partition: u32) {
        self.waiting.insert(partition);
    }

    /// Begins to rewrite what waits, unless it was done lately.
    pub fn look<S: Store>(&mut self, store: &S, when: &When) {
        if self.waiting.is_empty() && self.running.is_none() {
            return;
        }
        if let Some((partitions, thread)) = self.running.take() {
            if !thread.is_finished() {
                self.running = Some((partitions, thread));
                return;
            }
            self.end(partitions, thread);
        }
        let pause = match when {
            When::Told(_) => Duration::ZERO,
            When::Later { delay, .. } => *delay,
        };
        let pause = if self.has_failed {
            pause.max(PAUSE_AFTER_FAILURE)
        } else {
            pause
        };
        let was_lately = self.begun.is_some_and(|begun| begun.elapsed() < pause);
        if self.waiting.is_empty() || was_lately {
            return;
        }
        self.begun = Some(Instant::now());
        let partitions = std::mem::take(&mut self.waiting);
        let (store, theirs) = (
            store.clone(),
            partitions.iter().copied().collect::<Vec<_>>(),
        );
        let thread = std::thread::spawn(move || store.scrub(&theirs));
        self.running = Some((partitions, thread));
    }

    /// Rewrites all that waits, and waits for it.
    pub fn finish<S: Store>(&mut self, store: &S) {
        if let Some((partitions, thread)) = self.running.take() {
            self.end(partitions, thread);
        }
        let partitions: Vec<u32> = std::mem::take(&mut self.waiting).into_iter().collect();
        if !partitions.is_empty()
            && let Err(error) = store.scrub(&partitions)
        {
            failed(&error);
        }
    }

    fn end(&mut self, partitions: BTreeSet<u32>, thread: JoinHandle<Scrubbed>) {
        match thread.join() {
            Ok(Ok(())) => self.has_failed = false,
            Ok(Err(error)) => {
                self.has_failed = true;
                failed(&error);
                self.waiting.extend(partitions);
            }
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn failed(error: &ProcessorError) {
    counter!(metric_names::PROCESSOR_SCRUB_FAILURES_TOTAL).increment(1);
    tracing::error!(
        %error,
        "what was erased may still stand in the files of the store; it is tried again after a pause and at the end"
    );
}
