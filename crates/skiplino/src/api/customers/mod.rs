//! The operations on customers, and the recovery of each write whose response was lost.

pub(crate) mod export;
pub(crate) mod sync;

use std::borrow::Borrow;
use std::sync::Arc;

use crate::api::customers::export::Export;
use crate::call::Call;
use crate::call::context::{CallContext, NestedCall};
use crate::call::expected_record::{wrong_customer, wrong_customer_of_tickets};
use crate::call::recovery::{Lookup, Recovery};
use crate::call::shared::Shared;
use crate::error::{Error, ErrorKind};
use crate::http::decode;
use crate::http::response::Response;
use crate::models::customers::{Customer, CustomerUpdateRequest, CustomerWriteRequest};
use crate::models::ids::CustomerRef;
use crate::models::page::Page;
use crate::models::tickets::Ticket;
use crate::operation::Operation;
use crate::pagination::List;

/// The customer directory. All but [`tickets`](Self::tickets) need a secret key. See
/// [`Client::customers`](crate::Client::customers).
#[derive(Debug, Clone, Copy)]
pub struct Customers<'a>(pub(crate) &'a Arc<Shared>);

impl Customers<'_> {
    /// Creates a customer (operation 8, `POST /customers/create`). With an `externalId` a retry
    /// cannot create a second customer. If the response is lost, the client looks up the customer:
    /// a customer with the same data counts as created, and if there is none, the client sends the
    /// request again.
    ///
    /// # Errors
    /// `InvalidRequest` (field `metadata`); `Validation`, for example if the `externalId` is taken.
    /// Without an `externalId`, `OutcomeUnknown` if the response was lost: a second try could
    /// create a second customer.
    pub fn create(&self, request: impl Borrow<CustomerWriteRequest>) -> Call<Customer> {
        let request = request.borrow();
        let call = self
            .0
            .call(Operation::CreateCustomer, decode::data(), Ok(""), |ready| {
                request.check()?;
                ready.json(request)
            });
        let Some(id) = request.key().cloned() else {
            return call.recovery(Recovery::Impossible(
                "a customer without an externalId cannot be looked up; check the customers before creating it again",
            ));
        };
        let (request, asked) = (request.clone(), CustomerRef::from(&id));
        let call = call.refuse_wrong_id(move |found| wrong_customer(&asked, found));
        call.recovery(look_up(id.into(), move |found| {
            found.filter(|customer| request.is_stored_as(customer))
        }))
    }

    /// All customers, newest first (operation 9, `GET /customers/getAll`), up to 100 a page.
    pub fn list(&self) -> List<Customer> {
        let id: fn(&Customer) -> &str = |customer| customer.id().as_str();
        let operation = Operation::ListCustomers;
        List::new(self.0, operation, 100, id, move |shared, page, limit| {
            shared.call(operation, decode::page(), Ok(""), |request| {
                Ok(request.paged(page, limit))
            })
        })
    }

    /// Passes the whole directory to `sink`, newest first, up to 100 customers at a time, and
    /// returns the progress. Others may change the directory during the export: see [`List`] for
    /// the effect. The sink gets the first page even if there are no customers.
    ///
    /// The export holds the current page, the pages read ahead, and about 40 bytes for each
    /// customer in memory. If the sink fails, the export ends with its error.
    ///
    /// ```no_run
    /// # fn run(client: skiplino::Client) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// use std::io::Write as _;
    ///
    /// let mut file = std::fs::File::create("customers.txt")?;
    /// let progress = client
    ///     .customers()
    ///     .export(|page| -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    ///         for customer in page.items() {
    ///             writeln!(file, "{}", customer.id())?;
    ///         }
    ///         Ok(())
    ///     })
    ///     .wait()?;
    /// println!("{} customers", progress.records);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The errors of [`list`](Self::list), and of the sink.
    pub fn export<S, E>(&self, sink: S) -> Export<S>
    where
        S: FnMut(Page<Customer>) -> Result<(), E>,
        E: From<Error>,
    {
        Export::new(Arc::clone(self.0), self.list(), sink)
    }

    /// One customer (operation 10, `GET /customers/getOne`).
    ///
    /// # Errors
    /// `Validation` if there is no such customer: see [`find`](Self::find).
    pub fn get(&self, customer: impl Into<CustomerRef>) -> Call<Customer> {
        let customer = customer.into();
        self.0
            .call(Operation::GetCustomer, decode::data(), Ok(""), |request| {
                request.customer(&customer)
            })
            .refuse_wrong_id(move |found| wrong_customer(&customer, found))
    }

    /// One customer, or `None` if there is no such customer (operation 10, whose 422 or 404 for an
    /// unknown id is not an error here).
    pub fn find(&self, customer: impl Into<CustomerRef>) -> Call<Option<Customer>> {
        find(self.0, &customer.into())
    }

    /// Changes the fields that are sent and leaves the others (operation 11,
    /// `PUT /customers/update`); `metadata` is replaced whole.
    ///
    /// # Errors
    /// `InvalidRequest` (fields `metadata`, `externalId`); `Validation`; `NotFound` if the record
    /// was deleted during the update.
    pub fn update(&self, request: impl Borrow<CustomerUpdateRequest>) -> Call<Customer> {
        let request = request.borrow();
        let call = self
            .0
            .call(Operation::UpdateCustomer, decode::data(), Ok(""), |ready| {
                request.check()?;
                ready.json(request)
            });
        let asked = request.customer();
        call.refuse_wrong_id(move |found| wrong_customer(asked.as_ref()?, found))
    }

    /// Deletes a customer permanently (operation 12, `DELETE /customers/delete`). The customer's
    /// tickets stay. If the response is lost, the client looks up the customer, and sends the
    /// request again only if the customer still exists.
    ///
    /// # Errors
    /// `Validation` if there is no such customer.
    pub fn delete(&self, customer: impl Into<CustomerRef>) -> Call<()> {
        let customer = customer.into();
        let call = self.0.call(
            Operation::DeleteCustomer,
            decode::nothing(),
            Ok(""),
            |request| request.customer(&customer),
        );
        call.recovery(look_up(customer, |found| found.is_none().then_some(())))
    }

    /// A customer's tickets, newest first (operation 13, `GET /customers/tickets`), up to 10 a
    /// page. Works with any key.
    pub fn tickets(&self, customer: impl Into<CustomerRef>) -> List<Ticket> {
        let customer = customer.into();
        let id: fn(&Ticket) -> &str = |ticket| ticket.id().as_str();
        let operation = Operation::ListCustomerTickets;
        List::new(self.0, operation, 10, id, move |shared, page, limit| {
            shared
                .call(operation, decode::page(), Ok(""), |request| {
                    Ok(request.customer(&customer)?.paged(page, limit))
                })
                .refuse_wrong_id({
                    let customer = customer.clone();
                    move |found| wrong_customer_of_tickets(&customer, found)
                })
        })
    }
}

/// The call that reads a customer, if there is one.
fn find(shared: &Arc<Shared>, customer: &CustomerRef) -> Call<Option<Customer>> {
    let asked = customer.clone();
    shared
        .call(Operation::GetCustomer, decode::found(), Ok(""), |request| {
            request.customer(customer)
        })
        .refuse_wrong_id(move |found: &Option<_>| wrong_customer(&asked, found.as_ref()?))
        .recover_as_none(is_unknown_customer)
}

/// Reads a customer's newest tickets within a call.
pub(crate) fn newest_tickets<'a>(
    context: &CallContext<'a>,
    customer: &CustomerRef,
) -> NestedCall<'a, Page<Ticket>> {
    let tickets = Customers(context.shared).tickets(customer);
    tickets.page(1).send_within(context)
}

/// Reads the customer; the write was applied if `is_done` accepts the result. A `Validation` error
/// proves that the earlier attempts were not applied either.
fn look_up<T: Send + 'static>(
    customer: CustomerRef,
    is_done: impl Fn(Option<Customer>) -> Option<T> + Send + Sync + 'static,
) -> Recovery {
    let is_final = |error: &Error| error.kind() == ErrorKind::Validation;
    let is_done = Arc::new(is_done);
    Recovery::Lookup(Lookup::new(is_final, move |context| {
        let call = find(context.shared, &customer);
        let is_done = Arc::clone(&is_done);
        Box::pin(async move {
            let found = call.send_within(context).await?.filter_map(&*is_done);
            Ok(found.map(Response::untyped))
        })
    }))
}

// The reason is localised, so the field names are compared: an error about the id means that there
// is no such customer. A server may also return a 404; without the API's message it would be that of
// another server.
fn is_unknown_customer(error: &Error) -> bool {
    let about_id = |field: &String| field == "id" || field == "externalId";
    match error.kind() {
        ErrorKind::NotFound => error.message().is_some(),
        ErrorKind::Validation => !error.fields().is_empty() && error.fields().keys().all(about_id),
        _ => false,
    }
}
