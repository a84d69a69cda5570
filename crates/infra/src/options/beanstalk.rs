//! Option 4: Elastic Beanstalk, as a single instance or behind a load balancer.

use super::common::{Builder, MODEL, known, to};
use super::{Deployment, Variant};
use crate::cost::Load;
use crate::inventory::Inventory;
use crate::inventory::compute::{BeanstalkApplication, BeanstalkEnvironment};
use crate::inventory::names::Certificate;
use crate::inventory::network::{ElasticIp, NatGateway};
use crate::value::Value;
use std::collections::BTreeMap;

pub(super) fn inventory(load: &Load, variant: Variant) -> Inventory {
    let mut builder = Builder::new("beanstalk");
    let instances = Deployment::Beanstalk.units_needed(load);
    let is_balanced = variant.is_highly_available || variant.is_private || instances > 1;
    builder.network(if is_balanced { 2 } else { 1 });
    builder.add("application", BeanstalkApplication { name: known("ai-agent-orchestrator") });
    let mut settings = BTreeMap::new();
    let mut set = |name: &str, value: &str| settings.insert(name.to_owned(), known(value));
    set("aws:autoscaling:launchconfiguration/InstanceType", "t3.medium");
    set("aws:autoscaling:launchconfiguration/RootVolumeType", "gp3");
    set("aws:autoscaling:launchconfiguration/RootVolumeSize", &load.disk_gb.to_string());
    set("aws:elasticbeanstalk:application:environment/ORCHESTRATOR_MODEL", &format!("bedrock/{MODEL}"));
    set("aws:ec2:vpc/VPCId", "vpc");
    if is_balanced {
        let fewest = if variant.is_highly_available { instances.max(2) } else { instances };
        set("aws:elasticbeanstalk:environment/EnvironmentType", "LoadBalanced");
        set("aws:elasticbeanstalk:environment/LoadBalancerType", "application");
        set("aws:autoscaling:asg/MinSize", &fewest.to_string());
        set("aws:autoscaling:asg/MaxSize", &(fewest * 2).to_string());
        set("aws:ec2:vpc/ELBSubnets", "public_subnet_1,public_subnet_2");
        set("aws:ec2:vpc/AssociatePublicIpAddress", if variant.is_private { "false" } else { "true" });
    } else {
        set("aws:elasticbeanstalk:environment/EnvironmentType", "SingleInstance");
    }
    if variant.is_private {
        builder.add("nat_address", ElasticIp { instance: Value::Absent });
        builder.add("nat", NatGateway { subnet: to("public_subnet_1"), elastic_ip: to("nat_address"), ..NatGateway::default() });
    }
    builder.add("environment", BeanstalkEnvironment { application: to("application"), platform: known("Python 3.11"), settings });
    if is_balanced {
        builder.add("certificate", Certificate { domain: known("api.donsylvester.dev"), validation: known("DNS") });
    }
    builder.finish("/aws/elasticbeanstalk/orchestrator", is_balanced.then_some("environment"))
}
