//! Verifies tokens in two ways in workerd: with workerd's own cryptography, and with the code in
//! the wasm.

use edgegate::adapters::cloudflare::signatures::PlatformSignatures;
use serde_json::{Value, json};

use crate::both_ways::{self, Found};

/// Runs the checks with this name: `catalogue`, `wycheproof`, `one-kid`, or a range of numbers of
/// mutated tokens, such as `0-1000`. Returns `None` for anything else. For each key set, WebCrypto
/// verifies the first `promises` signatures, and `node:crypto` verifies the others.
pub(crate) async fn found(what: &str, promises: u32) -> Option<Value> {
    let platform = || PlatformSignatures::new(promises);
    let found = match what {
        "catalogue" => both_ways::catalogue(platform).await,
        "wycheproof" => both_ways::wycheproof(platform).await,
        "one-kid" => both_ways::one_kid(platform).await,
        numbers => {
            let (from, to) = numbers.split_once('-')?;
            both_ways::mutated(platform, from.parse().ok()?..to.parse().ok()?).await
        }
    };
    Some(written(&found))
}

fn written(found: &Found) -> Value {
    json!({
        "valid": found.valid,
        "refused": found.refusals(),
        "reasons": found.refused.len(),
        "byPlatform": found.by_platform,
        "differs": found.differs,
        "digest": format!("{:016x}", found.digest),
    })
}
