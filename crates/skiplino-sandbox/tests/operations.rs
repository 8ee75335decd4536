//! Every operation: the published examples, and its effect on success.
#![allow(
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::unwrap_used
)]

mod common;

use common::*;
use serde_json::{Value, json};

#[test]
fn the_published_ticket_is_equal_to_the_byte() {
    let (_sandbox, client) = start();
    assert_eq!(
        client.get(&format!("/tickets/{TICKET}")).text,
        r#"{"message":"Ticket fetched successfully.","data":{"id":"k7m2p9x4q1","ticketNumber":"Q017","status":"waiting","statusAt":"2026-06-23T11:10:00.000Z","type":"sequential","time":null,"branch":{"id":"802b33af66","name":"Seef Mall Branch"},"service":{"id":"6fe8fb8b12","name":"Cash Withdrawal"},"groupOfService":{"id":"7c1f9a3b2d","name":"Teller Services"},"customer":{"id":"9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b","name":"Layla Hassan"},"bookedAt":"2026-06-23T11:08:41.000Z","queueSize":6,"waitingTime":18}}"#
    );
}

#[test]
fn the_published_update_is_equal_to_the_byte() {
    let (_sandbox, client) = start();
    client.control(
        "PUT",
        "/clock",
        json!({"mode": "frozen", "now": "2026-06-23T12:30:00Z"}),
    );
    let body = json!({"id": LAYLA, "name": "Layla A. Hassan", "mobile": "+97333778899"});
    let got = client.call("PUT", "/customers/update", body);
    assert_eq!(got.status, 200);
    assert_eq!(
        got.text,
        r#"{"message":"Customer updated successfully.","data":{"_id":"9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b","externalId":"crm-7741","companyId":"cmp_5f3a91","name":"Layla A. Hassan","email":"layla.hassan@example.com","mobile":"+97333778899","metadata":{"tier":"gold"},"createdAt":"2026-06-23T11:00:00.000Z","updatedAt":"2026-06-23T12:30:00.000Z"}}"#
    );
    assert_eq!(got.header("date"), "Tue, 23 Jun 2026 12:30:00 GMT");
}

#[test]
fn branches_and_trees_follow_hours_activity_and_locale() {
    let (_sandbox, client) = start();
    // 14:10 in Bahrain: Manama closed ten minutes ago.
    let expected = json!([
        {"id": BRANCH, "name": "Seef Mall Branch", "branchStatus": {"isBranchOpen": true}},
        {"id": "3d90c1e7a4", "name": "Manama Souq Branch", "branchStatus": {"isBranchOpen": false}},
    ]);
    assert_eq!(client.get("/branches").data(), expected);
    client.control("POST", "/clock/advance", json!({"seconds": -900}));
    assert_eq!(
        client.get("/branches").data()[1]["branchStatus"]["isBranchOpen"],
        true
    );
    // Friday at noon.
    client.control(
        "PUT",
        "/clock",
        json!({"mode": "frozen", "now": "2026-06-26T09:00:00Z"}),
    );
    assert_eq!(
        client.get("/branches").data()[1]["branchStatus"]["isBranchOpen"],
        false
    );

    let tree = json!([
        {"id": TELLERS, "name": "Teller Services", "services": [
            {"id": CASH, "name": "Cash Withdrawal", "isOpen": true, "isAppointment": true},
            {"id": DEPOSIT, "name": "Cash Deposit", "isOpen": true, "isAppointment": false}]},
        {"id": "91be44d0aa", "name": "Customer Service", "services": [
            {"id": "c4d5e6f708", "name": "Open an Account", "isOpen": true, "isAppointment": true}]},
    ]);
    assert_eq!(client.get(&format!("/branches/{BRANCH}/tree")).data(), tree);

    let arabic = client.arabic("GET", &format!("/branches/{BRANCH}/tree"), Value::Null);
    assert_eq!(arabic.data()[0]["name"], "خدمات الصراف");
    assert_eq!(arabic.data()[0]["services"][0]["name"], "سحب نقدي");
    assert_eq!(
        arabic.json()["message"],
        "Branch tree fetched successfully."
    );
    let ticket = client
        .arabic("GET", &format!("/tickets/{TICKET}"), Value::Null)
        .data();
    assert_eq!(ticket["branch"]["name"], "فرع السيف مول");
    assert_eq!(
        client.arabic("GET", "/tickets/nope", Value::Null).error(),
        "التذكرة غير موجودة."
    );
    let missing = client.arabic("POST", "/tickets/book", json!({}));
    assert_eq!(missing.error()["serviceId"], "هذا الحقل مطلوب.");
}

#[test]
fn slots_are_those_to_come_with_places_left() {
    let (_sandbox, client) = start();
    let slots = |query: &str| client.get(&format!("/services/{CASH}/slots{query}")).data();
    let day = slots("?date=2026-07-01");
    assert_eq!(day.as_array().unwrap().len(), 16);
    assert_eq!(
        day[0],
        json!({"time": "2026-07-01T06:00:00.000Z", "remaining": 3})
    );
    assert_eq!(day[15]["time"], "2026-07-01T13:30:00.000Z");
    // Today's slots begin at 14:30.
    assert_eq!(slots("")[0]["time"], "2026-06-23T11:30:00.000Z");
    let all: Vec<Value> = day
        .as_array()
        .unwrap()
        .iter()
        .map(|slot| slot["time"].clone())
        .collect();
    for time in &all {
        client.control(
            "POST",
            &format!("/services/{CASH}/fill-slot"),
            json!({"time": time}),
        );
    }
    assert_eq!(slots("?date=2026-07-01"), json!([]));
    // The Manama branch is closed on Fridays.
    assert_eq!(
        client
            .get("/services/e1e2e3e4e5/slots?date=2026-06-26")
            .data(),
        json!([])
    );
    let manama = client
        .get("/services/e1e2e3e4e5/slots?date=2026-06-28")
        .data();
    assert_eq!(manama[0]["time"], "2026-06-28T05:00:00.000Z");
    assert_eq!(manama.as_array().unwrap().len(), 12);
}

#[test]
fn a_walk_in_joins_the_queue_and_leaves_it() {
    let (_sandbox, client) = start();
    let body = json!({"serviceId": CASH, "groupOfServiceId": TELLERS,
        "options": {"accountType": "savings"}, "location": {"lat": 26.2336, "lng": 50.5379}});
    let got = client.post("/tickets/book", body);
    assert_eq!(got.status, 201);
    assert_eq!(got.json()["message"], "Ticket booked successfully.");
    let ticket = got.data();
    assert_eq!(ticket["ticketNumber"], "Q018");
    assert_eq!(
        (&ticket["queueSize"], &ticket["waitingTime"]),
        (&json!(7), &json!(21))
    );
    assert_eq!(ticket["customer"], Value::Null);
    let path = format!("/tickets/{}", ticket["id"].as_str().unwrap());
    assert_eq!(client.get(&path).data(), ticket);

    client.control("POST", &format!("/services/{CASH}/call-next"), json!({}));
    assert_eq!(client.get(&path).data()["queueSize"], 6);
    client.post(&format!("/tickets/{TICKET}/cancel"), Value::Null);
    assert_eq!(client.get(&path).data()["queueSize"], 5);

    client.control("POST", "/clock/advance", json!({"seconds": 60}));
    let cancelled = client.post(&format!("{path}/cancel"), Value::Null);
    assert_eq!(cancelled.status, 200);
    assert_eq!(cancelled.data()["status"], "cancelled");
    assert_eq!(cancelled.data()["statusAt"], "2026-06-23T11:11:00.000Z");
    assert_eq!(cancelled.data().get("queueSize"), None);
    let again = client.post(&format!("{path}/cancel"), Value::Null);
    assert_eq!(
        (again.status, again.error()),
        (409, json!("This ticket cannot be cancelled."))
    );
    // Numbers go by service and by day.
    let deposit = json!({"serviceId": DEPOSIT, "groupOfServiceId": TELLERS, "customerId": LAYLA});
    assert_eq!(
        client.post("/tickets/book", deposit.clone()).data()["ticketNumber"],
        "Q001"
    );
    assert_eq!(
        client.post("/tickets/book", deposit.clone()).data()["ticketNumber"],
        "Q002"
    );
    client.control("POST", "/clock/advance", json!({"seconds": 86400}));
    assert_eq!(
        client.post("/tickets/book", deposit).data()["ticketNumber"],
        "Q001"
    );
}

#[test]
fn an_appointment_is_booked_checked_in_moved_and_cancelled() {
    let (_sandbox, client) = start();
    let body = json!({"serviceId": CASH, "groupOfServiceId": TELLERS, "time": SLOT, "customerExternalId": "crm-7741"});
    let got = client.post("/tickets/book", body);
    assert_eq!(
        (got.status, &got.json()["message"]),
        (201, &json!("Appointment booked successfully."))
    );
    let ticket = got.data();
    assert_eq!(ticket["ticketNumber"], "A042");
    assert_eq!(
        (&ticket["status"], &ticket["type"]),
        (&json!("upcoming"), &json!("appointment"))
    );
    assert_eq!(
        (&ticket["time"], ticket.get("queueSize")),
        (&json!(SLOT), None)
    );
    let remaining = |time: &str| {
        let slots = client
            .get(&format!("/services/{CASH}/slots?date=2026-07-01"))
            .data();
        let slot = slots
            .as_array()
            .unwrap()
            .iter()
            .find(|slot| slot["time"] == time)
            .cloned();
        slot.map_or(json!(0), |slot| slot["remaining"].clone())
    };
    assert_eq!(remaining(SLOT), 2);

    let id = ticket["id"].as_str().unwrap();
    let change = format!("/tickets/{id}/change-time");
    let later = "2026-07-01T10:00:00.000Z";
    let move_to = |time: &str| client.post(&change, json!({"time": time, "customerId": LAYLA}));
    let upcoming = move_to(later);
    assert_eq!(
        (upcoming.status, upcoming.error()),
        (
            422,
            json!({"id": "Only a waiting appointment can be moved."})
        )
    );

    client.control("POST", &format!("/tickets/{id}/check-in"), json!({}));
    for _ in 0..2 {
        let moved = move_to(later);
        assert_eq!(
            (moved.status, &moved.json()["message"]),
            (200, &json!("Ticket updated successfully."))
        );
        assert_eq!(
            (&moved.data()["time"], &moved.data()["status"]),
            (&json!(later), &json!("waiting"))
        );
        assert_eq!(moved.data()["queueSize"], 7);
        assert_eq!((remaining(SLOT), remaining(later)), (json!(3), json!(2)));
    }
    client.control(
        "POST",
        &format!("/services/{CASH}/fill-slot"),
        json!({"time": SLOT}),
    );
    assert_eq!(
        move_to(SLOT).error(),
        json!({"time": "This time is not available."})
    );
    let both = client.post(
        &change,
        json!({"time": later, "customerId": LAYLA, "customerExternalId": "crm-7741"}),
    );
    let other = client.post(
        &change,
        json!({"time": later, "customerExternalId": "crm-7742"}),
    );
    assert_eq!(
        both.error()["customerId"],
        "Exactly one of customerId and customerExternalId is required."
    );
    assert_eq!(
        other.error()["customerExternalId"],
        "This ticket belongs to another customer."
    );
    assert_eq!(
        client.post(&change, json!({"customerId": LAYLA})).error()["time"],
        "This field is required."
    );
    assert_eq!(
        move_to("2026-06-01T10:00:00.000Z").error()["time"],
        "This time should be in the future."
    );
    assert_eq!(
        client.post(&change, json!([])).error()["body"],
        "This value should be an object."
    );
    let unknown = client.post(
        "/tickets/0000000000/change-time",
        json!({"time": later, "customerId": LAYLA}),
    );
    assert_eq!(
        (unknown.status, unknown.error()),
        (404, json!("Ticket not found."))
    );
    let walk_in = client.post(
        &format!("/tickets/{TICKET}/change-time"),
        json!({"time": later, "customerId": LAYLA}),
    );
    assert_eq!(
        (walk_in.status, &walk_in.error()["id"]),
        (422, &json!("Only a waiting appointment can be moved."))
    );

    assert_eq!(
        client
            .post(&format!("/tickets/{id}/cancel"), Value::Null)
            .status,
        200
    );
    assert_eq!(remaining(later), 3);
    assert_eq!(move_to(later).status, 422);
}

#[test]
fn customers_live_and_die() {
    let (_sandbox, client) = start();
    let body =
        json!({"externalId": "x 1", "name": "نور", "email": "", "metadata": {"b": 1, "a": [2]}});
    let created = client.post("/customers/create", body.clone());
    assert_eq!(
        (created.status, &created.json()["message"]),
        (201, &json!("Customer created successfully."))
    );
    let customer = created.data();
    let id = customer["_id"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 32);
    assert_eq!(
        customer,
        json!({"_id": id, "externalId": "x 1", "companyId": "cmp_5f3a91", "name": "نور", "metadata": {"b": 1, "a": [2]},
            "createdAt": "2026-06-23T11:10:00.000Z", "updatedAt": "2026-06-23T11:10:00.000Z"})
    );
    let taken = client.post("/customers/create", body);
    assert_eq!(
        (taken.status, taken.error()),
        (422, json!({"externalId": "This value is already taken."}))
    );
    for query in [
        format!("id={id}"),
        "externalId=x%201".into(),
        "externalId=x+1".into(),
        format!("id={id}&externalId=no"),
    ] {
        assert_eq!(
            client.get(&format!("/customers/getOne?{query}")).data(),
            customer,
            "{query}"
        );
    }

    client.control("POST", "/clock/advance", json!({"seconds": 1}));
    let update = |body: Value| client.call("PUT", "/customers/update", body);
    let updated = update(json!({"externalId": "x 1", "name": "", "metadata": {"c": 3}})).data();
    assert_eq!(updated.get("name"), None);
    assert_eq!(updated["metadata"], json!({"c": 3}));
    assert_eq!(updated["updatedAt"], "2026-06-23T11:10:01.000Z");
    assert_eq!(
        update(json!({"id": id, "externalId": "crm-7741"})).error()["externalId"],
        "This value is already taken."
    );
    assert_eq!(update(json!({"id": id, "externalId": "x 1"})).status, 200);
    assert_eq!(
        update(json!({"id": id, "externalId": "x-2"})).data()["externalId"],
        "x-2"
    );

    let page = client.get("/customers/getAll?limit=3");
    assert_eq!(page.data()[0]["_id"], json!(id));
    assert_eq!(
        page.json()["pagination"],
        json!({"total": 4, "totalPages": 2, "page": 1, "limit": 3, "hasNextPage": true, "hasPrevPage": false})
    );
    assert_eq!(
        client.get("/customers/getAll?limit=3&page=2").data()[0]["_id"],
        LAYLA
    );
    assert_eq!(
        client
            .get("/customers/getAll?page=9223372036854775807&limit=100")
            .data(),
        json!([])
    );

    let booked = client.post(
        "/tickets/book",
        json!({"serviceId": DEPOSIT, "groupOfServiceId": TELLERS, "customerId": LAYLA}),
    );
    let tickets = client.get("/customers/tickets?externalId=crm-7741&limit=1");
    assert_eq!(tickets.data(), json!([booked.data()]));
    assert_eq!(tickets.json()["pagination"]["total"], 2);

    let deleted = client.call(
        "DELETE",
        &format!("/customers/delete?id={LAYLA}"),
        Value::Null,
    );
    assert_eq!(
        deleted.text,
        r#"{"message":"Customer deleted successfully.","data":null}"#
    );
    let again = client.call(
        "DELETE",
        "/customers/delete?externalId=crm-7741",
        Value::Null,
    );
    assert_eq!(
        (again.status, again.error()),
        (422, json!({"externalId": "This value does not exist."}))
    );
    assert_eq!(
        client.get(&format!("/tickets/{TICKET}")).data()["customer"]["name"],
        "Layla Hassan"
    );
    assert_eq!(
        client.get("/customers/getAll").json()["pagination"]["total"],
        3
    );
}
