#![doc = include_str!("../README.md")]

mod api;
mod call;
mod client;
mod clock;
mod config;
mod error;
mod http;
mod models;
mod operation;
mod pagination;

pub use api::customers::export::Export;
pub use api::customers::sync::{BlockingSync, CustomerSync, RowOutcome, SyncedRow};
pub use api::tickets::watch::{BlockingWatch, Watch};
pub use api::{Branches, Customers, Services, Tickets};
#[doc(hidden)]
pub use call::UntypedCall;
pub use call::cancellation::CancellationToken;
pub use call::retry::RetryPolicy;
pub use call::{Call, CallOptions, CallWithResponse};
pub use client::Client;
pub use client::api_key::{ApiKey, KeyClass};
#[doc(hidden)]
pub use clock::Clock;
pub use config::{ClientBuilder, DEFAULT_BASE_URL};
pub use error::{Error, ErrorKind, Fields, Outcome, TimeoutKind};
pub use http::response::Response;
pub use jiff;
pub use models::ids::{
    BranchId, CustomerId, CustomerRef, ExternalId, GroupId, ServiceId, TicketId,
};
pub use models::{
    BookTicketRequest, Branch, BranchTreeGroup, ChangeTimeRequest, Customer, CustomerUpdateRequest,
    CustomerWriteRequest, NamedRef, Service, Slot, Ticket, TicketCustomer, TicketStatus,
    TicketType,
};
pub use operation::{Effect, KeyRequirement, Operation};
pub use pagination::blocking::{BlockingItems, BlockingPages};
pub use pagination::pager::ListProgress;
pub use pagination::stream::{Items, Pages};
pub use pagination::{List, Page, Pagination};

// What crosses threads in every host language must be able to.
const _: () = {
    const fn crosses_threads<T: Send + Sync>() {}
    crosses_threads::<Client>();
    crosses_threads::<CancellationToken>();
    crosses_threads::<Error>();
    crosses_threads::<Response<Ticket>>();
    crosses_threads::<Page<Customer>>();
    crosses_threads::<BlockingPages<Customer>>();
    crosses_threads::<CustomerSync<std::vec::IntoIter<CustomerWriteRequest>>>();
    crosses_threads::<BlockingSync<std::vec::IntoIter<CustomerWriteRequest>>>();
    assert!(size_of::<Error>() == size_of::<usize>());
};
