//! `[mail]`: the mailbox that texts are forwarded from and answered to, and the servers it lives on.

use std::net::{IpAddr, SocketAddr};

use super::section::Section;
use crate::email;
use crate::io::account::{Account, Tls};
use crate::io::mail_listener::{Listen, Protocol};

/// `[mail]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Where forwards come from, and answers go with a token after the `+`. `None`: no e-mail.
    pub address: Option<String>,
    /// Other addresses that reach the same mailbox.
    pub aliases: Vec<String>,
    /// The names in `Authentication-Results` that are believed (8601 §2.5).
    pub authserv_ids: Vec<String>,
    /// `List-Id`s of mailing lists that forwards go to (E44).
    pub lists: Vec<String>,
    /// The domain of `number@domain`, by which people start texts.
    pub send_domain: Option<String>,
    /// Without `##` the whole body is sent, as written.
    pub literal: bool,
    /// A mail that would need more segments waits for its author's word.
    pub max_segments: u32,
    /// Texts that one person may send by mail within an hour.
    pub max_per_hour: u32,
    /// A mail bigger than this is not read.
    pub max_megabytes: u32,
    /// Days for which a forward can be answered.
    pub answer_days: u32,
    /// Minutes after which a forward that cannot leave is told by another way.
    pub fall_over_minutes: u32,
    /// Days for which it is kept what became of each mail and each notice.
    pub keep_days: u32,
    /// Days for which a mail waits for an admin.
    pub quarantine_days: u32,
    /// Megabytes of mail that wait for an admin at most.
    pub quarantine_megabytes: u32,
    /// How mail leaves.
    pub smtp: Option<Account>,
    /// Where answers are fetched.
    pub imap: Option<Account>,
    /// The folder answers come to.
    pub folder: String,
    /// Where our own listener takes mail.
    pub listen: Option<Listen>,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            address: None,
            aliases: Vec::new(),
            authserv_ids: Vec::new(),
            lists: Vec::new(),
            send_domain: None,
            literal: false,
            max_segments: 6,
            max_per_hour: 60,
            max_megabytes: 10,
            answer_days: 180,
            fall_over_minutes: 15,
            keep_days: 90,
            quarantine_days: 30,
            quarantine_megabytes: 200,
            smtp: None,
            imap: None,
            folder: "INBOX".to_owned(),
            listen: None,
        }
    }
}

impl Mail {
    /// How much of a mail is looked at.
    pub fn limits(&self) -> email::Limits {
        let megabytes = usize::try_from(self.max_megabytes).unwrap_or(usize::MAX);
        email::Limits { octets: megabytes.saturating_mul(1_000_000), ..email::Limits::default() }
    }

    /// What of a mail becomes the text.
    pub fn extract(&self) -> email::extract::Options {
        email::extract::Options { literal: self.literal, ..email::extract::Options::default() }
    }
}

pub(super) fn mail(mut section: Section<'_>, default: Mail) -> Mail {
    let mail = Mail {
        address: section.parsed("address", address),
        aliases: section.value("aliases").unwrap_or(default.aliases),
        authserv_ids: section.value("authserv_ids").unwrap_or(default.authserv_ids),
        lists: section.value("lists").unwrap_or(default.lists),
        send_domain: section.value("send_domain"),
        literal: section.value("literal").unwrap_or(default.literal),
        max_segments: section.value("max_segments").unwrap_or(default.max_segments),
        max_per_hour: section.value("max_per_hour").unwrap_or(default.max_per_hour),
        max_megabytes: section.value("max_megabytes").unwrap_or(default.max_megabytes),
        answer_days: section.value("answer_days").unwrap_or(default.answer_days),
        fall_over_minutes: section.value("fall_over_minutes").unwrap_or(default.fall_over_minutes),
        keep_days: section.value("keep_days").unwrap_or(default.keep_days).max(LEAST_DAYS),
        quarantine_days: section.value("quarantine_days").unwrap_or(default.quarantine_days),
        quarantine_megabytes: section
            .value("quarantine_megabytes")
            .unwrap_or(default.quarantine_megabytes),
        smtp: account(section.section("smtp"), Tls::Starttls, &[587, 465, 25]),
        imap: None,
        folder: default.folder,
        listen: listen(section.section("listen")),
    };
    let mut imap = section.section("imap");
    let folder = imap.value("folder").unwrap_or(mail.folder);
    let imap = account(imap, Tls::Implicit, &[143, 993, 143]);
    section.finish();
    Mail { imap, folder, ..mail }
}

/// Mail servers try for five days, and a mail that comes again must be known (E52).
const LEAST_DAYS: u32 = 7;

/// One server; `ports` are those of starttls, implicit and none.
fn account(mut section: Section<'_>, tls: Tls, ports: &[u16; 3]) -> Option<Account> {
    let host: Option<String> = section.value("host");
    let here = host.as_deref().is_none_or(is_loopback);
    let tls = section
        .parsed("tls", |word: &str| match word {
            "implicit" => Ok(Tls::Implicit),
            "starttls" => Ok(Tls::Starttls),
            "none" if here => Ok(Tls::None),
            "none" => Err("passwords and texts would be readable on the way: \"none\" is for a \
                           server on this machine only"
                .to_owned()),
            other => Err(format!("{other:?} is none of implicit, starttls, none")),
        })
        .unwrap_or(tls);
    let [starttls, implicit, none] = *ports;
    let usual = match tls {
        Tls::Starttls => starttls,
        Tls::Implicit => implicit,
        Tls::None => none,
    };
    let account = Account {
        port: section.value("port").unwrap_or(usual),
        user: section.value("user"),
        password: section.secret("password", "password_file", |_| Ok(())),
        roots: section.parsed("ca_file", pem).unwrap_or_default(),
        tls,
        host: host.clone().unwrap_or_default(),
    };
    section.finish();
    host.map(|_| account)
}

fn listen(mut section: Section<'_>) -> Option<Listen> {
    let address = section.parsed("address", |text: &str| {
        let address: SocketAddr = text
            .parse()
            .map_err(|_| format!("{text:?} is no address with port such as 127.0.0.1:2525"))?;
        match is_private(address.ip()) {
            true => Ok(address),
            false => Err("mail is taken on the loopback or in a private network only".to_owned()),
        }
    });
    let protocol = section.parsed("protocol", |word: &str| match word {
        "smtp" => Ok(Protocol::Smtp),
        "lmtp" => Ok(Protocol::Lmtp),
        other => Err(format!("{other:?} is neither smtp nor lmtp")),
    });
    section.finish();
    address.map(|address| Listen { address, protocol: protocol.unwrap_or(Protocol::Lmtp) })
}

fn address(text: &str) -> Result<String, String> {
    let plain = text.chars().all(|c| c.is_ascii_graphic() && !"<>,;:\"\\()[]+".contains(c));
    let parts = text.split_once('@');
    let whole = parts.is_some_and(|(user, domain)| {
        !user.is_empty() && user.len() <= 24 && domain.contains('.') && !domain.contains('@')
    });
    match plain && whole {
        true => Ok(text.to_owned()),
        false => Err(format!("{text:?} is no address such as sms@example.org, without +")),
    }
}

fn pem(path: &str) -> Result<Vec<u8>, String> {
    let octets = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    crate::io::account::check_roots(&octets).map_err(|what| format!("{path}: {what}"))?;
    Ok(octets)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Environment};
    use super::*;

    fn mail_of(text: &str) -> Result<Mail, String> {
        Config::parse(text, "f", &Environment::default())
            .map(|config| config.mail)
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_mailbox_needs_a_host_and_gets_the_usual_ports() {
        let mail = mail_of(
            "[mail]\naddress = \"sms@example.org\"\n[mail.smtp]\nhost = \"smtp.example.org\"\n\
             [mail.imap]\nhost = \"imap.example.org\"\n",
        )
        .expect("a sound file");
        let (smtp, imap) = (mail.smtp.expect("named"), mail.imap.expect("named"));
        assert_eq!((smtp.port, smtp.tls), (587, Tls::Starttls));
        assert_eq!((imap.port, imap.tls), (993, Tls::Implicit));
        assert_eq!(mail.folder, "INBOX");
    }

    #[test]
    fn nothing_goes_unprotected_to_another_machine_and_nothing_listens_to_the_world() {
        let told = mail_of(
            "[mail.smtp]\nhost = \"smtp.example.org\"\ntls = \"none\"\n\
             [mail.listen]\naddress = \"192.0.2.1:25\"\n",
        )
        .expect_err("two problems");
        assert!(
            told.contains("f:3: mail.smtp.tls: passwords and texts would be readable"),
            "{told}"
        );
        assert!(told.contains("f:5: mail.listen.address: mail is taken on the loopback"), "{told}");
        let here = mail_of("[mail.smtp]\nhost = \"127.0.0.1\"\ntls = \"none\"\nport = 2525\n");
        assert_eq!(here.expect("loopback").smtp.expect("named").port, 2525);
    }

    #[test]
    fn an_address_with_a_plus_or_a_line_end_is_no_address_of_ours() {
        for bad in ["sms", "sms+a@example.org", "a b@example.org", "a@b", "a@b.c\\r\\nBcc: d@e.f"] {
            assert!(mail_of(&format!("[mail]\naddress = \"{bad}\"\n")).is_err(), "{bad}");
        }
    }
}
