//! Checks whether the SDK's own client can read a response.

use skiplino::{
    BookTicketRequest, Client, CustomerRef, CustomerUpdateRequest, CustomerWriteRequest, Error,
    Operation, Response,
};

use crate::wire::Answer;

/// Reads the response as the client does, without sending anything. A response with an error status
/// is readable.
///
/// # Errors
/// If a success cannot be read.
pub(crate) fn read(client: &Client, answer: &Answer) -> Result<(), Error> {
    if !(200..300).contains(&answer.status) {
        return Ok(());
    }
    let (status, body) = (answer.status, answer.body.clone());
    // Any ids will do, because nothing is sent.
    let customer = || CustomerRef::id("0");
    match answer.operation {
        Operation::ListBranches => done(client.branches().list().answered(status, body)),
        Operation::GetBranchTree => done(client.branches().tree("0").answered(status, body)),
        Operation::ListSlots => done(client.services().slots("0", None).answered(status, body)),
        Operation::BookTicket => {
            let request = BookTicketRequest::walk_in("0", "0");
            done(client.tickets().book(request).answered(status, body))
        }
        Operation::GetTicket => done(client.tickets().get("0").answered(status, body)),
        Operation::CancelTicket => done(client.tickets().cancel("0").answered(status, body)),
        Operation::CreateCustomer => {
            let request = CustomerWriteRequest::default();
            done(client.customers().create(request).answered(status, body))
        }
        Operation::ListCustomers => done(client.customers().list().page(1).answered(status, body)),
        Operation::GetCustomer => done(client.customers().get(customer()).answered(status, body)),
        Operation::UpdateCustomer => {
            let request = CustomerUpdateRequest::new(customer());
            done(client.customers().update(request).answered(status, body))
        }
        Operation::DeleteCustomer => {
            done(client.customers().delete(customer()).answered(status, body))
        }
        Operation::ListCustomerTickets => {
            let list = client.customers().tickets(customer());
            done(list.page(1).answered(status, body))
        }
        _ => Ok(()),
    }
}

fn done<T>(result: Result<Response<T>, Error>) -> Result<(), Error> {
    result.map(drop)
}
