//! The layers of the core, and no import cycles between the files of any crate: read from the `use`
//! lines and paths of their sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use skiplino_tests::tests_folder;

/// The layers of the core, from high to low. A module may import from its own layer and from lower
/// ones.
const LAYERS: [&[&str]; 7] = [
    &["client"],
    &["api"],
    &["pagination"],
    &["call"],
    &["http"],
    &["models"],
    &["config", "clock", "operation", "error", "sanitize"],
];

/// The crates whose files must not import each other in a cycle.
const ACYCLIC: [&str; 9] = [
    "crates/skiplino",
    "crates/skiplino-cli",
    "crates/skiplino-directory",
    "crates/skiplino-doctor",
    "crates/skiplino-sandbox",
    "bindings/common",
    "bindings/python",
    "bindings/c",
    "bindings/uniffi",
];

/// A module's path below the crate root, which is the empty path.
type Module = Vec<String>;

/// The files of a crate, by module.
type Sources = BTreeMap<Module, String>;

/// A path into the crate that a file writes.
#[derive(Debug, PartialEq, Eq)]
struct ImportPath {
    /// From the crate root.
    segments: Module,
    /// The name it is re-exported under, if it is a `pub use`.
    export: Option<String>,
}

#[test]
fn the_core_imports_only_from_lower_layers() {
    let wrong = upward_imports(&sources("crates/skiplino"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_do_not_import_each_other_in_a_cycle() {
    let mut found = Vec::new();
    for name in ACYCLIC {
        for cycle in cycles(&sources(name)) {
            found.push(format!("{name}: {}", cycle.join(", ")));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn sources(name: &str) -> Sources {
    fn collect(folder: &Path, module: &Module, sources: &mut Sources) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let mut inside = module.clone();
            if path.is_dir() {
                inside.push(stem);
                collect(&path, &inside, sources);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let is_root = module.is_empty() && ["lib", "main"].contains(&stem.as_str());
                if stem != "mod" && !is_root {
                    inside.push(stem);
                }
                sources.insert(inside, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut sources = Sources::new();
    let folder = tests_folder().join("..").join(name).join("src");
    collect(&folder, &Module::new(), &mut sources);
    assert!(!sources.is_empty(), "{name} has no sources");
    sources
}

fn upward_imports(sources: &Sources) -> Vec<String> {
    let layer = |module: &Module| {
        let top = module.first()?;
        LAYERS
            .iter()
            .position(|layer| layer.contains(&top.as_str()))
    };
    let mut wrong = Vec::new();
    for (module, text) in sources.iter().filter(|(module, _)| !module.is_empty()) {
        let Some(own) = layer(module) else {
            wrong.push(format!("{} is in no layer", module.join("::")));
            continue;
        };
        for path in paths(module, text) {
            let target = file_of(sources, &path.segments);
            // A re-export of the crate root hides which layer it comes from.
            if layer(&target).is_none_or(|other| other < own) {
                let (from, to) = (module.join("::"), path.segments.join("::"));
                wrong.push(format!("{from} imports crate::{to}, which is above it"));
            }
        }
    }
    wrong
}

/// The files that import each other, as one list for each group.
fn cycles(sources: &Sources) -> Vec<Vec<String>> {
    let mut exports = BTreeMap::new();
    for (module, text) in sources {
        for path in paths(module, text) {
            if let Some(name) = path.export {
                exports.insert((module.clone(), name), path.segments);
            }
        }
    }
    let mut reachable: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for (module, text) in sources {
        let imports = paths(module, text).into_iter();
        // A parent that re-exports its children does not use them.
        let imports =
            imports.filter(|path| path.export.is_none() || !path.segments.starts_with(module));
        let targets = imports.map(|path| defined_in(sources, &exports, path.segments));
        let others = targets.filter(|target| target != module).collect();
        reachable.insert(module.clone(), others);
    }
    loop {
        let mut grew = false;
        for module in sources.keys() {
            let direct = reachable[module].clone();
            let further = direct.iter().flat_map(|other| reachable[other].clone());
            let all: BTreeSet<_> = direct.iter().cloned().chain(further).collect();
            grew |= all.len() > direct.len();
            reachable.insert(module.clone(), all);
        }
        if !grew {
            break;
        }
    }
    let groups: BTreeSet<Vec<String>> = sources
        .keys()
        .filter(|module| reachable[*module].contains(*module))
        .map(|module| {
            let both = |other: &&Module| {
                reachable[module].contains(*other) && reachable[*other].contains(module)
            };
            let group = sources.keys().filter(both);
            group
                .map(|module| format!("crate::{}", module.join("::")))
                .collect()
        })
        .collect();
    groups.into_iter().collect()
}

/// The module whose file a path points into.
fn file_of(sources: &Sources, segments: &[String]) -> Module {
    let lengths = (0..=segments.len()).rev();
    let mut prefixes = lengths.map(|length| segments[..length].to_vec());
    prefixes
        .find(|prefix| sources.contains_key(prefix))
        .unwrap_or_default()
}

/// The module that defines a path's item, past all re-exports.
fn defined_in(
    sources: &Sources,
    exports: &BTreeMap<(Module, String), Module>,
    mut segments: Module,
) -> Module {
    for _ in 0..8 {
        let file = file_of(sources, &segments);
        let Some(name) = segments.get(file.len()) else {
            return file;
        };
        match exports.get(&(file.clone(), name.clone())) {
            Some(target) => {
                let rest = segments.split_off(file.len() + 1);
                segments = target.iter().cloned().chain(rest).collect();
            }
            None => return file,
        }
    }
    file_of(sources, &segments)
}

/// The paths into the crate that a file writes, its tests left out.
fn paths(file: &Module, text: &str) -> Vec<ImportPath> {
    let tokens = without_tests(&tokens(text));
    let children: BTreeSet<&str> = tokens
        .windows(3)
        .filter(|window| window[0] == "mod" && window[2] == ";")
        .map(|window| window[1].as_str())
        .collect();
    let mut found = Vec::new();
    // Modules written in the file, each with the depth of the braces around it.
    let mut inline: Vec<(String, usize)> = Vec::new();
    let (mut at, mut depth) = (0, 0);
    while at < tokens.len() {
        let token = tokens[at].as_str();
        let next = tokens.get(at + 1).map_or("", String::as_str);
        match token {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inline.pop_if(|(_, outside)| *outside == depth);
            }
            "mod" if tokens.get(at + 2).is_some_and(|token| token == "{") => {
                inline.push((next.to_owned(), depth));
            }
            // Not `impl Trait + use<'a>`.
            "use" if next != "<" => {
                let end = end_of(&tokens, at, &[";"]);
                let is_export = at > 0 && ["pub", ")"].contains(&tokens[at - 1].as_str());
                let module = module_of(file, &inline);
                for (segments, name) in use_tree(&tokens[at + 1..end]) {
                    if let Some(segments) = absolute(&module, &children, &segments) {
                        let export = is_export.then_some(name);
                        found.push(ImportPath { segments, export });
                    }
                }
                at = end;
            }
            _ if next == "::" && (at == 0 || tokens[at - 1] != "::") => {
                let mut segments = vec![token.to_owned()];
                while tokens.get(at + 1).is_some_and(|token| token == "::")
                    && tokens.get(at + 2).is_some_and(|token| is_name(token))
                {
                    segments.push(tokens[at + 2].clone());
                    at += 2;
                }
                let module = module_of(file, &inline);
                if let Some(segments) = absolute(&module, &children, &segments) {
                    let export = None;
                    found.push(ImportPath { segments, export });
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn module_of(file: &Module, inline: &[(String, usize)]) -> Module {
    let names = inline.iter().map(|(name, _)| name.clone());
    file.iter().cloned().chain(names).collect()
}

/// The path from the crate root; none if it leads to another crate or stays in its file.
fn absolute(module: &Module, children: &BTreeSet<&str>, path: &[String]) -> Option<Module> {
    let mut base = module.clone();
    let rest = match path[0].as_str() {
        "crate" => {
            base.clear();
            &path[1..]
        }
        "super" => {
            let ups = path.iter().take_while(|name| *name == "super").count();
            base.truncate(base.len().saturating_sub(ups));
            &path[ups..]
        }
        "self" => &path[1..],
        name if children.contains(name) => path,
        _ => return None,
    };
    base.extend(rest.iter().cloned());
    Some(base)
}

/// The paths of a `use`, each with the name that it brings in.
fn use_tree(tokens: &[String]) -> Vec<(Vec<String>, String)> {
    let mut prefix: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "::" => {}
            "{" => {
                let inside = &tokens[at + 1..tokens.len() - 1];
                let mut all = Vec::new();
                let (mut start, mut depth) = (0, 0);
                for end in 0..=inside.len() {
                    match inside.get(end).map(String::as_str) {
                        Some("{") => depth += 1,
                        Some("}") => depth -= 1,
                        Some(",") | None if depth == 0 => {
                            all.extend(use_tree(&inside[start..end]));
                            start = end + 1;
                        }
                        _ => {}
                    }
                }
                for (path, name) in &mut all {
                    // `a::{self}` is `a`.
                    if *path == ["self"] {
                        path.clear();
                        *name = prefix.last().cloned().unwrap_or_default();
                    }
                    path.splice(0..0, prefix.iter().cloned());
                }
                return all;
            }
            "as" => return vec![(prefix, tokens[at + 1].clone())],
            name => prefix.push(name.to_owned()),
        }
        at += 1;
    }
    match prefix.last().cloned() {
        Some(name) => vec![(prefix, name)],
        None => Vec::new(),
    }
}

/// Leaves out each item behind `#[cfg(test)]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].starts_with(&["#", "[", "cfg", "(", "test", ")", "]"].map(str::to_owned)) {
            at = end_of(tokens, at + 7, &[";", "}"]) + 1;
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Where the item that begins at `at` ends: at one of the tokens, outside of all braces that it
/// opens.
fn end_of(tokens: &[String], mut at: usize, ends: &[&str]) -> usize {
    let mut depth = 0;
    while at < tokens.len() {
        let token = tokens[at].as_str();
        match token {
            "{" | "[" | "(" => depth += 1,
            "}" | "]" | ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 && ends.contains(&token) {
            return at;
        }
        at += 1;
    }
    tokens.len()
}

fn is_name(token: &str) -> bool {
    token.starts_with(|char: char| char.is_alphabetic() || char == '_')
}

/// Names and punctuation, without comments, strings, characters and lifetimes.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let (char, rest) = (chars[at], &chars[at..]);
        let next = rest.get(1).copied().unwrap_or(' ');
        if rest.starts_with(&['/', '/']) {
            at += rest.iter().take_while(|char| **char != '\n').count();
        } else if rest.starts_with(&['/', '*']) {
            let mut depth = 0;
            while at < chars.len() {
                let two = &chars[at..chars.len().min(at + 2)];
                match two {
                    ['/', '*'] => depth += 1,
                    ['*', '/'] => depth -= 1,
                    _ => {
                        at += 1;
                        continue;
                    }
                }
                at += 2;
                if depth == 0 {
                    break;
                }
            }
        } else if char == '"' {
            at += 1;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if char == '\'' {
            if next == '\\' {
                at += 3;
                while at < chars.len() && chars[at] != '\'' {
                    at += 1;
                }
                at += 1;
            } else if rest.get(2) == Some(&'\'') {
                at += 3;
            } else {
                at += 1 + rest[1..].iter().take_while(|char| is_word(**char)).count();
            }
        } else if is_word(char) {
            let word: String = rest.iter().take_while(|char| is_word(**char)).collect();
            at += word.chars().count();
            let hashes = chars[at..].iter().take_while(|char| **char == '#').count();
            if ["r", "br", "cr"].contains(&word.as_str()) && chars.get(at + hashes) == Some(&'"') {
                let close: Vec<char> = format!("\"{}", "#".repeat(hashes)).chars().collect();
                at += hashes + 1;
                while at < chars.len() && !chars[at..].starts_with(&close) {
                    at += 1;
                }
                at += close.len();
            } else {
                tokens.push(word);
            }
        } else if rest.starts_with(&[':', ':']) {
            tokens.push("::".to_owned());
            at += 2;
        } else {
            if !char.is_whitespace() {
                tokens.push(char.to_string());
            }
            at += 1;
        }
    }
    tokens
}

#[cfg(test)]
mod parser {
    use super::*;

    fn crate_of(files: &[(&str, &str)]) -> Sources {
        let module = |path: &str| {
            let names = path.split("::").filter(|name| !name.is_empty());
            names.map(str::to_owned).collect()
        };
        let files = files.iter();
        files
            .map(|(path, text)| (module(path), (*text).to_owned()))
            .collect()
    }

    fn imports(file: &str, text: &str) -> Vec<String> {
        let file: Module = file.split("::").map(str::to_owned).collect();
        let paths = paths(&file, text).into_iter();
        paths.map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn it_reads_trees_inline_paths_and_parents() {
        let text = "use crate::http::{self, tls, request::{Request, Body as B}};\nuse std::fmt;";
        let found = [
            "http",
            "http::tls",
            "http::request::Request",
            "http::request::Body",
        ];
        assert_eq!(imports("call::mod_", text), found);
        let text =
            "fn f<'a>() { crate::http::tls::config::<'a>(':', super::x::y, std::a::crate_) }";
        assert_eq!(
            imports("call::retry", text),
            ["http::tls::config", "call::x::y"]
        );
        let text = "mod child; fn f() { child::g(other::h) } mod inside { use super::child::G; }";
        assert_eq!(imports("call", text), ["call::child::g", "call::child::G"]);
    }

    #[test]
    fn it_skips_comments_strings_and_tests() {
        let text = r##"
            // use crate::a;
            /* crate::b::c /* crate::d::e */ crate::f::g */
            const TEXT: &str = "crate::h::\" crate::i::j";
            const RAW: &str = r#"crate::k::l "quoted" crate::m::n"#;
            const QUOTE: (char, char) = ('"', '\'');
            #[cfg(test)] #[allow(unused)] mod tests { use crate::o; mod more { use crate::p; } }
            #[cfg(test)] use crate::q;
            use crate::r;
        "##;
        assert_eq!(imports("x", text), ["r"]);
    }

    #[test]
    fn an_import_of_a_higher_layer_is_caught() {
        let low = ("error", "");
        let up = crate_of(&[
            ("", ""),
            low,
            ("call", ""),
            ("http", "use crate::call::Call;"),
        ]);
        assert_eq!(
            upward_imports(&up),
            ["http imports crate::call::Call, which is above it"]
        );
        let inline = crate_of(&[
            low,
            ("error::x", "fn f() { crate::call::g() }"),
            ("call", ""),
        ]);
        assert_eq!(upward_imports(&inline).len(), 1);
        let down = crate_of(&[("", ""), low, ("call", "use crate::error::Error;")]);
        assert!(upward_imports(&down).is_empty());
        // The root re-exports from all layers.
        let root = crate_of(&[
            ("", "pub use client::Client;"),
            ("call", "use crate::Client;"),
        ]);
        assert_eq!(upward_imports(&root).len(), 1);
        let homeless = crate_of(&[("helpers", "")]);
        assert_eq!(upward_imports(&homeless), ["helpers is in no layer"]);
    }

    #[test]
    fn a_cycle_is_found_through_a_re_export() {
        let looped = crate_of(&[
            ("", "mod a; mod b; pub use a::A;"),
            ("a", "use crate::b::B;"),
            ("b", "use crate::A;"),
        ]);
        assert_eq!(cycles(&looped), [["crate::a", "crate::b"]]);
        let straight = crate_of(&[
            ("", "mod a; mod b; pub use a::A;"),
            ("a", "use crate::b::B;"),
            ("b", "use std::fmt;"),
        ]);
        assert!(cycles(&straight).is_empty());
        // A parent that uses its child, whose child uses the parent.
        let family = crate_of(&[
            ("", "mod a;"),
            ("a", "mod b; fn f() { b::g() }"),
            ("a::b", "fn g() { super::f() }"),
        ]);
        assert_eq!(cycles(&family), [["crate::a", "crate::a::b"]]);
    }
}
