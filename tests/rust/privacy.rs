//! Keys and people's data are never printed, and what is traced says no more than it should.

use std::fmt;

use serde_json::json;
use skiplino::{
    ApiKey, BookTicketRequest, Client, CustomerRef, CustomerUpdateRequest, CustomerWriteRequest,
    ErrorKind, KeyClass,
};
use skiplino_sandbox::{DEMO_PUBLIC_KEY, DEMO_SECRET_KEY};
use skiplino_tests::Bench;

const PRIVATE: [&str; 8] = [
    DEMO_SECRET_KEY,
    DEMO_PUBLIC_KEY,
    "Layla",
    "layla.hassan@example.com",
    // As a query holds it.
    "layla.hassan%40example.com",
    "97333778899",
    "savings",
    "gold",
];

fn tells_nothing(shown: &dyn fmt::Debug) {
    for text in [format!("{shown:?}"), format!("{shown:#?}")] {
        for private in PRIVATE {
            assert!(!text.contains(private), "{private:?} in {text}");
        }
    }
}

fn update() -> CustomerUpdateRequest {
    CustomerUpdateRequest::new(CustomerRef::external_id("crm-7741"))
        .name("Layla A. Hassan")
        .email("layla.hassan@example.com")
        .mobile("+97333778899")
        .metadata(json!({"tier": "gold"}))
}

fn booking() -> BookTicketRequest {
    BookTicketRequest::walk_in("6fe8fb8b12", "7c1f9a3b2d")
        .customer(CustomerRef::external_id("crm-7741"))
        .options(json!({"accountType": "savings"}))
}

#[test]
fn nothing_private_is_in_any_debug_text() {
    let bench = Bench::new();
    let client = bench.secret();
    tells_nothing(&ApiKey::new(DEMO_SECRET_KEY).unwrap());
    tells_nothing(&Client::builder(ApiKey::new(DEMO_SECRET_KEY).unwrap()));
    tells_nothing(&client);
    tells_nothing(&update());
    tells_nothing(&booking());
    let create = CustomerWriteRequest::new()
        .name("Layla")
        .metadata(json!({"tier": "gold"}));
    tells_nothing(&create);
    tells_nothing(&client.customers().update(update()));
    tells_nothing(
        &client
            .customers()
            .update(update())
            .with_response()
            .wait()
            .unwrap(),
    );
    tells_nothing(
        &client
            .tickets()
            .book(booking())
            .with_response()
            .wait()
            .unwrap(),
    );
    tells_nothing(&client.customers().list().page(1).wait().unwrap());
}

#[test]
fn a_refused_key_is_not_repeated() {
    for key in ["sk_line\nbreak", "sk_ünicode", "sk_spa ce"] {
        let error = ApiKey::new(key).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains("sk_"), "{text}");
    }
    let url = "https://operator:hunter2@example.com/v1";
    let error = Client::builder(ApiKey::new("pk_x").unwrap())
        .base_url(url)
        .build()
        .unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(
        !text.contains("hunter2") && !text.contains("operator"),
        "{text}"
    );
}

#[test]
fn nothing_private_is_in_any_error() {
    let bench = Bench::new();
    let client = bench.secret();
    let faults = [
        ("html_502", json!({})),
        ("empty_503", json!({})),
        ("drop_before", json!({})),
        ("truncate", json!({})),
        ("malformed_json", json!({})),
        ("wrong_json", json!({})),
        ("html_200", json!({})),
        (
            "redirect",
            json!({"location": "https://example.com/?name=Layla"}),
        ),
        ("rate_limit", json!({"retryAfter": 0})),
        (
            "status",
            json!({"status": 422, "body": {"message": "Layla", "error": {"mobile": "+97333778899 is taken", "email": "layla.hassan@example.com"}}}),
        ),
    ];
    for (kind, rest) in faults {
        bench.reset();
        bench.fault("*", kind, rest);
        let customer = || CustomerRef::external_id("layla.hassan@example.com");
        let errors = [
            client.customers().update(update()).wait().err(),
            client.tickets().book(booking()).wait().err(),
            client.customers().get(customer()).wait().err(),
            client.customers().delete(customer()).wait().err(),
            client.customers().tickets(customer()).page(1).wait().err(),
        ];
        for error in errors {
            let error = error.unwrap_or_else(|| panic!("{kind} was no failure"));
            tells_nothing(&error);
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(error) = cause {
                tells_nothing(&format_args!("{error} {error:?}"));
                cause = error.source();
            }
        }
    }
}

#[test]
fn a_secret_key_is_refused_on_a_device_unless_it_is_allowed() {
    let bench = Bench::new();
    let error = bench.builder(DEMO_SECRET_KEY).on_device().build().err();
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.fields().contains_key("apiKey"));
    assert_eq!(
        error.to_string(),
        "invalid input: apiKey: a secret key must not be used on a device: use a public key, or allow it in the client builder"
    );
    let public = bench.builder(DEMO_PUBLIC_KEY).on_device().build().unwrap();
    assert_eq!(public.branches().list().wait().unwrap().len(), 2);
    let allowed = bench.builder(DEMO_SECRET_KEY).on_device();
    let allowed = allowed.allow_secret_key_on_device().build().unwrap();
    assert_eq!(allowed.key_class(), KeyClass::Secret);
    assert!(allowed.customers().list().page(1).wait().is_ok());
}
