//! Integration tests of the client with the sandbox and other servers, over real HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test stops at the first failure"
)]

mod assumptions;
mod booking_support;
mod bookings;
mod calls;
mod cancellation;
mod changing_lists;
mod connections;
mod contract;
mod contract_differences;
mod decoding;
mod doctor;
mod export;
mod guides;
mod hostile_servers;
mod layers;
mod models;
mod pager;
mod prefetch;
mod privacy;
mod proxies;
mod rate_limiting;
mod raw_server;
mod readme;
mod recovery;
mod scenarios;
mod sync;
mod sync_by_pages;
mod sync_checkpoints;
mod test_clock;
mod tls;
mod watch;
