//! The 13 operations of the API, one file for each resource.

use crate::{
    clock::Millis,
    envelope::{ApiResponse, Failure},
    locale::Locale,
    pagination::PageRules,
    store::Store,
    validate::{Fields, Query},
};

pub(crate) mod branches;
pub(crate) mod customers;
pub(crate) mod services;
pub(crate) mod tickets;

/// A request, as the operations get it.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) store: &'a Store,
    pub(crate) locale: Locale,
    pub(crate) now: Millis,
    pub(crate) pages: PageRules,
    /// The parameter of the path; empty if the path has none, or if its encoding is invalid.
    pub(crate) id: String,
    pub(crate) query: &'a str,
    /// `None` if it was too long.
    pub(crate) body: Option<&'a [u8]>,
}

impl Call<'_> {
    fn fields(&self) -> Result<Fields, Failure> {
        Fields::parse(self.body)
    }

    fn query(&self) -> Query {
        Query::parse(self.query)
    }
}

type Outcome = Result<ApiResponse, Failure>;
