//! As much of an HTTP client as the tests need.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Status and body of a page.
pub fn get(address: &str, path: &str) -> std::io::Result<(u16, String)> {
    request(address, "GET", path, "")
}

/// Status and body of the answer to a body that was sent.
pub fn post(address: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
    request(address, "POST", path, body)
}

/// The old version closes the connection after the answer, and sends it whole.
fn request(address: &str, method: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(Duration::from_mins(2)))?;
    let length = body.len();
    write!(
        connection,
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    let answer = String::from_utf8(answer).map_err(std::io::Error::other)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other("the answer has no status"))?;
    Ok((status, body.to_owned()))
}
