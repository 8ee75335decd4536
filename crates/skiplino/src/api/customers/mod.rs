pub(crate) mod export;
pub(crate) mod sync;

use std::borrow::Borrow;
use std::sync::Arc;

use crate::call::recovery::{Look, Settle};
use crate::models::{Customer, CustomerUpdateRequest, CustomerWriteRequest, Ticket};
use crate::{
    Call, Client, CustomerRef, CustomerSync, Error, ErrorKind, Export, List, Operation, Page,
    Response, http::decode,
};

/// The customer directory. All but [`tickets`](Self::tickets) take a secret key. See [`Client::customers`].
#[derive(Debug, Clone, Copy)]
pub struct Customers<'a>(pub(crate) &'a Client);

impl Customers<'_> {
    /// Creates a customer (operation 8, `POST /customers/create`). With an `externalId` a second try cannot make a second
    /// customer: if the answer is lost, the customer is looked for, and created again if there is none. One with the same data
    /// is taken for the one created.
    ///
    /// # Errors
    /// `InvalidRequest` (field `metadata`); `Validation`, as for an `externalId` that is taken. Without an `externalId`
    /// `OutcomeUnknown` when the answer was lost: creating again could make a second customer.
    pub fn create(&self, request: impl Borrow<CustomerWriteRequest>) -> Call<Customer> {
        let request = request.borrow();
        let call = self
            .0
            .call(Operation::CreateCustomer, decode::data(), Ok(""), |ready| {
                request.check()?;
                ready.json(request)
            });
        let Some(id) = request.key().cloned() else {
            return call.settle(Settle::Never(
                "without an externalId nothing tells it from others; look through the customers before creating it again",
            ));
        };
        let request = request.clone();
        call.settle(look_for(id.into(), move |found| {
            found.filter(|customer| request.is_stored_as(customer))
        }))
    }

    /// All customers, newest first (operation 9, `GET /customers/getAll`), up to 100 a page.
    pub fn list(&self) -> List<Customer> {
        let client = self.0.clone();
        let id: fn(&Customer) -> &str = |customer| customer.id().as_str();
        List::new(Operation::ListCustomers, 100, id, move |page, limit| {
            client.call(
                Operation::ListCustomers,
                decode::page(),
                Ok(""),
                |request| Ok(request.paged(page, limit)),
            )
        })
    }

    /// Hands the whole directory to `sink`, newest first, up to 100 customers at a time, and tells how far it came. Others may
    /// change the directory meanwhile: see [`List`] for what that means. The first page comes even when there are no customers.
    ///
    /// Nothing but the page in hand, those read ahead and 16 bytes for each customer seen is held in memory. Where the sink
    /// fails, the export ends with its error.
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
    /// As [`list`](Self::list), and those of the sink.
    pub fn export<S, E>(&self, sink: S) -> Export<S>
    where
        S: FnMut(Page<Customer>) -> Result<(), E>,
        E: From<Error>,
    {
        Export::new(self.0.clone(), self.list(), sink)
    }

    /// Brings `rows` into the directory, each by its `externalId`: a customer that is not there is created, one that is not as
    /// the row says is updated, any other is left alone. Fields that a row does not set are left alone, too; `metadata` is
    /// compared and replaced whole.
    ///
    /// Gives a stream (or with [`CustomerSync::wait`] an iterator) of what became of each row, in the order in which they end. A
    /// row that fails does not stop the others. An error of the stream itself ends it; rows that it did not tell of were not done
    /// to the end. Rows with the same `externalId` are carried out one after another, in the order of the source. Dropping it
    /// stops it: what was under way may or may not have happened.
    ///
    /// The source is read as rows are begun, on the thread that asks for results, and is not held in memory. Its items may be
    /// requests, or anything that holds one: they come back with their result.
    ///
    /// ```no_run
    /// # fn run(client: skiplino::Client) -> Result<(), skiplino::Error> {
    /// use skiplino::{CustomerWriteRequest, RowOutcome};
    ///
    /// let rows = (1..=1000).map(|n| CustomerWriteRequest::new().external_id(format!("crm-{n}")));
    /// for row in client.customers().sync(rows).checkpoint("crm.checkpoint").wait() {
    ///     let row = row?;
    ///     if let RowOutcome::Failed(error) | RowOutcome::Unknown(error) = row.outcome() {
    ///         eprintln!("row {}: {error}", row.index() + 1);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Of the stream: `SecretKeyRequired`; `Unauthorized`, after the row that met it; `Connect`, when the server could not be
    /// reached for a minute; `InvalidRequest` (fields `concurrency`, `rate`, `checkpoint`). Of a row: those of [`create`](Self::create), [`find`](Self::find) and [`update`](Self::update), and
    /// `InvalidRequest` (field `externalId`) where it has none.
    pub fn sync<I>(&self, rows: I) -> CustomerSync<I::IntoIter>
    where
        I: IntoIterator,
        I::Item: Borrow<CustomerWriteRequest>,
    {
        CustomerSync::new(self.0.clone(), rows.into_iter())
    }

    /// One customer (operation 10, `GET /customers/getOne`).
    ///
    /// # Errors
    /// `Validation` when there is none: see [`find`](Self::find).
    pub fn get(&self, customer: impl Into<CustomerRef>) -> Call<Customer> {
        let customer = customer.into();
        self.0
            .call(Operation::GetCustomer, decode::data(), Ok(""), |request| {
                request.customer(&customer)
            })
    }

    /// One customer, or `None` where there is none (operation 10, whose 422 for an unknown id is an answer here).
    pub fn find(&self, customer: impl Into<CustomerRef>) -> Call<Option<Customer>> {
        let customer = customer.into();
        self.0
            .call(Operation::GetCustomer, decode::found(), Ok(""), |request| {
                request.customer(&customer)
            })
            .none_where(is_unknown_customer)
    }

    /// Changes the fields that are sent and leaves the others (operation 11, `PUT /customers/update`); `metadata` is replaced
    /// whole.
    ///
    /// # Errors
    /// `InvalidRequest` (fields `metadata`, `externalId`); `Validation`; `NotFound` when the record vanished meanwhile.
    pub fn update(&self, request: impl Borrow<CustomerUpdateRequest>) -> Call<Customer> {
        self.0
            .call(Operation::UpdateCustomer, decode::data(), Ok(""), |ready| {
                let request = request.borrow();
                request.check()?;
                ready.json(request)
            })
    }

    /// Deletes a customer for good (operation 12, `DELETE /customers/delete`). Their tickets stay. If the answer is lost, the
    /// customer is looked for, and deleted again if still there.
    ///
    /// # Errors
    /// `Validation` when there is none.
    pub fn delete(&self, customer: impl Into<CustomerRef>) -> Call<()> {
        let customer = customer.into();
        let call = self.0.call(
            Operation::DeleteCustomer,
            decode::nothing(),
            Ok(""),
            |request| request.customer(&customer),
        );
        call.settle(look_for(customer, |found| found.is_none().then_some(())))
    }

    /// A customer's tickets, newest first (operation 13, `GET /customers/tickets`), up to 10 a page. Takes any key.
    pub fn tickets(&self, customer: impl Into<CustomerRef>) -> List<Ticket> {
        let client = self.0.clone();
        let customer = customer.into();
        let id: fn(&Ticket) -> &str = |ticket| ticket.id().as_str();
        List::new(
            Operation::ListCustomerTickets,
            10,
            id,
            move |page, limit| {
                client.call(
                    Operation::ListCustomerTickets,
                    decode::page(),
                    Ok(""),
                    |request| Ok(request.customer(&customer)?.paged(page, limit)),
                )
            },
        )
    }
}

/// A write has happened when what is found, or that nothing is, says so. What a server finds invalid it found invalid before, too.
fn look_for<T: Send + 'static>(
    customer: CustomerRef,
    is_done: impl Fn(Option<Customer>) -> Option<T> + Send + Sync + 'static,
) -> Settle {
    let is_final = |error: &Error| error.kind() == ErrorKind::Validation;
    let is_done = Arc::new(is_done);
    Settle::Look(Look::new(is_final, move |reader| {
        let call = reader.client.customers().find(&customer);
        let is_done = Arc::clone(&is_done);
        Box::pin(async move {
            let found = reader.read(call).await?.filter_map(&*is_done);
            Ok(found.map(Response::untyped))
        })
    }))
}

// The text of the reason is localised; that it is about the id is what says that there is no such customer.
fn is_unknown_customer(error: &Error) -> bool {
    let about_id = |field: &String| field == "id" || field == "externalId";
    error.kind() == ErrorKind::Validation
        && !error.fields().is_empty()
        && error.fields().keys().all(about_id)
}
