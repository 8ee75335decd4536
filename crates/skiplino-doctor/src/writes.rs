//! The write operations, on a temporary customer and a ticket, and the removal of both.

use serde_json::{Value, json};
use skiplino::{KeyClass, Operation};

use crate::exam::{Exam, Expected};
use crate::reads::{FoundService, unknown_id};
use crate::wire::Request;

/// The name of the temporary customer.
const NAME: &str = "skiplino doctor";

/// Records that doctor created and has to remove.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// The `externalId` of the customer. It is set before the request that creates the customer.
    customer: Option<String>,
    /// Whether the response to the creation was lost: the customer may still appear.
    is_customer_unknown: bool,
    /// The id of a second customer with the same `externalId`.
    second: Option<String>,
    /// The ids of tickets.
    tickets: Vec<String>,
    /// The service of a ticket whose id is not known: its response was lost.
    unknown_ticket: Option<String>,
}

/// Creates a customer and changes it.
pub(crate) fn customer(exam: &mut Exam<'_>, made: &mut Made) -> Option<Value> {
    // A request that is not sent creates nothing, so there is nothing to remove.
    if exam.is_over() {
        return None;
    }
    let external_id = format!("skiplino-doctor-{}{}", unknown_id(), unknown_id());
    let operation = Operation::CreateCustomer;
    let request = Request::new(operation).body(json!({
        "externalId": external_id,
        "name": NAME,
        "email": "",
        "metadata": {"before": "1"},
    }));
    made.customer = Some(external_id.clone());
    made.is_customer_unknown = true;
    let created = exam.send_and_check(&request, Expected::success(operation))?;
    made.is_customer_unknown = created.status >= 500 || created.status == 408;
    let customer = created.data().clone();
    if !(200..300).contains(&created.status) {
        // A rejected request created nothing. After a 408 the outcome is unknown.
        if (400..500).contains(&created.status) && created.status != 408 {
            made.customer = None;
        }
        return None;
    }
    let is_stored = customer.get("email").is_some();
    exam.findings.judge("P26", operation, !is_stored, || {
        "an empty `email` is stored".to_owned()
    });
    let again = Request::new(operation).body(json!({"externalId": external_id, "name": NAME}));
    let again = exam.send_and_check(&again, Expected::status(422, "P25"));
    if let Some(second) = again.filter(|answer| (200..300).contains(&answer.status)) {
        // Both have the same `externalId`, so only the id identifies the second one. If the ids are
        // equal, the server has returned the first one.
        made.second = second.data()["_id"]
            .as_str()
            .filter(|id| customer["_id"] != **id)
            .map(str::to_owned);
        remove_second(exam, made);
    }
    let get = by_external_id(Operation::GetCustomer, &external_id);
    exam.send_and_check(&get, Expected::success(Operation::GetCustomer));
    let update = Operation::UpdateCustomer;
    let request = Request::new(update).body(json!({
        "externalId": external_id,
        "metadata": {"after": "2"},
    }));
    if let Some(updated) = exam.send_and_check(&request, Expected::success(update))
        && (200..300).contains(&updated.status)
    {
        let data = updated.data();
        let agrees = data["metadata"] == json!({"after": "2"}) && data["name"] == NAME;
        exam.findings.judge("P27", update, agrees, || {
            "the update did not replace metadata as a whole, or changed another field".to_owned()
        });
    }
    Some(customer)
}

/// Books a ticket, reads it, and cancels it twice.
pub(crate) fn ticket(
    exam: &mut Exam<'_>,
    made: &mut Made,
    service: &FoundService,
    customer: Option<&Value>,
) {
    if exam.is_over() {
        return;
    }
    let operation = Operation::BookTicket;
    let mut body = json!({"serviceId": service.id, "groupOfServiceId": service.group});
    if let Some(id) = customer.and_then(|customer| customer["_id"].as_str()) {
        body["customerId"] = json!(id);
    }
    made.unknown_ticket = Some(service.name.clone());
    let Some(booked) = exam.send(&Request::new(operation).body(body)) else {
        return;
    };
    if booked.status < 500 {
        made.unknown_ticket = None;
    }
    if booked.status == 400 {
        exam.check_response(&booked, Expected::status(400, "A15"));
        let why = "the server rejected the booking: is the branch closed?";
        for id in ["P29", "P30", "A13", "A16"] {
            exam.findings.not_checked(id, why);
        }
        exam.findings
            .judge("A15", operation, booked.get("error").is_string(), || {
                "the reason is not a string".to_owned()
            });
        return;
    }
    let success = Expected::status(operation.success_status(), "P29");
    exam.check_response(&booked, success);
    exam.findings.not_checked("A15", "the booking was accepted");
    let ticket = booked.data();
    let Some(id) = ticket["id"].as_str() else {
        if (200..300).contains(&booked.status) {
            made.unknown_ticket = Some(service.name.clone());
        }
        return;
    };
    made.tickets.push(id.to_owned());
    if customer.is_none() {
        let is_absent = ticket.get("customer").is_none_or(Value::is_null);
        exam.findings.judge("A13", operation, is_absent, || {
            "an anonymous ticket has a customer".to_owned()
        });
    }
    let get = Request::new(Operation::GetTicket).id(id);
    exam.send_and_check(&get, Expected::success(Operation::GetTicket));
    let cancel = Request::new(Operation::CancelTicket).id(id);
    if let Some(cancelled) =
        exam.send_and_check(&cancel, Expected::success(Operation::CancelTicket))
        && (200..300).contains(&cancelled.status)
    {
        made.tickets.clear();
        let agrees = cancelled.data()["status"] == "cancelled";
        exam.findings
            .judge("P30", Operation::CancelTicket, agrees, || {
                "a cancelled ticket has another status".to_owned()
            });
    }
    exam.send_and_check(&cancel, Expected::status(409, "A16"));
}

/// Removes all records that doctor created. Returns a text for each one that could not be removed.
pub(crate) fn clean_up(exam: &mut Exam<'_>, made: &mut Made) -> Vec<String> {
    let mut left = Vec::new();
    let external_id = made.customer.take();
    if let Some(service) = made.unknown_ticket.take() {
        let found = external_id.as_deref().and_then(|id| tickets_of(exam, id));
        match found {
            Some(found) if !found.is_empty() => made.tickets.extend(found),
            // The booking may have been anonymous, or may still arrive.
            _ => left.push(format!(
                "perhaps a ticket for {service}: the response to its booking was lost; cancel it in the \
                 dashboard"
            )),
        }
    }
    for id in std::mem::take(&mut made.tickets) {
        let cancel = Request::new(Operation::CancelTicket).id(&id);
        let answer = exam.send(&cancel);
        // 409: the ticket is already cancelled or served.
        if answer.is_none_or(|answer| answer.status >= 300 && answer.status != 409) {
            left.push(format!(
                "ticket {id}: cancel it with skiplino ticket cancel {id}"
            ));
        }
    }
    remove_second(exam, made);
    if let Some(id) = made.second.take() {
        left.push(format!(
            "customer {id}: delete it with skiplino customers delete {id}"
        ));
    }
    if let Some(id) = external_id {
        let advice = format!("delete it with skiplino customers delete ext:{id}");
        match delete(exam, "externalId", &id) {
            Deletion::Deleted => {}
            Deletion::Absent if made.is_customer_unknown => left.push(format!(
                "perhaps customer ext:{id}: the response to its creation was lost; if it appears, {advice}"
            )),
            Deletion::Absent => {}
            Deletion::Failed => left.push(format!("customer ext:{id}: {advice}")),
        }
    }
    left
}

/// Deletes the second customer. If this fails, the removal at the end tries again.
fn remove_second(exam: &mut Exam<'_>, made: &mut Made) {
    if let Some(id) = made.second.clone()
        && !matches!(delete(exam, "id", &id), Deletion::Failed)
    {
        made.second = None;
    }
}

enum Deletion {
    Deleted,
    /// There is no such customer.
    Absent,
    Failed,
}

/// Deletes a customer.
fn delete(exam: &mut Exam<'_>, name: &'static str, id: &str) -> Deletion {
    let operation = Operation::DeleteCustomer;
    let request = Request::new(operation).query(name, &id);
    let Some(answer) = exam.send(&request) else {
        return Deletion::Failed;
    };
    match answer.status {
        200..300 => {
            exam.check_response(&answer, Expected::status(200, "P28"));
            Deletion::Deleted
        }
        404 | 422 => Deletion::Absent,
        _ => Deletion::Failed,
    }
}

/// The tickets of the temporary customer that can be cancelled.
fn tickets_of(exam: &mut Exam<'_>, external_id: &str) -> Option<Vec<String>> {
    let request = by_external_id(Operation::ListCustomerTickets, external_id);
    let answer = exam.send(&request)?;
    if answer.status != 200 {
        return None;
    }
    let tickets = answer.records().iter();
    Some(
        tickets
            .filter(|ticket| ticket["status"] == "waiting" || ticket["status"] == "upcoming")
            .filter_map(|ticket| ticket["id"].as_str().map(str::to_owned))
            .collect(),
    )
}

fn by_external_id(operation: Operation, external_id: &str) -> Request {
    Request::new(operation).query("externalId", &external_id)
}

/// Says why the write operations cannot be checked with this key.
pub(crate) fn not_possible(exam: &mut Exam<'_>) {
    if exam.client.key_class() == KeyClass::Public {
        for id in ["P25", "P26", "P27", "P28"] {
            exam.findings
                .not_checked(id, "needs `--write` and a secret key");
        }
    }
}
