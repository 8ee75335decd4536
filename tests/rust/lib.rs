//! Helpers of the tests: a sandbox with a fixed start, its control API, clients for it, and the
//! OpenAPI document.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first failure"
)]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use skiplino::{ApiKey, Client, ClientBuilder, RetryPolicy};
use skiplino_sandbox::{Config, DEMO_PUBLIC_KEY, DEMO_SECRET_KEY, Sandbox};

/// The start time of the sandbox: that of the documented example of a waiting ticket.
pub const NOW: &str = "2026-06-23T11:10:00.000Z";

/// The log of a long run takes hundreds of megabytes.
const MAX_RESPONSE_BYTES: u64 = 1 << 30;

/// The folder of this package.
pub fn tests_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The OpenAPI document.
pub fn openapi() -> Value {
    let path = tests_folder().join("../spec/openapi.yaml");
    serde_norway::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A JSON file.
pub fn read_json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// An unsuccessful response of the control API.
#[derive(Debug, thiserror::Error)]
#[error("{status} {text}")]
pub struct ControlError {
    status: u16,
    text: String,
}

/// A sandbox and a client of its control API.
#[derive(Debug)]
pub struct TestSandbox {
    sandbox: Sandbox,
    agent: ureq::Agent,
}

impl Default for TestSandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl TestSandbox {
    /// A sandbox at [`NOW`] with a frozen clock.
    pub fn new() -> Self {
        Self::with(Config {
            seed: 1,
            now: Some(NOW.parse().unwrap()),
            freeze: true,
            ..Config::default()
        })
    }

    /// A sandbox with another configuration.
    pub fn with(config: Config) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build();
        Self {
            sandbox: Sandbox::start(config).unwrap(),
            agent: agent.into(),
        }
    }

    /// The base URL of the API.
    pub fn base_url(&self) -> String {
        self.sandbox.base_url()
    }

    /// Resets the sandbox to its start.
    pub fn reset(&self) {
        self.control(
            "POST /reset",
            &json!({"seed": 1, "now": NOW, "freeze": true}),
        );
    }

    /// Sends a request such as `POST /faults` to the control API. It must succeed.
    pub fn control(&self, request: &str, body: &Value) -> Value {
        let response = self.try_control(request, body);
        response.unwrap_or_else(|error| panic!("{request}: {error}"))
    }

    /// Sends a request to the control API.
    ///
    /// # Errors
    /// The status and the text of an unsuccessful response.
    pub fn try_control(&self, request: &str, body: &Value) -> Result<Value, ControlError> {
        let (method, path) = request.split_once(' ').unwrap();
        let url = format!("{}{path}", self.sandbox.control_url());
        let response = match method {
            "GET" => self.agent.get(url).call(),
            "DELETE" => self.agent.delete(url).call(),
            "PUT" => self.agent.put(url).send_json(body),
            _ => self.agent.post(url).send_json(body),
        };
        let mut response = response.unwrap();
        let reader = response.body_mut().with_config().limit(MAX_RESPONSE_BYTES);
        let text = reader.read_to_string().unwrap();
        if response.status().is_success() {
            Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
        } else {
            let status = response.status().as_u16();
            Err(ControlError { status, text })
        }
    }

    /// Generates customers.
    pub fn generate(&self, count: u64) {
        self.control("POST /customers/generate", &json!({"count": count}));
    }

    /// Sets a fault on every request of an operation (or `*`).
    pub fn fault(&self, operation: &str, kind: &str, rest: Value) -> Value {
        let mut fault = rest;
        fault["operation"] = operation.into();
        fault["kind"] = kind.into();
        self.control("POST /faults", &fault)
    }

    /// The number of requests of an operation that the sandbox received.
    pub fn received(&self, operation: &str) -> u64 {
        let counts = self.control("GET /requests/counts", &Value::Null);
        counts[operation]["received"].as_u64().unwrap_or(0)
    }

    /// A client with the secret key and a backoff of a millisecond.
    pub fn secret(&self) -> Client {
        self.builder(DEMO_SECRET_KEY).build().unwrap()
    }

    /// A client with the public key and a backoff of a millisecond.
    pub fn public(&self) -> Client {
        self.builder(DEMO_PUBLIC_KEY).build().unwrap()
    }

    /// A client builder for this sandbox.
    pub fn builder(&self, key: &str) -> ClientBuilder {
        Client::builder(ApiKey::new(key).unwrap())
            .base_url(self.base_url())
            .retry(quick_retry())
    }
}

/// The default number of attempts with a backoff of a millisecond.
pub fn quick_retry() -> RetryPolicy {
    let pause = std::time::Duration::from_millis(1);
    RetryPolicy::default().backoff(pause, pause)
}
