//! How a sandbox is started.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use jiff::Timestamp;

use crate::contract::Contract;

/// The environment variable with the default of [`Config::exchanges`].
const EXCHANGES_VARIABLE: &str = "SKIPLINO_SANDBOX_EXCHANGES";

/// How a sandbox is started.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on; port 0 lets the system choose one.
    pub listen: SocketAddr,
    /// Allows `listen` to be an address other than loopback. Off by default, because everybody
    /// knows the demo keys.
    pub allow_remote: bool,
    /// Host names that requests may be addressed to, such as that of a tunnel to this sandbox. IP
    /// addresses and `localhost` are always accepted; with `allow_remote`, names outside the public
    /// DNS, too.
    pub allow_hosts: Vec<String>,
    /// The SQLite file to keep the state in. In memory if `None`. A file that already holds a
    /// company is kept as it is.
    pub data: Option<PathBuf>,
    /// The seed of ids, generated customers and the probabilities of faults.
    pub seed: u64,
    /// The time at which the clock starts, between the years 1970 and 9000. The real time if
    /// `None`.
    pub now: Option<Timestamp>,
    /// Whether the clock is stopped.
    pub freeze: bool,
    /// How many requests the log keeps. Older requests are dropped, as are requests beyond 64 MiB
    /// for each 10,000.
    pub log: usize,
    /// How long the body of a request may take to arrive. Then the connection is closed.
    pub body_timeout: Duration,
    /// Worker threads; at least one is used.
    pub threads: usize,
    /// A directory for a file with all requests and responses of the API, as JSON lines.
    pub exchanges: Option<PathBuf>,
    /// How the responses differ from the published contract.
    pub contract: Contract,
    /// Whether [`serve`](crate::serve) also ends when standard input closes. The system closes it
    /// when the parent process ends.
    pub until_stdin_ends: bool,
}

impl Default for Config {
    /// A free loopback port, state in memory, seed 0, the real clock, 10,000 requests in the
    /// log, 30 seconds for a body and two threads. `exchanges` comes from the environment variable
    /// `SKIPLINO_SANDBOX_EXCHANGES`.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_remote: false,
            allow_hosts: Vec::new(),
            data: None,
            seed: 0,
            now: None,
            freeze: false,
            log: 10_000,
            body_timeout: Duration::from_secs(30),
            threads: 2,
            exchanges: std::env::var_os(EXCHANGES_VARIABLE)
                .filter(|directory| !directory.is_empty())
                .map(PathBuf::from),
            contract: Contract::default(),
            until_stdin_ends: false,
        }
    }
}
