//! What every option has: a name, a secret, logs, alarms, a budget, and a role that may call the model.

use crate::inventory::identity::{Document, Role, Statement};
use crate::inventory::names::{Record, Zone};
use crate::inventory::network::{InternetGateway, Permission, RouteEntry, RouteTable, SecurityGroup, Subnet, Vpc};
use crate::inventory::observe::{Alarm, Budget, LogGroup, Subscription, Topic};
use crate::inventory::secrets::Secret;
use crate::inventory::{Inventory, Kind, Link, Origin, Resource};
use crate::value::Value;

/// The model that is called, through the profile of the region's geography: the successor of the founding document's Claude 3 Haiku.
pub(super) const MODEL: &str = "us.anthropic.claude-haiku-5-5";
/// The founding document's domain.
const DOMAIN: &str = "api.donsylvester.dev";
/// Days that logs are kept.
const LOG_DAYS: f64 = 30.0;

/// An inventory that is put together by name.
pub(super) struct Builder {
    option: &'static str,
    inventory: Inventory,
}

impl Builder {
    pub(super) fn new(option: &'static str) -> Builder {
        Builder { option, inventory: Inventory::default() }
    }

    pub(super) fn add(&mut self, id: &str, kind: impl Into<Kind>) {
        let origin = Origin { file: format!("option:{}", self.option), line: 1, path: id.to_owned() };
        self.inventory.resources.push(Resource { id: id.to_owned(), origin, region: Value::Absent, kind: kind.into() });
    }

    /// A VPC with public subnets in so many zones.
    pub(super) fn network(&mut self, zones: u8) {
        self.add("vpc", Vpc { cidr: known("10.0.0.0/16") });
        self.add("internet_gateway", InternetGateway { vpc: to("vpc") });
        for zone in 1..=zones {
            let cidr = Value::Known(format!("10.0.{zone}.0/24"));
            let subnet = Subnet { vpc: to("vpc"), cidr, zone: Value::Known(format!("zone {zone}")), public_ip: Value::Known(true) };
            self.add(&format!("public_subnet_{zone}"), subnet);
        }
        let subnets = (1..=zones).map(|zone| to(&format!("public_subnet_{zone}"))).collect();
        let routes = vec![RouteEntry { destination: known("0.0.0.0/0"), gateway: to("internet_gateway") }];
        self.add("public_routes", RouteTable { vpc: to("vpc"), routes, subnets });
    }

    pub(super) fn security_group(&mut self, id: &str, description: &str) {
        self.add(
            id,
            SecurityGroup { vpc: to("vpc"), description: known(description), egress: vec![Permission::everything(0)], ..SecurityGroup::default() },
        );
    }

    /// The parts that do not depend on the option. `alias` is what the name stands for; `None` when it is an address.
    pub(super) fn finish(mut self, log_group: &str, alias: Option<&str>) -> Inventory {
        self.add("zone", Zone { name: known(DOMAIN), private: Value::Known(false) });
        let alias = alias.map_or(Value::Absent, to);
        self.add("record", Record { zone: to("zone"), name: known(DOMAIN), record_type: known("A"), alias });
        self.add("api_key_secret", Secret { name: known("orchestrator-api-key"), ..Secret::default() });
        self.add("logs", LogGroup { name: known(log_group), retention_days: Value::Known(LOG_DAYS), key: Value::Absent });
        self.add("alerts", Topic { name: known("orchestrator-alerts"), key: Value::Absent });
        self.add("alerts_email", Subscription { topic: to("alerts"), protocol: known("email") });
        for alarm in ["high_error_rate", "high_latency", "service_down"] {
            self.add(alarm, Alarm { period_s: Value::Known(60.0), actions: vec![to("alerts")], ..Alarm::default() });
        }
        self.add("budget", Budget { unit: known("USD"), budget_type: known("COST"), notifications: Value::Known(2.0), ..Budget::default() });
        self.add("role", role());
        self.inventory
    }
}

/// May invoke the model through its profile, and nothing else.
fn role() -> Role {
    let arn = |rest: &str| Value::Known(Link::Outside(format!("arn:aws:bedrock:{rest}")));
    let bare = MODEL.trim_start_matches("us.");
    let statement = Statement {
        effect: known("Allow"),
        actions: vec![known("bedrock:InvokeModel"), known("bedrock:InvokeModelWithResponseStream")],
        resources: vec![arn(&format!("us-east-1:111122223333:inference-profile/{MODEL}")), arn(&format!("*::foundation-model/{bare}"))],
        ..Statement::default()
    };
    Role { name: known("bedrock-orchestrator-role"), inline: vec![Value::Known(Document { statements: vec![statement] })], ..Role::default() }
}

pub(super) fn known(text: &str) -> Value<String> {
    Value::Known(text.to_owned())
}

pub(super) fn to(id: &str) -> Value<Link> {
    Value::Known(Link::To(id.to_owned()))
}
