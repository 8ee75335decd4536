//! `skiplino sandbox`: runs the local server.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::Args;
use skiplino::jiff::Timestamp;

use crate::failure::{Failure, UsageError};
use crate::host::Host;
use crate::output::Output;
use crate::values;

/// Run a local server for tests and demos
///
/// It simulates the API with real state: a demo company with branches, services, customers and a
/// queue. Open its page in a browser to act as the staff, set the clock and inject faults; programs
/// do the same through the control URL. The server runs until Ctrl-C, and loses its state unless
/// --data names a file. It prints its keys, which are public and work only with the sandbox.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  skiplino sandbox
  skiplino sandbox --port 8080 --data demo.sqlite
  skiplino sandbox --seed 1 --now 2026-06-23T11:10:00Z --freeze     the same responses on every run
  skiplino sandbox --contract report.json     a server that differs as `skiplino doctor` found")]
pub(crate) struct Sandbox {
    /// The port; 0 is any free port
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,

    /// Allow connections from other machines, if --listen is not a loopback address
    #[arg(long)]
    allow_remote: bool,

    /// Accept requests to this host name, such as that of a tunnel; may be repeated
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,

    /// The file that keeps the state; without it, the state is lost at the end
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,

    /// The seed of ids and random events
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// The time at which the clock starts; the real time unless given
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    now: Option<Timestamp>,

    /// Stop the clock
    #[arg(long)]
    freeze: bool,

    /// A file with differences from the published contract, or a report of `skiplino doctor`
    #[arg(long, value_name = "FILE")]
    contract: Option<PathBuf>,

    /// Stop when standard input ends, for example because the parent process has ended
    #[arg(long)]
    until_stdin_ends: bool,
}

impl Sandbox {
    /// Runs the server. A build without the server runs `skiplino-sandbox` in its place.
    pub(crate) fn run(self, host: &dyn Host, out: &mut Output) -> Result<(), Failure> {
        if !self.listen.is_loopback() && !self.allow_remote {
            return Err(UsageError::RemoteSandbox(self.listen).into());
        }
        self.serve(host, out)
    }

    #[cfg(feature = "sandbox")]
    fn serve(self, _: &dyn Host, out: &mut Output) -> Result<(), Failure> {
        let config = skiplino_sandbox::Config {
            listen: std::net::SocketAddr::from((self.listen, self.port)),
            allow_remote: self.allow_remote,
            allow_hosts: self.allow_host,
            data: self.data,
            seed: self.seed,
            now: self.now,
            freeze: self.freeze,
            contract: self
                .contract
                .map(read_contract)
                .transpose()?
                .unwrap_or_default(),
            until_stdin_ends: self.until_stdin_ends,
            ..skiplino_sandbox::Config::default()
        };
        let mut is_printed = true;
        let served = skiplino_sandbox::serve(config, |ready| {
            print_ready(ready, out).inspect_err(|_| is_printed = false)
        });
        served
            .map_err(std::io::Error::from)
            .map_err(|error| match is_printed {
                true => Failure::io("sandbox", error),
                false => Failure::from(error),
            })
    }
    #[cfg(not(feature = "sandbox"))]
    fn serve(self, host: &dyn Host, out: &Output) -> Result<(), Failure> {
        let failed = |error| Failure::io("skiplino-sandbox", error);
        let mut program = std::process::Command::new(host.sandbox().map_err(failed)?);
        Err(failed(become_program(
            program.args(self.arguments(out.json)),
        )))
    }

    /// The arguments of `skiplino-sandbox`. All fields are named here, so that none is forgotten.
    #[cfg(not(feature = "sandbox"))]
    fn arguments(self, json: bool) -> Vec<std::ffi::OsString> {
        let Self {
            port,
            listen,
            allow_remote,
            allow_host,
            data,
            seed,
            now,
            freeze,
            contract,
            until_stdin_ends,
        } = self;
        let values = [
            ("--port", Some(port.to_string().into())),
            ("--listen", Some(listen.to_string().into())),
            ("--data", data.map(PathBuf::into_os_string)),
            ("--seed", Some(seed.to_string().into())),
            ("--contract", contract.map(PathBuf::into_os_string)),
            ("--now", now.map(|now| now.to_string().into())),
        ];
        let switches = [
            ("--json", json),
            ("--allow-remote", allow_remote),
            ("--freeze", freeze),
            ("--until-stdin-ends", until_stdin_ends),
        ];
        let values = values
            .into_iter()
            .filter_map(|(name, value)| Some([name.into(), value?]));
        let hosts = allow_host
            .into_iter()
            .map(|name| ["--allow-host".into(), name.into()]);
        let switches = switches
            .into_iter()
            .filter(|(_, is_on)| *is_on)
            .map(|(name, _)| name.into());
        values
            .flatten()
            .chain(hosts.flatten())
            .chain(switches)
            .collect()
    }
}

/// Replaces this process by a program. Returns only if the program cannot be started.
#[cfg(all(unix, not(feature = "sandbox")))]
fn become_program(program: &mut std::process::Command) -> std::io::Error {
    std::os::unix::process::CommandExt::exec(program)
}

/// Runs a program to its end, and exits as it does. Returns only if it cannot be started.
#[cfg(all(not(unix), not(feature = "sandbox")))]
fn become_program(program: &mut std::process::Command) -> std::io::Error {
    match program.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(crate::exit::NOT_DONE.into())),
        Err(error) => error,
    }
}

#[cfg(feature = "sandbox")]
fn read_contract(file: PathBuf) -> Result<skiplino_sandbox::Contract, UsageError> {
    let text = std::fs::read_to_string(&file).map_err(|error| error.to_string());
    let contract = text.and_then(|text| {
        let contract = text.parse::<skiplino_sandbox::Contract>();
        contract.map_err(|error| error.to_string())
    });
    contract.map_err(|reason| UsageError::Contract { file, reason })
}

/// Prints the addresses at once: the program that started the sandbox waits for them.
#[cfg(feature = "sandbox")]
fn print_ready(ready: &skiplino_sandbox::Ready, out: &mut Output) -> std::io::Result<()> {
    if out.json {
        out.object(&serde_json::json!({
            "baseUrl": ready.base_url(),
            "controlUrl": ready.control_url(),
            "pageUrl": ready.page_url(),
            "secretKey": ready.secret_key(),
            "publicKey": ready.public_key(),
        }))?;
    } else {
        out.record(&[
            ("Page", ready.page_url()),
            ("Sandbox", ready.base_url()),
            ("Control", ready.control_url()),
            ("Secret key", ready.secret_key().to_owned()),
            ("Public key", ready.public_key().to_owned()),
        ])?;
        let (url, key) = (ready.base_url(), ready.secret_key());
        out.line("")?;
        out.line("To use it from another terminal (Ctrl-C stops it):")?;
        out.line(format_args!(
            "  export SKIPLINO_BASE_URL={url} SKIPLINO_API_KEY={key}"
        ))?;
    }
    out.flush()
}
