#![doc = include_str!("../README.md")]

mod api;
mod app;
mod auth;
mod clock;
mod config;
mod contract;
mod control;
mod envelope;
mod error;
mod events;
mod exchanges;
mod faults;
mod locale;
mod origin_check;
mod page;
mod pagination;
mod pipeline;
mod rate_limit;
mod reply;
mod request_log;
mod routes;
mod server;
mod store;
mod traffic;
mod validate;

pub use auth::{DEMO_PUBLIC_KEY, DEMO_SECRET_KEY};
pub use config::Config;
pub use contract::{
    Absent, AuthShape, Contract, ContractError, DeleteData, ErrorShape, JsonType, ListOrder,
    OversizedLimit, Reasons, TimestampForm, Total,
};
pub use error::{StartError, StoreError};
pub use routes::{API_PREFIX, CONTROL_PREFIX, KeyClass, OPERATIONS, Operation};
pub use server::{Ready, Sandbox, serve};
