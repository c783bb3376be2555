//! A cursor over received octets that never runs past their end.
//!
//! Octets and a field's name go in; the field, or the error naming it, comes out. Nothing here
//! knows what a field means.

use super::error::{DecodeError, Field, Ignored};

#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
    pub(super) ignored: Ignored,
}

impl<'a> Reader<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self { octets, at: 0, ignored: Ignored::default() }
    }

    /// The offset of the next octet.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.octets.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self, field: Field) -> Result<u8, DecodeError> {
        self.rest().first().copied().ok_or(DecodeError::Truncated { field, octet: self.at })
    }

    pub(super) fn octet(&mut self, field: Field) -> Result<u8, DecodeError> {
        let octet = self.peek(field)?;
        self.at += 1;
        Ok(octet)
    }

    pub(super) fn take(&mut self, length: usize, field: Field) -> Result<&'a [u8], DecodeError> {
        let short = DecodeError::Truncated { field, octet: self.at };
        let taken = self.rest().get(..length).ok_or(short)?;
        self.at += length;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self, field: Field) -> Result<[u8; N], DecodeError> {
        let short = DecodeError::Truncated { field, octet: self.at };
        let taken = self.rest().first_chunk::<N>().ok_or(short)?;
        self.at += N;
        Ok(*taken)
    }

    pub(super) fn take_rest(&mut self) -> &'a [u8] {
        let rest = self.rest();
        self.at = self.octets.len();
        rest
    }

    /// Ends the reading: what is left is noted, not refused.
    pub(super) fn finish(mut self) -> Ignored {
        if !self.rest().is_empty() {
            self.ignored.insert(Ignored::TRAILING_OCTETS);
        }
        self.ignored
    }
}
