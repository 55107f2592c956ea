//! Keys in the files of this repository are public. So a Worker that others can reach must refuse
//! to start with such a key.

#![allow(
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

use ed25519_dalek::SigningKey;
use edgegate::domain::settings::{SettingError, Settings};
use p256::elliptic_curve::sec1::ToEncodedPoint as _;

#[path = "count/mod.rs"]
mod count;

/// Files in which a reader might find an example key and copy it. The test keys of Project
/// Wycheproof are left out, because nobody deploys those.
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

/// The example keys of RFCs: the section, then the public key `x` or the symmetric key `k`, then
/// the private key `d` if there is one.
const OF_RFCS: [(&str, &str, &str); 16] = [
    (
        "RFC 7515 appendix A.1 (also RFC 7517 A.3)",
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        "",
    ),
    (
        "RFC 7515 appendix A.3",
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    ),
    (
        "RFC 7517 appendices A.1 and A.2",
        "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
    ),
    (
        "RFC 7518 appendix C, Alice",
        "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
        "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo",
    ),
    (
        "RFC 7518 appendix C, Bob",
        "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
    ),
    (
        "RFC 7520 section 3.5",
        "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
        "",
    ),
    (
        "RFC 7520 section 3.6",
        "AAPapAv4LbFbiVawEjagUBluYqN5rhna-8nuldDvOx8",
        "",
    ),
    (
        "RFC 7520 section 5.5",
        "Ze2loSV3wrroKUN_4zhwGhCqo3Xhu1td4QjeQ5wIVR0",
        "r_kHyZ-a06rmxM3yESK84r1otSg-aQcVStkRhA-iCM8",
    ),
    (
        "RFC 7520 section 5.7",
        "qC57l_uxcm7Nm3K-ct4GFjx8tM1U8CZ0NLBvdQstiS8",
        "",
    ),
    (
        "RFC 7800 section 3.3",
        "ZoRSOrFzN_FzUA5XKMYoVHyzff5oRJxl-IXRtztJ6uE",
        "",
    ),
    (
        "RFC 8037 appendix A",
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    ),
    (
        "RFC 9421 appendix B.1.3",
        "qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA",
        "UpuF81l-kOxbjf7T4mNSv0r5tN67Gim7rnf6EFpcYDs",
    ),
    (
        "RFC 9421 appendix B.1.4",
        "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
        "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU",
    ),
    (
        "RFC 9421 appendix B.1.5",
        "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ",
        "",
    ),
    (
        "RFC 9901 appendix A.5, the issuer",
        "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
        "Ur2bNKuBPOrAaxsRnbSH6hIhmNTxSGXshDSUD1a1y7g",
    ),
    (
        "RFC 9901 appendix A.5, the holder",
        "TCAER19Zvu3OHF4j4W4vfSVoHIP1ILilDls7vCeGemc",
        "5K5SCos8zf9zRemGGUl6yfok-_NiiryNZsvANWMhF-I",
    ),
];

/// The moduli of the example RSA keys of RFCs.
const RSA_OF_RFCS: [(&str, &str); 3] = [
    (
        "RFC 7515 appendix A.2",
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    ),
    (
        "RFC 7517 appendices A.1 and A.2",
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    ),
    (
        "RFC 7520 section 3.3",
        "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw",
    ),
];

#[test]
fn no_published_key_starts_a_worker_that_the_world_can_reach() {
    let mut found: BTreeMap<(&str, String), String> = BTreeMap::new();
    for (source, public, private) in OF_RFCS {
        for key in [public, private].into_iter().filter(|key| !key.is_empty()) {
            // A reader who copies an example key might use it in any of these settings.
            for setting in ["SIGNING_KEYS", "TICKET_SECRET", "PEPPERS"] {
                found.insert((setting, key.to_owned()), source.to_owned());
            }
        }
    }
    for (source, modulus) in RSA_OF_RFCS {
        found.insert(("ID_TOKEN_KEYS", modulus.to_owned()), source.to_owned());
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

/// In each pair, the public key belongs to the private key.
#[test]
fn the_keys_of_rfcs_are_pairs() {
    for (source, public, private) in OF_RFCS {
        if private.is_empty() {
            continue;
        }
        let private: [u8; 32] = decode(private).try_into().unwrap();
        let on_p256 = p256::SecretKey::from_slice(&private).unwrap();
        let point = on_p256.public_key().to_encoded_point(false);
        let on_ed25519 = SigningKey::from_bytes(&private).verifying_key();
        let halves = [point.x().unwrap().to_vec(), on_ed25519.to_bytes().to_vec()];
        assert!(halves.contains(&decode(public)), "{source}");
    }
}

fn decode(text: &str) -> Vec<u8> {
    use base64ct::Encoding as _;
    base64ct::Base64UrlUnpadded::decode_vec(text).unwrap()
}

/// The documents name the RFCs whose example keys are rejected, and no other RFCs.
#[test]
fn the_documents_name_these_rfcs() {
    use std::collections::BTreeSet;
    let ours: BTreeSet<&str> = OF_RFCS.iter().map(|(source, ..)| &source[4..8]).collect();
    for file in ["docs/options.md", "docs/operations.md"] {
        let text = fs::read_to_string(file).unwrap();
        let mut paragraphs = text.split("\n\n");
        let is_about_them = |text: &&str| text.contains("keys") && text.contains("RFC 7515");
        let paragraph = paragraphs.find(is_about_them).expect(file);
        let words = paragraph.split(|c: char| !c.is_ascii_alphanumeric());
        let named: BTreeSet<&str> = words
            .filter(|word| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit()))
            .collect();
        assert_eq!(named, ours, "{file}");
    }
}

#[test]
fn keys_of_tests_are_accepted_only_where_tests_run() {
    let ours = "8_EOCRgpGXvXUXx_c7SG1v9rnoHKN-6Xn0P-vkQ_imo";
    for issuer in [
        "http://127.0.0.1:8787",
        "https://auth.example.com",
        "https://auth.example",
        "https://auth.example:8443",
    ] {
        assert!(!is_refused("TICKET_SECRET", ours, issuer), "{issuer}");
        let (_, rfc, _) = OF_RFCS[10];
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
        "ID_TOKEN_KEYS" => format!(r#"{{"keys":[{{"kty":"RSA","n":"{key}"}}]}}"#),
        _ => key.to_owned(),
    };
    // Keys are read before ticket secrets. So ticket secrets are checked only if the key is valid.
    let error = Settings::read(|name| match name {
        "ISSUER" => Some(issuer.to_owned()),
        name if name == setting => Some(value.clone()),
        "SIGNING_KEYS" => Some(fresh_key()),
        _ => None,
    })
    .err();
    matches!(error, Some(SettingError { problem, .. }) if problem.contains("is published in an example"))
}

/// A key that is in no file.
fn fresh_key() -> String {
    let zeros_and_ones = "AAE".repeat(14);
    format!(r#"{{"keys":[{{"kty":"oct","kid":"fresh","k":"{zeros_and_ones}AAEA"}}]}}"#)
}

/// Finds public keys, symmetric keys, ticket secrets, peppers and RSA moduli, in the notations that
/// this repository uses.
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
        ("ID_TOKEN_KEYS", &["\"n\":", " n:", "\"n\" :"]),
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

/// A key's entry in the list of published keys.
fn mark(key: &str) -> Vec<u8> {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(key)[..8].to_vec()
}
