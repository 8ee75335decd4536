//! How fast a client sends: never against a server that said "later", and no faster than it was asked to.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde_json::json;
use skiplino::{Clock, ErrorKind, Outcome};
use skiplino_sandbox::DEMO_PUBLIC_KEY;
use skiplino_tests::Bench;

use crate::clock::Jumping;
use crate::raw::{Raw, Say, http};

fn jumping() -> (Arc<Jumping>, Arc<dyn Clock>) {
    let clock = Jumping::new(|_| {});
    let same = Arc::clone(&clock) as Arc<dyn Clock>;
    (clock, same)
}

tokio::task_local! {
    /// How long the pauses of a task were to be.
    static WAITED: Cell<Duration>;
}

/// A clock that runs faster than the system's, and counts what it was asked to wait for.
struct Fast {
    start: Instant,
    times: u32,
}

impl Clock for Fast {
    fn now(&self) -> Instant {
        self.start + self.start.elapsed() * self.times
    }

    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        WAITED.with(|waited| waited.set(waited.get() + pause));
        Box::pin(tokio::time::sleep(pause / self.times))
    }
}

#[test]
fn sixty_four_tasks_share_fifty_requests_a_second() {
    const TIMES: u32 = 4;
    const PER_SECOND: u32 = 50;
    const TASKS: u32 = 64;
    const CALLS: u32 = 10;
    let bench = Bench::new();
    // Fifty a second of the client's, which are shorter. `Retry-After` says 1, which is a second of the client's, too.
    let limit = json!({"requestsPerSecond": PER_SECOND * TIMES, "burst": PER_SECOND});
    bench.control("PUT /rate-limit", &limit);
    let clock = Arc::new(Fast {
        start: Instant::now(),
        times: TIMES,
    });
    let client = bench
        .builder(DEMO_PUBLIC_KEY)
        .clock(clock)
        .deadline(Duration::from_secs(120))
        .build()
        .unwrap();
    let task = async || {
        for _ in 0..CALLS {
            client.branches().list().await.unwrap();
        }
        WAITED.with(Cell::get)
    };
    let tasks = (0..TASKS).map(|_| WAITED.scope(Cell::default(), task()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let waited = runtime.block_on(join_all(tasks));
    let waited = waited.into_iter().max().unwrap();
    let (calls, sent) = (u64::from(TASKS * CALLS), bench.received("listBranches"));
    let ideal = Duration::from_secs(1) * (TASKS * CALLS) / PER_SECOND;
    println!("{calls} calls took {sent} requests and {waited:?} of waiting; ideal are {ideal:?}");
    assert!(sent > calls, "nobody was refused");
    assert!(sent * 10 <= calls * 12, "{sent} requests");
    // About 1.0 when nothing else runs here; what is learnt of a server depends on how fast one can ask it.
    assert!(waited * 10 <= ideal * 15, "{waited:?}");
}

#[test]
fn one_refused_call_stops_all_others() {
    let bench = Bench::new();
    bench.fault(
        "getTicket",
        "rate_limit",
        json!({"retryAfter": 7, "when": {"nth": 1}}),
    );
    let (clock, same) = jumping();
    let client = bench.builder(DEMO_PUBLIC_KEY).clock(same).build().unwrap();
    let once = skiplino::RetryPolicy::never();
    let refused = client.tickets().get("k7m2p9x4q1").retry(once);
    let refused = refused.wait().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::RateLimited);
    // What cannot wait for so long is told so without a request.
    let hurried = client
        .branches()
        .list()
        .deadline(Duration::from_secs(5))
        .wait()
        .unwrap_err();
    assert_eq!(
        (hurried.kind(), hurried.status(), hurried.attempts()),
        (ErrorKind::RateLimited, None, 0)
    );
    assert_eq!(hurried.outcome(), Outcome::NotApplied);
    assert_eq!(
        hurried.to_string(),
        "list the branches: too many requests; retry after 7 s"
    );
    assert_eq!(bench.received("listBranches"), 0);
    assert!(clock.pauses().is_empty());
    // The others come after it.
    client.branches().list().wait().unwrap();
    assert_eq!(clock.pauses(), [Duration::from_secs(7)]);
}

#[test]
fn refused_calls_take_nothing_from_the_retries_of_others() {
    let server = Raw::start(Say::Answer(http(429, "retry-after: 0\r\n", b"")));
    let (_, same) = jumping();
    let client = server.builder().clock(same).build().unwrap();
    for _ in 0..60 {
        let error = client.branches().list().wait().unwrap_err();
        assert_eq!(error.attempts(), 3);
    }
}

#[test]
fn a_call_that_nobody_drives_holds_nobody_up() {
    let bench = Bench::new();
    let client = bench
        .builder(DEMO_PUBLIC_KEY)
        .requests_per_second(50.0)
        .build()
        .unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        client.branches().list().await.unwrap();
        let mut waiting = client.branches().list().into_future();
        // It has its turn now, and is left alone, as the others of a `select!` are while one is seen to.
        assert!((&mut waiting).now_or_never().is_none());
        client.branches().list().await.unwrap();
        waiting.await.unwrap();
    });
    assert_eq!(bench.received("listBranches"), 3);
}

#[test]
fn no_server_stops_a_client_for_longer_than_a_minute() {
    let bench = Bench::new();
    let fault = json!({"retryAfter": 86_400, "when": {"nth": 1}});
    bench.fault("*", "rate_limit", fault);
    let (clock, same) = jumping();
    let client = bench.builder(DEMO_PUBLIC_KEY).clock(same).build().unwrap();
    client.branches().list().wait().unwrap_err();
    let later = client.branches().list().deadline(Duration::from_secs(90));
    later.wait().unwrap();
    assert_eq!(clock.pauses(), [Duration::from_secs(60)]);
}

#[test]
fn after_a_refusal_requests_leave_one_by_one_and_faster_again() {
    let bench = Bench::new();
    let fault = json!({"retryAfter": 1, "when": {"nth": 1}});
    bench.fault("*", "rate_limit", fault);
    let (clock, same) = jumping();
    let client = bench.builder(DEMO_PUBLIC_KEY).clock(same).build().unwrap();
    for _ in 0..2_600 {
        client.branches().list().wait().unwrap();
    }
    let pauses = clock.pauses();
    assert_eq!(pauses[0], Duration::from_secs(1));
    let tenth = Duration::from_millis(100);
    assert!(pauses[1] <= tenth && pauses[1] > tenth / 2, "{pauses:?}");
    assert!(pauses.iter().skip(1).all(|pause| *pause <= tenth));
    // A minute later nothing holds it back.
    assert!(clock.passed() > Duration::from_secs(60) && pauses.len() < 2_599);
    assert!(
        clock.passed() < Duration::from_secs(65),
        "{:?}",
        clock.passed()
    );
}

#[test]
fn who_is_refused_again_goes_slower_still() {
    let bench = Bench::new();
    for nth in [1, 4] {
        let fault = json!({"retryAfter": 1, "when": {"nth": nth}});
        bench.fault("*", "rate_limit", fault);
    }
    let (clock, same) = jumping();
    let client = bench.builder(DEMO_PUBLIC_KEY).clock(same).build().unwrap();
    for _ in 0..6 {
        client.branches().list().wait().unwrap();
    }
    let pauses = clock.pauses();
    let milliseconds: Vec<_> = pauses.iter().map(Duration::as_millis).collect();
    // One refused, three at ten a second of which the last is refused, and the others at five.
    assert!(
        matches!(
            milliseconds[..],
            [1_000, 90..=100, 90..=100, 1_000, 180..=200, 180..=200, ..]
        ),
        "{milliseconds:?}"
    );
}

#[test]
fn a_client_is_no_faster_than_it_was_asked_to_be() {
    let bench = Bench::new();
    let (clock, same) = jumping();
    let client = bench
        .builder(DEMO_PUBLIC_KEY)
        .requests_per_second(4.0)
        .clock(same)
        .build()
        .unwrap();
    for _ in 0..21 {
        client.branches().list().wait().unwrap();
    }
    assert_eq!(clock.passed(), Duration::from_secs(5));
    // Whose turn would come too late is told at once.
    let hurried = client
        .branches()
        .list()
        .deadline(Duration::from_millis(100));
    let hurried = hurried.wait().unwrap_err();
    assert_eq!(
        (hurried.kind(), hurried.attempts()),
        (ErrorKind::Timeout, 0)
    );
    assert_eq!(bench.received("listBranches"), 21);
}

/// A clock whose pauses are always 5 ms too long, as coarse timers make them.
struct Late(Arc<Jumping>);

impl Clock for Late {
    fn now(&self) -> Instant {
        self.0.now()
    }

    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.0.sleep(pause + Duration::from_millis(5))
    }
}

#[test]
fn what_a_coarse_timer_lost_is_made_up_for() {
    let server = Raw::start(Say::Answer(http(200, "", br#"{"message":"m","data":[]}"#)));
    let (clock, _) = jumping();
    let client = server
        .builder()
        .requests_per_second(1_000.0)
        .clock(Arc::new(Late(Arc::clone(&clock))))
        .build()
        .unwrap();
    for _ in 0..1_000 {
        client.branches().list().wait().unwrap();
    }
    let passed = clock.passed();
    assert!(passed > Duration::from_millis(990), "{passed:?}");
    assert!(passed < Duration::from_millis(1_010), "{passed:?}");
}

#[test]
fn a_pace_that_cannot_be_kept_is_refused() {
    let bench = Bench::new();
    for pace in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300] {
        let built = bench.builder(DEMO_PUBLIC_KEY).requests_per_second(pace);
        let error = built.build().unwrap_err();
        let fields: Vec<_> = error.fields().keys().collect();
        assert_eq!(fields, ["requestsPerSecond"], "{pace}");
    }
}
