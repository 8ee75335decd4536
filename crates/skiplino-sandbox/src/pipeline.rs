//! The life of an API request: rate limit, fault, log, key, operation, response.

use std::{future::poll_fn, pin::Pin, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Request, Response, request::Parts},
};
use bytes::{Bytes, BytesMut};
use http_body::Body as _;

use crate::{
    api::Call,
    app::App,
    auth::Key,
    contract::Contract,
    envelope::{ApiResponse, Failure},
    faults::{Kind, TriggeredFault},
    locale::Locale,
    reply::{Payload, Reply, abort},
    request_log::RequestResult,
    routes::{API_PREFIX, Operation},
    validate,
};

/// The largest accepted body.
const LONGEST_BODY: usize = 1 << 20;
const LONGEST_DRAINED: usize = 64 << 20;

/// Serves one request of an operation.
pub(crate) async fn run(
    app: Arc<App>,
    operation: &'static Operation,
    request: Request<Body>,
) -> Response<Body> {
    // Count the request before the task first runs: the connection may end before that.
    let counted = app.traffic.received();
    // A separate task: like a real server, the sandbox finishes a request after its client hangs
    // up.
    let exchange = tokio::spawn(async move {
        let response = exchange(app, operation, request).await;
        drop(counted);
        response
    });
    exchange.await.unwrap_or_else(|_| abort())
}

/// Answers a request that matches no operation.
pub(crate) fn reject(app: &App, request: Request<Body>, failure: Failure) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let seq = app
        .log
        .received(app.clock.now(), None, &parts, Bytes::new(), None);
    let reply = Reply::from(failure.into_response(Locale::of(&parts.headers)));
    app.log.ended(
        seq,
        None,
        RequestResult {
            committed: false,
            status: Some(reply.status.as_u16()),
            answer: reply.kept(),
        },
    );
    app.changed();
    reply.response()
}

async fn exchange(
    app: Arc<App>,
    operation: &'static Operation,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let resets = app.resets();
    // The limit acts like a gateway in front: faults do not count requests that it rejects.
    let fault = match app.rate_limit.take() {
        Ok(()) => app.faults.fire(operation, app.seed()),
        Err(wait) => Some(TriggeredFault::too_many(wait)),
    };
    let body = match &fault {
        Some(fault) if matches!(*fault.kind, Kind::Refuse) => Some(Bytes::new()),
        _ => match read(body, LONGEST_BODY, app.body_timeout).await {
            Ok(body) => body,
            // A server must not act on an incomplete request.
            Err(_) => return abort(),
        },
    };
    let fault_name = fault.as_ref().map(|fault| fault.kind.name());
    let seq = app.log.received(
        app.clock.now(),
        Some(operation),
        &parts,
        body.clone().unwrap_or_default(),
        fault_name,
    );
    app.changed();
    let mut exchange = Exchange {
        app: &app,
        operation,
        parts: &parts,
        body,
        resets,
        seq,
        committed: false,
    };
    let reply = match fault {
        None => Some(exchange.handle().into()),
        Some(fault) => exchange.apply_fault(fault).await,
    };
    let committed = exchange.committed;
    if let Some(exchanges) = &app.exchanges {
        let body = exchange.body.as_deref();
        // Not a response that the OpenAPI document has to describe.
        let differs = (*app.contract() != Contract::default()).then_some("contract");
        let cause = fault_name.or(differs);
        exchanges.write(operation, &parts, body, cause, reply.as_ref());
    }
    app.log.ended(
        seq,
        Some(operation),
        RequestResult {
            committed,
            status: reply.as_ref().map(|reply| reply.status.as_u16()),
            answer: reply.as_ref().and_then(Reply::kept),
        },
    );
    app.changed();
    reply.map_or_else(abort, Reply::response)
}

/// A request that has been read.
struct Exchange<'a> {
    app: &'a App,
    operation: &'static Operation,
    parts: &'a Parts,
    body: Option<Bytes>,
    /// The number of resets when the request arrived.
    resets: u64,
    /// The number of the request in the log.
    seq: u64,
    committed: bool,
}

impl Exchange<'_> {
    /// Handles the request.
    fn handle(&mut self) -> ApiResponse {
        let contract = self.app.contract();
        let locale = contract.locale(&self.parts.headers);
        let result = Key::of(&self.parts.headers)
            .authorize(contract.key_class(self.operation))
            .and_then(|()| {
                (self.operation.handler)(&Call {
                    store: &self.app.store,
                    locale,
                    now: self.app.clock.now(),
                    pages: contract.pages(self.operation),
                    id: path_parameter(self.operation, self.parts.uri.path()),
                    query: self.parts.uri.query().unwrap_or_default(),
                    body: self.body.as_deref(),
                })
            });
        self.committed = result.is_ok() && self.operation.writes();
        let mut response = result.unwrap_or_else(|failure| {
            let failure = contract.failure(self.operation, failure);
            failure.into_response(locale)
        });
        contract.rewrite(self.operation, &mut response, self.seq);
        response
    }

    /// Applies the fault. `None` closes the connection without a response.
    async fn apply_fault(&mut self, fault: TriggeredFault) -> Option<Reply> {
        match &*fault.kind {
            Kind::Delay(time) => tokio::time::sleep(*time).await,
            Kind::Hold { timeout, drops } => {
                self.app.faults.hold(fault.release, *timeout).await;
                if *drops {
                    return None;
                }
            }
            Kind::Refuse | Kind::DropBefore => return None,
            Kind::DropAfterCommit => {
                self.handle();
                return None;
            }
            Kind::ReplaceResponse { reply, commit, .. } => {
                if *commit {
                    self.handle();
                }
                return Some(reply.clone());
            }
            Kind::Truncate => return self.deliver(Payload::Truncated),
            Kind::SlowBody { pause, chunk } => {
                return self.deliver(|bytes| Payload::Slow(bytes, *chunk, *pause));
            }
            Kind::MalformedJson => {
                return self.deliver(|bytes| Payload::Full(bytes.slice(..bytes.len().div_ceil(2))));
            }
            Kind::Mutate(mutation) => {
                let mut response = self.handle();
                mutation.apply(&mut response);
                return Some(response.into());
            }
        }
        // The sandbox may have been reset while the request waited.
        (self.app.resets() == self.resets).then(|| self.handle().into())
    }

    /// Handles the request, and sends the response with this payload.
    fn deliver(&mut self, make_payload: impl FnOnce(Bytes) -> Payload) -> Option<Reply> {
        let mut reply = Reply::from(self.handle());
        if let Payload::Full(bytes) = reply.payload {
            reply.payload = make_payload(bytes);
        }
        Some(reply)
    }
}

/// The whole body, or `None` if it is too long. The rest of a long body is read, too, up to a
/// limit: otherwise the connection would be reset, and a client that is still sending would lose
/// the response. A body that is incomplete after `timeout`, or whose connection ends, is an error.
pub(crate) async fn read(
    body: Body,
    longest: usize,
    timeout: Duration,
) -> Result<Option<Bytes>, axum::Error> {
    tokio::time::timeout(timeout, read_all(body, longest))
        .await
        .map_err(axum::Error::new)?
}

async fn read_all(mut body: Body, longest: usize) -> Result<Option<Bytes>, axum::Error> {
    let mut bytes = BytesMut::new();
    let mut total = 0;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let data = frame?.into_data().unwrap_or_default();
        total += data.len();
        if total <= longest {
            bytes.extend_from_slice(&data);
        } else if total > LONGEST_DRAINED {
            break;
        }
    }
    Ok((total <= longest).then(|| bytes.freeze()))
}

/// The value of the path's parameter.
fn path_parameter(operation: &Operation, path: &str) -> String {
    let path = path.strip_prefix(API_PREFIX).unwrap_or(path);
    operation
        .path
        .split('/')
        .zip(path.split('/'))
        .find(|(name, _)| name.starts_with('{'))
        .and_then(|(_, segment)| validate::decode(segment, false))
        .unwrap_or_default()
}
