//! Runs the fuzz targets on stored inputs, as ordinary tests. The seeds are in `fuzz/corpus`. The
//! inputs that once made a target fail are in `fuzz/found`. `npm run fuzz` looks for new inputs.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects
)]

#[path = "count/mod.rs"]
mod count;
#[path = "../fuzz/targets/mod.rs"]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding as _};
use targets::TARGETS;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.'))
        .collect();
    found.sort();
    found
}

#[test]
fn every_kept_input_is_handled() {
    let (mut seeds, mut finds) = (0, 0);
    let mut broken = Vec::new();
    for target in TARGETS {
        let of = |kind: &str| entries(&root().join("fuzz").join(kind).join(target.name));
        let (corpus, found) = (of("corpus"), of("found"));
        assert!(!corpus.is_empty(), "{} has no seeds", target.name);
        seeds += corpus.len();
        finds += found.len();
        for file in corpus.into_iter().chain(found) {
            let input = fs::read(&file).unwrap();
            if catch_unwind(|| (target.run)(&input)).is_err() {
                let encoded = Base64::encode_string(&input);
                broken.push(format!("{} by {}: {encoded}", target.name, file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken:\n{}", broken.join("\n"));
    let line = format!(
        "{} kept fuzz inputs over {} targets: {seeds} seeds, {finds} once found",
        seeds + finds,
        TARGETS.len()
    );
    println!("{line}");
    count::count("fuzz-inputs", &line);
}

/// Each target has a folder of seeds, and a line in the runner. Each folder and each line belongs
/// to a target.
#[test]
fn the_runner_knows_every_target() {
    let names: BTreeSet<String> = TARGETS
        .iter()
        .map(|target| target.name.to_owned())
        .collect();
    let runner = fs::read_to_string(root().join("scripts/fuzz.mjs")).unwrap();
    for name in &names {
        assert!(
            runner.contains(&format!("\n  {name}: ")),
            "{name} is not in scripts/fuzz.mjs"
        );
    }
    for kind in ["corpus", "found"] {
        for folder in entries(&root().join("fuzz").join(kind)) {
            let name = folder.file_name().unwrap().to_str().unwrap();
            assert!(names.contains(name), "{kind}/{name} is of no target");
        }
    }
}

/// There is a single lock file. So the fuzzed and measured code has the same dependencies as the
/// shipped code.
#[test]
fn the_workspace_has_one_lock_file() {
    let listed = std::process::Command::new("git")
        .args(["ls-files", "--cached", "*Cargo.lock"])
        .current_dir(root())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(listed.stdout).unwrap(), "Cargo.lock\n");
}
