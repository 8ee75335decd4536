//! Linker options of the library, by platform.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let system = variable("CARGO_CFG_TARGET_OS");
    let android = system == "android";
    // Rust links with lld here.
    let linux = system == "linux" && variable("CARGO_CFG_TARGET_ARCH") == "x86_64";
    if android || system == "linux" {
        // Align segments to pages of 16 KB: Android devices with such pages load nothing else.
        link("-Wl,-z,max-page-size=16384");
    }
    if android || linux {
        // Merge identical functions.
        link("-Wl,--icf=all");
    }
    // Pack the relocations, a tenth of a megabyte. Android's loader has its own format.
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
