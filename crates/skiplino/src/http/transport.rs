//! HTTP transport: connection pools, sending a request, and reading a response of bounded size.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use reqwest::redirect::Policy;

use crate::clock::FOREVER;
use crate::config::{Config, ProxySetting};
use crate::error::{Error, ErrorKind, TimeoutKind};
use crate::http::attempt_timer::AttemptTimer;
use crate::http::connect_error;
use crate::http::request::Request;

/// The most bytes read of an error's body: envelopes are small, and a longer body is a proxy's
/// page.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// How long an idle connection is kept: load balancers commonly close it after a minute, and a
/// write at that moment would be lost.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

const LOCALE: HeaderName = HeaderName::from_static("x-locale");

/// A response whose body is not decoded yet.
#[derive(Debug)]
pub(crate) struct RawResponse {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Whether a part of the request may have been sent: before that, the server cannot have applied
/// it.
///
/// The flag is set by the request's body; a request without a body counts as sent from the start.
#[derive(Clone)]
pub(crate) struct SendFlag(Option<Arc<AtomicBool>>);

impl SendFlag {
    pub(crate) fn new(request: &Request) -> Self {
        Self(request.body.is_some().then(Arc::default))
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0
            .as_ref()
            .is_none_or(|flag| flag.load(Ordering::Acquire))
    }
}

/// A body that sets a flag when it is first polled, which is after the connection is made and the
/// head is written.
struct TrackedBody {
    bytes: Option<Bytes>,
    sent: Arc<AtomicBool>,
}

impl http_body::Body for TrackedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.sent.store(true, Ordering::Release);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// The connections of one runtime to the server, and the timer of the attempts on them.
#[derive(Clone)]
pub(crate) struct ConnectionPool {
    client: reqwest::Client,
    pub(crate) attempt_timer: Arc<AttemptTimer>,
    background_requests: Arc<AtomicUsize>,
}

/// A request that goes on when its call has ended, until this value is dropped.
pub(crate) struct BackgroundRequest(Arc<AtomicUsize>);

impl Drop for BackgroundRequest {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ConnectionPool {
    /// A pool without connections. It belongs to the runtime that first uses it.
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        Ok(Self {
            client: client(config)?,
            attempt_timer: Arc::default(),
            background_requests: Arc::default(),
        })
    }

    /// Counts a request in the background.
    pub(crate) fn start_in_background(&self) -> BackgroundRequest {
        self.background_requests.fetch_add(1, Ordering::Relaxed);
        BackgroundRequest(Arc::clone(&self.background_requests))
    }

    /// Whether a request goes on in the background.
    pub(crate) fn has_background_requests(&self) -> bool {
        self.background_requests.load(Ordering::Relaxed) > 0
    }
}

fn client(config: &Config) -> Result<reqwest::Client, Error> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, config.authorization.clone());
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(config.tls.clone())
        .user_agent(config.user_agent.clone())
        .default_headers(headers)
        .connect_timeout(config.connect_timeout)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(Policy::none())
        // The retry loop alone counts, limits and reports retries.
        .retry(reqwest::retry::never())
        .tcp_nodelay(true);
    // A connection that is lost without a word would fail all calls until the system notices, which
    // takes minutes. It is closed before an attempt times out, and the next one connects again.
    #[cfg(feature = "http2")]
    {
        builder = builder
            .http2_keep_alive_interval(config.attempt_timeout / 2)
            .http2_keep_alive_timeout(config.attempt_timeout / 4);
    }
    builder = match &config.proxy {
        ProxySetting::Use(proxy) => builder.proxy(
            reqwest::Proxy::all(proxy.as_str())
                .map_err(|_| Error::invalid("proxy", "must be a proxy URL"))?,
        ),
        // Every request fails before it is sent.
        ProxySetting::Unusable(_) | ProxySetting::Direct => builder.no_proxy(),
    };
    builder
        .build()
        .map_err(|error| Error::because(ErrorKind::Internal, error))
}

/// Sends the request once and reads the response, up to the largest size of its body.
pub(crate) async fn send(
    pool: &ConnectionPool,
    config: &Config,
    request: &Request,
    locale: Option<&HeaderValue>,
    send_flag: &SendFlag,
) -> Result<RawResponse, Error> {
    let proxy = match &config.proxy {
        ProxySetting::Direct => None,
        ProxySetting::Use(proxy) => Some(proxy),
        ProxySetting::Unusable(reason) => {
            let error = Error::new(ErrorKind::Connect);
            return Err(error.edit(|inner| inner.reason = Some(reason.clone())));
        }
    };
    let mut builder = pool
        .client
        .request(request.operation.http_method(), request.url.clone());
    if let Some(locale) = locale {
        builder = builder.header(LOCALE, locale.clone());
    }
    if let (Some(bytes), Some(sent)) = (&request.body, &send_flag.0) {
        let body = TrackedBody {
            bytes: Some(bytes.clone()),
            sent: Arc::clone(sent),
        };
        builder = builder
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(reqwest::Body::wrap(body));
    }
    let mut response = builder
        .send()
        .await
        .map_err(|error| before_response(error, proxy, send_flag))?;
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let body = if response.status().is_success() {
        read(&mut response, config.max_response_bytes).await
    } else {
        Ok(read(&mut response, MAX_ERROR_BODY)
            .await
            .unwrap_or_default())
    };
    body.map(|body| RawResponse {
        status,
        headers,
        body,
    })
    .map_err(|error| error.edit(|inner| inner.status = Some(status)))
}

async fn read(response: &mut reqwest::Response, max_bytes: usize) -> Result<Bytes, Error> {
    let announced = response.content_length().unwrap_or_default();
    let Some(first) = response.chunk().await.map_err(in_response)? else {
        return Ok(Bytes::new());
    };
    // Most responses are one chunk, which needs no copy.
    if first.len() as u64 == announced && first.len() <= max_bytes {
        return Ok(first);
    }
    // The announced length is trusted up to the limit, or a server could make the client allocate
    // gigabytes.
    let expected = usize::try_from(announced)
        .unwrap_or(max_bytes)
        .min(max_bytes);
    let mut whole = Vec::with_capacity(expected.max(first.len()));
    whole.extend_from_slice(&first);
    while whole.len() <= max_bytes {
        let Some(chunk) = response.chunk().await.map_err(in_response)? else {
            return Ok(whole.into());
        };
        whole.extend_from_slice(&chunk);
    }
    Err(Error::new(ErrorKind::Decode).edit(|inner| {
        inner.path = Some("$".to_owned());
        inner.reason = Some(format!("the body is larger than {max_bytes} bytes"));
    }))
}

fn before_response(error: reqwest::Error, proxy: Option<&Url>, send_flag: &SendFlag) -> Error {
    // The URL of a read can contain a customer's id.
    let error = error.without_url();
    if error.is_connect() && error.is_timeout() {
        return Error::new(ErrorKind::Timeout).edit(|inner| {
            inner.timeout = Some(TimeoutKind::Connect);
            inner.reason = proxy.map(|_| "the proxy or the server did not answer".to_owned());
        });
    }
    let never_sent = error.is_connect()
        // The connection was closed before the request was written to it.
        || connection_error(&error).is_some_and(hyper::Error::is_canceled);
    let kind = if never_sent || !send_flag.is_set() {
        ErrorKind::Connect
    } else {
        ErrorKind::Transport
    };
    let reason = connect_error::reason(&error, proxy)
        .filter(|_| kind == ErrorKind::Connect)
        .map(|reason| reason.to_string());
    Error::because(kind, error).edit(|inner| inner.reason = reason)
}

fn in_response(error: reqwest::Error) -> Error {
    let error = error.without_url();
    // The decompression reports a lost connection as its own failure; only the source of that
    // failure distinguishes the two.
    if error.is_decode() && connection_error(&error).is_none() {
        return Error::because(ErrorKind::Decode, error)
            .edit(|inner| inner.path = Some("$".to_owned()));
    }
    Error::because(ErrorKind::Transport, error)
}

/// The error of the HTTP connection, if the failure came from there.
fn connection_error(error: &reqwest::Error) -> Option<&hyper::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        cause = error.source();
    }
    None
}

/// `Retry-After`: seconds, or a date, which is compared with the server's own clock if the response
/// has a `Date`. A longer pause than a year is a year: the host languages count in smaller units.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = httpdate::parse_http_date(text).ok()?;
            let now = headers.get(DATE).and_then(date);
            let now = now.unwrap_or_else(SystemTime::now);
            until.duration_since(now).unwrap_or_default()
        }
    };
    Some(pause.min(FOREVER))
}

fn date(header: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(header.to_str().ok()?).ok()
}

/// The server's clock (`Date`), to the second.
pub(crate) fn server_time(headers: &HeaderMap) -> Option<Timestamp> {
    time_of(headers.get(DATE)?)
}

/// The time that a `Date` shows.
pub(crate) fn time_of(header: &HeaderValue) -> Option<Timestamp> {
    date(header)?.try_into().ok()
}
