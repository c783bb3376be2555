//! The pages people see: one file each, with its handler, its form and its template.
//!
//! Templates are in `web/templates`; a struct beside the handler names everything one shows, so a
//! forgotten value does not compile. askama escapes every value. `|safe` is written only behind
//! what is itself a template.
//!
//! A page extends `base.html` (`settings.html` when it is one of the settings) and holds a
//! [`Frame`]. An element with an id and `data-region="KINDS"` is live: our module asks for the page
//! again when a change of one of these kinds is committed and puts that element in place.

pub(super) mod account;
pub(super) mod compose;
mod frame;
pub(super) mod help;
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

pub(super) use frame::Frame;

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
