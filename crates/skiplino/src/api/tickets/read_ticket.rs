//! Reads a ticket: for the caller, for a watch, and to recover a write whose response was lost.

use std::sync::Arc;

use crate::call::Call;
use crate::call::expected_record::wrong_ticket;
use crate::call::recovery::{Lookup, Recovery};
use crate::call::shared::Shared;
use crate::error::{Error, ErrorKind};
use crate::http::decode;
use crate::models::ids::TicketId;
use crate::models::tickets::Ticket;
use crate::operation::Operation;

/// The call that reads a ticket.
pub(super) fn get(shared: &Arc<Shared>, ticket: &TicketId) -> Call<Ticket> {
    let asked = ticket.clone();
    shared
        .call(Operation::GetTicket, decode::data(), ticket.checked(), Ok)
        .refuse_wrong_id(move |found| wrong_ticket(&asked, found))
}

/// Reads the ticket; the write was applied if `is_done` accepts it.
pub(super) fn look_up(
    ticket: TicketId,
    is_final: fn(&Error) -> bool,
    is_done: impl Fn(&Ticket) -> bool + Copy + Send + Sync + 'static,
) -> Recovery {
    Recovery::Lookup(Lookup::new(is_final, move |context| {
        let call = get(context.shared, &ticket);
        Box::pin(async move {
            match call.send_within(context).await {
                Ok(found) => Ok(is_done(found.data()).then(|| found.untyped())),
                // Which of the two a server returns for an unknown ticket is not published.
                Err(error)
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Validation) =>
                {
                    Ok(None)
                }
                Err(error) => Err(error),
            }
        })
    }))
}
