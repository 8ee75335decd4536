//! The responses of all operations: data and the metadata of the HTTP response.

use skiplino::{Branch, BranchTreeGroup, Customer, Page, Response, Slot, Ticket};

use crate::branches::{NativeBranch, NativeBranchTreeGroup};
use crate::customers::NativeCustomer;
use crate::pages::{NativeCustomerPage, NativeTicketPage};
use crate::services::NativeSlot;
use crate::tickets::NativeTicket;

/// The metadata of a response.
#[derive(Debug, Clone, uniffi::Record)]
pub struct ResponseInfo {
    /// The HTTP status.
    pub status: u16,
    /// The envelope's `message`, such as `Ticket booked successfully.`
    pub message: Option<String>,
    /// The number of attempts.
    pub attempts: u32,
    /// Whether the response to a write was lost and the write was confirmed by a lookup.
    pub recovered: bool,
    /// The headers whose values are text, one a line, such as
    /// `date: Tue, 23 Jun 2026 11:10:00 GMT`. They are one text because few callers read them, and
    /// one text costs next to nothing at the language boundary.
    pub headers: String,
}

impl<T> From<&Response<T>> for ResponseInfo {
    fn from(response: &Response<T>) -> Self {
        let mut headers = String::new();
        for (name, value) in response.headers() {
            for part in [name, ": ", value, "\n"] {
                headers.push_str(part);
            }
        }
        Self {
            status: response.status(),
            message: response.message().map(str::to_owned),
            attempts: response.attempts(),
            recovered: response.recovered(),
            headers,
        }
    }
}

/// A response for the hosts, made from the core's data.
pub(crate) trait FromCore<T> {
    fn from_core(data: T, info: ResponseInfo) -> Self;
}

impl FromCore<()> for ResponseInfo {
    fn from_core((): (), info: ResponseInfo) -> Self {
        info
    }
}

macro_rules! responses {
    ($($(#[$doc:meta])* $name:ident($data:ty) = |$core:ident: $from:ty| $convert:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, uniffi::Record)]
        pub struct $name {
            /// The data of the response.
            pub data: $data,
            /// The metadata of the response.
            pub info: ResponseInfo,
        }

        impl FromCore<$from> for $name {
            fn from_core($core: $from, info: ResponseInfo) -> Self {
                Self { data: $convert, info }
            }
        }
    )+};
}

responses! {
    /// The active branches.
    BranchesResponse(Vec<NativeBranch>) =
        |branches: Vec<Branch>| branches.iter().map(Into::into).collect();

    /// The service groups of a branch.
    BranchTreeResponse(Vec<NativeBranchTreeGroup>) =
        |groups: Vec<BranchTreeGroup>| groups.iter().map(Into::into).collect();

    /// The slots of a service.
    SlotsResponse(Vec<NativeSlot>) = |slots: Vec<Slot>| slots.iter().map(Into::into).collect();

    /// A ticket.
    TicketResponse(NativeTicket) = |ticket: Ticket| (&ticket).into();

    /// A customer.
    CustomerResponse(NativeCustomer) = |customer: Customer| (&customer).into();

    /// A customer, or none if there is no such customer.
    FoundCustomerResponse(Option<NativeCustomer>) =
        |customer: Option<Customer>| customer.as_ref().map(Into::into);

    /// A page of the customer directory.
    CustomerPageResponse(NativeCustomerPage) = |page: Page<Customer>| page.into();

    /// A page of a customer's tickets.
    TicketPageResponse(NativeTicketPage) = |page: Page<Ticket>| page.into();
}
