//! The pages people see: one file each, with its handler, its form and its template.
//!
//! Templates are in `web/templates`; a struct beside the handler names everything one shows, so a
//! forgotten value does not compile. askama escapes every value. `|safe` is written only behind
//! what is itself a template.

pub(super) mod compose;
pub(super) mod live;
pub(super) mod messages;
pub(super) mod phones;
pub(super) mod problem;
pub(super) mod reference;
mod row;
pub(super) mod signin;
mod strip;
mod words;

use axum::http::HeaderMap;

use super::App;
use super::assets::Addresses;

/// What is around every page.
pub(super) struct Frame {
    title: String,
    organisation: String,
    assets: Addresses,
    /// A visitor who is not signed in sees no way to pages he cannot open.
    signed_in: bool,
    demo: bool,
    here: &'static str,
}

/// One entry of the navigation.
struct Place {
    name: &'static str,
    href: &'static str,
    here: bool,
}

impl Frame {
    /// The frame of a page at `here` for somebody who is signed in.
    fn new(app: &App, title: impl Into<String>, here: &'static str) -> Self {
        Self { signed_in: true, here, ..Self::bare(app, title) }
    }

    /// The frame without navigation.
    pub(super) fn bare(app: &App, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            organisation: app.settings.organisation.clone(),
            assets: Addresses,
            signed_in: false,
            demo: app.demo.is_some(),
            here: "",
        }
    }

    fn places(&self) -> Vec<Place> {
        let mut places = vec![("Texts", "/"), ("API", "/docs/api")];
        if self.demo {
            places.insert(1, ("Phones", "/demo/phones"));
        }
        let place = |(name, href)| Place { name, href, here: href == self.here };
        places.into_iter().map(place).collect()
    }
}

/// How much of a page was asked for: our module wants only the part it will replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Whole,
    Fragment,
}

impl Extent {
    fn of(headers: &HeaderMap) -> Self {
        if headers.contains_key("simgate-fragment") { Extent::Fragment } else { Extent::Whole }
    }
}
