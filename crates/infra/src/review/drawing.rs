//! The architecture drawn as the founding document draws it, its parts marked as the checks found them.

use super::{Check, Review, Status};
use crate::options::Deployment;
use crate::rules::Area;

/// A part of the drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// How the check that stands for it came out; `None` for what is not ours to check.
    pub status: Option<Status>,
    /// It fails because it is not there.
    pub is_missing: bool,
    /// What is inside or beside it.
    pub inside: Vec<Part>,
}

/// What a request passes, from the internet to the logs. Empty when no architecture was recognised.
pub fn drawing(review: &Review) -> Vec<Part> {
    let Some(deployment) = review.architecture.recognised else { return Vec::new() };
    let has_balancer = review.present.iter().any(|present| present.area == Area::LoadBalancer);
    let draw = Draw(&review.checks);
    let mut parts = vec![Part { name: "Internet", status: None, is_missing: false, inside: Vec::new() }];
    parts.extend(draw.part("Route 53 (DNS)", "DNS-01", &[]));
    match deployment {
        Deployment::Ec2 => {
            // A balancer is no part of the simple set-up; where there is one, it is drawn.
            parts.extend(draw.part("Application Load Balancer", "ALB-01", &[("ACM certificate", "DNS-02"), ("HTTP redirects to HTTPS", "ALB-01")]));
            let certificate = if review.check("ALB-01").is_some_and(|check| check.status == Status::NotApplicable) { "DNS-02" } else { "" };
            parts.extend(draw.part(
                "EC2 instance",
                "EC2-05",
                &[
                    ("IAM role", "EC2-01"),
                    ("Security groups", "EC2-06"),
                    ("Elastic IP", "EC2-04"),
                    ("Certificate", certificate),
                    ("CloudWatch agent", "EC2-03"),
                ],
            ));
        }
        Deployment::Fargate => {
            let balancer = draw.part(
                "Application Load Balancer",
                "ECS-04",
                &[("ACM certificate", "DNS-02"), ("Target group", "ECS-05"), ("Health checks", "ALB-04")],
            );
            // The check stands on the service, which may be at fault without a balancer anywhere.
            parts.extend(balancer.map(|part| Part { is_missing: part.is_missing || (part.status == Some(Status::Fail) && !has_balancer), ..part }));
            parts.extend(draw.part(
                "ECS Fargate service",
                "ECS-03",
                &[
                    ("Cluster", "ECS-01"),
                    ("Task definition", "ECS-02"),
                    ("Task roles", "ECS-06"),
                    ("Two tasks or more", "ECS-07"),
                    ("Auto Scaling", "ECS-08"),
                ],
            ));
        }
        Deployment::Lambda => {
            parts.extend(draw.part("API Gateway", "SLS-02", &[("API key or identity", "SLS-05"), ("Throttling", "SLS-06")]));
            parts.extend(draw.part("Lambda function", "SLS-01", &[("IAM role", "SLS-03"), ("Environment variables", "SLS-04")]));
        }
        Deployment::Beanstalk => {
            parts.extend(draw.part("Elastic Beanstalk environment", "EB-01", &[("Certificate", "DNS-02")]));
        }
    }
    // Bedrock itself is never missing; what may be is a model that answers, or somebody who may ask it.
    parts.extend(draw.part("AWS Bedrock", "BR-03", &[("Permission to invoke models", "IAM-06"), ("Profile and the models behind it", "IAM-08")]));
    parts.extend(draw.part("CloudWatch", "MON-03", &[("Alarms", "MON-01"), ("SNS topic", "MON-04")]));
    parts
}

struct Draw<'a>(&'a [Check]);

impl Draw<'_> {
    /// A part with the parts inside it. What does not apply is not drawn.
    fn part(&self, name: &'static str, rule: &str, inside: &[(&'static str, &str)]) -> Option<Part> {
        let part = self.leaf(name, rule)?;
        Some(Part { inside: inside.iter().filter_map(|(name, rule)| self.leaf(name, rule)).collect(), ..part })
    }

    fn leaf(&self, name: &'static str, rule: &str) -> Option<Part> {
        let check = self.0.iter().find(|check| check.id == rule && check.status != Status::NotApplicable)?;
        Some(Part { name, status: Some(check.status), is_missing: check.is_missing(), inside: Vec::new() })
    }
}
