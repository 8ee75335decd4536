//! What the client and the sandbox must do together, over real HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod calls;
mod cancelling;
mod clock;
mod connections;
mod contract;
mod decoding;
mod drift;
mod exporting;
mod guides;
mod layers;
mod models;
mod pacing;
mod pager;
mod prefetch;
mod privacy;
mod proxies;
mod raw;
mod readme;
mod resuming;
mod scenarios;
mod settling;
mod syncing;
mod tls;
mod watching;
