//! The UniFFI bindings generator, in the same version as the library whose metadata it reads.

fn main() {
    uniffi::uniffi_bindgen_main();
}
