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
    let _ = (mail, site);
    Verified::Nothing("not read".into())
}
