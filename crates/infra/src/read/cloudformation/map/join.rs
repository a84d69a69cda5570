//! Resources that are parts of others: routes, rules, attachments, policies. Each is added to what it belongs to.

use super::properties::{Names, Properties};
use super::{api, balancing, compute, identity, network};
use crate::inventory::compute::ScalingTarget;
use crate::inventory::identity::Policy;
use crate::inventory::{Inventory, Kind, Link, Resource, Unrecognised};
use crate::read::cloudformation::Declared;
use crate::value::Value;
use std::collections::{BTreeMap, HashMap};

/// Types that add to other resources.
const JOINED: [&str; 22] = [
    "AWS::ApiGateway::Method",
    "AWS::ApiGatewayV2::IntegrationResponse",
    "AWS::EC2::EIPAssociation",
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCCidrBlock",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EC2::VolumeAttachment",
    "AWS::ElasticBeanstalk::ConfigurationTemplate",
    "AWS::ElasticLoadBalancingV2::ListenerCertificate",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
    "AWS::KMS::Alias",
    "AWS::SecretsManager::SecretTargetAttachment",
    "AWS::WAFv2::WebACLAssociation",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::ElasticBeanstalk::Environment",
];

/// Whether resources of this type are parts of others.
pub(super) fn is_joined(type_name: &str) -> bool {
    JOINED.contains(&type_name)
}

/// Adds every part to what it belongs to. A part of something that is not declared here is listed as unrecognised.
pub(super) fn join(inventory: &mut Inventory, declared: &[Declared], names: &Names) {
    let targets = inventory.all::<ScalingTarget>();
    let scaling_targets = targets.filter_map(|(resource, target)| Some((target.target.known()?.clone(), resource.id.clone()))).collect();
    let mut joining = Joining { places: HashMap::new(), scaling_targets, inventory };
    for (place, resource) in joining.inventory.resources.iter().enumerate() {
        joining.places.insert(resource.id.clone(), place);
    }
    let all: HashMap<&str, &Declared> = declared.iter().map(|resource| (resource.id.as_str(), resource)).collect();
    for part in declared.iter().filter(|resource| is_joined(&resource.type_name)) {
        let p = Properties { node: &part.properties, names, id: &part.id };
        if joining.add(part, p, &all) {
            continue;
        }
        if matches!(part.type_name.as_str(), "AWS::IAM::Policy" | "AWS::IAM::RolePolicy" | "AWS::IAM::UserPolicy") {
            // Whom it is given to is declared elsewhere; what it allows is here.
            let region = part.region.clone().map_or(Value::Absent, Value::Known);
            let policy = Policy { name: p.text("PolicyName"), document: identity::document(p, "PolicyDocument") };
            joining.inventory.resources.push(Resource { id: part.id.clone(), origin: part.origin.clone(), region, kind: policy.into() });
        } else {
            let (id, type_name) = (part.id.clone(), part.type_name.clone());
            joining.inventory.unrecognised.push(Unrecognised { id, type_name, origin: part.origin.clone() });
        }
    }
}

struct Joining<'a> {
    places: HashMap<String, usize>,
    /// The scaling targets by what they scale.
    scaling_targets: BTreeMap<Link, String>,
    inventory: &'a mut Inventory,
}

impl Joining<'_> {
    /// Adds one part; false when what it belongs to is not declared here.
    fn add(&mut self, part: &Declared, p: Properties<'_>, all: &HashMap<&str, &Declared>) -> bool {
        match part.type_name.as_str() {
            "AWS::EC2::Route" => self.change(&p.link("RouteTableId"), |kind| {
                if let Kind::RouteTable(table) = kind {
                    table.routes.push(network::route(p));
                }
            }),
            "AWS::EC2::SubnetRouteTableAssociation" => self.change(&p.link("RouteTableId"), |kind| {
                if let Kind::RouteTable(table) = kind {
                    table.subnets.push(p.link("SubnetId"));
                }
            }),
            "AWS::EC2::VPCGatewayAttachment" => {
                // The other gateway that is attached so is one of a VPN, which has no place here.
                let gateway = p.link("InternetGatewayId");
                self.change(&gateway, |kind| {
                    if let Kind::InternetGateway(gateway) = kind {
                        gateway.vpc = p.link("VpcId");
                    }
                })
            }
            "AWS::EC2::SecurityGroupIngress" => self.change(&p.link("GroupId"), |kind| {
                if let Kind::SecurityGroup(group) = kind {
                    group.ingress.push(network::ingress(p));
                }
            }),
            "AWS::EC2::SecurityGroupEgress" => self.change(&p.link("GroupId"), |kind| {
                if let Kind::SecurityGroup(group) = kind {
                    group.egress.push(network::egress(p));
                }
            }),
            "AWS::EC2::EIPAssociation" => self.change(&p.link("AllocationId"), |kind| {
                if let Kind::ElasticIp(address) = kind {
                    address.instance = p.link("InstanceId");
                }
            }),
            // The volume is counted where it is declared; which instance has it changes neither price nor review.
            "AWS::EC2::VolumeAttachment" | "AWS::EC2::VPCCidrBlock" | "AWS::ApiGatewayV2::IntegrationResponse" => true,
            "AWS::ElasticLoadBalancingV2::ListenerCertificate" => self.change(&p.link("ListenerArn"), |kind| {
                if let Kind::Listener(listener) = kind {
                    listener.certificates.extend(balancing::certificates(p));
                }
            }),
            "AWS::ElasticLoadBalancingV2::ListenerRule" => self.change(&p.link("ListenerArn"), |kind| {
                if let Kind::Listener(listener) = kind {
                    listener.actions.extend(balancing::actions_of_rule(p));
                }
            }),
            "AWS::ApiGateway::Method" => self.change(&Value::Known(Link::To(part.id.clone())), |kind| {
                if let Kind::Route(route) = kind {
                    route.route = api::route_of_method(p, all);
                }
            }),
            "AWS::WAFv2::WebACLAssociation" => self.change(&p.link("WebACLArn"), |kind| {
                if let Kind::WebAcl(acl) = kind {
                    acl.protects.push(p.link("ResourceArn"));
                }
            }),
            "AWS::IAM::Policy" | "AWS::IAM::RolePolicy" | "AWS::IAM::UserPolicy" => self.add_inline(p),
            "AWS::IAM::ManagedPolicy" => {
                let policy = Value::Known(Link::To(part.id.clone()));
                for principal in principals(p) {
                    self.change(&principal, |kind| match kind {
                        Kind::Role(role) => role.attached.push(policy.clone()),
                        Kind::User(user) => user.attached.push(policy.clone()),
                        _ => {}
                    });
                }
                true
            }
            // What refers to these was read as referring to what they stand for.
            "AWS::KMS::Alias" | "AWS::SecretsManager::SecretTargetAttachment" => true,
            "AWS::ElasticBeanstalk::ConfigurationTemplate" => true,
            "AWS::ElasticBeanstalk::Environment" => {
                if let Value::Known(Link::To(template)) = p.link("TemplateName")
                    && let Some(template) = all.get(template.as_str())
                {
                    let template = Properties { node: &template.properties, ..p };
                    let (platform, settings) = (compute::platform(template), compute::option_settings(template));
                    self.change(&Value::Known(Link::To(part.id.clone())), |kind| {
                        if let Kind::BeanstalkEnvironment(environment) = kind {
                            // What the environment says itself wins.
                            if environment.platform.is_absent() {
                                environment.platform = platform;
                            }
                            for (name, value) in settings {
                                environment.settings.entry(name).or_insert(value);
                            }
                        }
                    });
                }
                true
            }
            "AWS::ApplicationAutoScaling::ScalingPolicy" => {
                self.find_scaling_target(&part.id);
                true
            }
            _ => false,
        }
    }

    /// Changes what a link points at; false when that is not declared here.
    fn change(&mut self, link: &Value<Link>, change: impl FnOnce(&mut Kind)) -> bool {
        let Value::Known(Link::To(id)) = link else { return false };
        let Some(&place) = self.places.get(id) else { return false };
        change(&mut self.inventory.resources[place].kind);
        true
    }

    fn add_inline(&mut self, p: Properties<'_>) -> bool {
        let document = identity::document(p, "PolicyDocument");
        let mut is_added = false;
        for principal in principals(p) {
            is_added |= self.change(&principal, |kind| match kind {
                Kind::Role(role) => role.inline.push(document.clone()),
                Kind::User(user) => user.inline.push(document.clone()),
                _ => {}
            });
        }
        is_added
    }

    /// A policy that names what is scaled belongs to the target that scales it.
    fn find_scaling_target(&mut self, id: &str) {
        let Some(&place) = self.places.get(id) else { return };
        if let Kind::ScalingPolicy(policy) = &mut self.inventory.resources[place].kind
            && let Value::Known(named) = &policy.scaling_target
            && let Some(target) = self.scaling_targets.get(named)
        {
            policy.scaling_target = Value::Known(Link::To(target.clone()));
        }
    }
}

/// The roles and users that a policy is given to.
fn principals(p: Properties<'_>) -> Vec<Value<Link>> {
    let one = ["RoleName", "UserName"].into_iter().map(|name| p.link(name)).filter(|link| !link.is_absent());
    ["Roles", "Users"].into_iter().flat_map(|name| p.links(name)).chain(one).collect()
}
