//! As much of an HTTP client as is needed here.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Status and body of a page.
pub fn get(address: &str, path: &str) -> std::io::Result<(u16, String)> {
    request(address, "GET", path, b"")
}

/// Status and body of the answer to a body that was sent.
pub fn post(address: &str, path: &str, body: impl AsRef<[u8]>) -> std::io::Result<(u16, String)> {
    request(address, "POST", path, body.as_ref())
}

/// The values of a metric on a page of them, whatever its labels.
pub fn metric(page: &str, name: &str) -> Vec<f64> {
    let samples = page.lines().filter(|line| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['{', ' ']))
    });
    samples
        .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
        .collect()
}

/// An address that nobody listens on, for a process that is about to.
pub fn free_address() -> String {
    let port = TcpListener::bind("127.0.0.1:0").unwrap();
    port.local_addr().unwrap().to_string()
}

/// The old version closes the connection after the answer, and sends it whole.
fn request(address: &str, method: &str, path: &str, body: &[u8]) -> std::io::Result<(u16, String)> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(Duration::from_mins(2)))?;
    // Small pieces would wait for acknowledgements that the other side delays.
    connection.set_nodelay(true)?;
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n");
    connection.write_all(head.as_bytes())?;
    connection.write_all(body)?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    let answer = String::from_utf8(answer).map_err(std::io::Error::other)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other("the answer has no status"))?;
    Ok((status, body.to_owned()))
}
