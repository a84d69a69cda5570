//! The founding document's own cost tables beside what this bill comes to, with the reason for each difference.

use super::{Bill, Load, Usd, cost};
use crate::inventory::api::{Api, Protocol};
use crate::inventory::data::{Cache, Database};
use crate::inventory::network::NatGateway;
use crate::inventory::{Inventory, Kind, Origin, Resource};
use crate::options::{Deployment, Variant};
use crate::price::RegionalPrices;
use crate::value::Value;
use domain::prices::Prices;
use serde::Serialize;

/// A table of the document, or its scattered prices.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DocumentTable {
    /// Its heading.
    pub title: &'static str,
    /// In the document's order; what it leaves out stands before the total.
    pub rows: Vec<DocumentRow>,
}

/// A line of the document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DocumentRow {
    /// As the document calls it.
    pub item: &'static str,
    /// What the document says, in its words; `-` when it says nothing.
    pub document: &'static str,
    /// What it comes to.
    pub ours_usd: Usd,
    /// Why they differ, or that they do not.
    pub why: String,
}

/// The load behind the tables: the document's million requests of two seconds, the 155 GB that its $5 of transfer stand for,
/// and a thousand model calls a day, 30,000 in all.
pub const DOCUMENT_LOAD: &str = "tasks=1000000,seconds=2,steps=0.03,tokens_in=1500,tokens_out=400,egress_gb=155,log_gb=1";

/// The line of a table: its name, the document's words, the families of prices it covers, and why ours differs.
type Entry = (&'static str, &'static str, &'static [&'static str], &'static str);

const TRANSFER: Entry = ("Data Transfer", "$5", &["dto"], "55 GB beyond the 100 GB that are free each month; low traffic pays nothing");
const BEDROCK: Entry = (
    "Bedrock Usage",
    "~$10-50",
    &["bedrock"],
    "the document names no token counts: this is a thousand calls a day of 1,500 tokens in and 400 out, with the successor of its Claude 3 Haiku",
);

const TABLES: &[(Deployment, &str, &[Entry], &str, &str)] = &[
    (
        Deployment::Ec2,
        "Option 1: EC2 (Simple)",
        &[
            ("EC2 t3.medium", "$30", &["ec2"], "the same, rounded"),
            ("EBS 20GB", "$2", &["ebs"], "$2 is gp2 at $0.10 a GB; gp3 is $0.08 and faster"),
            TRANSFER,
            BEDROCK,
        ],
        "public IPv4 address, hosted zone, secret, logs: in no total of the document",
        "~$47-87",
    ),
    (
        Deployment::Fargate,
        "Option 2: ECS Fargate",
        &[
            (
                "ECS Fargate (2 tasks)",
                "$60",
                &["fargate"],
                "two tasks of 0.5 vCPU and 1 GB cost this on x86, and a fifth less on ARM; $60 fits larger tasks",
            ),
            ("ALB", "$20", &["alb"], "the hours, and the fifth of a capacity unit that 155 GB take"),
            TRANSFER,
            BEDROCK,
        ],
        "a public IPv4 address for each zone of the balancer and each task, hosted zone, secret, images, logs: in no total of the document",
        "~$95-135",
    ),
    (
        Deployment::Lambda,
        "Option 3: Serverless",
        &[
            (
                "Lambda (1M requests)",
                "$0.20",
                &["lambda"],
                "$0.20 is the fee for requests alone; compute is a million times two seconds at 512 MB, less the free tier",
            ),
            ("API Gateway", "$3.50", &["apigw"], "the same for a REST API, which API keys need; an HTTP API is $1.00"),
            TRANSFER,
            BEDROCK,
        ],
        "hosted zone, secret, logs: in no total of the document",
        "~$18.70-58.70",
    ),
];

/// The document's tables and its scattered prices, each with ours.
pub fn as_document(prices: &RegionalPrices, models: &Prices) -> Vec<DocumentTable> {
    // The text above is this program's own; a test reads it.
    let load = Load::parse(DOCUMENT_LOAD).unwrap_or_default();
    let bill = |option: Deployment, variant| cost(&option.inventory(&load, variant), &load, prices, models);
    let mut tables: Vec<DocumentTable> =
        TABLES.iter().map(|(option, title, entries, rest, total)| table(title, entries, rest, total, &bill(*option, Variant::default()))).collect();
    tables.push(scattered(&load, prices, models, &bill));
    tables
}

fn table(title: &'static str, entries: &[Entry], rest: &str, total: &'static str, bill: &Bill) -> DocumentTable {
    let mut rows: Vec<DocumentRow> = entries
        .iter()
        .map(|(item, document, families, why)| DocumentRow { item, document, ours_usd: of_families(bill, families), why: (*why).to_owned() })
        .collect();
    let named: Usd = rows.iter().map(|row| row.ours_usd).sum();
    let all = bill.total_monthly_usd.expected;
    rows.push(DocumentRow { item: "Everything else", document: "-", ours_usd: all - named, why: rest.to_owned() });
    let why = "the document's rows add up to its total; its range is the range of Bedrock alone".to_owned();
    rows.push(DocumentRow { item: "Total", document: total, ours_usd: all, why });
    DocumentTable { title, rows }
}

fn of_families(bill: &Bill, families: &[&str]) -> Usd {
    let is_named = |id: &String| id.split(['.', '/']).next().is_some_and(|family| families.contains(&family));
    bill.lines.iter().filter(|line| line.prices.first().is_some_and(is_named)).map(|line| line.monthly_usd).sum()
}

/// Prices that stand in other sections.
fn scattered(load: &Load, prices: &RegionalPrices, models: &Prices, bill: &impl Fn(Deployment, Variant) -> Bill) -> DocumentTable {
    let infrastructure = |bill: &Bill| bill.total_monthly_usd.expected - of_families(bill, &["bedrock", "dto"]);
    let alone = |kind: Kind, families: &[&str]| of_families(&cost(&single(kind), load, prices, models), families);
    let known = |text: &str| Value::Known(text.to_owned());
    let unit = |id: &str, units: u64| prices.row(id).map_or(Usd::ZERO, |row| super::Quantity::whole(units).at(row.usd));
    let database = Database { engine: known("postgres"), class: known("db.t3.micro"), storage_gb: Value::Known(20.0), ..Database::default() };
    let cache = Cache { engine: known("redis"), node_type: known("cache.t3.micro"), ..Cache::default() };
    let http_api = Api { protocol: Protocol::Http, ..Api::default() };
    let simple = Variant::default();
    let rows = vec![
        (
            "EC2 instance (compute section)",
            "~$30-60",
            infrastructure(&bill(Deployment::Ec2, simple)),
            "without transfer and Bedrock; $30 and $60 are t3.medium and t3.large alone, without disk and address".to_owned(),
        ),
        (
            "ECS Fargate (compute section)",
            "~$40-80",
            infrastructure(&bill(Deployment::Fargate, simple)),
            "without transfer and Bedrock; the document says $40-80, $60-100 and $95-135 in three places".to_owned(),
        ),
        (
            "Lambda (compute section)",
            "~$5-20",
            infrastructure(&bill(Deployment::Lambda, simple)),
            "without transfer and Bedrock; the document says $5-20 and $18.70-58.70 in two places".to_owned(),
        ),
        (
            "Elastic Beanstalk",
            "~$30-60",
            infrastructure(&bill(Deployment::Beanstalk, Variant { is_highly_available: true, is_private: false })),
            "load balanced: a second instance, the balancer and its addresses come on top of the instance".to_owned(),
        ),
        (
            "NAT Gateway",
            "-",
            alone(Kind::from(NatGateway::default()), &["nat", "ipv4"]),
            "\"required\" for private subnets, and in no total; every GB adds $0.045".to_owned(),
        ),
        (
            "HTTP API (1M requests)",
            "$3.50",
            alone(Kind::from(http_api), &["apigw"]),
            "both kinds of API are offered as if equal; keys and limits for each client need REST".to_owned(),
        ),
        ("Secrets Manager, a secret", "~$0.40", unit("secrets.secret", 1), "the same".to_owned()),
        (
            "CloudWatch",
            "~$5-10",
            of_families(&bill(Deployment::Fargate, simple), &["cw"]),
            "1 GB of logs and three alarms stay within the free tier; custom metrics would not".to_owned(),
        ),
        (
            "RDS PostgreSQL",
            "~$15",
            alone(Kind::from(database), &["rds"]),
            "right for db.t3.micro with 20 GB; accounts opened since July 2025 have no free tier for it".to_owned(),
        ),
        (
            "DynamoDB",
            "~$5-15",
            unit("ddb.od.write", 1) + unit("ddb.od.read", 5),
            "a million writes and five million reads, on demand, since the prices were halved in November 2024".to_owned(),
        ),
        (
            "ElastiCache Redis",
            "~$15",
            alone(Kind::from(cache), &["cache"]),
            "one cache.t3.micro; Valkey on the same node costs a fifth less".to_owned(),
        ),
    ];
    let row = |(item, document, ours_usd, why)| DocumentRow { item, document, ours_usd, why };
    DocumentTable { title: "Elsewhere in the document", rows: rows.into_iter().map(row).collect() }
}

fn single(kind: Kind) -> Inventory {
    let origin = Origin { file: "document".to_owned(), line: 1, path: "resource".to_owned() };
    let resource = Resource { id: "resource".to_owned(), origin, region: Value::Absent, kind };
    Inventory { resources: vec![resource], ..Inventory::default() }
}
