//! Customers: create, get, find, update, delete, and read one.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use skiplino::{
    Customer, CustomerFields, CustomerUpdateRequest, CustomerWriteRequest, Operation, Response,
};

use crate::argument::{self, StringArg};
use crate::boundary;
use crate::c_string::StringTable;
use crate::call::{CallOptionsArg, PendingCall};
use crate::client::skiplino_client;
use crate::code::skiplino_code;
use crate::error::{Failure, skiplino_error};
use crate::sized_struct::{self, SizedStruct};
use crate::timestamp::{RecordTime, SKIPLINO_NO_TIME};

/// A customer. The caller frees a customer that a call returned; a page frees its own customers. A
/// customer never changes: any thread may read it.
pub struct skiplino_customer {
    texts: StringTable<7>,
    created_at: RecordTime,
    updated_at: RecordTime,
}

const ID: usize = 0;
const EXTERNAL_ID: usize = 1;
const COMPANY_ID: usize = 2;
const NAME: usize = 3;
const EMAIL: usize = 4;
const MOBILE: usize = 5;
const METADATA: usize = 6;

impl From<&Customer> for skiplino_customer {
    fn from(customer: &Customer) -> Self {
        Self {
            texts: StringTable::new([
                Some(customer.id().as_str()),
                customer.external_id(),
                Some(customer.company_id()),
                customer.name(),
                customer.email(),
                customer.mobile(),
                customer.metadata_json(),
            ]),
            created_at: RecordTime::new(customer.created_at()),
            updated_at: RecordTime::new(customer.updated_at()),
        }
    }
}

impl From<Response<Customer>> for skiplino_customer {
    fn from(response: Response<Customer>) -> Self {
        response.data().into()
    }
}

/// The fields of a customer to write. NULL leaves a field out. Initialise with
/// SKIPLINO_CUSTOMER_FIELDS_INIT. The strings belong to the caller and are read only during the
/// call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct skiplino_customer_fields {
    /// Set by SKIPLINO_CUSTOMER_FIELDS_INIT.
    pub size: usize,
    /// Your own id, unique in the company. With an external id, creating a customer is safe to
    /// repeat.
    pub external_id: StringArg,
    /// The name.
    pub name: StringArg,
    /// The e-mail address.
    pub email: StringArg,
    /// The mobile number.
    pub mobile: StringArg,
    /// A JSON object of your own. It replaces the whole stored object.
    pub metadata_json: StringArg,
}

// SAFETY: `repr(C)`, the size first. Any bytes are valid pointers.
unsafe impl SizedStruct for skiplino_customer_fields {
    const INIT: Self = Self {
        size: size_of::<Self>(),
        external_id: StringArg::NULL,
        name: StringArg::NULL,
        email: StringArg::NULL,
        mobile: StringArg::NULL,
        metadata_json: StringArg::NULL,
    };
    const MIN_SIZE: usize = size_of::<Self>();
}

/// Customer fields or NULL.
#[repr(transparent)]
pub struct FieldsArg(*const skiplino_customer_fields);

impl skiplino_customer_fields {
    /// The core's fields; the external id is separate in its requests.
    fn fields(&self) -> Result<CustomerFields, Failure> {
        Ok(CustomerFields {
            name: self.name.optional_owned("name")?,
            email: self.email.optional_owned("email")?,
            mobile: self.mobile.optional_owned("mobile")?,
            metadata: argument::optional_json(&self.metadata_json, "metadata_json")?,
        })
    }
}

impl FieldsArg {
    fn read(&self) -> Result<skiplino_customer_fields, Failure> {
        if self.0.is_null() {
            return Err(skiplino_error::null("fields"));
        }
        sized_struct::read(self.0, "fields")
    }
}

/// Creates a customer (operation 8). Needs a secret key. `options` may be NULL. Free the customer
/// with skiplino_customer_free(). Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customers_create(
    client: Option<&skiplino_client>,
    fields: FieldsArg,
    options: CallOptionsArg<'_>,
    customer: Option<&mut MaybeUninit<Box<skiplino_customer>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) = PendingCall::with_output(
            Operation::CreateCustomer,
            client,
            &options,
            customer,
            "customer",
        )?;
        pending.send_to(out, |client| {
            let given = fields.read()?;
            let mut request = CustomerWriteRequest::new().fields(given.fields()?);
            if let Some(id) = given.external_id.optional("external_id")? {
                request = request.external_id(id);
            }
            Ok(client.customers().create(request))
        })
    })
}

/// Gets a customer (operation 10). Pass one of `id` and `external_id`, and NULL for the other.
/// Needs a secret key. `options` may be NULL. Free the customer with skiplino_customer_free().
/// Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customers_get(
    client: Option<&skiplino_client>,
    id: StringArg,
    external_id: StringArg,
    options: CallOptionsArg<'_>,
    customer: Option<&mut MaybeUninit<Box<skiplino_customer>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) = PendingCall::with_output(
            Operation::GetCustomer,
            client,
            &options,
            customer,
            "customer",
        )?;
        pending.send_to(out, |client| {
            Ok(client.customers().get(argument::required_customer(
                &id,
                &external_id,
                "id",
                "external_id",
            )?))
        })
    })
}

/// Finds a customer. Pass one of `id` and `external_id`, and NULL for the other. If the customer
/// does not exist, the call succeeds and `*customer` is NULL. Needs a secret key. `options` may be
/// NULL. Free the customer with skiplino_customer_free(). Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customers_find(
    client: Option<&skiplino_client>,
    id: StringArg,
    external_id: StringArg,
    options: CallOptionsArg<'_>,
    customer: Option<&mut MaybeUninit<Option<Box<skiplino_customer>>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) = PendingCall::with_output(
            Operation::GetCustomer,
            client,
            &options,
            customer,
            "customer",
        )?;
        let response = pending.send(|client| {
            Ok(client.customers().find(argument::required_customer(
                &id,
                &external_id,
                "id",
                "external_id",
            )?))
        })?;
        out.write(response.data().as_ref().map(|found| Box::new(found.into())));
        Ok(())
    })
}

/// Updates a customer (operation 11). Fields that are NULL stay unchanged. Pass one of `id` and
/// `external_id`, and NULL for the other. To set a new external id, pass `id` and set the
/// `external_id` of the fields. Needs a secret key. `options` may be NULL. Free the customer with
/// skiplino_customer_free(). Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customers_update(
    client: Option<&skiplino_client>,
    id: StringArg,
    external_id: StringArg,
    fields: FieldsArg,
    options: CallOptionsArg<'_>,
    customer: Option<&mut MaybeUninit<Box<skiplino_customer>>>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let (pending, out) = PendingCall::with_output(
            Operation::UpdateCustomer,
            client,
            &options,
            customer,
            "customer",
        )?;
        pending.send_to(out, |client| {
            let of = argument::required_customer(&id, &external_id, "id", "external_id")?;
            let given = fields.read()?;
            let mut request = CustomerUpdateRequest::new(of).fields(given.fields()?);
            if let Some(id) = given.external_id.optional("external_id")? {
                request = request.external_id(id);
            }
            Ok(client.customers().update(request))
        })
    })
}

/// Deletes a customer permanently (operation 12). Pass one of `id` and `external_id`, and NULL for
/// the other. The tickets of the customer are kept. Needs a secret key. `options` may be NULL.
/// Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customers_delete(
    client: Option<&skiplino_client>,
    id: StringArg,
    external_id: StringArg,
    options: CallOptionsArg<'_>,
    error: Option<&mut MaybeUninit<Box<skiplino_error>>>,
) -> skiplino_code {
    boundary::call(error, || {
        let pending = PendingCall::new(Operation::DeleteCustomer, client, &options)?;
        pending
            .send(|client| {
                Ok(client.customers().delete(argument::required_customer(
                    &id,
                    &external_id,
                    "id",
                    "external_id",
                )?))
            })
            .map(drop)
    })
}

/// The server's id. Borrowed: valid as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_id(customer: Option<&skiplino_customer>) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| customer.texts.get(ID))
}

/// Your own id, or NULL. Borrowed: valid as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_external_id(
    customer: Option<&skiplino_customer>,
) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| {
        customer.texts.get(EXTERNAL_ID)
    })
}

/// The id of the company that the customer belongs to. Borrowed: valid as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_company_id(
    customer: Option<&skiplino_customer>,
) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| {
        customer.texts.get(COMPANY_ID)
    })
}

/// The name, or NULL. Borrowed: valid as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_name(customer: Option<&skiplino_customer>) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| customer.texts.get(NAME))
}

/// The e-mail address, or NULL. Borrowed: valid as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_email(customer: Option<&skiplino_customer>) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| customer.texts.get(EMAIL))
}

/// The mobile number, or NULL. Borrowed: valid as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_mobile(customer: Option<&skiplino_customer>) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| customer.texts.get(MOBILE))
}

/// Your own metadata as a JSON object, or NULL. Borrowed: valid as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_metadata_json(
    customer: Option<&skiplino_customer>,
) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| {
        customer.texts.get(METADATA)
    })
}

/// The time of creation in ISO 8601 format, UTC, with milliseconds. Borrowed: valid as long as the
/// customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_created_at(
    customer: Option<&skiplino_customer>,
) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| customer.created_at.text())
}

/// The time of the last update in ISO 8601 format, UTC, with milliseconds. Borrowed: valid as long
/// as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_updated_at(
    customer: Option<&skiplino_customer>,
) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| customer.updated_at.text())
}

/// The time of creation in milliseconds since the Unix epoch; SKIPLINO_NO_TIME for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_created_at_ms(customer: Option<&skiplino_customer>) -> i64 {
    boundary::get(customer, SKIPLINO_NO_TIME, |customer| {
        customer.created_at.ms()
    })
}

/// The time of the last update in milliseconds since the Unix epoch; SKIPLINO_NO_TIME for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_updated_at_ms(customer: Option<&skiplino_customer>) -> i64 {
    boundary::get(customer, SKIPLINO_NO_TIME, |customer| {
        customer.updated_at.ms()
    })
}

/// Frees a customer that a call returned and everything borrowed from it. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_free(customer: Option<Box<skiplino_customer>>) {
    boundary::free(customer);
}
