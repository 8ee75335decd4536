//! The numbers that C sees. `codes.txt` holds them all, and may only grow.

use std::ffi::CStr;

use skiplino::{ErrorKind, Outcome, TicketStatus, TicketType, TimeoutKind};

/// How a call went. 0 is success; numbers are never used again for anything else. Expect more in later releases.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum skiplino_code {
    /// It succeeded.
    SKIPLINO_OK = 0,
    /// Refused here, before anything was sent; the error's fields name the input.
    SKIPLINO_INVALID_REQUEST = 1,
    /// The operation needs a secret key and the client holds a public one. Refused here.
    SKIPLINO_SECRET_KEY_REQUIRED = 2,
    /// 401: the key is missing, unknown or of the wrong class.
    SKIPLINO_UNAUTHORIZED = 3,
    /// 400: a business rule forbids it; skiplino_error_reason() has the localised text.
    SKIPLINO_REJECTED = 4,
    /// 404.
    SKIPLINO_NOT_FOUND = 5,
    /// 409: the ticket's state forbids it. Final.
    SKIPLINO_CONFLICT = 6,
    /// 422: the error's fields have the reasons.
    SKIPLINO_VALIDATION = 7,
    /// 429: too many requests; skiplino_error_retry_after_ms() says for how long to wait.
    SKIPLINO_RATE_LIMITED = 8,
    /// 5xx.
    SKIPLINO_SERVER = 9,
    /// Any other status, redirects included.
    SKIPLINO_UNEXPECTED_STATUS = 10,
    /// A success whose body cannot be read; skiplino_error_path() says where.
    SKIPLINO_DECODE = 11,
    /// Name look-up, connection or TLS failed: nothing was sent.
    SKIPLINO_CONNECT = 12,
    /// The connection was lost after sending began.
    SKIPLINO_TRANSPORT = 13,
    /// A deadline passed; skiplino_error_timeout_kind() says which.
    SKIPLINO_TIMEOUT = 14,
    /// A write that may have happened, and that could not be found out about. Look before making it again.
    SKIPLINO_OUTCOME_UNKNOWN = 15,
    /// skiplino_cancel() ended it.
    SKIPLINO_CANCELLED = 16,
    /// A bug of this library.
    SKIPLINO_INTERNAL = 17,
    /// A walk or a watch has come to its end.
    SKIPLINO_END = 32,
    /// A watch saw no change within the time given. It goes on.
    SKIPLINO_NOTHING_YET = 33,
    /// A required argument is NULL.
    SKIPLINO_NULL_ARGUMENT = 34,
    /// A string is not UTF-8.
    SKIPLINO_NOT_UTF8 = 35,
    /// The handle was made before fork(), and this is the child.
    SKIPLINO_FORKED = 36,
    /// The struct's size is none that this library knows.
    SKIPLINO_STRUCT_SIZE = 37,
}

impl skiplino_code {
    pub(crate) fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidRequest => Self::SKIPLINO_INVALID_REQUEST,
            ErrorKind::SecretKeyRequired => Self::SKIPLINO_SECRET_KEY_REQUIRED,
            ErrorKind::Unauthorized => Self::SKIPLINO_UNAUTHORIZED,
            ErrorKind::Rejected => Self::SKIPLINO_REJECTED,
            ErrorKind::NotFound => Self::SKIPLINO_NOT_FOUND,
            ErrorKind::Conflict => Self::SKIPLINO_CONFLICT,
            ErrorKind::Validation => Self::SKIPLINO_VALIDATION,
            ErrorKind::RateLimited => Self::SKIPLINO_RATE_LIMITED,
            ErrorKind::Server => Self::SKIPLINO_SERVER,
            ErrorKind::UnexpectedStatus => Self::SKIPLINO_UNEXPECTED_STATUS,
            ErrorKind::Decode => Self::SKIPLINO_DECODE,
            ErrorKind::Connect => Self::SKIPLINO_CONNECT,
            ErrorKind::Transport => Self::SKIPLINO_TRANSPORT,
            ErrorKind::Timeout => Self::SKIPLINO_TIMEOUT,
            ErrorKind::OutcomeUnknown => Self::SKIPLINO_OUTCOME_UNKNOWN,
            ErrorKind::Cancelled => Self::SKIPLINO_CANCELLED,
            // A kind that the core got and this table did not is a bug, which the test below finds.
            _ => Self::SKIPLINO_INTERNAL,
        }
    }

    pub(crate) fn name(code: i32) -> Option<&'static CStr> {
        Some(match code {
            0 => c"Ok",
            1 => c"InvalidRequest",
            2 => c"SecretKeyRequired",
            3 => c"Unauthorized",
            4 => c"Rejected",
            5 => c"NotFound",
            6 => c"Conflict",
            7 => c"Validation",
            8 => c"RateLimited",
            9 => c"Server",
            10 => c"UnexpectedStatus",
            11 => c"Decode",
            12 => c"Connect",
            13 => c"Transport",
            14 => c"Timeout",
            15 => c"OutcomeUnknown",
            16 => c"Cancelled",
            17 => c"Internal",
            32 => c"End",
            33 => c"NothingYet",
            34 => c"NullArgument",
            35 => c"NotUtf8",
            36 => c"Forked",
            37 => c"StructSize",
            _ => return None,
        })
    }
}

/// What a failed call did to the server's state.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum skiplino_outcome {
    /// Nothing: it never arrived, was refused, or only reads.
    SKIPLINO_NOT_APPLIED = 1,
    /// A write that may have happened.
    SKIPLINO_MAY_BE_APPLIED = 2,
}

impl From<Outcome> for skiplino_outcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::NotApplied => Self::SKIPLINO_NOT_APPLIED,
            Outcome::Unknown => Self::SKIPLINO_MAY_BE_APPLIED,
        }
    }
}

/// Which deadline passed.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum skiplino_timeout_kind {
    /// None did.
    SKIPLINO_TIMEOUT_KIND_NONE = 0,
    /// Connecting, TLS included.
    SKIPLINO_TIMEOUT_KIND_CONNECT = 1,
    /// One attempt, from its start to the end of its answer.
    SKIPLINO_TIMEOUT_KIND_ATTEMPT = 2,
    /// The whole call, retries and pauses included.
    SKIPLINO_TIMEOUT_KIND_CALL = 3,
}

impl From<Option<TimeoutKind>> for skiplino_timeout_kind {
    fn from(kind: Option<TimeoutKind>) -> Self {
        match kind {
            None => Self::SKIPLINO_TIMEOUT_KIND_NONE,
            Some(TimeoutKind::Connect) => Self::SKIPLINO_TIMEOUT_KIND_CONNECT,
            Some(TimeoutKind::Attempt) => Self::SKIPLINO_TIMEOUT_KIND_ATTEMPT,
            Some(TimeoutKind::Call) => Self::SKIPLINO_TIMEOUT_KIND_CALL,
        }
    }
}

/// Where a ticket stands.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum skiplino_ticket_status {
    /// A value that this release does not know: skiplino_ticket_status_text() has it.
    SKIPLINO_STATUS_UNKNOWN = 0,
    /// In the queue.
    SKIPLINO_STATUS_WAITING = 1,
    /// An appointment whose time has not come.
    SKIPLINO_STATUS_UPCOMING = 2,
    /// At the counter.
    SKIPLINO_STATUS_SERVING = 3,
    /// Done.
    SKIPLINO_STATUS_SERVED = 4,
    /// Given up, by the customer or the staff.
    SKIPLINO_STATUS_CANCELLED = 5,
}

impl From<&TicketStatus> for skiplino_ticket_status {
    fn from(status: &TicketStatus) -> Self {
        match status {
            TicketStatus::Waiting => Self::SKIPLINO_STATUS_WAITING,
            TicketStatus::Upcoming => Self::SKIPLINO_STATUS_UPCOMING,
            TicketStatus::Serving => Self::SKIPLINO_STATUS_SERVING,
            TicketStatus::Served => Self::SKIPLINO_STATUS_SERVED,
            TicketStatus::Cancelled => Self::SKIPLINO_STATUS_CANCELLED,
            _ => Self::SKIPLINO_STATUS_UNKNOWN,
        }
    }
}

/// How a ticket came to be.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum skiplino_ticket_type {
    /// A value that this release does not know: skiplino_ticket_type_text() has it.
    SKIPLINO_TYPE_UNKNOWN = 0,
    /// A walk-in, numbered in the order of the queue.
    SKIPLINO_TYPE_SEQUENTIAL = 1,
    /// Booked for a time.
    SKIPLINO_TYPE_APPOINTMENT = 2,
}

impl From<&TicketType> for skiplino_ticket_type {
    fn from(ticket_type: &TicketType) -> Self {
        match ticket_type {
            TicketType::Sequential => Self::SKIPLINO_TYPE_SEQUENTIAL,
            TicketType::Appointment => Self::SKIPLINO_TYPE_APPOINTMENT,
            _ => Self::SKIPLINO_TYPE_UNKNOWN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_code_of_its_name() {
        for kind in ErrorKind::ALL {
            let name = skiplino_code::name(skiplino_code::of(kind) as i32);
            assert_eq!(name.map(CStr::to_bytes), Some(kind.as_str().as_bytes()));
        }
    }
}
