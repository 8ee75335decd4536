use std::sync::Arc;

use serde_json::Value;
use skiplino::{Customer, CustomerRef, CustomerUpdateRequest, CustomerWriteRequest, Operation};

use crate::calls::{CancelHandle, NativeCallOptions, ResponseInfo, calls};
use crate::client::NativeClient;
use crate::errors::SkiplinoError;

/// Whom an operation is about: exactly one of the server's id and the caller's own.
#[derive(Clone, uniffi::Enum)]
pub enum NativeCustomerRef {
    /// The server's id (`_id`).
    Id {
        /// The id.
        id: String,
    },
    /// The caller's own id.
    ExternalId {
        /// The id.
        id: String,
    },
}

/// A record of the customer directory, as of operations 8 to 11.
#[derive(Clone, uniffi::Record)]
pub struct NativeCustomer {
    /// The server's id (`_id`).
    pub id: String,
    /// The caller's own id, unique in the company.
    pub external_id: Option<String>,
    /// The company that the record belongs to.
    pub company_id: String,
    /// The customer's name.
    pub name: Option<String>,
    /// The customer's e-mail address.
    pub email: Option<String>,
    /// The customer's mobile number.
    pub mobile: Option<String>,
    /// The free object of the caller's own, as JSON text.
    pub metadata: Option<String>,
    /// When the record was created.
    pub created_at_ms: i64,
    /// When the record was last changed.
    pub updated_at_ms: i64,
}

/// What can be written of a customer; what is absent is not sent.
#[derive(Clone, uniffi::Record)]
pub struct NativeCustomerFields {
    /// The customer's name.
    pub name: Option<String>,
    /// The customer's e-mail address.
    pub email: Option<String>,
    /// The customer's mobile number.
    pub mobile: Option<String>,
    /// A free JSON object as text. It replaces the one that is stored as a whole.
    pub metadata: Option<String>,
}

/// A customer, and what came with it.
#[derive(Clone, uniffi::Record)]
pub struct CustomerResponse {
    /// The customer.
    pub data: NativeCustomer,
    /// What came with it.
    pub info: ResponseInfo,
}

/// A customer if there is one, and what came with it.
#[derive(Clone, uniffi::Record)]
pub struct FoundCustomerResponse {
    /// The customer.
    pub data: Option<NativeCustomer>,
    /// What came with it.
    pub info: ResponseInfo,
}

impl From<NativeCustomerRef> for CustomerRef {
    fn from(customer: NativeCustomerRef) -> Self {
        match customer {
            NativeCustomerRef::Id { id } => Self::id(id),
            NativeCustomerRef::ExternalId { id } => Self::external_id(id),
        }
    }
}

impl From<&Customer> for NativeCustomer {
    fn from(customer: &Customer) -> Self {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Self {
            id: customer.id().to_string(),
            external_id: text(customer.external_id()),
            company_id: customer.company_id().to_owned(),
            name: text(customer.name()),
            email: text(customer.email()),
            mobile: text(customer.mobile()),
            metadata: text(customer.metadata_json()),
            created_at_ms: customer.created_at().as_millisecond(),
            updated_at_ms: customer.updated_at().as_millisecond(),
        }
    }
}

impl CustomerResponse {
    fn new(customer: Customer, info: ResponseInfo) -> Self {
        Self {
            data: (&customer).into(),
            info,
        }
    }
}

/// JSON text, where there is one. It is not repeated in a refusal: it may be a customer's.
pub(crate) fn json(text: Option<String>, field: &str) -> Result<Option<Value>, SkiplinoError> {
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|_| SkiplinoError::invalid(field, "must be JSON"))
}

/// Sets the fields that are given, whichever request it is.
macro_rules! with_fields {
    ($request:expr, $fields:expr) => {{
        let mut request = $request;
        let NativeCustomerFields {
            name,
            email,
            mobile,
            metadata,
        } = $fields;
        if let Some(name) = name {
            request = request.name(name);
        }
        if let Some(email) = email {
            request = request.email(email);
        }
        if let Some(mobile) = mobile {
            request = request.mobile(mobile);
        }
        if let Some(metadata) = json(metadata, "metadata")? {
            request = request.metadata(metadata);
        }
        request
    }};
}

calls! {
    impl NativeClient {
        /// Creates a customer (operation 8, `POST /customers/create`).
        pub fn create_customer(
            &self,
            external_id: Option<String>,
            fields: NativeCustomerFields,
            options: NativeCallOptions,
            cancel: Option<Arc<CancelHandle>>,
        ) -> CustomerResponse {
            self.send(
                Operation::CreateCustomer,
                |client| {
                    let mut request = with_fields!(CustomerWriteRequest::new(), fields);
                    if let Some(id) = external_id {
                        request = request.external_id(id);
                    }
                    Ok(client.customers().create(request))
                },
                options,
                cancel,
                CustomerResponse::new,
            )
        }

        /// One customer (operation 10, `GET /customers/getOne`).
        pub fn get_customer(
            &self,
            customer: NativeCustomerRef,
            options: NativeCallOptions,
            cancel: Option<Arc<CancelHandle>>,
        ) -> CustomerResponse {
            self.send(
                Operation::GetCustomer,
                |client| Ok(client.customers().get(customer)),
                options,
                cancel,
                CustomerResponse::new,
            )
        }

        /// One customer, or none (operation 10, whose 422 for an unknown id is an answer here).
        pub fn find_customer(
            &self,
            customer: NativeCustomerRef,
            options: NativeCallOptions,
            cancel: Option<Arc<CancelHandle>>,
        ) -> FoundCustomerResponse {
            self.send(
                Operation::GetCustomer,
                |client| Ok(client.customers().find(customer)),
                options,
                cancel,
                |customer, info| FoundCustomerResponse {
                    data: customer.as_ref().map(Into::into),
                    info,
                },
            )
        }

        /// Changes the fields that are given and leaves the others (operation 11, `PUT /customers/update`). `new_external_id` is for a
        /// record located by the server's id.
        pub fn update_customer(
            &self,
            customer: NativeCustomerRef,
            new_external_id: Option<String>,
            fields: NativeCustomerFields,
            options: NativeCallOptions,
            cancel: Option<Arc<CancelHandle>>,
        ) -> CustomerResponse {
            self.send(
                Operation::UpdateCustomer,
                |client| {
                    let mut request = with_fields!(CustomerUpdateRequest::new(customer), fields);
                    if let Some(id) = new_external_id {
                        request = request.external_id(id);
                    }
                    Ok(client.customers().update(request))
                },
                options,
                cancel,
                CustomerResponse::new,
            )
        }

        /// Deletes a customer for good (operation 12, `DELETE /customers/delete`).
        pub fn delete_customer(
            &self,
            customer: NativeCustomerRef,
            options: NativeCallOptions,
            cancel: Option<Arc<CancelHandle>>,
        ) -> ResponseInfo {
            self.send(
                Operation::DeleteCustomer,
                |client| Ok(client.customers().delete(customer)),
                options,
                cancel,
                |(), info| info,
            )
        }
    }
}
