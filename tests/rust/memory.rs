//! Memory use of a large response: in its own process, to measure its peak.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use serde_json::json;
use skiplino::ErrorKind;
use skiplino_tests::TestSandbox;

const MIB: u64 = 1024 * 1024;

/// The peak memory of this process, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.unwrap().trim().trim_end_matches(" kB");
    kibibytes.parse::<u64>().unwrap() * 1024
}

#[test]
fn a_huge_response_takes_no_more_memory_than_the_limit_allows() {
    let sandbox = TestSandbox::new();
    let client = sandbox.public();
    client.branches().list().wait().unwrap();
    let before = peak();
    let faults = [("gzip_bomb", 256 * MIB), ("huge_body", 17 * MIB)];
    for (kind, bytes) in faults {
        sandbox.control("DELETE /faults", &json!(null));
        sandbox.fault("*", kind, json!({"bytes": bytes}));
        let error = client.branches().list().wait().unwrap_err();
        assert_eq!(
            (error.kind(), error.status()),
            (ErrorKind::Decode, Some(200))
        );
        assert!(error.reason().unwrap().contains("larger than"), "{error}");
    }
    // Twice the limit of 16 MiB while the buffer grows, and the memory of the sandbox in this
    // process.
    let grown = peak() - before;
    assert!(grown < 48 * MIB, "it took {} MiB", grown / MIB);
}
