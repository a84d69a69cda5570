//! Resources that are parts of others: routes, rules, attachments, policies. Each is added to what it belongs to.

use super::known::Names;
use super::properties::Properties;
use super::{api, balancing, compute, data, identity, network};
use crate::attribute::{Attribute, Node};
use crate::inventory::compute::ScalingTarget;
use crate::inventory::data::DatabaseCluster;
use crate::inventory::identity::Policy;
use crate::inventory::network::SecurityGroup;
use crate::inventory::{Inventory, Kind, Link};
use crate::read::cloudformation::Declared;
use crate::value::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Adds every part to what it belongs to. Gives the ids of those that found their place.
pub(super) fn join<'d>(inventory: &mut Inventory, declared: &'d [Declared], names: &Names) -> HashSet<&'d str> {
    leave_to_clusters(inventory);
    let targets = inventory.all::<ScalingTarget>();
    let scaling_targets = targets.filter_map(|(resource, target)| Some((target.target.known()?.clone(), resource.id.clone()))).collect();
    let mut joining = Joining { places: HashMap::new(), scaling_targets, inventory };
    for (place, resource) in joining.inventory.resources.iter().enumerate() {
        joining.places.insert(resource.id.clone(), place);
    }
    let all: HashMap<&str, &Declared> = declared.iter().map(|resource| (resource.id.as_str(), resource)).collect();
    declared.iter().filter(|part| joining.add(part, names, &all)).map(|part| part.id.as_str()).collect()
}

/// What a cluster decides of its members cannot be told when the cluster is elsewhere; one that is declared here says it itself.
fn leave_to_clusters(inventory: &mut Inventory) {
    let clusters: HashSet<String> = inventory.all::<DatabaseCluster>().map(|(resource, _)| resource.id.clone()).collect();
    for resource in &mut inventory.resources {
        let Kind::Database(member) = &mut resource.kind else { continue };
        let is_elsewhere = match &member.cluster {
            Value::Absent => false,
            Value::Known(Link::To(cluster)) => !clusters.contains(cluster),
            Value::Known(Link::Outside(_)) | Value::Unknown(_) => true,
        };
        if is_elsewhere {
            let why = "its cluster decides, which is not declared here";
            (member.encrypted, member.backup_days) = (Value::Unknown(why.to_owned()), Value::Unknown(why.to_owned()));
            (member.deletion_protection, member.password) = (Value::Unknown(why.to_owned()), Value::Unknown(why.to_owned()));
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
    /// Adds a part; false when it is none, or when what it belongs to is not declared here and it says nothing by itself.
    fn add(&mut self, part: &Declared, names: &Names, all: &HashMap<&str, &Declared>) -> bool {
        let p = Properties { node: &part.properties, names, id: &part.id };
        // Of a part that may not be there nothing can be told of what it adds.
        let doubtful = part.doubt.as_ref().map(|why| {
            let why = format!("whether {} is there at all is unknown: {why}", part.id);
            Node::new(Attribute::Unknown(why), part.properties.line)
        });
        let added = Properties { node: doubtful.as_ref().unwrap_or(&part.properties), ..p };
        match part.type_name.as_str() {
            "AWS::EC2::Route" => self.change(&p.link("RouteTableId"), |kind| {
                let Kind::RouteTable(table) = kind else { return false };
                table.routes.push(network::route(added));
                true
            }),
            "AWS::EC2::SubnetRouteTableAssociation" => self.change(&p.link("RouteTableId"), |kind| {
                let Kind::RouteTable(table) = kind else { return false };
                table.subnets.push(added.link("SubnetId"));
                true
            }),
            // The other gateway that is attached so is one of a VPN, which has no place here.
            "AWS::EC2::VPCGatewayAttachment" => self.change(&p.link("InternetGatewayId"), |kind| {
                let Kind::InternetGateway(gateway) = kind else { return false };
                gateway.vpc = added.link("VpcId");
                true
            }),
            "AWS::EC2::SecurityGroupIngress" => self.add_rule(part, p, |group| group.ingress.push(network::ingress(added))),
            "AWS::EC2::SecurityGroupEgress" => self.add_rule(part, p, |group| group.egress.push(network::egress(added))),
            "AWS::EC2::EIPAssociation" => {
                let by_id = p.link("AllocationId");
                let address = if by_id.is_absent() { p.link("EIP") } else { by_id };
                self.change(&address, |kind| {
                    let Kind::ElasticIp(address) = kind else { return false };
                    address.instance = added.link("InstanceId");
                    true
                })
            }
            "AWS::ElasticLoadBalancingV2::ListenerCertificate" => self.change(&p.link("ListenerArn"), |kind| {
                let Kind::Listener(listener) = kind else { return false };
                listener.certificates.extend(balancing::certificates(added));
                true
            }),
            "AWS::ElasticLoadBalancingV2::ListenerRule" => self.change(&p.link("ListenerArn"), |kind| {
                let Kind::Listener(listener) = kind else { return false };
                listener.actions.extend(balancing::actions_of_rule(added));
                true
            }),
            "AWS::ApiGateway::Method" => self.change(&Value::Known(Link::To(part.id.clone())), |kind| {
                let Kind::Route(route) = kind else { return false };
                route.route = api::route_of_method(p, all);
                true
            }),
            "AWS::WAFv2::WebACLAssociation" => self.change(&p.link("WebACLArn"), |kind| {
                let Kind::WebAcl(acl) = kind else { return false };
                acl.protects.push(added.link("ResourceArn"));
                true
            }),
            "AWS::IAM::Policy" | "AWS::IAM::RolePolicy" | "AWS::IAM::UserPolicy" => {
                if !self.add_inline(p, added) {
                    // Whom it is given to is declared elsewhere; what it allows is here.
                    let policy = Policy { name: p.text("PolicyName"), document: identity::document(p, "PolicyDocument") };
                    part.add_to(self.inventory, "", policy.into());
                }
                true
            }
            "AWS::IAM::ManagedPolicy" => {
                let policy = part.doubt.as_ref().map_or_else(|| Value::Known(Link::To(part.id.clone())), |why| Value::Unknown(why.clone()));
                for principal in principals(p) {
                    self.change(&principal, |kind| match kind {
                        Kind::Role(role) => push(&mut role.attached, policy.clone()),
                        Kind::User(user) => push(&mut user.attached, policy.clone()),
                        _ => false,
                    });
                }
                true
            }
            "AWS::RDS::DBInstance" => {
                let source = p.link("SourceDBInstanceIdentifier");
                let declared = if let Value::Known(Link::To(id)) = &source { all.get(id.as_str()) } else { None };
                let original = declared.map(|one| data::database(Properties { node: &one.properties, ..p }));
                self.change(&Value::Known(Link::To(part.id.clone())), |kind| {
                    let Kind::Database(database) = kind else { return false };
                    if !source.is_absent() {
                        data::inherit(database, original);
                    }
                    true
                })
            }
            "AWS::ElasticBeanstalk::Environment" => {
                if let Value::Known(Link::To(template)) = p.link("TemplateName")
                    && let Some(template) = all.get(template.as_str())
                {
                    let template = Properties { node: &template.properties, ..p };
                    let (platform, settings) = (compute::platform(template), compute::option_settings(template));
                    self.change(&Value::Known(Link::To(part.id.clone())), |kind| {
                        let Kind::BeanstalkEnvironment(environment) = kind else { return false };
                        // What the environment says itself wins.
                        if environment.platform.is_absent() {
                            environment.platform = platform;
                        }
                        for (name, value) in settings {
                            environment.settings.entry(name).or_insert(value);
                        }
                        true
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

    /// Changes what a link points at; false when that is not declared here, or is nothing that this can be done to.
    fn change(&mut self, link: &Value<Link>, change: impl FnOnce(&mut Kind) -> bool) -> bool {
        let Value::Known(Link::To(id)) = link else { return false };
        let Some(&place) = self.places.get(id) else { return false };
        change(&mut self.inventory.resources[place].kind)
    }

    /// Adds a rule to its group. Where that is declared elsewhere, what it lets through is here all the same: a group of this rule alone.
    fn add_rule(&mut self, part: &Declared, p: Properties<'_>, add: impl Fn(&mut SecurityGroup)) -> bool {
        let is_added = self.change(&p.link("GroupId"), |kind| {
            let Kind::SecurityGroup(group) = kind else { return false };
            add(group);
            true
        });
        if !is_added {
            let vpc = Value::Unknown("the group that it adds to is not declared here".to_owned());
            let mut group = SecurityGroup { vpc, ..SecurityGroup::default() };
            add(&mut group);
            part.add_to(self.inventory, "", group.into());
        }
        true
    }

    fn add_inline(&mut self, p: Properties<'_>, added: Properties<'_>) -> bool {
        let document = identity::document(added, "PolicyDocument");
        let mut is_added = false;
        for principal in principals(p) {
            is_added |= self.change(&principal, |kind| match kind {
                Kind::Role(role) => push(&mut role.inline, document.clone()),
                Kind::User(user) => push(&mut user.inline, document.clone()),
                _ => false,
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

fn push<T>(list: &mut Vec<T>, item: T) -> bool {
    list.push(item);
    true
}

/// The roles and users that a policy is given to.
fn principals(p: Properties<'_>) -> Vec<Value<Link>> {
    let one = ["RoleName", "UserName"].into_iter().map(|name| p.link(name)).filter(|link| !link.is_absent());
    ["Roles", "Users"].into_iter().flat_map(|name| p.links(name)).chain(one).collect()
}
