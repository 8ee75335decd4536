//! Operations on customers.

use serde_json::Value;

use super::{Call, Outcome};
use crate::{
    envelope::{ApiResponse, Failure},
    locale::Reason,
    store::{
        customers::{self, Change},
        tickets,
    },
    validate::{CustomerRef, Fields},
};

/// The fields that refer to a customer in these operations.
const OWN_FIELDS: [&str; 2] = ["id", "externalId"];

/// The customer fields of a request. An empty text removes the stored value.
fn change(fields: &mut Fields) -> Change {
    Change {
        external_id: fields.text("externalId"),
        name: fields.text("name"),
        email: fields.text("email"),
        mobile: fields.text("mobile"),
        metadata: fields.object("metadata"),
    }
}

pub(crate) fn create(call: &Call<'_>) -> Outcome {
    let mut fields = call.fields()?;
    let change = change(&mut fields);
    fields.errors.finish()?;
    let customer = call.store.write(|db| {
        reject_taken(customers::holder(db, change.external_id.as_deref())?, None)?;
        customers::insert(db, change, call.now).map_err(Failure::from)
    })?;
    Ok(ApiResponse::created(
        "Customer created successfully.",
        customer.json(),
    ))
}

/// Fails if a customer other than `except` has the `externalId`.
fn reject_taken(holder: Option<String>, except: Option<&str>) -> Result<(), Failure> {
    match holder {
        Some(holder) if Some(holder.as_str()) != except => {
            Err(Failure::field("externalId", Reason::AlreadyTaken))
        }
        _ => Ok(()),
    }
}

pub(crate) fn list(call: &Call<'_>) -> Outcome {
    let mut query = call.query();
    let page = query.page(100, call.pages);
    query.finish(Some(()))?;
    let (customers, total) = call.store.with(|db| customers::page(db, page))?;
    let data = customers.iter().map(customers::Customer::json).collect();
    Ok(ApiResponse::page(
        "Customers fetched successfully.",
        data,
        page,
        total,
    ))
}

pub(crate) fn get(call: &Call<'_>) -> Outcome {
    let mut query = call.query();
    let reference = query.customer();
    let reference = query.finish(reference)?;
    let customer = call
        .store
        .with(|db| customers::find_or_reject(db, &reference, OWN_FIELDS))?;
    Ok(ApiResponse::ok(
        "Customer fetched successfully.",
        customer.json(),
    ))
}

pub(crate) fn update(call: &Call<'_>) -> Outcome {
    let mut fields = call.fields()?;
    let id = fields.id("id");
    let mut change = change(&mut fields);
    let reference = if let Some(id) = id {
        CustomerRef::Id(id)
    } else {
        // `externalId` finds the record here, so it cannot be a new value as well.
        let external_id = change.external_id.take().filter(|id| !id.is_empty());
        if external_id.is_none() {
            fields.errors.add("id", Reason::Required);
        }
        CustomerRef::ExternalId(external_id.unwrap_or_default())
    };
    fields.errors.finish()?;
    let customer = call.store.write(|db| {
        let customer = customers::find_or_reject(db, &reference, OWN_FIELDS)?;
        reject_taken(
            customers::holder(db, change.external_id.as_deref())?,
            Some(&customer.id),
        )?;
        customers::update(db, customer, change, call.now).map_err(Failure::from)
    })?;
    Ok(ApiResponse::ok(
        "Customer updated successfully.",
        customer.json(),
    ))
}

pub(crate) fn delete(call: &Call<'_>) -> Outcome {
    let mut query = call.query();
    let reference = query.customer();
    let reference = query.finish(reference)?;
    call.store.write(|db| {
        let customer = customers::find_or_reject(db, &reference, OWN_FIELDS)?;
        customers::delete(db, &customer).map_err(Failure::from)
    })?;
    Ok(ApiResponse::ok(
        "Customer deleted successfully.",
        Value::Null,
    ))
}

pub(crate) fn tickets(call: &Call<'_>) -> Outcome {
    let mut query = call.query();
    let page = query.page(10, call.pages);
    let reference = query.customer();
    let reference = query.finish(reference)?;
    let (data, total) = call.store.with(|db| {
        let customer = customers::find_or_reject(db, &reference, OWN_FIELDS)?;
        let (tickets, total) = tickets::page_of_customer(db, &customer.id, page)?;
        let data = tickets
            .iter()
            .map(|ticket| ticket.json(db, call.locale))
            .collect();
        Ok::<_, Failure>((data, total))
    })?;
    Ok(ApiResponse::page(
        "Customer tickets fetched successfully.",
        data,
        page,
        total,
    ))
}
