//! The input and the outcome of a control API request.

use serde_json::{Map, Value};

use crate::{
    app::App,
    envelope::Failure,
    validate::{Fields, Query},
};

/// A request of the control API.
pub(super) struct Input<'a> {
    pub(super) app: &'a App,
    pub(super) id: String,
    pub(super) query: &'a str,
    pub(super) body: Map<String, Value>,
}

impl Input<'_> {
    pub(super) fn fields(&self) -> Fields {
        Fields::lenient(self.body.clone())
    }

    pub(super) fn query(&self) -> Query {
        Query::parse(self.query)
    }
}

pub(super) type Outcome = Result<Value, Failure>;
