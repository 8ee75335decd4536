//! A static library of somebody else, with Rust's standard library in it.

/// Catches a panic, which both libraries have their own support for.
#[unsafe(no_mangle)]
pub extern "C" fn other_catches() -> bool {
    std::panic::set_hook(Box::new(|_| {}));
    std::panic::catch_unwind(|| std::panic::panic_any(1)).is_err()
}
