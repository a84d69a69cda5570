//! Option 1: one instance with Docker, a reverse proxy and its own certificate.

use super::common::{Builder, known, to};
use crate::cost::Load;
use crate::inventory::Inventory;
use crate::inventory::compute::{Instance, Volume};
use crate::inventory::network::ElasticIp;
use crate::value::Value;

pub(super) fn inventory(load: &Load) -> Inventory {
    let mut builder = Builder::new("ec2");
    builder.network(1);
    builder.security_group("api", "HTTP and HTTPS from anywhere, SSH from one address");
    let disk = Volume { size_gb: Value::Known(load.disk_gb), volume_type: known("gp3"), encrypted: Value::Known(true), ..Volume::default() };
    let instance = Instance {
        instance_type: known("t3.medium"),
        subnet: to("public_subnet_1"),
        security_groups: vec![to("api")],
        metadata_token_required: Value::Known(true),
        volumes: vec![disk],
        ..Instance::default()
    };
    builder.add("instance", instance);
    builder.add("address", ElasticIp { instance: to("instance") });
    builder.finish("/aws/ec2/orchestrator", None)
}
