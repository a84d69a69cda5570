//! Templates made to break a reader: they cost little, are told apart from the rest, and the rest goes on.

use infra::inventory::compute::Function;
use infra::read::{Files, Options, read_files};
use infra::{Inventory, Value};
use std::fmt::Write;
use std::time::{Duration, Instant};

const GOOD: &str = "Resources: {Good: {Type: 'AWS::S3::Bucket'}}\n";

/// Reads the files beside a good template, which is read whatever the others are.
fn read(files: &[(&str, String)]) -> Inventory {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.clone().into_bytes()));
    let good = ("good.yaml".to_owned(), GOOD.as_bytes().to_vec());
    let started = Instant::now();
    let inventory = read_files(&Files::in_memory(files.chain([good])), &Options::default());
    // Without optimisation and on a busy machine; what is not bounded takes for ever.
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    assert!(inventory.resource("good/Good").is_some());
    inventory
}

fn messages(inventory: &Inventory) -> Vec<String> {
    let place = |line: Option<u32>| line.map_or(String::new(), |line| format!(":{line}"));
    inventory.problems.iter().map(|problem| format!("{}{}: {}", problem.file, place(problem.line), problem.message)).collect()
}

fn variable<'a>(inventory: &'a Inventory, id: &str, name: &str) -> &'a Value<String> {
    let (_, function) = inventory.all::<Function>().find(|(resource, _)| resource.id == id).unwrap();
    &function.environment[name]
}

#[test]
fn broken_files_are_problems_with_their_line() {
    let yaml = "Resources:\n  A:\n    Type: AWS::S3::Bucket\n   B: [\n".to_owned();
    let json = "{\"Resources\": {\n\"A\": {\"Type\": \"AWS::S3::Bucket\",}}}".to_owned();
    let large = format!("AWSTemplateFormatVersion: '2010-09-09'\n#{}\n", "x".repeat(9 << 20));
    let latin = String::from("AWSTemplateFormatVersion: '2010-09-09'\n");
    let inventory = read(&[("a.yaml", yaml), ("b.json", json), ("large.yaml", large), ("latin.yaml", latin)]);
    let messages = messages(&inventory);
    assert!(messages[0].starts_with("a.yaml:4: "), "{messages:?}");
    assert_eq!(messages[1], "b.json:2: nothing follows the comma");
    assert!(messages[2].starts_with("large.yaml: the file has 9437"), "{messages:?}");
    assert_eq!(messages.len(), 3);
}

#[test]
fn files_that_only_look_like_templates_are_nothing() {
    let mention = "# Type: AWS::S3::Bucket\nkind: Deployment\n".to_owned();
    let list = "items: [{Type: 'AWS::S3::Bucket'}]\n".to_owned();
    let inventory = read(&[("a.yaml", mention), ("b.yaml", list), ("README.md", GOOD.to_owned())]);
    assert_eq!((inventory.resources.len(), messages(&inventory)), (1, vec![]));
}

#[test]
fn templates_that_nest_themselves_end() {
    let nest = |file: &str| {
        format!("Resources:\n  A: {{Type: 'AWS::S3::Bucket'}}\n  N: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: {file}}}}}\n")
    };
    let inventory = read(&[("self.yaml", nest("self.yaml")), ("x.yaml", nest("y.yaml")), ("y.yaml", nest("./x.yaml"))]);
    let ids: Vec<&str> = inventory.resources.iter().map(|resource| resource.id.as_str()).collect();
    assert_eq!(ids, ["good/Good", "self/A", "x/A", "x/N/A"]);
    let expected = ["self.yaml:3: the template nests itself by way of self.yaml", "y.yaml:3: the template nests itself by way of ./x.yaml"];
    let expected = expected.map(|message| message.replace("./", ""));
    assert_eq!(messages(&inventory), expected);
    assert_eq!(inventory.unrecognised.len(), 2, "the stacks that are not read are listed");
}

#[test]
fn nesting_that_multiplies_is_bounded() {
    let files: Vec<(String, String)> = (0..9)
        .map(|level| {
            let mut text = "Resources:\n  A: {Type: 'AWS::S3::Bucket'}\n".to_owned();
            for index in 0..30 {
                writeln!(text, "  N{index}: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: l{}.yaml}}}}", level + 1).unwrap();
            }
            (format!("l{level}.yaml"), text)
        })
        .collect();
    let mut files: Vec<(&str, String)> = files.iter().map(|(path, text)| (path.as_str(), text.clone())).collect();
    files.push(("l9.yaml", GOOD.to_owned()));
    let inventory = read(&files);
    assert!(inventory.resources.len() <= 502, "{}", inventory.resources.len());
    assert!(messages(&inventory)[0].contains("into more than 500 stacks"));
}

#[test]
fn text_that_doubles_from_stack_to_stack_is_bounded() {
    let files: Vec<(String, String)> = (0..9)
        .map(|level| {
            let double = "!Join ['', [!Ref P, !Ref P, !Ref P, !Ref P, !Ref P, !Ref P, !Ref P, !Ref P]]";
            let inner = format!(
                "  N: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: l{}.yaml, Parameters: {{P: {double}}}}}}}\n",
                level + 1
            );
            let own = "  F: {Type: 'AWS::Lambda::Function', Properties: {Environment: {Variables: {P: !Ref P}}}}\n";
            (format!("l{level}.yaml"), format!("Parameters: {{P: {{Type: String, Default: {}}}}}\nResources:\n{own}{inner}", "x".repeat(100)))
        })
        .collect();
    let mut files: Vec<(&str, String)> = files.iter().map(|(path, text)| (path.as_str(), text.clone())).collect();
    files.push(("l9.yaml", GOOD.to_owned()));
    let inventory = read(&files);
    assert!(matches!(variable(&inventory, "l0/F", "P"), Value::Known(text) if text.len() == 100));
    let Value::Unknown(why) = variable(&inventory, "l0/N/N/N/N/N/N/F", "P") else { panic!("told") };
    assert!(why.ends_with("the text grows too long"), "{why}");
}

#[test]
fn what_is_made_of_itself_is_unknown() {
    let circle = r#"
Conditions: {A: !Condition B, B: !Not [!Condition A]}
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties: {Environment: {Variables: {X: !ImportValue one, Y: !If [A, a, b]}}}
Outputs:
  One: {Value: !ImportValue two, Export: {Name: one}}
  Two: {Value: !Sub "${X}", Export: {Name: two}}
  Three: {Value: !ImportValue one, Export: {Name: !ImportValue one}}
"#;
    let circle = circle.replace("!Sub \"${X}\"", "!ImportValue one");
    let inventory = read(&[("t.yaml", circle)]);
    assert_eq!(*variable(&inventory, "t/F", "X"), Value::Unknown("it is imported by what it is made of".to_owned()));
    let Value::Unknown(why) = variable(&inventory, "t/F", "Y") else { panic!("told") };
    assert!(why.contains("condition A is made of itself"), "{why}");
}

#[test]
fn a_long_chain_of_conditions_does_not_overflow_the_stack() {
    let mut text = "Conditions:\n  C20000: !Equals [a, a]\n".to_owned();
    for index in (0..20_000).rev() {
        writeln!(text, "  C{index}: !Condition C{}", index + 1).unwrap();
    }
    text.push_str("Resources: {A: {Type: 'AWS::S3::Bucket', Condition: C0}}\n");
    let inventory = read(&[("t.yaml", text)]);
    assert!(inventory.conditional["t/A"].ends_with("conditions nest too deep"));
}

#[test]
fn exports_that_ask_for_the_next_one_twice_are_asked_once() {
    let mut text = "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, x]}\nResources:\n".to_owned();
    text.push_str("  F: {Type: 'AWS::Lambda::Function', Properties: {Environment: {Variables: {X: !ImportValue e0}}}}\nOutputs:\n");
    for index in 0..60 {
        let next = format!("!ImportValue e{}", index + 1);
        writeln!(text, "  O{index}: {{Value: !If [C, {next}, {next}], Export: {{Name: e{index}}}}}").unwrap();
    }
    text.push_str("  Last: {Value: end, Export: {Name: e60}}\n");
    assert_eq!(*variable(&read(&[("t.yaml", text)]), "t/F", "X"), Value::Known("end".to_owned()));
}

#[test]
fn evaluation_that_multiplies_is_cut() {
    // Each output asks for the one of the next stack eight times.
    let files: Vec<(String, String)> = (0..9)
        .map(|level| {
            let next = ["!GetAtt N.Outputs.O"; 8].join(", ");
            let nested = format!("{{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: l{}.yaml}}}}", level + 1);
            let function = "{Type: 'AWS::Lambda::Function', Properties: {Environment: {Variables: {X: !GetAtt N.Outputs.O}}}}";
            (format!("l{level}.yaml"), format!("Resources:\n  N: {nested}\n  F: {function}\nOutputs: {{O: {{Value: !Select [0, [{next}]]}}}}\n"))
        })
        .collect();
    let mut files: Vec<(&str, String)> = files.iter().map(|(path, text)| (path.as_str(), text.clone())).collect();
    files.push(("l9.yaml", format!("{GOOD}Outputs: {{O: {{Value: x}}}}\n")));
    let inventory = read(&files);
    assert!(messages(&inventory)[0].ends_with("the template comes to more values than are evaluated; the rest is unknown"));
}

#[test]
fn thousands_of_references_to_nothing_are_as_many_problems() {
    let mut text = "Resources:\n".to_owned();
    for index in 0..3000 {
        writeln!(text, "  F{index}: {{Type: 'AWS::Lambda::Function', Properties: {{Role: !Ref Missing{index}}}}}").unwrap();
    }
    assert_eq!(messages(&read(&[("t.yaml", text)])).len(), 3000);
}

#[test]
fn unknown_functions_macros_and_types_are_listed() {
    let text = r#"
Transform: [AWS::LanguageExtensions, Shouting]
Resources:
  F: {Type: 'AWS::Lambda::Function', Properties: {Environment: {Variables: {X: !Shout hello}}}}
  Fn::Transform: {Name: Shouting}
  Untyped: {Properties: {}}
"#;
    let inventory = read(&[("t.yaml", text.to_owned())]);
    assert_eq!(
        messages(&inventory),
        [
            "t.yaml:2: the macro Shouting changes this template when it is deployed; it is read as it is written",
            "t.yaml:4: Fn::Shout is a function that is not known here",
            "t.yaml:5: Fn::Transform is a function whose resources are not expanded here",
            "t.yaml:6: Untyped has no Type",
        ]
    );
}

#[test]
fn a_template_as_powershell_writes_it_is_a_problem_and_other_utf_16_is_none() {
    let utf_16 = |text: &str| -> Vec<u8> { [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect() };
    let files = [("t.yaml".to_owned(), utf_16(GOOD)), ("words.json".to_owned(), utf_16("{\"a\": 1}"))];
    let inventory = read_files(&Files::in_memory(files), &Options::default());
    assert_eq!(messages(&inventory).len(), 1);
    assert!(messages(&inventory)[0].starts_with("t.yaml: this is a template in UTF-16; save it as UTF-8"), "{:?}", messages(&inventory));
}
