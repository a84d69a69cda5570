//! Use in source code, from its tokens: imports, clients, and every string with the name it is given.

use super::Fact;
use super::entries::{Entry, Language};
use super::syntax::{Lexeme, Token};
use super::tables::{self, Module};
use std::collections::BTreeMap;

/// How far back a name is looked for. A statement that is longer has its name in sight of few.
const TOKENS_BACK_MAX: usize = 24;

/// What the code of one file says.
pub(super) struct Code<'t> {
    /// The strings with their names.
    pub(super) entries: Vec<Entry<'t>>,
    /// Imports and clients, with their lines.
    pub(super) facts: Vec<(u32, Fact)>,
    /// Whether an SDK is imported, so that `region` can only be one of AWS.
    pub(super) has_sdk: bool,
}

/// Reads the tokens of a file.
pub(super) fn read<'t>(language: Language, tokens: &[Token<'t>]) -> Code<'t> {
    let mut code = Code { entries: Vec::new(), facts: Vec::new(), has_sdk: false };
    let mut library = None;
    for (line, name) in imports(language, tokens) {
        let Some((known, module, sdk)) = tables::module(language, &name) else { continue };
        if !matches!(module, Module::Cdk) {
            code.has_sdk = true;
        }
        match module {
            Module::Sdk => library = library.or(Some((line, sdk))),
            Module::Service(service) => client(&mut code.facts, line, sdk, service.to_owned()),
            Module::ServiceAfter => {
                let after = name[known.len()..].split(['.', '/']).next().unwrap_or_default();
                if !after.is_empty() {
                    client(&mut code.facts, line, sdk, tables::service_id(after));
                }
            }
            Module::Cdk => code.facts.push((line, Fact::Iac(super::Iac::Cdk))),
        }
    }
    constructors(language, tokens, &mut code.facts);
    code.facts
        .extend(tokens.iter().filter(|token| token.lexeme == Lexeme::Word && asks_for_stream(token.text)).map(|token| (token.line, Fact::Stream)));
    match (language, library) {
        (Language::Python, Some((_, sdk))) => python_clients(tokens, sdk, &mut code.facts),
        (Language::JavaScript, Some((_, sdk))) => javascript_v2_clients(tokens, sdk, &mut code.facts),
        _ => {}
    }
    let names_a_service = code.facts.iter().any(|(_, fact)| matches!(fact, Fact::Service(_)));
    code.facts.extend(library.filter(|_| !names_a_service).map(|(line, sdk)| (line, Fact::Sdk(sdk))));
    code.entries = entries(language, tokens);
    code
}

/// Whether a name is that of a call to Bedrock whose answer comes as a stream, in any SDK: `converse_stream`, `ConverseStreamCommand`.
fn asks_for_stream(name: &str) -> bool {
    let name = name.replace('_', "").to_lowercase();
    ["conversestream", "invokemodelwithresponsestream"].iter().any(|call| name.starts_with(call))
}

fn client(facts: &mut Vec<(u32, Fact)>, line: u32, sdk: &'static str, service: String) {
    facts.push((line, Fact::Service(service.clone())));
    facts.push((line, Fact::Client { sdk, service }));
}

/// The modules that a file imports, each with its line.
fn imports(language: Language, tokens: &[Token<'_>]) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    let mut statement = None;
    for (at, token) in tokens.iter().enumerate() {
        if token.is("import") || token.is("export") {
            statement = Some(at);
        }
        match language {
            Language::Python if token.is_first && (token.is("import") || token.is("from")) => {
                let is_from = token.is("from");
                let on_line: Vec<&Token<'_>> = tokens[at + 1..].iter().take_while(|t| t.line == token.line && !(is_from && t.is("import"))).collect();
                found.extend(on_line.split(|t| t.is(",")).map(|names| (token.line, dotted(names.iter().copied()))));
            }
            Language::Java if token.is_first && token.is("import") => {
                let rest = tokens[at + 1..].iter().take_while(|t| t.line == token.line && !t.is(";")).filter(|t| !t.is("static"));
                found.push((token.line, dotted(rest)));
            }
            Language::JavaScript if token.lexeme == Lexeme::Text && is_javascript_import(tokens, at, statement) => {
                found.push((token.line, token.text.to_owned()))
            }
            Language::Go if token.lexeme == Lexeme::Text => found.push((token.line, token.text.to_owned())),
            Language::Rust if token.lexeme == Lexeme::Word => found.push((token.line, token.text.to_owned())),
            _ => {}
        }
    }
    found
}

/// Names and dots up to anything else.
fn dotted<'a, 't: 'a>(tokens: impl Iterator<Item = &'a Token<'t>>) -> String {
    let mut name = String::new();
    for token in tokens {
        let is_part = token.is(".") || (token.lexeme == Lexeme::Word && (name.is_empty() || name.ends_with('.')));
        if !is_part {
            break;
        }
        name.push_str(token.text);
    }
    name
}

/// `import … from "x"`, `import "x"`, `import("x")`, `require("x")`, but no import of types alone.
/// `statement` is where the last one began.
fn is_javascript_import(tokens: &[Token<'_>], at: usize, statement: Option<usize>) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|at| &tokens[at]);
    let Some(previous) = before(1) else { return false };
    let is_called = previous.is("(") && before(2).is_some_and(|t| t.is("require") || t.is("import"));
    if is_called || previous.is("import") {
        return true;
    }
    previous.is("from") && statement.is_some_and(|start| !tokens.get(start + 1).is_some_and(|t| t.is("type")))
}

fn constructors(language: Language, tokens: &[Token<'_>], facts: &mut Vec<(u32, Fact)>) {
    let of_language: Vec<_> = tables::CONSTRUCTORS.iter().filter(|row| row.0 == language).collect();
    if of_language.is_empty() {
        return;
    }
    for pair in tokens.windows(2).filter(|pair| pair[0].lexeme == Lexeme::Word && pair[1].is("(")) {
        if let Some((_, _, service, library)) = of_language.iter().find(|row| row.1 == pair[0].text) {
            client(facts, pair[0].line, library, (*service).to_owned());
        }
    }
}

/// `session.client("bedrock-runtime")`, the name given directly, by keyword, or by a constant of the same file.
fn python_clients(tokens: &[Token<'_>], sdk: &'static str, facts: &mut Vec<(u32, Fact)>) {
    let mut constants: BTreeMap<&str, &str> = BTreeMap::new();
    for (at, triple) in tokens.windows(3).enumerate() {
        if triple[0].lexeme == Lexeme::Word && triple[0].is_first && triple[1].is("=") {
            let value = if triple[2].lexeme == Lexeme::Text { Some(triple[2].text) } else { named_within(&tokens[at + 2..]) };
            value.map(|value| constants.entry(triple[0].text).or_insert(value));
        }
    }
    let direct = imported_methods(tokens);
    for at in 1..tokens.len().saturating_sub(2) {
        let method = tokens[at].text;
        let is_method = tokens[at - 1].is(".") && tables::CLIENT_METHODS.contains(&method);
        let is_direct = direct.contains(&method) && !tokens[at - 1].is("def") && !tokens[at - 1].is(".");
        let is_call = (is_method || is_direct) && tokens[at + 1].is("(");
        if !is_call || tokens[at].lexeme != Lexeme::Word {
            continue;
        }
        let keyword = tokens[at + 2..].iter().take(TOKENS_BACK_MAX).take_while(|t| !t.is(")")).position(|t| t.is("service_name"));
        let argument = keyword.map_or(Some(&tokens[at + 2]), |skip| tokens.get(at + 2 + skip + 2));
        let Some(argument) = argument else { continue };
        let service = match argument.lexeme {
            Lexeme::Text => Some(argument.text),
            Lexeme::Word => constants.get(argument.text).copied().or_else(|| named_within(&tokens[at + 2..])),
            Lexeme::Sign => None,
        };
        let is_id = |id: &&str| id.len() >= 2 && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if let Some(service) = service.filter(is_id) {
            client(facts, tokens[at].line, sdk, tables::service_id(service));
        }
    }
}

/// The makers of clients that a file imports by their own name: `from boto3 import client`.
fn imported_methods<'t>(tokens: &[Token<'t>]) -> Vec<&'t str> {
    let mut names = Vec::new();
    for (at, _) in tokens.iter().enumerate().filter(|(_, token)| token.is_first && token.is("from")) {
        let statement = &tokens[at..];
        if statement.len() > 3 && ["boto3", "aioboto3"].contains(&statement[1].text) && statement[2].is("import") {
            let on_line = statement[3..].iter().take_while(|token| token.line == statement[0].line);
            let on_line: Vec<&Token<'t>> = on_line.collect();
            for (place, token) in on_line.iter().enumerate().filter(|(_, token)| tables::CLIENT_METHODS.contains(&token.text)) {
                let is_renamed = on_line.get(place + 1).is_some_and(|next| next.is("as"));
                names.push(if is_renamed { on_line.get(place + 2).unwrap_or(token).text } else { token.text });
            }
        }
    }
    names
}

/// The service that an expression falls back on: `os.environ.get("SERVICE", "bedrock-runtime")`.
fn named_within<'t>(expression: &[Token<'t>]) -> Option<&'t str> {
    let mut depth = 0;
    let line = expression.first()?.line;
    for token in expression.iter().take(TOKENS_BACK_MAX).take_while(|token| token.line == line) {
        match token.lexeme {
            Lexeme::Text if tables::SERVICE_NAMES.iter().any(|(id, _)| *id == token.text) => return Some(token.text),
            _ if token.is("(") => depth += 1,
            _ if token.is(")") && depth == 0 => return None,
            _ if token.is(")") => depth -= 1,
            _ if token.is(",") && depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// `new AWS.S3()`.
fn javascript_v2_clients(tokens: &[Token<'_>], sdk: &'static str, facts: &mut Vec<(u32, Fact)>) {
    for window in tokens.windows(5) {
        let is_new = window[0].is("new") && (window[1].is("AWS") || window[1].is("aws")) && window[2].is(".") && window[4].is("(");
        // `AWS.Config` and its kin configure; they are no services.
        let is_service =
            !matches!(window[3].text, "Config" | "Credentials" | "SharedIniFileCredentials" | "Endpoint" | "HttpRequest" | "EnvironmentCredentials");
        if is_new && is_service {
            client(facts, window[3].line, sdk, tables::service_id(window[3].text));
        }
    }
}

/// Every string with its name, and words that are values or names by themselves: `Region.US_EAST_1`, `process.env.AWS_REGION`.
fn entries<'t>(language: Language, tokens: &[Token<'t>]) -> Vec<Entry<'t>> {
    let mut entries = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.lexeme {
            Lexeme::Text if !is_map_key(language, tokens, at) => {
                let (name, is_default) = name_of(language, tokens, at);
                entries.push(Entry { name, value: token.text, line: token.line, is_default });
            }
            Lexeme::Word => {
                let is_region = at >= 2 && tokens[at - 1].is(".") && (tokens[at - 2].is("Region") || tokens[at - 2].is("Regions"));
                let name = if is_region { "Region" } else { "" };
                entries.push(Entry { name, value: token.text, line: token.line, is_default: false });
            }
            _ => {}
        }
    }
    entries
}

/// Whether a string is the key of a map: a price list names models that nobody uses.
fn is_map_key(language: Language, tokens: &[Token<'_>], at: usize) -> bool {
    let has_maps = matches!(language, Language::Python | Language::JavaScript | Language::Json | Language::Go);
    let opens = at == 0 || ["{", ",", "["].iter().any(|sign| tokens[at - 1].is(sign));
    has_maps && opens && tokens.get(at + 1).is_some_and(|next| next.is(":"))
}

/// The name that a string is given, and whether it only stands in for another value.
fn name_of<'t>(language: Language, tokens: &[Token<'t>], at: usize) -> (&'t str, bool) {
    let back = |n: usize| at.checked_sub(n).map(|at| &tokens[at]);
    let name = |token: Option<&Token<'t>>| token.filter(|t| t.lexeme != Lexeme::Sign).map_or("", |t| t.text);
    let Some(previous) = back(1) else { return ("", false) };
    if previous.is("=") {
        // `name = "x"`, `name := "x"`, `name: Type = "x"`, `Field(default="x")`.
        let before = if back(2).is_some_and(|t| t.is(":")) { back(3) } else { back(2) };
        if before.is_some_and(|t| t.is("default")) {
            return (head(tokens, at), true);
        }
        let typed = is_typed(tokens, at);
        return if typed.is_empty() { (name(before), false) } else { (typed, language == Language::Python) };
    }
    if previous.is(":") {
        return (name(back(2)), false);
    }
    // `process.env.NAME || "x"`, `os.getenv("NAME") or "x"`.
    let is_alternative = previous.is("or") || ["|", "?"].iter().any(|sign| previous.is(sign) && back(2).is_some_and(|t| t.is(sign)));
    if is_alternative {
        let from = at.saturating_sub(TOKENS_BACK_MAX);
        let named = tokens[from..at - 1].iter().rev().find(|t| t.lexeme != Lexeme::Sign);
        return (name(named), true);
    }
    // `getenv("NAME", "x")`, whatever the function is called.
    if previous.is(",") && back(2).is_some_and(|t| t.lexeme == Lexeme::Text && is_variable(t.text)) && back(3).is_some_and(|t| t.is("(")) {
        return (name(back(2)), true);
    }
    if previous.is("(") {
        let called = name(back(2));
        // `Region::new("x")` and `Region.of("x")` name the type.
        let is_maker = matches!(called, "new" | "of" | "from_static" | "fromName" | "valueOf");
        let is_path = is_maker && back(3).is_some_and(|t| t.is(".") || t.is(":"));
        if is_path {
            let qualifier = if back(3).is_some_and(|t| t.is(":")) { back(5) } else { back(4) };
            return (name(qualifier), false);
        }
        // `Field("x", …)` names nothing; the statement does.
        return if called == "Field" { (head(tokens, at), true) } else { (called, false) };
    }
    ("", false)
}

/// A name as environments have them.
fn is_variable(text: &str) -> bool {
    text.len() >= 2 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// The name at the head of the statement around a token, when the statement gives it a value.
fn head<'t>(tokens: &[Token<'t>], at: usize) -> &'t str {
    let from = at.saturating_sub(TOKENS_BACK_MAX);
    let first = tokens[from..at].iter().enumerate().rev().find(|(index, t)| {
        let next = tokens.get(from + index + 1);
        t.is_first && t.lexeme == Lexeme::Word && next.is_some_and(|next| next.is("=") || next.is(":"))
    });
    first.map_or("", |(_, t)| t.text)
}

/// `name` in `name: Type = "x"` where the sign of assignment stands just before `at`; empty elsewhere.
fn is_typed<'t>(tokens: &[Token<'t>], at: usize) -> &'t str {
    let from = at.saturating_sub(TOKENS_BACK_MAX);
    let line = tokens[at].line;
    let Some(colon) = tokens[from..at - 1].iter().rposition(|t| t.is(":") && t.line == line).map(|index| from + index) else { return "" };
    // Between the colon and the sign of assignment stands a type: words, dots, brackets.
    let is_type = tokens[colon + 1..at - 1]
        .iter()
        .all(|t| t.lexeme == Lexeme::Word || ["[", "]", ".", ",", "|", "&", "<", ">", "'"].iter().any(|sign| t.is(sign)));
    let name = colon.checked_sub(1).map(|before| &tokens[before]).filter(|t| t.lexeme == Lexeme::Word);
    if is_type && colon + 1 < at - 1 { name.map_or("", |t| t.text) } else { "" }
}
