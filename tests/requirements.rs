//! Checks that `tests/README.md`, `docs/oidc-requirements.md`, `tests/findings.md` and
//! `SECURITY.md` name only tests that exist, and that each requirement occurs once. Also checks a
//! few rules by reading the source files.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

#[path = "count/mod.rs"]
mod count;

/// The requirements of OWASP ASVS that apply to an auth service, up to level 3.
const ASVS: [&str; 91] = [
    "1.2.1", "1.2.2", "1.2.4", "1.5.2", "1.5.3", "2.2.2", "2.3.3", "2.3.4", "2.4.1", "3.3.1",
    "3.3.2", "3.3.3", "3.3.4", "3.4.2", "3.4.5", "3.5.1", "3.5.2", "3.5.3", "4.1.1", "4.1.3",
    "4.1.4", "6.1.1", "6.1.3", "6.2.1", "6.2.2", "6.2.3", "6.2.4", "6.2.5", "6.2.8", "6.2.9",
    "6.2.10", "6.2.11", "6.2.12", "6.3.1", "6.3.2", "6.3.4", "6.3.5", "6.3.7", "6.3.8", "6.4.1",
    "6.4.2", "6.4.3", "6.4.6", "6.5.1", "6.5.2", "6.5.3", "6.5.4", "6.5.5", "6.6.2", "6.6.3",
    "7.1.1", "7.1.2", "7.2.1", "7.2.2", "7.2.3", "7.2.4", "7.3.1", "7.3.2", "7.4.1", "7.4.2",
    "7.4.3", "7.4.5", "7.5.1", "7.5.2", "9.1.1", "9.1.2", "9.1.3", "9.2.1", "9.2.2", "9.2.3",
    "9.2.4", "10.3.3", "10.4.5", "10.4.8", "10.4.9", "11.1.1", "11.2.3", "11.2.4", "11.4.2",
    "11.5.1", "13.3.1", "13.3.4", "14.2.1", "14.2.2", "14.3.2", "14.3.3", "16.2.5", "16.3.1",
    "16.4.1", "16.5.1", "16.5.3",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn file(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A row in a table of requirements, with the heading above the table.
struct Row {
    section: String,
    numbers: Vec<String>,
    answer: String,
    shown_by: Vec<Shown>,
}

/// A file and the tests in it, as a row names them.
#[derive(Debug)]
struct Shown {
    path: String,
    titles: String,
}

fn rows() -> Vec<Row> {
    let mut section = String::new();
    let mut rows = Vec::new();
    let documents = ["tests/README.md", "docs/oidc-requirements.md"].map(file);
    for line in documents.iter().flat_map(|text| text.lines()) {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading.to_owned();
        }
        let cells = cells(line);
        if let [numbers, _, answer, shown_by] = cells.as_slice()
            && !answer.starts_with('-')
            && answer != "answer"
        {
            rows.push(Row {
                section: section.clone(),
                numbers: numbers.split(", ").map(str::to_owned).collect(),
                answer: answer.clone(),
                shown_by: shown(shown_by),
            });
        }
    }
    rows
}

fn cells(line: &str) -> Vec<String> {
    let inner = line
        .strip_prefix('|')
        .and_then(|line| line.strip_suffix('|'));
    let cells = inner.into_iter().flat_map(|inner| inner.split('|'));
    cells.map(|cell| cell.trim().to_owned()).collect()
}

/// Parses `` `path` titles ``, with `<br>` between the entries.
fn shown(cell: &str) -> Vec<Shown> {
    cell.split("<br>")
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            let rest = part
                .strip_prefix('`')
                .unwrap_or_else(|| panic!("no file: {part}"));
            let (path, titles) = rest.split_once('`').unwrap();
            Shown {
                path: path.to_owned(),
                titles: titles.trim().to_owned(),
            }
        })
        .collect()
}

/// Returns the titles that are not in the file. Adds to `found` the number of titles that are in
/// it.
fn missing(shown: &Shown, found: &mut usize) -> Vec<String> {
    if !root().join(&shown.path).is_file() {
        return vec![format!("there is no {}", shown.path)];
    }
    let text = file(&shown.path);
    let extension = Path::new(&shown.path)
        .extension()
        .unwrap()
        .to_str()
        .unwrap();
    let titles: Vec<&str> = match extension {
        // In JavaScript and in headings, a title can contain a comma, so a cell is not split at its
        // commas.
        "rs" | "json" => shown.titles.split(", ").collect(),
        _ => vec![&shown.titles],
    };
    let mut missing = Vec::new();
    for title in titles {
        let is_there = match extension {
            "rs" => is_rust_test(&text, title),
            "json" => is_vector(&text, title),
            "md" => text
                .lines()
                .any(|line| line.trim_start_matches('#').trim() == title && line.starts_with('#')),
            // A measurement has no title, only the name of its file.
            _ if title.is_empty() => shown.path.starts_with("bench/"),
            _ => javascript_tests(&text).any(|line| is_javascript_test(&line, title)),
        };
        if is_there {
            *found += 1;
        } else {
            missing.push(format!("{} has no \"{title}\"", shown.path));
        }
    }
    missing
}

fn is_rust_test(text: &str, name: &str) -> bool {
    // A test case of a conformance suite has a type parameter, so its name can be followed by `<`.
    [
        format!("fn {name}("),
        format!("fn {name}<"),
        format!("!({name},"),
    ]
    .iter()
    .any(|form| text.contains(form))
}

fn is_vector(text: &str, name: &str) -> bool {
    let file: Value = serde_json::from_str(text).unwrap();
    file["vectors"].as_array().unwrap().iter().any(|vector| {
        let known = vector["name"].as_str().unwrap();
        match name.strip_suffix('*') {
            Some(beginning) => known.starts_with(beginning),
            None => known == name,
        }
    })
}

/// The lines of a text. If the formatter has put a call and its first argument on two lines, they
/// are joined.
fn javascript_tests(text: &str) -> impl Iterator<Item = String> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        let line = lines.next()?;
        Some(
            match line.ends_with("test(") || line.ends_with("describe(") {
                true => format!("{line}{}", lines.next().unwrap_or_default().trim_start()),
                false => line.to_owned(),
            },
        )
    })
}

fn is_javascript_test(line: &str, title: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("await ").unwrap_or(line);
    let calls = ["test(", "t.test(", "describe("];
    calls.iter().any(|call| line.starts_with(call)) && line.replace("\\\"", "\"").contains(title)
}

#[test]
fn every_requirement_has_its_answer_and_tests_that_exist() {
    let rows = rows();
    let mut faults = Vec::new();
    let mut found = 0;
    let mut answers: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        let at = format!("{}, {}", row.section, row.numbers.join(", "));
        let Some(answer) = ["met", "another way", "in part", "not promised"]
            .into_iter()
            .find(|answer| row.answer == *answer || row.answer.starts_with(&format!("{answer}: ")))
        else {
            faults.push(format!("{at}: no answer: {}", row.answer));
            continue;
        };
        *answers.entry(answer).or_default() += row.numbers.len();
        if answer == "not promised" {
            if !row.answer.contains(": ") {
                faults.push(format!("{at}: not promised, without a reason"));
            }
        } else if row.shown_by.is_empty() {
            faults.push(format!("{at}: no test"));
        }
        let is_measured = |shown: &Shown| shown.path.starts_with("bench/");
        if row.shown_by.iter().any(is_measured) && !row.answer.contains("by a bench") {
            faults.push(format!("{at}: does not say that a bench shows it"));
        }
        for shown in &row.shown_by {
            for missing in missing(shown, &mut found) {
                faults.push(format!("{at}: {missing}"));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    let of = |answer| answers.get(answer).copied().unwrap_or_default();
    let all: usize = answers.values().sum();
    assert!(all > 300, "{all} requirements are read");
    count::count(
        "requirements",
        &format!(
            "{all} requirements: {} met, {} another way, {} in part, {} not promised; tests named {found} times, all there",
            of("met"),
            of("another way"),
            of("in part"),
            of("not promised"),
        ),
    );
}

#[test]
fn each_requirement_is_listed_once_and_no_attack_is_missing() {
    let mut seen = BTreeMap::new();
    for row in rows() {
        for number in row.numbers {
            let key = (row.section.clone(), number);
            assert!(
                seen.insert(key.clone(), ()).is_none(),
                "{key:?} stands twice"
            );
        }
    }
    for number in ASVS {
        let key = ("OWASP ASVS 5.0.0".to_owned(), number.to_owned());
        assert!(seen.contains_key(&key), "{key:?}");
    }
    for number in 1..=49 {
        let key = ("Attacks on tokens".to_owned(), number.to_string());
        assert!(seen.contains_key(&key), "{key:?}");
    }
}

/// The rows of a table in SECURITY.md. The table's first column must have this heading.
fn security_rows(heading: &str) -> Vec<[String; 4]> {
    let mut found = Vec::new();
    let mut in_table = false;
    for line in file("SECURITY.md").lines() {
        let Ok(cells) = <[String; 4]>::try_from(cells(line)) else {
            in_table = false;
            continue;
        };
        if cells[0] == heading {
            in_table = true;
        } else if in_table && !cells[0].starts_with('-') {
            found.push(cells);
        }
    }
    found
}

/// Lists what is wrong with the tests that a row names: tests that do not exist, or no test at all.
fn faults_of_tests(row: &str, shown_by: &str) -> Vec<String> {
    let mut found = 0;
    let mut faults: Vec<String> = shown(shown_by)
        .iter()
        .flat_map(|shown| missing(shown, &mut found))
        .map(|fault| format!("{row}: {fault}"))
        .collect();
    if found == 0 {
        faults.push(format!("{row}: names no test"));
    }
    faults
}

#[test]
fn every_threat_names_files_and_tests_that_exist() {
    let threats = security_rows("threat");
    let mut faults = Vec::new();
    for [threat, met_by, shown_by, remains] in &threats {
        faults.extend(faults_of_tests(threat, shown_by));
        if met_by.is_empty() || remains.is_empty() {
            faults.push(format!("{threat}: an empty cell"));
        }
        for link in met_by.split("](").skip(1) {
            let path = link.split([')', '#']).next().unwrap();
            if !root().join(path).exists() {
                faults.push(format!("{threat}: there is no {path}"));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    let threats = threats.len();
    assert!(threats > 55, "{threats} threats are read");
    count::count(
        "threats",
        &format!("{threats} threats of SECURITY.md, each with a test that exists"),
    );
}

#[test]
fn every_guarantee_names_tests_that_exist() {
    let guarantees = security_rows("no.");
    let mut faults = Vec::new();
    for (at, [number, guarantee, tried_by, except]) in guarantees.iter().enumerate() {
        faults.extend(faults_of_tests(guarantee, tried_by));
        if *number != (at + 1).to_string() || guarantee.is_empty() || except.is_empty() {
            faults.push(format!("{number}: a wrong number or an empty cell"));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(guarantees.len() > 15, "{} guarantees", guarantees.len());
}

#[test]
fn every_finding_names_tests_that_exist() {
    let mut numbers = Vec::new();
    let mut faults = Vec::new();
    for line in file("tests/findings.md").lines() {
        let Ok([number, found, before, shown_by]) = <[String; 4]>::try_from(cells(line)) else {
            continue;
        };
        if number == "no." || number.starts_with('-') {
            continue;
        }
        faults.extend(faults_of_tests(&number, &shown_by));
        if found.is_empty() || before.is_empty() {
            faults.push(format!("{number}: an empty cell"));
        }
        numbers.push(number);
    }
    // The numbers D4, C15, F8 and F10 are left out, because later issues will build what they
    // require.
    let all = [
        ("A", 10),
        ("B", 11),
        ("G", 24),
        ("T", 12),
        ("C", 18),
        ("D", 16),
        ("E", 14),
        ("F", 9),
    ];
    let all: Vec<String> = all
        .into_iter()
        .flat_map(|(letter, last)| (1..=last).map(move |number| format!("{letter}{number}")))
        .filter(|number| !["C15", "D4", "F8"].contains(&number.as_str()))
        .collect();
    assert_eq!(numbers, all);
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    let findings = numbers.len();
    count::count(
        "findings",
        &format!("{findings} findings of the audits, each with tests that exist"),
    );
}

/// Each source file under `folder`, by its path from the root.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if matches!(
                path.extension().and_then(|end| end.to_str()),
                Some("rs" | "js" | "mjs")
            ) {
                let name = path
                    .strip_prefix(root())
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The code of a file, without comments and without the unit tests at its end.
fn code(text: &str) -> String {
    let (code, _) = text
        .split_once("#[cfg(test)]\nmod tests")
        .unwrap_or((text, ""));
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn randomness_is_the_platforms_alone() {
    for (name, text) in sources("src") {
        let asks = code(&text).contains("getrandom");
        assert_eq!(asks, name == "src/adapters/system_random.rs", "{name}");
        for weak in [
            "Math.random",
            "Math::random",
            "rand::",
            "fastrand",
            "RandomState",
        ] {
            assert!(!code(&text).contains(weak), "{name}: {weak}");
        }
    }
    // Only `platform.js` may use `Math.random`. It needs random numbers to vary the length of
    // pauses, not to make secrets.
    for (name, text) in sources("npm/edgegate") {
        assert_eq!(
            text.contains("Math.random"),
            name == "npm/edgegate/client/platform.js",
            "{name}"
        );
    }
}

#[test]
fn only_the_platform_says_who_asks() {
    let mut asked = Vec::new();
    for (name, text) in sources("src") {
        let lower = code(&text).to_lowercase();
        for header in [
            "x-forwarded",
            "x-real-ip",
            "true-client-ip",
            "\"forwarded\"",
            "x-original-url",
            "x-http-method",
        ] {
            assert!(!lower.contains(header), "{name}: {header}");
        }
        if lower.contains("cf-connecting-ip") {
            asked.push(name);
        }
    }
    assert_eq!(asked, ["src/edge/exchange.js"]);
}

#[test]
fn sql_is_never_put_together() {
    let mut statements = 0;
    for (name, text) in sources("src/adapters/cloudflare") {
        let code = code(&text);
        let lines: Vec<&str> = code.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let words = [
                "SELECT ",
                "INSERT ",
                "UPDATE ",
                "DELETE FROM",
                "WHERE ",
                "VALUES",
            ];
            if words.iter().any(|word| line.contains(word)) {
                statements += 1;
                let around = lines[at.saturating_sub(2)..=at].join(" ");
                for way in ["format!", "concat", "push_str", "{}"] {
                    assert!(!around.contains(way), "{name}: {line}");
                }
            }
        }
    }
    assert!(statements > 20, "{statements} lines of SQL are read");
}

#[test]
fn the_configuration_contains_no_secret() {
    let config = file("wrangler.toml");
    for line in config
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
    {
        for secret in ["SIGNING_KEYS", "TICKET_SECRET", "MAIL_API_KEY", "DEV"] {
            assert!(!line.starts_with(secret), "{line}");
        }
    }
    let ignored = file(".gitignore");
    assert!(ignored.lines().any(|line| line.contains(".dev.vars")));
}

#[test]
fn no_crate_with_a_known_leak_is_in_the_tree() {
    let lock = file("Cargo.lock");
    assert!(!lock.contains("name = \"rsa\"\n"), "RUSTSEC-2023-0071");
    let version = lock
        .split("name = \"ed25519-dalek\"\nversion = \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap();
    assert!(version.starts_with("2."), "RUSTSEC-2022-0093: {version}");
}
