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
mod sanitize;

pub use api::branches::Branches;
pub use api::customers::Customers;
pub use api::customers::export::Export;
pub use api::customers::sync::{BlockingSync, CustomerSync, RowOutcome, SyncedRow};
pub use api::services::Services;
pub use api::tickets::Tickets;
pub use api::tickets::watch::{BlockingWatch, Watch};
#[doc(hidden)]
pub use call::UntypedCall;
pub use call::cancellation::CancellationToken;
pub use call::retry::RetryPolicy;
#[doc(hidden)]
pub use call::sigpipe::SigpipeGuard;
pub use call::spec::CallOptions;
pub use call::{Call, CallWithResponse};
pub use client::Client;
pub use client::api_key::ApiKey;
#[doc(hidden)]
pub use client::builder::ClientOptions;
pub use client::builder::{ClientBuilder, DEFAULT_BASE_URL};
#[doc(hidden)]
pub use client::connection::ConnectionSettings;
#[doc(hidden)]
pub use clock::Clock;
#[doc(hidden)]
pub use config::ProxySetting;
pub use error::{Error, ErrorKind, Fields, Outcome, TimeoutKind};
pub use http::response::Response;
pub use jiff;
#[doc(hidden)]
pub use models::customers::CustomerFields;
#[doc(hidden)]
pub use models::ids::invisible_ends;
pub use models::ids::{
    BranchId, CustomerId, CustomerRef, ExternalId, GroupId, ServiceId, TicketId,
};
pub use models::page::{Page, Pagination};
pub use models::{
    BookTicketRequest, Branch, BranchTreeGroup, ChangeTimeRequest, Customer, CustomerUpdateRequest,
    CustomerWriteRequest, NamedRef, Service, Slot, Ticket, TicketCustomer, TicketStatus,
    TicketType,
};
pub use operation::{Effect, KeyClass, KeyRequirement, Operation};
pub use pagination::List;
pub use pagination::blocking::{BlockingItems, BlockingPages};
pub use pagination::pager::ListProgress;
pub use pagination::stream::{Items, Pages};
#[doc(hidden)]
pub use sanitize::{is_control_like, is_invisible, redact};

// Host languages pass these types between threads.
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
