//! One request: its URL and body.

use bytes::Bytes;
use reqwest::Url;
use serde::Serialize;

use crate::error::Error;
use crate::models::ids::CustomerRef;
use crate::operation::Operation;

#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) operation: Operation,
    pub(crate) url: Url,
    pub(crate) body: Option<Bytes>,
}

impl Request {
    /// The operation's path below `base`, with `id` for its parameter. The id becomes one segment,
    /// whatever its characters.
    pub(crate) fn new(base: &Url, operation: Operation, id: &str) -> Result<Self, Error> {
        let mut url = base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::invalid("baseUrl", "must allow a path"))?
            .extend(operation.path().split('/').skip(1).map(|segment| {
                if segment.starts_with('{') {
                    id
                } else {
                    segment
                }
            }));
        Ok(Self {
            operation,
            url,
            body: None,
        })
    }

    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    pub(crate) fn customer(self, customer: &CustomerRef) -> Result<Self, Error> {
        let field = match customer {
            CustomerRef::Id(_) => "id",
            CustomerRef::ExternalId(_) => "externalId",
        };
        Ok(self.query(field, customer.checked()?))
    }

    pub(crate) fn paged(self, page: u64, limit: u64) -> Self {
        self.query("page", &page.to_string())
            .query("limit", &limit.to_string())
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self, Error> {
        let body =
            serde_json::to_vec(body).map_err(|error| Error::invalid("body", error.to_string()))?;
        self.body = Some(body.into());
        Ok(self)
    }
}
