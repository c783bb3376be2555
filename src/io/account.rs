//! An account on a mail server, and how the line to it is protected: rustls on ring, the system's
//! own roots, and for a house with its own authority those of a file.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::types::Secret;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The server's name, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who signs in; nobody, when absent.
    pub user: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// How the line is protected.
    pub tls: Tls,
    /// Certificates believed besides those of the system, in PEM.
    pub roots: Vec<u8>,
}

/// How the line to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From the first octet.
    Implicit,
    /// After `STARTTLS`, and never without.
    Starttls,
    /// Not at all; on this machine only.
    None,
}

impl Account {
    /// The server's address, to connect to.
    pub(super) fn place(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// What verifies the server.
    pub(super) fn client_config(&self) -> Result<ClientConfig, rustls::Error> {
        client_config(&self.roots)
    }
}

/// What verifies a server: the system's own roots, and those given in PEM.
pub(super) fn client_config(roots: &[u8]) -> Result<ClientConfig, rustls::Error> {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let roots = certificates(roots).unwrap_or_default();
    let verifier =
        rustls_platform_verifier::Verifier::new_with_extra_roots(roots, Arc::clone(&ring))?;
    let config = ClientConfig::builder_with_provider(ring).with_safe_default_protocol_versions()?;
    // The verifier is the platform's own; "dangerous" is rustls's word for any that is not its.
    let config = config.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(config.with_no_client_auth())
}

/// Whether the octets are certificates in PEM.
pub fn check_roots(pem: &[u8]) -> Result<(), String> {
    match certificates(pem)?.is_empty() {
        true => Err("holds no certificate in PEM".to_owned()),
        false => Ok(()),
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    read.map_err(|error| error.to_string())
}
