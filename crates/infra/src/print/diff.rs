//! Every patch of a review as one unified diff, for `git apply` or for reading.

use crate::review::{Patch, Review, Sources, patched};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Lines around a change that `git apply` finds its place by.
const CONTEXT: usize = 3;

/// The open failures' patches as a unified diff. Empty when there are none.
pub fn diff(review: &Review, sources: &Sources) -> String {
    let mut by_file: BTreeMap<&str, Vec<Patch>> = BTreeMap::new();
    for patch in review.checks.iter().flat_map(|check| &check.patches) {
        by_file.entry(&patch.file).or_default().push(patch.clone());
    }
    let mut text = String::new();
    for (file, patches) in by_file {
        if let Some(old) = sources.text(file) {
            let _ = write!(text, "--- a/{file}\n+++ b/{file}\n{}", hunks(old, file, &patches));
        }
    }
    text
}

/// Old lines that give way to new ones: from a line, counted from 0, so many.
struct Edit {
    from: usize,
    old: usize,
    new: Vec<String>,
}

fn hunks(text: &str, file: &str, patches: &[Patch]) -> String {
    let old: Vec<&str> = text.split_inclusive('\n').collect();
    let edits = edits(&old, file, patches);
    let mut printed = String::new();
    let (mut at, mut shift) = (0, 0i64);
    while at < edits.len() {
        // Changes whose surroundings touch stand in one hunk.
        let mut last = at;
        while last + 1 < edits.len() && edits[last + 1].from <= edits[last].from + edits[last].old + 2 * CONTEXT {
            last += 1;
        }
        let start = edits[at].from.saturating_sub(CONTEXT);
        let end = (edits[last].from + edits[last].old + CONTEXT).min(old.len());
        let mut body = String::new();
        let mut line = start;
        let mut new_lines = end - start;
        for edit in &edits[at..=last] {
            old[line..edit.from].iter().for_each(|kept| put(&mut body, ' ', kept));
            old[edit.from..edit.from + edit.old].iter().for_each(|gone| put(&mut body, '-', gone));
            edit.new.iter().for_each(|come| put(&mut body, '+', come));
            line = edit.from + edit.old;
            new_lines = new_lines + edit.new.len() - edit.old;
        }
        old[line..end].iter().for_each(|kept| put(&mut body, ' ', kept));
        let _ = write!(printed, "@@ -{},{} +{},{new_lines} @@\n{body}", start + 1, end - start, start as i64 + 1 + shift);
        shift += new_lines as i64 - (end - start) as i64;
        at = last + 1;
    }
    printed
}

/// A line with its sign. It keeps its own ending; one without any is marked as `git` does.
fn put(body: &mut String, sign: char, line: &str) {
    body.push(sign);
    body.push_str(line);
    if !line.ends_with('\n') {
        body.push_str("\n\\ No newline at end of file\n");
    }
}

/// The patches as changes of whole lines, those that touch the same line together, without the lines that stay as they are.
fn edits(old: &[&str], file: &str, patches: &[Patch]) -> Vec<Edit> {
    let mut patches: Vec<&Patch> = patches.iter().collect();
    patches.sort();
    patches.dedup();
    let mut edits = Vec::new();
    let mut at = 0;
    while at < patches.len() {
        let first = patches[at].start_line;
        let mut last_line = last_line(patches[at]);
        let mut end = at + 1;
        while end < patches.len() && patches[end].start_line <= last_line {
            last_line = last_line.max(self::last_line(patches[end]));
            end += 1;
        }
        let (from, to) = (first as usize - 1, (last_line as usize).min(old.len()));
        let part = old[from..to].concat();
        let moved: Vec<Patch> = patches[at..end]
            .iter()
            .map(|patch| Patch { start_line: patch.start_line - first + 1, end_line: patch.end_line - first + 1, ..(*patch).clone() })
            .collect();
        let new: Vec<String> = patched(file, &part, &moved).split_inclusive('\n').map(str::to_owned).collect();
        let same = old[from..to].iter().zip(&new).take_while(|(old, new)| *old == *new).count();
        edits.push(Edit { from: from + same, old: to - from - same, new: new[same..].to_vec() });
        at = end;
    }
    edits
}

/// The last line that a patch touches; one that ends before a line's first column does not touch it.
fn last_line(patch: &Patch) -> u32 {
    if patch.end_column == 1 && patch.end_line > patch.start_line { patch.end_line - 1 } else { patch.end_line }
}
