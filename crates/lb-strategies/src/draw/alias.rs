//! Walker's alias method: a weighted draw in constant time.

use super::scale;

/// One column per backend. A draw falls on a column with equal probability, stays there if its second half is
/// below `keep`, and otherwise goes to the backend that the column is shared with.
pub(super) struct AliasTable {
    columns: Box<[Column]>,
}

#[derive(Clone, Copy)]
struct Column {
    keep: u64,
    other: u32,
}

impl AliasTable {
    /// Vose's construction in whole numbers: column heights are weights times the number of columns, the
    /// level is the sum of the weights.
    pub(super) fn new(weights: &[u32]) -> Self {
        let level: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
        let mut heights: Vec<u64> =
            weights.iter().map(|&weight| u64::from(weight) * weights.len() as u64).collect();
        let mut columns: Vec<Column> =
            (0..weights.len() as u32).map(|own| Column { keep: u64::MAX, other: own }).collect();
        let (mut low, mut high): (Vec<usize>, Vec<usize>) =
            (0..weights.len()).partition(|&index| height(&heights, index) < level);

        while let (Some(poor), Some(&rich)) = (low.pop(), high.last()) {
            let own = height(&heights, poor);
            if let (Some(column), Some(rest)) = (columns.get_mut(poor), heights.get_mut(rich)) {
                *column = Column { keep: share(own, level), other: rich as u32 };
                *rest -= level - own;
                if *rest < level {
                    high.pop();
                    low.push(rich);
                }
            }
        }
        Self { columns: columns.into_boxed_slice() }
    }

    /// A backend for these uniform bits; `None` only if there is none.
    #[inline]
    pub(super) fn draw(&self, entropy: u64) -> Option<usize> {
        let (index, rest) = scale(entropy, self.columns.len() as u64);
        let column = self.columns.get(index as usize)?;
        // A column of full height keeps everything, its own last bit too: it is shared with itself.
        Some(if rest < column.keep { index as usize } else { column.other as usize })
    }
}

fn height(heights: &[u64], index: usize) -> u64 {
    heights.get(index).copied().unwrap_or_default()
}

/// `part / whole` of the range of `u64`; `part` is below `whole`.
fn share(part: u64, whole: u64) -> u64 {
    ((u128::from(part) << 64) / u128::from(whole)) as u64
}
