//! What the receiving server found out about a mail's sender (RFC 8601), and nobody else.
//!
//! Everybody can write an `Authentication-Results` header. Ours is the topmost one, because each
//! server puts its own above what it received, and only if it begins with a configured name.

use super::{MailIn, Site};

/// Whether the domain in `From` is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// DMARC passed, or, where the domain publishes no policy, an aligned DKIM or SPF.
    Pass,
    /// The server says it is not.
    Fail(String),
    /// The server says nothing we may believe; with the reason.
    Nothing(String),
}

/// What the receiving server says about the domain in `From`.
pub fn verified(mail: &MailIn, site: &Site) -> Verified {
    let Some(author) = mail.author() else { return Verified::Nothing("no single author".into()) };
    let results = match results(mail, site) {
        Ok(results) => results,
        Err(why) => return Verified::Nothing(why),
    };
    let domain = author.domain();
    let dmarc: Vec<&Finding> = results.iter().filter(|r| r.method == "dmarc").collect();
    let about = |finding: &&&Finding| {
        finding.property("header.from").is_some_and(|from| of_domain(from) == domain)
    };
    match dmarc.iter().find(about) {
        Some(finding) if finding.result == "pass" => Verified::Pass,
        Some(finding) if finding.result != "none" => {
            Verified::Fail(format!("DMARC {}", finding.result))
        }
        None if !dmarc.is_empty() => {
            Verified::Nothing("the result of DMARC is not about the domain in From".into())
        }
        // The domain publishes no policy: the same proof, without its word on what to do.
        _ if aligned(&results, domain) => Verified::Pass,
        _ => Verified::Nothing("neither DMARC nor an aligned DKIM or SPF passed".into()),
    }
}

/// Whether the receiving server says that this domain sent the mail, whoever its author is (E44).
pub(super) fn sent_by(mail: &MailIn, site: &Site, domain: &str) -> bool {
    results(mail, site).is_ok_and(|results| aligned(&results, domain))
}

/// DKIM or SPF passed for `domain` or one it belongs to (RFC 7489 §3.1, relaxed).
fn aligned(results: &[Finding], domain: &str) -> bool {
    let belongs = |found: &str| {
        let found = of_domain(found);
        domain == found
            || (found.contains('.')
                && domain.strip_suffix(found.as_str()).is_some_and(|d| d.ends_with('.')))
    };
    results.iter().filter(|finding| finding.result == "pass").any(|finding| {
        let names: &[&str] = match finding.method.as_str() {
            "dkim" => &["header.d", "header.i"],
            "spf" => &["smtp.mailfrom"],
            _ => &[],
        };
        names.iter().filter_map(|name| finding.property(name)).any(belongs)
    })
}

/// One method's result.
#[derive(Debug)]
struct Finding {
    method: String,
    result: String,
    properties: Vec<(String, String)>,
}

impl Finding {
    fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// The findings in the topmost header, if that is the receiving server's.
fn results(mail: &MailIn, site: &Site) -> Result<Vec<Finding>, String> {
    let top = mail.field("authentication-results");
    let top = top.ok_or("the receiving server wrote no Authentication-Results")?;
    let text = without_comments(top);
    let mut pieces = text.split(';').map(str::trim);
    let server = pieces.next().unwrap_or_default();
    // A version may follow the name (RFC 8601 §2.2).
    let server = server.split_whitespace().next().unwrap_or_default();
    if !site.authserv_ids.iter().any(|own| own.eq_ignore_ascii_case(server)) {
        let server: String = server.chars().take(80).collect();
        return Err(format!(
            "the topmost Authentication-Results is by {server:?}, not by our server"
        ));
    }
    Ok(pieces.take(MOST_FINDINGS).filter_map(finding).collect())
}

/// `dkim=pass reason="..." header.d=example.org`.
fn finding(piece: &str) -> Option<Finding> {
    let lower = piece.to_ascii_lowercase();
    let mut words = lower.split_whitespace();
    let (method, result) = words.next()?.split_once('=')?;
    let method = method.split('/').next()?.to_owned();
    let properties = words.filter_map(|word| word.split_once('='));
    let properties =
        properties.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()));
    Some(Finding { method, result: result.to_owned(), properties: properties.collect() })
}

/// Comments nest and may hold anything, also what looks like a result. So may quoted strings.
fn without_comments(text: &str) -> String {
    let (mut out, mut depth, mut quoted, mut escaped) = (String::new(), 0_u32, false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            // Of a quoted string only letters are kept: no separator may come out of it.
            c if quoted => out.extend(Some(c).filter(|c| in_word(*c))),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '@' | '_')
}

/// The domain of `user@domain`, `@domain` or `domain`.
fn of_domain(text: &str) -> String {
    text.rsplit('@').next().unwrap_or(text).trim_matches(['<', '>', '.']).to_ascii_lowercase()
}

const MOST_FINDINGS: usize = 50;
