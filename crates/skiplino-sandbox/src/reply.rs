//! Responses as they are sent: whole, truncated, slow, huge, or an aborted connection.

use std::{convert::Infallible, io, pin::Pin, task, time::Duration};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
};
use bytes::Bytes;
use http_body::Frame;
use serde_json::Value;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::envelope::{ApiResponse, BodyForm};

pub(crate) const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// Tells the connection to close without a response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Abort;

/// A response as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) payload: Payload,
}

/// How the body of a response is sent.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    Full(Bytes),
    /// Half of the body with the whole length in the header; then the connection closes.
    Truncated(Bytes),
    /// In chunks of this size, with a pause after each.
    Slow(Bytes, usize, Duration),
    /// Generated JSON with this many bytes.
    Filler(u64),
}

impl Reply {
    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: Bytes) -> Self {
        Self {
            status,
            content_type: Some(content_type),
            headers: Vec::new(),
            payload: Payload::Full(body),
        }
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            content_type: None,
            ..Self::new(status, JSON, Bytes::new())
        }
    }

    /// The body, if it is small enough for the log.
    pub(crate) fn kept(&self) -> Option<Bytes> {
        match &self.payload {
            Payload::Full(bytes) | Payload::Truncated(bytes) | Payload::Slow(bytes, ..) => {
                Some(bytes.clone()).filter(|bytes| !bytes.is_empty() && bytes.len() < 1 << 20)
            }
            Payload::Filler(_) => None,
        }
    }

    pub(crate) fn response(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if let Some(content_type) = self.content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        let body = match self.payload {
            Payload::Full(bytes) => Body::from(bytes),
            Payload::Truncated(bytes) => {
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
                let half = bytes.slice(..bytes.len() / 2);
                Body::new(Chunks::new(vec![half], Duration::ZERO, true))
            }
            Payload::Slow(bytes, size, pause) => {
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
                let chunks = bytes
                    .chunks(size)
                    .map(|chunk| bytes.slice_ref(chunk))
                    .collect();
                Body::new(Chunks::new(chunks, pause, false))
            }
            Payload::Filler(length) => Body::new(Filler::new(length)),
        };
        *response.body_mut() = body;
        response
    }
}

impl From<ApiResponse> for Reply {
    fn from(response: ApiResponse) -> Self {
        let text = || {
            let texts = [&response.body["error"], &response.body["message"]];
            let text = texts.into_iter().find_map(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let status = response.status;
        let reply = match response.form {
            BodyForm::Json => Self::new(status, JSON, response.body.to_string().into()),
            BodyForm::Text => Self::new(status, TEXT, text().into()),
            BodyForm::Html => {
                let page = format!(
                    "<!DOCTYPE html><html><body><h1>{}</h1></body></html>",
                    text()
                );
                Self::new(status, HTML, page.into())
            }
            BodyForm::Empty => Self::empty(status),
        };
        Self {
            headers: response.headers,
            ..reply
        }
    }
}

/// A response that closes the connection instead of being sent.
pub(crate) fn abort() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Abort);
    response
}

/// Sends chunks with pauses, and may abort at the end.
struct Chunks {
    chunks: std::vec::IntoIter<Bytes>,
    pause: Duration,
    breaks_off: bool,
    pausing: Option<Pin<Box<Sleep>>>,
    flushed: bool,
}

impl Chunks {
    fn new(chunks: Vec<Bytes>, pause: Duration, breaks_off: bool) -> Self {
        Self {
            chunks: chunks.into_iter(),
            pause,
            breaks_off,
            pausing: None,
            flushed: false,
        }
    }
}

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
    ) -> task::Poll<Option<io::Result<Frame<Bytes>>>> {
        // hyper flushes only when the body is pending. On a busy machine the pause may already be
        // over, so be pending once in any case.
        if self.pausing.is_some() && !self.flushed {
            self.flushed = true;
            context.waker().wake_by_ref();
            return task::Poll::Pending;
        }
        if let Some(pausing) = &mut self.pausing {
            task::ready!(pausing.as_mut().poll(context));
            self.pausing = None;
        }
        if let Some(chunk) = self.chunks.next() {
            // Even the shortest pause lets the peer read the flushed bytes first.
            let pause = self.pause.max(Duration::from_millis(1));
            self.pausing = Some(Box::pin(sleep_until(Instant::now() + pause)));
            self.flushed = false;
            return task::Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        task::Poll::Ready(self.breaks_off.then(|| {
            self.breaks_off = false;
            Err(io::Error::from(io::ErrorKind::ConnectionAborted))
        }))
    }
}

/// A list of the given length in bytes.
struct Filler {
    left: u64,
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    Start,
    Items,
    End,
    Done,
}

impl Filler {
    const START: &[u8] = br#"{"message":"OK","data":["#;
    const ITEM: &[u8] = br#"{"_id":"00000000000000000000000000000000"},"#;
    const ITEMS_A_CHUNK: usize = 1500;
    const END: &[u8] = b"null]}";

    fn new(length: u64) -> Self {
        let frame = Self::START.len() + Self::END.len();
        Self {
            left: length.saturating_sub(frame as u64),
            stage: Stage::Start,
        }
    }

    fn items(&mut self) -> Bytes {
        let full = Self::ITEM.len() * Self::ITEMS_A_CHUNK;
        if let Some(left) = self.left.checked_sub(full as u64) {
            self.left = left;
            return Self::ITEM.repeat(Self::ITEMS_A_CHUNK).into();
        }
        self.stage = Stage::End;
        // Spaces are valid between items, so the length is exact.
        b" ".repeat(usize::try_from(self.left).unwrap_or(0)).into()
    }
}

impl http_body::Body for Filler {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut task::Context<'_>,
    ) -> task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = match self.stage {
            Stage::Start => {
                self.stage = Stage::Items;
                Bytes::from_static(Self::START)
            }
            Stage::Items => self.items(),
            Stage::End => {
                self.stage = Stage::Done;
                Bytes::from_static(Self::END)
            }
            Stage::Done => return task::Poll::Ready(None),
        };
        task::Poll::Ready(Some(Ok(Frame::data(chunk))))
    }
}
