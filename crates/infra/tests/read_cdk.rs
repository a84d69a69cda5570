//! CDK's synthesised output in, inventory out.

#[path = "support/shape.rs"]
mod shape;

use infra::inventory::data::Queue;
use infra::inventory::network::Vpc;
use infra::inventory::{Language, OfKind};
use infra::read::{Files, Options, read_files};
use infra::{Inventory, Value};
use shape::Shape;

const MANIFEST: &str = r#"{
  "version": "36.0.0",
  "artifacts": {
    "App.assets": {"type": "cdk:asset-manifest", "properties": {"file": "App.assets.json"}},
    "App": {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/eu-west-1", "properties": {"templateFile": "App.template.json", "stackName": "app"}}
  }
}"#;

const APP: &str = r#"{
  "Resources": {
    "Queue4A7E3555": {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["NetNestedStack7", "Outputs.AppNetDead0Arn"]}}}},
    "NetNestedStack7": {
      "Type": "AWS::CloudFormation::Stack",
      "Properties": {
        "TemplateURL": {"Fn::Join": ["", ["https://s3.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}, "/cdk-assets/1.json"]]},
        "Parameters": {"referencetoCidr": "10.1.0.0/16"}
      },
      "Metadata": {"aws:cdk:path": "App/Net.NestedStack", "aws:asset:path": "AppNet.nested.template.json"}
    },
    "CDKMetadata": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2"}, "Condition": "CDKMetadataAvailable"}
  },
  "Conditions": {"CDKMetadataAvailable": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}},
  "Parameters": {"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/version"}}
}"#;

const NESTED: &str = r#"{
  "Parameters": {"referencetoCidr": {"Type": "String"}},
  "Resources": {
    "Vpc8378EB38": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": {"Ref": "referencetoCidr"}}},
    "Dead0": {"Type": "AWS::SQS::Queue"}
  },
  "Outputs": {"AppNetDead0Arn": {"Value": {"Fn::GetAtt": ["Dead0", "Arn"]}}}
}"#;

fn read(files: &[(&str, &str)]) -> Inventory {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    read_files(&Files::in_memory(files), &Options::default())
}

fn get<'a, T: OfKind>(inventory: &'a Inventory, id: &str) -> &'a T {
    T::of(&inventory.resource(id).unwrap().kind).unwrap()
}

#[test]
fn the_stacks_of_an_assembly_are_read_and_its_assets_are_not() {
    let asset = "Resources: {InAnAsset: {Type: 'AWS::S3::Bucket'}}";
    let inventory = read(&[
        ("cdk.json", r#"{"app": "node app.js"}"#),
        ("cdk.out/manifest.json", MANIFEST),
        ("cdk.out/App.template.json", APP),
        ("cdk.out/AppNet.nested.template.json", NESTED),
        ("cdk.out/asset.1/template.yaml", asset),
    ]);
    assert_eq!(inventory.problems, []);
    assert_eq!(inventory.languages, [Language::Cdk]);
    let ids: Vec<&str> = inventory.resources.iter().map(|resource| resource.id.as_str()).collect();
    assert_eq!(ids, ["app/Queue4A7E3555", "app/NetNestedStack7/Vpc8378EB38", "app/NetNestedStack7/Dead0"]);
    assert_eq!(get::<Vpc>(&inventory, "app/NetNestedStack7/Vpc8378EB38").cidr, Value::Known("10.1.0.0/16".to_owned()));
    assert!(inventory.follow::<Queue>(&get::<Queue>(&inventory, "app/Queue4A7E3555").dead_letters).is_some());
    assert_eq!(inventory.resources[0].region, Value::Known("eu-west-1".to_owned()));
    assert_eq!(inventory.resources[0].origin.file, "cdk.out/App.template.json");
}

#[test]
fn a_nested_stack_is_found_by_the_name_that_its_template_is_uploaded_under() {
    let assets = r#"{"files": {"1": {
        "source": {"path": "AppNet.nested.template.json", "packaging": "file"},
        "destinations": {"here": {"bucketName": "cdk-assets", "objectKey": "1.json"}}
    }}}"#;
    let without_metadata = APP.replace("aws:asset:path", "some:other:path");
    let inventory = read(&[
        ("manifest.json", MANIFEST),
        ("App.assets.json", assets),
        ("App.template.json", &without_metadata),
        ("AppNet.nested.template.json", NESTED),
    ]);
    assert_eq!(inventory.problems, []);
    assert!(inventory.resource("app/NetNestedStack7/Vpc8378EB38").is_some());
    assert_eq!(inventory.unrecognised, []);
}

#[test]
fn an_application_without_output_says_how_to_make_it() {
    let inventory = read(&[("infra/cdk.json", "{\n  \"app\": \"npx ts-node app.ts\",\n  \"output\": \"dist\"\n}")]);
    let problem = &inventory.problems[0];
    assert_eq!((problem.file.as_str(), problem.line), ("infra/cdk.json", Some(2)));
    assert_eq!(problem.message, "this CDK application has no synthesised output in dist; run `npx cdk synth` in infra and read it again");
    assert_eq!(inventory.languages, [Language::Cdk]);
}

#[test]
fn manifests_of_other_kinds_are_not_assemblies() {
    let site = r#"{"name": "site", "icons": [], "artifacts": {}}"#;
    let template = "Resources: {Site: {Type: 'AWS::S3::Bucket'}}";
    let inventory = read(&[("web/manifest.json", r#"{"name": "site", "icons": []}"#), ("web/site.yaml", template)]);
    assert_eq!((inventory.resources.len(), inventory.languages.as_slice()), (1, &[Language::CloudFormation][..]));
    assert_eq!(read(&[("web/manifest.json", site), ("web/site.yaml", template)]).resources.len(), 1, "artifacts of none of its stacks");
}

#[test]
fn a_stack_that_its_manifest_names_and_that_is_not_there_is_a_problem() {
    let inventory = read(&[("cdk.out/manifest.json", MANIFEST)]);
    assert_eq!(inventory.problems[0].message, "cdk.out/App.template.json is named here and is not there; synthesise again");
}

#[test]
fn the_same_architecture_has_the_same_shape_as_by_hand() {
    let by_hand = r#"
Resources:
  Network: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: net.yaml, Parameters: {Cidr: 10.1.0.0/16}}}
  Work: {Type: 'AWS::SQS::Queue', Properties: {RedrivePolicy: {deadLetterTargetArn: !GetAtt Network.Outputs.Dead}}}
"#;
    let net = r#"
Parameters: {Cidr: {Type: String}}
Resources:
  DeadLetters: {Type: 'AWS::SQS::Queue', Properties: {FifoQueue: false}}
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: !Ref Cidr}}
Outputs: {Dead: {Value: !GetAtt DeadLetters.Arn}}
"#;
    let by_hand = read(&[("main.yaml", by_hand), ("net.yaml", net)]);
    let synthesised =
        read(&[("cdk.out/manifest.json", MANIFEST), ("cdk.out/App.template.json", APP), ("cdk.out/AppNet.nested.template.json", NESTED)]);
    let (by_hand, synthesised) = (Shape::of(&by_hand), Shape::of(&synthesised));
    assert_eq!(by_hand.difference(&synthesised), [""; 0]);
    assert_eq!(by_hand, synthesised);
}
