//! Stores the lines that `npm test` prints at its end. Each test that tries many cases stores a
//! line that says how many it tried. `tests/counts.json` has a minimum for the first number of each
//! line. If a minimum is missing, `npm test` fails and says what to add.

use std::fs;
use std::path::Path;

/// Stores a line such as "463 access tokens by the core: 45 valid, 418 refused" in a file whose
/// name is `slug`. Outside of `npm test` it does nothing.
#[track_caller]
pub fn count(slug: &str, line: &str) {
    let Ok(folder) = std::env::var("EDGEGATE_COUNTS") else {
        return;
    };
    assert!(!line.contains('\n'), "one line: {line}");
    fs::create_dir_all(&folder).expect("the folder of counts");
    fs::write(Path::new(&folder).join(slug), line).expect("a count");
}
