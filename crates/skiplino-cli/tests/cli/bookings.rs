//! Commands that write: bookings, tickets and customers.

use serde_json::{Value, json};

use crate::support::World;

const LAYLA: &str = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b";

fn id(booked: &Value) -> String {
    booked["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_walk_in_is_one_line_or_the_ticket() {
    let world = World::new();
    let line = world
        .run_public(&["book", "--branch", "Seef", "--service", "Cash W"])
        .ok()
        .out;
    let start =
        "Q018 booked: Cash Withdrawal at Seef Mall Branch, 7 people ahead, about 21 min, id ";
    assert!(
        line.starts_with(start) && line.lines().count() == 1,
        "{line}"
    );
    let ids = [
        "book",
        "--service",
        "6fe8fb8b12",
        "--group",
        "7c1f9a3b2d",
        "--json",
    ];
    let before = world.received("getBranchTree");
    let ticket = world.run_public(&ids).ok().json().remove(0);
    assert_eq!(
        (&ticket["queueSize"], &ticket["type"]),
        (&json!(8), &json!("sequential"))
    );
    assert_eq!(
        world.received("getBranchTree"),
        before,
        "two ids are not looked up"
    );
}

#[test]
fn requests_have_the_typed_values() {
    let world = World::new();
    world
        .run(&[
            "book",
            "--service",
            "6fe8fb8b12",
            "--group",
            "7c1f9a3b2d",
            "--customer",
            "ext:crm-7741",
            "--options",
            r#"{"a": 1, "b": 2}"#,
            "--option",
            "b=savings",
            "--option",
            "n=3",
            "--lat",
            "-26.5",
            "--lng",
            "50.5",
        ])
        .ok();
    let log = world.control("GET", "/requests?operation=bookTicket", "");
    assert_eq!(
        log["requests"][0]["body"],
        json!({"serviceId": "6fe8fb8b12", "groupOfServiceId": "7c1f9a3b2d", "customerExternalId": "crm-7741",
            "options": {"a": 1, "b": "savings", "n": 3}, "location": {"lat": -26.5, "lng": 50.5}}),
        "{log}"
    );
    let service = ["book", "--service", "6fe8fb8b12", "--group", "7c1f9a3b2d"];
    world
        .run(&[&service[..], &["--lat", "91", "--lng", "0"]].concat())
        .fails(2, &["location.lat"]);
    for wrong in [
        &["--lat", "1"][..],
        &["--time", "2026-06-24T06:00:00Z"],
        &["--time", "tomorrow"],
        &["--options", "[1]"],
        &["--option", "x"],
    ] {
        assert_eq!(
            world.run(&[&service[..], wrong].concat()).code,
            2,
            "{wrong:?}"
        );
    }
}

#[test]
fn an_appointment_is_booked_checked_in_rescheduled_and_cancelled() {
    let world = World::new();
    let booked = world
        .run(&[
            "book",
            "--service",
            "Open an Account",
            "--time",
            "2026-06-24T09:00:00+03:00",
            "--customer",
            LAYLA,
            "--json",
        ])
        .ok()
        .json()
        .remove(0);
    assert_eq!(
        (&booked["status"], &booked["time"]),
        (&json!("upcoming"), &json!("2026-06-24T06:00:00.000Z"))
    );
    let id = id(&booked);
    let move_it = [
        "ticket",
        "reschedule",
        &id,
        "--time",
        "2026-06-24T07:30:00Z",
    ];
    world.run(&move_it).fails(7, &["422"]);
    world.control("POST", &format!("/tickets/{id}/check-in"), "");
    // The ticket's own customer is looked up.
    world
        .run(&move_it)
        .ok()
        .prints(&["rescheduled: Open an Account at Seef Mall Branch, 2026-06-24T07:30:00Z"]);
    let named = [
        &move_it[..4],
        &["2026-06-24T08:00:00Z", "--external-id", "crm-7741"],
    ]
    .concat();
    world.run(&named).ok().prints(&["2026-06-24T08:00:00Z"]);
    world
        .run(&["ticket", "get", &id])
        .ok()
        .prints(&["Time      2026-06-24T08:00:00Z", "Type      appointment"]);
    let cancelled = world
        .run(&["ticket", "cancel", &id, "--yes", "--json"])
        .ok()
        .json();
    assert_eq!(cancelled[0]["status"], "cancelled");
    world
        .run(&["ticket", "cancel", &id, "-y"])
        .fails(6, &["409"]);
}

#[test]
fn a_ticket_reads_as_the_published_example() {
    let world = World::new();
    let ticket = world
        .run(&["ticket", "get", "k7m2p9x4q1", "--json"])
        .ok()
        .json();
    assert_eq!(
        ticket,
        [
            json!({"id": "k7m2p9x4q1", "ticketNumber": "Q017", "status": "waiting", "statusAt": "2026-06-23T11:10:00.000Z", "type": "sequential",
            "time": null, "branch": {"id": "802b33af66", "name": "Seef Mall Branch"}, "service": {"id": "6fe8fb8b12", "name": "Cash Withdrawal"},
            "groupOfService": {"id": "7c1f9a3b2d", "name": "Teller Services"}, "customer": {"id": LAYLA, "name": "Layla Hassan"},
            "bookedAt": "2026-06-23T11:08:41.000Z", "queueSize": 6, "waitingTime": 18})
        ]
    );
    world.run(&["ticket", "get", "k7m2p9x4q1"]).ok().prints(&[
        "Ticket    Q017 (k7m2p9x4q1)\n",
        "Place     6 people ahead, about 18 min\n",
    ]);
}

#[test]
fn an_unknown_status_is_shown_as_text() {
    let world = World::new();
    world.fault(r#"{"operation": "getTicket", "kind": "unknown_enum"}"#);
    let shown = world
        .run(&["ticket", "get", "k7m2p9x4q1", "--json"])
        .ok()
        .json()
        .remove(0);
    let status = shown["status"].as_str().unwrap();
    assert_ne!(status, "waiting");
    world
        .run(&["ticket", "get", "k7m2p9x4q1"])
        .ok()
        .prints(&[status]);
}

#[test]
fn a_customer_is_created_changed_and_deleted() {
    let world = World::new();
    let create = [
        "customers",
        "create",
        "--external-id",
        "crm-1",
        "--name",
        "Noor",
        "--email",
        "n@example.com",
        "--metadata",
        r#"{"a": [1]}"#,
    ];
    world
        .run(&create)
        .ok()
        .prints(&["External id  crm-1\n", "Metadata     {\"a\":[1]}\n"]);
    let update = [
        "customers",
        "update",
        "ext:crm-1",
        "--mobile",
        "+97330000000",
        "--json",
    ];
    let updated = world.run(&update).ok().json().remove(0);
    assert_eq!(
        (&updated["mobile"], &updated["name"]),
        (&json!("+97330000000"), &json!("Noor"))
    );
    let id = updated["_id"].as_str().unwrap().to_owned();
    // After an id, --external-id is the new value; alone, it names the customer; twice, it is an
    // error.
    world
        .run(&["customers", "update", &id, "--external-id", "crm-2"])
        .ok();
    world
        .run(&[
            "customers",
            "update",
            "--external-id",
            "crm-2",
            "--name",
            "Noor A.",
        ])
        .ok()
        .prints(&["Noor A."]);
    world
        .run(&["customers", "update", "ext:crm-2", "--external-id", "crm-3"])
        .fails(2, &["externalId"]);
    world
        .run(&["customers", "update", &id])
        .fails(2, &["nothing to change"]);
    world
        .run(&["customers", "delete", &id, "--yes"])
        .ok()
        .prints(&["deleted"]);
    world
        .run(&["customers", "get", "ext:crm-2"])
        .fails(4, &["there is no customer ext:crm-2"]);
    world
        .run(&["customers", "delete", "ext:crm-2", "--yes", "--json"])
        .fails(7, &["This value does not exist."]);
}

#[test]
fn the_published_update_reads_as_published() {
    let world = World::new();
    world.control("POST", "/clock/advance", r#"{"seconds": 4800}"#);
    let update = [
        "customers",
        "update",
        LAYLA,
        "--name",
        "Layla A. Hassan",
        "--mobile",
        "+97333778899",
        "--json",
    ];
    assert_eq!(
        world.run(&update).ok().out.trim_end(),
        concat!(
            r#"{"_id":"9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b","externalId":"crm-7741","companyId":"cmp_5f3a91","name":"Layla A. Hassan","#,
            r#""email":"layla.hassan@example.com","mobile":"+97333778899","metadata":{"tier":"gold"},"#,
            r#""createdAt":"2026-06-23T11:00:00.000Z","updatedAt":"2026-06-23T12:30:00.000Z"}"#
        )
    );
}
