//! The four named options: what they come to, and the founding document's tables beside them.

use super::*;
use infra::cost::{as_document, document_text, text};
use infra::options::{Deployment, Variant};

fn option(option: Deployment, variant: Variant, load: &str) -> Bill {
    let load = Load::parse(load).unwrap();
    cost(&option.inventory(&load, variant), &load, &prices(), &models())
}

#[test]
fn the_totals_of_the_four_options() {
    let mut totals = String::new();
    for deploy in Deployment::ALL {
        for (name, variant) in [
            ("simple", Variant::default()),
            ("ha", Variant { is_highly_available: true, is_private: false }),
            ("private", Variant { is_highly_available: false, is_private: true }),
        ] {
            for load in [IDLE, "", "tasks=1000000,seconds=2"] {
                let bill = option(deploy, variant, load);
                let range = bill.total_monthly_usd;
                assert!(bill.complete, "{:?}", bill.unpriced);
                assert!(range.low <= range.expected && range.expected <= range.high);
                totals.push_str(&format!("{:<10}{name:<8}{:<44}{:>10}{:>10}{:>10}\n", deploy.as_str(), load, range.low, range.expected, range.high));
            }
        }
    }
    golden("options.txt", &totals);
}

#[test]
fn the_document_beside_this_bill() {
    let tables = as_document(&prices(), &models());
    let printed = document_text(&tables);
    assert!(printed.lines().all(|line| line.chars().count() <= 100));
    golden("as_document.txt", &printed);
}

#[test]
fn a_bill_as_text_fits_a_terminal_and_says_what_it_takes_for_granted() {
    let printed = text(&option(Deployment::Fargate, Variant { is_highly_available: true, is_private: true }, "tasks=200000"));
    for line in printed.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    golden("fargate.txt", &printed);
}

#[test]
fn every_line_multiplies_out_and_the_total_is_their_sum() {
    for deploy in Deployment::ALL {
        let bill = option(deploy, Variant::default(), "tasks=5000000,egress_gb=20000");
        for line in &bill.lines {
            assert_eq!(line.quantity.at(line.unit_price_usd), line.monthly_usd, "{line:?}");
            assert!(!line.assumption.is_empty() && !line.prices.is_empty());
        }
        assert_eq!(bill.lines.iter().map(|line| line.monthly_usd).sum::<infra::cost::Usd>(), bill.total_monthly_usd.expected);
    }
}

/// Compares with a file of this folder. `UPDATE_GOLDEN=1` writes it; read its diff like code.
fn golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bill/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text, "{name}");
}

#[test]
fn a_bill_as_json_has_the_published_names() {
    let bill = option(Deployment::Ec2, Variant::default(), "tasks=1000");
    let json = serde_json::to_value(&bill).unwrap();
    for name in ["as_of", "region", "load", "complete", "unpriced", "total_monthly_usd", "per_1000_tasks_usd", "lines"] {
        assert!(!json[name].is_null(), "{name}");
    }
    assert!(json.get("actual").is_none());
    let line = json["lines"].as_array().unwrap().iter().find(|line| line["item"] == "EC2 t3.medium").unwrap();
    assert_eq!((&line["quantity"], &line["unit_price_usd"], &line["monthly_usd"]), (&730.0.into(), &0.0416.into(), &30.368.into()));
    for name in ["resource", "item", "unit", "free_tier_usd", "assumption", "verified"] {
        assert!(!line[name].is_null(), "{name}");
    }
    for end in ["low", "expected", "high"] {
        assert!(json["total_monthly_usd"][end].is_f64(), "{end}");
    }
}
