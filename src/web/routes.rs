//! Every address of the gateway, what it asks of its caller, and the layers around all of them.
//!
//! The table is data as well: tests compare it with the OpenAPI document and try each route with
//! each kind of caller.

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

use super::App;
use super::auth::{self, Access};
use super::error::{self, WebError};
use super::{api, assets, guard, health, metrics, openapi, pages};

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// `GET`, `POST`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// Whom it lets in.
    pub access: Access,
}

/// Builds the router and the table in one go, so that they cannot differ.
struct Table {
    app: App,
    router: Router<App>,
    routes: Vec<Route>,
}

impl Table {
    fn add<H, T>(&mut self, method: &'static str, path: &'static str, access: Access, handler: H)
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = match method {
            "POST" => MethodFilter::POST,
            "DELETE" => MethodFilter::DELETE,
            "PATCH" => MethodFilter::PATCH,
            _ => MethodFilter::GET,
        };
        let gate = from_fn_with_state((self.app.clone(), access), auth::require);
        let router = std::mem::take(&mut self.router);
        self.router = router.route(path, on(filter, handler).layer(gate));
        self.routes.push(Route { method, path, access });
    }
}

fn table(app: App) -> Table {
    use Access::*;
    let mut all = Table { app, router: Router::new(), routes: Vec::new() };

    all.add("GET", "/livez", Public, health::live);
    all.add("GET", "/readyz", Public, health::ready);
    all.add("GET", "/healthz", Public, health::show);
    all.add("GET", "/metrics", Read, metrics::show);

    all.add("GET", "/api/v1/messages", Read, api::messages::list);
    all.add("POST", "/api/v1/messages", Send, api::messages::create);
    all.add("POST", "/api/v1/messages/count", Send, api::count::count);
    all.add(
        "POST",
        "/api/v1/messages/batch",
        Send,
        api::batch::create.layer(DefaultBodyLimit::max(BATCH_BODY)),
    );
    all.add("POST", "/api/v1/messages/bulk", Send, api::bulk::create);
    all.add("GET", "/api/v1/messages.csv", Read, api::texts::export);
    all.add("GET", "/api/v1/messages/{id}", Read, api::messages::show);
    all.add("POST", "/api/v1/messages/{id}/cancel", Send, api::settle::cancel);
    all.add("POST", "/api/v1/messages/{id}/resend", Send, api::settle::resend);
    all.add("POST", "/api/v1/messages/{id}/drop", Send, api::settle::drop);
    all.add("GET", "/api/v1/conversations", Read, api::conversations::list);
    all.add("GET", "/api/v1/conversations/{id}", Read, api::conversations::show);
    all.add("POST", "/api/v1/conversations", Send, api::threads::open);
    all.add("POST", "/api/v1/conversations/read", Send, api::threads::read_all);
    all.add("POST", "/api/v1/conversations/{id}/claim", Send, api::threads::claim);
    all.add("POST", "/api/v1/conversations/{id}/release", Send, api::threads::release);
    all.add("POST", "/api/v1/conversations/{id}/assign", Send, api::threads::assign);
    all.add("POST", "/api/v1/conversations/{id}/close", Send, api::threads::close);
    all.add("POST", "/api/v1/conversations/{id}/reopen", Send, api::threads::reopen);
    all.add("POST", "/api/v1/conversations/{id}/flag", Send, api::threads::flag);
    all.add("POST", "/api/v1/conversations/{id}/tags", Send, api::threads::tags);
    all.add("POST", "/api/v1/conversations/{id}/read", Send, api::threads::read);
    all.add("POST", "/api/v1/conversations/{id}/notes", Send, api::threads::notes);
    all.add("POST", "/api/v1/conversations/{id}/participants", Send, api::threads::participants);
    all.add("POST", "/api/v1/conversations/{id}/new-owner", Admin, api::merges::new_owner);
    all.add("GET", "/api/v1/consent", Read, api::consent::list);
    all.add("POST", "/api/v1/consent", Send, api::consent::record);
    all.add("GET", "/api/v1/consent.csv", Read, api::consent::export);
    all.add("GET", "/api/v1/consent/words", Read, api::consent_words::list);
    all.add("PATCH", "/api/v1/consent/words/{id}", Admin, api::consent_words::update);
    all.add("DELETE", "/api/v1/consent/words/{id}", Admin, api::consent_words::reset);
    all.add("POST", "/api/v1/prompts/{id}/ask", Send, api::questions::ask);
    all.add("GET", "/api/v1/prompts/{id}/results", Read, api::questions::results);
    all.add("GET", "/api/v1/prompts/{id}/results.csv", Read, api::questions::export);
    all.add("POST", "/api/v1/rules/test", Read, api::rehearsal::test);
    all.add("GET", "/api/v1/lines", Read, api::lines::list);
    all.add("GET", "/api/v1/lines/{id}", Read, api::lines::show);
    all.add("PATCH", "/api/v1/lines/{id}", Admin, api::line_settings::update);
    all.add("GET", "/api/v1/lines/{id}/usage", Read, api::usage::show);
    all.add("GET", "/api/v1/lines.csv", Read, api::usage::export);
    all.add("GET", "/api/v1/contacts", Read, api::contacts::list);
    all.add("POST", "/api/v1/contacts", Send, api::contacts::create);
    all.add("GET", "/api/v1/contacts/{id}", Read, api::contacts::show);
    all.add("PATCH", "/api/v1/contacts/{id}", Send, api::contacts::update);
    all.add("DELETE", "/api/v1/contacts/{id}", Send, api::contacts::delete);
    all.add("POST", "/api/v1/contacts/{id}/merge", Send, api::merges::merge);
    all.add("POST", "/api/v1/contacts/{id}/split", Send, api::merges::split);
    all.add("GET", "/api/v1/users", Read, api::users::list);
    all.add("POST", "/api/v1/users", Admin, api::users::create);
    all.add("GET", "/api/v1/users/{id}", Read, api::users::show);
    all.add("PATCH", "/api/v1/users/{id}", Admin, api::users::update);
    all.add("DELETE", "/api/v1/users/{id}", Admin, api::users::delete);
    all.add("POST", "/api/v1/users/{id}/password", Admin, api::passwords::set);
    all.add("POST", "/api/v1/users/{id}/pin", Admin, api::passwords::set_pin);
    all.add("GET", "/api/v1/templates", Read, api::templates::list);
    all.add("POST", "/api/v1/templates", Admin, api::templates::create);
    all.add("GET", "/api/v1/templates/{id}", Read, api::templates::show);
    all.add("PATCH", "/api/v1/templates/{id}", Admin, api::templates::update);
    all.add("DELETE", "/api/v1/templates/{id}", Admin, api::templates::delete);
    all.add("GET", "/api/v1/rules", Read, api::rules::list);
    all.add("POST", "/api/v1/rules", Admin, api::rules::create);
    all.add("GET", "/api/v1/rules/{id}", Read, api::rules::show);
    all.add("PATCH", "/api/v1/rules/{id}", Admin, api::rules::update);
    all.add("DELETE", "/api/v1/rules/{id}", Admin, api::rules::delete);
    all.add("GET", "/api/v1/webhooks/secret", Admin, api::webhooks::show);
    all.add("POST", "/api/v1/webhooks/secret", Admin, api::webhooks::renew);
    all.add("GET", "/api/v1/prompts", Read, api::prompts::list);
    all.add("POST", "/api/v1/prompts", Admin, api::prompts::create);
    all.add("GET", "/api/v1/prompts/{id}", Read, api::prompts::show);
    all.add("PATCH", "/api/v1/prompts/{id}", Admin, api::prompts::update);
    all.add("DELETE", "/api/v1/prompts/{id}", Admin, api::prompts::delete);
    all.add("GET", "/api/v1/quarantine", Admin, api::quarantine::list);
    all.add("POST", "/api/v1/quarantine/{id}/approve", Admin, api::quarantine::approve);
    all.add("POST", "/api/v1/quarantine/{id}/reject", Admin, api::quarantine::reject);
    all.add("GET", "/api/v1/refusals", Admin, api::refusals::list);
    all.add("GET", "/api/v1/audit", Admin, api::audit::list);
    all.add("GET", "/api/v1/export", Admin, api::numbers::export);
    all.add("POST", "/api/v1/erase", Admin, api::numbers::erase);
    all.add("GET", "/api/v1/modems", Read, api::modems::list);
    all.add("POST", "/api/v1/modems/{id}/ussd", Admin, api::modems::ussd);
    all.add("POST", "/api/v1/modems/{id}/restart", Admin, api::modems::restart);
    all.add("GET", "/api/v1/orders/{id}", Admin, api::modems::order);
    all.add("GET", "/api/v1/tokens", Admin, api::tokens::list);
    all.add("POST", "/api/v1/tokens", Admin, api::tokens::create);
    all.add("DELETE", "/api/v1/tokens/{id}", Admin, api::tokens::revoke);
    all.add("POST", "/api/v1/sign-in-links", Admin, api::sign_in_links::create);
    all.add("GET", "/api/v1/events", Read, api::events::stream);
    all.add("GET", "/api/v1/openapi.json", Public, openapi::json);

    all.add("GET", "/", Read, pages::inbox::show);
    all.add("POST", "/read", Read, pages::acts::read_all);
    all.add("GET", "/new", Send, pages::fresh::show);
    all.add("POST", "/threads", Send, pages::acts::open);
    all.add("GET", "/threads/{id}", Read, pages::inbox::open);
    all.add("POST", "/threads/{id}", Send, pages::acts::press);
    all.add("POST", "/threads/{id}/read", Read, pages::acts::read);
    all.add("POST", "/threads/{id}/presence", Read, pages::acts::presence);
    all.add("POST", "/threads/{id}/messages", Send, pages::composer::send);
    all.add("POST", "/threads/{id}/draft", Send, pages::composer::draft);
    all.add("GET", "/threads/{id}/new-owner", Admin, pages::privacy::ask_new_owner);
    all.add("POST", "/threads/{id}/new-owner", Admin, pages::privacy::new_owner);
    all.add("GET", "/threads/{id}/export", Admin, pages::privacy::export);
    all.add("GET", "/threads/{id}/erase", Admin, pages::privacy::ask);
    all.add("POST", "/threads/{id}/erase", Admin, pages::privacy::erase);
    all.add("GET", "/contacts", Read, pages::contacts::list);
    all.add("POST", "/contacts", Send, pages::contacts::create);
    all.add("GET", "/contacts.csv", Read, pages::contacts::export);
    all.add("GET", "/contacts.vcf", Read, pages::contacts::export_cards);
    all.add("GET", "/contacts/new", Send, pages::contacts::new);
    all.add("GET", "/contacts/import", Send, pages::import::show);
    all.add(
        "POST",
        "/contacts/import",
        Send,
        pages::import::take.layer(DefaultBodyLimit::max(BATCH_BODY)),
    );
    all.add("GET", "/contacts/{id}", Read, pages::contacts::show);
    all.add("POST", "/contacts/{id}", Send, pages::contacts::save);
    all.add("GET", "/contacts/{id}/texts", Read, pages::joined::show);
    all.add("POST", "/contacts/{id}/act", Send, pages::contacts::press);
    all.add("POST", "/messages/count", Send, pages::count::count);
    all.add("GET", "/messages/{id}", Read, pages::custody::show);
    all.add("POST", "/messages/{id}/settle", Send, pages::custody::settle);
    all.add("GET", "/texts", Read, pages::texts::show);
    all.add("GET", "/live", Read, pages::live::stream);
    all.add("GET", "/n/{key}", Public, pages::notice::show);
    all.add("POST", "/n/{key}", Public, pages::notice::open);
    all.add("GET", "/h/{key}", Public, pages::held::show);
    all.add("POST", "/h/{key}", Public, pages::held::decide);
    all.add("GET", "/signin", Public, pages::signin::show);
    all.add("POST", "/signin", Public, pages::signin::open);
    all.add("POST", "/signin/code", Public, pages::signin::code);
    all.add("POST", "/signin/first", Public, pages::signin::first);
    all.add("POST", "/signin/invited", Public, pages::signin::invited);
    all.add("POST", "/signout", Public, pages::signin::close);
    all.add("GET", "/certificate", Public, pages::certificate::show);
    all.add("GET", "/help", Read, pages::help::show);
    all.add("GET", "/flow", Read, pages::help::flow);
    all.add("GET", "/account", Account, pages::account::show);
    all.add("POST", "/account/password", Account, pages::account::set_password);
    all.add("POST", "/account/pin", Account, pages::account::set_pin);
    all.add("GET", "/account/second-factor", Account, pages::account::show_factor);
    all.add("POST", "/account/second-factor", Account, pages::account::begin_factor);
    all.add("POST", "/account/second-factor/confirm", Account, pages::account::confirm_factor);
    all.add("POST", "/account/second-factor/end", Account, pages::account::end_factor);
    all.add("POST", "/account/sessions/end", Account, pages::account::end_others);
    all.add("POST", "/account/sessions/{id}/end", Account, pages::account::end_one);
    all.add("GET", "/lines", Admin, pages::lines::list);
    all.add("GET", "/lines/{id}", Admin, pages::lines::show);
    all.add("POST", "/lines/{id}", Admin, pages::lines::save);
    all.add("POST", "/lines/{id}/test", Admin, pages::lines::test);
    all.add("GET", "/modems", Admin, pages::modems::list);
    all.add("GET", "/modems/{id}", Admin, pages::modems::show);
    all.add("POST", "/modems/{id}/ussd", Admin, pages::modems::ussd);
    all.add("POST", "/modems/{id}/restart", Admin, pages::modems::restart);
    all.add("POST", "/modems/{id}/console", Admin, pages::modems::console);
    all.add("GET", "/queue", Read, pages::queue::show);
    all.add("POST", "/queue/{id}", Send, pages::queue::settle);
    all.add("GET", "/quarantine", Admin, pages::quarantine::list);
    all.add("GET", "/quarantine/{id}", Admin, pages::quarantine::show);
    all.add("POST", "/quarantine/{id}", Admin, pages::quarantine::decide);
    all.add("GET", "/health", Read, pages::health::show);
    all.add("GET", "/refusals", Admin, pages::refusals::show);
    all.add("GET", "/audit", Admin, pages::audit::show);
    all.add("GET", "/tokens", Admin, pages::tokens::show);
    all.add("POST", "/tokens", Admin, pages::tokens::create);
    all.add("POST", "/tokens/{id}/revoke", Admin, pages::tokens::revoke);
    all.add("GET", "/templates", Admin, pages::templates::list);
    all.add("POST", "/templates", Admin, pages::edit::create::<pages::templates::Templates>);
    all.add("GET", "/templates/new", Admin, pages::edit::new::<pages::templates::Templates>);
    all.add("GET", "/templates/{id}", Admin, pages::edit::show::<pages::templates::Templates>);
    all.add("POST", "/templates/{id}", Admin, pages::edit::save::<pages::templates::Templates>);
    all.add(
        "POST",
        "/templates/{id}/delete",
        Admin,
        pages::edit::delete::<pages::templates::Templates>,
    );
    all.add("GET", "/rules", Admin, pages::rules::list);
    all.add("POST", "/rules", Admin, pages::edit::create::<pages::rules::Rules>);
    all.add("GET", "/rules/new", Admin, pages::edit::new::<pages::rules::Rules>);
    all.add("POST", "/rules/try", Admin, pages::rules::try_rules);
    all.add("GET", "/rules/{id}", Admin, pages::edit::show::<pages::rules::Rules>);
    all.add("POST", "/rules/{id}", Admin, pages::edit::save::<pages::rules::Rules>);
    all.add("POST", "/rules/{id}/delete", Admin, pages::edit::delete::<pages::rules::Rules>);
    all.add("GET", "/prompts", Admin, pages::prompts::list);
    all.add("POST", "/prompts", Admin, pages::edit::create::<pages::prompts::Prompts>);
    all.add("GET", "/prompts/new", Admin, pages::edit::new::<pages::prompts::Prompts>);
    all.add("GET", "/prompts/{id}", Admin, pages::edit::show::<pages::prompts::Prompts>);
    all.add("POST", "/prompts/{id}", Admin, pages::edit::save::<pages::prompts::Prompts>);
    all.add("POST", "/prompts/{id}/ask", Admin, pages::prompts::ask);
    all.add("POST", "/prompts/{id}/delete", Admin, pages::edit::delete::<pages::prompts::Prompts>);
    all.add("GET", "/reports", Read, pages::reports::show);
    all.add("GET", "/reports.csv", Read, pages::reports::export);
    all.add("GET", "/people", Admin, pages::people::list);
    all.add("POST", "/people", Admin, pages::people::create);
    all.add("GET", "/people/new", Admin, pages::people::new);
    all.add("GET", "/people/{id}", Admin, pages::people::show);
    all.add("POST", "/people/{id}", Admin, pages::people::save);
    all.add("POST", "/people/{id}/pin", Admin, pages::people::set_pin);
    all.add("POST", "/people/{id}/invite", Admin, pages::people::invite);
    all.add("POST", "/people/{id}/sign-out", Admin, pages::people::sign_out);
    all.add("POST", "/people/{id}/delete", Admin, pages::people::delete);
    all.add("GET", "/docs/api", Public, pages::reference::show);
    all.add("GET", "/assets/{file}", Public, assets::show);
    all.add("GET", "/manifest.webmanifest", Public, pages::install::manifest);
    all.add("GET", "/favicon.ico", Public, pages::install::favicon);
    all.add("GET", "/sw.js", Public, pages::install::worker);
    all.add("GET", "/offline", Public, pages::install::offline);
    all.add("GET", "/badge/{count}", Public, pages::install::badge);
    if all.app.demo.is_some() {
        all.add("GET", "/demo/phones", Read, pages::phones::show);
        all.add("POST", "/demo/phones", Admin, pages::phones::add);
        all.add("POST", "/demo/phones/{number}", Admin, pages::phones::press);
        all.add("GET", "/demo/phones/live", Read, pages::phones::live);
    }
    all
}

/// The whole web side: every address behind every guard.
pub fn router(app: App) -> Router {
    // Outermost last: a request passes this list from the bottom up.
    table(app.clone())
        .router
        .fallback(|| async { WebError::not_found() })
        .layer(DefaultBodyLimit::max(BODY))
        .layer(RequestBodyTimeoutLayer::new(PATIENCE))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new())
        .layer(guard::cross_site(&app.settings))
        .layer(from_fn_with_state(app.clone(), guard::host))
        .layer(from_fn_with_state(app.clone(), error::explain))
        .layer(from_fn_with_state(app.clone(), guard::headers))
        .with_state(app)
}

/// The table alone.
pub fn routes(app: App) -> Vec<Route> {
    table(app).routes
}

/// A panic ends one request; its words may hold a text, so they are not repeated here.
fn panicked(_: Box<dyn std::any::Any + std::marker::Send>) -> Response {
    WebError::internal("a handler panicked").into_response()
}

/// One text with everything around it fits many times.
const BODY: usize = 64 * 1024;
/// A thousand of them.
const BATCH_BODY: usize = 4 * 1024 * 1024;
/// For a whole request to arrive and be answered; streams have only their start counted.
const PATIENCE: Duration = Duration::from_secs(30);
