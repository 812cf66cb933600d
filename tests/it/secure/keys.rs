//! Keys and certificates, made anew for a test.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A directory with an authority, what it signed, and a stranger.
pub struct Keys(PathBuf);

impl Keys {
    /// `ca`, `server` for 127.0.0.1, and `line`, a client, in PEM; `other-ca`
    /// signed none of them; `server-store.pem` has key and certificate.
    pub fn new(directory: &Path) -> Self {
        std::fs::create_dir_all(directory).unwrap();
        let keys = Self(directory.to_owned());
        for authority in ["ca", "other-ca"] {
            let subject = format!("/CN={authority}");
            keys.openssl(&format!(
                "req -x509 -newkey rsa:2048 -nodes -days 2 -subj {subject} \
                 -keyout {authority}.key -out {authority}.pem"
            ));
        }
        std::fs::write(keys.path("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
        for name in ["server", "line"] {
            keys.openssl(&format!(
                "req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"
            ));
            keys.openssl(&format!(
                "x509 -req -days 2 -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
                 -extfile names -out {name}.pem"
            ));
        }
        let read = |name: &str| std::fs::read_to_string(keys.path(name)).unwrap();
        let store = read("server.key") + &read("server.pem");
        std::fs::write(keys.path("server-store.pem"), store).unwrap();
        keys
    }

    /// Where a file is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The same as text.
    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn openssl(&self, arguments: &str) {
        let mut command = Command::new("openssl");
        command
            .args(arguments.split_whitespace())
            .current_dir(&self.0);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "openssl {arguments}\n{said}");
    }
}
