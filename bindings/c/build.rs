//! Linker options of `libskiplino.so`: its SONAME, and that it is never unloaded. The version
//! script, which hides all symbols but the exports, is rustc's: the GNU linker accepts only one.

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
        // Threads that resolve host names may outlive `dlclose`, so the code must stay mapped.
        "-Wl,-z,nodelete",
    ];
    if supports_packed_relocations() {
        arguments.push("-Wl,-z,pack-relative-relocs");
    }
    for argument in arguments {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
}

fn target(property: &str) -> Option<String> {
    env::var(format!("CARGO_CFG_TARGET_{property}")).ok()
}

/// Whether the dynamic loader supports packed relative relocations, which save a tenth of a
/// megabyte: glibc does since 2.36. The library is for systems like the build machine, unless
/// SKIPLINO_PORTABLE asks for a library for older systems.
fn supports_packed_relocations() -> bool {
    let is_native =
        env::var("HOST").is_ok_and(|host| env::var("TARGET").is_ok_and(|target| target == host));
    if !is_native
        || target("ENV").is_none_or(|env| env != "gnu")
        || env::var_os("SKIPLINO_PORTABLE").is_some()
    {
        return false;
    }
    let Ok(output) = Command::new("getconf").arg("GNU_LIBC_VERSION").output() else {
        return false;
    };
    let version = String::from_utf8_lossy(&output.stdout)
        .trim()
        .strip_prefix("glibc ")
        .and_then(|version| {
            let (major, minor) = version.split_once('.')?;
            Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
        });
    version.is_some_and(|version| version >= (2, 36))
}
