//! Calls per second on kept-alive connections with decoded responses; client and server share a
//! core.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a benchmark stops at the first failure"
)]
#![allow(unsafe_code, reason = "an allocator that counts needs it")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use futures_util::future::join_all;
use serde_json::json;
use skiplino_benches::{Contestant, Core, Hyper, Reqwest, base_url, canned, pin, print, race};
use tokio::runtime::{Builder, Runtime};

/// The system's allocator, which counts the bytes that each thread allocates.
struct CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

thread_local! {
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: the system's allocator does all of it.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.set(ALLOCATED.get() + layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATED.set(ALLOCATED.get() + size);
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }
}

/// The KiB that a call allocates, those of its connection included.
fn allocated((_, mut run): Contestant<'_>) -> f64 {
    const CALLS: usize = 100;
    run(CALLS);
    ALLOCATED.set(0);
    run(CALLS);
    ALLOCATED.take() as f64 / CALLS as f64 / 1024.0
}

/// Repeats `call` on one thread, `wide` calls at a time.
fn repeat<'a>(
    name: &'static str,
    runtime: &'a Runtime,
    wide: usize,
    call: impl AsyncFn() + 'a,
) -> Contestant<'a> {
    let run = move |count: usize| {
        let lane = || async {
            for _ in 0..count / wide {
                call().await;
            }
        };
        runtime.block_on(async {
            join_all((0..wide).map(|_| lane())).await;
        });
    };
    (name, Box::new(run))
}

fn main() {
    pin();
    let base = base_url(canned(100));
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (core, reqwest, hyper) = (Core::new(&base), Reqwest::new(&base), Hyper::new(&base));
    for (work, wide) in [
        ("a ticket, one at a time", 1),
        ("a ticket, 64 in flight", 64),
    ] {
        race(
            work,
            6_400,
            vec![
                repeat("core", &runtime, wide, async || core.ticket().await),
                repeat("reqwest + serde_json", &runtime, wide, async || {
                    reqwest.ticket().await;
                }),
                repeat("hyper + serde_json", &runtime, wide, async || {
                    hyper.ticket().await;
                }),
            ],
            &[("reqwest + serde_json", 0.95)],
        );
    }
    let ours = repeat("core", &runtime, 1, async || core.ticket().await);
    let theirs = repeat("reqwest", &runtime, 1, async || reqwest.ticket().await);
    let [ours, theirs] = [ours, theirs].map(allocated);
    print(&json!({
        "host": "Rust",
        "work": "a ticket: memory allocated",
        "unit": "KiB",
        "name": "core",
        "ours": ours,
        "peer": "reqwest + serde_json",
        "theirs": theirs,
        "ratio": theirs / ours,
        "goal": 0.85,
    }));
    let waiting = Core::new(&base);
    let wait = |count| {
        for _ in 0..count {
            waiting.wait_for_ticket();
        }
    };
    race(
        "a ticket, blocking",
        6_400,
        vec![
            ("core, wait()", Box::new(wait)),
            repeat("core, await", &runtime, 1, async || core.ticket().await),
        ],
        &[("core, await", 0.9)],
    );
    race(
        "a page of 100 customers",
        2_000,
        vec![
            repeat("core", &runtime, 1, async || core.page().await),
            repeat("reqwest + serde_json, Value", &runtime, 1, async || {
                reqwest.page().await;
            }),
        ],
        &[("reqwest + serde_json, Value", 1.5)],
    );
}
