//! The certificate that pages are served with: our own, made at the first start, or the operator's.
//!
//! A [`Source`] comes in; a [`Loaded`] configuration for TLS goes out, and again whenever the files
//! changed or our own certificate nears its end. Our own is self-signed: browsers warn once, and the
//! fingerprint printed at the start tells whether it is really us.
//!
//! Absent: when to look again, and who listens (`app::serve`).

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use ring::digest::{SHA256, digest};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::types::{Millis, UnixTime};

/// Where the certificate is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// We make one and keep it in this folder.
    Own {
        /// The data folder.
        folder: PathBuf,
        /// What people may call us: names and addresses.
        names: Vec<String>,
    },
    /// The operator gave one; renewing it is theirs.
    Files {
        /// The certificate and those above it, in PEM.
        certificate: PathBuf,
        /// Its key, in PEM; may be the same file.
        key: PathBuf,
    },
}

/// What TLS is spoken with.
#[derive(Clone)]
pub struct Loaded {
    /// For the listener; HTTP/2 and HTTP/1.1.
    pub config: Arc<ServerConfig>,
    /// SHA-256 of the certificate, in pairs of hexadecimal digits.
    pub fingerprint: String,
    /// When the files were written last; a difference means to load again.
    pub stamp: [Option<SystemTime>; 2],
}

impl Source {
    /// Our own certificate for a gateway that listens there.
    pub fn own(folder: &Path, listen: SocketAddr, public_host: Option<String>) -> Self {
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        if let Ok(name) = rustix::system::uname().nodename().to_str()
            && !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        {
            names.extend([name.to_owned(), format!("{name}.local")]);
        }
        let listening = if listen.ip().is_unspecified() { way_out() } else { Some(listen.ip()) };
        names.extend(listening.map(|address| address.to_string()));
        names.extend(public_host);
        names.sort();
        names.dedup();
        Source::Own { folder: folder.to_owned(), names }
    }

    /// Reads the certificate. Our own is made where there is none, and made anew before its end.
    pub fn load(&self, now: UnixTime) -> anyhow::Result<Loaded> {
        let (certificate, key) = self.paths();
        if let Source::Own { names, .. } = self
            && !still_good(&certificate, &key, now)
        {
            make(&certificate, &key, names, now).context("cannot make a certificate")?;
        }
        let read = |path: &Path| {
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
        };
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(&read(&certificate)?)
                .collect::<Result<_, _>>()
                .with_context(|| format!("no certificate in {}", certificate.display()))?;
        let first = chain
            .first()
            .with_context(|| format!("no certificate in {}", certificate.display()))?;
        let fingerprint = fingerprint(first);
        let secret = PrivateKeyDer::from_pem_slice(&read(&key)?)
            .with_context(|| format!("no key in {}", key.display()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .with_context(|| {
                format!("{} and {} do not fit", certificate.display(), key.display())
            })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Loaded { config: Arc::new(config), fingerprint, stamp: self.stamp() })
    }

    /// Whether there is something else to load than `loaded`.
    pub fn changed(&self, loaded: &Loaded, now: UnixTime) -> bool {
        let (certificate, key) = self.paths();
        let ends = matches!(self, Source::Own { .. }) && !still_good(&certificate, &key, now);
        ends || self.stamp() != loaded.stamp
    }

    fn paths(&self) -> (PathBuf, PathBuf) {
        match self {
            Source::Own { folder, .. } => (folder.join("certificate.pem"), folder.join("key.pem")),
            Source::Files { certificate, key } => (certificate.clone(), key.clone()),
        }
    }

    fn stamp(&self) -> [Option<SystemTime>; 2] {
        let (certificate, key) = self.paths();
        [certificate, key].map(|path| std::fs::metadata(path).and_then(|m| m.modified()).ok())
    }
}

/// The address other machines of the network reach us by: that of the way out. Nothing is sent.
fn way_out() -> Option<IpAddr> {
    let socket = UdpSocket::bind(("0.0.0.0", 0)).ok()?;
    socket.connect(("192.0.2.1", 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_unspecified())
}

/// Whether our own certificate is there and does not end soon; its end stands above it, in words.
fn still_good(certificate: &Path, key: &Path, now: UnixTime) -> bool {
    let Ok(text) = std::fs::read_to_string(certificate) else { return false };
    let end = text.lines().next().and_then(|line| line.strip_prefix(PREFACE));
    let end = end.and_then(|word| UnixTime::parse_rfc3339(word.trim()));
    key.exists() && end.is_some_and(|end| now.after(EARLY) < end)
}

fn make(certificate: &Path, key: &Path, names: &[String], now: UnixTime) -> anyhow::Result<()> {
    // A clock that is not set yet must not make a certificate that is over before it is used.
    let now = now.max(BUILT);
    let end = now.after(LIFE);
    let pair = KeyPair::generate()?;
    let mut params = CertificateParams::new(names.to_vec())?;
    params.distinguished_name.push(DnType::CommonName, "simgate, self-signed");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = (SystemTime::UNIX_EPOCH + age(UnixTime(now.0 - DAY))).into();
    params.not_after = (SystemTime::UNIX_EPOCH + age(end)).into();
    let made = params.self_signed(&pair)?;
    write(key, &pair.serialize_pem())?;
    write(certificate, &format!("{PREFACE}{end}\n{}", made.pem()))
}

fn age(time: UnixTime) -> std::time::Duration {
    std::time::Duration::from_millis(time.0.max(0).cast_unsigned())
}

/// Written whole, for our own user only, or not at all.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    let draft = path.with_extension("new");
    let _ = std::fs::remove_file(&draft);
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(std::fs::rename(&draft, path)?)
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let hash = digest(&SHA256, certificate);
    let pairs: Vec<String> = hash.as_ref().iter().map(|octet| format!("{octet:02X}")).collect();
    pairs.join(":")
}

/// Stands above our own certificate; readers of PEM skip it (RFC 7468 §2).
const PREFACE: &str = "simgate made this certificate itself. It is good until ";
/// Browsers and phones take no longer ones from people who import them.
const LIFE: Millis = Millis::from_secs(800 * 24 * 3_600);
/// So long before its end another one is made.
const EARLY: Millis = Millis::from_secs(30 * 24 * 3_600);
const DAY: i64 = 24 * 3_600 * 1_000;
/// No clock that is right shows an earlier time.
const BUILT: UnixTime = UnixTime(1_767_225_600_000);

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn source(folder: &Path) -> Source {
        Source::own(folder, SocketAddr::from(([192, 0, 2, 9], 8480)), None)
    }

    /// The first start makes it, later ones keep it, the last month before its end makes another.
    #[test]
    fn our_own_certificate_is_kept_until_its_last_month() {
        let folder = tempfile::tempdir().expect("a folder");
        let source = source(folder.path());
        let now = UnixTime(1_795_252_200_000);
        let first = source.load(now).expect("made");
        assert_eq!(first.fingerprint.len(), 95);
        let mode = |name: &str| {
            let data = std::fs::metadata(folder.path().join(name)).expect("written");
            data.permissions().mode() & 0o777
        };
        assert_eq!((mode("key.pem"), mode("certificate.pem")), (0o600, 0o600));
        let later = now.after(Millis::from_secs(700 * 24 * 3_600));
        assert!(!source.changed(&first, later));
        assert_eq!(source.load(later).expect("kept").fingerprint, first.fingerprint);
        let last = now.after(Millis::from_secs(780 * 24 * 3_600));
        assert!(source.changed(&first, last));
        let second = source.load(last).expect("made anew");
        assert_ne!(second.fingerprint, first.fingerprint);
        assert!(!source.changed(&second, last));
    }

    /// A board without a clock makes one that is good when the clock is right.
    #[test]
    fn a_clock_that_is_not_set_makes_no_certificate_of_the_past() {
        let folder = tempfile::tempdir().expect("a folder");
        let source = source(folder.path());
        let made = source.load(UnixTime(0)).expect("made");
        assert!(!source.changed(&made, BUILT.after(Millis::from_secs(300 * 24 * 3_600))));
    }

    /// What an operator replaces is seen; what does not fit is refused with the names of the files.
    #[test]
    fn an_operators_files_are_read_again_when_they_change() {
        let folder = tempfile::tempdir().expect("a folder");
        let now = UnixTime(1_795_252_200_000);
        let own = source(folder.path()).load(now).expect("made");
        let files = Source::Files {
            certificate: folder.path().join("certificate.pem"),
            key: folder.path().join("key.pem"),
        };
        let loaded = files.load(now).expect("read");
        assert_eq!(loaded.fingerprint, own.fingerprint);
        assert!(!files.changed(&loaded, now));
        std::fs::remove_file(folder.path().join("key.pem")).expect("removed");
        assert!(files.changed(&loaded, now));
        let error = files.load(now).map(|_| ()).expect_err("no key").to_string();
        assert!(error.contains("key.pem"), "{error}");
    }
}
