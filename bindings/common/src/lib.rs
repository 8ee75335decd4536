//! The code that all bindings share: guards against `fork()` and panics, the log format, and
//! streams that are read step by step.

mod fork_guard;
pub mod log;
mod panic_guard;
mod stream_step;

pub use fork_guard::ForkGuarded;
pub use panic_guard::catch_panic;
pub use stream_step::{Step, StreamSteps};
