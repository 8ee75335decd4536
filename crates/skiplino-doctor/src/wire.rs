//! Sends raw requests by HTTP, with the client's own TLS settings and proxy. Decodes no response.

use std::error::Error as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hyper_util::client::legacy::connect::HttpInfo;
use jiff::Timestamp;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER,
};
use reqwest::redirect::Policy;
use reqwest::{Method, Url};
use serde_json::Value;
use skiplino::{CancellationToken, ConnectionSettings, Operation, ProxySetting};
use tokio::runtime::Runtime;

use crate::error::DoctorError;

/// The largest number of bytes that are read of a response.
pub(crate) const MAX_BODY: usize = 16 << 20;
/// If a 429 demands a longer pause, the request is not repeated.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The time between two calls of `should_stop`.
const STOP_INTERVAL: Duration = Duration::from_millis(50);

/// A request of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) operation: Operation,
    id: String,
    query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
    locale: Option<&'static str>,
    has_key: bool,
    gzip: bool,
}

impl Request {
    pub(crate) fn new(operation: Operation) -> Self {
        Self {
            operation,
            id: String::new(),
            query: Vec::new(),
            body: None,
            locale: None,
            has_key: true,
            gzip: false,
        }
    }

    /// The id in the path.
    pub(crate) fn id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    pub(crate) fn query(mut self, name: &'static str, value: &dyn ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(crate) fn locale(mut self, locale: &'static str) -> Self {
        self.locale = Some(locale);
        self
    }

    pub(crate) fn without_key(mut self) -> Self {
        self.has_key = false;
        self
    }

    pub(crate) fn gzip(mut self) -> Self {
        self.gzip = true;
        self
    }

    /// The request without ids, as in `GET /tickets/{id}`.
    pub(crate) fn shown(&self) -> String {
        let query: Vec<_> = self.query.iter().map(|(name, _)| *name).collect();
        let (method, path) = (self.operation.method(), self.operation.path());
        match query.is_empty() {
            true => format!("{method} {path}"),
            false => format!("{method} {path}?{}", query.join("&")),
        }
    }

    fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            for segment in self.operation.path().split('/').skip(1) {
                path.push(if segment.starts_with('{') {
                    &self.id
                } else {
                    segment
                });
            }
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}

/// A raw response.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) operation: Operation,
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) version: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Whether the server sent more bytes than `body` has.
    pub(crate) is_cut: bool,
    /// The body, if it is JSON.
    pub(crate) json: Option<Value>,
    pub(crate) took: Duration,
    /// The middle between request and response, as the time at which the server answered.
    pub(crate) at: Timestamp,
    /// The client's end of the connection.
    pub(crate) local: Option<SocketAddr>,
}

impl Answer {
    /// A field of the body, `Null` if there is none.
    pub(crate) fn get(&self, field: &str) -> &Value {
        const NOTHING: &Value = &Value::Null;
        self.json
            .as_ref()
            .and_then(|body| body.get(field))
            .unwrap_or(NOTHING)
    }

    pub(crate) fn data(&self) -> &Value {
        self.get("data")
    }

    /// The records of a list.
    pub(crate) fn records(&self) -> &[Value] {
        self.data().as_array().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error("stopped")]
    Stopped,
    #[error("{0}")]
    Lost(String),
}

/// Sends requests, one at a time.
pub(crate) struct Wire<'a> {
    runtime: &'a Runtime,
    client: reqwest::Client,
    settings: ConnectionSettings,
    should_stop: &'a dyn Fn() -> bool,
    /// Whether the caller had stopped the examination when `ignore_stop` was called.
    was_stopped: bool,
}

impl<'a> Wire<'a> {
    pub(crate) fn new(
        runtime: &'a Runtime,
        settings: ConnectionSettings,
        should_stop: &'a dyn Fn() -> bool,
    ) -> Result<Self, DoctorError> {
        Ok(Self {
            client: client(&settings)?,
            runtime,
            settings,
            should_stop,
            was_stopped: false,
        })
    }

    pub(crate) fn settings(&self) -> &ConnectionSettings {
        &self.settings
    }

    /// Makes all further requests run to their end: they remove records.
    pub(crate) fn ignore_stop(&mut self) {
        self.was_stopped = self.is_stopped();
        self.should_stop = &|| false;
    }

    /// Whether the caller has stopped the examination.
    pub(crate) fn is_stopped(&self) -> bool {
        self.was_stopped || (self.should_stop)()
    }

    /// The result of a future. None if the caller stops the examination first.
    pub(crate) fn or_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.run(false, async { Ok(work.await) }).ok()
    }

    /// The result of a call of the SDK, which a stop cancels.
    pub(crate) fn call<T: Send>(
        &self,
        call: impl FnOnce(&CancellationToken) -> Result<T, skiplino::Error> + Send,
    ) -> Result<T, skiplino::Error> {
        let token = CancellationToken::new();
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| call(&token));
            // Only this thread may ask the caller.
            while !thread.is_finished() {
                if (self.should_stop)() {
                    token.cancel();
                }
                std::thread::sleep(STOP_INTERVAL);
            }
            let result = thread.join();
            result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Sends a request. It is repeated once after a 429, and a read also after a 5xx.
    pub(crate) fn send(&self, request: &Request) -> Result<Answer, NoAnswer> {
        let first = self.attempt(request)?;
        let pause = match first.status {
            429 => pause(&first.headers),
            500.. if request.operation.method() == "GET" => Some(Duration::from_millis(500)),
            _ => None,
        };
        let Some(pause) = pause.filter(|pause| *pause <= LONGEST_PAUSE) else {
            return Ok(first);
        };
        self.run(false, async {
            tokio::time::sleep(pause).await;
            Ok(())
        })?;
        self.attempt(request)
    }

    fn attempt(&self, request: &Request) -> Result<Answer, NoAnswer> {
        let method = Method::from_bytes(request.operation.method().as_bytes());
        let method = method.map_err(|error| NoAnswer::Lost(error.to_string()))?;
        let mut builder = self
            .client
            .request(method, request.url(&self.settings.base_url));
        if request.has_key {
            builder = builder.header(AUTHORIZATION, self.settings.authorization.clone());
        }
        let locale = request.locale.map(HeaderValue::from_static);
        if let Some(locale) = locale.or_else(|| self.settings.locale.clone()) {
            builder = builder.header("x-locale", locale);
        }
        if request.gzip {
            builder = builder.header(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if let Some(body) = &request.body {
            builder = builder
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .body(body.to_string());
        }
        let (started, now) = (Instant::now(), Timestamp::now());
        let is_write = request.operation.method() != "GET";
        let (head, body) = self.run(is_write, async {
            let exchange = async {
                let mut response = builder.send().await?;
                let mut body = Vec::new();
                while let Some(chunk) = response.chunk().await? {
                    body.extend_from_slice(&chunk);
                    if body.len() > MAX_BODY {
                        break;
                    }
                }
                Ok((response, body))
            };
            tokio::time::timeout(self.settings.attempt_timeout, exchange)
                .await
                .map_err(|_| {
                    let limit = self.settings.attempt_timeout.as_secs();
                    NoAnswer::Lost(format!("no response within {limit} s"))
                })?
                .map_err(|error: reqwest::Error| NoAnswer::Lost(root_cause(error)))
        })?;
        let took = started.elapsed();
        Ok(Answer {
            operation: request.operation,
            request: request.shown(),
            status: head.status().as_u16(),
            version: format!("{:?}", head.version()),
            headers: head.headers().clone(),
            json: serde_json::from_slice(&body).ok(),
            is_cut: body.len() > MAX_BODY,
            body,
            took,
            at: now.checked_add(took / 2).unwrap_or(now),
            local: head
                .extensions()
                .get::<HttpInfo>()
                .map(HttpInfo::local_addr),
        })
    }

    /// Runs a future until it ends, or until the caller stops the examination. A write that was
    /// sent runs to its end, because its response says which record has to be removed.
    fn run<T>(
        &self,
        is_write: bool,
        work: impl Future<Output = Result<T, NoAnswer>>,
    ) -> Result<T, NoAnswer> {
        self.runtime.block_on(async {
            tokio::pin!(work);
            let mut is_sent = false;
            loop {
                if (self.should_stop)() && !(is_write && is_sent) {
                    return Err(NoAnswer::Stopped);
                }
                is_sent = true;
                tokio::select! {
                    result = &mut work => return result,
                    () = tokio::time::sleep(STOP_INTERVAL) => {}
                }
            }
        })
    }
}

/// The runtime of all requests.
pub(crate) fn runtime() -> Result<Runtime, DoctorError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| DoctorError::Setup(error.to_string()))
}

fn client(settings: &ConnectionSettings) -> Result<reqwest::Client, DoctorError> {
    let setup = |error: reqwest::Error| DoctorError::Setup(error.without_url().to_string());
    let mut accept = HeaderMap::new();
    accept.insert(ACCEPT, HeaderValue::from_static("application/json"));
    // Some requests are invalid on purpose: the log of a server tells them apart from the client's.
    let user_agent = format!(
        "{} skiplino-doctor/{}",
        settings.user_agent,
        env!("CARGO_PKG_VERSION")
    );
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(settings.tls.clone())
        .user_agent(user_agent)
        .default_headers(accept)
        .connect_timeout(settings.connect_timeout)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .tcp_nodelay(true);
    builder = match &settings.proxy {
        ProxySetting::Use(proxy) => {
            builder.proxy(reqwest::Proxy::all(proxy.as_str()).map_err(setup)?)
        }
        ProxySetting::Direct | ProxySetting::Unusable(_) => builder.no_proxy(),
    };
    builder.build().map_err(setup)
}

/// The pause that a 429 demands; a second without `Retry-After`.
fn pause(headers: &HeaderMap) -> Option<Duration> {
    let Some(text) = headers.get(RETRY_AFTER) else {
        return Some(Duration::from_secs(1));
    };
    let seconds = text.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The last cause of an error, which is the most specific. It contains no URL.
fn root_cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}
