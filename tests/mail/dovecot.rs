//! Dovecot: mailboxes for everybody at example.org, filled by LMTP, read by IMAP.

use std::path::{Path, PathBuf};
use std::process::Command;

use simgate::io::account::{Account, Tls};
use simgate::types::Secret;

use crate::server::{Server, certificate, free_port, installed};

const PROGRAM: &str = "/usr/sbin/dovecot";
/// Everybody's.
pub const PASSWORD: &str = "secret-of-example.org";

/// A running Dovecot; its mail outlives a stop.
pub struct Dovecot {
    folder: tempfile::TempDir,
    server: Option<Server>,
    imap: u16,
    imaps: u16,
    pub lmtp: u16,
    /// Where Postfix asks for passwords.
    pub auth: u16,
    certificate: String,
}

impl Dovecot {
    /// Starts one; `None` where there is none.
    pub fn start() -> Option<Dovecot> {
        if !installed(PROGRAM) {
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let (certificate, key) = certificate();
        let mut dovecot = Dovecot {
            folder,
            server: None,
            imap: free_port(),
            imaps: free_port(),
            lmtp: free_port(),
            auth: free_port(),
            certificate,
        };
        dovecot.write(&key);
        dovecot.run();
        Some(dovecot)
    }

    fn write(&self, key: &str) {
        use std::os::unix::fs::PermissionsExt;
        let folder = self.folder.path();
        std::fs::write(folder.join("cert.pem"), &self.certificate).expect("written");
        std::fs::write(folder.join("key.pem"), key).expect("written");
        let mail = folder.join("mail");
        std::fs::create_dir(&mail).expect("a folder");
        // The mailboxes belong to nobody in particular, who must get to them.
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(&mail, open).expect("permissions");
        let through = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder, through).expect("permissions");
        let (at, imap, imaps) = (folder.display(), self.imap, self.imaps);
        let (lmtp, auth) = (self.lmtp, self.auth);
        let settings = format!(
            "base_dir = {at}/run\nstate_dir = {at}/state\nlog_path = {at}/log\n\
             protocols = imap lmtp\nlisten = 127.0.0.1\n\
             ssl = yes\nssl_cert = <{at}/cert.pem\nssl_key = <{at}/key.pem\n\
             disable_plaintext_auth = no\nauth_username_format = %Ln\n\
             mail_location = maildir:{at}/mail/%n\nrecipient_delimiter = +\n\
             first_valid_uid = 1\n\
             passdb {{\n  driver = static\n  args = password={PASSWORD}\n}}\n\
             userdb {{\n  driver = static\n  args = uid=nobody gid=nogroup home={at}/mail/%n allow_all_users=yes\n}}\n\
             service imap-login {{\n  inet_listener imap {{\n    port = {imap}\n  }}\n  \
             inet_listener imaps {{\n    port = {imaps}\n    ssl = yes\n  }}\n}}\n\
             service lmtp {{\n  inet_listener lmtp {{\n    address = 127.0.0.1\n    port = {lmtp}\n  }}\n}}\n\
             service auth {{\n  inet_listener {{\n    address = 127.0.0.1\n    port = {auth}\n  }}\n}}\n"
        );
        std::fs::write(folder.join("dovecot.conf"), settings).expect("written");
    }

    /// Starts it again on the same mail.
    pub fn run(&mut self) {
        let settings = self.folder.path().join("dovecot.conf");
        let mut command = Command::new(PROGRAM);
        command.arg("-F").arg("-c").arg(settings);
        self.server = Some(Server::start(&mut command, self.lmtp));
    }

    /// Stops it; lines end as with a crash.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// The account of somebody.
    pub fn account(&self, user: &str, tls: Tls) -> Account {
        Account {
            host: "127.0.0.1".to_owned(),
            port: if tls == Tls::Implicit { self.imaps } else { self.imap },
            user: Some(user.to_owned()),
            password: Some(Secret::new(PASSWORD)),
            tls,
            roots: self.certificate.clone().into_bytes(),
        }
    }

    fn box_of(&self, user: &str) -> PathBuf {
        self.folder.path().join("mail").join(user)
    }

    /// The mails in somebody's mailbox, in the order they came.
    pub fn mails(&self, user: &str) -> Vec<String> {
        let mut files: Vec<PathBuf> = Vec::new();
        for part in ["new", "cur"] {
            if let Ok(there) = std::fs::read_dir(self.box_of(user).join(part)) {
                files.extend(there.filter_map(|entry| Some(entry.ok()?.path())));
            }
        }
        let name = |path: &Path| path.file_name().map(|name| name.to_owned());
        files.sort_by_key(|path| name(path));
        files.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect()
    }

    /// What it wrote about itself, for a test that fails.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}
