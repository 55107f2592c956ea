//! Recognises devices with the npm package `bowser`, which is updated as browsers and systems
//! change.

use js_sys::Array;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::domain::session::Device;
use crate::ports::Devices;

// Not `module = "bowser"`: wasm-bindgen would then write a package.json that worker-build does not
// expect.
#[wasm_bindgen(module = "/src/adapters/cloudflare/devices.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn describe(user_agent: &str) -> Result<Array, JsValue>;
}

/// Parses a User-Agent with `bowser`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bowser;

impl Devices for Bowser {
    fn describe(&self, user_agent: &str) -> Device {
        // `describe` throws on an empty text, and omits what it does not recognise.
        let parsed = describe(user_agent).unwrap_or_default();
        // For an unknown program `describe` returns the text before the first slash, which can be
        // anything that the client sent. `from_names` accepts only known names.
        let [browser, os, kind] = [0, 1, 2].map(|index| parsed.get(index).as_string());
        Device::from_names(browser.as_deref(), os.as_deref(), kind.as_deref())
    }
}
