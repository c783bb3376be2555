//! Postfix: a submission server with STARTTLS and a password, which hands everything to Dovecot.

use std::path::Path;
use std::process::{Command, Stdio};

use simgate::io::account::{Account, Tls};
use simgate::types::Secret;

use crate::dovecot::{Dovecot, PASSWORD};
use crate::server::{Server, certificate, free_port, installed};

const PROGRAM: &str = "/usr/sbin/postfix";

/// A running Postfix; what it has taken outlives a stop.
pub struct Postfix {
    folder: tempfile::TempDir,
    server: Option<Server>,
    port: u16,
    /// A second way in without STARTTLS, so that a proxy can see what is said.
    pub unprotected: u16,
    /// Where it hands everything for sms.example.org over by LMTP.
    pub handed_over: u16,
    certificate: String,
}

impl Postfix {
    /// Starts one in front of Dovecot, which also knows its passwords; `None` where there is none.
    pub fn start(dovecot: &Dovecot) -> Option<Postfix> {
        if !installed(PROGRAM) {
            return None;
        }
        // It wants its log in one of a few places.
        let folder = tempfile::tempdir_in("/tmp").expect("a folder");
        let (certificate, key) = certificate();
        let mut postfix = Postfix {
            folder,
            server: None,
            port: free_port(),
            unprotected: free_port(),
            handed_over: free_port(),
            certificate,
        };
        postfix.write(&key, dovecot);
        postfix.run();
        Some(postfix)
    }

    fn write(&self, key: &str, dovecot: &Dovecot) {
        use std::os::unix::fs::PermissionsExt;
        let at = self.folder.path();
        std::fs::set_permissions(at, std::fs::Permissions::from_mode(0o755)).expect("permissions");
        for part in ["etc", "queue", "data"] {
            std::fs::create_dir(at.join(part)).expect("a folder");
        }
        let owned = Command::new("chown").arg("postfix").arg(at.join("data")).status();
        assert!(owned.expect("chown").success());
        std::fs::write(at.join("etc/cert.pem"), &self.certificate).expect("written");
        std::fs::write(at.join("etc/key.pem"), key).expect("written");
        let (lmtp, auth, at, port) = (dovecot.lmtp, dovecot.auth, at.display(), self.port);
        let handed_over = self.handed_over;
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {at}/queue\ndata_directory = {at}/data\n\
             maillog_file = {at}/log\nmaillog_file_prefixes = /tmp\nmyhostname = mail.example.org\n\
             mydestination =\nlocal_recipient_maps =\nalias_maps =\nmynetworks =\n\
             inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
             default_transport = lmtp:inet:127.0.0.1:{lmtp}\n\
             transport_maps = inline:{{ sms.example.org=lmtp:inet:127.0.0.1:{handed_over} }}\n\
             smtpd_tls_cert_file = {at}/etc/cert.pem\nsmtpd_tls_key_file = {at}/etc/key.pem\n\
             smtpd_tls_security_level = encrypt\nsmtpd_sasl_auth_enable = yes\n\
             smtpd_sasl_type = dovecot\nsmtpd_sasl_path = inet:127.0.0.1:{auth}\n\
             smtpd_relay_restrictions = permit_sasl_authenticated, reject\n\
             smtpd_recipient_restrictions = check_recipient_access inline:{{nobody@example.org=REJECT}}, permit\n\
             minimal_backoff_time = 1s\nmaximal_backoff_time = 2s\nqueue_run_delay = 1s\n"
        );
        let unprotected = self.unprotected;
        let master = format!(
            "{port} inet n - n - - smtpd\n\
             {unprotected} inet n - n - - smtpd -o smtpd_tls_security_level=none\ncleanup unix n - n - 0 cleanup\nqmgr unix n - n 1 1 qmgr\n\
             rewrite unix - - n - - trivial-rewrite\nbounce unix - - n - 0 bounce\n\
             defer unix - - n - 0 bounce\ntrace unix - - n - 0 bounce\nerror unix - - n - - error\n\
             retry unix - - n - - error\nlmtp unix - - n - - lmtp\nanvil unix - - n - 1 anvil\n\
             scache unix - - n - 1 scache\ntlsmgr unix - - n 1000? 1 tlsmgr\n\
             proxymap unix - - n - - proxymap\npostlog unix-dgram n - n - 1 postlogd\n"
        );
        std::fs::write(self.folder.path().join("etc/main.cf"), main).expect("written");
        std::fs::write(self.folder.path().join("etc/master.cf"), master).expect("written");
    }

    fn command(&self, word: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        command.arg("-c").arg(self.folder.path().join("etc")).arg(word);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Starts it again with what it had not handed over.
    pub fn run(&mut self) {
        self.server = Some(Server::start(&mut self.command("start-fg"), self.port));
    }

    /// Stops it.
    pub fn stop(&mut self) {
        let _ = self.command("stop").status();
        self.server = None;
    }

    /// The gateway's account on it.
    pub fn account(&self) -> Account {
        Account {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            user: Some("gateway".to_owned()),
            password: Some(Secret::new(PASSWORD)),
            tls: Tls::Starttls,
            roots: self.certificate.clone().into_bytes(),
        }
    }

    /// The same account without protection, by the proxy on `port`.
    pub fn unprotected_account(&self, port: u16) -> Account {
        Account { port, tls: Tls::None, ..self.account() }
    }

    /// What it wrote about itself, for a test that fails.
    pub fn log(&self) -> String {
        let log = self.folder.path().join("log");
        std::fs::read_to_string(Path::new(&log)).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.stop();
    }
}
