//! Records and requests of the customer directory, for operations 8 to 13.

use skiplino::{
    Customer, CustomerFields, CustomerRef, CustomerUpdateRequest, CustomerWriteRequest,
};

use crate::errors::SkiplinoError;
use crate::values::json;

/// Identifies a customer by the server's id or by the external id.
#[derive(Clone, uniffi::Enum)]
pub enum NativeCustomerRef {
    /// The server's id (`_id`).
    Id {
        /// The id.
        id: String,
    },
    /// The external id, which the caller chose.
    ExternalId {
        /// The id.
        id: String,
    },
}

/// A customer record, as returned by operations 8 to 11.
#[derive(Clone, uniffi::Record)]
pub struct NativeCustomer {
    /// The server's id (`_id`).
    pub id: String,
    /// The external id, which the caller chose; unique in the company.
    pub external_id: Option<String>,
    /// The id of the company that owns the record.
    pub company_id: String,
    /// The customer's name.
    pub name: Option<String>,
    /// The customer's e-mail address.
    pub email: Option<String>,
    /// The customer's mobile number.
    pub mobile: Option<String>,
    /// Custom data, a JSON object as text.
    pub metadata: Option<String>,
    /// When the record was created.
    pub created_at_ms: i64,
    /// When the record was last changed.
    pub updated_at_ms: i64,
}

/// The fields of a customer to write. Absent fields are not sent.
#[derive(Clone, uniffi::Record)]
pub struct NativeCustomerFields {
    /// The customer's name.
    pub name: Option<String>,
    /// The customer's e-mail address.
    pub email: Option<String>,
    /// The customer's mobile number.
    pub mobile: Option<String>,
    /// Custom data, a JSON object as text. It replaces the stored object as a whole.
    pub metadata: Option<String>,
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

impl NativeCustomerFields {
    /// The core's fields.
    fn read(self) -> Result<CustomerFields, SkiplinoError> {
        Ok(CustomerFields {
            name: self.name,
            email: self.email,
            mobile: self.mobile,
            metadata: json(self.metadata, "metadata")?,
        })
    }
}

impl NativeCustomerFields {
    /// A request that creates a customer.
    pub(crate) fn create(
        self,
        external_id: Option<String>,
    ) -> Result<CustomerWriteRequest, SkiplinoError> {
        let request = CustomerWriteRequest::new().fields(self.read()?);
        Ok(match external_id {
            Some(id) => request.external_id(id),
            None => request,
        })
    }

    /// A request that updates a customer.
    pub(crate) fn update(
        self,
        customer: NativeCustomerRef,
        new_external_id: Option<String>,
    ) -> Result<CustomerUpdateRequest, SkiplinoError> {
        let request = CustomerUpdateRequest::new(customer).fields(self.read()?);
        Ok(match new_external_id {
            Some(id) => request.external_id(id),
            None => request,
        })
    }
}
