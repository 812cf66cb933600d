//! Drives a [`Role`] on the calling thread until it is told to stop.

use crate::role::{Role, Step};
use crate::stop::Stop;

/// Steps the role until a stop is requested, then lets it finish.
///
/// A step may block while the broker is away; the role's source and publisher
/// hold the same [`Stop`] and give up when it expires. An error that comes of
/// giving up is no failure: what is undone is done after the next start.
pub fn run<R: Role>(role: &mut R, stop: &Stop) -> Result<(), R::Error> {
    while !stop.is_requested() {
        if let Err(error) = role.step() {
            return forgive(error, stop);
        }
    }
    role.finish().or_else(|error| forgive(error, stop))
}

/// Steps roles in turn until none of them has anything to do, then lets them
/// finish: how the line runs without a broker.
///
/// The order matters for speed only: a role that comes after its supplier
/// finds its records in the same round.
pub fn run_until_idle<E>(roles: &mut [&mut dyn Role<Error = E>]) -> Result<(), E>
where
    E: std::error::Error + Send + Sync + 'static,
{
    loop {
        let mut worked = false;
        for role in roles.iter_mut() {
            while role.step()? == Step::Worked {
                worked = true;
            }
        }
        if !worked {
            break;
        }
    }
    roles.iter_mut().try_for_each(|role| role.finish())
}

fn forgive<E: std::error::Error>(error: E, stop: &Stop) -> Result<(), E> {
    if stop.is_expired() {
        tracing::warn!(%error, "stopped before the work at hand was done; the next start repeats it");
        Ok(())
    } else {
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[derive(Debug, thiserror::Error)]
    #[error("failed")]
    struct Failed;

    /// Counts its steps down, and requests a stop after the last.
    struct Countdown {
        left: u32,
        finished: bool,
        fails: bool,
        stop: Stop,
        patience: Duration,
    }

    impl Countdown {
        fn new(left: u32, patience: Duration) -> Self {
            Self {
                left,
                finished: false,
                fails: false,
                stop: Stop::new(),
                patience,
            }
        }
    }

    impl Role for Countdown {
        type Error = Failed;

        fn step(&mut self) -> Result<Step, Failed> {
            if self.left == 0 {
                self.stop.request(self.patience);
                return if self.fails {
                    Err(Failed)
                } else {
                    Ok(Step::Idle)
                };
            }
            self.left -= 1;
            Ok(Step::Worked)
        }

        fn finish(&mut self) -> Result<(), Failed> {
            self.finished = true;
            Ok(())
        }
    }

    #[test]
    fn a_role_runs_until_the_stop_and_then_finishes() {
        let mut role = Countdown::new(3, Duration::from_mins(1));
        let stop = role.stop.clone();
        run(&mut role, &stop).unwrap();
        assert!(role.finished && role.left == 0);
    }

    #[test]
    fn a_failure_is_forgiven_only_when_the_patience_is_over() {
        for (patience, forgiven) in [(Duration::from_mins(1), false), (Duration::ZERO, true)] {
            let mut role = Countdown::new(0, patience);
            role.fails = true;
            let stop = role.stop.clone();
            assert_eq!(run(&mut role, &stop).is_ok(), forgiven);
        }
    }

    #[test]
    fn roles_in_turn_end_when_none_has_work() {
        let mut first = Countdown::new(2, Duration::ZERO);
        let mut second = Countdown::new(5, Duration::ZERO);
        run_until_idle(&mut [&mut first, &mut second]).unwrap();
        assert!(first.finished && second.finished && second.left == 0);
    }
}
