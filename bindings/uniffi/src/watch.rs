//! Watches a ticket for changes.

use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _};
use skiplino::Operation;

use crate::call_options::NativeCallOptions;
use crate::cancellation::CancelHandle;
use crate::client::NativeClient;
use crate::errors::SkiplinoError;
use crate::pager::StreamReader;
use crate::pending_call::PendingCall;
use crate::runtime::ErasedData;
use crate::tickets::NativeTicket;
use crate::values::duration;

/// How to watch a ticket. Absent settings have the core's defaults.
#[derive(Debug, Clone, uniffi::Record)]
pub struct WatchOptions {
    /// The minimum poll interval, used near the front of the queue.
    pub min_ms: Option<i64>,
    /// The maximum poll interval.
    pub max_ms: Option<i64>,
    /// How long to retry failures of the network or the server before the watch fails.
    pub give_up_after_ms: Option<i64>,
}

/// The changes of a ticket, starting with its current state.
#[derive(uniffi::Object)]
pub struct NativeTicketWatch(StreamReader);

impl NativeTicketWatch {
    /// The next change, see `operations.rs`.
    pub(crate) fn start_next(
        &self,
        cancel: Option<Arc<CancelHandle>>,
    ) -> PendingCall<Option<NativeTicket>> {
        self.0.next(cancel)
    }
}

#[uniffi::export]
impl NativeClient {
    /// Watches a ticket: returns its current state, and its state after each change, until it is
    /// served or cancelled. `call` has the options of each poll.
    pub fn watch_ticket(
        &self,
        ticket_id: String,
        options: WatchOptions,
        call: NativeCallOptions,
    ) -> Result<Arc<NativeTicketWatch>, SkiplinoError> {
        let operation = Operation::GetTicket;
        let client = self.client()?;
        let read =
            |ms, field| duration(ms, field).map_err(|rejection| rejection.for_operation(operation));
        let min = read(options.min_ms, "min")?;
        let max = read(options.max_ms, "max")?;
        let give_up_after = read(options.give_up_after_ms, "giveUpAfter")?;
        let call = self.options(call, operation)?;
        let changes = StreamReader::new(operation, self.shutdown(), move || {
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
            let changes =
                watch.map_ok(|ticket| Box::new(NativeTicket::from(&ticket)) as ErasedData);
            Some(changes.fuse().boxed())
        });
        Ok(Arc::new(NativeTicketWatch(changes)))
    }
}
