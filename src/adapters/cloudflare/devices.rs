//! Names of devices, by the npm package `bowser`: browsers and systems change every month, and it is kept.

use js_sys::Array;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::domain::session::Device;
use crate::ports::Devices;

// Not `module = "bowser"`: wasm-bindgen then looks for it in package.json in a way that worker-build does not expect.
#[wasm_bindgen(module = "/src/adapters/cloudflare/devices.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn describe(user_agent: &str) -> Result<Array, JsValue>;
}

/// What `bowser` makes of a User-Agent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bowser;

impl Devices for Bowser {
    fn describe(&self, user_agent: &str) -> Device {
        // It throws at an empty text, and leaves out what it does not know.
        let parsed = describe(user_agent).unwrap_or_default();
        // For a program that it does not know it answers what stands before the first slash: the
        // client's own text.
        let [browser, os, kind] = [0, 1, 2].map(|index| parsed.get(index).as_string());
        Device::from_names(browser.as_deref(), os.as_deref(), kind.as_deref())
    }
}
