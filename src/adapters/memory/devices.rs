//! Names of devices without a library.

use crate::domain::session::Device;
use crate::ports::Devices;

/// Uses the program's name up to the slash as the browser's name, and knows no systems.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryDevices;

impl Devices for MemoryDevices {
    fn describe(&self, user_agent: &str) -> Device {
        Device::from_names(user_agent.split('/').next(), None, None)
    }
}
