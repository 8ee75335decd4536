//! The models: every field of a record, typed ids, and open enums.

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use skiplino::{
    BookTicketRequest, BranchId, CustomerId, CustomerRef, CustomerUpdateRequest,
    CustomerWriteRequest, Error, ErrorKind, ExternalId, GroupId, Operation, ServiceId, TicketId,
    TicketStatus, TicketType,
};
use skiplino_tests::TestSandbox;

const LAYLA: &str = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b";

#[test]
fn every_field_of_a_ticket_can_be_read() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let walk_in = client.tickets().get("k7m2p9x4q1").wait().unwrap();
    assert_eq!(walk_in.id(), &TicketId::from("k7m2p9x4q1"));
    assert_eq!(TicketId::from(&walk_in).as_str(), "k7m2p9x4q1");
    assert_eq!(walk_in.ticket_number(), "Q017");
    assert_eq!(walk_in.status(), &TicketStatus::Waiting);
    assert_eq!(walk_in.ticket_type(), &TicketType::Sequential);
    assert_eq!(walk_in.status_at().to_string(), "2026-06-23T11:10:00Z");
    assert_eq!(walk_in.booked_at().to_string(), "2026-06-23T11:08:41Z");
    assert_eq!(walk_in.time(), None);
    let (branch, service) = (walk_in.branch(), walk_in.service());
    assert_eq!(
        (branch.id().as_str(), branch.name()),
        ("802b33af66", "Seef Mall Branch")
    );
    assert_eq!(
        (service.id().as_str(), service.name()),
        ("6fe8fb8b12", "Cash Withdrawal")
    );
    let group = walk_in.group_of_service();
    assert_eq!(
        (group.id().as_str(), group.name()),
        ("7c1f9a3b2d", "Teller Services")
    );
    let customer = walk_in.customer().unwrap();
    assert_eq!(
        (customer.id().as_str(), customer.name()),
        (LAYLA, Some("Layla Hassan"))
    );
    assert_eq!(
        (walk_in.queue_size(), walk_in.waiting_time()),
        (Some(6), Some(18))
    );

    let time = "2026-06-23T13:30:00Z".parse().unwrap();
    let request = BookTicketRequest::appointment(service.id(), group.id(), time, customer.id());
    let appointment = client.tickets().book(&request).wait().unwrap();
    assert_eq!(appointment.time(), Some(time));
    assert_eq!(appointment.ticket_type(), &TicketType::Appointment);
    assert_eq!(
        (appointment.queue_size(), appointment.waiting_time()),
        (None, None)
    );
    let anonymous = BookTicketRequest::walk_in(service.id(), group.id());
    let anonymous = client.tickets().book(anonymous).wait().unwrap();
    assert_eq!(anonymous.customer(), None);
}

#[test]
fn every_field_of_branches_services_and_slots_can_be_read() {
    let sandbox = TestSandbox::new();
    let client = sandbox.public();
    let branches = client.branches().list().wait().unwrap();
    let rows: Vec<_> = branches
        .iter()
        .map(|branch| (branch.id().as_str(), branch.name(), branch.is_open()))
        .collect();
    assert_eq!(
        rows,
        [
            ("802b33af66", "Seef Mall Branch", true),
            ("3d90c1e7a4", "Manama Souq Branch", false)
        ]
    );
    assert_eq!(BranchId::from(&branches[1]).as_str(), "3d90c1e7a4");
    let groups = client.branches().tree(&branches[0]).wait().unwrap();
    let group = &groups[0];
    assert_eq!(
        (group.id().as_str(), group.name()),
        ("7c1f9a3b2d", "Teller Services")
    );
    assert_eq!(GroupId::from(&groups[1]).as_str(), "91be44d0aa");
    let services: Vec<_> = group
        .services()
        .iter()
        .map(|service| {
            (
                service.id().as_str(),
                service.name(),
                service.is_appointment(),
            )
        })
        .collect();
    assert_eq!(
        services,
        [
            ("6fe8fb8b12", "Cash Withdrawal", true),
            ("b7a1d2c3e4", "Cash Deposit", false)
        ]
    );
    assert!(group.services()[0].is_open());
    let service = &group.services()[0];
    assert_eq!(ServiceId::from(service).as_str(), "6fe8fb8b12");
    let slots = client.services().slots(service, None).wait().unwrap();
    assert_eq!(slots[0].time().to_string(), "2026-06-23T11:30:00Z");
    assert_eq!(slots[0].remaining(), 3);
    sandbox.control("PUT /branches/802b33af66", &json!({"open": false}));
    let closed = client.branches().tree("802b33af66").wait().unwrap();
    assert!(!closed[0].services()[0].is_open());
}

#[test]
fn every_field_of_a_customer_can_be_read() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    let update = CustomerUpdateRequest::new(CustomerRef::id(LAYLA)).name("Layla A. Hassan");
    let layla = client.customers().update(update).wait().unwrap();
    assert_eq!(layla.id().as_str(), LAYLA);
    assert_eq!(layla.company_id(), "cmp_5f3a91");
    assert_eq!(layla.external_id(), Some("crm-7741"));
    assert_eq!(layla.name(), Some("Layla A. Hassan"));
    assert_eq!(layla.email(), Some("layla.hassan@example.com"));
    assert_eq!(layla.mobile(), Some("+97333112233"));
    assert_eq!(layla.metadata_json(), Some(r#"{"tier":"gold"}"#));
    assert_eq!(
        layla.metadata::<Value>().unwrap(),
        Some(json!({"tier": "gold"}))
    );
    let error = layla.metadata::<Vec<u8>>().unwrap_err();
    assert_eq!(
        (error.kind(), error.path()),
        (ErrorKind::Decode, Some("metadata"))
    );
    assert_eq!(layla.created_at().to_string(), "2026-06-23T11:00:00Z");
    assert_eq!(layla.updated_at().to_string(), "2026-06-23T11:10:00Z");
    assert_eq!(CustomerRef::from(&layla), CustomerRef::id(LAYLA));
    assert_eq!(CustomerId::from(&layla).to_string(), LAYLA);

    let empty = CustomerWriteRequest::new();
    let empty = client.customers().create(empty).wait().unwrap();
    assert_eq!(
        (
            empty.external_id(),
            empty.name(),
            empty.email(),
            empty.mobile()
        ),
        (None, None, None, None)
    );
    assert_eq!(empty.metadata::<Value>().unwrap(), None);
    assert_ne!(layla, empty);
}

#[test]
fn every_field_of_a_page_can_be_read() {
    let sandbox = TestSandbox::new();
    sandbox.generate(230);
    let client = sandbox.secret();
    let page = client.customers().list().page(2).wait().unwrap();
    let place = page.pagination();
    assert!(place.has_next_page() && place.has_prev_page());
    assert_eq!((place.page(), place.limit()), (Some(2), Some(100)));
    assert_eq!(place.total_pages(), 3);
    assert_eq!(page.items().len(), 100);
    let (first, all) = (page.items()[0].clone(), page.clone().into_items());
    assert_eq!((all.len(), &all[0]), (100, &first));
    assert_eq!(page.into_iter().next(), Some(first));
    let last = client.customers().list().page(3).wait().unwrap();
    assert!(!last.pagination().has_next_page());
    assert_eq!(last.items().len() as u64, last.pagination().total() - 200);
}

#[test]
fn a_stream_returns_an_error_once_and_ends() {
    let sandbox = TestSandbox::new();
    sandbox.fault("listCustomers", "html_200", json!({}));
    let client = sandbox.secret();
    let list = || client.customers().list();
    assert_eq!(
        list()
            .pages_blocking()
            .map(|page| page.is_err())
            .collect::<Vec<_>>(),
        [true]
    );
    assert_eq!(
        list()
            .items_blocking()
            .map(|item| item.is_err())
            .collect::<Vec<_>>(),
        [true]
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let counts =
        runtime.block_on(async { (list().pages().count().await, list().items().count().await) });
    assert_eq!(counts, (1, 1));
    assert_eq!(sandbox.received("listCustomers"), 4);
}

#[test]
fn ids_are_typed_strings() {
    let id = TicketId::from(String::from("k7m2p9x4q1"));
    assert_eq!(
        (id.as_str(), &*id.to_string()),
        ("k7m2p9x4q1", "k7m2p9x4q1")
    );
    assert_eq!(format!("{id:?}"), r#"TicketId("k7m2p9x4q1")"#);
    assert_eq!(TicketId::from(&id), id);
    let (mine, theirs) = (ExternalId::from("crm-1"), CustomerId::from("abc"));
    assert_eq!(CustomerRef::from(&mine), CustomerRef::external_id("crm-1"));
    assert_eq!(CustomerRef::from(mine), CustomerRef::external_id("crm-1"));
    assert_eq!(CustomerRef::from(&theirs), CustomerRef::id("abc"));
    assert_eq!(CustomerRef::from(theirs), CustomerRef::id("abc"));
    assert_ne!(CustomerRef::id("abc"), CustomerRef::external_id("abc"));
}

#[test]
fn open_enums_keep_unknown_values() {
    for text in ["waiting", "upcoming", "serving", "served", "cancelled"] {
        let status = TicketStatus::from(text);
        assert!(!matches!(status, TicketStatus::Unknown(_)), "{text}");
        assert_eq!((status.as_str(), &*status.to_string()), (text, text));
    }
    let unknown = TicketStatus::from("teleporting");
    assert_eq!(unknown, TicketStatus::Unknown("teleporting".into()));
    assert_eq!(unknown.to_string(), "teleporting");
    for text in ["sequential", "appointment"] {
        let kind = TicketType::from(text);
        assert!(!matches!(kind, TicketType::Unknown(_)), "{text}");
        assert_eq!(kind.to_string(), text);
    }
}

#[test]
fn error_kinds_and_operations_print_their_names() {
    for kind in ErrorKind::ALL {
        assert_eq!(kind.to_string(), format!("{kind:?}"));
    }
    for operation in Operation::ALL {
        assert_eq!(operation.to_string(), operation.id());
    }
}

#[test]
fn an_error_has_its_source_and_details() {
    let sandbox = TestSandbox::new();
    sandbox.fault("getTicket", "drop_before", json!({}));
    let client = sandbox.public();
    let lost = client.tickets().get("k7m2p9x4q1").wait().unwrap_err();
    assert!(std::error::Error::source(&lost).is_some());
    let debug = format!("{lost:?}");
    for part in [
        r#"kind: Transport"#,
        r#"operation: Some("getTicket")"#,
        "attempts: 3",
        "outcome: NotApplied",
    ] {
        assert!(debug.contains(part), "{part} in {debug}");
    }
    let rejected: Error = client.tickets().get("").wait().unwrap_err();
    assert!(std::error::Error::source(&rejected).is_none());
    assert!(!rejected.is_retryable() && lost.is_retryable());
    let unknown = client
        .tickets()
        .get("nosuchtick")
        .retry(skiplino::RetryPolicy::never());
    assert_eq!(unknown.operation(), Operation::GetTicket);
    sandbox.control("DELETE /faults", &Value::Null);
    let unknown = unknown.wait().unwrap_err();
    assert_eq!(unknown.message(), Some("Not found."));
}
