//! What a `User-Agent` says about a device: the browser, the operating system, and the kind of
//! device.
//!
//! Users read these names in mails and on pages. A client can send any text as its `User-Agent`, so
//! no part of that text may be shown. Only names from the lists in this module are used. A name
//! that is not in the lists is left out.

/// What a `User-Agent` says about a device. A field is `None` if the `User-Agent` does not say it,
/// or gives a name that is not in the lists of this module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The browser or program.
    pub browser: Option<&'static str>,
    /// The operating system.
    pub os: Option<&'static str>,
    /// `desktop`, `mobile`, `tablet` or `tv`.
    pub kind: Option<&'static str>,
}

const BROWSERS: [&str; 45] = [
    "Amazon Silk",
    "Android Browser",
    "Bada",
    "BlackBerry",
    "Brave",
    "Chrome",
    "Chromium",
    "curl",
    "DuckDuckGo",
    "Electron",
    "Epiphany",
    "Firefox",
    "Focus",
    "HeyTap Browser",
    "Internet Explorer",
    "K-Meleon",
    "Ladybird",
    "LibreWolf",
    "Maxthon",
    "Microsoft Edge",
    "MZ Browser",
    "NAVER Whale Browser",
    "Opera",
    "Opera Coast",
    "Pale Moon",
    "PhantomJS",
    "Puffin",
    "QQ Browser",
    "QQ Browser Lite",
    "QupZilla",
    "Roku",
    "Safari",
    "Sailfish",
    "Samsung Internet for Android",
    "SeaMonkey",
    "Sleipnir",
    "Sogou Browser",
    "Swing",
    "Tizen",
    "UC Browser",
    "Vivaldi",
    "Vivo Browser",
    "WebOS Browser",
    "WeChat",
    "Yandex Browser",
];

const SYSTEMS: [&str; 15] = [
    "Android",
    "Bada",
    "BlackBerry",
    "Chrome OS",
    "HarmonyOS",
    "iOS",
    "Linux",
    "macOS",
    "PlayStation 4",
    "Roku",
    "Tizen",
    "WebOS",
    "Windows",
    "Windows Phone",
    "FreeBSD",
];

const KINDS: [&str; 4] = ["desktop", "mobile", "tablet", "tv"];

impl Device {
    /// The device with these names. A name that is not in the lists is left out.
    #[must_use]
    pub fn from_names(browser: Option<&str>, os: Option<&str>, kind: Option<&str>) -> Self {
        Self {
            browser: known(&BROWSERS, browser),
            os: known(&SYSTEMS, os),
            kind: known(&KINDS, kind),
        }
    }
}

fn known(names: &[&'static str], given: Option<&str>) -> Option<&'static str> {
    names.iter().find(|name| given == Some(name)).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_names_stay_and_others_are_left_out() {
        let device = Device::from_names(Some("Firefox"), Some("Linux"), Some("desktop"));
        assert_eq!(
            (device.browser, device.os, device.kind),
            (Some("Firefox"), Some("Linux"), Some("desktop"))
        );
        for text in [
            "",
            "firefox",
            "Firefox ",
            "URGENT, your account is locked",
            "Googlebot",
        ] {
            let text = Some(text);
            assert_eq!(Device::from_names(text, text, text), Device::default());
        }
    }

    proptest! {
        #[test]
        fn no_text_of_a_client_is_shown(text in ".{0,40}") {
            let text = Some(text.as_str());
            let device = Device::from_names(text, text, text);
            let known = |name: Option<&str>, names: &[&str]| name.is_none_or(|name| names.contains(&name));
            prop_assert!(known(device.browser, &BROWSERS));
            prop_assert!(known(device.os, &SYSTEMS) && known(device.kind, &KINDS));
        }
    }
}
