use super::*;

const SALT_AND_KEY: &str = "$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
const BCRYPT: &str = "$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.";

fn work(text: &str) -> Result<ForeignWork, HashRefusal> {
    ForeignHash::read(text).map(|hash| hash.work())
}

fn with(parameters: &str) -> Result<ForeignWork, HashRefusal> {
    work(&[parameters, SALT_AND_KEY].concat())
}

fn scrypt(log_n: u8, r: u32, p: u32) -> ScryptCost {
    ScryptCost { log_n, r, p }
}

#[test]
fn every_form_is_read_with_its_parameters() {
    let argon2 = |is_id, is_newest| ForeignWork::Argon2 {
        is_id,
        is_newest,
        memory_kib: 65_536,
        iterations: 3,
        lanes: 4,
    };
    let better_auth = ["12fd451de44a360f342e75966c8c4df0:", &"ab".repeat(64)].concat();
    for (text, expected) in [
        (["$2a$06", BCRYPT].concat(), ForeignWork::Bcrypt { cost: 6 }),
        (
            ["$2y$12", BCRYPT].concat(),
            ForeignWork::Bcrypt { cost: 12 },
        ),
        (
            ["bcrypt$$2b$10", BCRYPT].concat(),
            ForeignWork::Bcrypt { cost: 10 },
        ),
        (
            ["bcrypt_sha256$$2b$12", BCRYPT].concat(),
            ForeignWork::Bcrypt { cost: 12 },
        ),
        (
            ["$pbkdf2-sha256$29000", SALT_AND_KEY].concat(),
            ForeignWork::Pbkdf2Sha256 { rounds: 29_000 },
        ),
        (
            ["$pbkdf2-sha512$i=210000,l=32", SALT_AND_KEY].concat(),
            ForeignWork::Pbkdf2Sha512 { rounds: 210_000 },
        ),
        (
            ["pbkdf2_sha256$1200000", SALT_AND_KEY].concat(),
            ForeignWork::Pbkdf2Sha256 { rounds: 1_200_000 },
        ),
        (
            ["$scrypt$r=8,ln=16,p=1", SALT_AND_KEY].concat(),
            ForeignWork::Scrypt(scrypt(16, 8, 1)),
        ),
        (
            "scrypt$16384$0123456789abcdef$8$5$MDEyMzQ1Njc4OWFiY2RlZg==".to_owned(),
            ForeignWork::Scrypt(scrypt(14, 8, 5)),
        ),
        (
            ["$firescrypt$ln=14,r=8,p=1", SALT_AND_KEY, "$Bw=="].concat(),
            ForeignWork::FirebaseScrypt(scrypt(14, 8, 1)),
        ),
        (better_auth, ForeignWork::Scrypt(scrypt(14, 16, 1))),
        (
            ["$argon2i$v=19$m=65536,t=3,p=4", SALT_AND_KEY].concat(),
            argon2(false, true),
        ),
        (
            ["$argon2id$v=16$m=65536,t=3,p=4", SALT_AND_KEY].concat(),
            argon2(true, false),
        ),
        (
            ["$argon2i$m=65536,t=3,p=4", SALT_AND_KEY].concat(),
            argon2(false, false),
        ),
        (
            ["$argon2id$m=65536,t=3,p=4", SALT_AND_KEY].concat(),
            argon2(true, false),
        ),
        (
            ["argon2$argon2id$v=19$m=65536,t=3,p=4", SALT_AND_KEY].concat(),
            argon2(true, true),
        ),
    ] {
        assert_eq!(work(&text), Ok(expected), "{text}");
    }
}

#[test]
fn the_limits_are_exact() {
    let bcrypt = |cost: u32| work(&[&format!("$2b${cost:02}"), BCRYPT].concat());
    assert!(bcrypt(4).is_ok() && bcrypt(12).is_ok());
    assert_eq!(bcrypt(3), Err(HashRefusal::Weak));
    assert_eq!(bcrypt(13), Err(HashRefusal::TooCostly));
    for (parameters, expected) in [
        ("$pbkdf2-sha256$999", Err(HashRefusal::Weak)),
        ("$pbkdf2-sha256$1000", Ok(())),
        ("$pbkdf2-sha256$1500000", Ok(())),
        ("$pbkdf2-sha256$1500001", Err(HashRefusal::TooCostly)),
        ("$pbkdf2-sha512$4294967296", Err(HashRefusal::TooCostly)),
        ("$scrypt$ln=9,r=8,p=1", Err(HashRefusal::Weak)),
        ("$scrypt$ln=10,r=8,p=1", Ok(())),
        ("$scrypt$ln=16,r=8,p=4", Ok(())),
        ("$scrypt$ln=16,r=8,p=5", Err(HashRefusal::TooCostly)),
        ("$scrypt$ln=16,r=9,p=1", Err(HashRefusal::TooCostly)),
        ("$scrypt$ln=17,r=8,p=1", Err(HashRefusal::TooCostly)),
        ("$scrypt$ln=63,r=8,p=1", Err(HashRefusal::TooCostly)),
        (
            "$scrypt$ln=255,r=4294967295,p=1",
            Err(HashRefusal::TooCostly),
        ),
        ("$scrypt$ln=256,r=8,p=1", Err(HashRefusal::TooCostly)),
        ("$argon2i$v=19$m=65536,t=10,p=4", Ok(())),
        ("$argon2i$v=19$m=8,t=1,p=1", Err(HashRefusal::Weak)),
        ("$argon2id$m=8,t=1,p=1", Err(HashRefusal::Weak)),
        ("$argon2i$v=19$m=511,t=2,p=2", Err(HashRefusal::Weak)),
        ("$argon2i$v=19$m=512,t=2,p=2", Ok(())),
        ("$argon2i$v=19$m=102,t=10,p=1", Err(HashRefusal::Weak)),
        (
            "$argon2i$v=19$m=65537,t=10,p=4",
            Err(HashRefusal::TooCostly),
        ),
        (
            "$argon2i$v=19$m=65536,t=11,p=4",
            Err(HashRefusal::TooCostly),
        ),
        (
            "$argon2i$v=19$m=65536,t=10,p=5",
            Err(HashRefusal::TooCostly),
        ),
    ] {
        assert_eq!(with(parameters).map(drop), expected, "{parameters}");
    }
}

#[test]
fn weak_hashes_are_rejected_by_name() {
    for text in [
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "5F4DCC3B5AA765D61D8327DEB882CF99",
        "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
        "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
        "salt:5f4dcc3b5aa765d61d8327deb882cf99",
        "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8:salt",
        "md5$abc$5f4dcc3b5aa765d61d8327deb882cf99",
        "sha1$abc$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
        "$1$3azHgidD$SrJPt7B.9rekpmwJwtON31",
        "$apr1$salt$WQ/XpEG5v8XZLGNMi0gQS1",
        "$P$B12345678aKkYGqxWmSUbnFQVO2S0a/",
        "{SSHA}xPXqLpzNg4TWW3VyaH2yVXNlcnNhbHQ=",
        "{crypt}abJnggxhB/yWI",
        "$pbkdf2$131000$r5WythYixPgfI6TUGoMwZg$DiGSeqNIRz.ne06R7IPnYkoeVbQ",
        "pbkdf2_sha1$260000$abcdefgh$Dg4tHKmBQkGSeQ==",
        "$sha1$40000$jtNX3nZ2$hBNaIXkt4wBI2o5rsi8KejSjNqIq",
        "crypt$$abJnggxhB/yWI",
    ] {
        assert_eq!(work(text), Err(HashRefusal::Weak), "{text}");
    }
}

/// The shortest salts in published test vectors are `seasalt` (in Django's test vectors) and `NaCl`
/// (in RFC 7914). So a salt of four bytes must be accepted.
#[test]
fn a_salt_has_four_bytes_or_more() {
    const KEY: &str = "$MDEyMzQ1Njc4OWFiY2RlZg";
    for before in [
        "$pbkdf2-sha256$29000$",
        "$pbkdf2-sha512$i=29000$",
        "$scrypt$ln=14,r=8,p=1$",
        "$firescrypt$ln=14,r=8,p=1$",
    ] {
        let of = |salt: &str| work(&[before, salt, KEY].concat()).map(drop);
        assert_eq!(of("TmFDbA"), Ok(()), "{before}");
        for short in ["", "TmFD"] {
            assert_eq!(of(short), Err(HashRefusal::Weak), "{before}{short}");
        }
    }
    let published = "pbkdf2_sha256$1000000$seasalt$r1uLUxoxpP2Ued/qxvmje7UH9PUJBkRrvf9gGPL7Cps=";
    assert_eq!(
        work(published),
        Ok(ForeignWork::Pbkdf2Sha256 { rounds: 1_000_000 })
    );
    let published = "scrypt$16384$seasalt$8$5$ECMIUp+LMxMSK8xB/IVyba+KYGTI7FTnet025q/1f/vBAVnnP3hdYqJuRi+mJn6ji6ze3Fbb7JEFPKGpuEf5vw==";
    assert_eq!(work(published), Ok(ForeignWork::Scrypt(scrypt(14, 8, 5))));
    for short in [
        "pbkdf2_sha256$1000000$sea$r1uLUxoxpP2Ued/qxvmje7UH9PUJBkRrvf9gGPL7Cps=",
        "scrypt$16384$$8$5$MDEyMzQ1Njc4OWFiY2RlZg==",
    ] {
        assert_eq!(work(short), Err(HashRefusal::Weak), "{short}");
    }
}

#[test]
fn other_texts_are_rejected() {
    for text in [
        "",
        "!",
        "password",
        "correct horse battery staple",
        "hunter2:hunter2",
        "$",
        "$$$$",
        "$5$rounds=5000$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJu",
        "$2x$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
        "$2$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
        "$argon2d$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
        "\u{1f600}",
        &"$2b$".repeat(1000),
    ] {
        assert_eq!(work(text), Err(HashRefusal::UnknownForm), "{text}");
    }
    for parameters in [
        "$2b$10",
        "$pbkdf2-sha256$",
        "$pbkdf2-sha256$029000",
        "$pbkdf2-sha256$+29000",
        "$pbkdf2-sha256$l=32",
        "$pbkdf2-sha256$i=29000,l=31",
        "$pbkdf2-sha256$i=29000,i=1000",
        "$pbkdf2-sha256$i=29000,x=1",
        "$scrypt$ln=14,r=8",
        "$scrypt$ln=14,r=0,p=1",
        "$scrypt$ln=14,r=8,p=0",
        "$scrypt$ln=16,r=1,p=1",
        "$scrypt",
        "$scrypt$ln=14,r=8,p=1$more",
        "$firescrypt$ln=14,r=8,p=2",
        "$firescrypt",
        "$argon2i$v=18$m=65536,t=3,p=4",
        "$argon2i$v=19$m=65536,t=3",
        "$argon2i$v=19$m=65536,t=0,p=4",
        "$argon2i$v=19$m=65536,t=3,p=0",
        "$argon2i$v=19$m=31,t=3,p=4",
        "$argon2i$v=19$m=65536,t=3,p=4,keyid=AQ",
    ] {
        assert_eq!(
            with(parameters),
            Err(HashRefusal::Malformed),
            "{parameters}"
        );
    }
    for text in [
        "$2b$1$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
        "$2b$+6$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
        "$2b$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s",
        "$2b$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s=",
        "$2b$06$DCq7YPn5Rq63x1Lad4cl\u{e9}TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
        &format!(
            "$pbkdf2-sha256$29000${}$MDEyMzQ1Njc4OWFiY2RlZg",
            "YWFh".repeat(22)
        ),
        "$argon2i$v=19$m=65536,t=3,p=4$c2Vhc2FsdA$MDEyMzQ1Njc4OWFiY2RlZg",
        "$pbkdf2-sha256$29000$MDEyMzQ1Njc4OWFiY2RlZg$c2hvcnQ",
        "$pbkdf2-sha256$29000$MDEyMzQ1Njc4OWFiY2RlZg$MDEy MzQ1Njc4OWFiY2RlZg",
        "scrypt$16383$0123456789abcdef$8$5$MDEyMzQ1Njc4OWFiY2RlZg==",
        "scrypt$1$0123456789abcdef$8$5$MDEyMzQ1Njc4OWFiY2RlZg==",
        "pbkdf2_sha256$29000$0123456789abcdef",
        "pbkdf2_sha256$29000$01234567\u{0}9abcdef$MDEyMzQ1Njc4OWFiY2RlZg==",
        "pbkdf2_sha256$29000$0123456789abcde\n$MDEyMzQ1Njc4OWFiY2RlZg==",
        "scrypt$16384$01234567\u{9f}9abcdef$8$5$MDEyMzQ1Njc4OWFiY2RlZg==",
        "bcrypt$5f4dcc3b5aa765d61d8327deb882cf99",
    ] {
        assert_eq!(work(text), Err(HashRefusal::Malformed), "{text}");
    }
}

#[test]
fn a_signer_key_in_a_row_is_rejected() {
    let row = [
        "$firescrypt$ln=14,r=8,p=1",
        SALT_AND_KEY,
        "$Bw==$MDEyMzQ1Njc4OWFiY2RlZg==",
    ];
    assert_eq!(work(&row.concat()), Err(HashRefusal::SignerKeyInRow));
}

#[test]
fn bits_of_bcrypt_that_belong_to_no_byte_are_ignored() {
    let read = |text: &str| ForeignHash::read(text).unwrap();
    let hash = read("$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.");
    let other = read("$2a$06$DCq7YPn5Rq63x1Lad4cll/TV4S6ytwfsfvkgY8jIucDrjc8deX1s/");
    assert_eq!((hash.salt(), hash.key()), (other.salt(), other.key()));
}

#[test]
fn the_usual_parameters_are_read_as_a_hash_begins() {
    let usual = |text: &str| {
        let hashing = ForeignHashing::default().with_usual(text);
        hashing.map(|hashing| hashing.usual().unwrap().work())
    };
    for (text, expected) in [
        ("$2b$10", Ok(ForeignWork::Bcrypt { cost: 10 })),
        ("bcrypt_sha256$$2b$12", Ok(ForeignWork::Bcrypt { cost: 12 })),
        (
            "$pbkdf2-sha256$600000",
            Ok(ForeignWork::Pbkdf2Sha256 { rounds: 600_000 }),
        ),
        (
            "pbkdf2_sha256$1000000",
            Ok(ForeignWork::Pbkdf2Sha256 { rounds: 1_000_000 }),
        ),
        (
            "$scrypt$ln=14,r=16,p=1",
            Ok(ForeignWork::Scrypt(scrypt(14, 16, 1))),
        ),
        ("$2b$14", Err(HashRefusal::TooCostly)),
        ("bcrypt", Err(HashRefusal::Malformed)),
        ("md5", Err(HashRefusal::Weak)),
        ("hash", Err(HashRefusal::UnknownForm)),
    ] {
        assert_eq!(usual(text), expected, "{text}");
    }
}

#[test]
fn a_signer_key_is_32_to_128_bytes_in_base64() {
    let accepts = |text: &str| ForeignHashing::default().with_signer_key(text).is_some();
    for (text, expected) in [
        ("A".repeat(43), true),
        (["A".repeat(42).as_str(), "E="].concat(), true),
        ("_-".repeat(32), true),
        ("A".repeat(42), false),
        ("A".repeat(172), false),
        ("not base64".to_owned(), false),
        (String::new(), false),
    ] {
        assert_eq!(accepts(&text), expected, "{text}");
    }
}

#[test]
fn debug_prints_neither_salt_nor_key() {
    let hash = ForeignHash::read(&["$2b$10", BCRYPT].concat()).unwrap();
    assert_eq!(
        format!("{hash:?}"),
        "ForeignHash { work: Bcrypt { cost: 10 }, .. }"
    );
}
