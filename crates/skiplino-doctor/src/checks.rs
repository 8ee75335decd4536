//! The named checks: every assumption (A) and every published fact (P) that doctor compares with
//! the server. `docs/src/assumptions.md` is the same table for people.

/// A named check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// Its id: `A12` is an assumption, `P12` a published fact. An id is never used again.
    pub id: &'static str,
    /// What it is about, in a word or two.
    pub topic: &'static str,
    /// What the SDK was built on.
    pub claim: &'static str,
    /// What the SDK does if the claim is wrong.
    pub if_wrong: &'static str,
    /// What has to be done to see it.
    pub seen_by: SeenBy,
}

/// What has to be done to compare a claim with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeenBy {
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

impl SeenBy {
    /// As the table of `docs/src/assumptions.md` says it.
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
    use SeenBy::{Book, Nothing, PublicBook, PublicKey, Read, SecretKey, Write};
    const fn check(id: &'static str, topic: &'static str, seen_by: SeenBy, claim: &'static str, if_wrong: &'static str) -> Check {
        Check { id, topic, claim, if_wrong, seen_by }
    }
    &[
        check("A01", "address", Nothing, "production differs from the development environment only in its address", "the base URL is a setting; run doctor against each environment"),
        check("A02", "key prefix", PublicKey, "a public key does not begin with `sk_`", "the SDK takes every key that begins with `sk_` for a secret one, and refuses customers to all others before it sends anything"),
        check("A03", "public key", PublicKey, "a public key is accepted for the tree, slots and tickets", "calls fail with `Unauthorized`: use a secret key on a server of your own"),
        check("A04", "unknown branch", Read, "the tree of an unknown branch is a 404", "the error has another kind: `Validation` in place of `NotFound` for a 422"),
        check("A05", "unknown ticket", Read, "an unknown ticket is a 404", "the error has another kind: `Validation` in place of `NotFound` for a 422"),
        check("A06", "reasons", Read, "the reason for an invalid field is one text", "the SDK also reads a list of texts"),
        check("A07", "401", Read, "a 401 has a message, and perhaps an error that is a text", "the SDK reports `Unauthorized` whatever the body is; the text may be missing"),
        check("A08", "500", Nothing, "a 500 has the envelope of an error", "the SDK reports `Server` whatever the body is; the text may be missing"),
        check("A09", "messages", Read, "every success has a message, whose text no program depends on", "the SDK passes the text on and never compares it"),
        check("A10", "pagination", SecretKey, "a page says its number and its size: `page` and `limit`", "both are absent; the SDK counts pages itself"),
        check("A11", "two customers", Nothing, "a booking never names both `customerId` and `customerExternalId`", "the SDK rejects such a booking before it sends anything"),
        check("A12", "tree", Read, "services are under `services`", "the SDK takes the only list of services of a group, whatever its name"),
        check("A13", "anonymous ticket", PublicBook, "a ticket without a customer has no `customer`, or a null", "the ticket cannot be read: `Decode`"),
        check("A14", "ticket's customer", SecretKey, "the customer of a ticket has an `id`, and perhaps a `name`", "the ticket cannot be read: `Decode`"),
        check("A15", "closed", Book, "a booking that a rule forbids is a 400 whose `error` is the reason", "the error has another kind; its text is the server's"),
        check("A16", "cancel twice", Book, "a ticket that cannot be cancelled is a 409 with a reason", "the error has another kind than `Conflict`"),
        check("A17", "rate limit", Read, "no header announces a rate limit", "the SDK ignores such a header; it slows down after a 429"),
        check("A18", "request id", Read, "no header names the request", "the SDK ignores it; a program can read it from the headers of a response"),
        check("A19", "ETag", Read, "no answer has an ETag", "the SDK ignores it and reads everything again"),
        check("P01", "success", Read, "a success is `{message, data}`", "the answer cannot be read: `Decode`"),
        check("P02", "status", Read, "statuses are those of the documentation", "a success with another 2xx is read as usual; every other status is `UnexpectedStatus`"),
        check("P03", "error", Read, "an error is `{message, error}`, and `error` is a text or null", "the kind of the error is right; its text may be missing"),
        check("P04", "validation", Read, "an invalid field is a 422 with `error: {field: reason}`", "the error has another kind, or names no fields"),
        check("P05", "rejected key", Read, "a request without a key, or with too weak a key, is a 401", "the SDK takes a 403 for the same"),
        check("P06", "branch", Read, "a branch has the documented fields", "an unknown field is ignored; with a missing one or another type the branches cannot be read: `Decode`"),
        check("P07", "group", Read, "a group of services has the documented fields", "an unknown field is ignored; with a missing one or another type the tree cannot be read: `Decode`"),
        check("P08", "service", Read, "a service has the documented fields", "an unknown field is ignored; with a missing one or another type the tree cannot be read: `Decode`"),
        check("P09", "slot", Read, "a slot has the documented fields", "an unknown field is ignored; with a missing one or another type the slots cannot be read: `Decode`"),
        check("P10", "ticket", SecretKey, "a ticket has the documented fields", "an unknown field is ignored; with a missing one or another type the ticket cannot be read: `Decode`"),
        check("P11", "customer", SecretKey, "a customer has the documented fields", "an unknown field is ignored; with a missing one or another type customers cannot be read: `Decode`"),
        check("P12", "page", SecretKey, "a page has `total`, `totalPages`, `hasNextPage` and `hasPrevPage`", "lists cannot be read: `Decode`"),
        check("P13", "values", SecretKey, "the status and the type of a ticket are known ones", "the SDK passes an unknown value on as text"),
        check("P14", "times", Read, "times are ISO 8601 in UTC with milliseconds and `Z`", "the SDK reads every ISO 8601 time with an offset; without one the answer cannot be read: `Decode`"),
        check("P15", "queue", SecretKey, "only a waiting ticket has `queueSize` and `waitingTime`, and a waiting walk-in has both", "both are optional in the SDK: a program does not see the place in the queue"),
        check("P16", "unknown customer", SecretKey, "an unknown customer is a 422 on the field that names it", "the SDK takes a 404 for the same; the error is `NotFound`"),
        check("P17", "page size", SecretKey, "a page has up to 100 customers, or 10 tickets", "the SDK reads smaller pages, with more requests"),
        check("P18", "order", SecretKey, "lists are newest first", "the SDK still returns every record once, if the list does not change meanwhile; programs that stop early miss the newest"),
        check("P19", "total", SecretKey, "`total` counts all records of the list, and `totalPages` its pages", "the SDK reads on until a page has no next one; its progress is wrong"),
        check("P20", "locale", Read, "names come in the language of `X-Locale`", "names are in the server's language"),
        check("P21", "ids", Read, "ids of branches, services and tickets are 10 letters and digits; a customer's has 32 hexadecimal digits", "the SDK accepts every id; the command takes other texts for names"),
        check("P22", "no appointments", Read, "slots of a service without appointments are a 422 on `id`", "the error has another kind"),
        check("P23", "past day", Read, "slots of a past day are a 422 on `date`", "the error has another kind, or the list is empty"),
        check("P24", "limit", SecretKey, "a page of 101 customers is a 422 on `limit`", "the SDK never asks for one"),
        check("P25", "taken", Write, "a second customer with the same `externalId` is a 422 on that field", "a repeated creation could make a second record: set `max_attempts` to 1 for creations"),
        check("P26", "empty field", Write, "an empty field of a new customer is not stored", "the customer has an empty text"),
        check("P27", "update", Write, "an update changes the fields that it names, and replaces `metadata` whole", "compare the customer with what you sent"),
        check("P28", "deletion", Write, "a deletion is a 200 whose `data` is null, and the customer is gone", "the SDK also accepts an answer without `data`"),
        check("P29", "booking", Book, "a booking is a 201 with the whole ticket", "a success with another 2xx is read as usual"),
        check("P30", "cancellation", Book, "a cancellation answers the ticket with the status `cancelled`", "the SDK returns the status that the server says"),
        check("P31", "content type", Read, "answers are `application/json`", "the SDK reads JSON whatever the header says"),
    ]
};

/// The check of this id.
#[must_use]
pub fn check(id: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.id == id)
}
