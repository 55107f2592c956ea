//! Checks that `docs/options.md` agrees with the code about every setting: its name, its default,
//! its range and its choices. Also checks that `docs/limits.md` has the sizes of `policy.rs`.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects
)]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use edgegate::domain::policy;
use edgegate::domain::settings::{SettingError, Settings};

const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#;

/// The settings with which every test below starts. They include the secrets, because some settings
/// are read only if a secret is set.
const BASE: [(&str, &str); 5] = [
    ("ISSUER", "https://auth.example.com"),
    ("SIGNING_KEYS", KEYS),
    (
        "TICKET_SECRET",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    ),
    ("TURNSTILE_SECRET", "0x0000"),
    ("MAIL_API_KEY", "key-123"),
];

/// Each of these sets is added to [`BASE`] in turn, because some values are accepted only together
/// with other settings.
const COMPANIONS: [&[(&str, &str)]; 12] = [
    &[],
    &[("ISSUER", "http://127.0.0.1:8787"), ("DEV", "1")],
    &[
        ("MAIL_FROM", "login@example.com"),
        ("MAIL_API_URL", "https://api.example.com"),
    ],
    &[("SESSION_TTL", "34560000")],
    &[("SESSION_TTL", "300")],
    &[("REFRESH_GRACE", "0")],
    &[("ROTATE_AFTER", "0")],
    &[("ARGON2_MEMORY_KIB", "65536")],
    &[("ARGON2_ITERATIONS", "5")],
    &[("ARGON2_ITERATIONS", "10")],
    &[("ACCESS_TOKEN_TTL", "60"), ("ROTATE_AFTER", "0")],
    &[("SESSION_IDLE_TTL", "7776000")],
];

struct Row {
    name: String,
    unit: String,
    default: String,
    allowed: String,
}

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn rows() -> Vec<Row> {
    let text = file("docs/options.md");
    let mut rows = Vec::new();
    for line in text.lines() {
        let Some(inner) = line.strip_prefix("| `") else {
            continue;
        };
        let inner = inner.strip_suffix(" |").expect(line);
        let cells: Vec<&str> = inner.split(" | ").map(str::trim).collect();
        let [name, unit, default, allowed, what, reason] = cells[..] else {
            panic!("six cells in each row: {line}");
        };
        assert!(
            [unit, default, allowed, what, reason]
                .iter()
                .all(|cell| !cell.is_empty()),
            "an empty cell: {line}"
        );
        rows.push(Row {
            name: name.strip_suffix('`').expect(line).to_owned(),
            unit: unit.to_owned(),
            default: default.to_owned(),
            allowed: allowed.to_owned(),
        });
    }
    rows
}

/// Reads the settings from [`BASE`]. Values in `companions` replace those in `BASE`, and values in
/// `changes` replace both. An empty text removes a setting. Adds to `asked` the name of every
/// setting that the code reads.
fn read(
    companions: &[(&str, &str)],
    changes: &[(&str, &str)],
    asked: &mut BTreeSet<String>,
) -> Result<Settings, SettingError> {
    let seen = RefCell::new(asked);
    Settings::read(|name| {
        seen.borrow_mut().insert(name.to_owned());
        let given = changes
            .iter()
            .chain(companions)
            .chain(&BASE)
            .find(|(setting, _)| *setting == name);
        given
            .map(|(_, value)| (*value).to_owned())
            .filter(|value| !value.is_empty())
    })
}

/// Whether a value is accepted together with at least one of the [`COMPANIONS`].
fn is_accepted(name: &str, value: &str) -> bool {
    COMPANIONS
        .iter()
        .any(|companions| read(companions, &[(name, value)], &mut BTreeSet::new()).is_ok())
}

/// The texts between backticks in a cell of a table.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The first range of the form "a to b" in a cell of a table.
fn range(cell: &str) -> Option<(u64, u64)> {
    let words: Vec<&str> = cell
        .split_whitespace()
        .map(|word| word.trim_matches([',', ';']))
        .collect();
    words.windows(3).find_map(|three| match three {
        [from, "to", to] => Some((from.parse().ok()?, to.parse().ok()?)),
        _ => None,
    })
}

/// The name of every setting that the code reads in at least one configuration.
fn names_in_the_code() -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    for companions in COMPANIONS {
        for provider in ["none", "resend", "cloudflare", "cloudflare-binding"] {
            let _ = read(companions, &[("MAIL_PROVIDER", provider)], &mut asked);
        }
    }
    asked
}

#[test]
fn every_setting_has_one_row() {
    let documented: Vec<String> = rows().into_iter().map(|row| row.name).collect();
    let names: BTreeSet<String> = documented.iter().cloned().collect();
    assert_eq!(names.len(), documented.len(), "a row stands twice");
    assert_eq!(names, names_in_the_code());
}

/// Finds the names in the source text, so it also finds settings that the code does not read in any
/// of the configurations above.
#[test]
fn every_name_in_the_sources_has_a_row() {
    let documented: BTreeSet<String> = rows().into_iter().map(|row| row.name).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain/settings");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        let (code, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
        let lines = code.lines().filter(|line| !line.trim().starts_with("//"));
        for word in lines.flat_map(|line| line.split('"').skip(1).step_by(2)) {
            let is_name = word.len() > 2
                && word
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b"_0123456789".contains(&b))
                && word.bytes().any(|b| b.is_ascii_uppercase());
            if is_name {
                assert!(documented.contains(word), "{word}");
                found.insert(word.to_owned());
            }
        }
    }
    assert_eq!(found, documented);
}

#[test]
fn every_default_is_that_of_the_code() {
    let unset = read(&[], &[], &mut BTreeSet::new()).unwrap();
    let mut compared = 0;
    for row in rows() {
        let without = read(&[], &[(&row.name, "")], &mut BTreeSet::new());
        match row.default.as_str() {
            "required" => assert_eq!(without.unwrap_err().setting, row.name),
            default if default.starts_with('`') => {
                let value = quoted(default)[0];
                let with = read(&[], &[(&row.name, value)], &mut BTreeSet::new());
                let with = with.unwrap_or_else(|error| panic!("{}: {error}", row.name));
                assert_eq!(format!("{with:?}"), format!("{unset:?}"), "{}", row.name);
                compared += 1;
            }
            _ => {
                assert!(
                    !["seconds", "characters", "KiB", "passes", "choice"]
                        .contains(&row.unit.as_str()),
                    "{} has a default",
                    row.name
                );
                assert!(without.is_ok(), "{}", row.name);
            }
        }
    }
    assert!(compared >= 20, "{compared} defaults are compared");
}

#[test]
fn every_range_ends_where_the_code_ends_it() {
    let mut compared = 0;
    for row in rows() {
        let is_number = ["seconds", "characters", "KiB", "passes", "mails per hour"]
            .contains(&row.unit.as_str());
        if !is_number {
            continue;
        }
        let (least, most) = range(&row.allowed).unwrap_or_else(|| panic!("{}", row.name));
        for inside in [least, most] {
            assert!(
                is_accepted(&row.name, &inside.to_string()),
                "{} = {inside} is rejected",
                row.name
            );
        }
        for outside in [least.checked_sub(1), most.checked_add(1)] {
            let Some(outside) = outside.map(|number| number.to_string()) else {
                continue;
            };
            let is_allowed_apart = quoted(&row.allowed).contains(&outside.as_str());
            assert!(
                is_allowed_apart || !is_accepted(&row.name, &outside),
                "{} = {outside} is accepted",
                row.name
            );
        }
        compared += 1;
    }
    assert!(compared >= 9, "{compared} ranges are compared");
}

#[test]
fn every_value_in_the_table_is_accepted_and_every_choice_is_there() {
    let names = names_in_the_code();
    for row in rows() {
        for value in quoted(&row.allowed) {
            let is_other_option = names.contains(value);
            // These two words are in a row of the table but are not values of the setting. The row
            // uses them to explain how to make a key.
            let is_kind = ["oct", "kid"].contains(&value);
            assert!(
                is_other_option || is_kind || is_accepted(&row.name, value),
                "{} = {value} is rejected",
                row.name
            );
        }
        let nonsense = [(row.name.as_str(), "no such value")];
        if row.unit == "choice" {
            // The error lists the choices, in quotation marks.
            let problem = read(&[], &nonsense, &mut BTreeSet::new())
                .unwrap_err()
                .problem;
            let known: BTreeSet<&str> = problem.split('"').skip(1).step_by(2).collect();
            let documented: BTreeSet<&str> = quoted(&row.allowed).into_iter().collect();
            let missing: Vec<_> = known
                .difference(&documented)
                .filter(|value| **value != "no such value")
                .collect();
            assert!(missing.is_empty(), "{} lacks {missing:?}", row.name);
            // `known` has the rejected value and at least two choices.
            assert!(known.len() >= 3, "{problem}");
        }
    }
}

/// Checks the pairs in the table's row of Argon2, and the ranges of `SESSION_IDLE_TTL` and
/// `ROTATE_AFTER` in the table.
#[test]
fn ranges_that_depend_on_another_option_are_those_of_the_code() {
    let rows = rows();
    let allowed = |name: &str| &rows.iter().find(|row| row.name == name).unwrap().allowed;
    for (memory, passes) in policy::ARGON2_LEAST {
        let pair = format!("{memory} with {passes}");
        assert!(allowed("ARGON2_MEMORY_KIB").contains(&pair), "{pair}");
    }
    let late = format!(
        "`ROTATE_AFTER` + `ACCESS_TOKEN_TTL` + {}",
        policy::RENEWAL_LATENESS
    );
    assert!(allowed("SESSION_IDLE_TTL").contains(&late), "{late}");
    let rotate = format!("`REFRESH_GRACE` + {}", policy::KV_STALENESS);
    assert!(allowed("ROTATE_AFTER").contains(&rotate), "{rotate}");
}

/// Every setting in `wrangler.toml` is a documented option, even if its line is commented out. The
/// values that the file sets are the defaults.
#[test]
fn the_configuration_sets_the_defaults() {
    let defaults: BTreeMap<String, String> = rows()
        .into_iter()
        .map(|row| (row.name, row.default))
        .collect();
    let toml = file("wrangler.toml");
    let (_, vars) = toml.split_once("\n[vars]\n").unwrap();
    let mut set = 0;
    for line in vars.lines() {
        let text = line.strip_prefix("# ").unwrap_or(line);
        let Some((name, value)) = text.split_once(" = \"") else {
            continue;
        };
        if !name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') {
            continue;
        }
        let default = defaults.get(name).unwrap_or_else(|| panic!("{name}"));
        if !line.starts_with('#') && name != "ISSUER" {
            assert_eq!(quoted(default)[0], value.trim_end_matches('"'), "{name}");
            set += 1;
        }
    }
    assert!(set >= 15, "{set} variables are set");
}

#[test]
fn the_sizes_are_those_of_the_policy() {
    let text = file("docs/limits.md");
    let (_, table) = text.split_once("## Fixed sizes").unwrap();
    let sizes: BTreeMap<&str, Vec<usize>> = table
        .lines()
        .filter_map(|line| {
            let (what, most) = line
                .strip_prefix("| ")?
                .strip_suffix(" |")?
                .split_once(" | ")?;
            let most = most.replace(',', "");
            let numbers = most.split(|c: char| !c.is_ascii_digit());
            Some((what, numbers.filter_map(|text| text.parse().ok()).collect()))
        })
        .filter(|(_, numbers): &(_, Vec<usize>)| !numbers.is_empty())
        .collect();
    let expected = [
        ("body of a request", vec![policy::MAX_BODY_BYTES]),
        ("body of an import", vec![policy::IMPORT_MAX_BYTES]),
        (
            "lines of an import",
            vec![policy::IMPORT_MAX_ROWS, policy::IMPORT_LINE_MAX_BYTES],
        ),
        (
            "lines of a page of an export",
            vec![usize::try_from(policy::EXPORT_MAX_ROWS).unwrap()],
        ),
        ("external id", vec![policy::EXTERNAL_ID_MAX_CHARS]),
        (
            "`Cookie` header that is searched",
            vec![policy::MAX_COOKIE_BYTES],
        ),
        ("access token", vec![policy::ACCESS_TOKEN_MAX_BYTES]),
        ("password", vec![policy::PASSWORD_MAX_CHARS]),
        ("email address", vec![policy::EMAIL_BYTES]),
        ("given name, family name", vec![policy::NAME_MAX_CHARS]),
        (
            "roles of a user",
            vec![policy::ROLES_MAX, policy::ROLE_MAX_CHARS],
        ),
        ("sessions of a user", vec![policy::SESSIONS_PER_USER]),
        ("ticket secrets, peppers", vec![policy::MAX_TICKET_SECRETS]),
        ("signing keys", vec![policy::KEYS_MAX]),
        (
            "authorization request of an app",
            vec![policy::AUTHORIZATION_QUERY_MAX_BYTES],
        ),
        ("`state`", vec![policy::STATE_MAX_BYTES]),
        ("`nonce`", vec![policy::NONCE_MAX_BYTES]),
        (
            "`client_id`, `redirect_uri`, `resource`, `scope`",
            vec![policy::RESOURCE_MAX_BYTES],
        ),
        (
            "redirect URIs of a client, of each kind",
            vec![
                policy::CLIENT_REDIRECT_URIS_MAX,
                policy::REDIRECT_URI_MAX_BYTES,
            ],
        ),
        ("APIs of a client", vec![policy::CLIENT_RESOURCES_MAX]),
        ("secrets of a client", vec![policy::CLIENT_SECRETS_MAX]),
        (
            "sessions of a user in one app",
            vec![policy::SESSIONS_PER_USER_AND_CLIENT],
        ),
        ("APIs in `RESOURCES`", vec![policy::RESOURCES_MAX]),
        (
            "RSA keys in `ID_TOKEN_KEYS`",
            vec![policy::ID_TOKEN_KEYS_MAX],
        ),
    ];
    for size in [
        policy::CLIENT_ID_MAX_BYTES,
        policy::REDIRECT_URI_MAX_BYTES,
        policy::SCOPES_MAX_BYTES,
    ] {
        assert_eq!(size, policy::RESOURCE_MAX_BYTES);
    }
    assert_eq!(policy::MAX_PEPPERS, policy::MAX_TICKET_SECRETS);
    assert_eq!(sizes, BTreeMap::from(expected));
}
