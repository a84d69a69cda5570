//! `Fn::ForEach`: what is written once and stands there for each item.

use infra::Value;
use infra::inventory::compute::Function;
use infra::inventory::data::{Bucket, Queue};
use infra::inventory::identity::Role;
use infra::inventory::observe::Topic;
use infra::inventory::{Inventory, Link, OfKind};
use infra::read::{Files, Options, read_files};

const TRANSFORM: &str = "Transform: AWS::LanguageExtensions\n";

fn read_all(files: &[(&str, &str)]) -> Inventory {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    read_files(&Files::in_memory(files), &Options::default())
}

fn read(template: &str) -> Inventory {
    read_all(&[("t.yaml", &format!("{TRANSFORM}{template}"))])
}

/// The ids of what is declared, when all of it could be read.
fn ids(inventory: &Inventory) -> Vec<&str> {
    assert_eq!((inventory.problems.as_slice(), inventory.unrecognised.as_slice()), (&[][..], &[][..]));
    let mut ids: Vec<&str> = inventory.resources.iter().map(|resource| resource.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

fn get<'a, T: OfKind>(inventory: &'a Inventory, id: &str) -> &'a T {
    T::of(&inventory.resource(id).unwrap_or_else(|| panic!("{id} is not there")).kind).unwrap()
}

fn known(text: &str) -> Value<String> {
    Value::Known(text.to_owned())
}

fn to(id: &str) -> Value<Link> {
    Value::Known(Link::To(id.to_owned()))
}

#[test]
fn a_list_that_is_written_down_repeats_a_resource() {
    let inventory = read(
        "Resources:
  Fn::ForEach::Topics:
    - Name
    - [Success, Failure]
    - Topic${Name}:
        Type: AWS::SNS::Topic
        Properties: {TopicName: !Ref Name}
      Queue${Name}:
        Type: AWS::SQS::Queue
        Properties: {FifoQueue: true}
  Plain: {Type: 'AWS::S3::Bucket'}
",
    );
    assert_eq!(ids(&inventory), ["t/Plain", "t/QueueFailure", "t/QueueSuccess", "t/TopicFailure", "t/TopicSuccess"]);
    assert_eq!(get::<Topic>(&inventory, "t/TopicFailure").name, known("Failure"));
    assert_eq!(inventory.resource("t/TopicSuccess").unwrap().origin.line, 6);
}

#[test]
fn a_parameter_repeats_a_resource_and_names_are_stripped_for_ids() {
    let inventory = read(
        "Parameters: {Names: {Type: CommaDelimitedList, Default: 'a.b, c-d'}}
Resources:
  Fn::ForEach::Buckets:
    - Name
    - !Ref Names
    - Bucket&{Name}: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Sub 'my-${Name}'}}
",
    );
    assert_eq!(ids(&inventory), ["t/Bucketab", "t/Bucketcd"]);
    assert_eq!(get::<Bucket>(&inventory, "t/Bucketab").name, known("my-a.b"));
}

#[test]
fn loops_within_loops_run_over_what_the_outer_one_names() {
    let inventory = read(
        "Mappings: {Tiers: {web: {Names: [a, b]}, data: {Names: [c]}}}
Resources:
  Fn::ForEach::Tiers:
    - Tier
    - [web, data]
    - Fn::ForEach::Names:
        - Name
        - !FindInMap [Tiers, !Ref Tier, Names]
        - Queue${Tier}${Name}: {Type: 'AWS::SQS::Queue'}
      Topic${Tier}: {Type: 'AWS::SNS::Topic', Properties: {TopicName: '${Tier}'}}
",
    );
    assert_eq!(ids(&inventory), ["t/Queuedatac", "t/Queueweba", "t/Queuewebb", "t/Topicdata", "t/Topicweb"]);
}

#[test]
fn loops_stand_in_properties_outputs_and_conditions() {
    let main = format!(
        "{TRANSFORM}Parameters: {{Stage: {{Type: String, Default: prod}}}}
Conditions:
  Fn::ForEach::Stages:
    - Each
    - [prod, test]
    - Is${{Each}}: !Equals [!Ref Stage, !Ref Each]
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Environment:
        Variables:
          MODE: live
          Fn::ForEach::Settings:
            - Setting
            - [LEVEL, REGION]
            - APP_${{Setting}}: !Sub 'the ${{Setting}}'
  Fn::ForEach::Queues:
    - Each
    - [prod, test]
    - Queue${{Each}}: {{Type: 'AWS::SQS::Queue', Condition: 'Is${{Each}}'}}
  Dead: {{Type: 'AWS::SQS::Queue'}}
Outputs:
  Fn::ForEach::Outputs:
    - Each
    - [Dead]
    - ${{Each}}Arn:
        Value: !GetAtt [!Sub '${{Each}}', Arn]
        Export: {{Name: !Sub 'shared-${{Each}}'}}
"
    );
    let other = "Resources: {Work: {Type: 'AWS::SQS::Queue', Properties: {RedrivePolicy: {deadLetterTargetArn: !ImportValue shared-Dead}}}}";
    let inventory = read_all(&[("main.yaml", &main), ("other.yaml", other)]);
    assert_eq!(ids(&inventory), ["main/Dead", "main/Function", "main/Queueprod", "other/Work"]);
    let environment = &get::<Function>(&inventory, "main/Function").environment;
    let pairs: Vec<(&str, &Value<String>)> = environment.iter().map(|(name, value)| (name.as_str(), value)).collect();
    assert_eq!(pairs, [("APP_LEVEL", &known("the LEVEL")), ("APP_REGION", &known("the REGION")), ("MODE", &known("live"))]);
    assert_eq!(get::<Queue>(&inventory, "other/Work").dead_letters, to("main/Dead"));
}

#[test]
fn names_that_a_loop_makes_can_be_referred_to() {
    let inventory = read(
        "Resources:
  Fn::ForEach::Roles:
    - Name
    - [Reader]
    - ${Name}Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]}
      ${Name}Function:
        Type: AWS::Lambda::Function
        Properties: {Role: !GetAtt '${Name}Role.Arn', DeadLetterConfig: {TargetArn: !Ref {'Fn::Sub': '${Name}Topic'}}}
      ${Name}Topic: {Type: 'AWS::SNS::Topic'}
",
    );
    let function: &Function = get(&inventory, "t/ReaderFunction");
    assert_eq!((&function.role, &function.dead_letters), (&to("t/ReaderRole"), &to("t/ReaderTopic")));
    assert!(inventory.follow::<Role>(&function.role).is_some());
}

#[test]
fn each_stack_of_a_nested_template_runs_over_its_own_argument() {
    let nested = format!(
        "{TRANSFORM}Parameters: {{Names: {{Type: CommaDelimitedList}}}}
Resources: {{'Fn::ForEach::Q': [N, !Ref Names, {{'Q${{N}}': {{Type: 'AWS::SQS::Queue'}}}}]}}"
    );
    let main = "Resources:
  One: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: nested.yaml, Parameters: {Names: 'a,b'}}}
  Two: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: nested.yaml, Parameters: {Names: c}}}
";
    let inventory = read_all(&[("main.yaml", main), ("nested.yaml", &nested)]);
    assert_eq!(ids(&inventory), ["main/One/Qa", "main/One/Qb", "main/Two/Qc"]);
}

#[test]
fn a_loop_over_nested_stacks_reads_each_of_them() {
    let main = format!(
        "{TRANSFORM}Resources:
  Fn::ForEach::Stacks:
    - N
    - [a, b]
    - Stack${{N}}: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: nested.yaml, Parameters: {{Name: !Ref N}}}}}}
"
    );
    let nested = "Parameters: {Name: {Type: String}}\nResources: {B: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Ref Name}}}";
    let inventory = read_all(&[("main.yaml", &main), ("nested.yaml", nested)]);
    assert_eq!(ids(&inventory), ["main/Stacka/B", "main/Stackb/B"]);
    assert_eq!(get::<Bucket>(&inventory, "main/Stackb/B").name, known("b"));
}

#[test]
fn what_cannot_be_told_is_listed_and_nothing_is_guessed() {
    let inventory = read(
        "Parameters: {Names: {Type: CommaDelimitedList}}
Resources:
  Fn::ForEach::Queues: [N, !Ref Names, {'Q${N}': {Type: 'AWS::SQS::Queue'}}]
  Function:
    Type: AWS::Lambda::Function
    Properties:
      MemorySize: 512
      Environment: {Variables: {MODE: live, 'Fn::ForEach::V': [N, !Ref Names, {'${N}': x}]}}
Outputs:
  Fn::ForEach::Outs: [N, !Ref Names, {'${N}': {Value: x}}]
",
    );
    let unread: Vec<(&str, &str)> = inventory.unrecognised.iter().map(|one| (one.id.as_str(), one.type_name.as_str())).collect();
    assert_eq!(unread, [("t/Fn::ForEach::Queues", "Fn::ForEach")]);
    let messages: Vec<&str> = inventory.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        messages,
        ["Fn::ForEach::Queues is not read: parameter Names has no default", "Fn::ForEach::Outs is not read: parameter Names has no default"]
    );
    let function: &Function = get(&inventory, "t/Function");
    assert_eq!(function.memory_mb, Value::Known(512.0));
    assert_eq!(function.environment["…"], Value::Unknown("Fn::ForEach::V is not read: parameter Names has no default".to_owned()));
}

#[test]
fn a_loop_without_its_transform_is_not_expanded() {
    let template = "Resources: {'Fn::ForEach::Q': [N, [a], {'Q${N}': {Type: 'AWS::SQS::Queue'}}], B: {Type: 'AWS::S3::Bucket'}}";
    let inventory = read_all(&[("t.yaml", template)]);
    assert_eq!(inventory.resources.len(), 1);
    assert_eq!(inventory.problems[0].message, "Fn::ForEach::Q is not read: the template lacks the transform AWS::LanguageExtensions");
}

#[test]
fn loops_that_grow_without_end_are_left_where_they_are() {
    let items = (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let mut fragment = "'Q${A}${B}${C}${D}': {Type: 'AWS::SQS::Queue'}".to_owned();
    for name in ["D", "C", "B", "A"] {
        fragment = format!("'Fn::ForEach::{name}': [{name}, [{items}], {{{fragment}}}]");
    }
    let inventory = read(&format!("Resources: {{{fragment}, B: {{Type: 'AWS::S3::Bucket'}}}}"));
    assert!(
        inventory.problems.iter().any(|problem| problem.message.contains("comes to more than 200000 values with it")),
        "{:?}",
        inventory.problems.first()
    );
    assert!(!inventory.unrecognised.is_empty());
}
