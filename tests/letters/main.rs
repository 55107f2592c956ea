//! Compares every mail in every language with the files in `tests/letters/<language>`. If you
//! change a mail on purpose, run `UPDATE_LETTERS=1 cargo test --test letters` to rewrite these
//! files. To see how a mail looks, open its HTML file in a browser.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod rules;
mod samples;

use std::fs;
use std::path::Path;

use edgegate::letters::render;
use samples::{LOCALES, PRODUCT, samples};

#[test]
fn every_letter_matches_its_files() {
    let update = std::env::var_os("UPDATE_LETTERS").is_some();
    let mut differing = Vec::new();
    for locale in LOCALES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/letters")
            .join(locale.tag());
        let mut files = Vec::new();
        for (name, letter) in samples() {
            let mail = render(&letter, PRODUCT, locale);
            let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
            for (end, now) in [("txt", text), ("html", mail.html)] {
                let file = folder.join(format!("{name}.{end}"));
                if update {
                    fs::create_dir_all(&folder).unwrap();
                    fs::write(&file, &now).unwrap();
                } else if fs::read_to_string(&file).unwrap_or_default() != now {
                    differing.push(format!("{}/{name}.{end}", locale.tag()));
                }
                files.push(file);
            }
        }
        for entry in fs::read_dir(&folder).unwrap() {
            let file = entry.unwrap().path();
            assert!(
                files.contains(&file),
                "{} belongs to no letter",
                file.display()
            );
        }
    }
    assert!(
        differing.is_empty(),
        "changed: {differing:?}; see the comment at the top of this file"
    );
}
