//! Recovery of a write whose response was lost.
//!
//! The API has no idempotency key, so each kind of write has its own lookup. Some kinds have none.

pub(crate) mod booking_lookup;
pub(crate) mod open_bookings;
mod server_clock;

use std::pin::Pin;

use crate::call::context::CallContext;
use crate::call::recovery::booking_lookup::BookingLookup;
use crate::error::{Error, ErrorKind};
use crate::http::decode::Data;
use crate::http::response::Response;
use crate::operation::Effect;

/// How a call continues after a write that may have been applied.
pub(crate) enum Recovery {
    /// The request is sent again. Sending it twice has the same effect as sending it once.
    Resend,
    /// The effect of the write is looked up, and the request is sent again if there is none.
    /// Sending it twice has the same effect as sending it once.
    Lookup(Lookup),
    /// The ticket is looked up, and the booking is never sent again.
    BookingLookup(BookingLookup),
    /// No lookup can identify the write; the text says what the caller can do.
    Impossible(&'static str),
}

/// Finds the effect of a write.
pub(crate) struct Lookup {
    find: LookupFn,
    is_final: fn(&Error) -> bool,
}

/// What is known about a write that a lookup did not find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LostWrite {
    NotApplied,
    MaybeApplied,
    /// It may have been applied, and the server's records have another shape than the client
    /// expects. So a further attempt would be as useless.
    Unreadable,
}

type LookupFn = Box<dyn for<'a> Fn(&'a CallContext<'a>) -> LookupFuture<'a> + Send + Sync>;

/// The effect of the write; `None` if there is none. An error is a failed lookup, and says
/// nothing about the write.
pub(crate) type LookupResult = Result<Option<Response<Data>>, Error>;
pub(crate) type LookupFuture<'a> = Pin<Box<dyn Future<Output = LookupResult> + Send + 'a>>;

impl Lookup {
    /// `is_final` recognises a rejection that holds for the earlier attempts, too: the server can
    /// neither have applied them nor apply them later.
    pub(crate) fn new(
        is_final: fn(&Error) -> bool,
        find: impl for<'a> Fn(&'a CallContext<'a>) -> LookupFuture<'a> + Send + Sync + 'static,
    ) -> Self {
        Self {
            find: Box::new(find),
            is_final,
        }
    }

    /// Looks up a write that may have been applied; `error` is the failure of the last attempt. If
    /// the lookup finds nothing, an earlier attempt may still arrive, unless `error` is final.
    ///
    /// # Errors
    /// `error`, and what is known about the write.
    pub(crate) async fn find(
        &self,
        context: &CallContext<'_>,
        error: Error,
    ) -> Result<Response<Data>, (Error, LostWrite)> {
        // Nothing new was sent, and the lookup would fail in the same way.
        if matches!(error.kind(), ErrorKind::Connect | ErrorKind::RateLimited) {
            return Err((error, LostWrite::MaybeApplied));
        }
        let lost = match (self.find)(context).await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) if (self.is_final)(&error) => LostWrite::NotApplied,
            Err(failure) if failure.is_other_shape() && error.is_other_shape() => {
                LostWrite::Unreadable
            }
            _ => LostWrite::MaybeApplied,
        };
        Err((error, lost))
    }
}

impl Recovery {
    /// The recovery that follows from an operation's effect alone.
    pub(crate) fn of(effect: Effect) -> Self {
        match effect {
            Effect::Read | Effect::Replace => Self::Resend,
            Effect::TargetState | Effect::KeyedCreate | Effect::Create => Self::Impossible(
                "no lookup can confirm this write; check the record before repeating the call",
            ),
        }
    }

    /// Whether a part of the call's time is kept for a lookup.
    pub(crate) fn needs_lookup(&self) -> bool {
        matches!(self, Self::Lookup(_) | Self::BookingLookup(_))
    }
}
