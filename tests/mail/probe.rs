//! `simgate mail test` against real servers: what works is said, and what does not, in words.

use std::path::Path;
use std::process::Command;

use simgate::io::account::{Account, Tls};

use crate::broken::servers;
use crate::lmtp::SERVER;

/// The settings file of these accounts, as an operator would write it.
fn settings(folder: &Path, smtp: &Account, imap: &Account) -> std::path::PathBuf {
    let section = |name: &str, account: &Account| {
        let file = |what: &str, octets: &[u8]| {
            let path = folder.join(format!("{name}-{what}"));
            std::fs::write(&path, octets).expect("written");
            path.display().to_string()
        };
        let password = account.password.as_ref().expect("a password");
        let tls = if account.tls == Tls::Implicit { "implicit" } else { "starttls" };
        format!(
            "[mail.{name}]\nhost = \"{}\"\nport = {}\nuser = \"{}\"\ntls = \"{tls}\"\n\
             password_file = \"{}\"\nca_file = \"{}\"\n",
            account.host,
            account.port,
            account.user.as_deref().expect("a user"),
            file("password", password.expose().as_bytes()),
            file("ca.pem", &account.roots),
        )
    };
    let text = format!(
        "[mail]\naddress = \"sms@example.org\"\nauthserv_ids = [\"{SERVER}\"]\n{}{}",
        section("smtp", smtp),
        section("imap", imap)
    );
    let path = folder.join("simgate.toml");
    std::fs::write(&path, text).expect("written");
    path
}

/// Whether it is content, and everything it says.
fn run(settings: &Path) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simgate"));
    let done = command.arg("--config").arg(settings).args(["mail", "test"]).output();
    let done = done.expect("it runs");
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// A probe is sent and read back; a wrong password on either side, a server that is not there and a
/// certificate of somebody else are each said.
#[test]
fn a_probe_says_what_works_and_what_does_not() {
    let Some((dovecot, postfix)) = servers() else { return };
    let (smtp, imap) = (postfix.account(), dovecot.account("sms", Tls::Implicit));
    let folder = tempfile::tempdir().expect("a folder");
    let tried = |smtp: &Account, imap: &Account| run(&settings(folder.path(), smtp, imap));
    let (fine, said) = tried(&smtp, &imap);
    assert!(fine, "{said}{}", postfix.log());
    for words in ["opens INBOX", "takes a mail to sms+probe@example.org", "it arrived"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(said.contains("answers will wait for an admin"), "nobody stamps here: {said}");

    let wrong = |account: &Account| Account {
        password: Some(simgate::types::Secret::new("guessed")),
        ..account.clone()
    };
    let nowhere =
        |account: &Account| Account { port: crate::server::free_port(), ..account.clone() };
    let strange = |account: &Account, other: &Account| Account {
        roots: other.roots.clone(),
        ..account.clone()
    };
    let cases = [
        (smtp.clone(), wrong(&imap), "the mailbox refused user or password"),
        (wrong(&smtp), imap.clone(), "the mail server refused user or password"),
        (nowhere(&smtp), imap.clone(), "refused"),
        (smtp.clone(), nowhere(&imap), "refused"),
        (strange(&smtp, &imap), imap.clone(), "certificate"),
    ];
    for (smtp, imap, words) in cases {
        let (fine, said) = tried(&smtp, &imap);
        assert!(!fine && said.contains(words), "{words}: {said}");
        assert!(!said.contains("guessed"), "no password in what is said: {said}");
    }
}
