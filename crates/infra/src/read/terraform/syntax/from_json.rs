//! From JSON: objects are blocks where Terraform expects blocks, strings are templates.

use super::{Block, Body, Expression, ExpressionKind, expression_from_hcl, template_from_hcl};
use crate::attribute::{Attribute, Node};

/// How many labels the blocks of each kind have at the top of a file.
const LABELS: &[(&str, usize)] = &[
    ("resource", 2),
    ("data", 2),
    ("ephemeral", 2),
    ("module", 1),
    ("variable", 1),
    ("output", 1),
    ("provider", 1),
    ("locals", 0),
    ("terraform", 0),
];

/// A file's body.
pub(crate) fn body(node: &Node) -> Body {
    let mut body = Body::default();
    let Attribute::Map(kinds) = &node.attribute else { return body };
    for (kind, node) in kinds {
        let labels = LABELS.iter().find(|(name, _)| name == kind).map_or(0, |(_, labels)| *labels);
        labelled(&mut body.blocks, kind, labels, &mut Vec::new(), node);
    }
    body
}

fn labelled(blocks: &mut Vec<Block>, kind: &str, labels_left: usize, labels: &mut Vec<String>, node: &Node) {
    for node in node.items() {
        let Attribute::Map(entries) = &node.attribute else { continue };
        if labels_left == 0 {
            let mut body = inner(node);
            for (name, value) in &mut body.attributes {
                // A type is written as in HCL.
                if kind == "variable"
                    && name == "type"
                    && let Some(Ok(parsed)) = value.as_text().map(|text| expression_from_hcl(text, value.line))
                {
                    *value = parsed;
                }
            }
            blocks.push(Block { kind: kind.to_owned(), labels: labels.clone(), body, line: node.line });
            continue;
        }
        for (label, node) in entries {
            labels.push(label.clone());
            labelled(blocks, kind, labels_left - 1, labels, node);
            labels.pop();
        }
    }
}

/// What stands in a block. Blocks within it stay objects, which read the same; dynamic ones become blocks.
fn inner(node: &Node) -> Body {
    let mut body = Body::default();
    let Attribute::Map(entries) = &node.attribute else { return body };
    for (name, node) in entries {
        match name.as_str() {
            "dynamic" => {
                let mut blocks = Vec::new();
                labelled(&mut blocks, "dynamic", 1, &mut Vec::new(), node);
                for block in &mut blocks {
                    block.body.blocks = content(node, &block.labels);
                    block.body.attributes.retain(|(name, _)| name != "content");
                }
                body.blocks.append(&mut blocks);
            }
            // Comments, by Terraform's convention.
            "//" => {}
            _ => body.attributes.push((name.clone(), value(node))),
        }
    }
    body
}

fn content(dynamic: &Node, labels: &[String]) -> Vec<Block> {
    let label = labels.first().map_or("", String::as_str);
    let content = dynamic.items().into_iter().find_map(|node| node.get(label)).and_then(|node| node.at(&["content"]));
    content.map(|node| Block { kind: "content".to_owned(), labels: Vec::new(), body: inner(node), line: node.line }).into_iter().collect()
}

/// A value; what is no template although it looks like one is the text itself.
pub(crate) fn value(node: &Node) -> Expression {
    let kind = match &node.attribute {
        Attribute::List(items) => ExpressionKind::List(items.iter().map(value).collect()),
        Attribute::Map(entries) => ExpressionKind::Object(entries.iter().map(|(name, node)| (template(name, node.line), value(node))).collect()),
        Attribute::Text(text) => return template(text, node.line),
        other => ExpressionKind::Literal(other.clone()),
    };
    Expression { kind, line: node.line }
}

fn template(text: &str, line: u32) -> Expression {
    let literal = || Expression { kind: ExpressionKind::Literal(Attribute::Text(text.to_owned())), line };
    if text.contains("${") || text.contains("%{") { template_from_hcl(text, line).unwrap_or_else(|_| literal()) } else { literal() }
}
