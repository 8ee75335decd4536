//! The table of the API's thirteen operations. Recovery, key checks, error texts and spans read it.

use std::fmt;

use reqwest::Method;

/// The key that an operation requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyRequirement {
    /// A public or a secret key.
    Any,
    /// A secret key only; with a public key the call fails before anything is sent.
    Secret,
}

/// The permissions of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyClass {
    /// For apps in the hands of customers: branches, services, tickets, and a customer's tickets.
    Public,
    /// For servers and operators: the customer directory as well.
    Secret,
}

/// The effect of an operation on the server's state, which decides the recovery from a lost
/// response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Changes nothing: a retry is always safe.
    Read,
    /// Writes the same values each time it is sent.
    Replace,
    /// Changes a record to a state that a lookup can confirm.
    TargetState,
    /// Creates a record under the caller's key, so a second creation fails.
    KeyedCreate,
    /// Creates another record each time it is sent.
    Create,
}

/// One of the operations of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `GET /branches`
    ListBranches,
    /// `GET /branches/{branchId}/tree`
    GetBranchTree,
    /// `GET /services/{id}/slots`
    ListSlots,
    /// `POST /tickets/book`
    BookTicket,
    /// `GET /tickets/{id}`
    GetTicket,
    /// `POST /tickets/{id}/cancel`
    CancelTicket,
    /// `POST /tickets/{id}/change-time`
    RescheduleTicket,
    /// `POST /customers/create`
    CreateCustomer,
    /// `GET /customers/getAll`
    ListCustomers,
    /// `GET /customers/getOne`
    GetCustomer,
    /// `PUT /customers/update`
    UpdateCustomer,
    /// `DELETE /customers/delete`
    DeleteCustomer,
    /// `GET /customers/tickets`
    ListCustomerTickets,
}

struct Row {
    id: &'static str,
    title: &'static str,
    method: Method,
    path: &'static str,
    key: KeyRequirement,
    effect: Effect,
    success: u16,
    errors: &'static [u16],
}

#[rustfmt::skip]
const TABLE: [Row; 13] = {
    use Effect::{Create, KeyedCreate, Read, Replace, TargetState};
    use KeyRequirement::{Any, Secret};
    #[expect(clippy::too_many_arguments, reason = "a row of a table reads best on one line")]
    const fn row(id: &'static str, title: &'static str, method: Method, path: &'static str, key: KeyRequirement, effect: Effect, success: u16, errors: &'static [u16]) -> Row {
        Row { id, title, method, path, key, effect, success, errors }
    }
    [
        row("listBranches",        "list the branches",           Method::GET,    "/branches",                 Any,    Read,        200, &[]),
        row("getBranchTree",       "get the branch's services",   Method::GET,    "/branches/{branchId}/tree", Any,    Read,        200, &[]),
        row("listSlots",           "list the service's slots",    Method::GET,    "/services/{id}/slots",      Any,    Read,        200, &[422]),
        row("bookTicket",          "book a ticket",               Method::POST,   "/tickets/book",             Any,    Create,      201, &[400, 422]),
        row("getTicket",           "get the ticket",              Method::GET,    "/tickets/{id}",             Any,    Read,        200, &[]),
        row("cancelTicket",        "cancel the ticket",           Method::POST,   "/tickets/{id}/cancel",      Any,    TargetState, 200, &[409, 422]),
        row("rescheduleTicket",    "reschedule the ticket",       Method::POST,   "/tickets/{id}/change-time", Any,    TargetState, 200, &[404, 422]),
        row("createCustomer",      "create the customer",         Method::POST,   "/customers/create",         Secret, KeyedCreate, 201, &[422]),
        row("listCustomers",       "list the customers",          Method::GET,    "/customers/getAll",         Secret, Read,        200, &[422]),
        row("getCustomer",         "get the customer",            Method::GET,    "/customers/getOne",         Secret, Read,        200, &[422]),
        row("updateCustomer",      "update the customer",         Method::PUT,    "/customers/update",         Secret, Replace,     200, &[404, 422]),
        row("deleteCustomer",      "delete the customer",         Method::DELETE, "/customers/delete",         Secret, TargetState, 200, &[422]),
        row("listCustomerTickets", "list the customer's tickets", Method::GET,    "/customers/tickets",        Any,    Read,        200, &[404, 422]),
    ]
};

impl Operation {
    /// Every operation, in the order of the published reference.
    pub const ALL: [Operation; 13] = [
        Self::ListBranches,
        Self::GetBranchTree,
        Self::ListSlots,
        Self::BookTicket,
        Self::GetTicket,
        Self::CancelTicket,
        Self::RescheduleTicket,
        Self::CreateCustomer,
        Self::ListCustomers,
        Self::GetCustomer,
        Self::UpdateCustomer,
        Self::DeleteCustomer,
        Self::ListCustomerTickets,
    ];

    const fn row(self) -> &'static Row {
        const ROWS: &[Row; 13] = &TABLE;
        &ROWS[self as usize]
    }

    /// The operation's id in the OpenAPI document, as in `bookTicket`.
    pub const fn id(self) -> &'static str {
        self.row().id
    }

    /// Its description for people, as in `book a ticket`.
    pub const fn title(self) -> &'static str {
        self.row().title
    }

    /// The HTTP method.
    pub fn method(self) -> &'static str {
        self.row().method.as_str()
    }

    /// The path below the base URL, with its parameters in braces.
    pub const fn path(self) -> &'static str {
        self.row().path
    }

    /// The key that it requires.
    pub const fn key(self) -> KeyRequirement {
        self.row().key
    }

    /// Its effect on the server's state.
    pub const fn effect(self) -> Effect {
        self.row().effect
    }

    /// The published status of a success.
    pub const fn success_status(self) -> u16 {
        self.row().success
    }

    /// The published statuses of failures beyond those that every operation can return (401 and
    /// 500).
    pub const fn error_statuses(self) -> &'static [u16] {
        self.row().errors
    }

    pub(crate) fn http_method(self) -> Method {
        self.row().method.clone()
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
