//! UniFFI's generator, of the same version as the library that it reads.

fn main() {
    uniffi::uniffi_bindgen_main();
}
