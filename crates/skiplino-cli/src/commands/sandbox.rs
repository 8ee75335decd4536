use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use skiplino::jiff::Timestamp;
use skiplino_sandbox::{Config, Ready};

use crate::exit::Failure;
use crate::output::Output;
use crate::values;

/// Run a server to try things on, on this machine
///
/// It plays the API with real state: a demo company with branches, services, customers and a queue. What staff would do, the
/// clock, and faults of many kinds are under the control URL. It runs until Ctrl-C, and forgets everything unless --data says
/// where to keep it. Its keys are printed: they are public knowledge and open nothing else.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  skiplino sandbox
  skiplino sandbox --port 8080 --data demo.sqlite
  skiplino sandbox --seed 1 --now 2026-06-23T11:10:00Z --freeze     the same answers on every run")]
pub(crate) struct Sandbox {
    /// The port; 0 is any that is free
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,

    /// Let other machines in, where --listen is not an address of this one alone
    #[arg(long)]
    allow_remote: bool,

    /// The file to keep the state in; it is gone at the end without one
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,

    /// What ids and chances follow from
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// The time at which its clock starts; the real time unless given
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    now: Option<Timestamp>,

    /// Let the clock stand still
    #[arg(long)]
    freeze: bool,
}

impl Sandbox {
    pub(crate) fn run(self, out: &mut Output) -> Result<(), Failure> {
        if !self.listen.is_loopback() && !self.allow_remote {
            return Err(Failure::Usage(format!(
                "{} can be reached from other machines, and everybody knows the sandbox's keys: say --allow-remote if that is meant",
                self.listen
            )));
        }
        let config = Config {
            listen: SocketAddr::from((self.listen, self.port)),
            allow_remote: self.allow_remote,
            data: self.data,
            seed: self.seed,
            now: self.now,
            freeze: self.freeze,
            ..Config::default()
        };
        let mut told = true;
        let served = skiplino_sandbox::serve(config, |ready| {
            tell(ready, out).inspect_err(|_| told = false)
        });
        served.map_err(|error| match told {
            true => Failure::Io("sandbox".to_owned(), error),
            false => Failure::from(error),
        })
    }
}

/// Says where it answers, at once: whoever started it waits for this.
fn tell(ready: &Ready, out: &mut Output) -> io::Result<()> {
    if out.json {
        out.object(&json!({
            "baseUrl": ready.base_url(),
            "controlUrl": ready.control_url(),
            "secretKey": ready.secret_key(),
            "publicKey": ready.public_key(),
        }))?;
    } else {
        out.record(&[
            ("Sandbox", ready.base_url()),
            ("Control", ready.control_url()),
            ("Secret key", ready.secret_key().to_owned()),
            ("Public key", ready.public_key().to_owned()),
        ])?;
        let (url, key) = (ready.base_url(), ready.secret_key());
        out.line("")?;
        out.line("To use it from another terminal; Ctrl-C ends it:")?;
        out.line(format_args!(
            "  export SKIPLINO_BASE_URL={url} SKIPLINO_API_KEY={key}"
        ))?;
    }
    out.flush()
}
