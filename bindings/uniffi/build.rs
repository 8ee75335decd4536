//! How the library is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |name| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    let (system, processor) = (target("OS"), target("ARCH"));
    let android = system == "android";
    if android || system == "linux" {
        // Segments start where pages of 16 KB do: Android has such devices, and loads nothing else on them.
        println!("cargo:rustc-link-arg-cdylib=-Wl,-z,max-page-size=16384");
    }
    // What lld links, by Rust's default or the NDK's: functions that are the same are there once.
    if android || (system == "linux" && processor == "x86_64") {
        println!("cargo:rustc-link-arg-cdylib=-Wl,--icf=all");
    }
    // A tenth of a megabyte of addresses to fill in at load; Android's loader takes them packed.
    if android {
        println!("cargo:rustc-link-arg-cdylib=-Wl,--pack-dyn-relocs=android");
    }
}
