//! What is around every page: where one is, where one can go, how the lines are, who one is.

use super::strip::Strip;
use crate::store::StoreError;
use crate::web::App;
use crate::web::assets::Addresses;
use crate::web::auth::Caller;

/// What `base.html` shows around a page.
pub(in crate::web) struct Frame {
    pub(super) title: String,
    pub(super) organisation: String,
    pub(super) assets: Addresses,
    /// A visitor who is not signed in sees no way to pages he cannot open.
    pub(super) signed_in: bool,
    pub(super) demo: bool,
    pub(super) here: &'static str,
    /// Opened by a notice's link: there is one conversation and nowhere else to go.
    pub(super) alone: bool,
    /// The section of the help page that "?" leads to.
    pub(super) help: &'static str,
    /// Who is signed in, as the menu names them.
    pub(super) who: String,
    /// Whether changes can be made at all, and to the gateway itself.
    pub(super) may: May,
    /// Texts that are news to the viewer: the badge of the inbox.
    pub(super) unread: u32,
    /// Modems and what their lines may still send.
    pub(super) strip: String,
    /// The change up to which the page is current; its stream begins there.
    pub(super) seq: i64,
}

/// What the viewer's role allows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct May {
    /// Answer, claim, close, write contacts.
    pub(super) send: bool,
    /// Change the gateway itself.
    pub(super) admin: bool,
}

/// One entry of the navigation.
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) href: &'static str,
    pub(super) icon: &'static str,
    pub(super) here: bool,
}

/// Entries of the navigation that belong together.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) places: Vec<Place>,
}

/// The settings pages: group, name, address, and whether only admins open them.
const SETTINGS: &[(&str, &str, &str, bool)] = &[
    ("Texts", "Templates", "/templates", true),
    ("Texts", "Rules", "/rules", true),
    ("Texts", "Prompts", "/prompts", true),
    ("Texts", "Queue", "/queue", false),
    ("Texts", "Refusals", "/refusals", true),
    ("Texts", "Quarantine", "/quarantine", true),
    ("Texts", "All texts", "/texts", false),
    ("Texts", "Reports", "/reports", false),
    ("Gateway", "Lines", "/lines", true),
    ("Gateway", "Modems", "/modems", true),
    ("Gateway", "People", "/people", true),
    ("Gateway", "Health", "/health", false),
    ("Gateway", "Audit", "/audit", true),
    ("Programs", "Tokens", "/tokens", true),
    ("Programs", "API", "/docs/api", false),
    ("You", "Account", "/account", false),
];

impl Frame {
    /// The frame of a page at `here` as `caller` sees it. `here` is the address of its entry in the
    /// navigation, `help` a section of the help page.
    pub(super) async fn of(
        app: &App,
        caller: &Caller,
        title: impl Into<String>,
        here: &'static str,
        help: &'static str,
    ) -> Result<Self, StoreError> {
        let (viewer, own, now) = (caller.user(), caller.line(), app.now());
        let alone = caller.thread().is_some();
        let read = app.store.read(move |tx| {
            // The sequence first: what is committed later comes by the stream, twice does no harm.
            let seq = tx.last_change()?;
            let user = viewer.map(|user| tx.user(user)).transpose()?.flatten();
            let strip = Strip::read(tx, own, now)?;
            let unread = if alone { 0 } else { tx.unread_for(viewer)? };
            Ok((seq, user, unread, strip))
        });
        let (seq, user, unread, strip) = read.await?;
        let named = user.map(|user| user.name()).filter(|name| !name.is_empty());
        Ok(Self {
            signed_in: true,
            here,
            help,
            alone,
            who: named.unwrap_or_else(|| "Admin".to_owned()),
            may: May { send: caller.may_send(), admin: caller.is_admin() },
            unread,
            strip: strip.html()?,
            seq,
            ..Self::bare(app, title)
        })
    }

    /// The frame without navigation.
    pub(in crate::web) fn bare(app: &App, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            organisation: app.settings.organisation.clone(),
            assets: Addresses,
            signed_in: false,
            demo: app.demo.is_some(),
            here: "",
            alone: false,
            help: "",
            who: String::new(),
            may: May::default(),
            unread: 0,
            strip: String::new(),
            seq: 0,
        }
    }

    /// The pages of every day.
    pub(super) fn places(&self) -> Vec<Place> {
        if self.alone {
            return Vec::new();
        }
        let mut places = vec![("Inbox", "/", "bubble"), ("Contacts", "/contacts", "people")];
        if self.demo {
            places.push(("Phones", "/demo/phones", "phone"));
        }
        let place = |(name, href, icon)| Place { name, href, icon, here: href == self.here };
        places.into_iter().map(place).collect()
    }

    /// The settings pages this viewer may open, by group.
    pub(super) fn settings(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for &(group, name, href, admins) in SETTINGS {
            if admins && !self.may.admin {
                continue;
            }
            let place = Place { name, href, icon: "", here: href == self.here };
            match groups.iter_mut().find(|known| known.name == group) {
                Some(known) => known.places.push(place),
                None => groups.push(Group { name: group, places: vec![place] }),
            }
        }
        groups
    }

    /// Whether the page is one of the settings.
    pub(super) fn in_settings(&self) -> bool {
        SETTINGS.iter().any(|(_, _, href, _)| *href == self.here)
    }

    /// The first settings page this viewer may open.
    pub(super) fn first_setting(&self) -> &'static str {
        let open = SETTINGS.iter().find(|(_, _, _, admins)| !admins || self.may.admin);
        open.map_or("/docs/api", |(_, _, href, _)| href)
    }
}
