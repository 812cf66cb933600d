//! `throughline health`: asks a running process how it is, for probes that have
//! nothing but this program.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::cli::HealthArgs;
use crate::config::Settings;

/// How long connecting, and then each piece of the answer, may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// No more of an answer is read, in bytes: a line for each part of the process.
const MAX_ANSWER_BYTES: u64 = 65_536;

/// Asks the process that serves on `telemetry.listen`. It is an error when it
/// does not answer or says that it is not well.
pub fn execute(settings: &Settings, args: HealthArgs) -> anyhow::Result<()> {
    let Some(listen) = settings.telemetry.listen else {
        bail!(
            "telemetry.listen is empty: set it to an address such as 127.0.0.1:9464, here and for the process"
        );
    };
    let (path, well) = if args.live {
        ("/healthz", "alive")
    } else {
        ("/readyz", "ready")
    };
    let address = reachable(listen);
    let (status, report) = ask(address, path)
        .with_context(|| format!("{address} does not answer {path}; does the process run?"))?;
    if status != "200" {
        bail!("not {well} (status {status} of {address}{path}):\n{report}");
    }
    print!("{well}\n{report}");
    Ok(())
}

/// An address to connect to: a process that listens on all of the machine's is
/// asked on its loopback address.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// Status and body of a page. The old version of the protocol closes the
/// connection after the answer, and sends it whole.
fn ask(address: SocketAddr, path: &str) -> anyhow::Result<(String, String)> {
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    write!(connection, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    connection
        .take(MAX_ANSWER_BYTES)
        .read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("what answers there does not speak HTTP")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    Ok((status.to_owned(), body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_on_the_loopback_address() {
        for (listen, asked) in [
            ("0.0.0.0:9464", "127.0.0.1:9464"),
            ("[::]:9464", "[::1]:9464"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("10.1.2.3:9464", "10.1.2.3:9464"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
