//! A cluster of ClickHouse servers of one shard each, which the line reaches by a
//! relay before them.
//!
//! The servers are real, and so is all that goes on between them. The server
//! inside the chdb library cannot do two things that a packaged one can: it has
//! no worker for statements `ON CLUSTER`, and no port by which replicas fetch parts of each
//! other. So the relay does what that worker would: it has every server execute
//! such a statement, with the plain engine in the place of the replicated one, after
//! ClickHouse's own parser has read it as it was.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::http;
use super::services::OwnClickHouse;

/// The name of the cluster.
pub const NAME: &str = "shards";
const ON_CLUSTER: &str = " ON CLUSTER `shards`";
/// What a replicated engine says more than a plain one.
const REPLICA: &str = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'";

/// Running servers.
pub struct Cluster {
    servers: Vec<OwnClickHouse>,
    addresses: Arc<Vec<String>>,
}

impl Cluster {
    /// So many servers.
    pub fn start(name: &str, shards: usize) -> Self {
        let ports: Vec<_> = (0..shards).map(|_| http::free_address()).collect();
        let shards: String = ports
            .iter()
            .map(|address| {
                let port = port(address);
                [
                    "<shard><internal_replication>true</internal_replication><replica>",
                    "<host>127.0.0.1</host><port>",
                    port,
                    "</port></replica></shard>",
                ]
                .concat()
            })
            .collect();
        let config = format!(
            "<clickhouse><remote_servers><{NAME}>{shards}</{NAME}></remote_servers></clickhouse>"
        );
        let servers: Vec<_> = ports
            .iter()
            .enumerate()
            .map(|(index, address)| {
                OwnClickHouse::with_file(&format!("{name}-{index}"), port(address), &config)
            })
            .collect();
        let addresses = servers.iter().map(|server| server.address.clone());
        Self {
            addresses: Arc::new(addresses.collect()),
            servers,
        }
    }

    /// The address of a new relay that leads each request to another server, or
    /// all of them to the first.
    pub fn relay(&self, alternates: bool) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let servers = Arc::clone(&self.addresses);
        let turn = Arc::new(AtomicUsize::new(0));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (servers, turn) = (Arc::clone(&servers), Arc::clone(&turn));
                std::thread::spawn(move || {
                    let turn = if alternates {
                        turn.fetch_add(1, Ordering::Relaxed)
                    } else {
                        0
                    };
                    // Whoever asked sees a connection that ends.
                    let _ = pass_on(&stream, &servers, turn % servers.len());
                });
            }
        });
        address
    }

    /// Each server's answer to a query on a database.
    pub fn query(&self, database: &str, sql: &str) -> Vec<String> {
        let servers = self.servers.iter();
        servers
            .map(|server| {
                let path = format!("/?database={database}");
                let (status, body) = http::post(&server.address, &path, sql).unwrap();
                assert_eq!(status, 200, "{sql}\n{body}");
                body.trim_end().to_owned()
            })
            .collect()
    }

    /// Where the first server speaks ClickHouse's own protocol.
    pub fn native(&self) -> &str {
        &self.servers[0].native
    }
}

fn port(address: &str) -> &str {
    address.rsplit(':').next().unwrap()
}

struct Request {
    line: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

fn pass_on(stream: &TcpStream, servers: &[String], server: usize) -> std::io::Result<()> {
    let request = read(&mut BufReader::new(stream))?;
    let sql = String::from_utf8_lossy(&request.body).into_owned();
    let mut client = stream;
    if !sql.contains(ON_CLUSTER) {
        return client.write_all(&ask(&servers[server], &request, &request.body)?);
    }
    // The settings are left out: a parser needs none.
    let (status, answer) = http::post(&servers[server], "/", format!("EXPLAIN AST {sql}"))?;
    if status != 200 && !sql.starts_with("SYSTEM ") {
        return client.write_all(&plain(500, &answer));
    }
    if sql.starts_with("SYSTEM SYNC REPLICA ") {
        return client.write_all(&plain(200, ""));
    }
    let sql = sql
        .replace(ON_CLUSTER, "")
        .replace("ENGINE = Replicated", "ENGINE = ")
        .replace(&format!("{REPLICA}, "), "")
        .replace(REPLICA, "");
    let mut answers = Vec::new();
    for server in servers {
        answers.push(ask(server, &request, sql.as_bytes())?);
    }
    let failed = answers
        .iter()
        .find(|answer| !answer.starts_with(b"HTTP/1.0 200"));
    client.write_all(failed.unwrap_or(&answers[0]))
}

fn plain(status: u16, text: &str) -> Vec<u8> {
    let length = text.len();
    // The header alone makes it an exception.
    let code = if status == 200 {
        ""
    } else {
        "X-ClickHouse-Exception-Code: 62\r\n"
    };
    format!("HTTP/1.0 {status} -\r\n{code}Content-Length: {length}\r\n\r\n{text}").into_bytes()
}

/// Asks a server the same with another body; the old version of HTTP gets the answer whole.
fn ask(server: &str, request: &Request, body: &[u8]) -> std::io::Result<Vec<u8>> {
    let line = request.line.replace("HTTP/1.1", "HTTP/1.0");
    let mut head = format!("{line}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in &request.headers {
        if !matches!(
            name.as_str(),
            "content-length" | "transfer-encoding" | "connection" | "expect"
        ) {
            head.extend([name, ": ", value, "\r\n"]);
        }
    }
    head += "\r\n";
    let mut connection = TcpStream::connect(server)?;
    connection.set_nodelay(true)?;
    connection.write_all(head.as_bytes())?;
    connection.write_all(body)?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    Ok(answer)
}

fn read(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Request> {
    let line = read_line(reader)?;
    let mut headers = BTreeMap::new();
    loop {
        let line = read_line(reader)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    if let Some(length) = headers.get("content-length") {
        body.resize(length.parse().map_err(std::io::Error::other)?, 0);
        reader.read_exact(&mut body)?;
    } else if headers.contains_key("transfer-encoding") {
        loop {
            let length = read_line(reader)?;
            let length = usize::from_str_radix(&length, 16).map_err(std::io::Error::other)?;
            let mut chunk = vec![0; length + 2];
            reader.read_exact(&mut chunk)?;
            if length == 0 {
                break;
            }
            body.extend_from_slice(&chunk[..length]);
        }
    }
    Ok(Request {
        line,
        headers,
        body,
    })
}

fn read_line(reader: &mut BufReader<&TcpStream>) -> std::io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
