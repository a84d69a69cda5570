//! CloudFormation and SAM templates to an inventory.
//!
//! Templates become stacks with arguments, expressions are evaluated, and each declared resource gets its type. A resource whose
//! condition does not hold is not in the inventory; one whose condition cannot be told is, with a note.

mod cidr;
mod condition;
mod evaluate;
pub(crate) mod map;
mod reference;
mod repeat;
pub(super) mod serverless;
mod stack;
pub(crate) mod template;
mod text;

use crate::attribute::{Attribute, Node};
use crate::inventory::{Inventory, Origin, Problem, Unrecognised};
use crate::read::document::Item;
use condition::Truth;
use stack::Stacks;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use template::{Section, Template};

/// More names than these say no more to whoever reads that they are left out.
const LEFT_OUT_NAMED: usize = 5;

/// A declared resource with its properties evaluated.
#[derive(Debug)]
pub(crate) struct Declared {
    /// Unique in the inventory.
    pub(crate) id: String,
    /// Such as `AWS::ECS::Service`.
    pub(crate) type_name: String,
    /// Where it is declared.
    pub(crate) origin: Origin,
    /// The region of its stack, when it is known.
    pub(crate) region: Option<String>,
    /// Its properties.
    pub(crate) properties: Node,
    /// Why it cannot be told whether it is there at all, when it cannot.
    pub(crate) doubt: Option<String>,
}

/// The inventory of these templates.
pub(crate) fn read(templates: &[Template]) -> Inventory {
    // Loops are expanded a level at a time; each turn brings at least one of them to an end.
    let mut expanded = BTreeMap::new();
    loop {
        let more = Stacks::of(templates, &expanded).repeated();
        if more.is_empty() {
            break;
        }
        expanded.extend(more);
    }
    let stacks = Stacks::of(templates, &expanded);
    let mut unread = Vec::new();
    let mut declared = Vec::new();
    // Of the stacks within others, by their number: what is in one may not be there when the stack may not.
    let mut doubts: HashMap<usize, String> = HashMap::new();
    // By file and reason, what only the default of a parameter leaves out.
    let mut left_out: BTreeMap<(String, String), Vec<(u32, String)>> = BTreeMap::new();
    let mut languages = BTreeSet::new();
    for (number, stack) in stacks.iter() {
        languages.insert(stack.template.language);
        if stack.parent.is_none() {
            stacks.refill();
        }
        for section in [Section::Conditions, Section::Resources, Section::Outputs] {
            for entry in stack.template.section(section).iter().filter(|entry| repeat::is_loop(entry)) {
                stacks.complain(number, entry.line, stacks.why_unread(number, entry));
            }
        }
        for entry in stack.template.resources() {
            if repeat::is_loop(entry) {
                let origin = Origin { file: stack.template.file.clone(), line: entry.line, path: format!("Resources.{}", entry.key) };
                unread.push(Unrecognised { id: format!("{}/{}", stack.id, entry.key), type_name: "Fn::ForEach".to_owned(), origin });
                continue;
            }
            let Some(type_name) = entry.value.get("Type").and_then(Item::text) else {
                let what = if entry.key.starts_with("Fn::") { "is a function whose resources are not expanded here" } else { "has no Type" };
                stacks.complain(number, entry.line, format!("{} {what}", entry.key));
                continue;
            };
            // CDK's own bookkeeping.
            if type_name == "AWS::CDK::Metadata" {
                continue;
            }
            let id = format!("{}/{}", stack.id, entry.key);
            let doubt = match stacks.resource_condition(number, &entry.value) {
                Truth::True => doubts.get(&number).cloned(),
                Truth::False => {
                    if let Some(why) = stacks.may_yet_be(number, &entry.value) {
                        left_out.entry((stack.template.file.clone(), why)).or_default().push((entry.line, entry.key.clone()));
                    }
                    continue;
                }
                Truth::Unknown(why) => Some(why),
            };
            if let Some(nested) = stack.nested(&entry.key) {
                doubts.extend(doubt.map(|why| (nested, why)));
                continue;
            }
            let properties = match entry.value.get("Properties") {
                Some(properties) => stacks.evaluate(number, properties),
                None => Node::new(Attribute::Map(BTreeMap::new()), entry.line),
            };
            let properties = map::sam::with_globals(&stacks, number, type_name, properties);
            let origin = Origin { file: stack.template.file.clone(), line: entry.line, path: format!("Resources.{}", entry.key) };
            declared.push(Declared { id, type_name: type_name.to_owned(), origin, region: stack.environment.region.clone(), properties, doubt });
        }
        if stack.template.is_sam() {
            map::sam::add_implicit_apis(&mut declared, &stacks, number);
        }
    }
    let mut problems: BTreeSet<Problem> = templates.iter().flat_map(|template| template.problems.iter().cloned()).collect();
    problems.extend(templates.iter().flat_map(macros));
    problems.extend(stacks.into_problems());
    let mut inventory = map::map(&declared);
    inventory.unrecognised.extend(unread);
    inventory.notices.extend(left_out.into_iter().filter_map(|((file, why), names)| Some(not_there(file, &why, names.first()?.0, &names))));
    inventory.problems = problems.into_iter().collect();
    inventory.languages = languages.into_iter().collect();
    inventory
}

/// Resources that another value of a parameter would bring are neither judged nor priced, which has to be said.
fn not_there(file: String, why: &str, line: u32, names: &[(u32, String)]) -> Problem {
    let listed: Vec<&str> = names.iter().take(LEFT_OUT_NAMED).map(|(_, name)| name.as_str()).collect();
    let more = names.len().saturating_sub(LEFT_OUT_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let verb = if names.len() == 1 { "is" } else { "are" };
    Problem { file, line: Some(line), message: format!("{}{more} {verb} declared and left out: {why}", listed.join(", ")) }
}

/// Macros that the service would run on a template, which is read as it is written.
fn macros(template: &Template) -> Vec<Problem> {
    let known =
        |name: &str| name.starts_with("AWS::Serverless-") || name.starts_with("AWS::LanguageExtensions") || name.starts_with("AWS::SecretsManager-");
    let unknown = template.transforms().into_iter().filter(|(name, _)| !known(name));
    let problem = |(name, line)| Problem {
        file: template.file.clone(),
        line: Some(line),
        message: format!("the macro {name} changes this template when it is deployed; it is read as it is written"),
    };
    unknown.map(problem).collect()
}

/// The files that these templates nest, as far as they name local ones.
pub(crate) fn nested(templates: &[Template]) -> Vec<String> {
    templates.iter().flat_map(stack::names_of_nested).collect()
}
