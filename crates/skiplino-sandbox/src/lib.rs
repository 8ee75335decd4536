#![doc = include_str!("../README.md")]

mod api;
mod app;
mod auth;
mod clock;
mod config;
mod control;
mod envelope;
mod events;
mod exchanges;
mod faults;
mod guard;
mod locale;
mod log;
mod page;
mod pipeline;
mod rate_limit;
mod reply;
mod routes;
mod server;
mod store;
mod traffic;
mod validate;

pub use auth::{DEMO_PUBLIC_KEY, DEMO_SECRET_KEY};
pub use config::Config;
pub use routes::{API_PREFIX, CONTROL_PREFIX, KeyClass, OPERATIONS, Operation};
pub use server::{Ready, Sandbox, serve};
