//! A template before anything in it is evaluated: its sections and where they are.

use super::repeat::is_loop;
use super::serverless;
use crate::inventory::{Language, Problem};
use crate::read::document::{self, Document, Entry, Item};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What a template is deployed into, as far as somebody says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Environment {
    /// Such as `us-east-1`.
    pub(crate) region: Option<String>,
    /// Twelve digits.
    pub(crate) account: Option<String>,
    /// The name of the stack.
    pub(crate) stack: Option<String>,
}

/// A template.
#[derive(Debug)]
pub(crate) struct Template {
    /// Relative to the root.
    pub(crate) file: String,
    /// The language that its author wrote.
    pub(crate) language: Language,
    /// What it is deployed into.
    pub(crate) environment: Environment,
    /// Local files by the name under which CDK uploads them, which is how its templates name nested ones.
    pub(crate) assets: Arc<BTreeMap<String, String>>,
    /// What is wrong with it, though it could be read.
    pub(crate) problems: Vec<Problem>,
    root: Item,
    /// Where in its section a name stands.
    places: [HashMap<String, usize>; 5],
}

/// Sections in which names are looked up.
#[derive(Clone, Copy)]
pub(crate) enum Section {
    Resources,
    Parameters,
    Conditions,
    Mappings,
    Outputs,
}

impl Template {
    /// The template in these bytes; `None` when they are a document of another kind.
    pub(crate) fn read(file: &str, bytes: &[u8], language: Language) -> Result<Option<Template>, document::Error> {
        let Document { root, complaints } = document::read(bytes)?;
        let root = match serverless::template(&root) {
            Some(template) => template,
            None if is_template(&root) => root,
            None => return Ok(None),
        };
        let problems = complaints.iter().map(|complaint| complaint.in_file(file)).collect();
        let (file, places) = (file.to_owned(), places(&root));
        Ok(Some(Template { file, language, environment: Environment::default(), assets: Arc::default(), problems, root, places }))
    }

    /// All of the document.
    pub(crate) fn root(&self) -> &Item {
        &self.root
    }

    /// The same template with another text, in which loops are expanded.
    pub(crate) fn with_root(&self, root: Item) -> Template {
        let (file, environment, assets, problems) = (self.file.clone(), self.environment.clone(), self.assets.clone(), self.problems.clone());
        Template { file, language: self.language, environment, assets, problems, places: places(&root), root }
    }

    /// The declared resources, in their order.
    pub(crate) fn resources(&self) -> &[Entry] {
        self.section(Section::Resources)
    }

    /// The declared resource of this name.
    pub(crate) fn resource(&self, name: &str) -> Option<&Item> {
        self.named(Section::Resources, name)
    }

    /// The entries of a section.
    pub(crate) fn section(&self, section: Section) -> &[Entry] {
        entries(&self.root, section)
    }

    /// The entry of a section under a name.
    pub(crate) fn entry(&self, section: Section, name: &str) -> Option<&Entry> {
        self.places[section as usize].get(name).map(|place| &self.section(section)[*place])
    }

    /// What a section says under a name.
    pub(crate) fn named(&self, section: Section, name: &str) -> Option<&Item> {
        self.entry(section, name).map(|entry| &entry.value)
    }

    /// SAM's `Globals` for a kind of resource, such as `Function`.
    pub(crate) fn globals(&self, kind: &str) -> Option<&Item> {
        self.root.at(&["Globals", kind])
    }

    /// The transforms that the service would run, with the line of each.
    pub(crate) fn transforms(&self) -> Vec<(String, u32)> {
        let Some(transform) = self.root.get("Transform") else { return Vec::new() };
        let several = transform.elements().iter();
        std::iter::once(transform).chain(several).filter_map(|item| Some((item.text()?.to_owned(), item.line))).collect()
    }

    /// Whether the service runs the transform that knows loops.
    pub(crate) fn has_language_extensions(&self) -> bool {
        self.transforms().iter().any(|(name, _)| name == "AWS::LanguageExtensions")
    }

    /// Whether SAM expands it.
    pub(crate) fn is_sam(&self) -> bool {
        self.transforms().iter().any(|(name, _)| name.starts_with("AWS::Serverless-"))
    }
}

impl Section {
    const ALL: [Section; 5] = [Section::Resources, Section::Parameters, Section::Conditions, Section::Mappings, Section::Outputs];

    /// As templates spell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Section::Resources => "Resources",
            Section::Parameters => "Parameters",
            Section::Conditions => "Conditions",
            Section::Mappings => "Mappings",
            Section::Outputs => "Outputs",
        }
    }
}

/// Where in each section a name stands.
fn places(root: &Item) -> [HashMap<String, usize>; 5] {
    Section::ALL.map(|section| {
        let mut places = HashMap::new();
        for (place, entry) in entries(root, section).iter().enumerate() {
            // A name that is given twice was complained about; the first is read.
            places.entry(entry.key.clone()).or_insert(place);
        }
        places
    })
}

fn entries(root: &Item, section: Section) -> &[Entry] {
    root.get(section.name()).map_or(&[], Item::entries)
}

/// Whether a document is a template: it says so, or it declares resources of AWS types.
fn is_template(root: &Item) -> bool {
    let says_so = root.get("AWSTemplateFormatVersion").is_some();
    let resources = root.get("Resources").map_or(&[][..], Item::entries);
    let declares = resources.iter().filter_map(|resource| resource.value.get("Type")?.text()).any(is_type);
    declares || resources.iter().any(is_loop) || says_so && root.get("Resources").is_some()
}

/// Whether a text is the name of a resource type.
fn is_type(text: &str) -> bool {
    ["AWS::", "Custom::", "Alexa::"].iter().any(|prefix| text.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_read(text: &str) -> bool {
        Template::read("a", text.as_bytes(), Language::CloudFormation).unwrap().is_some()
    }

    #[test]
    fn a_template_is_known_by_what_it_says() {
        assert!(is_read("Resources: {A: {Type: 'AWS::S3::Bucket'}}"));
        assert!(is_read("AWSTemplateFormatVersion: '2010-09-09'\nResources: {}"));
        assert!(is_read("{\"Resources\": {\"A\": {\"Type\": \"Custom::Thing\"}}}"));
    }

    #[test]
    fn other_documents_are_not_templates() {
        assert!(!is_read("Resources: {A: {Type: Deployment}}"));
        assert!(!is_read("kind: List\nitems: [{Type: 'AWS::S3::Bucket'}]"));
        assert!(!is_read("[1, 2]"));
        assert!(!is_read(""));
    }
}
