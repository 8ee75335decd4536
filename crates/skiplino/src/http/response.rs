//! The response of an operation: its data, and message, status, headers and attempts.

use std::any::Any;
use std::fmt;

use reqwest::header::HeaderMap;

use crate::error::{Error, ErrorKind};
use crate::http::decode::Data;

/// The data of an operation, and the rest of the response.
#[derive(Clone)]
pub struct Response<T> {
    pub(crate) data: T,
    pub(crate) message: Option<String>,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) attempts: u32,
    pub(crate) recovered: bool,
}

impl<T> Response<T> {
    /// The operation's data.
    pub fn data(&self) -> &T {
        &self.data
    }

    /// The operation's data alone.
    pub fn into_data(self) -> T {
        self.data
    }

    /// The envelope's `message`, as in `Ticket booked successfully.`
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// A header of the response, if present and text. The name's case does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The headers of the response that are text.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }

    /// How many attempts the call made.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether the response to a write was lost and a lookup confirmed the write. Message, status
    /// and headers are then those of the lookup.
    pub fn recovered(&self) -> bool {
        self.recovered
    }

    /// The response that an error came from, with these data: for errors that are a valid result.
    pub(crate) fn from_error(error: Error, data: T) -> Self {
        let inner = error.into_details();
        Self {
            data,
            message: inner.message,
            status: inner.status.unwrap_or_default(),
            headers: inner.headers,
            attempts: inner.attempts,
            recovered: false,
        }
    }

    /// The result of a lookup after `attempts` attempts of the write.
    pub(crate) fn into_recovered(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self.recovered = true;
        self
    }

    /// The same response with other data.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Response<U> {
        Response {
            data: change(self.data),
            message: self.message,
            status: self.status,
            headers: self.headers,
            attempts: self.attempts,
            recovered: self.recovered,
        }
    }

    /// The same response with other data, if there are any.
    pub(crate) fn filter_map<U>(self, change: impl FnOnce(T) -> Option<U>) -> Option<Response<U>> {
        let mut changed = None;
        let around = self.map(|data| changed = change(data));
        changed.map(|data| around.map(|()| data))
    }
}

impl<T: Send + 'static> Response<T> {
    pub(crate) fn untyped(self) -> Response<Data> {
        self.map(|data| Box::new(data) as Data)
    }
}

impl Response<Data> {
    /// The response with the data's type restored.
    pub(crate) fn typed<T: Any>(self) -> Result<Response<T>, Error> {
        self.filter_map(|data| data.downcast().ok().map(|data| *data))
            .ok_or_else(|| Error::new(ErrorKind::Internal))
    }
}

impl<T: fmt::Debug> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("attempts", &self.attempts)
            .field("recovered", &self.recovered)
            .field("message", &self.message)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}
