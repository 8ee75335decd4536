//! The table of all operations. The calls of Swift and Kotlin are generated from it.
//!
//! A row has the call's name in Kotlin, the operation, the method's name in Swift, the arguments,
//! the response, and the call of the core. For Swift, each row becomes an async method that UniFFI
//! exports. For Kotlin, it becomes a variant of [`NativeCall`], and the arm of [`dispatch`] that
//! starts the call.

use std::sync::Arc;

use skiplino::{ChangeTimeRequest, Operation};

use crate::call_options::NativeCallOptions;
use crate::cancellation::CancelHandle;
use crate::client::NativeClient;
use crate::customers::{NativeCustomerFields, NativeCustomerRef};
use crate::errors::SkiplinoError;
#[cfg(feature = "kotlin")]
use crate::kotlin::erased_call::ErasedCall;
#[cfg(feature = "kotlin")]
use crate::kotlin::handle_registry::{find, register};
use crate::pager::{NativeCustomerPager, NativeTicketPager};
use crate::pages::{NativeCustomerPage, NativeTicketPage, page_number, with_limit};
#[cfg(feature = "kotlin")]
use crate::pending_call::PendingCall;
use crate::responses::{
    BranchTreeResponse, BranchesResponse, CustomerPageResponse, CustomerResponse,
    FoundCustomerResponse, ResponseInfo, SlotsResponse, TicketPageResponse, TicketResponse,
};
use crate::tickets::{NativeBooking, NativeTicket};
use crate::values::{parse_date, timestamp};
use crate::watch::NativeTicketWatch;

#[cfg(not(feature = "kotlin"))]
macro_rules! operations {
    (
        calls {$(
            $(#[$doc:meta])*
            $call:ident($operation:ident) = $method:ident(
                $($argument:ident: $type:ty),*
            ) -> $response:ty {
                |$client:ident| $make_call:expr
            }
        )+}
        streams {$(
            $(#[$stream_doc:meta])*
            $next:ident = $stream:ident -> $item:ty;
        )+}
    ) => {
        #[uniffi::export]
        impl NativeClient {$(
            $(#[$doc])*
            pub async fn $method(
                &self,
                $($argument: $type,)*
                options: NativeCallOptions,
                cancel: Option<Arc<CancelHandle>>,
            ) -> Result<$response, SkiplinoError> {
                self.start(Operation::$operation, |$client| Ok($make_call), options, cancel).await
            }
        )+}

        $(#[uniffi::export]
        impl $stream {
            $(#[$stream_doc])*
            pub async fn next(
                &self,
                cancel: Option<Arc<CancelHandle>>,
            ) -> Result<Option<$item>, SkiplinoError> {
                self.start_next(cancel).await
            }
        })+
    };
}

#[cfg(feature = "kotlin")]
macro_rules! operations {
    (
        calls {$(
            $(#[$doc:meta])*
            $call:ident($operation:ident) = $method:ident(
                $($argument:ident: $type:ty),*
            ) -> $response:ty {
                |$client:ident| $make_call:expr
            }
        )+}
        streams {$(
            $(#[$stream_doc:meta])*
            $next:ident = $stream:ident -> $item:ty;
        )+}
    ) => {
        /// A call, as Kotlin sends it.
        #[derive(uniffi::Enum)]
        pub enum NativeCall {
            $(
                $(#[$doc])*
                $call {
                    $($argument: $type,)*
                    options: NativeCallOptions,
                },
            )+
            $(
                $(#[$stream_doc])*
                $next,
            )+
            /// Panics on the runtime's thread.
            #[cfg(feature = "testing")]
            TestingPanic,
        }

        /// Starts a call of the object that has this handle.
        pub(crate) fn dispatch(
            handle: u64,
            call: NativeCall,
            cancel: Arc<CancelHandle>,
        ) -> Result<ErasedCall, SkiplinoError> {
            let cancel = Some(cancel);
            Ok(match call {
                $(NativeCall::$call { $($argument,)* options } => {
                    let client = find::<NativeClient>(handle)?;
                    let operation = Operation::$operation;
                    let call: PendingCall<$response> =
                        client.start(operation, |$client| Ok($make_call), options, cancel);
                    call.into()
                })+
                $(NativeCall::$next => {
                    let stream = find::<$stream>(handle)?;
                    let step: PendingCall<Option<$item>> = stream.start_next(cancel);
                    step.into()
                })+
                #[cfg(feature = "testing")]
                NativeCall::TestingPanic => crate::test_state::panicking_call::<bool>().into(),
            })
        }

        operations!(@handle NativeClient $($stream)+);
    };
    (@handle $($object:ident)+) => {
        $(#[uniffi::export]
        impl $object {
            /// Registers the object and returns its handle for calls.
            pub fn register(self: Arc<Self>) -> u64 {
                register(self)
            }
        })+
    };
}

operations! {
    calls {
        /// Opens the connections of the next calls.
        WarmUp(ListBranches) = warm_up() -> ResponseInfo {
            |client| client.warm_up()
        }

        /// The active branches (operation 1, `GET /branches`).
        ListBranches(ListBranches) = list_branches() -> BranchesResponse {
            |client| client.branches().list()
        }

        /// A branch's service groups with their active services (operation 2,
        /// `GET /branches/{branchId}/tree`).
        GetBranchTree(GetBranchTree) = get_branch_tree(branch_id: String) -> BranchTreeResponse {
            |client| client.branches().tree(branch_id)
        }

        /// The free appointment slots of a service (operation 3, `GET /services/{id}/slots`) on a
        /// date such as `2026-06-23`, or today, in the company's time zone.
        ListSlots(ListSlots) = list_slots(
            service_id: String,
            date: Option<String>
        ) -> SlotsResponse {
            |client| client.services().slots(service_id, parse_date(date)?)
        }

        /// Books a ticket (operation 4, `POST /tickets/book`): a walk-in joins the queue at once,
        /// an appointment takes a place in a slot.
        BookTicket(BookTicket) = book_ticket(booking: NativeBooking) -> TicketResponse {
            |client| client.tickets().book(booking.request()?)
        }

        /// The current state of a ticket (operation 5, `GET /tickets/{id}`).
        GetTicket(GetTicket) = get_ticket(ticket_id: String) -> TicketResponse {
            |client| client.tickets().get(ticket_id)
        }

        /// Cancels a waiting or upcoming ticket (operation 6, `POST /tickets/{id}/cancel`) and
        /// returns its new state.
        CancelTicket(CancelTicket) = cancel_ticket(ticket_id: String) -> TicketResponse {
            |client| client.tickets().cancel(ticket_id)
        }

        /// Moves a waiting appointment to another slot (operation 7,
        /// `POST /tickets/{id}/change-time`).
        RescheduleTicket(RescheduleTicket) = reschedule_ticket(
            ticket_id: String,
            time_ms: i64,
            customer: NativeCustomerRef
        ) -> TicketResponse {
            |client| client.tickets().reschedule(
                ticket_id,
                ChangeTimeRequest::new(timestamp(time_ms, "time")?, customer),
            )
        }

        /// Creates a customer (operation 8, `POST /customers/create`).
        CreateCustomer(CreateCustomer) = create_customer(
            external_id: Option<String>,
            fields: NativeCustomerFields
        ) -> CustomerResponse {
            |client| client.customers().create(fields.create(external_id)?)
        }

        /// One page of the customer directory, numbered from 1, newest customer first (operation 9,
        /// `GET /customers/getAll`). `limit` is from 1 to 100; the default is 100.
        ListCustomers(ListCustomers) = list_customers(
            page: i64,
            limit: Option<i64>
        ) -> CustomerPageResponse {
            |client| with_limit(client.customers().list(), limit).page(page_number(page))
        }

        /// One customer (operation 10, `GET /customers/getOne`).
        GetCustomer(GetCustomer) = get_customer(customer: NativeCustomerRef) -> CustomerResponse {
            |client| client.customers().get(customer)
        }

        /// One customer, or none: operation 10, whose status 422 for an unknown id is not an error
        /// here.
        FindCustomer(GetCustomer) = find_customer(
            customer: NativeCustomerRef
        ) -> FoundCustomerResponse {
            |client| client.customers().find(customer)
        }

        /// Updates the given fields and keeps the others (operation 11, `PUT /customers/update`).
        /// `new_external_id` needs a customer that is identified by the server's id.
        UpdateCustomer(UpdateCustomer) = update_customer(
            customer: NativeCustomerRef,
            new_external_id: Option<String>,
            fields: NativeCustomerFields
        ) -> CustomerResponse {
            |client| client.customers().update(fields.update(customer, new_external_id)?)
        }

        /// Deletes a customer permanently (operation 12, `DELETE /customers/delete`).
        DeleteCustomer(DeleteCustomer) = delete_customer(
            customer: NativeCustomerRef
        ) -> ResponseInfo {
            |client| client.customers().delete(customer)
        }

        /// One page of a customer's tickets, numbered from 1, newest ticket first (operation 13,
        /// `GET /customers/tickets`). `limit` is from 1 to 10; the default is 10.
        ListCustomerTickets(ListCustomerTickets) = list_customer_tickets(
            customer: NativeCustomerRef,
            page: i64,
            limit: Option<i64>
        ) -> TicketPageResponse {
            |client| with_limit(client.customers().tickets(customer), limit).page(page_number(page))
        }
    }
    streams {
        /// The next page, or none after the last. There is a first page even if the list is empty.
        /// The pager ends after an error or a cancelled step.
        NextCustomers = NativeCustomerPager -> NativeCustomerPage;

        /// The next page, or none after the last. There is a first page even if the list is empty.
        /// The pager ends after an error or a cancelled step.
        NextTickets = NativeTicketPager -> NativeTicketPage;

        /// The next change, or none after the last. The watch ends after the ticket was served or
        /// cancelled, and after an error. A cancelled step ends the requests; the next step returns
        /// the current state again.
        NextChange = NativeTicketWatch -> NativeTicket;
    }
}
