//! The text of the files that declare resources, for quotes.

use super::Files;
use crate::inventory::Inventory;
use crate::review::Sources;
use std::collections::BTreeSet;

/// Templates that people write are smaller; quotes from what a machine wrote say little.
const BYTES_MAX: usize = 2 << 20;

/// The text of every file that a resource of the inventory stands in. A file that is larger or no text is left out.
pub fn sources(files: &Files, inventory: &Inventory) -> Sources {
    let declared = inventory.resources.iter().map(|resource| resource.origin.file.as_str());
    let paths: BTreeSet<&str> = declared.chain(inventory.unrecognised.iter().map(|one| one.origin.file.as_str())).collect();
    let small = paths.into_iter().filter(|path| files.size(path) <= BYTES_MAX as u64);
    let texts = small.filter_map(|path| Some((path.to_owned(), String::from_utf8(files.head(path, BYTES_MAX).ok()?.into_owned()).ok()?)));
    Sources::new(texts)
}
