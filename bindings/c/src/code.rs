//! Enums of the C API. `codes.txt` lists their numbers, which never change.

use std::ffi::CStr;

use skiplino::{ErrorKind, Outcome, TicketStatus, TicketType, TimeoutKind};

/// The result of a call. 0 is success. A number is never reused with another meaning. Later
/// releases may add codes.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum skiplino_code {
    /// Success.
    SKIPLINO_OK = 0,
    /// The library rejected the input before it sent anything. The fields of the error name the
    /// argument.
    SKIPLINO_INVALID_REQUEST = 1,
    /// The operation needs a secret key, and the client has a public key. Nothing was sent.
    SKIPLINO_SECRET_KEY_REQUIRED = 2,
    /// 401 or 403: the key is missing, unknown or of the wrong kind.
    SKIPLINO_UNAUTHORIZED = 3,
    /// 400: a business rule forbids the operation. skiplino_error_reason() has the localised text.
    SKIPLINO_REJECTED = 4,
    /// 404: not found.
    SKIPLINO_NOT_FOUND = 5,
    /// 409: the state of the ticket forbids the operation. A retry cannot succeed.
    SKIPLINO_CONFLICT = 6,
    /// 422: the server rejected the input. The fields of the error have the reasons.
    SKIPLINO_VALIDATION = 7,
    /// 429: too many requests. skiplino_error_retry_after_ms() has the pause that the server
    /// requested.
    SKIPLINO_RATE_LIMITED = 8,
    /// 5xx: the server failed.
    SKIPLINO_SERVER = 9,
    /// Any other status, redirects included.
    SKIPLINO_UNEXPECTED_STATUS = 10,
    /// The response had a status of success, but its body could not be decoded or is about another
    /// record, or a list has fewer records than the server counts. skiplino_error_path() has the
    /// position in the JSON.
    SKIPLINO_DECODE = 11,
    /// DNS, connection or TLS failed. Nothing was sent.
    SKIPLINO_CONNECT = 12,
    /// The connection was lost after the library began to send.
    SKIPLINO_TRANSPORT = 13,
    /// A timeout expired. skiplino_error_timeout_kind() says which.
    SKIPLINO_TIMEOUT = 14,
    /// A write may have been applied, and the library could not confirm it. Look up the record
    /// before you repeat the call.
    SKIPLINO_OUTCOME_UNKNOWN = 15,
    /// skiplino_cancel() cancelled the call.
    SKIPLINO_CANCELLED = 16,
    /// A bug in this library.
    SKIPLINO_INTERNAL = 17,
    /// A pager or a watch has ended.
    SKIPLINO_END = 32,
    /// A watch saw no change within the given time. It is still usable.
    SKIPLINO_NO_CHANGE = 33,
    /// A required argument is NULL.
    SKIPLINO_NULL_ARGUMENT = 34,
    /// A string is not UTF-8.
    SKIPLINO_NOT_UTF8 = 35,
    /// The handle was created before fork(), and this is the child process.
    SKIPLINO_FORKED = 36,
    /// This library does not know the size of the struct.
    SKIPLINO_STRUCT_SIZE = 37,
    /// A log callback called the library, which it must not. Nothing was sent.
    SKIPLINO_IN_LOG_CALLBACK = 38,
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
            // The test below finds a new kind of the core that is missing here.
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
            33 => c"NoChange",
            34 => c"NullArgument",
            35 => c"NotUtf8",
            36 => c"Forked",
            37 => c"StructSize",
            38 => c"InLogCallback",
            _ => return None,
        })
    }
}

/// Whether a failed call may have changed the server's state.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum skiplino_outcome {
    /// The server's state is unchanged: the request was not sent, the server rejected it, or it was
    /// a read.
    SKIPLINO_NOT_APPLIED = 1,
    /// A write that may have been applied.
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

/// The timeout that expired.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum skiplino_timeout_kind {
    /// No timeout expired.
    SKIPLINO_TIMEOUT_KIND_NONE = 0,
    /// Connecting, TLS included.
    SKIPLINO_TIMEOUT_KIND_CONNECT = 1,
    /// One attempt, from its start to the end of its response.
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

/// The status of a ticket.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum skiplino_ticket_status {
    /// A status that this release does not know. skiplino_ticket_status_text() returns it.
    SKIPLINO_STATUS_UNKNOWN = 0,
    /// The ticket is in the queue.
    SKIPLINO_STATUS_WAITING = 1,
    /// The time of the appointment is in the future.
    SKIPLINO_STATUS_UPCOMING = 2,
    /// The customer is at the counter.
    SKIPLINO_STATUS_SERVING = 3,
    /// The customer was served. Final.
    SKIPLINO_STATUS_SERVED = 4,
    /// The customer or the staff cancelled the ticket. Final.
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

/// The type of a ticket.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum skiplino_ticket_type {
    /// A type that this release does not know. skiplino_ticket_type_text() returns it.
    SKIPLINO_TYPE_UNKNOWN = 0,
    /// A walk-in ticket, numbered in the order of the queue.
    SKIPLINO_TYPE_SEQUENTIAL = 1,
    /// An appointment at a given time.
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
    fn every_error_kind_has_a_code_of_the_same_name() {
        for kind in ErrorKind::ALL {
            let name = skiplino_code::name(skiplino_code::of(kind) as i32);
            assert_eq!(name.map(CStr::to_bytes), Some(kind.as_str().as_bytes()));
        }
    }
}
