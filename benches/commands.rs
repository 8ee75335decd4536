// What a worker does on command, for ours and for the client that is generated: one file, which both include.

use std::io::{BufRead as _, Write as _};
use std::time::Instant;

use futures_util::future::join_all;
use tokio::runtime::Builder;

/// Reads commands, `ticket 64 6400` for instance: the work, how many at a time, how many in all. Answers each with the nanoseconds that it
/// took. `ready` makes the client, inside the runtime that it is used in.
pub(crate) fn serve<Client>(ready: impl FnOnce() -> Client, work: &impl AsyncFn(&Client, &str)) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let client = {
        let _inside = runtime.enter();
        ready()
    };
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let [kind, wide, count] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("not a command: {line}");
        };
        let (wide, count): (usize, usize) = (wide.parse().unwrap(), count.parse().unwrap());
        let lane = || async {
            for _ in 0..count.div_ceil(wide) {
                work(&client, kind).await;
            }
        };
        let began = Instant::now();
        runtime.block_on(async {
            join_all((0..wide).map(|_| lane())).await;
        });
        let mut out = std::io::stdout();
        writeln!(out, "{}", began.elapsed().as_nanos()).unwrap();
        out.flush().unwrap();
    }
}
