//! The beginning of a body, kept so that it can be passed on again.

/// What was passed on, as far as it was kept.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    kept: Vec<u8>,
    most: usize,
    /// More was passed on than could be kept.
    is_lost: bool,
    /// How much of what was kept was passed on since the last rewinding.
    at: usize,
}

impl Replay {
    /// Nothing yet, and at most so many bytes.
    pub(crate) fn of(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// What is to be passed on again, before anything else.
    pub(crate) fn again(&self) -> &[u8] {
        self.kept.get(self.at..).unwrap_or_default()
    }

    /// The first `count` bytes of that were passed on.
    pub(crate) fn advance(&mut self, count: usize) {
        self.at = (self.at + count).min(self.kept.len());
    }

    /// Further bytes were passed on.
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        if self.is_lost {
            return;
        }
        if self.kept.len() + bytes.len() > self.most {
            self.is_lost = true;
            self.kept = Vec::new();
        } else {
            self.kept.extend_from_slice(bytes);
        }
        self.at = self.kept.len();
    }

    /// All that was passed on; `None` where not everything was kept.
    pub(crate) fn whole(&self) -> Option<&[u8]> {
        (!self.is_lost).then_some(&*self.kept)
    }

    /// Begins anew. False where not everything was kept.
    pub(crate) fn rewind(&mut self) -> bool {
        if !self.is_lost {
            self.at = 0;
        }
        !self.is_lost
    }
}

/// What is to be passed on again of a body, before anything else.
#[inline]
pub(crate) fn again(replay: &Option<Box<Replay>>) -> &[u8] {
    replay.as_ref().map_or(&[], |replay| replay.again())
}

/// The first `count` bytes were passed on. True where these had been kept; else they stand in `fresh`, are kept now where
/// anything is, and are still to be consumed there.
#[inline]
pub(crate) fn advance(replay: &mut Option<Box<Replay>>, fresh: &[u8], count: usize) -> bool {
    let Some(replay) = replay else { return false };
    let is_again = !replay.again().is_empty();
    if is_again {
        replay.advance(count);
    } else {
        replay.keep(fresh.get(..count).unwrap_or_default());
    }
    is_again
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_on_again_what_was_kept_as_often_as_asked() {
        let mut replay = Replay::of(10);
        replay.keep(b"abc");
        assert_eq!(replay.again(), b"");
        assert!(replay.rewind());
        assert_eq!(replay.again(), b"abc");
        replay.advance(2);
        assert_eq!(replay.again(), b"c");
        assert!(replay.rewind());
        replay.advance(3);
        replay.keep(b"defg");
        assert!(replay.rewind());
        assert_eq!(replay.again(), b"abcdefg");
    }

    #[test]
    fn keeps_no_more_than_allowed_and_never_half() {
        let mut replay = Replay::of(4);
        replay.keep(b"abcd");
        assert!(replay.rewind());
        replay.advance(4);
        replay.keep(b"e");
        assert!(!replay.rewind());
        assert_eq!(replay.again(), b"");
        replay.keep(b"f");
        assert!(!replay.rewind());
    }
}
