//! What becomes of a write whose answer was lost. The API has no idempotency key, so each kind of write has its own way to find out,
//! or none.

pub(crate) mod booking;

use std::pin::Pin;
use std::time::{Duration, Instant};

use crate::RetryPolicy;
use crate::call::recovery::booking::Booking;
use crate::call::{Call, CallOptions};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http::decode::Data;
use crate::http::response::Response;
use crate::operation::Effect;

/// How a write that may have happened comes to an end.
pub(crate) enum Settle {
    /// It is sent again: that does no harm.
    Again,
    /// It is looked for, and sent again when it is not there: that does no harm either.
    Look(Look),
    /// It is looked for, and never sent again.
    Booking(Booking),
    /// Nothing would tell it from others like it; what to do then.
    Never(&'static str),
}

/// Finds what a write should have brought about.
pub(crate) struct Look {
    look: Find,
    is_final: fn(&Error) -> bool,
}

type Find = Box<dyn for<'a> Fn(&'a Reader<'a>) -> Finding<'a> + Send + Sync>;

/// What was found; none when it is not there. An error is one of looking, and tells nothing.
pub(crate) type Found = Result<Option<Response<Data>>, Error>;
pub(crate) type Finding<'a> = Pin<Box<dyn Future<Output = Found> + Send + 'a>>;

impl Look {
    /// `is_final` tells refusals that hold for the attempts before it too: what the server refuses now, it can then neither have
    /// done nor do later.
    pub(crate) fn new(
        is_final: fn(&Error) -> bool,
        look: impl for<'a> Fn(&'a Reader<'a>) -> Finding<'a> + Send + Sync + 'static,
    ) -> Self {
        Self {
            look: Box::new(look),
            is_final,
        }
    }
}

impl Settle {
    /// What an operation's effect allows while nothing more is known of the request.
    pub(crate) fn of(effect: Effect) -> Self {
        match effect {
            Effect::Read | Effect::Replace => Self::Again,
            Effect::TargetState | Effect::KeyedCreate | Effect::Create => {
                Self::Never("nothing tells whether it did")
            }
        }
    }

    /// The effect of a write in doubt, of which `error` was the last that was heard. That it is not there is no proof that it will
    /// not come, unless `error` says so.
    ///
    /// # Errors
    /// `error`, and whether there is still a doubt.
    pub(crate) async fn find(
        &self,
        reader: &Reader<'_>,
        error: Error,
    ) -> Result<Response<Data>, (Error, bool)> {
        let Self::Look(look) = self else {
            return Err((error, true));
        };
        // When nothing could be sent there is nothing new to see, and nobody to ask.
        if matches!(error.kind(), ErrorKind::Connect | ErrorKind::RateLimited) {
            return Err((error, true));
        }
        match (look.look)(reader).await {
            Ok(Some(found)) => Ok(found),
            Ok(None) if (look.is_final)(&error) => Err((error, false)),
            _ => Err((error, true)),
        }
    }

    /// Whether a part of the call's time is kept for finding out.
    pub(crate) fn looks(&self) -> bool {
        matches!(self, Self::Look(_) | Self::Booking(_))
    }
}

/// Makes the reads that belong to a call: on its connections, in its language, within its time.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) client: &'a Client,
    pub(crate) pool: &'a reqwest::Client,
    pub(crate) locale: Option<&'a str>,
    pub(crate) retry: &'a RetryPolicy,
    pub(crate) started: Instant,
    pub(crate) deadline: Duration,
}

impl Reader<'_> {
    /// How much of the call's time is left.
    pub(crate) fn left(&self) -> Duration {
        let passed = self.client.0.config.clock.now() - self.started;
        self.deadline.saturating_sub(passed)
    }

    pub(crate) fn read<T: Send + 'static>(&self, call: Call<T>) -> Reading<'_, T> {
        self.read_with(call, self.retry.clone(), self.left())
    }

    /// A call within a call, which must be held apart: as a part of itself its future could have no size.
    pub(crate) fn read_with<T: Send + 'static>(
        &self,
        call: Call<T>,
        retry: RetryPolicy,
        deadline: Duration,
    ) -> Reading<'_, T> {
        let options = CallOptions {
            locale: self.locale.map(str::to_owned),
            deadline: Some(deadline),
            retry: Some(retry),
        };
        Box::pin(call.options(options).send_on(Some(self.pool)))
    }
}

type Reading<'a, T> = Pin<Box<dyn Future<Output = Result<Response<T>, Error>> + Send + 'a>>;
