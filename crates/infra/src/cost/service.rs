//! The services that AWS splits a bill by, and which of them a price belongs to.

use serde::Serialize;

/// A service of the bill. What Cost Explorer and the usage report split in different ways is one here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is a service of AWS; `label` says it in words")]
pub enum Service {
    Ec2,
    Vpc,
    LoadBalancing,
    Ecs,
    Lambda,
    ApiGateway,
    Bedrock,
    Rds,
    DynamoDb,
    ElastiCache,
    CloudWatch,
    SecretsManager,
    SystemsManager,
    Kms,
    Route53,
    Sqs,
    Sns,
    Ecr,
    S3,
    CloudTrail,
    Budgets,
    Waf,
    Beanstalk,
    Iam,
    CertificateManager,
}

use Service::{
    ApiGateway, Beanstalk, Bedrock, Budgets, CertificateManager, CloudTrail, CloudWatch, DynamoDb, Ec2, Ecr, Ecs, ElastiCache, Iam, Kms, Lambda,
    LoadBalancing, Rds, Route53, S3, SecretsManager, Sns, Sqs, SystemsManager, Vpc, Waf,
};

/// Each service: its label, the families of price ids, and the names that exports have for it, in letters and digits without `amazon` and `aws`.
const SERVICES: &[(Service, &str, &[&str], &[&str])] = &[
    (
        Ec2,
        "EC2 (instances, disks, NAT, data transfer)",
        &["ec2", "ebs", "nat", "dto", "asg"],
        &["ec2", "ec2instances", "ec2other", "elasticcomputecloud", "elasticcomputecloudcompute", "datatransfer", "elasticblockstore", "natgateway"],
    ),
    (Vpc, "VPC (public IPv4 addresses, endpoints)", &["ipv4", "vpce", "vpc", "sg"], &["vpc", "virtualprivatecloud"]),
    (LoadBalancing, "Elastic Load Balancing", &["alb", "nlb"], &["elb", "ec2elb", "elasticloadbalancing", "elbv2"]),
    (Ecs, "ECS (Fargate)", &["fargate", "ecs"], &["ecs", "elasticcontainerservice", "ec2containerservice", "fargate"]),
    (Lambda, "Lambda", &["lambda"], &["lambda"]),
    (ApiGateway, "API Gateway", &["apigw"], &["apigateway"]),
    (Bedrock, "Bedrock", &["bedrock"], &["bedrock", "bedrockservice"]),
    (Rds, "RDS", &["rds"], &["rds", "relationaldatabaseservice"]),
    (DynamoDb, "DynamoDB", &["ddb"], &["dynamodb"]),
    (ElastiCache, "ElastiCache", &["cache"], &["elasticache"]),
    (CloudWatch, "CloudWatch", &["cw"], &["cloudwatch"]),
    (SecretsManager, "Secrets Manager", &["secrets"], &["secretsmanager"]),
    (SystemsManager, "Systems Manager", &["ssm"], &["systemsmanager", "ssm"]),
    (Kms, "KMS", &["kms"], &["kms", "keymanagementservice"]),
    (Route53, "Route 53", &["route53"], &["route53"]),
    (Sqs, "SQS", &["sqs"], &["sqs", "queueservice", "simplequeueservice"]),
    (Sns, "SNS", &["sns"], &["sns", "simplenotificationservice"]),
    (Ecr, "ECR", &["ecr"], &["ecr", "ec2containerregistryecr", "elasticcontainerregistry", "ec2containerregistry", "elasticcontainerregistryecr"]),
    (S3, "S3", &["s3"], &["s3", "simplestorageservice"]),
    (CloudTrail, "CloudTrail", &["cloudtrail"], &["cloudtrail"]),
    (Budgets, "Budgets", &["budgets"], &["budgets"]),
    (Waf, "WAF", &["waf"], &["waf", "wafv2"]),
    (Beanstalk, "Elastic Beanstalk", &["beanstalk"], &["elasticbeanstalk"]),
    (Iam, "IAM", &["iam"], &["iam", "identityandaccessmanagement"]),
    (CertificateManager, "Certificate Manager", &["acm"], &["acm", "certificatemanager"]),
];

impl Service {
    /// In words.
    pub fn label(self) -> &'static str {
        SERVICES.iter().find(|(service, ..)| *service == self).map_or("", |(_, label, ..)| label)
    }

    /// The service that a price belongs to. Every id of the price list has one; a test holds it to that.
    pub(super) fn of_price(id: &str) -> Service {
        let family = id.split('.').next().unwrap_or(id);
        SERVICES.iter().find(|(_, _, families, _)| families.contains(&family)).map_or(Ec2, |(service, ..)| *service)
    }

    /// The service that an export names, by its code or its title.
    pub(super) fn of_export(name: &str) -> Option<Service> {
        // "(Amazon Bedrock Edition)" is how models are sold that go through the Marketplace.
        if name.to_lowercase().contains("bedrock") {
            return Some(Bedrock);
        }
        let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        let short = letters.strip_prefix("amazon").or_else(|| letters.strip_prefix("aws")).unwrap_or(&letters);
        let is_named = |names: &&[&str]| names.contains(&letters.as_str()) || names.contains(&short);
        SERVICES.iter().find(|(_, _, _, names)| is_named(names)).map(|(service, ..)| *service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::{AwsPrices, Elsewhere};

    #[test]
    fn every_price_has_a_service() {
        let prices = AwsPrices::built_in().in_region("us-east-1", Elsewhere::Refuse).unwrap();
        for row in prices.rows() {
            let family = row.id.split('.').next().unwrap();
            assert!(SERVICES.iter().any(|(_, _, families, _)| families.contains(&family)), "{}", row.id);
        }
    }

    #[test]
    fn exports_name_a_service_by_code_title_or_short_title() {
        for (name, service) in [
            ("AmazonEC2", Ec2),
            ("EC2-Other", Ec2),
            ("Amazon Elastic Compute Cloud - Compute", Ec2),
            ("EC2-ELB", LoadBalancing),
            ("AWSELB", LoadBalancing),
            ("AmazonVPC", Vpc),
            ("AmazonCloudWatch", CloudWatch),
            ("AWSQueueService", Sqs),
            ("Claude Haiku 5.5 (Amazon Bedrock Edition)", Bedrock),
            ("awskms", Kms),
        ] {
            assert_eq!(Service::of_export(name), Some(service), "{name}");
        }
        assert_eq!(Service::of_export("Tax"), None);
    }
}
