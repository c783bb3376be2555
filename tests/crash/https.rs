//! HTTPS as a browser meets it: the certificate we make ourselves, the way there for who forgot the
//! `s`, and the first admin's link.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::program::Program;

/// interfaces: loopback or TLS. A gateway that others can reach makes its certificate, prints its
/// fingerprint, keeps both over a restart, and sends whoever speaks plain HTTP to the right address.
#[tokio::test]
async fn a_gateway_that_others_can_reach_speaks_https_with_its_own_certificate() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    let config = folder.path().join("simgate.toml");
    // Port 0 of every address: anybody could reach it.
    std::fs::write(&config, "[web]\nlisten = \"0.0.0.0:0\"\n[[modem]]\nport = \"/dev/null\"\n")
        .expect("written");
    let words = ["run", "--config", path(&config), "--data", path(&data)];
    let log = folder.path().join("run.log");

    let mut gateway = Program::start(&words, &log);
    let link = gateway.says("sign in once: https://").await.expect("a link for the first admin");
    assert!(link.contains("/signin?key="), "{link}");
    let fingerprint = gateway.says("certificate SHA-256 ").await.expect("a fingerprint");
    let address = gateway.says("ready https://").await.expect("it is ready");

    let (protocol, answer) =
        ask(&data.join("certificate.pem"), &address, &[&b"http/1.1"[..]]).await;
    assert_eq!(protocol.as_deref(), Some(&b"http/1.1"[..]));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!answer.to_lowercase().contains("strict-transport-security"), "{answer}");
    let (protocol, _) = ask(&data.join("certificate.pem"), &address, &[&b"h2"[..]]).await;
    assert_eq!(protocol.as_deref(), Some(&b"h2"[..]), "HTTP/2 for many open tabs");

    let mut plain = TcpStream::connect(&address).await.expect("it listens");
    let call = format!("GET /signin HTTP/1.1\r\nHost: {address}\r\n\r\n");
    plain.write_all(call.as_bytes()).await.expect("written");
    let mut answer = String::new();
    plain.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.contains(&format!("Location: https://{address}/signin\r\n")), "{answer}");

    gateway.terminate().await;
    let mut gateway = Program::start(&words, &log);
    let again = gateway.says("certificate SHA-256 ").await.expect("a fingerprint");
    assert_eq!(again, fingerprint, "browsers that know it are not asked again");
    gateway.terminate().await;
}

fn path(path: &std::path::Path) -> &str {
    path.to_str().expect("a plain path")
}

/// Connects as somebody who trusts the certificate in the file; with HTTP/1.1, asks for /livez.
async fn ask(
    certificate: &std::path::Path,
    address: &str,
    protocols: &[&[u8]],
) -> (Option<Vec<u8>>, String) {
    let pem = std::fs::read(certificate).expect("the certificate");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&pem).expect("PEM")).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(address).await.expect("it listens");
    let name = ServerName::try_from("localhost").expect("a name");
    let tls = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let mut tls = tls.expect("the certificate is good for localhost");
    let agreed = tls.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    let mut answer = String::new();
    if protocols == [&b"http/1.1"[..]] {
        let call = format!("GET /livez HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        tls.write_all(call.as_bytes()).await.expect("written");
        // Whether the other side says goodbye by TLS or not, the answer is here.
        let _ = tls.read_to_string(&mut answer).await;
    }
    (agreed, answer)
}
