//! The router, and the control API: staff, clock, faults, inspection.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::RawPathParams,
    http::{HeaderMap, Method, Request, Response, StatusCode},
    middleware::{Next, from_fn},
    routing::{MethodFilter, on},
};
use serde_json::{Map, Value, json};

use crate::{
    app::App,
    envelope::{ApiResponse, Failure},
    events::{self, PageView},
    locale::{Locale, Reason},
    origin_check::{self, KnownHosts},
    page::ASSETS,
    pipeline,
    reply::{Reply, abort},
    routes::{API_PREFIX, CONTROL_PREFIX, OPERATIONS},
    validate::Query,
};

mod clock;
mod contract;
mod faults;
mod input;
mod inspect;
mod staff;

use input::{Input, Outcome};

type Handler = fn(&Input<'_>) -> Outcome;

const ROUTES: [(Method, &str, Handler); 34] = [
    (Method::GET, "/health", inspect::health),
    (Method::GET, "/state", inspect::state),
    (Method::POST, "/reset", clock::reset),
    (Method::GET, "/clock", clock::get),
    (Method::PUT, "/clock", clock::put),
    (Method::POST, "/clock/advance", clock::advance),
    (Method::POST, "/services/{id}/call-next", staff::call_next),
    (Method::POST, "/services/{id}/walk-ins", staff::walk_ins),
    (Method::POST, "/services/{id}/fill-slot", staff::fill_slot),
    (Method::PUT, "/services/{id}", staff::put_service),
    (Method::PUT, "/branches/{id}", staff::put_branch),
    (Method::POST, "/tickets/{id}/call", staff::call),
    (Method::POST, "/tickets/{id}/serve", staff::serve),
    (Method::POST, "/tickets/{id}/no-show", staff::no_show),
    (Method::POST, "/tickets/{id}/check-in", staff::check_in),
    (Method::POST, "/tickets/{id}/cancel", staff::cancel),
    (Method::POST, "/customers/generate", staff::generate),
    (Method::DELETE, "/customers/{id}", staff::delete_customer),
    (Method::GET, "/tickets", inspect::tickets),
    (Method::GET, "/customers", inspect::customers),
    (Method::GET, "/requests", inspect::requests),
    (Method::GET, "/requests/counts", inspect::counts),
    (Method::DELETE, "/requests", inspect::forget),
    (Method::GET, "/faults", faults::list),
    (Method::POST, "/faults", faults::add),
    (Method::DELETE, "/faults", faults::clear),
    (Method::DELETE, "/faults/{id}", faults::remove),
    (Method::POST, "/faults/{id}/release", faults::release),
    (Method::GET, "/contract", contract::get),
    (Method::PUT, "/contract", contract::put),
    (Method::DELETE, "/contract", contract::restore),
    (Method::GET, "/rate-limit", faults::rate_limit),
    (Method::PUT, "/rate-limit", faults::limit_rate),
    (Method::DELETE, "/rate-limit", faults::unlimit_rate),
];

/// Long enough for a slow machine, short enough that a broken test ends.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_BODY: usize = 8 << 20;

/// The whole server: the operations of the API, and the control API.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let mut api = Router::new();
    for operation in &OPERATIONS {
        if let Some(filter) = filter(operation.method) {
            let app = Arc::clone(app);
            let handler = move |request| pipeline::run(Arc::clone(&app), operation, request);
            api = api.route(
                &format!("{API_PREFIX}{}", operation.path),
                on(filter, handler),
            );
        }
    }
    let (for_fallback, for_method) = (Arc::clone(app), Arc::clone(app));
    with_check(api.merge(pages()), app, origin_check::reject_unknown_host)
        .merge(with_check(
            control(app),
            app,
            origin_check::reject_foreign_page,
        ))
        .fallback(move |request: Request<Body>| async move {
            let failure = Failure::NotFound(Some(Reason::PathNotFound));
            reject(&for_fallback, request, failure)
        })
        .method_not_allowed_fallback(move |request: Request<Body>| async move {
            reject(&for_method, request, Failure::MethodNotAllowed)
        })
}

/// The page's files.
fn pages() -> Router {
    let mut router = Router::new();
    for asset in ASSETS {
        let handler = move || async move { asset.response() };
        router = router.route(asset.path, on(MethodFilter::GET, handler));
    }
    router
}

/// Handles a request only if the check accepts its headers.
fn with_check(
    router: Router,
    app: &Arc<App>,
    check: fn(&HeaderMap, &KnownHosts) -> Option<Reason>,
) -> Router {
    let app = Arc::clone(app);
    router.route_layer(from_fn(move |request: Request<Body>, next: Next| {
        let app = Arc::clone(&app);
        async move {
            match check(request.headers(), &app.known_hosts) {
                None => next.run(request).await,
                Some(reason) => {
                    let locale = Locale::of(request.headers());
                    // Read the body: a client that is still sending would lose the response.
                    let _ = pipeline::read(request.into_body(), 0, app.body_timeout).await;
                    respond(Err(Failure::Forbidden(reason)), locale)
                }
            }
        }
    }))
}

/// The control API.
fn control(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for (method, path, handler) in ROUTES {
        if let Some(filter) = filter(method.as_str()) {
            let app = Arc::clone(app);
            let handler = move |params: RawPathParams, request| {
                let app = Arc::clone(&app);
                async move { run(&app, handler, &params, request).await }
            };
            router = router.route(&format!("{CONTROL_PREFIX}{path}"), on(filter, handler));
        }
    }
    let held = {
        let app = Arc::clone(app);
        move |request: Request<Body>| async move {
            let mut query = Query::parse(request.uri().query().unwrap_or_default());
            let at_least = query.count("atLeast");
            let held = app.faults.held(at_least.unwrap_or(0), LONGEST_WAIT).await;
            let body = json!({"held": held.now, "total": held.total});
            respond(Ok(body), Locale::En)
        }
    };
    let idle = {
        let app = Arc::clone(app);
        move |request: Request<Body>| async move {
            let mut query = Query::parse(request.uri().query().unwrap_or_default());
            let requests = query.count("requests").unwrap_or(0);
            let open = app.traffic.wait_until_idle(requests, LONGEST_WAIT).await;
            let body = json!({"connections": open.connections, "requests": open.requests});
            respond(Ok(body), Locale::En)
        }
    };
    let events = {
        let app = Arc::clone(app);
        move |request: Request<Body>| async move {
            let mut query = Query::parse(request.uri().query().unwrap_or_default());
            let (service, branch) = (query.text("service"), query.text("branch"));
            match (service, branch) {
                (_, Some(branch)) => events::open(app, PageView::Board { branch }),
                (service, None) => {
                    let service = service.unwrap_or_default();
                    events::open(app, PageView::Counter { service })
                }
            }
            .unwrap_or_else(|| Reply::empty(StatusCode::SERVICE_UNAVAILABLE).response())
        }
    };
    router
        .route(
            &format!("{CONTROL_PREFIX}/held"),
            on(MethodFilter::GET, held),
        )
        .route(
            &format!("{CONTROL_PREFIX}/idle"),
            on(MethodFilter::GET, idle),
        )
        .route(
            &format!("{CONTROL_PREFIX}/events"),
            on(MethodFilter::GET, events),
        )
}

fn filter(method: &str) -> Option<MethodFilter> {
    Method::from_bytes(method.as_bytes())
        .ok()
        .and_then(|method| MethodFilter::try_from(method).ok())
}

fn reject(app: &App, request: Request<Body>, failure: Failure) -> Response<Body> {
    if request.uri().path().starts_with(CONTROL_PREFIX) {
        respond(Err(failure), Locale::of(request.headers()))
    } else {
        pipeline::reject(app, request, failure)
    }
}

async fn run(
    app: &App,
    handler: Handler,
    params: &RawPathParams,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let locale = Locale::of(&parts.headers);
    let body = match pipeline::read(body, LONGEST_BODY, app.body_timeout).await {
        Ok(Some(body)) => body,
        Ok(None) => return respond(Err(Failure::field("body", Reason::TooLong)), locale),
        Err(_) => return abort(),
    };
    let body = match serde_json::from_slice(&body) {
        Ok(Value::Object(body)) => body,
        _ if body.iter().all(u8::is_ascii_whitespace) => Map::new(),
        _ => return respond(Err(Failure::field("body", Reason::NotAnObject)), locale),
    };
    let input = Input {
        app,
        id: params
            .iter()
            .next()
            .map(|(_, id)| id.to_owned())
            .unwrap_or_default(),
        query: parts.uri.query().unwrap_or_default(),
        body,
    };
    let outcome = handler(&input);
    if parts.method != Method::GET {
        app.changed();
    }
    respond(outcome, locale)
}

fn respond(outcome: Outcome, locale: Locale) -> Response<Body> {
    let response = match outcome {
        Ok(body) => ApiResponse::new(StatusCode::OK, body),
        Err(failure) => failure.into_response(locale),
    };
    Reply::from(response).response()
}
