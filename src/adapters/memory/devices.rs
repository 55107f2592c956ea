//! Names devices without the help of a library.

use crate::domain::session::Device;
use crate::ports::Devices;

/// Uses the text before the first slash of a User-Agent as the browser's name. Recognises no
/// operating systems.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryDevices;

impl Devices for MemoryDevices {
    fn describe(&self, user_agent: &str) -> Device {
        Device::from_names(user_agent.split('/').next(), None, None)
    }
}
