//! A sandbox and a small client for it.
#![allow(dead_code, unreachable_pub)]

use serde_json::Value;
use skiplino_sandbox::{Config, DEMO_PUBLIC_KEY, DEMO_SECRET_KEY, Sandbox};
use ureq::{Agent, http};

pub const BRANCH: &str = "802b33af66";
pub const CASH: &str = "6fe8fb8b12";
pub const DEPOSIT: &str = "b7a1d2c3e4";
pub const TELLERS: &str = "7c1f9a3b2d";
pub const LAYLA: &str = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b";
pub const TICKET: &str = "k7m2p9x4q1";
pub const NOW: &str = "2026-06-23T11:10:00Z";
pub const SLOT: &str = "2026-07-01T09:30:00.000Z";

/// A response.
#[derive(Debug, Clone, PartialEq)]
pub struct Got {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub text: String,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub fn data(&self) -> Value {
        self.json()["data"].clone()
    }

    pub fn error(&self) -> Value {
        self.json()["error"].clone()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub struct Client {
    pub base: String,
    pub control: String,
    pub agent: Agent,
}

impl Client {
    pub fn new(base: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(std::time::Duration::from_secs(20)))
            .build();
        Self {
            base: base.to_owned(),
            control: base.replace("/external/v1", "/_sandbox"),
            agent: config.into(),
        }
    }

    pub fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Result<Got, ureq::Error> {
        let mut request = http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = match body {
            Some(body) => self.agent.run(request.body(body.to_owned())?)?,
            None if ["POST", "PUT"].contains(&method) => {
                self.agent.run(request.body(String::new())?)?
            }
            None => self.agent.run(request.body(())?)?,
        };
        let (parts, mut body) = response.into_parts();
        let limit = 200 << 20;
        let text = body.with_config().limit(limit).read_to_string()?;
        Ok(Got {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text,
        })
    }

    /// Sends a request with the secret key.
    pub fn try_call(&self, method: &str, path: &str, body: Value) -> Result<Got, ureq::Error> {
        let body = (!body.is_null()).then(|| body.to_string());
        self.send(
            method,
            &format!("{}{path}", self.base),
            &[("authorization", &format!("Bearer {DEMO_SECRET_KEY}"))],
            body.as_deref(),
        )
    }

    pub fn call(&self, method: &str, path: &str, body: Value) -> Got {
        self.try_call(method, path, body).unwrap()
    }

    pub fn get(&self, path: &str) -> Got {
        self.call("GET", path, Value::Null)
    }

    pub fn post(&self, path: &str, body: Value) -> Got {
        self.call("POST", path, body)
    }

    pub fn arabic(&self, method: &str, path: &str, body: Value) -> Got {
        let body = (!body.is_null()).then(|| body.to_string());
        let key = format!("Bearer {DEMO_PUBLIC_KEY}");
        let headers = [("authorization", key.as_str()), ("x-locale", "ar-BH")];
        self.send(
            method,
            &format!("{}{path}", self.base),
            &headers,
            body.as_deref(),
        )
        .unwrap()
    }

    /// Sends a request to the control API, which must respond with 200.
    pub fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let got = self.try_control(method, path, body);
        assert_eq!(got.status, 200, "{method} {path}: {}", got.text);
        got.json()
    }

    pub fn try_control(&self, method: &str, path: &str, body: Value) -> Got {
        let body = (!body.is_null()).then(|| body.to_string());
        self.send(
            method,
            &format!("{}{path}", self.control),
            &[],
            body.as_deref(),
        )
        .unwrap()
    }

    pub fn fault(&self, fault: Value) -> u64 {
        self.control("POST", "/faults", fault)["id"]
            .as_u64()
            .unwrap()
    }
}

pub fn config() -> Config {
    Config {
        now: Some(NOW.parse().unwrap()),
        freeze: true,
        ..Config::default()
    }
}

/// A sandbox at the time of the published examples.
pub fn start() -> (Sandbox, Client) {
    let sandbox = Sandbox::start(config()).unwrap();
    let client = Client::new(&sandbox.base_url());
    (sandbox, client)
}
