//! The table of every route: its path, its methods, who may call it. The router is made from this table, so a route that
//! is not in it does not exist, and a test tries each as nobody.

use super::App;
use crate::admin;
use crate::http::{Fault, cors, guard, language};
use crate::oidc::{
    authorize, device, discovery, end_session, introspect, par, register, revoke, session_state, token, userinfo,
};
use crate::operations::{figures, health};
use crate::pages::problem::Problem;
use crate::pages::{approve, assets, bind, connect, not_me, passkey, portal, security, sign_in, which};
use crate::passkeys::well_known;
use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use samekey_shared::roles::Action;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Path of the provider's metadata.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";
/// Path of the authorization endpoint.
pub const AUTHORIZE: &str = "/authorize";
/// Path of the pushed authorization request endpoint.
pub const PAR: &str = "/par";
/// Path of the token endpoint.
pub const TOKEN: &str = "/token";
/// Path of the userinfo endpoint.
pub const USERINFO: &str = "/userinfo";
/// Path of the introspection endpoint.
pub const INTROSPECT: &str = "/introspect";
/// Path of the revocation endpoint.
pub const REVOKE: &str = "/revoke";
/// Path of the key set.
pub const JWKS: &str = "/jwks";
/// Path of the device authorization endpoint (RFC 8628).
pub const DEVICE_AUTHORIZATION: &str = "/device_authorization";
/// Path of the end-session endpoint.
pub const END_SESSION: &str = "/logout";

/// Path of the client registration endpoint.
pub const REGISTER: &str = "/register";
/// Path of the frame that applications ask about the session.
pub const CHECK_SESSION: &str = "/check-session";

/// Who gets anything from a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anybody: it tells nothing about a person.
    Anybody,
    /// An application that proves who it is, or shows a code of its own.
    Application,
    /// Whoever holds an access token.
    TokenHolder,
    /// An application that registers itself, where the operator lets it; elsewhere there is no such address.
    Registrant,
    /// The browser that holds the sign-in's cookie, with a form token.
    FlowHolder,
    /// The browser that holds a session, with a form token.
    SessionHolder,
    /// The browser that holds a session; another is sent to sign in.
    SignedIn,
    /// A machine of the operator's, by its address.
    Operator,
    /// Somebody signed in whose role reaches so far, with a second factor proven; for changes just now, and with a form
    /// token.
    Administrator(Action),
}

/// One route and method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Its path, as the router writes it.
    pub path: &'static str,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Who gets anything from it.
    pub who: Who,
}

/// One path as it is served.
pub(crate) struct Served {
    path: &'static str,
    who: Who,
    cors: bool,
    methods: Vec<&'static str>,
    router: MethodRouter<App>,
}

/// One method of a path.
pub(crate) fn on<H: Handler<T, App>, T: 'static>(
    method: &'static str,
    path: &'static str,
    who: Who,
    handler: H,
) -> Served {
    let router = match method {
        "PUT" => put(handler),
        "PATCH" => patch(handler),
        "DELETE" => delete(handler),
        "POST" => post(handler),
        _ => get(handler),
    };
    Served {
        path,
        who,
        cors: false,
        methods: vec![method],
        router,
    }
}

pub(crate) fn on_get<H: Handler<T, App>, T: 'static>(path: &'static str, who: Who, handler: H) -> Served {
    Served {
        path,
        who,
        cors: false,
        methods: vec!["GET"],
        router: get(handler),
    }
}

fn on_post<H: Handler<T, App>, T: 'static>(path: &'static str, who: Who, handler: H) -> Served {
    Served {
        path,
        who,
        cors: false,
        methods: vec!["POST"],
        router: post(handler),
    }
}

impl Served {
    fn and_post<H: Handler<T, App>, T: 'static>(mut self, handler: H) -> Self {
        self.methods.push("POST");
        self.router = self.router.post(handler);
        self
    }

    fn and(mut self, method: &'static str, router: MethodRouter<App>) -> Self {
        self.methods.push(method);
        self.router = self.router.merge(router);
        self
    }

    fn readable_elsewhere(mut self) -> Self {
        self.cors = true;
        self
    }
}

fn table() -> Vec<Served> {
    let mut table = everybody();
    table.extend(admin::table());
    table
}

fn everybody() -> Vec<Served> {
    use Who::{Anybody, Application, FlowHolder, Operator, Registrant, SessionHolder, SignedIn, TokenHolder};
    vec![
        on_get(DISCOVERY, Anybody, discovery::discovery).readable_elsewhere(),
        on_get(JWKS, Anybody, discovery::jwks).readable_elsewhere(),
        on_get(AUTHORIZE, Anybody, authorize::by_get).and_post(authorize::by_post),
        on_post(PAR, Application, par::endpoint),
        on_post(TOKEN, Application, token::endpoint).readable_elsewhere(),
        on_post(INTROSPECT, Application, introspect::endpoint),
        on_post(REVOKE, Application, revoke::endpoint).readable_elsewhere(),
        on_get(USERINFO, TokenHolder, userinfo::by_get)
            .and_post(userinfo::by_post)
            .readable_elsewhere(),
        on_post(REGISTER, Registrant, register::register),
        on_get("/register/{id}", Registrant, register::show)
            .and("PUT", put(register::change))
            .and("DELETE", delete(register::remove)),
        on_post(DEVICE_AUTHORIZATION, Application, device::authorization::endpoint).readable_elsewhere(),
        on_get(device::PAGE, SignedIn, connect::show),
        on_post(device::PAGE, SessionHolder, connect::submit),
        on_get(END_SESSION, Anybody, end_session::by_get).and_post(end_session::by_post),
        on_get(CHECK_SESSION, Anybody, session_state::frame),
        on_post("/sign-out", SessionHolder, end_session::confirmed),
        on_get("/sign-in", FlowHolder, sign_in::show),
        on_post("/sign-in", FlowHolder, sign_in::submit),
        on_post("/sign-in/passkey", FlowHolder, passkey::options),
        on_post("/sign-in/bind", FlowHolder, bind::options),
        on_get("/sign-in/recovery-codes", FlowHolder, bind::codes),
        on_get("/bind", Anybody, bind::begin),
        on_get("/", Anybody, portal::home),
        on_get("/login", Anybody, portal::login),
        on_get("/d/{realm}/login", Anybody, portal::login_of_realm),
        on_get("/{realm}/login.htm", Anybody, portal::login_of_realm),
        on_get("/forgot-password", Anybody, portal::forgot_password),
        on_get(which::PAGE, Anybody, which::show),
        on_post("/applications/withdraw", SessionHolder, portal::withdraw),
        on_post("/language", Anybody, language::choose),
        on_get("/security", SignedIn, security::show),
        on_post("/security/confirm", SessionHolder, security::confirm),
        on_post("/security/keys", SessionHolder, security::bind),
        on_post("/security/keys/options", SessionHolder, security::options),
        on_get("/security/update", SignedIn, security::update),
        on_get("/security/unbind", SignedIn, security::ask_unbind),
        on_post("/security/unbind", SessionHolder, security::unbind),
        on_get("/security/rename", SignedIn, security::ask_rename),
        on_post("/security/rename", SessionHolder, security::rename),
        on_get("/security/totp", SignedIn, security::ask_totp),
        on_post("/security/totp", SessionHolder, security::bind_totp),
        on_get("/security/recovery-codes", SignedIn, security::ask_codes),
        on_post("/security/recovery-codes", SessionHolder, security::make_codes),
        on_post("/security/sessions", SessionHolder, security::end_sessions),
        on_post("/security/remembered", SessionHolder, security::forget),
        on_get("/security/email", SignedIn, security::email),
        on_post("/security/email", SessionHolder, security::bind_email),
        on_get("/security/email/confirm", SignedIn, security::ask_email_confirmation),
        on_post("/security/email/confirm", SessionHolder, security::confirm_email),
        on_get("/not-me", Anybody, not_me::show),
        on_post("/not-me", Anybody, not_me::object),
        on_get("/approve", SignedIn, approve::show),
        on_post("/approve", SessionHolder, approve::submit),
        on_post("/approve/options", SessionHolder, approve::options),
        on_get("/.well-known/passkey-endpoints", Anybody, well_known::endpoints),
        on_get("/.well-known/webauthn", Anybody, well_known::related_origins),
        on_get("/healthz", Anybody, health::alive),
        on_get("/readyz", Anybody, health::ready),
        on_get("/metrics", Operator, figures::read),
        on_get("/assets/style.css", Anybody, assets::style),
        on_get("/assets/brand.css", Anybody, assets::brand),
        on_get("/assets/logo", Anybody, assets::logo),
        on_get("/assets/icon.svg", Anybody, assets::icon),
        on_get("/assets/form_post.js", Anybody, assets::form_post),
        on_get("/assets/passkey.js", Anybody, assets::passkey),
        on_get("/assets/signed_out.js", Anybody, assets::signed_out),
        on_get("/assets/check_session.js", Anybody, assets::check_session),
        on_get("/assets/copy.js", Anybody, assets::copy),
        on_get("/assets/print.js", Anybody, assets::print),
    ]
}

/// Every route and method, for the tests.
pub fn every() -> Vec<Route> {
    let routes = table().into_iter().flat_map(|served| {
        let Served { path, who, methods, .. } = served;
        methods.into_iter().map(move |method| Route { path, method, who })
    });
    routes.collect()
}

/// The table's own text of this path, or `none`: what figures are counted under.
pub fn known(path: &str) -> &'static str {
    static PATHS: LazyLock<BTreeSet<&'static str>> =
        LazyLock::new(|| table().iter().map(|served| served.path).collect());
    PATHS.get(path).copied().unwrap_or("none")
}

/// Whether a page of ours can be asked for at this path.
pub fn is_page(path: &str) -> bool {
    static PAGES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        let pages = table().into_iter().filter(|served| served.methods.contains(&"GET"));
        let of_machines = |path: &str| path.starts_with("/assets/") || path.starts_with("/.well-known/");
        pages
            .map(|served| served.path)
            .filter(|path| !of_machines(path))
            .collect()
    });
    let fits = |(known, found): (&str, &str)| known == found || (known.starts_with('{') && !found.is_empty());
    PAGES.iter().any(|known| {
        known.split('/').count() == path.split('/').count() && known.split('/').zip(path.split('/')).all(fits)
    })
}

async fn no_such_page() -> Fault {
    Problem::NoSuchPage.into()
}

async fn wrong_method() -> Fault {
    Problem::WrongMethod.into()
}

/// The router over this state.
pub(super) fn router(app: App) -> Router {
    let mut router = Router::new();
    for served in table() {
        let methods = if served.cors {
            served
                .router
                .options(wrong_method)
                .layer(from_fn_with_state(app.clone(), cors::pass))
        } else if let Who::Administrator(action) = served.who {
            served
                .router
                .layer(from_fn_with_state((app.clone(), action), admin::pass))
        } else {
            served.router
        };
        router = router.route(served.path, methods);
    }
    router
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_such_page)
        .layer(from_fn_with_state(app.clone(), guard::pass))
        .with_state(app)
}
