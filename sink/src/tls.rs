//! TLS to ClickHouse: whom the client trusts, what it shows of itself, and what
//! to do when no secure connection comes about.
//!
//! The files are read when a client is made, so a new certificate takes effect
//! with the next start. Nothing here can switch the checks off.

use std::path::{Path, PathBuf};

use hyper_tls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use native_tls::{Certificate, Identity, TlsConnector};

use crate::error::SinkError;

/// The files of a connection; all in PEM.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TlsFiles {
    /// The authorities that are trusted, and no others; none: those of the system.
    pub ca: Option<PathBuf>,
    /// What the client shows of itself, and the key to it.
    pub identity: Option<ClientIdentity>,
}

/// A certificate of the client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientIdentity {
    /// The certificate, and after it those that lead to its authority.
    pub certificate: PathBuf,
    /// The private key, PKCS #8 without a password.
    pub key: PathBuf,
}

/// A connector that speaks TLS over another one's connections.
pub(crate) fn connector(
    mut http: HttpConnector,
    files: &TlsFiles,
) -> Result<HttpsConnector<HttpConnector>, SinkError> {
    // By itself it refuses whatever is not plain HTTP.
    http.enforce_http(false);
    let mut builder = TlsConnector::builder();
    if let Some(path) = &files.ca {
        let wrong = wrong("clickhouse.ca_file", path, "certificates in PEM");
        let authorities = Certificate::stack_from_pem(&read("clickhouse.ca_file", path)?);
        let authorities = authorities.map_err(|error| wrong(error.to_string()))?;
        if authorities.is_empty() {
            return Err(wrong("there is none in it".to_owned()));
        }
        builder.disable_built_in_roots(true);
        for authority in authorities {
            builder.add_root_certificate(authority);
        }
    }
    if let Some(ClientIdentity { certificate, key }) = &files.identity {
        let shown = read("clickhouse.certificate_file", certificate)?;
        let secret = read("clickhouse.key_file", key)?;
        if let Err(error) = Certificate::from_pem(&shown) {
            let wrong = wrong(
                "clickhouse.certificate_file",
                certificate,
                "a certificate in PEM",
            );
            return Err(wrong(error.to_string()));
        }
        let identity = Identity::from_pkcs8(&shown, secret.trim_ascii_start());
        builder.identity(identity.map_err(|error| {
            let kind = "a private key in PEM, PKCS #8 without a password \
                 (`openssl pkcs8 -topk8 -nocrypt` makes one of another)";
            wrong("clickhouse.key_file", key, kind)(error.to_string())
        })?);
    }
    // That the key does not fit the certificate shows here.
    let tls = builder.build().map_err(|error| SinkError::TlsFiles {
        reason: error.to_string(),
    })?;
    Ok(HttpsConnector::from((http, tls.into())))
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, SinkError> {
    std::fs::read(path).map_err(|error| SinkError::TlsFile {
        setting,
        path: path.to_owned(),
        reason: format!("cannot be read: {error}"),
    })
}

fn wrong(
    setting: &'static str,
    path: &Path,
    kind: &'static str,
) -> impl Fn(String) -> SinkError + use<> {
    let path = path.to_owned();
    move |reason| SinkError::TlsFile {
        setting,
        path: path.clone(),
        reason: format!("is not {kind}: {reason}"),
    }
}

/// What to do about a connection that failed for reasons of TLS, by what the
/// library says of it; none when that is not why.
pub fn remedy(reason: &str) -> Option<&'static str> {
    const REMEDIES: [(&[&str], &str); 4] = [
        (
            &["ostname mismatch", "IP address mismatch"],
            "its certificate is for other names: put one of them into `clickhouse.url`",
        ),
        (
            &["certificate has expired", "certificate is not yet valid"],
            "its certificate is not valid at this time: renew it, or set the clock",
        ),
        (
            &["certificate verify failed"],
            "nobody that is trusted has signed its certificate: set `clickhouse.ca_file` to the certificate of the authority that has",
        ),
        (
            &[
                "certificate required",
                "alert bad certificate",
                "alert unknown ca",
                "alert handshake failure",
            ],
            "it wants a certificate of the client that it trusts: set `clickhouse.certificate_file` and `clickhouse.key_file`",
        ),
    ];
    const NO_TLS: [&str; 2] = ["wrong version number", "packet length too long"];
    if NO_TLS.iter().any(|sign| reason.contains(sign)) {
        return Some(
            "it does not speak TLS there: set `clickhouse.url` to its HTTPS port, or to http://",
        );
    }
    let fits = |signs: &[&str]| signs.iter().any(|sign| reason.contains(sign));
    let found = REMEDIES.iter().find(|(signs, _)| fits(signs));
    found.map(|(_, remedy)| *remedy)
}

/// What may be the matter with a connection that was closed without a word. A
/// server tells after the handshake (of TLS 1.3) that it wants a certificate, and
/// closes; what was sent to it meanwhile can make the word get lost.
pub fn hint(url: &str, files: &TlsFiles, reason: &str) -> Option<&'static str> {
    const CLOSED: [&str; 3] = ["onnection reset", "roken pipe", "closed before message"];
    let may_be = url.starts_with("https://")
        && files.identity.is_none()
        && CLOSED.iter().any(|sign| reason.contains(sign));
    may_be.then_some(
        "if it wants a certificate of the client, set `clickhouse.certificate_file` and `clickhouse.key_file`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_is_closed_may_want_a_certificate() {
        let reset = "error writing a body to connection: Connection reset by peer (os error 104)";
        let without = TlsFiles::default();
        let of = |url, files, reason| hint(url, files, reason).is_some();
        assert!(of("https://clickhouse:8443", &without, reset));
        assert!(!of("http://clickhouse:8123", &without, reset));
        assert!(!of("https://clickhouse:8443", &without, "dns error"));
        let with = TlsFiles {
            identity: Some(ClientIdentity {
                certificate: "line.pem".into(),
                key: "line.key".into(),
            }),
            ..TlsFiles::default()
        };
        assert!(!of("https://clickhouse:8443", &with, reset));
    }

    #[test]
    fn what_the_library_says_has_a_remedy() {
        for (reason, setting) in [
            (
                "error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify failed:../ssl/statem/statem_clnt.c:1889: (self-signed certificate in certificate chain)",
                "clickhouse.ca_file",
            ),
            (
                "certificate verify failed: (hostname mismatch)",
                "clickhouse.url",
            ),
            (
                "error:0A00010B:SSL routines:ssl3_get_record:wrong version number",
                "http://",
            ),
            ("tlsv13 alert certificate required", "clickhouse.key_file"),
        ] {
            assert!(remedy(reason).unwrap().contains(setting), "{reason}");
        }
        assert_eq!(remedy("connection refused"), None);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_its_setting() {
        let directory = std::env::temp_dir().join(format!("tls-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let nonsense = directory.join("nonsense.pem");
        std::fs::write(&nonsense, "nonsense").unwrap();
        let missing = directory.join("missing.pem");
        let of_ca = |path: &Path| TlsFiles {
            ca: Some(path.to_owned()),
            identity: None,
        };
        let of_client = |certificate: &Path| TlsFiles {
            ca: None,
            identity: Some(ClientIdentity {
                certificate: certificate.to_owned(),
                key: nonsense.clone(),
            }),
        };
        for (files, words) in [
            (of_ca(&missing), ["clickhouse.ca_file", "cannot be read"]),
            (of_ca(&nonsense), ["clickhouse.ca_file", "is not"]),
            (
                of_client(&missing),
                ["clickhouse.certificate_file", "cannot be read"],
            ),
            (
                of_client(&nonsense),
                ["clickhouse.certificate_file", "is not"],
            ),
        ] {
            let error = connector(HttpConnector::new(), &files).unwrap_err();
            let said = error.to_string();
            assert!(words.iter().all(|word| said.contains(word)), "{said}");
        }
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
