//! ClickHouse over TLS. The server that tests run on speaks none, so a proxy
//! stands before it, as one does in many deployments.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use super::keys::Keys;
use crate::http::free_address;
use crate::installation::{Called, Installation};
use crate::process::until;
use crate::traffic;

/// Takes TLS off connections: LISTEN TARGET CERTIFICATE KEY [CA OF CLIENTS].
const PROXY: &str = r"
import socket, ssl, sys, threading
listen, target, certificate, key, *ca = sys.argv[1:]
address = lambda text: (text.rsplit(':', 1)[0], int(text.rsplit(':', 1)[1]))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
if ca:
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ca[0])
def pump(source, sink):
    try:
        while data := source.recv(65536): sink.sendall(data)
    except OSError: pass
    for end in (source, sink):
        try: end.shutdown(socket.SHUT_RDWR)
        except OSError: pass
def serve(plain):
    try: client = context.wrap_socket(plain, server_side=True)
    except OSError: return plain.close()
    server = socket.create_connection(address(target))
    threading.Thread(target=pump, args=(client, server), daemon=True).start()
    pump(server, client)
server = socket.create_server(address(listen))
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
";

struct Proxy {
    address: String,
    child: Child,
}

impl Proxy {
    fn start(target: &str, keys: &Keys, clients: Option<&str>) -> Self {
        let address = free_address();
        let mut command = Command::new("python3");
        command.args(["-c", PROXY, &address, target]);
        command.args([keys.path("server.pem"), keys.path("server.key")]);
        command.args(clients.map(|ca| keys.path(ca)));
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        until("the proxy listens", || TcpStream::connect(&address).is_ok());
        Self { address, child }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn fails(called: &Called, words: &[&str]) {
    assert_eq!(called.code, Some(1), "{}{}", called.out, called.err);
    for word in words {
        assert!(called.err.contains(word), "{word}: {}", called.err);
    }
}

#[test]
fn clickhouse_is_reached_over_tls_and_a_wrong_certificate_says_what_to_set() {
    let traffic = traffic::small();
    let mut line = Installation::new("tls", &traffic.plan.settings());
    let keys = Keys::new(&line.directory.join("keys"));
    let open = Proxy::start(&line.clickhouse, &keys, None);
    let closed = Proxy::start(&line.clickhouse, &keys, Some("ca.pem"));
    let apply = ["schema", "apply"];

    line.config["clickhouse"]["url"] = format!("https://{}", open.address).into();
    fails(
        &line.call(&apply),
        &["clickhouse.ca_file", "certificate verify failed"],
    );
    line.config["clickhouse"]["ca_file"] = keys.text("other-ca.pem").into();
    fails(
        &line.call(&apply),
        &["clickhouse.ca_file", "certificate verify failed"],
    );
    line.config["clickhouse"]["ca_file"] = keys.text("none.pem").into();
    fails(
        &line.call(&apply),
        &["clickhouse.ca_file", "none.pem", "cannot be read"],
    );
    line.config["clickhouse"]["ca_file"] = keys.text("ca.pem").into();
    let port = open.address.rsplit(':').next().unwrap();
    line.config["clickhouse"]["url"] = format!("https://localhost:{port}").into();
    fails(&line.call(&apply), &["clickhouse.url", "other names"]);
    line.config["clickhouse"]["url"] = format!("https://{}", line.clickhouse).into();
    fails(&line.call(&apply), &["does not speak TLS"]);
    line.config["clickhouse"]["url"] = format!("https://{}", open.address).into();
    line.call(&apply).succeeds();

    line.config["clickhouse"]["url"] = format!("https://{}", closed.address).into();
    fails(
        &line.call(&apply),
        &["clickhouse.certificate_file", "clickhouse.key_file"],
    );
    line.config["clickhouse"]["certificate_file"] = keys.text("line.pem").into();
    line.config["clickhouse"]["key_file"] = keys.text("server.key").into();
    fails(&line.call(&apply), &["clickhouse.key_file"]);
    line.config["clickhouse"]["key_file"] = keys.text("line.key").into();
    traffic.send(&line);
    line.run_until_idle();
    line.assert_views(&traffic.expected);
    let served = crate::dashboard::served::Served::start(&line, "dashboard");
    served.knows("default", &[]);
    assert_eq!(served.get("/?tenant=default", &[]).status, 200);
}
