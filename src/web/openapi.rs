//! The interface described in its own words: `/api/v1/openapi.json`.
//!
//! Every handler carries its description; a test compares the whole with the table of routes.

use axum::Json;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{api, error, health, metrics};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "simgate",
        description = "Texts through your own SIM cards. Ids are strings, times RFC 3339 in UTC, \
            lists {items, next}. Unknown fields are refused. Errors are problem documents \
            (RFC 9457) with a stable code. A caller with the scope admin may act for a user: \
            add ?as=<user> to any call.",
    ),
    paths(
        api::messages::create, api::messages::list, api::messages::show, api::texts::export, api::batch::create,
        api::count::count, api::settle::cancel, api::settle::resend, api::settle::drop,
        api::bulk::create,
        api::conversations::list, api::conversations::show, api::threads::open,
        api::threads::read_all, api::threads::claim, api::threads::release, api::threads::assign,
        api::threads::close, api::threads::reopen, api::threads::flag, api::threads::tags,
        api::threads::read, api::threads::notes, api::threads::participants,
        api::lines::list, api::lines::show, api::line_settings::update,
        api::contacts::list, api::contacts::create, api::contacts::show, api::contacts::update, api::contacts::delete,
        api::users::list, api::users::create, api::users::show, api::users::update, api::users::delete,
        api::passwords::set, api::passwords::set_pin, api::merges::merge, api::merges::split, api::merges::new_owner,
        api::usage::show, api::usage::export,
        api::consent_words::list, api::consent_words::update, api::consent_words::reset,
        api::templates::list, api::templates::create, api::templates::show, api::templates::update, api::templates::delete,
        api::rules::list, api::rules::create, api::rules::show, api::rules::update, api::rules::delete,
        api::webhooks::show, api::webhooks::renew,
        api::prompts::list, api::prompts::create, api::prompts::show, api::prompts::update, api::prompts::delete,
        api::quarantine::list, api::quarantine::approve, api::quarantine::reject,
        api::refusals::list, api::audit::list, api::numbers::export, api::numbers::erase,
        api::modems::list, api::modems::ussd, api::modems::restart, api::modems::order,
        api::tokens::list, api::tokens::create, api::tokens::revoke,
        api::sign_in_links::create, api::events::stream, json,
        api::consent::list, api::consent::record, api::consent::export, api::rehearsal::test,
        api::questions::ask, api::questions::results, api::questions::export,
        health::live, health::ready, health::show, metrics::show,
    ),
    components(schemas(error::Problem)),
    security(("token" = []), ("session" = [])),
    modifiers(&Schemes),
)]
struct Description;

/// The two ways to say who is asking.
struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("sg_ and 64 hex digits")
            .description(Some("A token with the scope the call needs: read, send or admin."))
            .build();
        let cookie = ApiKey::Cookie(ApiKeyValue::new("simgate"));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    }
}

/// The OpenAPI document.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Description::openapi();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "reference", security(()),
    responses((status = 200, description = "OpenAPI 3.1")))]
pub(super) async fn json() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}
