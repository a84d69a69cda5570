//! What names stand for: parameters with what they are given, pseudo parameters, resources and their attributes, outputs of nested stacks.

use super::condition::Truth;
use super::evaluate::{unknown, weight};
use super::stack::{Stack, Stacks};
use super::template::Section;
use super::text;
use crate::attribute::{Attribute, Node};
use crate::read::document::{Content, Item};
use crate::read::partial;

impl<'a> Stacks<'a> {
    /// What `Ref` gives for a name.
    pub(super) fn reference(&self, stack: usize, name: &str, line: u32) -> Node {
        let this = &self.stacks[stack];
        if let Some(node) = pseudo(this, name, line) {
            return node;
        }
        if let Some(mut node) = self.parameter(stack, name) {
            node.line = line;
            return node;
        }
        self.resource(stack, name, None, line)
    }

    /// What `Fn::GetAtt` gives.
    pub(super) fn get_att(&self, stack: usize, argument: &'a Item, line: u32) -> Node {
        let (name, attribute) = match &argument.content {
            Content::Text(path) => match path.split_once('.') {
                Some((name, attribute)) => (name.to_owned(), attribute.to_owned()),
                None => return unknown("Fn::GetAtt takes a resource and an attribute", line),
            },
            Content::List(parts) => match parts.as_slice() {
                [name, attribute] => match (self.name(stack, name), self.name(stack, attribute)) {
                    (Some(name), Some(attribute)) => (name, attribute),
                    _ => return unknown("Fn::GetAtt takes a resource and an attribute", line),
                },
                _ => return unknown("Fn::GetAtt takes a resource and an attribute", line),
            },
            _ => return unknown("Fn::GetAtt takes a resource and an attribute", line),
        };
        self.attribute(stack, &name, &attribute, line)
    }

    /// An attribute of a resource.
    pub(super) fn attribute(&self, stack: usize, name: &str, attribute: &str, line: u32) -> Node {
        let this = &self.stacks[stack];
        let Some(resource) = this.template.resource(name) else {
            return self.resource(stack, name, Some(attribute), line);
        };
        let type_name = resource.get("Type").and_then(Item::text).unwrap_or_default();
        let is_nested = matches!(type_name, "AWS::CloudFormation::Stack" | "AWS::Serverless::Application");
        if let Some(output) = attribute.strip_prefix("Outputs.").filter(|_| is_nested) {
            return match this.nested.get(name) {
                Some(&nested) => self.output(nested, output, line),
                None => unknown(&format!("it is output {output} of stack {name}, whose template is not here"), line),
            };
        }
        if attribute == "CidrBlock"
            && type_name == "AWS::EC2::VPC"
            && let Some(cidr) = resource.at(&["Properties", "CidrBlock"])
        {
            // The one attribute that templates calculate with, and it is the property.
            return self.evaluate(stack, cidr);
        }
        self.resource(stack, name, Some(attribute), line)
    }

    fn resource(&self, stack: usize, name: &str, attribute: Option<&str>, line: u32) -> Node {
        let this = &self.stacks[stack];
        let is_there = match this.template.resource(name) {
            Some(resource) => self.resource_condition(stack, resource) != Truth::False,
            None if self.spend(this.template.resources().len() as u64 / 16) && is_made_by_sam(this, name) => true,
            None => {
                self.complain(stack, line, format!("{name} names no parameter and no resource of the template"));
                return unknown(&format!("{name} names nothing"), line);
            }
        };
        if !is_there {
            return unknown(&format!("{name} is not there, by its condition"), line);
        }
        let resource = format!("{}/{name}", this.id);
        Node::new(Attribute::Reference { resource, attribute: attribute.map(str::to_owned) }, line)
    }

    fn output(&self, stack: usize, name: &str, line: u32) -> Node {
        let value = self.stacks[stack].template.named(Section::Outputs, name).and_then(|output| output.get("Value"));
        match value {
            Some(value) => {
                let mut node = self.evaluate(stack, value);
                node.line = line;
                node
            }
            None => {
                let file = &self.stacks[stack].template.file;
                unknown(&format!("{file} has no output {name}"), line)
            }
        }
    }

    /// What a parameter is given, or its default; `None` when there is no such parameter.
    fn parameter(&self, stack: usize, name: &str) -> Option<Node> {
        let this = &self.stacks[stack];
        let declared = this.template.entry(Section::Parameters, name)?;
        if let Some(known) = this.parameters.borrow().get(name) {
            self.spend(weight(known));
            return Some(known.clone());
        }
        let given = this.parent.and_then(|(parent, arguments)| {
            self.spend(arguments?.entries().len() as u64 / 16);
            Some((parent, arguments?.get(name)?))
        });
        let value = match (given, declared.value.get("Default")) {
            (Some((parent, argument)), _) => self.evaluate(parent, argument),
            (None, Some(default)) => default.node(),
            (None, None) => unknown(&partial::without_default(name), declared.line),
        };
        let type_name = declared.value.get("Type").and_then(Item::text).unwrap_or("String");
        let value = match &value.attribute {
            Attribute::Unknown(why) if is_list(type_name) => self.split_pattern(why, ",", value.line),
            _ => typed(value, type_name, name),
        };
        this.parameters.borrow_mut().insert(&declared.key, value.clone());
        Some(value)
    }
}

/// A parameter's value as its type says.
fn typed(value: Node, type_name: &str, name: &str) -> Node {
    let line = value.line;
    if type_name.starts_with("AWS::SSM::Parameter::Value") {
        return match value.text() {
            crate::Value::Known(path) => unknown(&format!("parameter {name} is read from Systems Manager at deployment: {path}"), line),
            _ => value,
        };
    }
    let is_list = is_list(type_name);
    match &value.attribute {
        Attribute::Text(text) if is_list && text.is_empty() => Node::new(Attribute::List(Vec::new()), line),
        Attribute::Text(text) if is_list => {
            let items = text.split(',').map(|item| text::resolved(item.trim(), line));
            Node::new(Attribute::List(items.collect()), line)
        }
        // A list that is passed on whole, and one thing that is passed where several may be.
        Attribute::Number(_) | Attribute::Bool(_) | Attribute::Reference { .. } if is_list => Node::new(Attribute::List(vec![value]), line),
        Attribute::Text(text) => text::resolved(text, line),
        // A parameter that is not a list is text, whatever its default looks like.
        Attribute::Number(_) | Attribute::Bool(_) => match value.text() {
            crate::Value::Known(text) => Node::new(Attribute::Text(text), line),
            _ => value,
        },
        _ => value,
    }
}

fn is_list(type_name: &str) -> bool {
    type_name == "CommaDelimitedList" || type_name.starts_with("List<")
}

fn pseudo(stack: &Stack<'_>, name: &str, line: u32) -> Option<Node> {
    let environment = &stack.environment;
    let region = environment.region.as_deref();
    let is_china = |region: &str| region.starts_with("cn-");
    let known = match name {
        "AWS::NoValue" => return Some(Node::new(Attribute::Null, line)),
        "AWS::Region" => region.map(str::to_owned),
        "AWS::AccountId" => environment.account.clone(),
        "AWS::StackName" => environment.stack.clone(),
        "AWS::Partition" => region.map(|region| {
            let is_government = region.starts_with("us-gov-");
            let partition = if is_china(region) { "aws-cn" } else { "aws" };
            if is_government { "aws-us-gov".to_owned() } else { partition.to_owned() }
        }),
        "AWS::URLSuffix" => region.map(|region| if is_china(region) { "amazonaws.com.cn".to_owned() } else { "amazonaws.com".to_owned() }),
        "AWS::StackId" | "AWS::NotificationARNs" => None,
        _ => return None,
    };
    Some(match known {
        Some(text) => Node::new(Attribute::Text(text), line),
        None => unknown(&format!("{name} is known only at deployment"), line),
    })
}

/// Whether SAM makes a resource of this name from those of the template: `ApiRole` from the function `Api`, and the implicit APIs.
fn is_made_by_sam(stack: &Stack<'_>, name: &str) -> bool {
    if !stack.template.is_sam() {
        return false;
    }
    if name.starts_with("ServerlessRestApi") || name.starts_with("ServerlessHttpApi") {
        return true;
    }
    let is_serverless = |item: &Item| item.get("Type").and_then(Item::text).is_some_and(|type_name| type_name.starts_with("AWS::Serverless::"));
    let longer = stack.template.resources().iter().filter(|entry| name.len() > entry.key.len() && name.starts_with(entry.key.as_str()));
    longer.filter(|entry| is_serverless(&entry.value)).any(|entry| {
        let rest = &name[entry.key.len()..];
        ["Role", "Url", "Version", "Alias", "Stage", "ApiKey", "UsagePlan", ".Version", ".Alias"].iter().any(|made| rest.starts_with(made))
            || rest.ends_with("Stage")
    })
}
