//! What the tests share: a sandbox with a fixed start, its control API, clients of it, and the OpenAPI document.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use skiplino::{ApiKey, Client, ClientBuilder, RetryPolicy};
use skiplino_sandbox::{Config, DEMO_PUBLIC_KEY, DEMO_SECRET_KEY, Sandbox};

/// The time that the tests start at: that of the published example of a waiting ticket.
pub const NOW: &str = "2026-06-23T11:10:00.000Z";

/// The log of a long run takes hundreds of megabytes.
const LONGEST_ANSWER: u64 = 1 << 30;

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

/// A sandbox and what is needed to steer it.
#[derive(Debug)]
pub struct Bench {
    sandbox: Sandbox,
    agent: ureq::Agent,
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

impl Bench {
    /// A sandbox at [`NOW`], its clock frozen.
    pub fn new() -> Self {
        Self::with(Config {
            seed: 1,
            now: Some(NOW.parse().unwrap()),
            freeze: true,
            ..Config::default()
        })
    }

    /// A sandbox that is set up otherwise.
    pub fn with(config: Config) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build();
        Self {
            sandbox: Sandbox::start(config).unwrap(),
            agent: agent.into(),
        }
    }

    /// Where the API is.
    pub fn base_url(&self) -> String {
        self.sandbox.base_url()
    }

    /// Back to the start.
    pub fn reset(&self) {
        self.control(
            "POST /reset",
            &json!({"seed": 1, "now": NOW, "freeze": true}),
        );
    }

    /// A request to the control API, which must succeed, as in `POST /faults`.
    pub fn control(&self, request: &str, body: &Value) -> Value {
        let answer = self.try_control(request, body);
        answer.unwrap_or_else(|refusal| panic!("{request}: {refusal}"))
    }

    /// A request to the control API, and its refusal.
    ///
    /// # Errors
    /// Status and text of any other answer than a success.
    pub fn try_control(&self, request: &str, body: &Value) -> Result<Value, String> {
        let (method, path) = request.split_once(' ').unwrap();
        let url = format!("{}{path}", self.sandbox.control_url());
        let answer = match method {
            "GET" => self.agent.get(url).call(),
            "DELETE" => self.agent.delete(url).call(),
            "PUT" => self.agent.put(url).send_json(body),
            _ => self.agent.post(url).send_json(body),
        };
        let mut answer = answer.unwrap();
        let reader = answer.body_mut().with_config().limit(LONGEST_ANSWER);
        let text = reader.read_to_string().unwrap();
        if answer.status().is_success() {
            Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
        } else {
            Err(format!("{} {text}", answer.status()))
        }
    }

    /// Makes up customers.
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

    /// How many requests of an operation came in.
    pub fn received(&self, operation: &str) -> u64 {
        let counts = self.control("GET /requests/counts", &Value::Null);
        counts[operation]["received"].as_u64().unwrap_or(0)
    }

    /// A client with the secret key and pauses of a millisecond.
    pub fn secret(&self) -> Client {
        self.builder(DEMO_SECRET_KEY).build().unwrap()
    }

    /// A client with the public key and pauses of a millisecond.
    pub fn public(&self) -> Client {
        self.builder(DEMO_PUBLIC_KEY).build().unwrap()
    }

    /// A client to be set up further.
    pub fn builder(&self, key: &str) -> ClientBuilder {
        Client::builder(ApiKey::new(key).unwrap())
            .base_url(self.base_url())
            .retry(quick_retry())
    }
}

/// The usual attempts with hardly a pause.
pub fn quick_retry() -> RetryPolicy {
    let pause = std::time::Duration::from_millis(1);
    RetryPolicy::default().backoff(pause, pause)
}
