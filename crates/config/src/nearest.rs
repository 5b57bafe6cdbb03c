//! The word that was probably meant.

/// The known word nearest to a mistyped one, if any is near enough to be what was meant; of several, the first of the alphabet.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A slip per three characters: `upstraem` is `upstream`, `code` is not `body`.
    let most = (word.chars().count() / 3).clamp(1, 3);
    let scored = known.into_iter().map(|candidate| (distance(word, candidate), candidate));
    let near = scored.filter(|(distance, _)| *distance <= most);
    near.min().map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words, case aside.
fn distance(one: &str, other: &str) -> usize {
    let fold = |word: &str| word.chars().take(64).flat_map(char::to_lowercase).collect::<Vec<_>>();
    let (one, other) = (fold(one), fold(other));
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, a) in one.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, b) in other.iter().enumerate() {
            let cell = |line: &[usize], at: usize| line.get(at).copied().unwrap_or(usize::MAX / 2);
            let replaced = cell(&above, column) + usize::from(a != b);
            let mut best = replaced.min(cell(&above, column + 1) + 1).min(cell(&line, column) + 1);
            let swapped =
                column > 0 && row > 0 && one.get(row - 1) == Some(b) && other.get(column - 1) == Some(a);
            if swapped {
                best = best.min(cell(&before, column - 1) + 1);
            }
            line.push(best);
        }
        before = std::mem::replace(&mut above, line);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
