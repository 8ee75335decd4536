//! `canned [--customers N]`: starts the server with canned responses and prints its address. Ends
//! at the end of its standard input.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at the first failure"
)]

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let customers = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => 100,
        ["--customers", count] => count.parse().unwrap(),
        _ => {
            println!("canned [--customers N]");
            std::process::exit(2);
        }
    };
    println!("http://{}", skiplino_benches::canned(customers));
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
}
