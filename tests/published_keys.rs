//! A key that stands in this repository is everybody's: a Worker that the world can reach starts with none of them.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use edgegate::domain::settings::{SettingError, Settings};

#[path = "count/mod.rs"]
mod count;

/// Where a reader may find a key and take it for an example. The sets of Wycheproof are left out: nobody deploys those.
const PLACES: [&str; 10] = [
    "README.md",
    "SECURITY.md",
    "docs",
    "examples",
    "npm",
    "scripts",
    "src",
    "tests",
    "wrangler.toml",
    "www",
];

/// Of RFCs: 7515 A.1 and A.3, 7517 A.1, 7520 3.5, 8037 A.
const OF_RFCS: [(&str, &str); 5] = [
    (
        "SIGNING_KEYS",
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    ),
    (
        "SIGNING_KEYS",
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    ),
    (
        "SIGNING_KEYS",
        "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    ),
    (
        "SIGNING_KEYS",
        "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
    ),
    (
        "SIGNING_KEYS",
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    ),
];

#[test]
fn no_published_key_starts_a_worker_that_the_world_can_reach() {
    let mut found: BTreeMap<(&str, String), String> = BTreeMap::new();
    for (setting, key) in OF_RFCS {
        found.insert((setting, key.to_owned()), "an RFC".to_owned());
    }
    for place in PLACES {
        read(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(place),
            &mut |path, text| {
                for (setting, key) in keys_in(text) {
                    found.insert((setting, key), path.display().to_string());
                }
            },
        );
    }
    let accepted: Vec<_> = found
        .iter()
        .filter(|((setting, key), _)| !is_refused(setting, key, "https://auth.edgegate.dev"))
        .map(|((setting, key), place)| format!("{setting} {key} of {place}: {:?}", mark(key)))
        .collect();
    assert!(
        accepted.is_empty(),
        "to be added to src/domain/settings/published.rs:\n{}",
        accepted.join("\n")
    );
    assert!(found.len() > OF_RFCS.len() + 8, "keys are found: {found:?}");
    count::count(
        "published-keys",
        &format!(
            "{} published keys and secrets: a reachable Worker starts with none",
            found.len()
        ),
    );
}

#[test]
fn those_of_tests_count_where_only_tests_run() {
    let ours = "8_EOCRgpGXvXUXx_c7SG1v9rnoHKN-6Xn0P-vkQ_imo";
    for issuer in [
        "http://127.0.0.1:8787",
        "https://auth.example.com",
        "https://auth.example",
        "https://auth.example:8443",
    ] {
        assert!(!is_refused("TICKET_SECRET", ours, issuer), "{issuer}");
        let rfc = OF_RFCS[4].1;
        assert!(is_refused("SIGNING_KEYS", rfc, issuer), "{issuer}");
    }
    for issuer in [
        "https://example.com.attacker.dev",
        "https://example",
        "https://auth.myexample.com",
        "https://myexample.com",
    ] {
        assert!(is_refused("TICKET_SECRET", ours, issuer), "{issuer}");
    }
    let rotation = format!("ZnJlc2gtc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM,{ours}");
    assert!(is_refused(
        "TICKET_SECRET",
        &rotation,
        "https://auth.edgegate.dev"
    ));
}

fn is_refused(setting: &str, key: &str, issuer: &str) -> bool {
    let value = match setting {
        "SIGNING_KEYS" => format!(r#"{{"keys":[{{"kty":"OKP","x":"{key}"}}]}}"#),
        "PEPPERS" => format!("1:{key}"),
        _ => key.to_owned(),
    };
    // Keys are read before ticket secrets: a good key is needed to come that far.
    let error = Settings::read(|name| match name {
        "ISSUER" => Some(issuer.to_owned()),
        name if name == setting => Some(value.clone()),
        "SIGNING_KEYS" => Some(fresh_key()),
        _ => None,
    })
    .err();
    matches!(error, Some(SettingError { problem, .. }) if problem.contains("everybody knows"))
}

/// A key that stands nowhere in this form.
fn fresh_key() -> String {
    let zeros_and_ones = "AAE".repeat(14);
    format!(r#"{{"keys":[{{"kty":"oct","kid":"fresh","k":"{zeros_and_ones}AAEA"}}]}}"#)
}

/// Public halves, symmetric keys and ticket secrets, however they are written down.
fn keys_in(text: &str) -> Vec<(&'static str, String)> {
    let mut keys = Vec::new();
    for (setting, marks) in [
        (
            "SIGNING_KEYS",
            &["\"x\":", "\"k\":", " x:", " k:", "\"x\" :", "_X: &str ="][..],
        ),
        (
            "TICKET_SECRET",
            &["SECRET:", "SECRET\" =>", "SECRET: &str ="],
        ),
        ("PEPPERS", &["\"1:", "\"2:"]),
    ] {
        for mark in marks {
            for (at, _) in text.match_indices(mark) {
                let rest = text[at + mark.len()..].trim_start();
                let rest = rest.strip_prefix("Some(").unwrap_or(rest);
                let rest = rest.trim_start_matches(['\\', '"', '\'', '`']);
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
                    .unwrap_or(rest.len());
                let key = &rest[..end];
                let one_sign = key.chars().all(|c| key.starts_with(c));
                if key.len() >= 43 && !one_sign {
                    keys.push((setting, key.to_owned()));
                }
            }
        }
    }
    keys
}

fn read(path: &Path, found: &mut dyn FnMut(&Path, &str)) {
    if path.is_dir() {
        if path.ends_with("wycheproof") || path.ends_with("node_modules") {
            return;
        }
        for entry in fs::read_dir(path).unwrap() {
            read(&entry.unwrap().path(), found);
        }
    } else if let Ok(text) = fs::read_to_string(path) {
        found(path, &text);
    }
}

/// What the list has of a key.
fn mark(key: &str) -> Vec<u8> {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(key)[..8].to_vec()
}
