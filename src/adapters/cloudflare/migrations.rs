//! Which migrations this version needs, and how a database shows which of them it has.
//!
//! While a newer version is being deployed, the database can have more migrations than this version
//! needs. This version works with such a database too.

use std::borrow::Cow;

/// The table that contains the numbers of migrations that were applied.
pub const MARKS: &str = "migration_marks";

const REMEDY: &str = "Apply it: `npx wrangler d1 migrations apply DB --remote`";

/// A file in `migrations/`.
#[derive(Clone, Copy, Debug)]
struct Migration {
    file: &'static str,
    proof: Proof,
}

/// What shows that a migration was applied.
#[derive(Clone, Copy, Debug)]
enum Proof {
    /// A table or an index that it created.
    Object(&'static str),
    /// Its number in `migration_marks`. Every new migration adds it in its last statement.
    Mark(u64),
}

const MIGRATIONS: [Migration; 13] = [
    by_object("0001_users.sql", "users"),
    by_object("0002_mail.sql", "dead_letters"),
    by_object("0003_links.sql", "freed_addresses"),
    by_object("0004_mail_lanes.sql", "mail_lanes"),
    by_object("0005_notices_once.sql", "notices_once"),
    by_object("0006_administrators.sql", "users_administrators"),
    by_object("0007_departures.sql", "departures"),
    by_object("0008_migration_marks.sql", MARKS),
    by_mark("0009_provider_failures.sql", 9),
    by_mark("0010_copies.sql", 10),
    by_mark("0011_external_ids.sql", 11),
    by_mark("0012_operator_tickets.sql", 12),
    by_mark("0013_apps.sql", 13),
];

const fn by_object(file: &'static str, object: &'static str) -> Migration {
    let proof = Proof::Object(object);
    Migration { file, proof }
}

const fn by_mark(file: &'static str, number: u64) -> Migration {
    let proof = Proof::Mark(number);
    Migration { file, proof }
}

/// What is wrong with a database, or `None` if the database has all migrations. `objects` are the
/// database's tables and indexes, and `marks` are the numbers in its table `migration_marks`.
#[must_use]
pub fn complaint(objects: &[String], marks: &[u64]) -> Option<String> {
    let is_missing = |migration: &&Migration| match migration.proof {
        Proof::Object(name) => !objects.iter().any(|object| object == name),
        Proof::Mark(number) => !marks.contains(&number),
    };
    let missing: Vec<&str> = MIGRATIONS
        .iter()
        .filter(is_missing)
        .map(|migration| migration.file)
        .collect();
    match missing.as_slice() {
        [] => None,
        [file] => Some(["the migration ", file, " is missing. ", REMEDY].concat()),
        files => {
            let files = files.join(", ");
            let remedy = REMEDY.replace("it:", "them:");
            Some(["these migrations are missing: ", &files, ". ", &remedy].concat())
        }
    }
}

/// The text of a database's error. If a table or column is missing, the text begins with the
/// remedy.
#[must_use]
pub fn explained(error: &str) -> Cow<'_, str> {
    let missing = ["no such table", "no such column", "has no column named"];
    if missing.iter().any(|phrase| error.contains(phrase)) {
        Cow::from(["a migration is missing. ", REMEDY, " (", error, ")"].concat())
    } else {
        Cow::from(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn all() -> (Vec<String>, Vec<u64>) {
        let mut found = (Vec::new(), Vec::new());
        for migration in MIGRATIONS {
            match migration.proof {
                Proof::Object(name) => found.0.push(name.to_owned()),
                Proof::Mark(number) => found.1.push(number),
            }
        }
        found
    }

    /// This test fails if a new migration is missing from the list, or if applying it does not
    /// leave the proof (a table, an index or a mark) that the list names.
    #[test]
    fn every_migration_is_listed_with_what_shows_that_it_was_applied() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut files: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(files, MIGRATIONS.map(|migration| migration.file));
        let mut before = 0;
        for Migration { file, proof } in MIGRATIONS {
            let number: u64 = file.split('_').next().unwrap().parse().unwrap();
            assert!(file.starts_with(&format!("{number:04}_")), "{file}");
            assert!(number > before, "{file}: two files have one number");
            before = number;
            let sql = fs::read_to_string(format!("{folder}/{file}")).unwrap();
            match proof {
                Proof::Object(name) => {
                    assert!(number <= 8, "{file}: new migrations leave a mark");
                    let creates = ["TABLE", "INDEX"].map(|kind| format!("CREATE {kind} {name} "));
                    assert!(creates.iter().any(|create| sql.contains(create)), "{file}");
                }
                Proof::Mark(mark) => {
                    assert_eq!(mark, number, "{file}");
                    let insert = format!("INSERT INTO {MARKS} (migration) VALUES ({mark});");
                    assert_eq!(
                        sql.trim_end().lines().last(),
                        Some(insert.as_str()),
                        "{file}"
                    );
                }
            }
        }
    }

    #[test]
    fn each_missing_migration_is_named() {
        let (objects, marks) = all();
        assert_eq!(complaint(&objects, &marks), None);
        for migration in MIGRATIONS {
            let (mut objects, mut marks) = all();
            match migration.proof {
                Proof::Object(name) => objects.retain(|object| object != name),
                Proof::Mark(number) => marks.retain(|mark| *mark != number),
            }
            let expected = format!(
                "the migration {} is missing. Apply it: `npx wrangler d1 migrations apply DB --remote`",
                migration.file
            );
            assert_eq!(complaint(&objects, &marks), Some(expected));
        }
        let none = complaint(&[], &[]).unwrap();
        let files = MIGRATIONS.map(|migration| migration.file).join(", ");
        assert!(none.starts_with(&format!(
            "these migrations are missing: {files}. Apply them:"
        )));
    }

    #[test]
    fn a_newer_database_is_no_fault() {
        let (mut objects, mut marks) = all();
        objects.push("a_later_table".to_owned());
        marks.push(10_000);
        assert_eq!(complaint(&objects, &marks), None);
    }

    #[test]
    fn an_error_about_a_missing_table_says_what_to_do() {
        for error in [
            "D1_ERROR: no such table: users: SQLITE_ERROR",
            "D1_ERROR: no such column: link_nonce at offset 7: SQLITE_ERROR",
            "D1_ERROR: table users has no column named link_nonce: SQLITE_ERROR",
        ] {
            let text = explained(error);
            assert!(
                text.starts_with("a migration is missing. Apply it: "),
                "{text}"
            );
            assert!(text.contains(error), "{text}");
        }
        assert_eq!(explained("D1_ERROR: down"), "D1_ERROR: down");
    }
}
