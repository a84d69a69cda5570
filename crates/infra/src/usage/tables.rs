//! The words that use of AWS is known by. Data, not code: a new client library or a new way to deploy is a line here.

use super::entries::Language;
use regex::bytes::Regex;
use std::sync::LazyLock;

/// A file without any of these says nothing of AWS. Literals in their usual cases, so that the search runs at the speed of memory.
pub(super) static MARKERS: LazyLock<Regex> = LazyLock::new(|| {
    let words = "aws|AWS|Aws|boto|[Bb]edrock|BEDROCK|amazon|AKIA|ASIA|[Rr]egion|REGION|accessKeyId";
    // A file may name a model and nothing else. A maker of one family is known by both, since the maker alone may be anybody.
    let models = MODEL_FAMILIES.iter().map(|(maker, families)| match families {
        [family] => format!("{maker}[.]{family}"),
        _ => format!("{maker}[.]"),
    });
    let all: Vec<String> = std::iter::once(words.to_owned()).chain(models).collect();
    Regex::new(&all.join("|")).expect("the words are no patterns")
});

/// Services people know by another name than their client's.
pub(super) const SERVICE_NAMES: &[(&str, &str)] = &[
    ("bedrock-runtime", "Amazon Bedrock"),
    ("bedrock", "Amazon Bedrock, its control plane"),
    ("bedrock-agent-runtime", "Amazon Bedrock Agents"),
    ("bedrock-agent", "Amazon Bedrock Agents, their control plane"),
    ("s3", "Amazon S3"),
    ("dynamodb", "Amazon DynamoDB"),
    ("sqs", "Amazon SQS"),
    ("sns", "Amazon SNS"),
    ("ses", "Amazon SES"),
    ("sesv2", "Amazon SES"),
    ("lambda", "AWS Lambda"),
    ("ecs", "Amazon ECS"),
    ("ecr", "Amazon ECR"),
    ("ec2", "Amazon EC2"),
    ("rds", "Amazon RDS"),
    ("secretsmanager", "AWS Secrets Manager"),
    ("ssm", "AWS Systems Manager"),
    ("kms", "AWS KMS"),
    ("sts", "AWS STS"),
    ("iam", "AWS IAM"),
    ("logs", "Amazon CloudWatch Logs"),
    ("cloudwatch", "Amazon CloudWatch"),
    ("events", "Amazon EventBridge"),
    ("stepfunctions", "AWS Step Functions"),
    ("elasticache", "Amazon ElastiCache"),
    ("route53", "Amazon Route 53"),
];

/// Other spellings of a service's client, letters and digits only, to the one above.
const SERVICE_SPELLINGS: &[(&str, &str)] = &[
    ("bedrockruntime", "bedrock-runtime"),
    ("bedrockagentruntime", "bedrock-agent-runtime"),
    ("bedrockagent", "bedrock-agent"),
    ("cloudwatchlogs", "logs"),
    ("eventbridge", "events"),
    ("cloudwatchevents", "events"),
    ("sfn", "stepfunctions"),
    ("simpleemail", "ses"),
    ("simplesystemsmanagement", "ssm"),
    ("securitytoken", "sts"),
    ("dynamodbv2", "dynamodb"),
    ("dynamodbstreams", "dynamodbstreams"),
    ("libdynamodb", "dynamodb"),
    ("libstorage", "s3"),
    ("s3requestpresigner", "s3"),
    ("elasticloadbalancingv2", "elbv2"),
];

/// A service's id as boto3 spells it, whatever the SDK.
pub(super) fn service_id(spelled: &str) -> String {
    let letters: String = spelled.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    match SERVICE_SPELLINGS.iter().find(|(known, _)| *known == letters) {
        Some((_, id)) => (*id).to_owned(),
        None => spelled.to_ascii_lowercase(),
    }
}

/// What importing a module means.
#[derive(Clone, Copy)]
pub(super) enum Module {
    /// The SDK; which service, its calls say.
    Sdk,
    /// The service whose client follows in the module's name, up to the next dot or slash.
    ServiceAfter,
    /// This service.
    Service(&'static str),
    /// CDK.
    Cdk,
}

/// Modules by the beginning of their name: the language, the beginning, what it means, the library's name. The longest beginning counts.
pub(super) const MODULES: &[(Language, &str, Module, &str)] = &[
    (Language::Python, "boto3", Module::Sdk, "boto3"),
    (Language::Python, "botocore", Module::Sdk, "boto3"),
    (Language::Python, "aioboto3", Module::Sdk, "aioboto3"),
    (Language::Python, "aiobotocore", Module::Sdk, "aiobotocore"),
    (Language::Python, "langchain_aws", Module::Service("bedrock-runtime"), "langchain-aws"),
    (Language::Python, "aws_cdk", Module::Cdk, "AWS CDK"),
    (Language::JavaScript, "@aws-sdk/client-", Module::ServiceAfter, "AWS SDK for JavaScript v3"),
    (Language::JavaScript, "@aws-sdk/lib-dynamodb", Module::Service("dynamodb"), "AWS SDK for JavaScript v3"),
    (Language::JavaScript, "@aws-sdk/lib-storage", Module::Service("s3"), "AWS SDK for JavaScript v3"),
    (Language::JavaScript, "@aws-sdk/", Module::Sdk, "AWS SDK for JavaScript v3"),
    (Language::JavaScript, "aws-sdk/clients/", Module::ServiceAfter, "AWS SDK for JavaScript v2"),
    (Language::JavaScript, "aws-sdk", Module::Sdk, "AWS SDK for JavaScript v2"),
    (Language::JavaScript, "@ai-sdk/amazon-bedrock", Module::Service("bedrock-runtime"), "AI SDK"),
    (Language::JavaScript, "@anthropic-ai/bedrock-sdk", Module::Service("bedrock-runtime"), "Anthropic's Bedrock SDK"),
    (Language::JavaScript, "@langchain/aws", Module::Service("bedrock-runtime"), "LangChain"),
    (Language::JavaScript, "aws-cdk-lib", Module::Cdk, "AWS CDK"),
    (Language::JavaScript, "@aws-cdk/", Module::Cdk, "AWS CDK"),
    (Language::Go, "github.com/aws/aws-sdk-go-v2/service/", Module::ServiceAfter, "AWS SDK for Go v2"),
    (Language::Go, "github.com/aws/aws-sdk-go-v2", Module::Sdk, "AWS SDK for Go v2"),
    (Language::Go, "github.com/aws/aws-sdk-go/service/", Module::ServiceAfter, "AWS SDK for Go v1"),
    (Language::Go, "github.com/aws/aws-sdk-go", Module::Sdk, "AWS SDK for Go v1"),
    (Language::Go, "github.com/aws/aws-cdk-go", Module::Cdk, "AWS CDK"),
    (Language::Java, "software.amazon.awssdk.services.", Module::ServiceAfter, "AWS SDK for Java v2"),
    (Language::Java, "software.amazon.awssdk", Module::Sdk, "AWS SDK for Java v2"),
    (Language::Java, "com.amazonaws.services.", Module::ServiceAfter, "AWS SDK for Java v1"),
    (Language::Java, "com.amazonaws.", Module::Sdk, "AWS SDK for Java v1"),
    (Language::Java, "software.amazon.awscdk", Module::Cdk, "AWS CDK"),
    (Language::Rust, "aws_sdk_", Module::ServiceAfter, "AWS SDK for Rust"),
    (Language::Rust, "aws_config", Module::Sdk, "AWS SDK for Rust"),
];

/// Constructors of libraries that call Bedrock, whatever module they come through.
pub(super) const CONSTRUCTORS: &[(Language, &str, &str, &str)] = &[
    (Language::Python, "AnthropicBedrock", "bedrock-runtime", "Anthropic's SDK"),
    (Language::Python, "AsyncAnthropicBedrock", "bedrock-runtime", "Anthropic's SDK"),
    (Language::Python, "ChatBedrock", "bedrock-runtime", "langchain-aws"),
    (Language::Python, "ChatBedrockConverse", "bedrock-runtime", "langchain-aws"),
    (Language::Python, "BedrockEmbeddings", "bedrock-runtime", "langchain-aws"),
    (Language::Python, "BedrockModel", "bedrock-runtime", "Strands Agents"),
];

/// Methods of boto3 and its kin whose first argument is a service.
pub(super) const CLIENT_METHODS: &[&str] = &["client", "resource", "create_client"];

/// Regions of AWS.
pub(super) const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// Who makes models on Bedrock, and how their models' names begin. Both, because `amazon.com` and `meta.json` are no models.
pub(super) const MODEL_FAMILIES: &[(&str, &[&str])] = &[
    ("anthropic", &["claude"]),
    ("amazon", &["nova", "titan", "rerank"]),
    ("meta", &["llama"]),
    ("mistral", &["mistral", "mixtral", "ministral", "pixtral", "magistral", "devstral", "voxtral"]),
    ("cohere", &["command", "embed", "rerank"]),
    ("ai21", &["jamba", "j2"]),
    ("stability", &["stable", "sd3", "sdxl"]),
    ("deepseek", &["r1", "v3", "deepseek"]),
    ("openai", &["gpt-oss"]),
    ("qwen", &["qwen"]),
    ("writer", &["palmyra"]),
    ("luma", &["ray"]),
    ("twelvelabs", &["pegasus", "marengo"]),
    ("google", &["gemma"]),
    ("minimax", &["minimax"]),
    ("moonshot", &["kimi"]),
    ("moonshotai", &["kimi"]),
    ("nvidia", &["nemotron"]),
    ("zai", &["glm"]),
];

/// What stands before a model id in an inference profile.
pub(crate) const GEOGRAPHIES: &[&str] = &["us", "eu", "apac", "jp", "au", "ca", "global", "us-gov"];

/// Files whose name alone says that the project deploys to AWS, by the end of their path, and what reads them.
pub(super) const DEPLOYMENT_FILES: &[(&str, &str)] = &[
    ("appspec.yml", "CodeDeploy"),
    ("appspec.yaml", "CodeDeploy"),
    ("buildspec.yml", "CodeBuild"),
    ("buildspec.yaml", "CodeBuild"),
    ("Dockerrun.aws.json", "Elastic Beanstalk"),
    (".elasticbeanstalk/config.yml", "Elastic Beanstalk"),
    ("samconfig.toml", "SAM"),
    ("samconfig.yaml", "SAM"),
    ("apprunner.yaml", "App Runner"),
    ("zappa_settings.json", "Zappa"),
    (".chalice/config.json", "Chalice"),
    ("copilot/.workspace", "AWS Copilot"),
];

/// Every deploying command has one of these, so that most lines need not be compared with them all.
pub(super) const DEPLOY_WORDS: &[&str] = &["aws", "deploy", "zappa"];

/// Commands and actions that deploy to AWS: how they begin, in a pipeline or a script.
pub(super) const DEPLOY_COMMANDS: &[&str] = &[
    "aws ecs update-service",
    "aws ecs deploy",
    "aws ecs create-service",
    "aws cloudformation deploy",
    "aws cloudformation create-stack",
    "aws cloudformation update-stack",
    "aws lambda update-function-code",
    "aws lambda create-function",
    "aws s3 sync",
    "aws s3 cp",
    "aws deploy create-deployment",
    "aws elasticbeanstalk",
    "aws apprunner",
    "aws ec2 run-instances",
    "cdk deploy",
    "sam deploy",
    "eb deploy",
    "copilot deploy",
    "chalice deploy",
    "zappa update",
    "zappa deploy",
    "serverless deploy",
    "sls deploy",
    "aws-actions/amazon-ecs-deploy-task-definition",
    "aws-actions/aws-cloudformation-github-deploy",
    "aws-actions/aws-codebuild-run-build",
    "aws-actions/aws-lambda-deploy",
    "einaregilsson/beanstalk-deploy",
];

/// A table's lines for one language: those whose beginning fits, the longest first.
pub(super) fn module(language: Language, name: &str) -> Option<(&'static str, Module, &'static str)> {
    let fits = |known: &str| {
        // A beginning that ends in a letter must end at a boundary: `boto3` is not `boto3x`.
        let rest = name.strip_prefix(known)?;
        let is_whole = !known.ends_with(|c: char| c.is_ascii_alphanumeric()) || !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        is_whole.then_some(known.len())
    };
    let of_language = MODULES.iter().filter(|(of, ..)| *of == language);
    let (_, known, module, library) = of_language.filter_map(|row| Some((fits(row.1)?, row))).max_by_key(|(length, _)| *length)?.1;
    Some((known, *module, library))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deploying_command_has_a_word_that_lines_are_sifted_by() {
        for command in DEPLOY_COMMANDS {
            assert!(DEPLOY_WORDS.iter().any(|word| command.contains(word)), "{command}");
        }
    }
}
