//! Which of the files that may declare infrastructure are the project's own: what tests and examples declare is not what runs.

use super::files::beside;
use super::{Files, HEAD_BYTES, MARK, Place, may_be_template, terraform};
use crate::inventory::Problem;
use regex::bytes::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// A call of a local module.
static SOURCE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"source\s*=\s*"(\.{1,2}/[^"$]+)""#).expect("the pattern is constant"));

/// Files that are set aside, with why.
pub(super) struct Aside(BTreeMap<String, Place>);

/// The files of tests and examples that may declare something. A module that the project's own code calls is its own wherever it stands.
pub(super) fn aside(files: &Files) -> Aside {
    let mut aside = BTreeMap::new();
    let mut own = Vec::new();
    for path in files.paths().filter(|path| may_be_template(path) || terraform::is_ours(path)) {
        match Place::of_infrastructure(files, path) {
            place @ (Place::Test | Place::Example) => drop(aside.insert(path.to_owned(), place)),
            Place::Own | Place::Vendored => own.push(path.to_owned()),
        }
    }
    let mut next = if aside.is_empty() { Vec::new() } else { own };
    while let Some(path) = next.pop() {
        for folder in called(files, &path) {
            let taken: Vec<String> = aside.keys().filter(|one| one.strip_prefix(&folder).is_some_and(|name| !name.contains('/'))).cloned().collect();
            for one in taken {
                aside.remove(&one);
                next.push(one);
            }
        }
    }
    Aside(aside)
}

/// The folders of the local modules that a file calls, each with a slash at its end.
fn called(files: &Files, path: &str) -> Vec<String> {
    let Some(Ok(code)) = path.ends_with(".tf").then(|| files.head(path, terraform::BYTES_MAX)) else { return Vec::new() };
    let folders = SOURCE.captures_iter(&code).filter_map(|call| beside(path, std::str::from_utf8(&call[1]).ok()?));
    folders.map(|folder| format!("{folder}/")).collect()
}

impl Aside {
    pub(super) fn paths(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }

    /// Tests alone.
    pub(super) fn without_examples(self) -> Aside {
        Aside(self.0.into_iter().filter(|(_, place)| *place != Place::Example).collect())
    }

    /// That templates were set aside, when some were.
    pub(super) fn notice(&self, files: &Files) -> Option<Problem> {
        let declares = |path: &&String| path.ends_with(".tf") || files.head(path, HEAD_BYTES).is_ok_and(|head| MARK.is_match(&head));
        let mut declaring = self.0.keys().filter(declares);
        let first = declaring.next()?;
        let others = match declaring.count() {
            0 => String::new(),
            1 => ", as is one other template of a test or example".to_owned(),
            more => format!(", as are {more} other templates of tests and examples"),
        };
        let message = format!("it is a test or an example and is set aside{others}; name its folder to have it reviewed");
        Some(Problem { file: first.clone(), line: None, message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{Options, read_files};

    const TEMPLATE: &str = "Resources: {It: {Type: 'AWS::SNS::Topic'}}";

    /// The ids of what is declared, and the notices.
    fn read(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let files = Files::in_memory(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())));
        let inventory = read_files(&files, &Options::default());
        let notices = inventory.notices.into_iter().map(|notice| format!("{}: {}", notice.file, notice.message)).collect();
        (inventory.resources.into_iter().map(|resource| resource.id).collect(), notices)
    }

    #[test]
    fn templates_of_tests_are_not_the_projects_own() {
        let (ids, notices) = read(&[("app.py", "import boto3"), ("tests/fixtures/stack.yaml", TEMPLATE), ("tests/data.yaml", "a: 1")]);
        assert!(ids.is_empty());
        assert_eq!(notices, ["tests/fixtures/stack.yaml: it is a test or an example and is set aside; name its folder to have it reviewed"]);
    }

    #[test]
    fn examples_are_read_when_there_is_nothing_else() {
        assert_eq!(read(&[("examples/a.yaml", TEMPLATE)]), (vec!["examples/a/It".to_owned()], vec![]));
        let (ids, notices) = read(&[("examples/a.yaml", TEMPLATE), ("examples/b.yaml", TEMPLATE), ("own.yaml", TEMPLATE)]);
        assert_eq!(ids, ["own/It"]);
        assert!(notices[0].contains("as is one other template"), "{notices:?}");
    }

    #[test]
    fn a_test_among_environments_is_one() {
        let (ids, _) = read(&[("infra/test/a.yaml", TEMPLATE), ("infra/prod/a.yaml", TEMPLATE), ("envs/test/b.yaml", TEMPLATE)]);
        assert_eq!(ids, ["envs/test/b/It", "infra/prod/a/It", "infra/test/a/It"]);
    }

    #[test]
    fn a_module_that_is_called_is_the_projects_own() {
        let (topic, call) = ("resource \"aws_sns_topic\" \"it\" {}", "module \"it\" {\n  source = \"../examples/topic\"\n}");
        let (ids, notices) = read(&[("live/main.tf", call), ("examples/topic/main.tf", topic)]);
        assert_eq!((ids, notices), (vec!["module.it.aws_sns_topic.it".to_owned()], vec![]));
    }
}
