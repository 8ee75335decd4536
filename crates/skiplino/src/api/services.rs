//! The operations on services.

use std::sync::Arc;

use jiff::civil::Date;

use crate::call::Call;
use crate::call::shared::Shared;
use crate::error::Error;
use crate::http::decode;
use crate::models::ids::ServiceId;
use crate::models::services::Slot;
use crate::operation::Operation;

/// Services and their appointment slots. See [`Client::services`](crate::Client::services).
#[derive(Debug, Clone, Copy)]
pub struct Services<'a>(pub(crate) &'a Arc<Shared>);

impl Services<'_> {
    /// The appointment times of a service that have places left (operation 3,
    /// `GET /services/{id}/slots`), on `date` or today, in the company's time zone. An empty list
    /// is a full or closed day.
    ///
    /// # Errors
    /// `InvalidRequest` (field `date`) before the year 1; `Validation` for a day that is past, or a
    /// service that does not take appointments.
    pub fn slots(
        &self,
        service: impl Into<ServiceId>,
        date: impl Into<Option<Date>>,
    ) -> Call<Vec<Slot>> {
        let date = date.into();
        self.0.call(
            Operation::ListSlots,
            decode::data(),
            service.into().checked(),
            |request| match date {
                None => Ok(request),
                Some(date) if date.year() < 1 => {
                    Err(Error::invalid("date", "must not be before the year 1"))
                }
                Some(date) => Ok(request.query("date", &date.to_string())),
            },
        )
    }
}
