//! The four ways to deploy, with what speaks for each and against it.

use crate::options::Deployment;

/// A way to deploy.
pub struct Alternative {
    /// Which.
    pub deployment: Deployment,
    /// What speaks for it.
    pub pros: &'static [&'static str],
    /// What speaks against it.
    pub cons: &'static [&'static str],
}

/// All four, in the founding document's order.
pub static ALTERNATIVES: &[Alternative] = &[
    Alternative {
        deployment: Deployment::Ec2,
        pros: &["one machine that you can log in to", "no price for requests or idle balancers", "tasks may run as long as they like"],
        cons: &["a single point of failure", "updates and scaling are yours to do"],
    },
    Alternative {
        deployment: Deployment::Fargate,
        pros: &["two tasks in two zones survive the loss of one", "scales by itself", "no machine to patch, and failed deployments roll back"],
        cons: &["the balancer costs money while nobody calls", "private tasks need a NAT gateway or endpoints to reach AWS"],
    },
    Alternative {
        deployment: Deployment::Lambda,
        pros: &["costs next to nothing while nobody calls", "scales with the requests", "no server to keep"],
        cons: &["the first call after a pause waits for a cold start", "API Gateway gives up after 29 or 30 seconds, a function after 15 minutes"],
    },
    Alternative {
        deployment: Deployment::Beanstalk,
        pros: &["deploys from source without a container registry", "updates the platform in a window that you choose"],
        cons: &["you pay for the machines beneath it, busy or not", "its settings are many and apart from the rest of your code"],
    },
];
