//! A running dashboard, and a client of it that shows what an answer carries.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::http::{free_address, get};
use crate::installation::Installation;
use crate::process::{Process, until};

/// A dashboard of an installation.
pub struct Served {
    /// It ends with this.
    _process: Process,
    /// Where it is.
    pub address: String,
    /// Where its metrics are.
    pub telemetry: String,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The lines of the head.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }

    /// The name and value of a cookie that is set.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut set = lines.filter(|(known, _)| known.eq_ignore_ascii_case("set-cookie"));
        set.find_map(|(_, value)| {
            let pair = value.split(';').next()?;
            pair.starts_with(&format!("{name}="))
                .then(|| pair.to_owned())
        })
    }
}

impl Served {
    /// Starts one on a free port, and waits until it knows the tenants.
    pub fn start(line: &Installation, name: &str) -> Self {
        let address = free_address();
        let mut command = line.command(&["dashboard"]);
        command.env("THROUGHLINE_DASHBOARD__LISTEN", &address);
        let telemetry = free_address();
        command.env("THROUGHLINE_TELEMETRY__LISTEN", &telemetry);
        let process = line.start_command(name, command);
        until("the dashboard answers", || {
            get(&address, "/healthz").is_ok_and(|(status, _)| status == 200)
        });
        Self {
            _process: process,
            address,
            telemetry,
        }
    }

    /// Waits until the dashboard has looked what tenants there are.
    pub fn knows(&self, tenant: &str, headers: &[(&str, &str)]) {
        until("the dashboard knows the tenants", || {
            let answer = self.get(&format!("/live?tenant={tenant}"), headers);
            // Of a tenant that is not known it is said what to send.
            answer.status == 200 && !answer.body.contains("event_id, occurred_at")
        });
    }

    /// Asks for an address.
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request("GET", path, headers, "")
    }

    /// Sends a form.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Answer {
        let mut all = vec![("Content-Type", "application/x-www-form-urlencoded")];
        all.extend_from_slice(headers);
        self.request("POST", path, &all, form)
    }

    fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut connection = self.open(method, path, headers, body);
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    fn open(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        connection
            .set_read_timeout(Some(Duration::from_mins(2)))
            .unwrap();
        connection.set_nodelay(true).unwrap();
        let mut head = format!(
            "{method} {path} HTTP/1.0\r\nContent-Length: {}\r\n",
            body.len()
        );
        if !headers.iter().any(|(name, _)| *name == "Host") {
            let _ = write!(head, "Host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        connection
            .write_all(format!("{head}\r\n{body}").as_bytes())
            .unwrap();
        connection
    }

    /// Listens for events, and gives the name of each.
    pub fn events(&self, path: &str, headers: &[(&str, &str)]) -> impl Iterator<Item = String> {
        let connection = BufReader::new(self.open("GET", path, headers, ""));
        let lines = connection.lines().map_while(Result::ok);
        lines.filter_map(|line| line.strip_prefix("event: ").map(str::to_owned))
    }
}

/// A value in an address.
pub fn encoded(text: &str) -> String {
    let mut all = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            all.push(char::from(byte));
        } else {
            let _ = write!(all, "%{byte:02X}");
        }
    }
    all
}
