//! Reading properties as the inventory's values and links.

use crate::attribute::{Attribute, Node};
use crate::inventory::Link;
use crate::read::cloudformation::Declared;
use crate::read::partial;
use crate::value::Value;
use std::collections::{BTreeMap, HashMap};

/// What `Ref` gives for these types is the name that they may be given. Of others it is an id or an ARN, which AWS makes up.
const NAMED: [(&str, &str); 17] = [
    ("AWS::AutoScaling::AutoScalingGroup", "AutoScalingGroupName"),
    ("AWS::CloudWatch::Alarm", "AlarmName"),
    ("AWS::DynamoDB::GlobalTable", "TableName"),
    ("AWS::DynamoDB::Table", "TableName"),
    ("AWS::ECR::Repository", "RepositoryName"),
    ("AWS::ECS::Cluster", "ClusterName"),
    ("AWS::ElasticBeanstalk::Application", "ApplicationName"),
    ("AWS::ElasticBeanstalk::Environment", "EnvironmentName"),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName"),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::User", "UserName"),
    ("AWS::Lambda::Function", "FunctionName"),
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
    ("AWS::S3::Bucket", "BucketName"),
    ("AWS::SSM::Parameter", "Name"),
    ("AWS::Serverless::Function", "FunctionName"),
];

/// The ids of what is declared, to tell a reference from text.
pub(super) struct Names {
    types: HashMap<String, String>,
    /// What `Ref` gives, where the template says it.
    names: HashMap<String, String>,
    /// Resources that stand for another one: what refers to the attachment of a secret means the secret.
    stand_for: HashMap<String, String>,
}

impl Names {
    pub(super) fn of(declared: &[Declared]) -> Names {
        let types = declared.iter().map(|resource| (resource.id.clone(), resource.type_name.clone())).collect();
        let (mut names, mut stand_for) = (HashMap::new(), HashMap::new());
        for resource in declared {
            let property = NAMED.iter().find(|(type_name, _)| *type_name == resource.type_name).map(|(_, property)| *property);
            if let Some(Attribute::Text(name)) = property.and_then(|property| resource.properties.get(property)).map(|node| &node.attribute) {
                names.insert(resource.id.clone(), name.clone());
            }
            let property = match resource.type_name.as_str() {
                "AWS::SecretsManager::SecretTargetAttachment" => "SecretId",
                "AWS::KMS::Alias" => "TargetKeyId",
                "AWS::Lambda::Alias" | "AWS::Lambda::Version" => "FunctionName",
                _ => continue,
            };
            if let Some(Attribute::Reference { resource: meant, .. }) = resource.properties.get(property).map(|node| &node.attribute) {
                stand_for.insert(resource.id.clone(), meant.clone());
            }
        }
        Names { types, names, stand_for }
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
    pub(super) fn placeholder(&self, placeholder: &str) -> Option<(String, &str)> {
        let mut end = placeholder.len();
        loop {
            let id = self.meant(&placeholder[..end]);
            if let Some(type_name) = self.types.get(&id) {
                return Some((id, type_name));
            }
            end = placeholder[..end].rfind('.')?;
        }
    }
}

/// The properties of a resource, or a part of them.
#[derive(Clone, Copy)]
pub(super) struct Properties<'a> {
    pub(super) node: &'a Node,
    pub(super) names: &'a Names,
    /// The id of the resource.
    pub(super) id: &'a str,
}

impl<'a> Properties<'a> {
    /// The part at a path such as `VpcConfig.SubnetIds`. Where the path leads through something unknown, that.
    pub(super) fn at(&self, path: &str) -> Option<&'a Node> {
        let mut node = self.node;
        for name in path.split('.') {
            if let Attribute::Unknown(_) = node.attribute {
                return Some(node);
            }
            node = node.get(name)?;
        }
        Some(node)
    }

    /// The part at a path, as properties.
    pub(super) fn part(&self, path: &str) -> Option<Properties<'a>> {
        Some(Properties { node: self.at(path)?, ..*self })
    }

    /// The elements of a list of maps.
    pub(super) fn parts(&self, path: &str) -> Vec<Properties<'a>> {
        self.nodes(path).into_iter().map(|node| Properties { node, ..*self }).collect()
    }

    /// The elements of a list. One that came out as a list itself, as `Fn::If` may give, counts by its elements.
    pub(super) fn nodes(&self, path: &str) -> Vec<&'a Node> {
        self.at(path).map_or_else(Vec::new, |node| node.items().into_iter().flat_map(Node::items).collect())
    }

    pub(super) fn text(&self, path: &str) -> Value<String> {
        self.at(path).map_or(Value::Absent, |node| self.names.text(node))
    }

    /// Text; where a part of it cannot be told, that stands as `${…}`.
    pub(super) fn pattern(&self, path: &str) -> Value<String> {
        self.at(path).map_or(Value::Absent, pattern)
    }

    pub(super) fn number(&self, path: &str) -> Value<f64> {
        self.at(path).map_or(Value::Absent, Node::number)
    }

    pub(super) fn flag(&self, path: &str) -> Value<bool> {
        self.at(path).map_or(Value::Absent, Node::flag)
    }

    /// Whether a text is this one, such as `ENABLED`.
    pub(super) fn is(&self, path: &str, text: &str) -> Value<bool> {
        self.text(path).map(|value| value.eq_ignore_ascii_case(text))
    }

    pub(super) fn texts(&self, path: &str) -> Vec<Value<String>> {
        self.nodes(path).into_iter().map(|node| self.names.text(node)).collect()
    }

    pub(super) fn link(&self, path: &str) -> Value<Link> {
        self.at(path).map_or(Value::Absent, |node| self.names.link(node))
    }

    pub(super) fn links(&self, path: &str) -> Vec<Value<Link>> {
        self.nodes(path).into_iter().map(|node| self.names.link(node)).collect()
    }

    /// The values of a map by name.
    pub(super) fn map(&self, path: &str) -> BTreeMap<String, Value<String>> {
        match self.at(path).map(|node| &node.attribute) {
            Some(Attribute::Map(entries)) => {
                let set = entries.iter().filter(|(_, node)| node.attribute != Attribute::Null);
                set.map(|(name, node)| (name.clone(), self.names.text(node))).collect()
            }
            Some(Attribute::Unknown(why)) => BTreeMap::from([("…".to_owned(), Value::Unknown(why.clone()))]),
            _ => BTreeMap::new(),
        }
    }
}

impl Names {
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
            Attribute::Reference { resource, .. } => Value::Known(Link::To(self.meant(resource))),
            Attribute::Unknown(why) => match self.within(why).as_slice() {
                [(id, _)] => Value::Known(Link::To(id.clone())),
                _ => Value::Unknown(why.clone()),
            },
            _ => node.link(),
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

/// Text; where a part of it cannot be told, that stands as `${…}`.
pub(super) fn pattern(node: &Node) -> Value<String> {
    match node.text() {
        Value::Unknown(why) => match partial::pattern(&why) {
            Some(pattern) => Value::Known(pattern.to_owned()),
            None => Value::Unknown(why),
        },
        told => told,
    }
}
