//! What somebody meant who typed something that is not there.

/// The candidate nearest to what was typed, when it is near enough to be meant.
pub(crate) fn nearest<'a>(typed: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, candidate) = candidates.map(|candidate| (distance(typed, candidate), candidate)).min()?;
    (distance <= 1 + typed.len() / 4).then_some(candidate)
}

/// Letters to add, drop or change to make one text the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    // An id that is pages long is no slip of the finger.
    for (i, letter) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_is_told_from_another_word() {
        let known = || ["tasks", "seconds", "steps"].into_iter();
        assert_eq!(nearest("task", known()), Some("tasks"));
        assert_eq!(nearest("secnods", known()), Some("seconds"));
        assert_eq!(nearest("memory", known()), None);
    }
}
