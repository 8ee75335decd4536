//! Converts the OpenAPI document to JSON, without descriptions and examples.

#![allow(
    clippy::print_stdout,
    reason = "a build script talks to Cargo on standard output"
)]

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    // In the repository, `openapi.yaml` is a symbolic link, which a checkout on Windows may lack. A
    // package has only the file.
    const DOCUMENTS: [&str; 2] = ["../../spec/openapi.yaml", "openapi.yaml"];
    let found = DOCUMENTS
        .into_iter()
        .find(|path| fs::exists(path).is_ok_and(|found| found));
    let path = found.ok_or("openapi.yaml is missing")?;
    println!("cargo::rerun-if-changed={path}");
    let mut document: Value = serde_norway::from_str(&fs::read_to_string(path)?)?;
    strip(&mut document);
    let folder = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(folder.join("openapi.json"), document.to_string())?;
    Ok(())
}

/// Removes examples and descriptions. A property of that name is an object, so it is kept.
fn strip(node: &mut Value) {
    match node {
        Value::Object(fields) => {
            fields.remove("examples");
            fields.retain(|name, value| name != "description" || !value.is_string());
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}
