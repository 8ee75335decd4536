//! The table of checks: every assumption (A) and every published fact (P) that doctor compares with
//! the server. `docs/src/assumptions.md` shows the same table to people.

/// A check: a claim that doctor compares with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// The id: `A12` is an assumption, `P12` a published fact. The id of a removed check is never
    /// reused.
    pub id: &'static str,
    /// The subject, in a word or two.
    pub topic: &'static str,
    /// What the SDK assumes, or what the documentation says.
    pub claim: &'static str,
    /// What the SDK does if the claim is wrong.
    pub if_wrong: &'static str,
    /// What doctor needs to check the claim.
    pub checked_by: CheckedBy,
}

/// What doctor needs to compare a claim with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckedBy {
    /// Reading with any key.
    Read,
    /// Reading with a public key.
    PublicKey,
    /// Reading with a secret key.
    SecretKey,
    /// `--write`, with a secret key.
    Write,
    /// `--book SERVICE`.
    Book,
    /// `--book SERVICE` with a public key.
    PublicBook,
    /// Nothing that doctor does.
    Nothing,
}

impl CheckedBy {
    /// The text in the table of `docs/src/assumptions.md`.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Read => "a read",
            Self::PublicKey => "a read with a public key",
            Self::SecretKey => "a read with a secret key",
            Self::Write => "`--write`",
            Self::Book => "`--book`",
            Self::PublicBook => "`--book` with a public key",
            Self::Nothing => "nothing that doctor does",
        }
    }
}

/// All checks, in the order in which they are reported.
#[rustfmt::skip]
pub const CHECKS: &[Check] = {
    use CheckedBy::{Book, Nothing, PublicBook, PublicKey, Read, SecretKey, Write};
    const fn check(id: &'static str, topic: &'static str, checked_by: CheckedBy, claim: &'static str, if_wrong: &'static str) -> Check {
        Check { id, topic, claim, if_wrong, checked_by }
    }
    &[
        check("A01", "address", Nothing, "production differs from the development environment only in its address", "the base URL is a setting; run doctor against each environment"),
        check("A02", "key prefix", PublicKey, "a public key does not begin with `sk_`", "the SDK treats only keys that begin with `sk_` as secret keys; with any other key, it rejects calls that need a secret key before it sends anything"),
        check("A03", "public key", PublicKey, "the server accepts a public key for service trees, slots and tickets", "calls fail with `Unauthorized`: call the API from a server of your own, with a secret key"),
        check("A04", "unknown branch", Read, "the server answers a request for the tree of an unknown branch with 404", "for a 422, the error is `Validation` instead of `NotFound`"),
        check("A05", "unknown ticket", Read, "the server answers a request for an unknown ticket with 404", "for a 422, the error is `Validation` instead of `NotFound`"),
        check("A06", "reasons", Read, "the reason for an invalid field is one string", "the SDK also reads a list of strings"),
        check("A07", "401", Read, "the body of a 401 has a `message`; its `error` is a string or missing", "the SDK reports `Unauthorized` whatever the body is; the server's message may be missing"),
        check("A08", "500", Nothing, "the body of a 500 is `{message, error}`", "the SDK reports `Server` whatever the body is; the server's message may be missing"),
        check("A09", "messages", Read, "every success has a `message`, which is for people and not for programs", "the SDK returns the text and never compares it"),
        check("A10", "pagination", SecretKey, "`pagination` has the number and the size of the page: `page` and `limit`", "both fields are optional in the SDK, which counts pages itself"),
        check("A11", "two customers", Nothing, "a booking never names both `customerId` and `customerExternalId`", "the SDK rejects such a booking before it sends anything"),
        check("A12", "tree", Read, "services are under `services`", "the SDK reads the only list of services of a group, whatever its name"),
        check("A13", "anonymous ticket", PublicBook, "a ticket without a customer has no field `customer`, or `customer` is null", "calls that return such a ticket fail with `Decode`"),
        check("A14", "ticket's customer", SecretKey, "the `customer` of a ticket has an `id`, and perhaps a `name`", "calls that return such a ticket fail with `Decode`"),
        check("A15", "closed", Book, "if a rule forbids a booking, the server answers 400, with the reason in `error`", "the error has another kind, with the server's text"),
        check("A16", "cancel twice", Book, "if a ticket cannot be cancelled, the server answers 409 with a reason", "the error is not `Conflict`"),
        check("A17", "rate limit", Read, "no header announces a rate limit", "the SDK ignores such a header; it slows down after a 429"),
        check("A18", "request id", Read, "no header has an id of the request", "the SDK ignores such a header; a program can read it from the headers of a response"),
        check("A19", "ETag", Read, "no response has an `ETag`", "the SDK ignores the `ETag` and reads everything again"),
        check("P01", "success", Read, "the body of a success is `{message, data}`", "the call fails with `Decode`"),
        check("P02", "status", Read, "every response has the documented status", "the SDK reads every 2xx status as a success; the kind of an error follows from its status"),
        check("P03", "error", Read, "the body of an error is `{message, error}`; `error` is a string or null", "the kind of the error is right; the server's text may be missing"),
        check("P04", "validation", Read, "the server answers a request with an invalid field with 422 and `error: {field: reason}`", "the error has another kind, or names no fields"),
        check("P05", "rejected key", Read, "the server answers 401 if a request has no key, or a public key where a secret key is needed", "the SDK treats a 403 in the same way"),
        check("P06", "branch", Read, "a branch has the documented fields", "the SDK ignores unknown fields; if a required field is missing or a field has another type, the call fails with `Decode`"),
        check("P07", "group", Read, "a group of services has the documented fields", "the SDK ignores unknown fields; if a required field is missing or a field has another type, the call fails with `Decode`"),
        check("P08", "service", Read, "a service has the documented fields", "the SDK ignores unknown fields; if a required field is missing or a field has another type, the call fails with `Decode`"),
        check("P09", "slot", Read, "a slot has the documented fields", "the SDK ignores unknown fields; if a required field is missing or a field has another type, the call fails with `Decode`"),
        check("P10", "ticket", SecretKey, "a ticket has the documented fields", "the SDK ignores unknown fields; if a required field is missing or a field has another type, the call fails with `Decode`"),
        check("P11", "customer", SecretKey, "a customer has the documented fields", "the SDK ignores unknown fields; if a required field is missing or a field has another type, the call fails with `Decode`"),
        check("P12", "page", SecretKey, "`pagination` has `total`, `totalPages`, `hasNextPage` and `hasPrevPage`", "calls that read lists fail with `Decode`"),
        check("P13", "values", SecretKey, "the `status` and the `type` of a ticket have documented values", "the SDK returns an unknown value as text"),
        check("P14", "times", Read, "times are ISO 8601 in UTC with milliseconds and `Z`", "the SDK reads every ISO 8601 time with an offset; for a time in another form, the call fails with `Decode`"),
        check("P15", "queue", SecretKey, "only a waiting ticket has `queueSize` and `waitingTime`, and a waiting walk-in has both", "both fields are optional in the SDK; without them, a program does not know the place in the queue"),
        check("P16", "unknown customer", SecretKey, "for an unknown customer, the server answers 422, with a reason for the field that names the customer", "the SDK treats a 404 in the same way, but the error is `NotFound`"),
        check("P17", "page size", SecretKey, "a page has up to 100 customers, or 10 tickets", "the SDK reads smaller pages, with more requests"),
        check("P18", "order", SecretKey, "lists begin with the newest record", "the SDK still returns every record once if the list does not change during the read; a program that stops early misses the newest records"),
        check("P19", "total", SecretKey, "`total` counts all records of the list, and `totalPages` its pages", "if `total` is too high, reading the whole list fails with `Decode`; if it is too low, only the reported progress is wrong"),
        check("P20", "locale", Read, "names are in the language of `X-Locale`", "names are in the server's language"),
        check("P21", "ids", Read, "ids of branches, services and tickets are 10 letters and digits; a customer's has 32 hexadecimal digits", "the SDK accepts every id; the command treats a text of another form as a name"),
        check("P22", "no appointments", Read, "for slots of a service without appointments, the server answers 422, with a reason for `id`", "the error has another kind"),
        check("P23", "past day", Read, "for slots of a past day, the server answers 422, with a reason for `date`", "the error has another kind, or the list is empty"),
        check("P24", "limit", SecretKey, "for a page of 101 customers, the server answers 422, with a reason for `limit`", "the SDK never requests such a page"),
        check("P25", "taken", Write, "for a second customer with the same `externalId`, the server answers 422, with a reason for this field", "a repeated creation could make a second record: set `max_attempts` to 1 for creations"),
        check("P26", "empty field", Write, "the server does not store an empty field of a new customer", "the field is an empty string instead of missing"),
        check("P27", "update", Write, "an update changes the fields that it names, and replaces `metadata` as a whole", "an update may change other data: compare the customer with what you sent"),
        check("P28", "deletion", Write, "for a deletion, the server answers 200 with `data: null`, and the customer is gone", "the SDK also accepts a response without `data`"),
        check("P29", "booking", Book, "for a booking, the server answers 201 with the whole ticket", "the SDK reads every 2xx status as a success"),
        check("P30", "cancellation", Book, "a cancellation returns the ticket with the status `cancelled`", "the SDK returns the status that the server sends"),
        check("P31", "content type", Read, "responses have the content type `application/json`", "the SDK reads JSON whatever the header says"),
    ]
};

/// The check with this id.
#[must_use]
pub fn check(id: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.id == id)
}
