//! Calls the functions of the C library in any order with any arguments.
//! `bindings/c/tests/calls.py` generates the C part.
//!
//! The first byte chooses the status of the server's response. The bytes up to 0xff are its body.
//! The rest chooses the calls.
#![no_main]

use std::ffi::{CString, c_char};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
// The C part links against its exports.
use skiplino_c_fuzzed as _;

#[path = "server.rs"]
mod server;

#[link(name = "calls", kind = "static")]
unsafe extern "C" {
    fn fuzz_calls(base_url: *const c_char, data: *const u8, size: usize);
}

static SERVER: LazyLock<(server::Server, CString)> = LazyLock::new(|| {
    let server = server::Server::start();
    let base_url = CString::new(server.base_url.clone()).unwrap();
    (server, base_url)
});

const STATUSES: [u16; 8] = [200, 200, 200, 201, 404, 422, 500, 302];

fuzz_target!(|data: &[u8]| {
    let Some((status, data)) = data.split_first() else {
        return;
    };
    let mut parts = data.splitn(2, |byte| *byte == 0xff);
    let (body, calls) = (parts.next().unwrap_or_default(), parts.next());
    let calls = calls.unwrap_or_default();
    let (server, base_url) = &*SERVER;
    server.set_response(STATUSES[usize::from(*status) % STATUSES.len()], b"", body);
    // SAFETY: the text ends with a NUL, `calls` has `calls.len()` bytes, and both live during the
    // call.
    unsafe { fuzz_calls(base_url.as_ptr(), calls.as_ptr(), calls.len()) };
});
