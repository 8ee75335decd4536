//! Privacy: debug texts and errors contain neither keys nor personal data.

use std::fmt;

use serde_json::json;
use skiplino::{
    ApiKey, BookTicketRequest, Client, CustomerRef, CustomerUpdateRequest, CustomerWriteRequest,
    ErrorKind, KeyClass,
};
use skiplino_sandbox::{DEMO_PUBLIC_KEY, DEMO_SECRET_KEY};
use skiplino_tests::TestSandbox;

const PRIVATE: [&str; 8] = [
    DEMO_SECRET_KEY,
    DEMO_PUBLIC_KEY,
    "Layla",
    "layla.hassan@example.com",
    // As in a query string.
    "layla.hassan%40example.com",
    "97333778899",
    "savings",
    "gold",
];

fn assert_private(shown: &dyn fmt::Debug) {
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
fn debug_texts_contain_no_private_data() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
    assert_private(&ApiKey::new(DEMO_SECRET_KEY).unwrap());
    assert_private(&Client::builder(ApiKey::new(DEMO_SECRET_KEY).unwrap()));
    assert_private(&client);
    assert_private(&update());
    assert_private(&booking());
    let create = CustomerWriteRequest::new()
        .name("Layla")
        .metadata(json!({"tier": "gold"}));
    assert_private(&create);
    assert_private(&client.customers().update(update()));
    assert_private(
        &client
            .customers()
            .update(update())
            .with_response()
            .wait()
            .unwrap(),
    );
    assert_private(
        &client
            .tickets()
            .book(booking())
            .with_response()
            .wait()
            .unwrap(),
    );
    assert_private(&client.customers().list().page(1).wait().unwrap());
}

#[test]
fn errors_do_not_repeat_rejected_keys_and_urls() {
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
fn errors_contain_no_private_data() {
    let sandbox = TestSandbox::new();
    let client = sandbox.secret();
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
        sandbox.reset();
        sandbox.fault("*", kind, rest);
        let customer = || CustomerRef::external_id("layla.hassan@example.com");
        let errors = [
            client.customers().update(update()).wait().err(),
            client.tickets().book(booking()).wait().err(),
            client.customers().get(customer()).wait().err(),
            client.customers().delete(customer()).wait().err(),
            client.customers().tickets(customer()).page(1).wait().err(),
        ];
        for error in errors {
            let error = error.unwrap_or_else(|| panic!("{kind} did not fail"));
            assert_private(&error);
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(error) = cause {
                assert_private(&format_args!("{error} {error:?}"));
                cause = error.source();
            }
        }
    }
}

#[test]
fn a_secret_key_is_rejected_on_a_device_unless_allowed() {
    let sandbox = TestSandbox::new();
    let error = sandbox.builder(DEMO_SECRET_KEY).on_device().build().err();
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.fields().contains_key("apiKey"));
    assert_eq!(
        error.to_string(),
        "invalid input: apiKey: a secret key must not be used on a device: use a public key, or allow it in the client builder"
    );
    let public = sandbox
        .builder(DEMO_PUBLIC_KEY)
        .on_device()
        .build()
        .unwrap();
    assert_eq!(public.branches().list().wait().unwrap().len(), 2);
    let allowed = sandbox.builder(DEMO_SECRET_KEY).on_device();
    let allowed = allowed.allow_secret_key_on_device().build().unwrap();
    assert_eq!(allowed.key_class(), KeyClass::Secret);
    assert!(allowed.customers().list().page(1).wait().is_ok());
}
