use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::Args;
use skiplino::jiff::Timestamp;

use crate::exit::Failure;
use crate::host::Host;
use crate::output::Output;
use crate::values;

/// Run a server to try things on, on this machine
///
/// It plays the API with real state: a demo company with branches, services, customers and a queue. Its page is the counter:
/// open it in a browser to play the staff, turn the clock and set faults, which programs do under the control URL. It runs until
/// Ctrl-C, and forgets everything unless --data says where to keep it. Its keys are printed: they are public knowledge and open
/// nothing else.
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

    /// End when standard input does, as it does once whoever started it is gone
    #[arg(long)]
    until_stdin_ends: bool,
}

impl Sandbox {
    /// Serves, or where the server is left out, becomes the program that does.
    pub(crate) fn run(self, host: &dyn Host, out: &mut Output) -> Result<(), Failure> {
        if !self.listen.is_loopback() && !self.allow_remote {
            return Err(Failure::Usage(format!(
                "{} can be reached from other machines, and everybody knows the sandbox's keys: say --allow-remote if that is meant",
                self.listen
            )));
        }
        self.serve(host, out)
    }

    #[cfg(feature = "sandbox")]
    fn serve(self, _: &dyn Host, out: &mut Output) -> Result<(), Failure> {
        let config = skiplino_sandbox::Config {
            listen: std::net::SocketAddr::from((self.listen, self.port)),
            allow_remote: self.allow_remote,
            data: self.data,
            seed: self.seed,
            now: self.now,
            freeze: self.freeze,
            until_stdin_ends: self.until_stdin_ends,
            ..skiplino_sandbox::Config::default()
        };
        let mut told = true;
        let served = skiplino_sandbox::serve(config, |ready| {
            tell(ready, out).inspect_err(|_| told = false)
        });
        served
            .map_err(std::io::Error::from)
            .map_err(|error| match told {
                true => Failure::Io("sandbox".to_owned(), error),
                false => Failure::from(error),
            })
    }
    #[cfg(not(feature = "sandbox"))]
    fn serve(self, host: &dyn Host, out: &Output) -> Result<(), Failure> {
        use std::os::unix::process::CommandExt as _;

        let failed = |error| Failure::Io("skiplino-sandbox".to_owned(), error);
        let program = host.sandbox().map_err(failed)?;
        let arguments = self.arguments(out.json);
        Err(failed(
            std::process::Command::new(program).args(arguments).exec(),
        ))
    }

    /// What the program of the sandbox alone is to be given. All fields are named here, so that none is forgotten.
    #[cfg(not(feature = "sandbox"))]
    fn arguments(self, json: bool) -> Vec<std::ffi::OsString> {
        let Self {
            port,
            listen,
            allow_remote,
            data,
            seed,
            now,
            freeze,
            until_stdin_ends,
        } = self;
        let values = [
            ("--port", Some(port.to_string().into())),
            ("--listen", Some(listen.to_string().into())),
            ("--data", data.map(PathBuf::into_os_string)),
            ("--seed", Some(seed.to_string().into())),
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
        let switches = switches
            .into_iter()
            .filter(|(_, is_on)| *is_on)
            .map(|(name, _)| name.into());
        values.flatten().chain(switches).collect()
    }
}

/// Says where it answers, at once: whoever started it waits for this.
#[cfg(feature = "sandbox")]
fn tell(ready: &skiplino_sandbox::Ready, out: &mut Output) -> std::io::Result<()> {
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
        out.line("To use it from another terminal; Ctrl-C ends it:")?;
        out.line(format_args!(
            "  export SKIPLINO_BASE_URL={url} SKIPLINO_API_KEY={key}"
        ))?;
    }
    out.flush()
}
