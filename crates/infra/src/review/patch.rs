//! Remedies as edits of the file that declares the resource. Where the file does not read as expected there is no edit, and the words stay.

use super::source::{File, Sources, sets};
use crate::inventory::{Inventory, Resource};
use crate::rules::{Change, Setting};
use serde::Serialize;

/// An edit: the text between two points gives way to another. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Patch {
    /// The file.
    pub file: String,
    /// Where the old text begins.
    pub start_line: u32,
    /// Its first column.
    pub start_column: u32,
    /// Where the old text ends.
    pub end_line: u32,
    /// The column after its last.
    pub end_column: u32,
    /// The new text.
    pub text: String,
}

/// A language that an edit is written in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Hcl,
    Yaml,
    Json,
}

/// The edits that make these changes to a resource; none when one of them cannot be made.
pub(crate) fn edits(changes: &[Change], resource: &Resource, sources: &Sources) -> Vec<Patch> {
    let file = &resource.origin.file;
    // What a tool has written is not edited by hand.
    if file.contains("cdk.out/") || changes.is_empty() {
        return Vec::new();
    }
    let Some(text) = sources.file(file) else { return Vec::new() };
    let Some(form) = form(file, text.text()) else { return Vec::new() };
    let range = text.block(resource.origin.line);
    let declaration = Declaration { file, text, first: *range.start(), last: *range.end(), form };
    changes.iter().map(|change| declaration.edit(change)).collect::<Option<Vec<Patch>>>().unwrap_or_default()
}

fn form(file: &str, text: &str) -> Option<Form> {
    match file.rsplit_once('.').map(|(_, ending)| ending) {
        Some("tf") => Some(Form::Hcl),
        Some("json" | "template") if text.trim_start().starts_with('{') => Some(Form::Json),
        Some("yaml" | "yml" | "template") => Some(Form::Yaml),
        _ => None,
    }
}

struct Declaration<'a> {
    file: &'a str,
    text: &'a File,
    first: u32,
    last: u32,
    form: Form,
}

impl Declaration<'_> {
    fn edit(&self, change: &Change) -> Option<Patch> {
        match change {
            Change::Set { cloudformation, terraform } => {
                self.set(if self.form == Form::Hcl { terraform.as_ref()? } else { cloudformation.as_ref()? })
            }
            Change::Replace { line, from, to } => self.replace(*line, from, to),
            Change::Remove { settings } => {
                let at = settings.iter().find_map(|setting| self.find(setting))?;
                // Nothing but a value on the same line is taken away.
                self.is_alone(at).then(|| Patch {
                    file: self.file.to_owned(),
                    start_line: at,
                    start_column: 1,
                    end_line: at + 1,
                    end_column: 1,
                    text: String::new(),
                })
            }
        }
    }

    fn set(&self, setting: &Setting) -> Option<Patch> {
        let body = self.body(setting.within)?;
        let indent = self.indent_below(body);
        let own = self.child(body, setting.name);
        match (own, setting.inner) {
            (Some(at), "") => self.revalued(at, &setting.value),
            (Some(holder), inner) => match self.child(holder, inner) {
                Some(at) => self.revalued(at, &setting.value),
                None if opens(self.line(holder)) => {
                    let beside = setting.beside.filter(|(name, _)| self.child(holder, name).is_none());
                    let lines: Vec<String> =
                        [(inner, setting.value.as_str())].into_iter().chain(beside).map(|(name, value)| self.assignment(name, value)).collect();
                    self.inserted(holder, self.indent_below(holder), &lines)
                }
                None => None,
            },
            (None, "") => self.inserted(body, indent, &[self.assignment(setting.name, &setting.value)]),
            (None, inner) => {
                let inside = || [(inner, setting.value.as_str())].into_iter().chain(setting.beside).map(|(name, value)| self.assignment(name, value));
                let (opening, closing) = match self.form {
                    Form::Hcl => (format!("{} {{", setting.name), Some("}".to_owned())),
                    Form::Yaml => (format!("{}:", setting.name), None),
                    Form::Json => {
                        let inside = inside().collect::<Vec<_>>().join(" ");
                        (format!("\"{}\": {{ {} }},", setting.name, inside.trim_end_matches(',')), None)
                    }
                };
                let inside = inside().filter(|_| self.form != Form::Json).map(|line| format!("  {line}"));
                let lines: Vec<String> = std::iter::once(opening).chain(inside).chain(closing).collect();
                self.inserted(body, indent, &lines)
            }
        }
    }

    /// The line of a setting right below what holds it; deeper ones of the same name mean something else.
    fn child(&self, holder: u32, setting: &str) -> Option<u32> {
        let indent = self.indent_below(holder);
        let range = self.text.block(holder);
        range.skip(1).filter(|at| *at <= self.last).find(|at| self.indent(*at) == indent && sets(self.line(*at), setting))
    }

    fn indent(&self, number: u32) -> usize {
        let line = self.line(number);
        line.len() - line.trim_start().len()
    }

    fn assignment(&self, name: &str, value: &str) -> String {
        match self.form {
            Form::Hcl => format!("{name} = {value}"),
            Form::Yaml => format!("{name}: {value}"),
            Form::Json => format!("\"{name}\": {},", json(value)),
        }
    }

    /// The line after which a resource's settings stand.
    fn body(&self, within: &str) -> Option<u32> {
        let at = match (self.form, within) {
            (Form::Hcl, "") => self.first,
            (_, "") => self.find("Properties")?,
            (_, within) => self.find(within)?,
        };
        opens(self.line(at)).then_some(at)
    }

    fn line(&self, number: u32) -> &str {
        self.text.line(number)
    }

    fn find(&self, setting: &str) -> Option<u32> {
        // The first line names the resource, which may be called like a setting.
        (self.first + 1..=self.last).find(|number| sets(self.line(*number), setting))
    }

    /// The indentation of what stands below a line, as its neighbours have it.
    fn indent_below(&self, at: u32) -> usize {
        let indent = |line: &str| line.len() - line.trim_start().len();
        let here = indent(self.line(at));
        let next = (at + 1..=self.last).map(|number| self.line(number)).find(|line| !line.trim().is_empty()).map_or(0, indent);
        if next > here { next } else { here + 2 }
    }

    fn inserted(&self, at: u32, indent: usize, lines: &[String]) -> Option<Patch> {
        let closes = self.line(at + 1).trim_start().starts_with('}');
        let mut text = String::new();
        for (at, line) in lines.iter().enumerate() {
            let closes = closes && at + 1 == lines.len();
            text.push_str(self.text.line_end());
            text.push_str(&" ".repeat(indent));
            // The last member of an object in JSON has no comma behind it.
            text.push_str(if self.form == Form::Json && closes { line.trim_end_matches(',') } else { line });
        }
        let column = columns(self.line(at)) + 1;
        Some(Patch { file: self.file.to_owned(), start_line: at, start_column: column, end_line: at, end_column: column, text })
    }

    /// The line of a setting with another value; a comment behind it stays.
    fn revalued(&self, at: u32, value: &str) -> Option<Patch> {
        let line = self.line(at);
        let sign = if self.form == Form::Hcl { '=' } else { ':' };
        let (name, rest) = line.split_once(sign)?;
        if rest.trim().is_empty() || !self.is_alone(at) {
            return None;
        }
        let end = match self.form {
            Form::Json => rest.trim_end().trim_end_matches(',').len(),
            _ => rest.find(" #").map_or(rest.trim_end().len(), |comment| rest[..comment].trim_end().len()),
        };
        let value = if self.form == Form::Json { json(value) } else { value.to_owned() };
        let start = columns(name) + 2;
        Some(Patch {
            file: self.file.to_owned(),
            start_line: at,
            start_column: start,
            end_line: at,
            end_column: start + columns(&rest[..end]),
            text: format!(" {value}"),
        })
    }

    /// Whether a setting's value stands on its line alone: nothing is open at its end, and nothing deeper follows.
    fn is_alone(&self, at: u32) -> bool {
        let line = self.line(at);
        let closed = |open: char, close: char| line.matches(open).count() == line.matches(close).count();
        let next = (at + 1..=self.last).find(|number| !self.line(*number).trim().is_empty());
        // A list in YAML may stand as deep as its name.
        let goes_on = next.is_some_and(|next| self.indent(next) > self.indent(at) || self.line(next).trim_start().starts_with("- "));
        let is_bare_tag = line.trim_end().rsplit(' ').next().is_some_and(|word| word.starts_with('!'));
        !opens(line) && !goes_on && !is_bare_tag && closed('(', ')') && closed('[', ']') && closed('{', '}')
    }

    fn replace(&self, line: u32, from: &[String], to: &str) -> Option<Patch> {
        for at in self.text.block(line).filter(|at| *at >= self.first && *at <= self.last) {
            for from in from {
                if let Some(byte) = self.line(at).find(from.as_str()) {
                    let start = columns(&self.line(at)[..byte]) + 1;
                    return Some(Patch {
                        file: self.file.to_owned(),
                        start_line: at,
                        start_column: start,
                        end_line: at,
                        end_column: start + columns(from),
                        text: to.to_owned(),
                    });
                }
            }
        }
        None
    }
}

/// Whether a line begins something that goes on below it.
fn opens(line: &str) -> bool {
    let line = line.split(" #").next().unwrap_or_default().trim_end();
    line.ends_with('{') || line.ends_with(':') || line.ends_with('[') || line.ends_with('|') || line.ends_with('>')
}

fn columns(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX - 2)
}

/// A value in JSON: numbers and booleans as they are, words in quotes.
fn json(value: &str) -> String {
    let is_bare = value == "true" || value == "false" || value.parse::<f64>().is_ok();
    if is_bare { value.to_owned() } else { format!("\"{}\"", value.trim_matches(['\'', '"'])) }
}

/// Every edit of a check: for each resource at fault, what its rule would change.
pub(crate) fn of_check<'a>(
    rule: &crate::rules::Rule,
    at_fault: impl Iterator<Item = &'a str>,
    inventory: &Inventory,
    sources: &Sources,
) -> Vec<Patch> {
    let Some(patch) = rule.patch else { return Vec::new() };
    let resources = at_fault.filter_map(|id| inventory.resource(id));
    let mut patches: Vec<Patch> = resources.flat_map(|resource| edits(&patch(inventory, resource), resource, sources)).collect();
    patches.sort();
    // A module or a counted resource stands in its file once, however often it is deployed.
    patches.dedup();
    patches
}

/// A file's text with edits made. Edits of other files are left out; of two that overlap the first is made.
pub fn patched(file: &str, text: &str, patches: &[Patch]) -> String {
    let mut own: Vec<&Patch> = patches.iter().filter(|patch| patch.file == file).collect();
    own.sort();
    own.dedup();
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let offset = |line: u32, column: u32| {
        let start = starts.get(line as usize - 1).copied().unwrap_or(text.len());
        text[start..].char_indices().nth(column as usize - 1).map_or(text.len(), |(at, _)| start + at)
    };
    let (mut result, mut done) = (String::new(), 0);
    for patch in own {
        let (start, end) = (offset(patch.start_line, patch.start_column), offset(patch.end_line, patch.end_column));
        if start < done {
            continue;
        }
        result.push_str(&text[done..start]);
        result.push_str(&patch.text);
        done = end;
    }
    result + &text[done..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::observe::LogGroup;
    use crate::rules::rule;
    use crate::rules::testing::world;

    /// The text with a rule's change made to a resource that begins on a line.
    fn changed(file: &str, text: &str, line: u32, id: &str, kind: impl Into<crate::inventory::Kind>) -> String {
        let mut world = world().with_in(file, "it", kind);
        world.inventory.resources[0].origin.line = line;
        let sources = Sources::new([(file.to_owned(), text.to_owned())]);
        let patches = of_check(rule(id).unwrap(), ["it"].into_iter(), &world.inventory, &sources);
        patched(file, text, &patches)
    }

    #[test]
    fn a_setting_is_added_or_changed_in_each_language() {
        let group = LogGroup::default;
        let tf = "resource \"aws_cloudwatch_log_group\" \"it\" {\n  name = \"/api\"\n}\n";
        assert_eq!(changed("m.tf", tf, 1, "MON-03", group()), tf.replace("  name", "  retention_in_days = 30\n  name"));
        let zero = tf.replace("  name", "  retention_in_days = 0 # for ever\n  name");
        assert_eq!(changed("m.tf", &zero, 1, "MON-03", group()), zero.replace("= 0", "= 30"));
        let yaml = "Resources:\n  Logs:\n    Type: AWS::Logs::LogGroup\n    Properties:\n      LogGroupName: /api\n";
        assert_eq!(
            changed("t.yaml", yaml, 2, "MON-03", group()),
            yaml.replace("      LogGroupName", "      RetentionInDays: 30\n      LogGroupName")
        );
        let json = "{\n  \"Resources\": {\n    \"Logs\": {\n      \"Type\": \"AWS::Logs::LogGroup\",\n      \"Properties\": {\n        \"LogGroupName\": \"/api\"\n      }\n    }\n  }\n}\n";
        let more = changed("t.json", json, 3, "MON-03", group());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&more).unwrap()["Resources"]["Logs"]["Properties"]["RetentionInDays"], 30);
    }

    #[test]
    fn a_setting_inside_another_is_found_there_only() {
        let machine = crate::inventory::compute::Instance::default;
        let tf = "resource \"aws_instance\" \"it\" {\n  metadata_options {\n    http_tokens = \"optional\"\n  }\n}\n";
        assert_eq!(changed("m.tf", tf, 1, "EC2-02", machine()), tf.replace("optional", "required"));
        let bare = "resource \"aws_instance\" \"it\" {\n  ami = \"a\"\n}\n";
        assert_eq!(
            changed("m.tf", bare, 1, "EC2-02", machine()),
            bare.replace("  ami", "  metadata_options {\n    http_tokens = \"required\"\n  }\n  ami")
        );
    }

    #[test]
    fn what_does_not_read_as_expected_is_left_alone() {
        let flow = "Resources:\n  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /api}}\n";
        assert_eq!(changed("t.yaml", flow, 2, "MON-03", LogGroup::default()), flow);
        let tf = "resource \"aws_cloudwatch_log_group\" \"it\" {}\n";
        assert_eq!(changed("m.tf", tf, 1, "MON-03", LogGroup::default()), tf);
        assert_eq!(changed("cdk.out/t.json", "{}", 1, "MON-03", LogGroup::default()), "{}");
    }

    #[test]
    fn a_password_gives_way_to_one_that_aws_keeps() {
        let database = crate::inventory::data::Database::default();
        let tf = "resource \"aws_db_instance\" \"it\" {\n  engine   = \"postgres\"\n  password = \"hunter2\"\n}\n";
        assert_eq!(
            changed("m.tf", tf, 1, "SEC-06", database),
            "resource \"aws_db_instance\" \"it\" {\n  manage_master_user_password = true\n  engine   = \"postgres\"\n}\n"
        );
    }
}
