//! How `libskiplino.so` is linked: its SONAME, and that it stays where it is loaded. The version script, which lets nothing out but the
//! exports, is rustc's: GNU's linker takes no second one.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let linux = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    if linux {
        for argument in [
            "-Wl,-soname,libskiplino.so.0",
            // Threads that look up host names may outlive `dlclose`, so the code stays.
            "-Wl,-z,nodelete",
        ] {
            println!("cargo::rustc-cdylib-link-arg={argument}");
        }
    }
}
