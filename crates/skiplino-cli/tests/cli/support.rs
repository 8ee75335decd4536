//! A sandbox, and the command run against it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use skiplino_sandbox::{Config, DEMO_PUBLIC_KEY, DEMO_SECRET_KEY, Sandbox};

/// A sandbox at the time of the published examples.
pub(crate) struct World {
    sandbox: Sandbox,
}

/// The exit code and the output of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Config {
            now: Some("2026-06-23T11:10:00Z".parse().unwrap()),
            freeze: true,
            ..Config::default()
        })
    }

    /// A sandbox with another configuration.
    pub(crate) fn with(config: Config) -> Self {
        let sandbox = Sandbox::start(Config {
            seed: 1,
            exchanges: None,
            ..config
        });
        Self {
            sandbox: sandbox.unwrap(),
        }
    }

    /// The command with the secret key, for further options.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare(arguments);
        command
            .env("SKIPLINO_BASE_URL", self.sandbox.base_url())
            .env("SKIPLINO_API_KEY", DEMO_SECRET_KEY);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(arguments))
    }

    pub(crate) fn run_public(&self, arguments: &[&str]) -> Ran {
        run(self
            .command(arguments)
            .env("SKIPLINO_API_KEY", DEMO_PUBLIC_KEY))
    }

    /// Sends a request to the control API.
    pub(crate) fn control(&self, method: &str, path: &str, body: &str) -> Value {
        let url = self.sandbox.control_url();
        let (host, prefix) = url
            .strip_prefix("http://")
            .unwrap()
            .split_once('/')
            .unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "{method} /{prefix}{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 20"),
            "{method} {path}: {response}"
        );
        serde_json::from_str(body).unwrap_or(Value::Null)
    }

    /// Adds a fault.
    pub(crate) fn fault(&self, fault: &str) {
        self.control("POST", "/faults", fault);
    }

    /// Waits until a fault holds a request.
    pub(crate) fn held(&self) {
        let held = self.control("GET", "/held?atLeast=1", "");
        assert_ne!(held["held"], 0, "no request is held");
    }

    /// How many requests of an operation arrived.
    pub(crate) fn received(&self, operation: &str) -> u64 {
        let counts = self.control("GET", "/requests/counts", "");
        counts[operation]["received"].as_u64().unwrap_or(0)
    }
}

/// The command without any settings: this package's program, or the program that `SKIPLINO_COMMAND`
/// names, such as the console script of the Python package.
pub(crate) fn bare(arguments: &[&str]) -> Command {
    let program = std::env::var_os("SKIPLINO_COMMAND");
    let mut command =
        Command::new(program.unwrap_or_else(|| env!("CARGO_BIN_EXE_skiplino").into()));
    command.args(arguments).stdin(Stdio::null());
    for name in [
        "SKIPLINO_API_KEY",
        "SKIPLINO_BASE_URL",
        "SKIPLINO_LOCALE",
        "SKIPLINO_CA_FILE",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "NO_COLOR",
    ] {
        command.env_remove(name);
    }
    command
}

/// Runs the command. Its output must not contain a key.
pub(crate) fn run(command: &mut Command) -> Ran {
    let ran = Ran::from(command.output().unwrap());
    for key in [DEMO_SECRET_KEY, DEMO_PUBLIC_KEY, "sk_wrong", "hush"] {
        assert!(
            !ran.out.contains(key) && !ran.err.contains(key),
            "{command:?} printed a key: {ran:?}"
        );
    }
    ran
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// Requires exit code 0 and no text on standard error.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!((self.code, &*self.err), (0, ""), "{self:?}");
        self
    }

    /// Requires this exit code, and these texts on standard error.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, texts: &[&str]) -> Self {
        assert_eq!((self.code, &*self.out), (code, ""), "{self:?}");
        assert!(self.err.starts_with("skiplino: "), "{self:?}");
        for text in texts {
            assert!(self.err.contains(text), "{text:?} is not in {self:?}");
        }
        self
    }

    /// Requires this exit code, and these texts on standard error, whatever the output.
    #[track_caller]
    pub(crate) fn ends(self, code: i32, texts: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        for text in texts {
            assert!(self.err.contains(text), "{text:?} is not in {self:?}");
        }
        self
    }

    /// Each line of output, parsed as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Vec<Value> {
        let lines = self.out.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Requires these texts in the output.
    #[track_caller]
    pub(crate) fn prints(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.out.contains(text), "{text:?} is not in {self:?}");
        }
        self
    }
}
