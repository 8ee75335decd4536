//! How `libskiplino.so` is linked: its SONAME, and that it stays where it is loaded. The version script, which lets nothing out but the
//! exports, is rustc's: GNU's linker takes no second one.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SKIPLINO_PORTABLE");
    if target("OS").is_none_or(|os| os != "linux") {
        return;
    }
    let mut arguments = vec![
        "-Wl,-soname,libskiplino.so.0",
        // Threads that look up host names may outlive `dlclose`, so the code stays.
        "-Wl,-z,nodelete",
    ];
    if loads_packed_addresses() {
        arguments.push("-Wl,-z,pack-relative-relocs");
    }
    for argument in arguments {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
}

fn target(what: &str) -> Option<String> {
    env::var(format!("CARGO_CFG_TARGET_{what}")).ok()
}

/// Whether the loader takes the addresses to fill in as a bitmap, a tenth of a megabyte less: glibc does from 2.36 on. A library
/// is built for the machine it is built on, unless SKIPLINO_PORTABLE says that older ones are to load it, too.
fn loads_packed_addresses() -> bool {
    let here = env::var("HOST").is_ok_and(|host| env::var("TARGET").is_ok_and(|it| it == host));
    if !here
        || target("ENV").is_none_or(|env| env != "gnu")
        || env::var_os("SKIPLINO_PORTABLE").is_some()
    {
        return false;
    }
    let Ok(asked) = Command::new("getconf").arg("GNU_LIBC_VERSION").output() else {
        return false;
    };
    let version = String::from_utf8_lossy(&asked.stdout)
        .trim()
        .strip_prefix("glibc ")
        .and_then(|version| {
            let (major, minor) = version.split_once('.')?;
            Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
        });
    version.is_some_and(|version| version >= (2, 36))
}
