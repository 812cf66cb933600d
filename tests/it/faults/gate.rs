//! A gate before ClickHouse, which can be shut, or pass what is asked and lose
//! what is answered.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

/// How often threads look whether the gate has changed.
const GLANCE: Duration = Duration::from_millis(20);

/// What the gate does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gate {
    /// Everything passes.
    Open,
    /// Every connection is closed, as by a server that is away.
    Shut,
    /// Connections stand, and what is sent goes nowhere.
    Mute,
    /// What is sent arrives and is done; instead of the answer the connection ends.
    LosesReplies,
}

const ALL: [Gate; 4] = [Gate::Open, Gate::Shut, Gate::Mute, Gate::LosesReplies];

/// A gate on a port of its own.
pub struct GateKeeper {
    /// Where to connect, `host:port`.
    pub address: String,
    state: State,
}

#[derive(Clone)]
struct State {
    gate: Arc<AtomicU8>,
    swallowed: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

impl State {
    fn gate(&self) -> Gate {
        ALL[usize::from(self.gate.load(Ordering::SeqCst))]
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }
}

impl GateKeeper {
    /// An open gate before the server at this address.
    pub fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let state = State {
            gate: Arc::default(),
            swallowed: Arc::default(),
            over: Arc::default(),
        };
        let keeper = Self {
            address: listener.local_addr().unwrap().to_string(),
            state: state.clone(),
        };
        let server = server.to_owned();
        std::thread::spawn(move || accept(&listener, &server, &state));
        keeper
    }

    /// Changes the gate, for connections that stand, too.
    pub fn set(&self, gate: Gate) {
        let number = ALL.iter().position(|other| *other == gate).unwrap();
        self.state.gate.store(number as u8, Ordering::SeqCst);
    }

    /// How many bytes a mute gate has taken so far.
    pub fn swallowed(&self) -> usize {
        self.state.swallowed.load(Ordering::SeqCst)
    }
}

impl Drop for GateKeeper {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::SeqCst);
    }
}

fn accept(listener: &TcpListener, server: &str, state: &State) {
    while !state.is_over() {
        let Ok((client, _)) = listener.accept() else {
            std::thread::sleep(GLANCE);
            continue;
        };
        if state.gate() == Gate::Shut {
            continue;
        }
        let Ok(server) = TcpStream::connect(server) else {
            continue;
        };
        for stream in [&client, &server] {
            stream.set_nonblocking(false).unwrap();
            stream.set_nodelay(true).unwrap();
            stream.set_read_timeout(Some(GLANCE)).unwrap();
        }
        let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let requests = state.clone();
        std::thread::spawn(move || pass(from, to, &requests, false));
        let replies = state.clone();
        std::thread::spawn(move || pass(server, client, &replies, true));
    }
}

/// Passes what one side says to the other until one of them, or the gate, ends it.
fn pass(mut from: TcpStream, mut to: TcpStream, state: &State, is_reply: bool) {
    let mut buffer = vec![0; 64 << 10];
    let mut is_incomplete = false;
    while !state.is_over() {
        let gate = state.gate();
        // What was swallowed cannot be passed any more.
        if gate == Gate::Shut || (is_incomplete && gate != Gate::Mute) {
            break;
        }
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                continue;
            }
            Err(_) => break,
        };
        if gate == Gate::Mute {
            state.swallowed.fetch_add(count, Ordering::SeqCst);
            is_incomplete = true;
            continue;
        }
        if is_reply && state.gate() == Gate::LosesReplies {
            break;
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
