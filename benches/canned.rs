//! `canned [--customers N]`: prints the address of the server that the benches share, and ends when its standard input does.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench stops at the first thing that is not as it should be"
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
