//! What is declared, to tell a reference from text: by id, by the names that the templates give, and by what stands for another.

use super::properties::pattern;
use crate::attribute::{Attribute, Node};
use crate::inventory::Link;
use crate::read::cloudformation::Declared;
use crate::read::partial;
use crate::value::Value;
use std::collections::HashMap;

/// Types whose resources may be given a name: by which property, and by which properties others mean them by it.
const NAMED: [(&str, &str, &[&str]); 21] = [
    ("AWS::AutoScaling::AutoScalingGroup", "AutoScalingGroupName", &["AutoScalingGroupName"]),
    ("AWS::AutoScaling::LaunchConfiguration", "LaunchConfigurationName", &["LaunchConfigurationName"]),
    ("AWS::CloudWatch::Alarm", "AlarmName", &[]),
    ("AWS::DynamoDB::GlobalTable", "TableName", &[]),
    ("AWS::DynamoDB::Table", "TableName", &[]),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateName", &["LaunchTemplate.LaunchTemplateName", MIXED_TEMPLATE_NAME]),
    ("AWS::ECR::Repository", "RepositoryName", &[]),
    ("AWS::ECS::Cluster", "ClusterName", &["Cluster"]),
    ("AWS::ECS::Service", "ServiceName", &[]),
    ("AWS::ElasticBeanstalk::Application", "ApplicationName", &["ApplicationName"]),
    ("AWS::ElasticBeanstalk::Environment", "EnvironmentName", &[]),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName", &["IamInstanceProfile", "IamInstanceProfile.Name"]),
    ("AWS::IAM::Role", "RoleName", &["RoleName", "Roles"]),
    ("AWS::IAM::User", "UserName", &["UserName", "Users"]),
    ("AWS::Lambda::Function", "FunctionName", &["FunctionName", "TargetFunctionArn"]),
    ("AWS::Logs::LogGroup", "LogGroupName", &["LogGroupName", "LogConfiguration.Options.awslogs-group"]),
    ("AWS::RDS::DBCluster", "DBClusterIdentifier", &["DBClusterIdentifier"]),
    ("AWS::RDS::DBInstance", "DBInstanceIdentifier", &["SourceDBInstanceIdentifier"]),
    ("AWS::S3::Bucket", "BucketName", &[]),
    ("AWS::SSM::Parameter", "Name", &["ValueFrom"]),
    ("AWS::Serverless::Function", "FunctionName", &["FunctionName", "TargetFunctionArn"]),
];

const MIXED_TEMPLATE_NAME: &str = "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateName";

/// Of these types `Ref` gives an id or an ARN, which AWS makes up, whatever they are called.
const REFERRED_BY_ID: [&str; 2] = ["AWS::EC2::LaunchTemplate", "AWS::ECS::Service"];

/// What is declared.
pub(super) struct Names {
    types: HashMap<String, String>,
    /// What `Ref` gives, where the template says it.
    names: HashMap<String, String>,
    /// The resources of a type that are called so; those of a type that share a name are in several stacks.
    by_name: HashMap<(&'static str, String), Vec<String>>,
    /// Resources that stand for another one: what refers to the attachment of a secret means the secret.
    stand_for: HashMap<String, String>,
}

impl Names {
    pub(super) fn of(declared: &[Declared]) -> Names {
        let types = declared.iter().map(|resource| (resource.id.clone(), resource.type_name.clone())).collect();
        let mut names = Names { types, names: HashMap::new(), by_name: HashMap::new(), stand_for: HashMap::new() };
        for resource in declared {
            let named = NAMED.iter().find(|(type_name, ..)| *type_name == resource.type_name);
            if let Some((type_name, property, _)) = named
                && let Some(Attribute::Text(name)) = resource.properties.get(property).map(|node| &node.attribute)
            {
                if !REFERRED_BY_ID.contains(type_name) {
                    names.names.insert(resource.id.clone(), name.clone());
                }
                names.by_name.entry((*type_name, name.clone())).or_default().push(resource.id.clone());
            }
            let property = match resource.type_name.as_str() {
                "AWS::SecretsManager::SecretTargetAttachment" => "SecretId",
                "AWS::KMS::Alias" => "TargetKeyId",
                "AWS::Lambda::Alias" | "AWS::Lambda::Version" => "FunctionName",
                _ => continue,
            };
            if let Some(Attribute::Reference { resource: meant, .. }) = resource.properties.get(property).map(|node| &node.attribute) {
                names.stand_for.insert(resource.id.clone(), meant.clone());
            }
        }
        names
    }

    /// The resource that an id means. What stands for another may stand for one that does too: a Lambda alias for a version.
    pub(super) fn meant(&self, id: &str) -> String {
        let mut meant = id;
        for _ in 0..4 {
            match self.stand_for.get(meant) {
                Some(next) => meant = next,
                None => break,
            }
        }
        meant.to_owned()
    }

    /// The declared resource that a placeholder such as `main/Table.Arn` names, with its type.
    fn placeholder(&self, placeholder: &str) -> Option<(String, &str)> {
        let mut end = placeholder.len();
        loop {
            let id = self.meant(&placeholder[..end]);
            if let Some(type_name) = self.types.get(&id) {
                return Some((id, type_name));
            }
            end = placeholder[..end].rfind('.')?;
        }
    }

    /// A node as text; a resource by its name, where the template gives it one.
    pub(super) fn text(&self, node: &Node) -> Value<String> {
        match &node.attribute {
            Attribute::Reference { resource, attribute: None } => {
                self.names.get(resource).map_or_else(|| node.text(), |name| Value::Known(name.clone()))
            }
            _ => node.text(),
        }
    }

    /// A node as a link. Text around exactly one declared resource, such as a secret's ARN with the name of a field, means that resource.
    pub(super) fn link(&self, node: &Node) -> Value<Link> {
        match &node.attribute {
            Attribute::Reference { resource, attribute } => Value::Known(Link::To(self.referred(resource, attribute.as_deref()))),
            Attribute::Unknown(why) => match self.within(why).as_slice() {
                [(id, _)] => Value::Known(Link::To(id.clone())),
                _ => Value::Unknown(why.clone()),
            },
            _ => node.link(),
        }
    }

    fn referred(&self, resource: &str, attribute: Option<&str>) -> String {
        match attribute {
            Some(DEFAULT_GROUP) => default_group(resource),
            _ => self.meant(resource),
        }
    }

    /// A link of a property, in which the name of a declared resource of a type that the property takes is a link to it.
    pub(super) fn called(&self, path: &str, link: Value<Link>) -> Value<Link> {
        let Value::Known(Link::Outside(name)) = &link else { return link };
        let takes = |(type_name, _, takers): &(&'static str, &str, &[&str])| takers.contains(&path).then_some(*type_name);
        let types: Vec<&str> = NAMED.iter().filter_map(takes).collect();
        self.by_name(&types, name).map_or(link.clone(), |id| Value::Known(Link::To(id)))
    }

    /// The only resource of one of these types that is called so.
    pub(super) fn by_name(&self, types: &[&str], name: &str) -> Option<String> {
        let of_type = |(type_name, ..): &&(&'static str, &str, &[&str])| types.contains(type_name);
        let found = NAMED.iter().filter(of_type).filter_map(|(type_name, ..)| self.by_name.get(&(*type_name, name.to_owned())));
        match found.flatten().collect::<Vec<_>>().as_slice() {
            [only] => Some((*only).clone()),
            _ => None,
        }
    }

    /// A node as a link in which unknown parts of text stand as `${…}`, for names and ARNs that are read as patterns.
    pub(super) fn pattern_link(&self, node: &Node) -> Value<Link> {
        match &node.attribute {
            Attribute::Reference { resource, .. } => Value::Known(Link::To(self.meant(resource))),
            _ => pattern(node).map(Link::Outside),
        }
    }

    /// The declared resources within text of which a part cannot be told, with their types.
    pub(super) fn within(&self, why: &str) -> Vec<(String, &str)> {
        let placeholders = partial::pattern(why).map(partial::placeholders).unwrap_or_default();
        placeholders.into_iter().filter_map(|placeholder| self.placeholder(placeholder)).collect()
    }
}

/// The attribute of a VPC that gives the group that comes with it.
pub(super) const DEFAULT_GROUP: &str = "DefaultSecurityGroup";

/// The id of the group that comes with a VPC.
pub(super) fn default_group(vpc: &str) -> String {
    format!("{vpc}/{DEFAULT_GROUP}")
}
