//! The files that are read: of a folder, of one file, or of an archive that was sent.

use super::place::NOT_LISTED;
use super::{may_be_template, terraform};
use crate::inventory::Problem;
use ignore::WalkBuilder;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Twenty times the largest repository that is expected. More is somebody's home folder.
const FILES_MAX: usize = 200_000;

/// Relative paths with forward slashes, in order, and how to get at their bytes.
#[derive(Clone, Debug, Default)]
pub struct Files {
    sources: BTreeMap<String, Source>,
    /// Paths that are not listed and may be asked for by name.
    aside: BTreeSet<String>,
    /// Where paths that were not listed may be looked up: the folder of a file that is read alone, for the files that it names.
    neighbours: Option<PathBuf>,
    problems: Vec<Problem>,
    notices: Vec<Problem>,
}

#[derive(Clone)]
enum Source {
    Disk { path: PathBuf, size: u64 },
    Memory(Arc<Vec<u8>>),
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Disk { path, size } => write!(formatter, "{} ({size} bytes)", path.display()),
            Source::Memory(bytes) => write!(formatter, "{} bytes", bytes.len()),
        }
    }
}

impl Files {
    /// The files under a folder, or the one file.
    ///
    /// What `.gitignore` names is read too: synthesised and packaged templates are ignored by habit, and are what is deployed. Links
    /// are not followed, so that nothing is read twice, for ever, or from outside; but for those by which folders of Terraform share a
    /// file of this one.
    pub fn of(root: &Path) -> Files {
        let mut files = Files::default();
        if root.is_file() {
            let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let size = root.metadata().map_or(0, |metadata| metadata.len());
            files.neighbours = root.parent().map(Path::to_owned);
            files.sources.insert(name, Source::Disk { path: root.to_owned(), size });
            return files;
        }
        let is_wanted = |entry: &ignore::DirEntry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            !(is_folder && entry.depth() > 0 && NOT_LISTED.iter().any(|name| entry.file_name() == *name))
        };
        for entry in WalkBuilder::new(root).standard_filters(false).follow_links(false).filter_entry(is_wanted).build() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let message = format!("a folder or file cannot be listed: {error}");
                    files.problems.push(Problem { file: String::new(), line: None, message });
                    continue;
                }
            };
            if entry.path_is_symlink() {
                files.add_link(root, entry.path());
                continue;
            }
            if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                continue;
            }
            if files.sources.len() == FILES_MAX {
                let message = format!("there are more than {FILES_MAX} files; the rest is not read");
                files.problems.push(Problem { file: String::new(), line: None, message });
                break;
            }
            let size = entry.metadata().map_or(0, |metadata| metadata.len());
            let path = entry.into_path();
            let name = relative(path.strip_prefix(root).unwrap_or(&path));
            files.sources.insert(name, Source::Disk { path, size });
        }
        files
    }

    /// A link is followed where what it names is code of Terraform below the root: a module is all that lies in its folder. Other
    /// links name what is read at its own place, or else it is said that they are not followed.
    fn add_link(&mut self, root: &Path, link: &Path) {
        let name = relative(link.strip_prefix(root).unwrap_or(link));
        let is_code = terraform::is_part_of_code(&name);
        let told = |message: &str| Problem { file: name.clone(), line: None, message: message.to_owned() };
        let target = match link.canonicalize() {
            Ok(target) if root.canonicalize().is_ok_and(|root| target.starts_with(root)) => target,
            Ok(target) if is_code => {
                let message =
                    format!("it is a link to {} outside of what is read, and is not followed; read a folder that holds both", target.display());
                return self.problems.push(told(&message));
            }
            Ok(target) if target.is_dir() || may_be_template(&name) => {
                return self.notices.push(told("it is a link to outside of what is read, and is not followed"));
            }
            Err(_) if is_code || may_be_template(&name) => return self.notices.push(told("it is a link that leads nowhere")),
            _ => return,
        };
        if is_code && target.is_file() && self.sources.len() < FILES_MAX {
            let size = target.metadata().map_or(0, |metadata| metadata.len());
            self.sources.insert(name, Source::Disk { path: target, size });
        }
    }

    /// Files that are in memory, by relative path.
    pub fn in_memory(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Files {
        let sources = files.into_iter().map(|(path, bytes)| (path, Source::Memory(Arc::new(bytes)))).collect();
        Files { sources, ..Files::default() }
    }

    /// The same files, of which some are not listed and may still be asked for by name.
    pub(super) fn without(&self, aside: BTreeSet<String>) -> Files {
        Files { aside, ..self.clone() }
    }

    /// The same files but for these, which say something else.
    pub(crate) fn with(&self, changed: impl IntoIterator<Item = (String, Vec<u8>)>) -> Files {
        let mut files = self.clone();
        files.sources.extend(changed.into_iter().map(|(path, bytes)| (path, Source::Memory(Arc::new(bytes)))));
        files
    }

    /// The paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().map(String::as_str).filter(|path| !self.aside.contains(*path))
    }

    /// Whether there is a folder of this path, which ends in a slash.
    pub(super) fn has_folder(&self, folder: &str) -> bool {
        self.sources.range(folder.to_owned()..).next().is_some_and(|(path, _)| path.starts_with(folder))
    }

    /// Whether there is a file of this path.
    pub fn has(&self, path: &str) -> bool {
        self.sources.contains_key(path) || self.neighbour(path).is_some()
    }

    /// How many bytes a file has; 0 when there is none.
    pub fn size(&self, path: &str) -> u64 {
        match self.sources.get(path) {
            Some(Source::Disk { size, .. }) => *size,
            Some(Source::Memory(bytes)) => bytes.len() as u64,
            None => self.neighbour(path).and_then(|path| path.metadata().ok()).map_or(0, |metadata| metadata.len()),
        }
    }

    /// The first bytes of a file, up to so many. The error is a sentence.
    pub fn head(&self, path: &str, bytes_max: usize) -> Result<Cow<'_, [u8]>, String> {
        let (path, size) = match self.sources.get(path) {
            Some(Source::Memory(bytes)) => return Ok(Cow::Borrowed(&bytes[..bytes.len().min(bytes_max)])),
            Some(Source::Disk { path, size }) => (Cow::Borrowed(path), *size),
            None => (Cow::Owned(self.neighbour(path).ok_or("there is no such file")?), 0),
        };
        let unreadable = |error: std::io::Error| format!("the file cannot be read: {error}");
        let mut bytes = Vec::with_capacity((size as usize).min(bytes_max) + 1);
        // A file may have grown since it was listed; never more than the limit is read.
        File::open(path.as_ref()).map_err(unreadable)?.take(bytes_max as u64).read_to_end(&mut bytes).map_err(unreadable)?;
        Ok(Cow::Owned(bytes))
    }

    /// What could not be listed.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What was left out on purpose.
    pub(super) fn notices(&self) -> &[Problem] {
        &self.notices
    }

    /// The names of the files beside one that is read alone.
    pub(crate) fn beside_it(&self) -> Vec<String> {
        let entries = self.neighbours.as_ref().and_then(|folder| folder.read_dir().ok());
        let mut names: Vec<String> = entries.into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.sort();
        names.retain(|name| self.neighbour(name).is_some());
        names
    }

    fn neighbour(&self, path: &str) -> Option<PathBuf> {
        let path = self.neighbours.as_ref()?.join(path);
        path.symlink_metadata().is_ok_and(|metadata| metadata.is_file()).then_some(path)
    }
}

/// A path joined to the folder of a file, both relative to the root. `None` when it leaves the root or is not relative.
pub(crate) fn beside(file: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains("://") || path.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

fn relative(path: &Path) -> String {
    let parts: Vec<Cow<'_, str>> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    #[test]
    fn a_folder_gives_its_files_whatever_git_ignores_but_not_what_others_wrote() {
        let folder = folder(&["b/main.yaml", "a.json", "node_modules/x/template.yaml", "cdk.out/S.template.json", ".infra/x.yaml", "target"]);
        fs::write(folder.path().join(".gitignore"), "cdk.out\n").unwrap();
        let files = Files::of(folder.path());
        let paths: Vec<&str> = files.paths().collect();
        assert_eq!(paths, [".gitignore", ".infra/x.yaml", "a.json", "b/main.yaml", "cdk.out/S.template.json", "target"]);
        assert_eq!(files.head("b/main.yaml", 6).unwrap().as_ref(), b"b/main");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let outside = folder(&["secret.yaml"]);
        let folder = folder(&["a/b.yaml"]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("a/outside")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret.yaml"), folder.path().join("secret.yaml")).unwrap();
        assert_eq!(Files::of(folder.path()).paths().collect::<Vec<_>>(), ["a/b.yaml"]);
    }

    #[cfg(unix)]
    #[test]
    fn code_of_terraform_that_folders_share_by_links_is_read_and_other_links_are_told() {
        let outside = folder(&["q.tf"]);
        let folder = folder(&["shared/q.tf", "shared/t.yaml", "prod/main.tf"]);
        let link = |target: &Path, name: &str| std::os::unix::fs::symlink(target, folder.path().join("prod").join(name)).unwrap();
        link(Path::new("../shared/q.tf"), "q.tf");
        link(Path::new("../shared/t.yaml"), "t.yaml");
        link(&outside.path().join("q.tf"), "outside.tf");
        link(Path::new("nowhere.tf"), "nowhere.tf");
        let files = Files::of(folder.path());
        assert_eq!(files.paths().collect::<Vec<_>>(), ["prod/main.tf", "prod/q.tf", "shared/q.tf", "shared/t.yaml"]);
        assert_eq!(files.head("prod/q.tf", 100).unwrap().as_ref(), b"shared/q.tf");
        let told = |problems: &[Problem]| problems.iter().map(|problem| problem.file.clone()).collect::<Vec<_>>();
        assert_eq!((told(files.problems()), told(files.notices())), (vec!["prod/outside.tf".to_owned()], vec!["prod/nowhere.tf".to_owned()]));
    }

    #[test]
    fn a_single_file_finds_the_files_that_it_names() {
        let folder = folder(&["main.yaml", "nested/vpc.yaml"]);
        let files = Files::of(&folder.path().join("main.yaml"));
        assert_eq!(files.paths().collect::<Vec<_>>(), ["main.yaml"]);
        assert!(files.has("nested/vpc.yaml") && !files.has("nested/other.yaml"));
        assert_eq!(files.head("nested/vpc.yaml", 100).unwrap().as_ref(), b"nested/vpc.yaml");
    }

    #[test]
    fn a_path_beside_a_file_stays_within_the_root() {
        assert_eq!(beside("a/b/main.yaml", "./vpc.yaml").as_deref(), Some("a/b/vpc.yaml"));
        assert_eq!(beside("a/b/main.yaml", "../vpc.yaml").as_deref(), Some("a/vpc.yaml"));
        for escape in ["../../../etc/passwd", "/etc/passwd", "https://bucket/vpc.yaml", "..\\vpc.yaml"] {
            assert_eq!(beside("a/b/main.yaml", escape), None, "{escape}");
        }
    }
}
