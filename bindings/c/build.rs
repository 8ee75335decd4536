//! How `libskiplino.so` is linked: its SONAME, the symbols that leave it, and that it stays where it is loaded.

fn main() {
    println!("cargo::rerun-if-changed=skiplino.map");
    let linux = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    let Ok(folder) = std::env::var("CARGO_MANIFEST_DIR") else {
        return;
    };
    if linux {
        for argument in [
            "-Wl,-soname,libskiplino.so.0".to_owned(),
            format!("-Wl,--version-script={folder}/skiplino.map"),
            // Threads that look up host names may outlive `dlclose`, so the code stays.
            "-Wl,-z,nodelete".to_owned(),
        ] {
            println!("cargo::rustc-cdylib-link-arg={argument}");
        }
    }
}
