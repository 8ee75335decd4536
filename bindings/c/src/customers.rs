//! Customers: create, get, find, update, delete, and read one.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use skiplino::{Customer, CustomerUpdateRequest, CustomerWriteRequest, Operation, Response};

use crate::argument::{self, StringArg};
use crate::boundary;
use crate::c_string::StringTable;
use crate::call::{CallOptionsArg, PendingCall};
use crate::client::skiplino_client;
use crate::code::skiplino_code;
use crate::error::{Failure, skiplino_error};
use crate::sized_struct::{self, SizedStruct};
use crate::timestamp::{RecordTime, SKIPLINO_NO_TIME};

/// A customer. One that a call gave is the caller's to free, one of a page is the page's. It does not change: any thread may read it.
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

/// What is written of a customer; NULL leaves a field out. Begin with SKIPLINO_CUSTOMER_FIELDS_INIT. Strings are the caller's, and
/// only read during the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct skiplino_customer_fields {
    /// Set by SKIPLINO_CUSTOMER_FIELDS_INIT.
    pub size: usize,
    /// Your own id, unique in the company. With one, creating is safe to repeat.
    pub external_id: StringArg,
    /// The name.
    pub name: StringArg,
    /// The e-mail address.
    pub email: StringArg,
    /// The mobile number.
    pub mobile: StringArg,
    /// A JSON object of your own. It replaces the one that is stored as a whole.
    pub metadata_json: StringArg,
}

// SAFETY: `repr(C)`, its size first; pointers take any bytes.
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

/// Fields or NULL.
#[repr(transparent)]
pub struct FieldsArg(*const skiplino_customer_fields);

/// Sets what is given on a request, whichever of the two it is.
macro_rules! with_fields {
    ($request:expr, $fields:expr) => {{
        let (mut request, fields) = ($request, $fields);
        if let Some(text) = fields.external_id.optional("external_id")? {
            request = request.external_id(text);
        }
        if let Some(text) = fields.name.optional("name")? {
            request = request.name(text);
        }
        if let Some(text) = fields.email.optional("email")? {
            request = request.email(text);
        }
        if let Some(text) = fields.mobile.optional("mobile")? {
            request = request.mobile(text);
        }
        if let Some(value) = argument::optional_json(&fields.metadata_json, "metadata_json")? {
            request = request.metadata(value);
        }
        request
    }};
}

impl FieldsArg {
    fn read(&self) -> Result<skiplino_customer_fields, Failure> {
        if self.0.is_null() {
            return Err(skiplino_error::null("fields"));
        }
        sized_struct::read(self.0, "fields")
    }
}

/// Creates a customer (operation 8). Takes a secret key. `options` may be NULL. Free the customer with skiplino_customer_free(). Any
/// thread.
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
        pending.send_to(out, |api| {
            let request = with_fields!(CustomerWriteRequest::new(), fields.read()?);
            Ok(api.customers().create(request))
        })
    })
}

/// A customer (operation 10), by one of `id` and `external_id`, the other NULL. Takes a secret key. `options` may be NULL. Free the
/// customer with skiplino_customer_free(). Any thread.
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
        pending.send_to(out, |api| {
            Ok(api.customers().get(argument::required_customer(
                &id,
                &external_id,
                "id",
                "external_id",
            )?))
        })
    })
}

/// A customer, by one of `id` and `external_id`, the other NULL; where there is none, `*customer` is NULL and the call succeeds. Takes a secret
/// key. `options` may be NULL. Free the customer with skiplino_customer_free(). Any thread.
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
        let response = pending.send(|api| {
            Ok(api.customers().find(argument::required_customer(
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

/// Changes the fields that are given and leaves the others (operation 11). Whose: by one of `id` and `external_id`, the other NULL.
/// An `external_id` among the fields is a new value, for a record located by `id`. Takes a secret key. `options` may be NULL. Free
/// the customer with skiplino_customer_free(). Any thread.
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
        pending.send_to(out, |api| {
            let of = argument::required_customer(&id, &external_id, "id", "external_id")?;
            let request = with_fields!(CustomerUpdateRequest::new(of), fields.read()?);
            Ok(api.customers().update(request))
        })
    })
}

/// Deletes a customer for good (operation 12), by one of `id` and `external_id`, the other NULL. Their tickets stay. Takes a secret key.
/// `options` may be NULL. Any thread.
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
            .send(|api| {
                Ok(api.customers().delete(argument::required_customer(
                    &id,
                    &external_id,
                    "id",
                    "external_id",
                )?))
            })
            .map(drop)
    })
}

/// The server's id. Borrowed: lives as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_id(customer: Option<&skiplino_customer>) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| customer.texts.get(ID))
}

/// Your own id, or NULL. Borrowed: lives as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_external_id(
    customer: Option<&skiplino_customer>,
) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| {
        customer.texts.get(EXTERNAL_ID)
    })
}

/// The company that the record belongs to. Borrowed: lives as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_company_id(
    customer: Option<&skiplino_customer>,
) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| {
        customer.texts.get(COMPANY_ID)
    })
}

/// The name, or NULL. Borrowed: lives as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_name(customer: Option<&skiplino_customer>) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| customer.texts.get(NAME))
}

/// The e-mail address, or NULL. Borrowed: lives as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_email(customer: Option<&skiplino_customer>) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| customer.texts.get(EMAIL))
}

/// The mobile number, or NULL. Borrowed: lives as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_mobile(customer: Option<&skiplino_customer>) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| customer.texts.get(MOBILE))
}

/// The free object of your own as JSON, or NULL. Borrowed: lives as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_metadata_json(
    customer: Option<&skiplino_customer>,
) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| {
        customer.texts.get(METADATA)
    })
}

/// When it was created: ISO-8601, UTC, milliseconds. Borrowed: lives as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_created_at(
    customer: Option<&skiplino_customer>,
) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| customer.created_at.text())
}

/// When it was last changed. Borrowed: lives as long as the customer.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_updated_at(
    customer: Option<&skiplino_customer>,
) -> *const c_char {
    boundary::get(customer, ptr::null(), |customer| customer.updated_at.text())
}

/// When it was created, in milliseconds since 1970; SKIPLINO_NO_TIME for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_created_at_ms(customer: Option<&skiplino_customer>) -> i64 {
    boundary::get(customer, SKIPLINO_NO_TIME, |customer| {
        customer.created_at.ms()
    })
}

/// When it was last changed, in milliseconds since 1970; SKIPLINO_NO_TIME for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_updated_at_ms(customer: Option<&skiplino_customer>) -> i64 {
    boundary::get(customer, SKIPLINO_NO_TIME, |customer| {
        customer.updated_at.ms()
    })
}

/// Frees a customer that a call gave, and with it all that was borrowed from it. NULL is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_customer_free(customer: Option<Box<skiplino_customer>>) {
    boundary::free(customer);
}
