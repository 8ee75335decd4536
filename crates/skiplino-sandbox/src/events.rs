//! What the page shows, as it changes: one stream of server-sent events for each page that is open.
//!
//! Views, not deltas: whenever something may have changed, each view is read again and what differs from what was sent is sent, at most
//! ten times a second. So nothing that changes the state has to know who looks, and a page that is slow gets fewer and larger events.
//! Times are milliseconds since 1970. What is in an event is between this version's page and server, and may change with them.

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

/// From one event to the next. What happens meanwhile is in the next one.
const PACE: Duration = Duration::from_millis(100);
/// Opening hours and slots change with the time alone.
const TICK: Duration = Duration::from_secs(1);
/// In looks: how often the clock is sent at least, so that the page's own does not drift and no proxy takes the connection for dead.
const CLOCK_EVERY: u64 = 15;
/// Requests in one event; of more, the newest.
const LOG_AT_ONCE: usize = 200;

/// Who looks.
#[derive(Debug)]
pub(crate) enum Screen {
    /// The counter, at one service.
    Counter { service: String },
    /// The big screen of a branch.
    Board { branch: String },
}

/// Opens a stream.
pub(crate) fn open(app: Arc<App>, screen: Screen) -> Response<Body> {
    let (send, receive) = mpsc::channel(1);
    tokio::spawn(feed(app, screen, send));
    let mut response = Response::new(Body::new(Events(receive)));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
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

async fn feed(app: Arc<App>, screen: Screen, out: mpsc::Sender<Bytes>) {
    let mut news = app.news.subscribe();
    let mut sent = Sent::default();
    for look in 0.. {
        if news.borrow_and_update().over {
            return;
        }
        // Where the state cannot be read, the page connects again and starts afresh.
        let Ok(text) = sent.news(&app, &screen, look) else {
            return;
        };
        if !text.is_empty() && out.send(text.into()).await.is_err() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(PACE) => {}
            () = out.closed() => return,
        }
        tokio::select! {
            _ = news.changed() => {}
            () = tokio::time::sleep(TICK) => {}
            () = out.closed() => return,
        }
    }
}

/// What a page was told.
#[derive(Debug, Default)]
struct Sent {
    /// The last text of each view.
    views: HashMap<&'static str, String>,
    /// The text of each ticket, by its `seq`.
    tickets: HashMap<i64, String>,
    /// The state that the tickets are of.
    version: Option<u64>,
    /// The last change of the log.
    log: u64,
    /// The look at which the clock is due again.
    clock_at: u64,
}

impl Sent {
    /// The events that bring the page up to date.
    fn news(&mut self, app: &App, screen: &Screen, look: u64) -> rusqlite::Result<String> {
        let now = app.clock.now();
        let mut events = String::new();
        if look == 0 {
            push(&mut events, "hello", &hello());
        }
        // Its time always differs, so what is compared is what it follows from.
        let clock = format!("{:?}", app.clock.mode());
        if self.is_new("clock", clock) || look >= self.clock_at {
            self.clock_at = look + CLOCK_EVERY;
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
            let window = match screen {
                Screen::Counter { service } => Window::Service(service),
                Screen::Board { branch } => Window::Branch(branch),
            };
            let tickets = app.store.with(|db| views::tickets(db, &window))?;
            self.tickets(&mut events, tickets);
            self.version = Some(version);
        }
        if let Screen::Counter { service } = screen {
            let slots = app.store.with(|db| views::slots(db, service, now))?;
            self.view(&mut events, "slots", &slots);
            // Unlike slots they do not change with the time, and there may be many to count.
            if is_changed {
                self.view(&mut events, "customers", &app.store.with(views::customers)?);
            }
            self.view(&mut events, "faults", &app.faults.json());
            let (log, last) = app.log.news(self.log, LOG_AT_ONCE);
            if last != self.log {
                self.log = last;
                push(&mut events, "log", &log);
            }
        }
        Ok(events)
    }

    fn is_new(&mut self, name: &'static str, text: String) -> bool {
        let is_new = self.views.get(name) != Some(&text);
        if is_new {
            self.views.insert(name, text);
        }
        is_new
    }

    fn view(&mut self, events: &mut String, name: &'static str, view: &Value) {
        if self.is_new(name, view.to_string()) {
            push(events, name, view);
        }
    }

    /// Which rows are new or different, and which are in view no longer.
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

/// What does not change while the server runs.
fn hello() -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "secretKey": DEMO_SECRET_KEY,
        "publicKey": DEMO_PUBLIC_KEY,
        "timeZone": "Asia/Bahrain",
        "operations": OPERATIONS.iter().map(|operation| operation.id).collect::<Vec<_>>(),
    })
}
