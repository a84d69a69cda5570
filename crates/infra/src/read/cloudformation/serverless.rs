//! The Serverless Framework's `serverless.yml`: CloudFormation's resources under `resources`, and functions from which the framework
//! makes resources of its own.

use crate::read::document::{Content, Entry, Item};
use crate::read::partial;

/// The type of what the framework makes from a function. No kind has it, so that it is listed.
const FUNCTION: &str = "Serverless::Function";

/// What stands for text that the framework fills in.
pub(super) const FILLED_IN: &str = "Fn::Serverless";

/// Whether a file has the name that the framework looks for.
pub(in crate::read) fn is_named(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("serverless.yml" | "serverless.yaml" | "serverless.json"))
}

/// The template in a document of the framework for AWS; `None` when it is another kind of document.
pub(super) fn template(root: &Item) -> Option<Item> {
    let provider = root.get("provider")?;
    let is_aws = provider.text().or(provider.get("name").and_then(Item::text)) == Some("aws");
    if !is_aws || root.get("service").is_none() {
        return None;
    }
    let mut sections: Vec<Entry> = Vec::new();
    // Several documents may be given as a list.
    let resources = root.get("resources");
    let documents = resources.into_iter().flat_map(|one| if one.elements().is_empty() { std::slice::from_ref(one) } else { one.elements() });
    for entry in documents.flat_map(Item::entries) {
        let value = filled(&entry.value);
        match sections.iter_mut().find(|section| section.key == entry.key) {
            Some(section) => add(&mut section.value, value),
            None => sections.push(Entry { key: entry.key.clone(), line: entry.line, value }),
        }
    }
    let functions: Vec<Entry> = root.get("functions").map_or(&[][..], Item::entries).iter().map(function).collect();
    if !functions.is_empty() {
        let line = functions[0].line;
        let functions = Item { line, content: Content::Map(functions) };
        match sections.iter_mut().find(|section| section.key == "Resources") {
            Some(section) => add(&mut section.value, functions),
            None => sections.push(Entry { key: "Resources".to_owned(), line, value: functions }),
        }
    }
    Some(Item { line: root.line, content: Content::Map(sections) })
}

/// A function as a resource; the name that the framework gives it.
fn function(entry: &Entry) -> Entry {
    let item = |content| Item { line: entry.line, content };
    let type_name = Entry { key: "Type".to_owned(), line: entry.line, value: item(Content::Text(FUNCTION.to_owned())) };
    Entry { key: entry.key.clone(), line: entry.line, value: item(Content::Map(vec![type_name])) }
}

fn add(section: &mut Item, more: Item) {
    if let (Content::Map(entries), Content::Map(more)) = (&mut section.content, more.content) {
        entries.extend(more);
    }
}

/// A value in which text with a variable of the framework is marked as such.
fn filled(item: &Item) -> Item {
    let content = match &item.content {
        Content::Text(text) if has_variable(text) => {
            let text = Item { line: item.line, content: Content::Text(text.clone()) };
            Content::Map(vec![Entry { key: FILLED_IN.to_owned(), line: item.line, value: text }])
        }
        // `Fn::Sub` leaves nothing to tell when a part of its text is the framework's.
        Content::Map(entries) => match entries.as_slice() {
            [entry] if entry.key == "Fn::Sub" && entry.value.text().is_some_and(has_variable) => return filled(&entry.value),
            _ => Content::Map(entries.iter().map(|entry| Entry { key: entry.key.clone(), line: entry.line, value: filled(&entry.value) }).collect()),
        },
        Content::List(items) => Content::List(items.iter().map(filled).collect()),
        scalar => scalar.clone(),
    };
    Item { line: item.line, content }
}

/// Whether a text holds `${self:…}`, `${opt:…}`, `${env:…}` or another such variable. CloudFormation's own have two colons or none.
fn has_variable(text: &str) -> bool {
    text.split("${").skip(1).any(|rest| {
        let name = rest.split('}').next().unwrap_or_default();
        name.split_once(':').is_some_and(|(_, after)| !after.starts_with(':')) || name.starts_with("file(")
    })
}

/// Why text that the framework fills in cannot be told.
pub(super) fn why(text: &str) -> String {
    partial::why(text, &["the Serverless Framework fills it in".to_owned()])
}

#[cfg(test)]
mod tests {
    use crate::inventory::data::Database;
    use crate::read::{Files, Options, read_files};

    #[test]
    fn its_resources_are_read_and_its_functions_listed() {
        let text = "service: api
provider: {name: aws, runtime: python3.13}
functions:
  main: {handler: a.b}
resources:
  Resources:
    Db:
      Type: AWS::RDS::DBInstance
      Properties: {Engine: postgres, DBInstanceClass: '${self:custom.class}', PubliclyAccessible: true}
";
        let files = Files::in_memory([("serverless.yml".to_owned(), text.as_bytes().to_vec())]);
        let inventory = read_files(&files, &Options::default());
        assert_eq!(inventory.problems, []);
        let (_, database) = inventory.all::<Database>().next().unwrap();
        assert_eq!(database.public.known(), Some(&true));
        assert!(database.class.is_unknown(), "{:?}", database.class);
        let listed: Vec<_> = inventory.unrecognised.iter().map(|one| (one.id.as_str(), one.type_name.as_str(), one.origin.line)).collect();
        assert_eq!(listed, [("serverless/main", "Serverless::Function", 4)]);
    }
}
