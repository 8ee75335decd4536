// The command loop of a worker. Included by our worker and by the one of the generated client.

use std::io::{BufRead as _, Write as _};
use std::time::Instant;

use futures_util::future::join_all;
use tokio::runtime::Builder;

/// Reads commands such as `ticket 64 6400`: the work, the number of concurrent calls, and the
/// number of all calls. Prints the duration of each command in nanoseconds. `ready` creates the
/// client inside the runtime. The command `new 1 1` replaces it.
pub(crate) fn serve<Client>(ready: impl Fn() -> Client, work: &impl AsyncFn(&Client, &str)) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let ready = || {
        let _inside = runtime.enter();
        ready()
    };
    let mut client = ready();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let [kind, wide, count] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("not a command: {line}");
        };
        let (wide, count): (usize, usize) = (wide.parse().unwrap(), count.parse().unwrap());
        let count = match kind {
            "new" => {
                client = ready();
                0
            }
            _ => count,
        };
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
