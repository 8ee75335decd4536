//! The table of operations.

use axum::http::Method;

use crate::{
    api::{Call, branches, customers, services, tickets},
    envelope::{ApiResponse, Failure},
};

/// The path under which the API is served.
pub const API_PREFIX: &str = "/external/v1";
/// The path under which the sandbox itself is controlled.
pub const CONTROL_PREFIX: &str = "/_sandbox";

/// Which keys an operation accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyClass {
    /// A public or a secret key.
    Any,
    /// A secret key only.
    Secret,
}

/// One operation of the API.
#[derive(Debug)]
pub struct Operation {
    /// Its id, as in the OpenAPI document.
    pub id: &'static str,
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// Below [`API_PREFIX`], with parameters in braces.
    pub path: &'static str,
    /// The accepted keys.
    pub key: KeyClass,
    /// All statuses that the operation can return, without faults.
    pub statuses: &'static [u16],
    /// The schema of `data`, or of its elements; empty without data.
    pub(crate) data: &'static str,
    pub(crate) handler: fn(&Call<'_>) -> Result<ApiResponse, Failure>,
}

impl Operation {
    /// Whether it returns a page of a list.
    pub(crate) fn has_pages(&self) -> bool {
        ["listCustomers", "listCustomerTickets"].contains(&self.id)
    }

    /// Whether it may change the state.
    pub(crate) fn writes(&self) -> bool {
        self.method != Method::GET.as_str()
    }
}

/// The operations in the order of the contract. The router is built from this table.
pub static OPERATIONS: [Operation; 13] = [
    Operation {
        id: "listBranches",
        method: "GET",
        path: "/branches",
        key: KeyClass::Any,
        statuses: &[200, 401, 500],
        data: "Branch",
        handler: branches::list,
    },
    Operation {
        id: "getBranchTree",
        method: "GET",
        path: "/branches/{branchId}/tree",
        key: KeyClass::Any,
        statuses: &[200, 401, 404, 500],
        data: "BranchTreeGroup",
        handler: branches::tree,
    },
    Operation {
        id: "listSlots",
        method: "GET",
        path: "/services/{id}/slots",
        key: KeyClass::Any,
        statuses: &[200, 401, 422, 500],
        data: "Slot",
        handler: services::slots,
    },
    Operation {
        id: "bookTicket",
        method: "POST",
        path: "/tickets/book",
        key: KeyClass::Any,
        statuses: &[201, 400, 401, 422, 500],
        data: "Ticket",
        handler: tickets::book,
    },
    Operation {
        id: "getTicket",
        method: "GET",
        path: "/tickets/{id}",
        key: KeyClass::Any,
        statuses: &[200, 401, 404, 500],
        data: "Ticket",
        handler: tickets::get,
    },
    Operation {
        id: "cancelTicket",
        method: "POST",
        path: "/tickets/{id}/cancel",
        key: KeyClass::Any,
        statuses: &[200, 401, 409, 422, 500],
        data: "Ticket",
        handler: tickets::cancel,
    },
    Operation {
        id: "rescheduleTicket",
        method: "POST",
        path: "/tickets/{id}/change-time",
        key: KeyClass::Any,
        statuses: &[200, 401, 404, 422, 500],
        data: "Ticket",
        handler: tickets::reschedule,
    },
    Operation {
        id: "createCustomer",
        method: "POST",
        path: "/customers/create",
        key: KeyClass::Secret,
        statuses: &[201, 401, 422, 500],
        data: "Customer",
        handler: customers::create,
    },
    Operation {
        id: "listCustomers",
        method: "GET",
        path: "/customers/getAll",
        key: KeyClass::Secret,
        statuses: &[200, 401, 422, 500],
        data: "Customer",
        handler: customers::list,
    },
    Operation {
        id: "getCustomer",
        method: "GET",
        path: "/customers/getOne",
        key: KeyClass::Secret,
        statuses: &[200, 401, 422, 500],
        data: "Customer",
        handler: customers::get,
    },
    Operation {
        id: "updateCustomer",
        method: "PUT",
        path: "/customers/update",
        key: KeyClass::Secret,
        statuses: &[200, 401, 404, 422, 500],
        data: "Customer",
        handler: customers::update,
    },
    Operation {
        id: "deleteCustomer",
        method: "DELETE",
        path: "/customers/delete",
        key: KeyClass::Secret,
        statuses: &[200, 401, 422, 500],
        data: "",
        handler: customers::delete,
    },
    Operation {
        id: "listCustomerTickets",
        method: "GET",
        path: "/customers/tickets",
        key: KeyClass::Any,
        statuses: &[200, 401, 404, 422, 500],
        data: "Ticket",
        handler: customers::tickets,
    },
];
