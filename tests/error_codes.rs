//! Checks that the list of error codes, docs/errors.md and openapi.yaml agree.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use edgegate::domain::error::Code;

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The rows `| `code` | status | meaning | what to do |` of docs/errors.md.
fn rows(text: &str) -> Vec<(String, u16)> {
    text.lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.strip_prefix("| `")?.split(" | ").collect();
            let code = cells[0].strip_suffix('`')?;
            let status = cells.get(1)?.parse().ok()?;
            assert_eq!(cells.len(), 4, "a row has four cells: {line}");
            assert!(
                cells
                    .iter()
                    .all(|cell| !cell.trim_matches([' ', '|']).is_empty()),
                "a cell is empty: {line}"
            );
            Some((code.to_owned(), status))
        })
        .collect()
}

/// The entries of the list that follows `    Code:` in openapi.yaml.
fn enumerated(openapi: &str) -> Vec<String> {
    openapi
        .lines()
        .skip_while(|line| *line != "    Code:")
        .skip_while(|line| line.trim() != "enum:")
        .skip(1)
        .map_while(|line| line.strip_prefix("        - "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_code_has_its_row_in_order() {
    let documented = rows(&file("docs/errors.md"));
    let expected: Vec<_> = Code::ALL
        .iter()
        .map(|code| (code.as_str().to_owned(), code.status()))
        .collect();
    assert_eq!(documented, expected);
}

#[test]
fn no_code_is_listed_twice() {
    let mut seen = BTreeMap::new();
    for code in Code::ALL {
        *seen.entry(code.as_str()).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), Code::ALL.len());
}

#[test]
fn the_contract_enumerates_every_code() {
    let expected: Vec<_> = Code::ALL
        .iter()
        .map(|code| code.as_str().to_owned())
        .collect();
    assert_eq!(enumerated(&file("openapi.yaml")), expected);
}

/// Each code also occurs in an answer in openapi.yaml, with its status, and not only in the list of
/// codes. The OAuth endpoints have error codes of their own.
#[test]
fn the_contract_uses_every_code() {
    let openapi = file("openapi.yaml");
    let oauth_only = [
        Code::InvalidGrant,
        Code::InvalidClient,
        Code::UnsupportedGrantType,
        Code::InvalidScope,
        Code::InvalidTarget,
    ];
    for code in Code::ALL {
        let status = format!("status: {}", code.status());
        let example = format!("code: {}", code.as_str());
        let used = if oauth_only.contains(&code) {
            openapi.contains(&format!("error: {}", code.as_str()))
        } else {
            openapi.lines().collect::<Vec<_>>().windows(2).any(|pair| {
                let text = pair.join(" ");
                text.contains(&status) && text.contains(&example)
            })
        };
        assert!(
            used,
            "no answer in openapi.yaml has {code} with {}",
            code.status()
        );
    }
}
