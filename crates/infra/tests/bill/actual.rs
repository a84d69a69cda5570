//! Exports of what was paid, in the forms that people have them.

use super::*;
use infra::cost::{Actual, compare_actual};

fn compare(csv: &str) -> Result<Actual, String> {
    let mut resources = vec![("instance", instance("t3.medium", 20.0))];
    resources.extend(zone_and_secret());
    compare_actual(&bill(&inventory(resources), IDLE), csv).map_err(|e| e.to_string())
}

fn row(actual: &Actual, service: &str) -> (String, String, String) {
    let row = actual.rows.iter().find(|row| row.service.starts_with(service)).unwrap();
    (row.estimate_usd.to_string(), row.actual_usd.to_string(), row.difference_usd.to_string())
}

#[test]
fn cost_explorer_s_download_is_averaged_over_its_months() {
    let actual = compare(
        "\u{feff}\"Service\",\"EC2-Instances($)\",\"EC2-Other($)\",\"VPC($)\",\"Tax($)\",\"Total costs($)\"\n\
         \"Service total\",\"62.00\",\"4.00\",\"7.30\",\"8.00\",\"81.30\"\n\
         \"2026-09-01\",\"30.00\",\"2.00\",\"3.65\",\"4.00\",\"39.65\"\n\
         \"2026-10-01\",\"32.00\",\"2.00\",\"3.65\",\"4.00\",\"41.65\"\n",
    )
    .unwrap();
    assert_eq!(actual.months, ["2026-09", "2026-10"]);
    // 30.368 for the instance and 1.60 for its disk against 31 + 2.
    assert_eq!(row(&actual, "EC2"), ("31.97".into(), "33.00".into(), "1.03".into()));
    assert_eq!(row(&actual, "VPC"), ("3.65".into(), "3.65".into(), "0.00".into()));
    assert_eq!((actual.unmatched[0].name.as_str(), actual.unmatched[0].actual_usd.to_string().as_str()), ("Tax", "4.00"));
    assert_eq!(actual.actual_usd.to_string(), "40.65");
}

#[test]
fn a_usage_report_is_read_in_both_its_versions_and_any_order_of_columns() {
    let legacy = "lineItem/CurrencyCode,lineItem/UnblendedCost,lineItem/UsageStartDate,lineItem/LineItemType,lineItem/ProductCode\n\
                  USD,30.5,2026-10-01T00:00:00Z,Usage,AmazonEC2\nUSD,1.2E-7,2026-10-02T00:00:00Z,Usage,AWSSecretsManager\nUSD,2.5,2026-10-01T00:00:00Z,Tax,AmazonEC2\n";
    let current = "line_item_product_code,line_item_line_item_type,line_item_unblended_cost,line_item_usage_start_date,line_item_currency_code\n\
                   AmazonEC2,Usage,30.5,2026-10-01 00:00:00.000,USD\nAWSSecretsManager,Usage,1.2E-7,2026-10-02 00:00:00.000,USD\nAmazonEC2,Tax,2.5,2026-10-01 00:00:00.000,USD\n";
    assert_eq!(compare(legacy).unwrap(), compare(current).unwrap());
    let actual = compare(legacy).unwrap();
    assert_eq!(row(&actual, "EC2").1, "30.50");
    assert_eq!(row(&actual, "Secrets Manager").1, "0.00");
    assert_eq!(actual.unmatched[0].name, "Tax");
}

#[test]
fn a_plain_table_will_do() {
    let actual = compare("Cost (USD),Service\n\"1,030.37\",Amazon Elastic Compute Cloud - Compute\n9,Tax\n1039.37,Total\n").unwrap();
    assert_eq!(row(&actual, "EC2").1, "1,030.37");
    assert_eq!(actual.notes, ["the export has no dates; it is taken for one month"]);
    let plainest = compare("Service,Cost (USD)\nAmazon RDS,61.84\n").unwrap();
    assert_eq!(plainest.actual_usd.to_string(), "61.84");
}

#[test]
fn an_export_that_cannot_be_used_says_why_and_where() {
    for (csv, expected) in [
        ("Service,Cost,Currency\nAmazonEC2,1,USD\nAmazonRDS,2,EUR\n", "line 3: the export is in \"EUR\", and the estimate in USD"),
        (" \n", "the export is empty"),
        ("Service,Cost\n\"AmazonEC2,1\nAmazonRDS,2\n", "line 2: a quote is not closed"),
        ("Service;Cost\nAmazonEC2;1,50\n", "its columns are parted by ';'"),
        ("Service,EC2-Instances(€)\n2026-10-01,3\n", "line 1: the export is in \"€\""),
        ("Cost (EUR),Service\n1,AmazonEC2\n", "line 1: the export is in \"EUR\""),
        ("Name,Cost\nx,1\n", "no column for the service: it has Name, Cost"),
        ("Service,Price\nx,1\n", "no column for the amount"),
        ("Service,Cost,Currency\nAmazonEC2,much,USD\n", "line 2: \"much\" is not an amount"),
        ("Service,VPC($)\nyesterday,1\n", "line 2: \"yesterday\" is neither a date nor the row of totals"),
        ("", "the export is empty"),
        ("Date,Service,Cost (USD)\n8/1/2026,AmazonEC2,100\n", "line 2: \"8/1/2026\" is not a date such as 2026-08-01"),
        ("Date,Service,Cost (USD)\n2026-08-01,AmazonEC2,1\n01.09.2026,AmazonEC2,100\n", "line 3: \"01.09.2026\" is not a date"),
        ("Service,Cost (USD)\nAmazon RDS,\"61,84\"\n", "line 2: \"61,84\" is not an amount"),
        ("Service,Cost (USD)\nAmazon RDS,170000000000000\n", "line 2: \"170000000000000\" is not an amount"),
    ] {
        let error = compare(csv).unwrap_err();
        assert!(error.contains(expected), "{csv:?}: {error}");
    }
}
