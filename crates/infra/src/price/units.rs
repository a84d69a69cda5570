//! Which unit each price is for. The estimate multiplies by that unit, so a row in another one would be wrong by a factor: it is refused.

/// Ids and their units. A `*` stands for what comes from a template: instance types, volume types, node types. The first match counts.
const UNITS: &[(&str, &str)] = &[
    ("ec2.*", "hour"),
    ("ebs.*_iops", "IOPS-month"),
    ("ebs.*_throughput", "MB/s-month"),
    ("ebs.*", "GB-month"),
    ("fargate.x86.vcpu", "vCPU-hour"),
    ("fargate.x86.gb", "GB-hour"),
    ("fargate.arm.vcpu", "vCPU-hour"),
    ("fargate.arm.gb", "GB-hour"),
    ("fargate.ephemeral", "GB-hour"),
    ("fargate.spot", "factor"),
    ("alb.hour", "hour"),
    ("alb.lcu", "LCU-hour"),
    ("nlb.hour", "hour"),
    ("nat.hour", "hour"),
    ("nat.gb", "GB"),
    ("ipv4.public", "address-hour"),
    ("vpce.interface.hour", "AZ-hour"),
    ("vpce.interface.gb", "GB"),
    ("vpce.gateway", "month"),
    ("dto.internet", "GB"),
    ("lambda.request", "million"),
    ("lambda.gbs.x86", "GB-second"),
    ("lambda.gbs.arm", "GB-second"),
    ("lambda.ephemeral", "GB-second"),
    ("apigw.http", "million"),
    ("apigw.rest", "million"),
    ("apigw.websocket.message", "million"),
    ("apigw.websocket.minute", "million"),
    ("cw.logs.ingest", "GB"),
    ("cw.logs.store", "GB-month"),
    ("cw.metric.custom", "metric-month"),
    ("cw.alarm.standard", "alarm-month"),
    ("cw.alarm.high_resolution", "alarm-month"),
    ("cw.dashboard", "dashboard-month"),
    ("secrets.secret", "secret-month"),
    ("secrets.api", "10,000 calls"),
    ("ssm.parameter.standard", "parameter-month"),
    ("ssm.parameter.advanced", "parameter-month"),
    ("kms.key", "key-month"),
    ("kms.requests", "10,000 calls"),
    ("rds.multi_az", "factor"),
    ("rds.gp3", "GB-month"),
    ("rds.gp2", "GB-month"),
    ("rds.extended_support", "vCPU-hour"),
    ("rds.extended_support_third_year", "vCPU-hour"),
    ("rds.*.db.*", "hour"),
    // Whatever kind of storage a template names.
    ("rds.*", "GB-month"),
    ("ddb.od.write", "million"),
    ("ddb.od.read", "million"),
    ("ddb.provisioned.write", "unit-hour"),
    ("ddb.provisioned.read", "unit-hour"),
    ("ddb.storage", "GB-month"),
    ("ddb.pitr", "GB-month"),
    ("cache.serverless.*.gb", "GB-hour"),
    ("cache.serverless.*.ecpu", "million"),
    ("cache.*", "hour"),
    ("route53.zone", "zone-month"),
    ("route53.queries", "million"),
    ("sqs.standard", "million"),
    ("sqs.fifo", "million"),
    ("sns.publish", "million"),
    ("sns.email", "100,000 e-mails"),
    ("ecr.storage", "GB-month"),
    ("s3.standard", "GB-month"),
    ("s3.put", "1,000 requests"),
    ("cloudtrail.mgmt", "month"),
    ("budgets", "month"),
    ("waf.acl", "ACL-month"),
    ("waf.rule", "rule-month"),
    ("waf.requests", "million"),
    ("beanstalk", "month"),
    ("ecs", "month"),
    ("asg", "month"),
    ("iam", "month"),
    ("acm.public", "month"),
    ("vpc", "month"),
    ("sg", "month"),
];

/// How much of something one unit holds, or is included.
const SIZES: &[(&str, &str)] = &[
    ("ebs.gp3.iops_included", "IOPS"),
    ("ebs.gp3.throughput_included", "MB/s"),
    ("fargate.ephemeral_included", "GB"),
    ("alb.lcu.new_connections", "connection/s"),
    ("alb.lcu.active_connections", "connection/min"),
    ("alb.lcu.bytes", "GB/h"),
    ("lambda.ephemeral_included", "MB"),
    ("cache.serverless.*.floor", "GB"),
];

/// The unit of a price; `None` for an id that no estimate asks for.
pub(super) fn of_price(id: &str) -> Option<&'static str> {
    UNITS.iter().find(|(pattern, _)| fits(pattern, id)).map(|(_, unit)| *unit)
}

/// The unit of a size.
pub(super) fn of_size(id: &str) -> Option<&'static str> {
    SIZES.iter().find(|(pattern, _)| fits(pattern, id)).map(|(_, unit)| *unit)
}

/// The known id nearest to a mistyped one.
pub(super) fn nearest(id: &str) -> Option<&'static str> {
    crate::nearest::nearest(id, UNITS.iter().chain(SIZES).map(|(known, _)| *known))
}

fn fits(pattern: &str, id: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == id,
        Some((before, after)) => id.strip_prefix(before).is_some_and(|rest| {
            if after.is_empty() { !rest.is_empty() } else { (1..rest.len()).any(|at| rest.is_char_boundary(at) && fits(after, &rest[at..])) }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_from_a_template_has_the_unit_of_its_family() {
        assert_eq!(of_price("ec2.m7g.large"), Some("hour"));
        assert_eq!(of_price("ebs.io2_iops"), Some("IOPS-month"));
        assert_eq!(of_price("rds.mysql.db.t4g.micro"), Some("hour"));
        assert_eq!(of_price("rds.io1"), Some("GB-month"));
        assert_eq!(of_price("rds."), None);
        assert_eq!(of_size("cache.serverless.memcached.floor"), Some("GB"));
        assert_eq!(of_price("ec2."), None);
        assert_eq!(nearest("apigw.htpp"), Some("apigw.http"));
    }
}
