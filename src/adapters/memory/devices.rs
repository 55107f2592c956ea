//! Names of devices without a library.

use crate::domain::session::Device;
use crate::ports::Devices;

/// Takes the program's own name for the browser's, up to the slash, and knows no systems.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryDevices;

impl Devices for MemoryDevices {
    fn describe(&self, user_agent: &str) -> Device {
        Device {
            browser: user_agent
                .split('/')
                .next()
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
            ..Device::default()
        }
    }
}
