//! The words of one language, as data. The layouts combine the words.

/// Two texts, between which a value is inserted: the product's name or a duration.
pub(super) type Around = [&'static str; 2];

/// The words of one mail.
pub(super) struct Words {
    /// The subject. It has at most 78 characters if the product's name has eight characters.
    pub(super) subject: Around,
    /// The subject in a few words. It is shown above the text.
    pub(super) heading: &'static str,
    /// What happened.
    pub(super) opening: Around,
    /// The paragraphs before the button. They say what the recipient can do.
    pub(super) paragraphs: &'static [&'static str],
    /// The button's label. Not shown in a mail without a link.
    pub(super) button: &'static str,
    /// What recipients should do if they did not cause the mail. It is empty if one of the
    /// paragraphs says this.
    pub(super) note: &'static str,
    /// Why the recipient gets this mail, and who sends it.
    pub(super) reason: Around,
}

/// The words that all mails share.
pub(super) struct Phrases {
    /// The first line.
    pub(super) greeting: &'static str,
    /// When a link expires: the texts before and after the duration.
    pub(super) expiry: Around,
    /// The singular and the plural of "minute", "hour" and "day", in the grammatical form that is
    /// needed after the words of `expiry`.
    pub(super) units: [[&'static str; 2]; 3],
    /// Shown above the full link.
    pub(super) link_hint: &'static str,
    /// Label of the device.
    pub(super) device: &'static str,
    /// Label of the place.
    pub(super) place: &'static str,
}

impl Phrases {
    /// The time until a link expires, as text: 50 minutes, 1 hour, 24 hours, 7 days. A time of two
    /// hours or more is rounded down to whole hours. A no-break space follows the number.
    pub(super) fn expiry(&self, minutes: u64) -> String {
        let [by_minutes, by_hours, by_days] = self.units;
        // Up to two days are written in hours, because "24 hours" is clearer than "1 day".
        let (count, unit) = if minutes > 48 * 60 && minutes.is_multiple_of(24 * 60) {
            (minutes / (24 * 60), by_days)
        } else if minutes == 60 || minutes >= 2 * 60 {
            (minutes / 60, by_hours)
        } else {
            (minutes.max(1), by_minutes)
        };
        let [one, many] = unit;
        let [before, after] = self.expiry;
        let unit = if count == 1 { one } else { many };
        [before, &count.to_string(), "\u{a0}", unit, after].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::Phrases;
    use crate::letters::{de, en};

    #[test]
    fn an_expiry_is_said_in_words() {
        for (minutes, english, german) in [
            (0, "1 minute", "1 Minute"),
            (1, "1 minute", "1 Minute"),
            (50, "50 minutes", "50 Minuten"),
            (60, "1 hour", "1 Stunde"),
            (61, "61 minutes", "61 Minuten"),
            (119, "119 minutes", "119 Minuten"),
            (120, "2 hours", "2 Stunden"),
            (179, "2 hours", "2 Stunden"),
            (1430, "23 hours", "23 Stunden"),
            (1440, "24 hours", "24 Stunden"),
            (2880, "48 hours", "48 Stunden"),
            (4320, "3 days", "3 Tagen"),
            (4380, "73 hours", "73 Stunden"),
            (10_080, "7 days", "7 Tagen"),
            (
                u64::MAX,
                "307445734561825860 hours",
                "307445734561825860 Stunden",
            ),
        ] {
            let said = |phrases: &Phrases| phrases.expiry(minutes).replace('\u{a0}', " ");
            assert_eq!(
                said(&en::PHRASES),
                format!("This link works once and expires in {english}.")
            );
            assert_eq!(
                said(&de::PHRASES),
                format!("Dieser Link funktioniert einmal und läuft in {german} ab.")
            );
        }
    }
}
