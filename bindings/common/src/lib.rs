//! What every binding needs around the client: a guard against `fork()`, a guard against panics, and the log.

mod fork_guard;
pub mod log;
mod panic_guard;

pub use fork_guard::ForkGuarded;
pub use panic_guard::catch_panic;
