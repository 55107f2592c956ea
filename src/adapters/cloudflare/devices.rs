//! Names of devices, by the npm package `bowser`: browsers and systems change every month, and it is kept.

use serde::Deserialize;
use worker::wasm_bindgen::{self, JsValue, prelude::wasm_bindgen};

use crate::domain::session::Device;
use crate::ports::Devices;

// Not `module = "bowser"`: wasm-bindgen then looks for it in package.json in a way that worker-build does not expect.
#[wasm_bindgen(module = "/src/adapters/cloudflare/devices.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn parse(user_agent: &str) -> Result<JsValue, JsValue>;
}

/// What `bowser` makes of a User-Agent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bowser;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Parsed {
    browser: Named,
    os: Named,
    platform: Platform,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Platform {
    r#type: Option<String>,
}

impl Devices for Bowser {
    fn describe(&self, user_agent: &str) -> Device {
        // It throws at an empty text.
        let parsed = parse(user_agent)
            .ok()
            .and_then(|parsed| serde_wasm_bindgen::from_value::<Parsed>(parsed).ok())
            .unwrap_or_default();
        let known = |name: Option<String>| name.filter(|name| !name.is_empty());
        Device {
            browser: known(parsed.browser.name),
            os: known(parsed.os.name),
            kind: known(parsed.platform.r#type),
        }
    }
}
