use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use jiff::Timestamp;

/// Names the directory that [`Config::exchanges`] starts out with.
const EXCHANGES_VARIABLE: &str = "SKIPLINO_SANDBOX_EXCHANGES";

/// How a sandbox is started.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on; port 0 lets the system choose one.
    pub listen: SocketAddr,
    /// Allows `listen` to be other than loopback. The demo keys are public knowledge, so this is off.
    pub allow_remote: bool,
    /// The SQLite file to keep the state in. In memory if `None`. A file that already holds a company is kept as it is.
    pub data: Option<PathBuf>,
    /// What ids, generated customers and the chances of faults follow from.
    pub seed: u64,
    /// The time at which the clock starts, between the years 1970 and 9000. The real time if `None`.
    pub now: Option<Timestamp>,
    /// Whether the clock stands still.
    pub freeze: bool,
    /// How many requests the log keeps; older ones are forgotten, as are those beyond 64 MiB for each 10,000.
    pub log: usize,
    /// Worker threads; at least one is used.
    pub threads: usize,
    /// A directory in which every answer of the API is written down, a JSON line each.
    pub exchanges: Option<PathBuf>,
    /// Whether [`serve`](crate::serve) also ends when standard input does, as it does once whoever started the process is gone.
    pub until_stdin_ends: bool,
}

impl Default for Config {
    /// A loopback port of the system's choice, state in memory, seed 0, the real clock, 10,000 requests in the log and two threads. `exchanges` is
    /// taken from the environment variable `SKIPLINO_SANDBOX_EXCHANGES`.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_remote: false,
            data: None,
            seed: 0,
            now: None,
            freeze: false,
            log: 10_000,
            threads: 2,
            exchanges: std::env::var_os(EXCHANGES_VARIABLE)
                .filter(|directory| !directory.is_empty())
                .map(PathBuf::from),
            until_stdin_ends: false,
        }
    }
}
