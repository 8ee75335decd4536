//! The code that the bindings share: a guard against `fork()`, a guard against panics, the log, and
//! streams read step by step.

mod fork_guard;
pub mod log;
mod panic_guard;
mod stream_step;

pub use fork_guard::ForkGuarded;
pub use panic_guard::catch_panic;
pub use stream_step::{Step, StreamSteps};
