//! Server-sent events that keep the page up to date.
//!
//! After each change, the server reads all views again and sends the differences, at most ten times
//! a second. So code that changes the state does not know about the page, and a slow page gets
//! fewer and larger events. Times are milliseconds since 1970. Only the page of the same version
//! may use these events.

use std::{
    collections::HashMap,
    fmt::Write as _,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderValue, Response, header},
};
use bytes::Bytes;
use http_body::Frame;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{
    app::App,
    auth::{DEMO_PUBLIC_KEY, DEMO_SECRET_KEY},
    routes::OPERATIONS,
    store::views::{self, Window},
};

/// The shortest time between two events. The next event contains all changes.
const MIN_INTERVAL: Duration = Duration::from_millis(100);
/// Opening hours and slots change with time alone.
const MAX_INTERVAL: Duration = Duration::from_secs(1);
/// The clock is sent at least once in this number of rounds, so that the page's clock does not
/// drift and no proxy closes the connection.
const CLOCK_EVERY: u64 = 15;
/// The largest number of requests in an event; the newest are kept.
const LOG_AT_ONCE: usize = 200;

/// The page that receives the events.
#[derive(Debug)]
pub(crate) enum PageView {
    /// The staff's page, at one service.
    Counter { service: String },
    /// The board of a branch's lobby.
    Board { branch: String },
}

/// Opens a stream. None if too many are open.
pub(crate) fn open(app: Arc<App>, page_view: PageView) -> Option<Response<Body>> {
    let permit = Arc::clone(&app.event_streams).try_acquire_owned().ok()?;
    let (send, receive) = mpsc::channel(1);
    tokio::spawn(async move {
        stream_events(app, page_view, send).await;
        drop(permit);
    });
    let mut response = Response::new(Body::new(Events(receive)));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Some(response)
}

struct Events(mpsc::Receiver<Bytes>);

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0
            .poll_recv(context)
            .map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

async fn stream_events(app: Arc<App>, page_view: PageView, out: mpsc::Sender<Bytes>) {
    let mut changes = app.changes.subscribe();
    let mut sent = SentState::default();
    for round in 0.. {
        if changes.borrow_and_update().shutting_down {
            return;
        }
        // If the state cannot be read, the page connects again and starts from the beginning.
        let Ok(text) = sent.update(&app, &page_view, round) else {
            return;
        };
        if !text.is_empty() && out.send(text.into()).await.is_err() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(MIN_INTERVAL) => {}
            () = out.closed() => return,
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep(MAX_INTERVAL) => {}
            () = out.closed() => return,
        }
    }
}

/// The state that a page has received.
#[derive(Debug, Default)]
struct SentState {
    /// The last text of each view.
    views: HashMap<&'static str, String>,
    /// The text of each ticket, by its `seq`.
    tickets: HashMap<i64, String>,
    /// The version of the store that `tickets` belong to.
    version: Option<u64>,
    /// The last change of the log.
    log: u64,
    /// The round in which the clock is sent again.
    clock_at: u64,
}

impl SentState {
    /// The events that bring the page up to date; empty if there are none.
    fn update(&mut self, app: &App, page_view: &PageView, round: u64) -> rusqlite::Result<String> {
        let now = app.clock.now();
        let mut events = String::new();
        if round == 0 {
            push(&mut events, "hello", &hello());
        }
        // The time always differs, so compare the mode.
        let clock = format!("{:?}", app.clock.mode());
        if self.differs("clock", clock) || round >= self.clock_at {
            self.clock_at = round + CLOCK_EVERY;
            push(&mut events, "clock", &app.clock.json());
        }
        self.view(
            &mut events,
            "company",
            &app.store.with(|db| views::company(db, now))?,
        );
        let version = app.store.version();
        let is_changed = self.version != Some(version);
        if is_changed {
            let window = match page_view {
                PageView::Counter { service } => Window::Service(service),
                PageView::Board { branch } => Window::Branch(branch),
            };
            let tickets = app.store.with(|db| views::tickets(db, &window))?;
            self.tickets(&mut events, tickets);
            self.version = Some(version);
        }
        if let PageView::Counter { service } = page_view {
            let slots = app.store.with(|db| views::slots(db, service, now))?;
            self.view(&mut events, "slots", &slots);
            // Unlike slots, customers do not change with time.
            if is_changed {
                self.view(&mut events, "customers", &app.store.with(views::customers)?);
            }
            self.view(&mut events, "faults", &app.faults.json());
            let (log, last) = app.log.changes_since(self.log, LOG_AT_ONCE);
            if last != self.log {
                self.log = last;
                push(&mut events, "log", &log);
            }
        }
        Ok(events)
    }

    fn differs(&mut self, name: &'static str, text: String) -> bool {
        let differs = self.views.get(name) != Some(&text);
        if differs {
            self.views.insert(name, text);
        }
        differs
    }

    fn view(&mut self, events: &mut String, name: &'static str, view: &Value) {
        if self.differs(name, view.to_string()) {
            push(events, name, view);
        }
    }

    /// Sends new and changed rows, and the ids of rows that are no longer in view.
    fn tickets(&mut self, events: &mut String, tickets: Vec<(i64, String)>) {
        let tickets: HashMap<_, _> = tickets.into_iter().collect();
        let rows: Vec<_> = tickets
            .iter()
            .filter(|(seq, text)| self.tickets.get(seq) != Some(text))
            .map(|(_, text)| text.as_str())
            .collect();
        let gone: Vec<_> = self
            .tickets
            .keys()
            .filter(|seq| !tickets.contains_key(seq))
            .collect();
        if self.version.is_none() || !rows.is_empty() || !gone.is_empty() {
            let rows = rows.join(",");
            push(
                events,
                "tickets",
                &format_args!("{{\"rows\":[{rows}],\"gone\":{}}}", json!(gone)),
            );
        }
        self.tickets = tickets;
    }
}

fn push(events: &mut String, name: &str, data: &dyn std::fmt::Display) {
    // Writing to a string cannot fail, and JSON has no line breaks.
    let _ = write!(events, "event: {name}\ndata: {data}\n\n");
}

/// Values that never change while the server runs.
fn hello() -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "secretKey": DEMO_SECRET_KEY,
        "publicKey": DEMO_PUBLIC_KEY,
        "timeZone": "Asia/Bahrain",
        "operations": OPERATIONS.iter().map(|operation| operation.id).collect::<Vec<_>>(),
    })
}
