#![doc = include_str!("../README.md")]

mod api;
mod bookings;
mod call;
mod cancel;
mod checkpoint;
mod client;
mod clock;
mod config;
mod connecting;
mod decode;
mod driver;
mod error;
mod export;
mod ids;
mod key;
mod list;
mod models;
mod operation;
mod pace;
mod pages;
mod plan;
mod request;
mod response;
mod retry;
mod sending;
mod settle;
mod sync;
mod sync_wait;
mod syncing;
mod text;
mod time;
mod tls;
mod transport;
mod upsert;
mod walk;
mod watch;

pub use api::{Branches, Customers, Services, Tickets};
#[doc(hidden)]
pub use call::UntypedCall;
pub use call::{Call, CallOptions, CallWithResponse};
pub use cancel::CancellationToken;
pub use client::Client;
#[doc(hidden)]
pub use clock::Clock;
pub use config::{ClientBuilder, DEFAULT_BASE_URL};
pub use error::{Error, ErrorKind, Fields, Outcome, TimeoutKind};
pub use export::Export;
pub use ids::{BranchId, CustomerId, CustomerRef, ExternalId, GroupId, ServiceId, TicketId};
pub use jiff;
pub use key::{ApiKey, KeyClass};
pub use list::{List, Page, Pagination};
pub use models::{
    BookTicketRequest, Branch, BranchTreeGroup, ChangeTimeRequest, Customer, CustomerUpdateRequest,
    CustomerWriteRequest, NamedRef, Service, Slot, Ticket, TicketCustomer, TicketStatus,
    TicketType,
};
pub use operation::{Effect, KeyRequirement, Operation};
pub use pages::{BlockingItems, BlockingPages, Items, Pages};
pub use response::Response;
pub use retry::RetryPolicy;
pub use sync::{BlockingSync, CustomerSync, RowOutcome, SyncedRow};
pub use walk::ListProgress;
pub use watch::{BlockingWatch, Watch};

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
