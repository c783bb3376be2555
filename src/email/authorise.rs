//! Whether the author of a mail may do what it asks.
//!
//! Three things are wanted together (E45): an address only we could make, an author the text was
//! sent to or an authorised person, and the receiving server's word that the author is who the
//! mail says. Where one is missing the mail waits for an admin.

use super::{Address, MailIn, Site, Verified, results};

/// Who may answer in a thread, as the store knows it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rights<'a> {
    /// The addresses the customer's latest message was forwarded to (S51, C14).
    pub addressees: &'a [Address],
    /// People with an account who may send on this line.
    pub users: &'a [Address],
}

/// The right by which an author is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    /// The text was sent to this address.
    Addressee,
    /// A person with an account.
    User,
}

/// An author who may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The address in `From`.
    pub author: Address,
    /// By which right.
    pub by: As,
}

/// Why a mail waits for an admin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// E46: the right address, an unknown author.
    #[error("{0} is neither one of the addresses the text was sent to nor an authorised person")]
    Stranger(Address),
    /// E45: the receiving server did not confirm the author.
    #[error("the author is not confirmed: {0}")]
    Unverified(String),
    /// No author, or several, or one in a form that servers read differently.
    #[error("the mail does not name one author: {0} addresses in From")]
    Authors(usize),
    /// E45: a reply address nobody of us made.
    #[error("the reply address was not made by this gateway")]
    Forged,
    /// Neither a reply address nor the id of one of our mails.
    #[error("the mail answers nothing")]
    NoThread,
    /// E44: came through a mailing list that the settings do not name.
    #[error("the mail came through the mailing list {0}, which the settings do not name")]
    List(String),
    /// E42: from a machine's address.
    #[error("the mail comes from a machine: {0}")]
    Robot(String),
    /// E73: too many mails in a short time.
    #[error("too many mails: {0}")]
    Flood(String),
}

/// Whether the author of `mail` may act with these rights.
///
/// [`Doubt::Unverified`] is given only for an author who has the right: its registered owner may be
/// told. A stranger is told nothing.
pub fn authorise(mail: &MailIn, site: &Site, rights: Rights<'_>) -> Result<Accepted, Doubt> {
    let Some(author) = mail.author() else {
        return Err(Doubt::Authors(mail.from.len()));
    };
    let holds = |address: &Address| match () {
        () if rights.addressees.contains(address) => Some(As::Addressee),
        () if rights.users.contains(address) => Some(As::User),
        () => None,
    };
    // E44: a list that the settings name passes mails on; the list is who the text was sent to.
    let list = list_address(mail, site).filter(|list| *list != *author);
    if let Some((list, by)) = list.and_then(|list| Some((list.clone(), holds(&list)?))) {
        return match results::sent_by(mail, site, list.domain()) {
            true => Ok(Accepted { author: list, by }),
            false => Err(Doubt::Unverified("the mailing list is not confirmed".into())),
        };
    }
    let by = holds(author).ok_or_else(|| Doubt::Stranger(author.clone()))?;
    match results::verified(mail, site) {
        Verified::Pass => Ok(Accepted { author: author.clone(), by }),
        Verified::Fail(why) | Verified::Nothing(why) => Err(Doubt::Unverified(why)),
    }
}

/// The posting address of the configured list a mail came through.
fn list_address(mail: &MailIn, site: &Site) -> Option<Address> {
    let id = mail.field("list-id")?;
    let id = id.rsplit_once('<').and_then(|(_, id)| id.split_once('>')).map_or(id, |(id, _)| id);
    site.lists.iter().find(|list| list.trim().eq_ignore_ascii_case(id.trim()))?;
    let post = mail.field("list-post")?;
    let address = post.split_once("mailto:")?.1.split(['>', '?', ' ']).next()?;
    let address = Address::parse(address).ok()?;
    // The id must be the list's own: `desk.lists.example.org` is `desk@lists.example.org`.
    id.trim().to_ascii_lowercase().ends_with(address.domain()).then_some(address)
}
