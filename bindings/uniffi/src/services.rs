use std::sync::Arc;

use skiplino::jiff::civil::Date;
use skiplino::{Operation, Slot};

use crate::calls::{CancelHandle, NativeCallOptions, ResponseInfo, calls};
use crate::client::NativeClient;
use crate::errors::SkiplinoError;

/// A time that an appointment can be booked for, as of operation 3.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativeSlot {
    /// When it begins.
    pub time_ms: i64,
    /// Places left.
    pub remaining: u32,
}

/// A service's slots.
#[derive(Debug, Clone, uniffi::Record)]
pub struct SlotsResponse {
    /// The slots.
    pub data: Vec<NativeSlot>,
    /// What came with them.
    pub info: ResponseInfo,
}

impl From<&Slot> for NativeSlot {
    fn from(slot: &Slot) -> Self {
        Self {
            time_ms: slot.time().as_millisecond(),
            remaining: slot.remaining(),
        }
    }
}

calls! {
    impl NativeClient {
        /// The appointment times of a service that have places left (operation 3, `GET /services/{id}/slots`), on `date` (as in
        /// `2026-06-23`) or today, in the company's time zone.
        pub fn list_slots(
            &self,
            service_id: String,
            date: Option<String>,
            options: NativeCallOptions,
            cancel: Option<Arc<CancelHandle>>,
        ) -> SlotsResponse {
            self.send(
                Operation::ListSlots,
                |client| {
                    let date: Option<Date> =
                        date.map(|date| date.parse()).transpose().map_err(|_| {
                            SkiplinoError::invalid("date", "must be a day, as in 2026-06-23")
                        })?;
                    Ok(client.services().slots(service_id, date))
                },
                options,
                cancel,
                |slots, info| SlotsResponse {
                    data: slots.iter().map(Into::into).collect(),
                    info,
                },
            )
        }
    }
}
