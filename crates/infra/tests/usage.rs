//! What whole repositories use: the founding document's own, and those that are easily misread.

use domain::prices::Prices;
use infra::usage::{Mention, Usage, merge, of_file};
use std::path::{Path, PathBuf};

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

fn mentions(repository: &str) -> Vec<Mention> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/usage").join(repository);
    let mut files = Vec::new();
    walk(&root, &mut files);
    let mut mentions = Vec::new();
    for file in files {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        // Keys are put together here: a scanner would take a fixture that holds one for a leak.
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.replace("@KEY@", &format!("AKIA{}", "Q3ZJKLMNOPQRSTU2")).replace("@SECRET@", &"aB3d".repeat(10));
        mentions.extend(of_file(&path, text.as_bytes()));
    }
    mentions
}

fn usage(repository: &str) -> Usage {
    merge(mentions(repository))
}

/// Each line: what, detail, and where it is seen.
fn lines(usage: &Usage) -> Vec<String> {
    let places = |c: &infra::usage::Configured| c.evidence.iter().map(|e| format!("{}:{}", e.file, e.line)).collect::<Vec<_>>().join(" ");
    usage.configured.iter().map(|c| format!("{}: {} @ {}", c.what, c.detail, places(c))).collect()
}

fn not_found(usage: &Usage) -> Vec<&str> {
    usage.not_found.iter().map(|missing| missing.what.as_str()).collect()
}

#[test]
fn the_founding_repository_gives_its_nine_statements() {
    let prices = Prices::parse(include_str!("../../../prices/models.toml")).unwrap();
    let usage = usage("founding").dated(&prices, "2026-11-20");
    assert_eq!(
        lines(&usage),
        [
            "Service: Amazon Bedrock (bedrock-runtime) @ app/services/bedrock.py:12",
            "Model: Claude 3 Haiku (anthropic.claude-3-haiku-20240307-v1:0); past its end of life on 2026-09-10; use anthropic.claude-haiku-5-5 @ .env.example:8 app/core/config.py:17",
            "Region: us-east-1 (default) @ .env.example:5 app/core/config.py:14",
            "Client: bedrock-runtime, through boto3 @ app/services/bedrock.py:12",
            "Authentication: access key id and secret access key @ .env.example:6 .env.example:7 app/core/config.py:15 app/core/config.py:16 app/services/bedrock.py:15 app/services/bedrock.py:16",
            "Environment template: .env.example @ .env.example:1",
            "Container image: built on python:3.11-slim @ Dockerfile:7",
            "Compose file: docker-compose.yml @ docker-compose.yml:1",
            "Pipeline: GitHub Actions; does not deploy to AWS @ .github/workflows/ci.yml:1",
        ]
    );
    assert_eq!(
        not_found(&usage),
        ["Terraform files", "CloudFormation templates", "AWS CDK code", "infrastructure-as-code definitions", "AWS deployment configurations"]
    );
    let lifecycles = usage.lifecycles(&prices, "2026-09-09");
    assert_eq!(lifecycles[0].to_string(), "reaches its end of life on 2026-09-10; use anthropic.claude-haiku-5-5");
    assert!(!lifecycles[0].is_over);
}

#[test]
fn evidence_has_the_shape_of_findings_and_no_secrets() {
    let json = serde_json::to_value(usage("founding")).unwrap();
    assert_eq!(
        json["configured"][4]["evidence"][1],
        serde_json::json!({"kind": "file", "where": ".env.example:7", "quote": "AWS_SECRET_ACCESS_KEY=***"})
    );
    assert_eq!(json["not_found"][0], serde_json::json!({"what": "Terraform files"}));
    assert_eq!(json.as_object().unwrap().len(), 2);
}

#[test]
fn what_only_comments_and_documents_mention_is_not_used() {
    let usage = usage("mention");
    assert_eq!(lines(&usage), Vec::<String>::new());
    assert!(not_found(&usage).ends_with(&["use of an AWS service in code", "a model of Amazon Bedrock"]));
}

#[test]
fn terraform_for_another_cloud_is_not_taken_for_aws() {
    let usage = usage("elsewhere");
    assert_eq!(
        lines(&usage),
        [
            "Infrastructure as code: Terraform for alicloud, nothing of AWS in those files @ terraform/oss.tf:1",
            "Infrastructure as code: Terraform for google, nothing of AWS in those files @ terraform/main.tf:2",
        ]
    );
    assert_eq!(not_found(&usage)[0], "Terraform for AWS (the files here are for alicloud, google)");
}

#[test]
fn both_sdks_for_javascript_are_read() {
    assert_eq!(
        lines(&usage("javascript")),
        [
            "Service: Amazon Bedrock (bedrock-runtime) @ src/llm.ts:1",
            "Service: Amazon DynamoDB (dynamodb) @ src/store.js:5",
            "Service: Amazon S3 (s3) @ src/store.js:2",
            "Model: Claude Haiku 5.5 (eu.anthropic.claude-haiku-5-5) @ src/llm.ts:5",
            "Region: eu-central-1 (default) @ src/llm.ts:4",
            "Region: eu-west-1 @ src/store.js:4",
            "Client: bedrock-runtime, through AWS SDK for JavaScript v3 @ src/llm.ts:1",
            "Client: dynamodb, through AWS SDK for JavaScript v2 @ src/store.js:5",
            "Client: s3, through AWS SDK for JavaScript v2 @ src/store.js:2",
            "Authentication: the SDK's default chain: the code names no keys, profile or role @ src/llm.ts:1 src/store.js:2 src/store.js:5",
        ]
    );
}

#[test]
fn keys_of_tests_are_set_aside() {
    let usage = usage("tested_keys");
    assert_eq!(
        lines(&usage),
        [
            "Service: Amazon SQS (sqs) @ app/main.py:4",
            "Client: sqs, through boto3 @ app/main.py:4",
            "Authentication: the SDK's default chain: the code names no keys, profile or role @ app/main.py:4",
        ]
    );
    assert!(usage.set_aside.iter().any(|m| m.evidence.file == "tests/fixtures/credentials.json" && format!("{:?}", m.fact).contains("HardCodedKey")));
    assert!(!format!("{usage:?}").contains("Q3ZJ"), "the key itself is repeated");
}

#[test]
fn two_stacks_of_one_repository_are_not_mixed_up() {
    assert_eq!(
        lines(&usage("monorepo")),
        [
            "Service: Amazon Bedrock (bedrock-runtime) @ chat/src/main.rs:2",
            "Model: Claude Haiku 5.5 (us.anthropic.claude-haiku-5-5) @ chat/src/main.rs:9",
            "Region: us-west-2 @ chat/src/main.rs:5",
            "Client: bedrock-runtime, through AWS SDK for Rust @ chat/src/main.rs:2",
            "Authentication: the SDK's default chain: the code names no keys, profile or role @ chat/src/main.rs:2",
            "Pipeline: GitLab CI; does not deploy to AWS @ billing/deploy/.gitlab-ci.yml:1",
            "Infrastructure as code: CloudFormation @ chat/infra/template.yaml:1",
        ]
    );
}

#[test]
fn the_order_of_the_files_does_not_matter() {
    let mut shuffled = mentions("founding");
    shuffled.reverse();
    shuffled.rotate_left(5);
    assert_eq!(merge(shuffled), usage("founding"));
}

#[test]
fn every_language_and_form_is_read() {
    for (path, text, expected) in [
        ("a.py", "import boto3\nS = 'sns'\nboto3.Session(profile_name='p').client(S)", "Service: Amazon SNS (sns) @ a.py:3"),
        ("a.py", "import aioboto3\nasync with session.client('bedrock-runtime') as c: pass", "Client: bedrock-runtime, through aioboto3 @ a.py:2"),
        ("a.py", "import os\nr = os.getenv(\"AWS_REGION\", \"us-east-1\")", "Region: us-east-1 (default) @ a.py:2"),
        ("a.py", "r = os.environ.get('AWS_REGION') or 'eu-west-1'", "Region: eu-west-1 (default) @ a.py:1"),
        ("a.py", "class S:\n    bedrock_region: str = Field(default=\"us-west-2\", env='X')", "Region: us-west-2 (default) @ a.py:2"),
        ("a.py", "from langchain_aws import ChatBedrock", "Service: Amazon Bedrock (bedrock-runtime) @ a.py:1"),
        ("a.py", "model = 'bedrock/us.anthropic.claude-haiku-5-5'", "Model: Claude Haiku 5.5 (us.anthropic.claude-haiku-5-5) @ a.py:1"),
        (
            "a.go",
            "import (\n\t\"github.com/aws/aws-sdk-go-v2/service/bedrockruntime\"\n)",
            "Client: bedrock-runtime, through AWS SDK for Go v2 @ a.go:2",
        ),
        (
            "a.go",
            "import \"github.com/aws/aws-sdk-go/service/s3\"\nvar c = aws.Config{Region: aws.String(\"us-east-2\")}",
            "Client: s3, through AWS SDK for Go v1 @ a.go:1",
        ),
        (
            "A.java",
            "import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;",
            "Client: bedrock-runtime, through AWS SDK for Java v2 @ A.java:1",
        ),
        ("A.java", "import com.amazonaws.services.s3.AmazonS3;\nclass A { Object r = Regions.US_EAST_1; }", "Region: us-east-1 @ A.java:2"),
        ("a.ts", "import { createAmazonBedrock } from '@ai-sdk/amazon-bedrock'", "Client: bedrock-runtime, through AI SDK @ a.ts:1"),
        ("a.ts", "const e = 'https://bedrock-runtime.eu-west-1.amazonaws.com'", "Region: eu-west-1 @ a.ts:1"),
        ("config.toml", "aws_region = \"eu-north-1\"", "Region: eu-north-1 @ config.toml:1"),
        ("docker-compose.yml", "environment:\n  - AWS_REGION=${AWS_REGION:-us-east-1}", "Region: us-east-1 (default) @ docker-compose.yml:2"),
        ("Dockerfile", "FROM scratch\nENV AWS_DEFAULT_REGION=eu-west-2", "Region: eu-west-2 (default) @ Dockerfile:2"),
        ("main.tf", "provider \"aws\" {\n  region = \"us-east-1\"\n}", "Infrastructure as code: Terraform @ main.tf:1"),
        ("cdk.json", "{}", "Infrastructure as code: AWS CDK @ cdk.json:1"),
        ("t.json", "{\"Resources\": {\"A\": {\"Type\": \"AWS::S3::Bucket\"}}}", "Infrastructure as code: CloudFormation @ t.json:1"),
        (
            "serverless.yml",
            "service: x\nprovider:\n  name: aws\nfunctions:\n  a: b",
            "Infrastructure as code: Serverless Framework @ serverless.yml:3",
        ),
        ("appspec.yml", "version: 0.0", "Deployment: appspec.yml (CodeDeploy) @ appspec.yml:1"),
        ("deploy.sh", "set -e\naws ecs update-service --cluster c", "Deployment: aws ecs update-service, in a script @ deploy.sh:2"),
        (
            ".github/workflows/d.yml",
            "steps:\n  - run: npx cdk deploy",
            "Pipeline: GitHub Actions; deploys with cdk deploy @ .github/workflows/d.yml:2",
        ),
        (
            ".github/workflows/d.yml",
            "steps:\n  - uses: aws-actions/configure-aws-credentials@v4\n    with:\n      role-to-assume: x",
            "Pipeline authentication: a role @ .github/workflows/d.yml:4",
        ),
        ("a.py", "import boto3\nsts.assume_role(RoleArn=x)", "Authentication: a role @ a.py:2"),
    ] {
        let lines = lines(&merge(of_file(path, text.as_bytes())));
        assert!(lines.iter().any(|line| line == expected), "{path}: {text}\n{lines:#?}");
    }
}

#[test]
fn lists_of_models_and_regions_are_choices_and_not_use() {
    let rows = ["3-haiku-20240307-v1:0", "haiku-4-5", "haiku-5-5", "sonnet-4-6", "sonnet-5", "sonnet-5-5"]
        .map(|m| format!("id = \"anthropic.claude-{m}\"\n"));
    let usage = merge(of_file("prices.toml", format!("# aws\n{}aws_regions = [\"us-east-1\", \"us-west-2\"]", rows.concat()).as_bytes()));
    assert_eq!((usage.configured.len(), usage.set_aside.len()), (0, 6));
    let host = "u = 'https://vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com'";
    assert_eq!(of_file("a.py", host.as_bytes()), []);
}

#[test]
fn clients_and_models_are_found_however_they_are_named() {
    let said = |path: &str, text: &str| lines(&merge(of_file(path, text.as_bytes())));
    let bedrock = "Service: Amazon Bedrock (bedrock-runtime) @ a.py:2".to_owned();
    for code in [
        "from boto3 import client\nc = client('bedrock-runtime')",
        "from boto3 import client as make\nc = make('bedrock-runtime')",
        "import boto3\nc = boto3.client(os.environ.get('SVC', 'bedrock-runtime'))",
    ] {
        assert!(said("a.py", code).contains(&bedrock), "{code}: {:?}", said("a.py", code));
    }
    let constant = "import boto3\nSERVICE = os.environ.get('SVC', 'bedrock-runtime')\nc = boto3.client(SERVICE)";
    assert!(said("a.py", constant)[0].starts_with("Service: Amazon Bedrock"));
    let untold = merge(of_file("a.py", b"import boto3\nc = boto3.client(which())"));
    assert_eq!(lines(&untold), ["Client: boto3; which service it calls cannot be told from the code @ a.py:1"]);
    assert!(!not_found(&untold).contains(&"use of an AWS service in code"));
    let asked = "import boto3\nc = boto3.client('bedrock-runtime')\nc.converse(modelId='newmaker.model-1', x='other.name-1')";
    let models: Vec<String> = said("a.py", asked).into_iter().filter(|line| line.starts_with("Model")).collect();
    assert!(models.len() == 1 && models[0].contains("newmaker.model-1"), "{models:?}");
    assert_eq!(said("settings.py", "MODEL_ID = 'meta.llama3-1-70b-instruct-v1:0'").len(), 1, "it says nothing else of AWS");
}

#[test]
fn an_image_is_what_its_last_stage_comes_down_to() {
    let image = |text: &str| lines(&merge(of_file("Dockerfile", text.as_bytes())));
    let stages = "FROM --platform=linux/amd64 python:3.13-slim AS base\nFROM node AS web\nFROM base AS runtime\nENV X=1 \\\n  AWS_REGION=eu-west-1\n";
    let said = image(stages);
    assert!(said.contains(&"Container image: built on python:3.13-slim @ Dockerfile:1".to_owned()), "{said:?}");
    assert!(said.contains(&"Region: eu-west-1 (default) @ Dockerfile:5".to_owned()), "{said:?}");
    assert_eq!(image("FROM base AS base\n"), ["Container image: built on base @ Dockerfile:1"]);
}

#[test]
fn what_the_serverless_framework_reads_is_called_so() {
    let settings = "service: api\nprovider:\n  name: aws\nresources:\n  Resources:\n    Db:\n      Type: AWS::RDS::DBInstance\n";
    assert_eq!(lines(&merge(of_file("serverless.yml", settings.as_bytes()))), ["Infrastructure as code: Serverless Framework @ serverless.yml:3"]);
}

#[test]
fn a_file_too_large_for_a_source_is_said_and_not_read() {
    let text = "import boto3\n".repeat(400_000);
    let usage = merge(of_file("dump.py", text.as_bytes()));
    assert_eq!((usage.configured.len(), usage.problems.len()), (0, 1));
    assert!(usage.problems[0].message.contains("files of up to 4 MB"));
    assert_eq!(of_file("notes.py", "x\n".repeat(3_000_000).as_bytes()), []);
}

#[test]
fn hostile_text_takes_time_in_proportion_to_its_length() {
    for unit in [
        "\"\\",
        "'\\\"",
        "/[",
        "r#\"",
        "r##\"",
        "`",
        "/*",
        "\"\"\"",
        "{",
        "import ",
        "= ",
        ": ",
        "#",
        "client(",
        "||",
        "<'a",
        "AKIA",
        "from 'x' ",
        ":'x'",
        "x.client('a') ",
        "/ ",
    ] {
        let text = format!("aws{}", unit.repeat(60_000 / unit.len()));
        for path in ["a.py", "a.ts", "a.rs", "a.go", "A.java", "a.tf", "a.json", "a.yaml", ".env.example", "Dockerfile"] {
            let started = std::time::Instant::now();
            of_file(path, text.as_bytes());
            assert!(started.elapsed().as_secs() < 5, "{path}: {unit:?} took {:?}", started.elapsed());
        }
    }
}
