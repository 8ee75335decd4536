//! How the library is linked.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let system = variable("CARGO_CFG_TARGET_OS");
    let android = system == "android";
    // What Rust links by lld.
    let linux = system == "linux" && variable("CARGO_CFG_TARGET_ARCH") == "x86_64";
    if android || system == "linux" {
        // Segments start where pages of 16 KB do: Android has such devices, and loads nothing else on them.
        link("-Wl,-z,max-page-size=16384");
    }
    if android || linux {
        // Functions that are the same are there once.
        link("-Wl,--icf=all");
    }
    // A tenth of a megabyte of addresses to fill in at load, which loaders take packed: Android's in its own way.
    if android {
        link("-Wl,--pack-dyn-relocs=android");
    }
    let smallest = variable("OPT_LEVEL") == "z";
    if linux && smallest {
        link("-Wl,--pack-dyn-relocs=relr");
    }
    if (android || linux) && smallest && env::var_os("CARGO_FEATURE_KOTLIN").is_some() {
        println!("cargo::rerun-if-changed=kotlin.ld");
        let unused = format!("{}/kotlin.ld", variable("CARGO_MANIFEST_DIR"));
        link(&format!("-Wl,-T,{unused}"));
    }
}

fn link(argument: &str) {
    println!("cargo::rustc-cdylib-link-arg={argument}");
}
