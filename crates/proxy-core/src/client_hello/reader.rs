//! Reads what TLS messages are made of. RFC 8446 section 3.

/// Bytes that are read from the left; nothing is read where there is too little.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// That many bytes.
    pub(super) fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    /// A vector whose length stands in one byte in front of it.
    pub(super) fn vector8(&mut self) -> Option<&'a [u8]> {
        let [len] = *self.take()?;
        self.part(len.into())
    }

    /// A vector whose length stands in two bytes in front of it.
    pub(super) fn vector16(&mut self) -> Option<&'a [u8]> {
        let len = u16::from_be_bytes(*self.take()?);
        self.part(len.into())
    }

    fn part(&mut self, len: usize) -> Option<&'a [u8]> {
        let (part, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(part)
    }
}
