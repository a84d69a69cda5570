//! The rules of the review: one file each, in the order of the founding document, then those beyond it.

mod environments;
mod exposure;
pub mod facts;
pub mod judgement;
mod languages;
mod machines;
mod models;
pub mod patch;
mod patterns;
pub(crate) mod policies;
mod prelude;
pub mod rule;
#[cfg(test)]
pub(crate) mod testing;
mod watched;

pub use facts::Facts;
pub use judgement::{Judgement, Seen, Verdict};
pub use patch::{Change, Setting};
pub use rule::{Area, Effort, Refs, Remedy, Rule, Section, Source};

macro_rules! rules {
    ($($name:ident,)*) => {
        $(mod $name;)*

        /// Every rule, in the order of the review.
        pub static RULES: &[&Rule] = &[$(&$name::RULE,)*];
    };
}

rules! {
    // IAM best practices
    iam_01_roles_not_keys,
    iam_02_mfa,
    iam_03_rotate_access_keys,
    iam_04_least_privilege,
    iam_05_cloudtrail,
    // Network security
    net_01_security_groups,
    net_02_ssh_restricted,
    net_03_private_subnets,
    net_04_flow_logs,
    // Secrets management
    sec_01_keys_in_a_store,
    sec_02_secrets_encrypted,
    sec_03_rotate_secrets,
    sec_04_secret_access,
    // Monitoring and alerting
    mon_01_alarms,
    mon_04_sns,
    mon_02_bedrock_watched,
    mon_05_errors_and_latency,
    // Current set-up
    acc_02_account,
    br_01_model_access,
    iam_06_bedrock_permissions,
    br_02_region,
    acc_01_billing_alerts,
    // EC2
    ec2_05_instance_created,
    ec2_06_groups_of_instances,
    ec2_04_elastic_ip,
    ec2_01_role_attached,
    ec2_03_cloudwatch_agent,
    // ECS
    ecs_01_cluster,
    ecs_02_task_definition,
    ecs_03_service,
    ecs_04_load_balancer,
    ecs_05_target_group,
    ecs_06_task_roles,
    // Serverless
    sls_01_function,
    sls_02_api_gateway,
    sls_03_function_role,
    sls_04_environment,
    sls_05_api_key,
    // Common
    dns_01_route53,
    dns_02_certificate,
    mon_03_log_groups,
    mon_06_three_alarms,
    sec_06_nothing_written_down,
    // Beyond the document
    br_03_model_alive,
    iam_07_mfa_condition,
    iam_08_inference_profile,
    net_05_two_zones,
    net_06_nat_without_need,
    net_07_beside_the_balancer,
    sec_05_rotation_function,
    ec2_02_imdsv2,
    ecs_07_two_tasks,
    ecs_08_auto_scaling,
    sls_06_throttling,
    sls_07_time_outs,
    eb_01_environment,
    alb_01_redirect,
    alb_02_tls,
    alb_03_access_logs,
    alb_04_health_check,
    dns_03_renewal,
    db_01_private_database,
    db_02_point_in_time,
    db_03_cache_guarded,
    db_04_backups,
    db_05_data_encrypted,
    iac_01_terraform,
    iac_02_cloudformation,
    iac_03_cdk,
}

/// The rule with this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The founding document's check-boxes, each with the heading above it.
    fn document_lines() -> Vec<(&'static str, &'static str)> {
        let mut heading = "";
        let mut lines = Vec::new();
        for line in include_str!("../tests/fixtures/founding-document-checklist.md").lines() {
            if let Some(title) = line.strip_prefix("### ") {
                heading = title.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ' ' || c == '*').trim_end_matches('*');
            } else if let Some(text) = line.strip_prefix("- [ ] ") {
                lines.push((heading, text));
            }
        }
        lines
    }

    #[test]
    fn each_check_box_of_the_founding_document_has_exactly_one_rule() {
        let lines = document_lines();
        assert_eq!(lines.len(), 43);
        for (heading, line) in &lines {
            let rules: Vec<&str> = RULES.iter().filter(|rule| rule.document_line == Some(line)).map(|rule| rule.id).collect();
            assert_eq!(rules.len(), 1, "{line}: {rules:?}");
            assert_eq!(rule(rules[0]).unwrap().section.title(), *heading, "{line}");
        }
        assert_eq!(RULES.iter().filter(|rule| rule.document_line.is_some()).count(), 43);
        let order: Vec<&str> = RULES.iter().filter_map(|rule| rule.document_line).collect();
        assert_eq!(order, lines.iter().map(|(_, line)| *line).collect::<Vec<_>>());
    }

    #[test]
    fn at_least_36_check_boxes_are_decided_from_either_language() {
        let decided = |source| RULES.iter().filter(|rule| rule.document_line.is_some() && rule.decided_from.contains(&source)).count();
        assert!(decided(Source::CloudFormation) >= 36 && decided(Source::Terraform) >= 36);
    }

    #[test]
    fn ids_are_unique_and_texts_are_there() {
        let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len());
        for rule in RULES {
            assert!(!rule.title.is_empty() && !rule.remedy.what.is_empty() && !rule.remedy.what.ends_with('.'), "{}", rule.id);
        }
    }

    #[test]
    fn nothing_passes_where_nothing_is_declared() {
        for rule in RULES {
            let verdict = testing::world().judge(rule).verdict;
            // That nothing is written down is itself what IAC-01 finds.
            assert!(verdict != Verdict::Pass && (verdict != Verdict::Fail || rule.id == "IAC-01"), "{}: {verdict:?}", rule.id);
        }
    }
}
