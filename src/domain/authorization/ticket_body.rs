//! Writes and reads the bodies of tickets. A body consists of fields. A field has a fixed size, or
//! it is a text that is preceded by its length.

/// Writes a body field by field.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.bytes(&number.to_be_bytes())
    }

    /// Writes a text. A text of more than 65,535 bytes would be cut. This does not happen, because
    /// every text in a ticket has a much lower limit.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        self.bytes(&length.to_be_bytes());
        let kept = text.as_bytes().get(..usize::from(length));
        self.bytes(kept.unwrap_or_default())
    }

    /// Writes one byte that says whether there is a value, and then the value.
    pub(super) fn option<T>(
        &mut self,
        value: Option<T>,
        write: impl FnOnce(&mut Self, T),
    ) -> &mut Self {
        self.bytes(&[u8::from(value.is_some())]);
        if let Some(value) = value {
            write(self, value);
        }
        self
    }

    pub(super) fn optional_text(&mut self, text: Option<&str>) -> &mut Self {
        self.option(text, |body, text| {
            body.text(text);
        })
    }

    pub(super) fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

/// Reads a body field by field. Every method returns `None` if the body is too short.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(body: &'a [u8]) -> Self {
        Self(body)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*array)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = usize::from(u16::from_be_bytes(self.array()?));
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    /// Reads an optional value. `Some(None)` means that the body has no value at this position.
    /// `None` means that the body is malformed.
    pub(super) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    pub(super) fn optional_text(&mut self) -> Option<Option<&'a str>> {
        self.option(Self::text)
    }

    /// Checks that the whole body was read. `None` if there are bytes after the last field.
    pub(super) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_ends_after_its_last_field() {
        let mut body = Reader::new(&[0, 1, b'a', 7]);
        assert_eq!(body.text(), Some("a"));
        assert_eq!(body.end(), None, "a byte is left over");
        assert_eq!(body.byte(), Some(7));
        assert_eq!(body.end(), Some(()));
        assert_eq!(body.byte(), None, "too short");
    }

    #[test]
    fn only_0_and_1_say_whether_there_is_a_value() {
        for (body, read) in [
            (&[0][..], Some(None)),
            (&[1, 7], Some(Some(7))),
            (&[2, 7], None),
            (&[1], None),
        ] {
            assert_eq!(Reader::new(body).option(Reader::byte), read, "{body:?}");
        }
    }
}
