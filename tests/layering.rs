//! Checks that dependencies in `src/` point inward, from the adapters towards the domain. To do so,
//! it reads the `use` lines and the paths in each source file.

#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)]

use std::fs;
use std::path::{Path, PathBuf};

/// For each folder or file of `src/`, the names that it must not contain.
const RULES: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "crate::ports",
            "crate::service",
            "crate::adapters",
            "crate::edge",
            "crate::letters",
            "worker::",
            "js_sys",
            "wasm_bindgen",
            "getrandom",
            "std::time",
            "async fn",
        ],
    ),
    (
        "ports",
        &[
            "crate::service",
            "crate::adapters",
            "crate::edge",
            "crate::letters",
            "worker::",
        ],
    ),
    (
        "letters",
        &[
            "crate::ports",
            "crate::service",
            "crate::adapters",
            "crate::edge",
            "worker::",
            "js_sys",
            "wasm_bindgen",
            "getrandom",
            "std::time",
            "chrono",
            "async fn",
        ],
    ),
    ("service", &["crate::edge", "worker::"]),
    ("adapters", &["crate::service", "crate::edge"]),
    (
        "adapters/cloudflare",
        &["crate::adapters::memory", "crate::adapters::argon2"],
    ),
    (
        "adapters/memory",
        &["crate::adapters::cloudflare", "worker::"],
    ),
    (
        "adapters/kv_sessions",
        &[
            "crate::adapters::cloudflare",
            "crate::adapters::memory",
            "worker::",
            "js_sys",
            "wasm_bindgen",
        ],
    ),
    (
        "adapters/argon2.rs",
        &["crate::adapters::cloudflare", "crate::adapters::memory"],
    ),
    ("edge/routes", &["crate::adapters", "worker::"]),
    ("edge/router.rs", &["crate::adapters", "worker::"]),
];

#[test]
fn dependencies_point_inward() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut read = 0;
    for (place, forbidden) in RULES {
        let files = rust_files(&src.join(place));
        assert!(
            !files.is_empty(),
            "no file at {place}: is the rule out of date?"
        );
        for file in files {
            read += 1;
            for (number, line) in code_lines(&file) {
                for name in *forbidden {
                    assert!(
                        !line.contains(name),
                        "{}:{number} names {name}, which {place} must not: {line}",
                        file.display()
                    );
                }
            }
        }
    }
    assert!(read > 30, "only {read} files were read");
}

/// Entry points call use cases. A use case does not call another use case, with two exceptions.
#[test]
fn no_use_case_names_another() {
    let service = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/service");
    let shared_steps = [
        "access",
        "app_access",
        "app_tokens",
        "audit_log",
        "change_user",
        "client_authentication",
        "client_documents",
        "compose_mail",
        "limits",
        "check_challenge",
        "id_token_hint",
        "invitation",
        "mail",
        "manager",
        "new_user",
        "passwords",
        "redeem_link",
        "renewals",
        "sign_on",
        "tokens",
    ];
    let files: Vec<(String, Vec<(usize, String)>)> = rust_files(&service)
        .iter()
        .map(|file| {
            let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
            (stem, code_lines(file))
        })
        .filter(|(stem, _)| stem != "mod")
        .collect();
    let use_cases: Vec<_> = files
        .iter()
        .filter(|(name, _)| !shared_steps.contains(&name.as_str()))
        .collect();
    for (file, lines) in &files {
        for (number, line) in lines {
            for (other, _) in &use_cases {
                assert!(
                    !line.contains(&format!("super::{other}::")),
                    "{file}.rs:{number}: {line}"
                );
            }
        }
    }
    let mut calls = Vec::new();
    for (file, lines) in &files {
        let code: String = lines.iter().map(|(_, line)| line.trim()).collect();
        for (other, theirs) in use_cases.iter().filter(|(other, _)| other != file) {
            for (_, line) in theirs {
                let Some((_, rest)) = line.split_once("pub async fn ") else {
                    continue;
                };
                let name = rest.split(['(', '<']).next().unwrap();
                if code.contains(&format!("self.{name}(")) {
                    calls.push(format!("{file} calls {name} of {other}"));
                }
            }
        }
    }
    calls.sort();
    // ARCHITECTURE.md names both exceptions.
    assert_eq!(
        calls,
        [
            "kept_mail calls deliver_without_queue of deliver_mail",
            "sign_on calls log_out of log_out",
        ]
    );
}

/// A single file, `wiring.rs`, shows which adapter gets which Cloudflare binding. No other file of
/// `edge` may name these adapters.
#[test]
fn only_the_wiring_names_bindings_and_adapters() {
    let edge = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/edge");
    for file in rust_files(&edge) {
        let name = file.file_name().unwrap().to_str().unwrap();
        for (number, line) in code_lines(&file) {
            assert!(
                name == "wiring.rs" || !line.contains("adapters::cloudflare"),
                "{}:{number}: {line}",
                file.display()
            );
        }
    }
}

/// The lines of code of a file, without comments and without the unit tests at its end.
fn code_lines(file: &Path) -> Vec<(usize, String)> {
    fs::read_to_string(file)
        .unwrap()
        .split("#[cfg(test)]")
        .next()
        .unwrap()
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim().to_owned()))
        .filter(|(_, line)| !line.starts_with("//"))
        .collect()
}

fn rust_files(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let Ok(entries) = fs::read_dir(place) else {
        return Vec::new();
    };
    entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                rust_files(&path)
            } else if path.extension().is_some_and(|end| end == "rs") {
                vec![path]
            } else {
                Vec::new()
            }
        })
        .collect()
}
