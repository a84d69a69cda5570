//! The repository that is reviewed: made from a seed, so that everybody measures the same bytes.

use anyhow::Result;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Files in all.
pub(super) const FILES: usize = 10_000;
/// Templates among them, of `RESOURCES_EACH` resources.
pub(super) const TEMPLATES: usize = 300;
/// Resources of a template.
pub(super) const RESOURCES_EACH: usize = 10;
/// Source files among them.
pub(super) const SOURCES: usize = 2_000;
/// All of it together, within a few per cent.
pub(super) const BYTES: u64 = 120_000_000;
/// The folder of the templates.
pub(super) const TEMPLATES_FOLDER: &str = "infrastructure";

/// A source file of some length; the rest of the bytes is spread over what is neither source nor template.
const SOURCE_BYTES: usize = 9_000;

/// Numbers that look random (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound) as usize
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.below(WORDS.len() as u64)]
    }
}

const WORDS: &[&str] = &[
    "account", "answer", "batch", "buffer", "cache", "client", "cursor", "deadline", "digest", "event", "filter", "frame", "header", "index",
    "invoice", "journal", "key", "ledger", "message", "metric", "notice", "order", "packet", "page", "parser", "payment", "queue", "record",
    "report", "request", "result", "route", "sample", "schema", "server", "session", "signal", "stream", "table", "task", "token", "trace", "user",
    "value", "window", "worker",
];

/// Writes the repository into an empty folder. Returns its files and bytes.
pub(super) fn write(folder: &Path) -> Result<(usize, u64)> {
    let mut numbers = Numbers(1);
    let mut written = (0, 0);
    let mut put = |path: String, bytes: &[u8]| -> Result<()> {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, bytes)?;
        written = (written.0 + 1, written.1 + bytes.len() as u64);
        Ok(())
    };
    for number in 0..TEMPLATES {
        // Two of three are CloudFormation's, in YAML and, every sixth, in JSON; the others are Terraform, each a module of its own.
        let (path, text) = match number % 6 {
            0 | 3 => (format!("{TEMPLATES_FOLDER}/terraform/{number:03}/main.tf"), terraform(number)),
            1 => (format!("{TEMPLATES_FOLDER}/cloudformation/{number:03}.json"), cloudformation_json(number)),
            _ => (format!("{TEMPLATES_FOLDER}/cloudformation/{number:03}.yaml"), cloudformation_yaml(number)),
        };
        put(path, text.as_bytes())?;
    }
    for number in 0..SOURCES {
        let service = number % 40;
        let (ending, text) = match number % 4 {
            0 => ("py", python(&mut numbers, number)),
            1 => ("ts", typescript(&mut numbers, number)),
            2 => ("go", go(&mut numbers)),
            _ => ("rs", rust(&mut numbers)),
        };
        put(format!("services/{service:02}/src/module_{number:04}.{ending}"), text.as_bytes())?;
    }
    let others = FILES - TEMPLATES - SOURCES;
    // Templates and sources come to a sixth of it.
    let each = (BYTES as usize - SOURCES * SOURCE_BYTES - TEMPLATES * 4_000) / others;
    for number in 0..others {
        let size = each / 2 + numbers.below(each as u64);
        let (ending, bytes) = match number % 8 {
            0 | 1 => ("md", prose(&mut numbers, size)),
            2 => ("json", json(&mut numbers, size)),
            3 => ("yaml", yaml(&mut numbers, size)),
            4 => ("csv", csv(&mut numbers, size)),
            5 => ("svg", svg(&mut numbers, size)),
            6 => ("png", picture(&mut numbers, size)),
            _ => ("txt", prose(&mut numbers, size)),
        };
        put(format!("content/{:02}/{:02}/file_{number:04}.{ending}", number % 50, number / 50 % 20), &bytes)?;
    }
    Ok(written)
}

/// Ten kinds of resources, with some of the faults that reviewers look for.
fn cloudformation_yaml(number: usize) -> String {
    let mut text = String::from("AWSTemplateFormatVersion: \"2010-09-09\"\nDescription: A part of the whole.\nResources:\n");
    for (name, kind, properties) in resources(number) {
        let _ = writeln!(text, "  {name}:\n    Type: {kind}\n    Properties:");
        for (key, value) in properties {
            let _ = writeln!(text, "      {key}: {value}");
        }
    }
    text
}

fn cloudformation_json(number: usize) -> String {
    let mut text = String::from("{\n  \"AWSTemplateFormatVersion\": \"2010-09-09\",\n  \"Resources\": {\n");
    let all = resources(number);
    for (index, (name, kind, properties)) in all.iter().enumerate() {
        let _ = writeln!(text, "    \"{name}\": {{\n      \"Type\": \"{kind}\",\n      \"Properties\": {{");
        let lines: Vec<String> = properties.iter().map(|(key, value)| format!("        \"{key}\": {value}")).collect();
        let _ = writeln!(text, "{}\n      }}\n    }}{}", lines.join(",\n"), if index + 1 < all.len() { "," } else { "" });
    }
    text + "  }\n}\n"
}

type Resource = (String, &'static str, Vec<(&'static str, String)>);

/// Properties are written so that YAML and JSON read them alike.
fn resources(number: usize) -> Vec<Resource> {
    let q = |text: &str| format!("\"{text}\"");
    let n = number;
    let rule = r#"[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}]"#.to_owned();
    let trust = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#;
    let code = r#"{"S3Bucket": "artifacts", "S3Key": "function.zip"}"#.to_owned();
    let key = r#"[{"AttributeName": "id", "KeyType": "HASH"}]"#.to_owned();
    let attribute = r#"[{"AttributeName": "id", "AttributeType": "S"}]"#.to_owned();
    let role = r#"{"Fn::GetAtt": ["Role", "Arn"]}"#.to_owned();
    let at = |name: &str| format!("{name}{n}");
    vec![
        ("Network".into(), "AWS::EC2::VPC", vec![("CidrBlock", q(&format!("10.{}.0.0/16", n % 250)))]),
        (
            "Group".into(),
            "AWS::EC2::SecurityGroup",
            vec![("GroupDescription", q("Access")), ("VpcId", r#"{"Ref": "Network"}"#.into()), ("SecurityGroupIngress", rule)],
        ),
        (
            "Machine".into(),
            "AWS::EC2::Instance",
            vec![("ImageId", q("ami-0123456789abcdef0")), ("InstanceType", q("t3.medium")), ("SecurityGroupIds", r#"[{"Ref": "Group"}]"#.into())],
        ),
        ("Files".into(), "AWS::S3::Bucket", vec![("BucketName", q(&at("files-")))]),
        ("Role".into(), "AWS::IAM::Role", vec![("AssumeRolePolicyDocument", trust.into())]),
        (
            "Function".into(),
            "AWS::Lambda::Function",
            vec![("Code", code), ("Handler", q("app.handler")), ("Runtime", q("python3.12")), ("Role", role), ("Timeout", "30".into())],
        ),
        (
            "Table".into(),
            "AWS::DynamoDB::Table",
            vec![("AttributeDefinitions", attribute), ("KeySchema", key), ("BillingMode", q("PAY_PER_REQUEST"))],
        ),
        ("Queue".into(), "AWS::SQS::Queue", vec![("QueueName", q(&at("queue-")))]),
        ("Topic".into(), "AWS::SNS::Topic", vec![("TopicName", q(&at("topic-")))]),
        ("Logs".into(), "AWS::Logs::LogGroup", vec![("LogGroupName", q(&at("/app/"))), ("RetentionInDays", "30".into())]),
    ]
}

fn terraform(number: usize) -> String {
    let n = number;
    let octet = n % 250;
    format!(
        r#"provider "aws" {{
  region = "us-east-1"
}}

resource "aws_vpc" "network" {{
  cidr_block = "10.{octet}.0.0/16"
}}

resource "aws_security_group" "access" {{
  vpc_id = aws_vpc.network.id

  ingress {{
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = ["0.0.0.0/0"]
  }}
}}

resource "aws_instance" "machine" {{
  ami                    = "ami-0123456789abcdef0"
  instance_type          = "t3.medium"
  vpc_security_group_ids = [aws_security_group.access.id]
}}

resource "aws_s3_bucket" "files" {{
  bucket = "files-{n}"
}}

resource "aws_iam_role" "function" {{
  name = "function-{n}"
  assume_role_policy = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Effect = "Allow", Principal = {{ Service = "lambda.amazonaws.com" }}, Action = "sts:AssumeRole" }}]
  }})
}}

resource "aws_lambda_function" "function" {{
  function_name = "function-{n}"
  role          = aws_iam_role.function.arn
  handler       = "app.handler"
  runtime       = "python3.12"
  filename      = "function.zip"
  timeout       = 30
}}

resource "aws_dynamodb_table" "table" {{
  name         = "table-{n}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {{
    name = "id"
    type = "S"
  }}
}}

resource "aws_sqs_queue" "queue" {{
  name = "queue-{n}"
}}

resource "aws_sns_topic" "topic" {{
  name = "topic-{n}"
}}

resource "aws_cloudwatch_log_group" "logs" {{
  name              = "/app/{n}"
  retention_in_days = 30
}}
"#
    )
}

/// Repeats a piece of text until there is enough of it.
fn filled(mut text: String, size: usize, mut piece: impl FnMut(&mut String)) -> String {
    while text.len() < size {
        piece(&mut text);
    }
    text
}

fn python(numbers: &mut Numbers, number: usize) -> String {
    // Every twentieth of them talks to AWS.
    let head = if number.is_multiple_of(20) {
        "import boto3\n\nmodels = boto3.client(\"bedrock-runtime\", region_name=\"us-east-1\")\ntable = boto3.resource(\"dynamodb\").Table(\"records\")\n"
    } else {
        "import json\nimport logging\n\nlog = logging.getLogger(__name__)\n"
    };
    filled(head.to_owned(), SOURCE_BYTES, |text| {
        let (a, b, c) = (numbers.word(), numbers.word(), numbers.below(1_000));
        let _ = write!(
            text,
            "\n\ndef {a}_{b}_{c}({a}, {b}=None):\n    \"\"\"Takes the {a} to its {b}.\"\"\"\n    if {b} is None:\n        {b} = {{\"{a}\": {c}, \"{b}\": \"{a} {c}\"}}\n    for one in {a}.values():\n        {b}[one.name] = one.{b} * {c}\n    return {b}\n"
        );
    })
}

fn typescript(numbers: &mut Numbers, number: usize) -> String {
    let head = if number % 20 == 1 {
        "import { SQSClient } from \"@aws-sdk/client-sqs\";\n\nconst queue = new SQSClient({ region: process.env.AWS_REGION });\n"
    } else {
        "import { readFile } from \"node:fs/promises\";\n"
    };
    filled(head.to_owned(), SOURCE_BYTES, |text| {
        let (a, b, c) = (numbers.word(), numbers.word(), numbers.below(1_000));
        let _ = write!(
            text,
            "\n// Takes the {a} to its {b}.\nexport async function {a}{c}({a}: Map<string, number>, {b} = {c}): Promise<string> {{\n  const found = [...{a}.entries()].filter(([, size]) => size > {b});\n  return found.map(([name]) => `${{name}}:{b}`).join(\", \");\n}}\n"
        );
    })
}

fn go(numbers: &mut Numbers) -> String {
    filled("package module\n\nimport \"fmt\"\n".to_owned(), SOURCE_BYTES, |text| {
        let (a, b, c) = (numbers.word(), numbers.word(), numbers.below(100_000));
        let _ = write!(
            text,
            "\n// Take{c} takes the {a} to its {b}.\nfunc Take{c}({a} map[string]int, limit int) (string, error) {{\n\tfor name, size := range {a} {{\n\t\tif size > limit {{\n\t\t\treturn fmt.Sprintf(\"%s: {b} %d\", name, size), nil\n\t\t}}\n\t}}\n\treturn \"\", fmt.Errorf(\"no {a} has a {b}\")\n}}\n"
        );
    })
}

fn rust(numbers: &mut Numbers) -> String {
    filled("use std::collections::BTreeMap;\n".to_owned(), SOURCE_BYTES, |text| {
        let (a, b, c) = (numbers.word(), numbers.word(), numbers.below(100_000));
        let _ = write!(
            text,
            "\n/// Takes the {a} to its {b}.\npub fn {a}_{c}({a}: &BTreeMap<String, u64>, limit: u64) -> Option<String> {{\n    let (name, size) = {a}.iter().find(|(_, size)| **size > limit)?;\n    Some(format!(\"{{name}}: {b} {{size}}\"))\n}}\n"
        );
    })
}

fn prose(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    filled("# About this part\n".to_owned(), size, |text| {
        for place in 0..12 {
            text.push_str(if place == 0 { "\nThe " } else { " " });
            text.push_str(numbers.word());
        }
        text.push('.');
    })
    .into_bytes()
}

fn json(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let body = filled("{\n  \"records\": [\n    {\"id\": 0}".to_owned(), size, |text| {
        let (a, b, c) = (numbers.word(), numbers.word(), numbers.below(1_000_000));
        let _ = write!(text, ",\n    {{\"id\": {c}, \"name\": \"{a} {b}\", \"{a}\": [{c}, true, null], \"{b}\": \"{c}\"}}");
    });
    (body + "\n  ]\n}\n").into_bytes()
}

fn yaml(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    filled("settings:\n".to_owned(), size, |text| {
        let (a, b, c) = (numbers.word(), numbers.word(), numbers.below(1_000_000));
        let _ = write!(text, "  - name: {a}-{c}\n    {b}: {c}\n    labels: [{a}, {b}]\n    note: the {a} of the {b}\n");
    })
    .into_bytes()
}

fn csv(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    filled("id,name,size\n".to_owned(), size, |text| {
        let _ = writeln!(text, "{},{},{}", numbers.below(1_000_000), numbers.word(), numbers.below(1_000));
    })
    .into_bytes()
}

fn svg(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let body = filled("<svg xmlns=\"http://www.w3.org/2000/svg\">\n".to_owned(), size, |text| {
        let _ = writeln!(text, "  <path d=\"M{} {}L{} {}\"/>", numbers.below(999), numbers.below(999), numbers.below(999), numbers.below(999));
    });
    (body + "</svg>\n").into_bytes()
}

fn picture(numbers: &mut Numbers, size: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend((0..size).map(|_| numbers.below(256) as u8));
    bytes
}
