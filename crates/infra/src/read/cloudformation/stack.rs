//! Stacks: templates with the arguments that they are given. A nested template may be several stacks, each with its own.

use super::condition::Truth;
use super::template::{Environment, Section, Template};
use crate::attribute::{Attribute, Node};
use crate::inventory::Problem;
use crate::read::document::{Content, Item};
use crate::read::files::beside;
use crate::read::partial;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// CloudFormation itself stops long before; what nests deeper goes in circles.
const NESTING_MAX: usize = 10;

/// A tree of nested stacks that is deployed as one has some tens.
const NESTED_MAX: usize = 500;

/// Values that one root stack may evaluate, counted as in `Stacks::spend`. A stack of 500 resources takes some 30,000.
const BUDGET: u64 = 1_000_000;

/// Expressions within expressions, across parameters, outputs, imports and conditions. Each takes about a kilobyte of the thread's stack.
const DEPTH_MAX: u32 = 250;

/// All stacks of what is read.
pub(crate) struct Stacks<'a> {
    /// Templates with their loops expanded, by the ids of their stacks.
    expanded: &'a BTreeMap<String, Template>,
    pub(super) stacks: Vec<Stack<'a>>,
    pub(super) exports: Vec<Export<'a>>,
    /// Where among the exports a name stands.
    exports_by_name: HashMap<String, Vec<usize>>,
    /// Where among the exports those are of whose name a part cannot be told.
    export_patterns: Vec<usize>,
    /// The stacks by what the ids of their resources begin with.
    pub(super) by_id: HashMap<String, usize>,
    budget: Cell<u64>,
    depth: Cell<u32>,
    problems: RefCell<BTreeSet<Problem>>,
}

/// A template with its arguments.
pub(crate) struct Stack<'a> {
    pub(crate) template: &'a Template,
    /// What the ids of its resources begin with.
    pub(crate) id: String,
    pub(crate) environment: Environment,
    /// The stack that nests it, and what that gives for its parameters.
    pub(super) parent: Option<(usize, Option<&'a Item>)>,
    /// The stacks that it nests, by the name of the resource that does.
    pub(super) nested: HashMap<&'a str, usize>,
    pub(super) conditions: RefCell<HashMap<&'a str, Truth>>,
    pub(super) parameters: RefCell<HashMap<&'a str, Node>>,
}

impl Stack<'_> {
    /// The stack that this resource is, when its resources are read themselves. Its number comes after that of the one that nests it.
    pub(super) fn nested(&self, name: &str) -> Option<usize> {
        self.nested.get(name).copied()
    }
}

/// A value that one stack offers to others.
pub(super) struct Export<'a> {
    /// Its name; a pattern when a part of it cannot be told.
    pub(super) name: String,
    pub(super) stack: usize,
    pub(super) value: &'a Item,
    /// What it comes to, once somebody has asked.
    pub(super) evaluated: RefCell<Option<Node>>,
}

impl<'a> Stacks<'a> {
    /// The stacks of these templates. A template that another one nests is not a stack by itself. `expanded` holds what templates come to
    /// in the stacks whose loops are expanded, by the stacks' ids.
    pub(crate) fn of(templates: &'a [Template], expanded: &'a BTreeMap<String, Template>) -> Stacks<'a> {
        let mut stacks = Stacks {
            expanded,
            stacks: Vec::new(),
            exports: Vec::new(),
            exports_by_name: HashMap::new(),
            export_patterns: Vec::new(),
            by_id: HashMap::new(),
            budget: Cell::new(BUDGET),
            depth: Cell::new(0),
            problems: RefCell::new(BTreeSet::new()),
        };
        let by_file: HashMap<&str, &Template> = templates.iter().map(|template| (template.file.as_str(), template)).collect();
        let nested: HashSet<String> = templates.iter().chain(expanded.values()).flat_map(nested_files).map(|(_, file)| file).collect();
        let ids = ids(templates);
        for (template, id) in templates.iter().zip(&ids) {
            if !nested.contains(&template.file) {
                stacks.add_root(template, id, &by_file);
            }
        }
        // Templates that nest only each other have no beginning; one of them has to be it.
        for (template, id) in templates.iter().zip(&ids) {
            if !stacks.stacks.iter().any(|stack| stack.template.file == template.file) && reaches_itself(template, &by_file) {
                stacks.add_root(template, id, &by_file);
            }
        }
        stacks.find_exports();
        stacks
    }

    /// The stacks with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Stack<'a>)> {
        self.stacks.iter().enumerate()
    }

    /// What was wrong.
    pub(crate) fn into_problems(self) -> BTreeSet<Problem> {
        self.problems.into_inner()
    }

    /// Writes down what is wrong with a stack's template.
    pub(super) fn complain(&self, stack: usize, line: u32, message: String) {
        let file = self.stacks[stack].template.file.clone();
        self.problems.borrow_mut().insert(Problem { file, line: Some(line), message });
    }

    /// Begins to count anew, for the next root stack.
    pub(crate) fn refill(&self) {
        self.budget.set(BUDGET);
    }

    /// Takes from what may still be evaluated; false when nothing is left.
    pub(super) fn spend(&self, cost: u64) -> bool {
        let left = self.budget.get();
        self.budget.set(left.saturating_sub(cost));
        left > cost
    }

    /// Does something one level deeper; `None` when it goes too deep, as what is made of itself does.
    pub(super) fn deeper<T>(&self, f: impl FnOnce() -> T) -> Option<T> {
        if self.depth.get() >= DEPTH_MAX {
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        let result = f();
        self.depth.set(self.depth.get() - 1);
        Some(result)
    }

    fn add_root(&mut self, template: &'a Template, id: &str, by_file: &HashMap<&str, &'a Template>) {
        self.refill();
        let first = self.stacks.len();
        self.add(template, id.to_owned(), template.environment.clone(), None, first, &mut vec![template.file.as_str()], by_file);
    }

    #[expect(clippy::too_many_arguments, reason = "the walk down the nested templates, in one place")]
    fn add(
        &mut self,
        template: &'a Template,
        id: String,
        environment: Environment,
        parent: Option<(usize, Option<&'a Item>)>,
        first: usize,
        above: &mut Vec<&'a str>,
        by_file: &HashMap<&str, &'a Template>,
    ) -> usize {
        let template = self.expanded.get(&id).unwrap_or(template);
        let number = self.stacks.len();
        self.by_id.insert(id.clone(), number);
        self.stacks.push(Stack {
            template,
            id,
            environment,
            parent,
            nested: HashMap::new(),
            conditions: RefCell::default(),
            parameters: RefCell::default(),
        });
        for (name, file) in nested_files(template) {
            let Some(resource) = template.resource(name) else { continue };
            let Some(&nested) = by_file.get(file.as_str()) else {
                self.complain(number, resource.line, format!("the nested template {file} is not here"));
                continue;
            };
            if above.contains(&nested.file.as_str()) {
                self.complain(number, resource.line, format!("the template nests itself by way of {file}"));
                continue;
            }
            if above.len() >= NESTING_MAX || self.stacks.len() - first >= NESTED_MAX {
                let message = format!("templates nest deeper than {NESTING_MAX} levels or into more than {NESTED_MAX} stacks; {file} is left out");
                self.complain(number, resource.line, message);
                continue;
            }
            if self.resource_condition(number, resource) == Truth::False {
                continue;
            }
            let id = format!("{}/{name}", self.stacks[number].id);
            // A nested stack lives where its parent does, under a name that CloudFormation makes up.
            let environment = Environment { stack: None, ..self.stacks[number].environment.clone() };
            above.push(nested.file.as_str());
            let arguments = resource.at(&["Properties", "Parameters"]);
            let child = self.add(nested, id, environment, Some((number, arguments)), first, above, by_file);
            above.pop();
            self.stacks[number].nested.insert(name, child);
        }
        number
    }

    /// The exports that a name, or a pattern of one, may mean.
    pub(super) fn exports_called(&self, name: &str) -> Vec<&Export<'a>> {
        let is_pattern = name.contains("${");
        let exact = self.exports_by_name.get(name).into_iter().flatten().filter(|_| !is_pattern);
        let others: Vec<usize> = if is_pattern { (0..self.exports.len()).collect() } else { self.export_patterns.clone() };
        self.spend(others.len() as u64 / 16);
        let fitting = others.iter().filter(|index| partial::may_be_same(&self.exports[**index].name, name));
        exact.chain(fitting).map(|index| &self.exports[*index]).collect()
    }

    fn find_exports(&mut self) {
        let mut exports = Vec::new();
        for (number, stack) in self.stacks.iter().enumerate() {
            if stack.parent.is_none() {
                self.refill();
            }
            for output in stack.template.section(Section::Outputs) {
                let (Some(name), Some(value)) = (output.value.at(&["Export", "Name"]), output.value.get("Value")) else { continue };
                if self.resource_condition(number, &output.value) == Truth::False {
                    continue;
                }
                let name = match self.evaluate(number, name).attribute {
                    Attribute::Text(name) => name,
                    Attribute::Unknown(why) => partial::pattern(&why).unwrap_or_default().to_owned(),
                    _ => continue,
                };
                if !name.is_empty() {
                    exports.push(Export { name, stack: number, value, evaluated: RefCell::default() });
                }
            }
        }
        for (index, export) in exports.iter().enumerate() {
            match export.name.contains("${") {
                true => self.export_patterns.push(index),
                false => self.exports_by_name.entry(export.name.clone()).or_default().push(index),
            }
        }
        self.exports = exports;
    }
}

/// The resources of a template that nest local templates, with the file that each names.
fn nested_files(template: &Template) -> Vec<(&str, String)> {
    let mut files = Vec::new();
    for entry in template.resources() {
        let location = match entry.value.get("Type").and_then(Item::text) {
            // CDK's own command line names the file of a nested stack beside the address that it is uploaded to.
            Some("AWS::CloudFormation::Stack") => {
                entry.value.at(&["Metadata", "aws:asset:path"]).or_else(|| entry.value.at(&["Properties", "TemplateURL"]))
            }
            Some("AWS::Serverless::Application") => entry.value.at(&["Properties", "Location"]),
            _ => None,
        };
        let Some(location) = location else { continue };
        let local = location.text().and_then(|path| beside(&template.file, path));
        if let Some(file) = local.or_else(|| asset(template, location)) {
            files.push((entry.key.as_str(), file));
        }
    }
    files
}

/// The local file of an address that ends in the name under which it is uploaded, wherever in the expression that stands.
fn asset(template: &Template, location: &Item) -> Option<String> {
    if template.assets.is_empty() {
        return None;
    }
    match &location.content {
        Content::Text(text) => template.assets.get(text.rsplit('/').next()?).cloned(),
        Content::List(items) => items.iter().find_map(|item| asset(template, item)),
        Content::Map(entries) => entries.iter().find_map(|entry| asset(template, &entry.value)),
        Content::Null | Content::Bool(_) | Content::Number(_) => None,
    }
}

/// The files that a template nests, as they are named.
pub(super) fn names_of_nested(template: &Template) -> Vec<String> {
    nested_files(template).into_iter().map(|(_, file)| file).collect()
}

fn reaches_itself(template: &Template, by_file: &HashMap<&str, &Template>) -> bool {
    let mut seen = HashSet::new();
    let mut next: Vec<String> = names_of_nested(template);
    while let Some(file) = next.pop() {
        if file == template.file {
            return true;
        }
        if let Some(nested) = by_file.get(file.as_str())
            && seen.insert(file)
        {
            next.extend(names_of_nested(nested));
        }
    }
    false
}

/// What ids begin with: the stack's name where it is given, else the file without its ending, unless two files differ in that alone.
fn ids(templates: &[Template]) -> Vec<String> {
    let short = |template: &Template| match &template.environment.stack {
        Some(stack) => stack.clone(),
        None => {
            let file = template.file.as_str();
            let end = file.rfind('.').filter(|end| *end > file.rfind('/').map_or(0, |slash| slash + 1));
            end.map_or(file, |end| &file[..end]).to_owned()
        }
    };
    let mut counts: HashMap<String, usize> = HashMap::new();
    for template in templates {
        *counts.entry(short(template)).or_default() += 1;
    }
    let unique = |template: &Template| if counts[&short(template)] == 1 { short(template) } else { template.file.clone() };
    templates.iter().map(unique).collect()
}
