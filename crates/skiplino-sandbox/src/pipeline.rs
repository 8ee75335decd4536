//! The way of a request of the API: rate limit, fault, log, key, operation, answer.

use std::{future::poll_fn, pin::Pin, sync::Arc};

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
    envelope::{Answer, Failure},
    faults::{Fired, Kind},
    locale::Locale,
    reply::{Payload, Reply, abort},
    request_log::Ending,
    routes::{API_PREFIX, Operation},
    validate,
};

/// No request may carry more.
const LONGEST_BODY: usize = 1 << 20;
const LONGEST_DRAINED: usize = 64 << 20;

/// Serves one request of an operation.
pub(crate) async fn run(
    app: Arc<App>,
    operation: &'static Operation,
    request: Request<Body>,
) -> Response<Body> {
    // Counted before the task first runs: until then it may be the connection that ends.
    let under_way = app.traffic.received();
    // A task of its own, so that a client that hangs up early does not undo what a real server would have done.
    let exchange = tokio::spawn(async move {
        let response = exchange(app, operation, request).await;
        drop(under_way);
        response
    });
    exchange.await.unwrap_or_else(|_| abort())
}

/// Serves a request that no operation is for.
pub(crate) fn refuse(app: &App, request: Request<Body>, failure: Failure) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let seq = app
        .log
        .received(app.clock.now(), None, &parts, Bytes::new(), None);
    let reply = Reply::from(failure.answer(Locale::of(&parts.headers)));
    app.log.ended(
        seq,
        None,
        Ending {
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
    // A gateway's limit stands in front of everything, so what it refuses is nothing to the faults.
    let fault = match app.rate_limit.take() {
        Ok(()) => app.faults.fire(operation, app.seed()),
        Err(wait) => Some(Fired::too_many(wait)),
    };
    let body = match &fault {
        Some(fault) if matches!(*fault.kind, Kind::Refuse) => Some(Bytes::new()),
        _ => match read(body, LONGEST_BODY).await {
            Ok(body) => body,
            // Half a request is none: a server that carried it out would act on what was never said.
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
    let mut work = Work {
        app: &app,
        operation,
        parts: &parts,
        body,
        resets,
        committed: false,
    };
    let reply = match fault {
        None => Some(work.handle().into()),
        Some(fault) => work.misbehave(fault).await,
    };
    let committed = work.committed;
    if let Some(exchanges) = &app.exchanges {
        let body = work.body.as_deref();
        exchanges.write(operation, &parts, body, fault_name, reply.as_ref());
    }
    app.log.ended(
        seq,
        Some(operation),
        Ending {
            committed,
            status: reply.as_ref().map(|reply| reply.status.as_u16()),
            answer: reply.as_ref().and_then(Reply::kept),
        },
    );
    app.changed();
    reply.map_or_else(abort, Reply::response)
}

/// A request that has been read.
struct Work<'a> {
    app: &'a App,
    operation: &'static Operation,
    parts: &'a Parts,
    body: Option<Bytes>,
    /// How often the sandbox had been reset when it came.
    resets: u64,
    committed: bool,
}

impl Work<'_> {
    /// Does what was asked.
    fn handle(&mut self) -> Answer {
        let locale = Locale::of(&self.parts.headers);
        let result = Key::of(&self.parts.headers)
            .opens(self.operation.key)
            .and_then(|()| {
                (self.operation.handler)(&Call {
                    store: &self.app.store,
                    locale,
                    now: self.app.clock.now(),
                    id: path_parameter(self.operation, self.parts.uri.path()),
                    query: self.parts.uri.query().unwrap_or_default(),
                    body: self.body.as_deref(),
                })
            });
        self.committed = result.is_ok() && self.operation.writes();
        result.unwrap_or_else(|failure| failure.answer(locale))
    }

    /// Does what the fault says; `None` closes the connection without an answer.
    async fn misbehave(&mut self, fault: Fired) -> Option<Reply> {
        match &*fault.kind {
            Kind::Delay(time) => tokio::time::sleep(*time).await,
            Kind::Hold { cap, drops } => {
                self.app.faults.hold(fault.release, *cap).await;
                if *drops {
                    return None;
                }
            }
            Kind::Refuse | Kind::DropBefore => return None,
            Kind::DropAfterCommit => {
                self.handle();
                return None;
            }
            Kind::Instead { reply, commit, .. } => {
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
                let mut answer = self.handle();
                mutation.apply(&mut answer);
                return Some(answer.into());
            }
        }
        // It waited for long enough to be from before a reset.
        (self.app.resets() == self.resets).then(|| self.handle().into())
    }

    /// Does what was asked, and sends the answer in that way.
    fn deliver(&mut self, way: impl FnOnce(Bytes) -> Payload) -> Option<Reply> {
        let mut reply = Reply::from(self.handle());
        if let Payload::Full(bytes) = reply.payload {
            reply.payload = way(bytes);
        }
        Some(reply)
    }
}

/// The whole body, or `None` if it is too long. That one is read to its end too: a client still sending would lose the
/// answer to a connection reset. An error is a body that broke off.
pub(crate) async fn read(mut body: Body, longest: usize) -> Result<Option<Bytes>, axum::Error> {
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

/// The segment of the path where the operation has its parameter.
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
