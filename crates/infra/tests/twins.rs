//! The four options at full size, each written in CloudFormation, in Terraform and as CDK output: what is read, judged and priced is the same.
//!
//! A golden beside each option's folders holds its bill and its verdicts, read like code.

#[path = "support/shape.rs"]
mod shape;

use domain::prices::Prices;
use infra::Inventory;
use infra::cost::{Bill, Load, cost};
use infra::price::{AwsPrices, Elsewhere};
use infra::read::{Files, Options, read_files, sources};
use infra::review::{Day, Decisions, Input, Review, review};
use infra::usage::scan;
use shape::Shape;
use std::fmt::Write;
use std::path::PathBuf;

/// The languages, each a folder of an option.
const LANGUAGES: [&str; 3] = ["cloudformation", "terraform", "cdk"];

/// A small option has some fifteen; these are meant to be whole.
const RESOURCES_MIN: usize = 25;

/// Rules about the language that something is written in, which differ by their nature.
const ABOUT_LANGUAGES: [&str; 3] = ["IAC-01", "IAC-02", "IAC-03"];

/// An option in one language, with all that is made of it.
struct Twin {
    name: String,
    inventory: Inventory,
    bill: Bill,
    /// Of what is declared, without the code around it: a model's name stands in the text of one language more often than in another's.
    review: Review,
    /// Of the whole folder, as `infra review` sees it.
    review_of_folder: Review,
}

fn fixture(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/twins")).join(path)
}

/// Reads one. Templates do not say where they are deployed, while Terraform and CDK do: somebody has to.
fn twin(option: &str, language: &str) -> Twin {
    let name = format!("{option}/{language}");
    let files = Files::of(&fixture(&name));
    let options = Options { region: Some("us-east-1".to_owned()), account: None };
    let inventory = read_files(&files, &options);
    let models = Prices::parse(include_str!("../../../prices/models.toml")).unwrap();
    let prices = AwsPrices::built_in().in_region("us-east-1", Elsewhere::Refuse).unwrap();
    let bill = cost(&inventory, &Load::default(), &prices, &models);
    let reviewed = |code: &Files| {
        review(&Input {
            inventory: &inventory,
            usage: &scan(code),
            prices: &models,
            today: &Day::parse("2026-11-25").unwrap(),
            costs: Vec::new(),
            decisions: &Decisions::parse("").unwrap(),
            sources: &sources(&files, &inventory),
        })
    };
    let (review, review_of_folder) = (reviewed(&Files::in_memory([])), reviewed(&files));
    Twin { name, inventory, bill, review, review_of_folder }
}

/// The lines of a bill without the ids of what they are for.
fn charges(bill: &Bill) -> Vec<String> {
    let line = |line: &infra::cost::Line| {
        format!("{:>10}  {} × {} {} at {}", line.monthly_usd.to_string(), line.item, line.quantity, line.unit, line.unit_price_usd)
    };
    let mut lines: Vec<String> = bill.lines.iter().map(line).collect();
    lines.sort();
    lines
}

/// Each rule with how it came out and how many things show it.
fn verdicts(review: &Review) -> Vec<String> {
    let checks = review.checks.iter().filter(|check| !ABOUT_LANGUAGES.contains(&check.id));
    checks.map(|check| format!("{}  {:<14} {:>2}  {}", check.id, status(check), check.evidence.len(), check.title)).collect()
}

fn status(check: &infra::review::Check) -> String {
    serde_json::to_value(check.status).unwrap().as_str().unwrap().to_owned()
}

fn statuses(review: &Review) -> Vec<String> {
    let checks = review.checks.iter().filter(|check| !ABOUT_LANGUAGES.contains(&check.id));
    checks.map(|check| format!("{} {}", check.id, status(check))).collect()
}

/// What only one of two lists has.
fn difference(one: &[String], other: &[String]) -> String {
    let only = |these: &[String], those: &[String], sign: &str| -> String {
        let lines = these.iter().filter(|this| !those.contains(this));
        lines.map(|line| format!("{sign} {line}\n")).collect()
    };
    only(one, other, "-") + &only(other, one, "+")
}

fn assert_is_whole(twin: &Twin) {
    let name = &twin.name;
    assert_eq!(twin.inventory.problems, [], "{name}");
    assert_eq!(twin.inventory.unrecognised, [], "{name}");
    assert!(twin.inventory.conditional.is_empty(), "{name}: {:?}", twin.inventory.conditional);
    assert!(twin.inventory.resources.len() >= RESOURCES_MIN, "{name} has {}", twin.inventory.resources.len());
}

fn assert_same(one: &Twin, other: &Twin) {
    let names = format!("{} and {}", one.name, other.name);
    let (shape, other_shape) = (Shape::of(&one.inventory), Shape::of(&other.inventory));
    let lines = shape.difference(&other_shape);
    assert!(lines.is_empty(), "the inventories of {names} differ:\n{}", lines.join("\n"));
    assert!(shape == other_shape, "in {names} links lead to different things");
    let (lines, other_lines) = (charges(&one.bill), charges(&other.bill));
    assert!(lines == other_lines, "the bills of {names} differ:\n{}", difference(&lines, &other_lines));
    assert_eq!(one.bill.total_monthly_usd, other.bill.total_monthly_usd, "{names}");
    // What stands after the colon is the expression, as its language writes it.
    let sentence = |why: &str| why.split(':').next().unwrap_or(why).to_owned();
    let unpriced = |twin: &Twin| twin.bill.unpriced.iter().map(|entry| sentence(&entry.why)).collect::<Vec<_>>();
    assert_eq!(unpriced(one), unpriced(other), "{names}");
    let (judged, other_judged) = (verdicts(&one.review), verdicts(&other.review));
    let reasons = |twin: &Twin| twin.review.checks.iter().map(|check| format!("{} {}", check.id, check.reason)).collect::<Vec<_>>();
    assert!(
        judged == other_judged,
        "{names} are judged differently:\n{}\n{}",
        difference(&judged, &other_judged),
        difference(&reasons(one), &reasons(other))
    );
    assert_eq!(statuses(&one.review_of_folder), statuses(&other.review_of_folder), "{names}");
}

/// The bill and the verdicts as a reader wants to see them.
fn printed(twin: &Twin) -> String {
    let mut text = String::new();
    let total = &twin.bill.total_monthly_usd;
    writeln!(text, "{} resources, {} USD a month ({} to {})", twin.inventory.resources.len(), total.expected, total.low, total.high).unwrap();
    writeln!(text, "\n{}", charges(&twin.bill).join("\n")).unwrap();
    writeln!(text, "\n{}", verdicts(&twin.review).join("\n")).unwrap();
    text
}

fn check(option: &str) {
    let [cloudformation, terraform, cdk] = LANGUAGES.map(|language| twin(option, language));
    for twin in [&cloudformation, &terraform, &cdk] {
        assert_is_whole(twin);
    }
    assert_same(&cloudformation, &terraform);
    assert_same(&cloudformation, &cdk);
    let path = fixture(option).join("expected.txt");
    if std::env::var_os("REFRESH").is_some() {
        std::fs::write(&path, printed(&cloudformation)).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == printed(&cloudformation), "{} is not what is printed now; set REFRESH=1 and read the difference", path.display());
}

#[test]
fn instances_behind_a_balancer_are_the_same_in_every_language() {
    check("ec2");
}

#[test]
fn fargate_is_the_same_in_every_language() {
    check("fargate");
}

#[test]
fn functions_behind_an_api_are_the_same_in_every_language() {
    check("lambda");
}

#[test]
fn beanstalk_is_the_same_in_every_language() {
    check("beanstalk");
}
