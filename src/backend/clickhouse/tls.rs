//! The HTTP connection to ClickHouse: plain, or TLS with the system's authorities or the ones of
//! `ca_file`, and with a client certificate where there is one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper_rustls::{ConfigBuilderExt, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::backend::{CONNECT_TIMEOUT, ConnectError};
use crate::model::settings::ClickHouse;

/// Below the server's `keep_alive_timeout`: 3 s before 23.11, 10 s since.
const IDLE: Duration = Duration::from_secs(2);

/// Returns a client of the `clickhouse` crate over a pool of our own.
///
/// # Errors
/// A URL that is none, and files that cannot be read or hold no certificate or key.
pub(super) fn http_client(settings: &ClickHouse, folder: &Path) -> Result<clickhouse::Client, ConnectError> {
    let encrypted = is_encrypted(&settings.url)?;
    let mut tcp = HttpConnector::new();
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    tcp.set_keepalive(Some(Duration::from_secs(60)));
    tcp.set_nodelay(true);
    let mut pool = HyperClient::builder(TokioExecutor::new());
    pool.pool_idle_timeout(IDLE).pool_timer(hyper_util::rt::TokioTimer::new());
    if !encrypted {
        no_files(settings)?;
        return Ok(clickhouse::Client::with_http_client(pool.build(tcp)));
    }
    tcp.enforce_http(false);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config(settings, folder)?)
        .https_only()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(clickhouse::Client::with_http_client(pool.build(connector)))
}

/// Returns whether the URL asks for TLS.
fn is_encrypted(url: &str) -> Result<bool, ConnectError> {
    let problem = |problem| Err(ConnectError::Url { problem });
    let (encrypted, rest) = match url.split_once("://") {
        Some(("http", rest)) => (false, rest),
        Some(("https", rest)) => (true, rest),
        _ => return problem("begins with neither http:// nor https://"),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return problem("names no host");
    }
    if authority.contains('@') {
        return problem("holds credentials; they belong in user and password");
    }
    if rest.contains(['?', '#']) {
        return problem("has parameters; they belong in settings");
    }
    Ok(encrypted)
}

/// Refuses certificate files that a plain connection would leave unused.
fn no_files(settings: &ClickHouse) -> Result<(), ConnectError> {
    let files = [
        ("ca_file", &settings.ca_file),
        ("cert_file", &settings.cert_file),
        ("key_file", &settings.key_file),
    ];
    match files.into_iter().find_map(|(what, file)| Some((what, file.clone()?))) {
        Some((what, path)) => Err(ConnectError::File {
            what,
            path,
            reason: "is of no use with a url that begins with http://".to_owned(),
        }),
        None => Ok(()),
    }
}

fn config(settings: &ClickHouse, folder: &Path) -> Result<ClientConfig, ConnectError> {
    let failed = |error: &dyn std::fmt::Display| ConnectError::Tls { reason: error.to_string() };
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?;
    let trusting = match &settings.ca_file {
        Some(path) => builder.with_root_certificates(authorities(path, folder)?),
        None => builder.with_native_roots().map_err(|error| failed(&error))?,
    };
    let Some((cert_file, key_file)) = client_files(settings)? else {
        return Ok(trusting.with_no_client_auth());
    };
    let chain = certificates("cert_file", cert_file, folder)?;
    let key = PrivateKeyDer::from_pem_file(resolve(key_file, folder))
        .map_err(|error| file("key_file", key_file, pem_reason(&error, "private key")))?;
    trusting
        .with_client_auth_cert(chain, key)
        .map_err(|error| file("key_file", key_file, format!("does not fit cert_file: {error}")))
}

/// Returns the files of the client certificate; both or none.
fn client_files(settings: &ClickHouse) -> Result<Option<(&str, &str)>, ConnectError> {
    match (&settings.cert_file, &settings.key_file) {
        (Some(cert), Some(key)) => Ok(Some((cert, key))),
        (None, None) => Ok(None),
        (Some(cert), None) => Err(file("cert_file", cert, "needs a key_file beside it".into())),
        (None, Some(key)) => Err(file("key_file", key, "needs a cert_file beside it".into())),
    }
}

fn authorities(path: &str, folder: &Path) -> Result<RootCertStore, ConnectError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates("ca_file", path, folder)? {
        store.add(certificate).map_err(|error| file("ca_file", path, error.to_string()))?;
    }
    Ok(store)
}

fn certificates(
    what: &'static str,
    path: &str,
    folder: &Path,
) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let found: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(resolve(path, folder)).and_then(Iterator::collect);
    match found {
        Ok(found) if found.is_empty() => Err(file(what, path, "holds no certificate in PEM".to_owned())),
        Ok(found) => Ok(found),
        Err(error) => Err(file(what, path, pem_reason(&error, "certificate"))),
    }
}

fn pem_reason(error: &rustls::pki_types::pem::Error, what: &str) -> String {
    use rustls::pki_types::pem::Error as Pem;
    match error {
        Pem::Io(error) => format!("cannot be read: {error}"),
        Pem::NoItemsFound => format!("holds no {what} in PEM"),
        other => format!("is not PEM: {other}"),
    }
}

fn file(what: &'static str, path: &str, reason: String) -> ConnectError {
    ConnectError::File { what, path: path.to_owned(), reason }
}

fn resolve(path: &str, folder: &Path) -> PathBuf {
    folder.join(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    fn settings(url: &str) -> ClickHouse {
        ClickHouse {
            url: url.into(),
            user: "charter".into(),
            password: Secret::new(""),
            cluster: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            timeout: Duration::from_secs(1),
            mutation_timeout: Duration::from_secs(1),
            settings: Default::default(),
        }
    }

    fn problem(settings: &ClickHouse, folder: &Path) -> String {
        http_client(settings, folder).map(|_| ()).expect_err("refused").to_string()
    }

    #[test]
    fn urls_are_checked_and_never_repeated() {
        let here = Path::new(".");
        for (url, says) in [
            ("127.0.0.1:8123", "neither"),
            ("tcp://h:9000", "neither"),
            ("http://", "no host"),
            ("http://u:hunter5@h:8123", "credentials"),
            ("http://h:8123/?user=x", "parameters"),
        ] {
            let text = problem(&settings(url), here);
            assert!(text.contains(says), "{url}: {text}");
            assert!(!text.contains("hunter5"), "{text}");
        }
        assert!(http_client(&settings("http://[::1]:8123"), here).is_ok());
    }

    #[test]
    fn files_that_do_not_fit_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("empty.pem"), "nothing").expect("written");
        let mut none = settings("https://h:8443");
        none.ca_file = Some("missing.pem".into());
        let text = problem(&none, folder.path());
        assert!(text.contains("ca_file missing.pem cannot be read"), "{text}");
        none.ca_file = Some("empty.pem".into());
        let text = problem(&none, folder.path());
        assert_eq!(text, "ca_file empty.pem holds no certificate in PEM");
        none.ca_file = None;
        none.key_file = Some("key.pem".into());
        assert_eq!(problem(&none, folder.path()), "key_file key.pem needs a cert_file beside it");
        let mut plain = settings("http://h:8123");
        plain.ca_file = Some("ca.pem".into());
        let text = problem(&plain, folder.path());
        assert!(text.contains("ca_file ca.pem is of no use"), "{text}");
    }
}
