//! Following a ticket.

use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _};
use skiplino::Operation;

use crate::calls::{CancelHandle, NativeCallOptions, calls};
use crate::client::NativeClient;
use crate::errors::SkiplinoError;
use crate::pages::{Steps, Walk};
use crate::runtime::Data;
use crate::tickets::NativeTicket;
use crate::times::duration;

/// How a ticket is followed; what is absent is as the core has it.
#[derive(Debug, Clone, uniffi::Record)]
pub struct WatchOptions {
    /// The shortest pause between two looks, near the front of the queue.
    pub min_ms: Option<i64>,
    /// The longest pause between two looks.
    pub max_ms: Option<i64>,
    /// How long failures of the network or the server are ridden out.
    pub give_up_after_ms: Option<i64>,
}

/// The changes of a ticket, from its present state on.
#[derive(uniffi::Object)]
pub struct TicketWatch {
    walk: Walk,
}

calls! {
    impl TicketWatch {
        /// The next change, or none after the last: when the ticket is served or cancelled, the watch is over, and so it is after an
        /// error. A step that was cancelled ends the requests; the one after it tells the present state again.
        pub fn next(
            &self,
            cancel: Option<Arc<CancelHandle>>,
        ) -> Option<NativeTicket> {
            self.walk.next(cancel)
        }
    }
}

#[uniffi::export]
impl NativeClient {
    /// Follows a ticket: its state now, and again each time that it changes, until it is served or cancelled. `call` is for each look.
    pub fn watch_ticket(
        &self,
        ticket_id: String,
        options: WatchOptions,
        call: NativeCallOptions,
    ) -> Result<Arc<TicketWatch>, SkiplinoError> {
        let operation = Operation::GetTicket;
        let client = self.client()?;
        let of = |ms, field| duration(ms, field).map_err(|refusal| refusal.of(operation));
        let min = of(options.min_ms, "min")?;
        let max = of(options.max_ms, "max")?;
        let give_up_after = of(options.give_up_after_ms, "giveUpAfter")?;
        let call = self.options(call, operation)?;
        let steps = Steps::new(operation, move || {
            let mut watch = client.tickets().watch(ticket_id.as_str());
            watch = watch.options(call.clone());
            if let Some(min) = min {
                watch = watch.min(min);
            }
            if let Some(max) = max {
                watch = watch.max(max);
            }
            if let Some(limit) = give_up_after {
                watch = watch.give_up_after(limit);
            }
            let changes = watch.map_ok(|ticket| Box::new(NativeTicket::from(&ticket)) as Data);
            Some(changes.fuse().boxed())
        });
        Ok(Arc::new(TicketWatch {
            walk: Walk::new(steps, self.closing()),
        }))
    }
}
