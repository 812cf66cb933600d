//! A ClickHouse that answers by a script, to see what the sink makes of it.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use throughline_sink::Connection;

/// What it answers to one request.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// The rows are taken.
    Ok,
    /// An exception: its number and text.
    Exception(u32, &'static str),
    /// The connection is closed without an answer.
    HangUp,
    /// No answer, ever.
    Silence,
}

/// Answers the requests in turn; after the last answer all are taken.
pub struct Fake {
    pub address: String,
    /// The bodies of the requests, as they came.
    pub bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Fake {
    /// Listens until the process ends.
    pub fn start(answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect::<VecDeque<_>>()));
        let seen = Arc::clone(&bodies);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answers) = (Arc::clone(&seen), Arc::clone(&answers));
                thread::spawn(move || serve(&stream, &seen, &answers));
            }
        });
        Self { address, bodies }
    }

    pub fn connection(&self) -> Connection {
        connection(&self.address)
    }
}

pub fn connection(address: &str) -> Connection {
    Connection {
        url: format!("http://{address}"),
        database: "d".into(),
        user: "default".into(),
        password: String::new(),
        tls: throughline_sink::TlsFiles::default(),
        cluster: String::new(),
        connect_timeout_ms: 1_000,
        request_timeout_ms: 60_000,
    }
}

fn serve(stream: &TcpStream, seen: &Mutex<Vec<Vec<u8>>>, answers: &Mutex<VecDeque<Answer>>) {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(body) = request(&mut reader) {
        seen.lock().unwrap().push(body);
        let answer = answers.lock().unwrap().pop_front().unwrap_or(Answer::Ok);
        let text = match answer {
            Answer::Ok => "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned(),
            Answer::Exception(code, text) => {
                let text = format!("Code: {code}. DB::Exception: {text}");
                format!(
                    "HTTP/1.1 500 Internal Server Error\r\nx-clickhouse-exception-code: {code}\r\n\
                     content-length: {}\r\n\r\n{text}",
                    text.len()
                )
            }
            Answer::HangUp => return,
            Answer::Silence => loop {
                thread::park();
            },
        };
        if writer.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

/// Reads one request with a chunked body; `None` when the connection ends.
fn request(reader: &mut BufReader<&TcpStream>) -> Option<Vec<u8>> {
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let length = usize::from_str_radix(line.trim(), 16).ok()?;
        let mut chunk = vec![0; length + 2];
        reader.read_exact(&mut chunk).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(&chunk[..length]);
    }
}
