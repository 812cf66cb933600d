//! A bucket: as much of S3 as the program asks for, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A server with one bucket for whoever asks.
pub struct Bucket {
    address: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    refuses: AtomicBool,
    over: AtomicBool,
}

/// What was asked.
struct Request {
    method: String,
    /// Without the bucket.
    key: String,
    query: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Bucket {
    /// An empty one.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                if serving.over.load(Ordering::SeqCst) {
                    break;
                }
                let shared = Arc::clone(&serving);
                // Whoever asks may be killed in the middle of it.
                std::thread::spawn(move || shared.answer(&connection?));
            }
        });
        Self { address, shared }
    }

    /// By which variables the program finds it.
    pub fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "here".to_owned()),
            ("AWS_ACCESS_KEY_ID", "somebody".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ]
    }

    /// Whether to refuse everything from now on.
    pub fn refuse(&self, refuses: bool) {
        self.shared.refuses.store(refuses, Ordering::SeqCst);
    }

    /// The newest offsets of which there are manifests, by partition.
    pub fn manifests(&self, topic: &str) -> BTreeMap<i32, i64> {
        let objects = self.shared.objects.lock().unwrap();
        let keys = objects.keys().filter(|key| key.contains("/manifest-"));
        let mut newest = BTreeMap::new();
        for key in keys {
            let (_, rest) = key.split_once(&format!("{topic}/")).unwrap();
            let (partition, rest) = rest.split_once("-of-").unwrap();
            let name = rest.split('/').nth(1).unwrap();
            let offset: i64 = name.split_once('-').unwrap().1.parse().unwrap();
            let known = newest.entry(partition.parse().unwrap()).or_insert(offset);
            *known = offset.max(*known);
        }
        newest
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(&self.address);
    }
}

impl Shared {
    fn answer(&self, connection: &TcpStream) -> std::io::Result<()> {
        let request = read(connection)?;
        let (status, body) = if self.refuses.load(Ordering::SeqCst) {
            (
                "403 Forbidden",
                b"<Error><Code>AccessDenied</Code></Error>".to_vec(),
            )
        } else {
            self.perform(request)
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\nETag: \"1\"\r\n\
             Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n",
            body.len()
        );
        let mut connection = connection;
        connection.write_all(head.as_bytes())?;
        connection.write_all(&body)
    }

    fn perform(&self, request: Request) -> (&'static str, Vec<u8>) {
        let mut objects = self.objects.lock().unwrap();
        match request.method.as_str() {
            "GET" if request.key.is_empty() => {
                let (prefix, delimiter) = (&request.query["prefix"], &request.query["delimiter"]);
                ("200 OK", list(&objects, prefix, delimiter).into_bytes())
            }
            "GET" => match objects.get(&request.key) {
                Some(body) => ("200 OK", body.clone()),
                None => ("404 Not Found", Vec::new()),
            },
            "PUT" => {
                objects.insert(request.key, request.body);
                ("200 OK", Vec::new())
            }
            "DELETE" => {
                objects.remove(&request.key);
                ("204 No Content", Vec::new())
            }
            _ => ("405 Method Not Allowed", Vec::new()),
        }
    }
}

fn list(objects: &BTreeMap<String, Vec<u8>>, prefix: &str, delimiter: &str) -> String {
    let mut directories = BTreeSet::new();
    let mut text = "<ListBucketResult>".to_owned();
    for (key, body) in objects {
        let Some(rest) = key.strip_prefix(prefix) else {
            continue;
        };
        if let Some((directory, _)) = rest.split_once(delimiter) {
            directories.insert(format!("{prefix}{directory}{delimiter}"));
        } else {
            let size = body.len();
            write!(
                text,
                "<Contents><Key>{key}</Key><Size>{size}</Size>\
                 <LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            )
            .unwrap();
        }
    }
    for directory in directories {
        write!(
            text,
            "<CommonPrefixes><Prefix>{directory}</Prefix></CommonPrefixes>"
        )
        .unwrap();
    }
    text + "</ListBucketResult>"
}

fn read(connection: &TcpStream) -> std::io::Result<Request> {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        let header = line.to_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let key = path.trim_start_matches('/');
    let key = key.split_once('/').map_or("", |(_, key)| key);
    let query = query.split('&').filter_map(|pair| pair.split_once('='));
    let plain = |text: &str| text.replace("%2F", "/");
    Ok(Request {
        method,
        key: plain(key),
        query: query
            .map(|(name, value)| (plain(name), plain(value)))
            .collect(),
        body,
    })
}
