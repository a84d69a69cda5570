//! What was really paid: an export of Cost Explorer or of the usage report, set against the estimate service by service.

use super::{Bill, Service, Usd};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// An export beside an estimate. Amounts are a month's; an export of several months is averaged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Actual {
    /// Months that the export covers, oldest first; empty when it does not say.
    pub months: Vec<String>,
    /// Each service that was estimated or paid, the largest difference first.
    pub rows: Vec<ActualRow>,
    /// What was paid for something that has no service here: taxes, support, other services.
    pub unmatched: Vec<UnmatchedRow>,
    /// All that was paid, matched or not.
    pub actual_usd: Usd,
    /// What had to be taken for granted to read the export.
    pub notes: Vec<String>,
}

/// A service's estimate and what was paid.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActualRow {
    /// The service in words.
    pub service: &'static str,
    /// USD a month.
    pub estimate_usd: Usd,
    /// USD a month.
    pub actual_usd: Usd,
    /// What was paid less the estimate.
    pub difference_usd: Usd,
}

/// Something paid that the estimate has no place for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnmatchedRow {
    /// As the export calls it.
    pub name: String,
    /// USD a month.
    pub actual_usd: Usd,
}

/// An export that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidExport(String);

/// Column names, in letters and digits, by what they hold; earlier ones are preferred.
const SERVICE_COLUMNS: &[&str] =
    &["service", "servicename", "lineitemproductcode", "productcode", "productservicecode", "productproductname", "productname"];
const AMOUNT_COLUMNS: &[&str] = &[
    "lineitemunblendedcost",
    "unblendedcost",
    "unblendedcostusd",
    "cost",
    "costusd",
    "amount",
    "amountusd",
    "totalcost",
    "totalcosts",
    "totalcostusd",
    "lineitemblendedcost",
    "blendedcost",
];
const CURRENCY_COLUMNS: &[&str] = &["lineitemcurrencycode", "currencycode", "currency", "unit", "pricingcurrency"];
const DATE_COLUMNS: &[&str] =
    &["lineitemusagestartdate", "usagestartdate", "usagedate", "date", "month", "timeperiodstart", "start", "billbillingperiodstartdate"];
const KIND_COLUMNS: &[&str] = &["lineitemlineitemtype", "lineitemtype", "chargetype", "recordtype"];

/// Nobody pays more, and sums of less fit.
const USD_MAX: f64 = 1e12;

/// Kinds of usage report lines that pay for use; the others (tax, credit, refund, fee) are listed by their kind.
const USE: &[&str] = &["Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", ""];

/// Sets an export against a bill.
///
/// # Errors
/// The export has no column for services or for amounts, is in another currency, or holds an amount that is no number.
pub fn compare_actual(bill: &Bill, csv: &str) -> Result<Actual, InvalidExport> {
    let mut paid = Paid::default();
    let csv = csv.trim_start_matches('\u{feff}');
    if csv.trim().is_empty() {
        return Err(InvalidExport("the export is empty".to_owned()));
    }
    if let Some(line) = unclosed_quote(csv) {
        return Err(InvalidExport(format!("line {line}: a quote is not closed")));
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(csv.as_bytes());
    let headers = reader.headers().map_err(|e| InvalidExport(format!("the export is not CSV: {e}")))?.clone();
    // Spreadsheets part columns as the country does whose decimals are commas.
    if let (1, Some(other)) = (headers.len(), [';', '\t'].into_iter().find(|other| headers[0].contains(*other))) {
        return Err(InvalidExport(format!("its columns are parted by {other:?}: export it with commas between them and points before decimals")));
    }
    // A column that is called an amount holds those of all services; in the wide form each is called a service.
    let is_of_one = |header: &str| header.ends_with(')') && !AMOUNT_COLUMNS.contains(&letters(header).as_str());
    let is_total = |header: &str| letters(header).starts_with("totalcost");
    let is_wide = headers.len() > 1
        && letters(&headers[0]) == "service"
        && headers.iter().skip(1).all(|header| is_of_one(header) || is_total(header))
        && headers.iter().skip(1).any(is_of_one);
    if is_wide {
        paid.wide(&headers, &mut reader)?;
    } else {
        paid.long(&headers, &mut reader)?;
    }
    Ok(paid.against(bill))
}

/// Sums of an export, by the name that it has for a service.
#[derive(Default)]
struct Paid {
    by_name: BTreeMap<String, Usd>,
    months: BTreeSet<String>,
    notes: Vec<String>,
}

type Reader<'a> = csv::Reader<&'a [u8]>;

impl Paid {
    /// Cost Explorer's download: a column for each service, a row for each month, and a row of totals.
    fn wide(&mut self, headers: &csv::StringRecord, reader: &mut Reader<'_>) -> Result<(), InvalidExport> {
        let mut columns = Vec::new();
        for (at, header) in headers.iter().enumerate().skip(1) {
            let (name, currency) = header.trim_end_matches(')').rsplit_once('(').unwrap_or((header, ""));
            check_currency(currency, 1)?;
            // The totals would count everything twice.
            if !letters(name).starts_with("totalcost") {
                columns.push((at, name.trim().to_owned()));
            }
        }
        let (mut months, mut totals) = (Vec::new(), Vec::new());
        for record in reader.records() {
            let record = record.map_err(|e| InvalidExport(format!("the export is not CSV: {e}")))?;
            let first = record.get(0).unwrap_or_default().to_owned();
            if let Some(month) = month(&first) {
                self.months.insert(month);
                months.push(record);
            } else if letters(&first).ends_with("total") {
                totals.push(record);
            } else {
                let line = record.position().map_or(0, csv::Position::line);
                return Err(InvalidExport(format!("line {line}: {first:?} is neither a date nor the row of totals")));
            }
        }
        for record in if months.is_empty() { totals } else { months } {
            let line = record.position().map_or(0, csv::Position::line);
            for (at, name) in &columns {
                self.add(name, amount(record.get(*at).unwrap_or_default(), line)?);
            }
        }
        Ok(())
    }

    /// A row for each line: the usage report in both its versions, and what people make of Cost Explorer's answers.
    fn long(&mut self, headers: &csv::StringRecord, reader: &mut Reader<'_>) -> Result<(), InvalidExport> {
        let names: Vec<String> = headers.iter().map(letters).collect();
        let column = |wanted: &[&str]| wanted.iter().find_map(|name| names.iter().position(|header| header == name));
        let missing = |what: &str, wanted: &[&str]| {
            InvalidExport(format!(
                "the export has no column for the {what}: it has {}, and one of {} is needed",
                list(headers.iter()),
                list(wanted.iter().copied())
            ))
        };
        let service = column(SERVICE_COLUMNS).ok_or_else(|| missing("service", SERVICE_COLUMNS))?;
        let cost = column(AMOUNT_COLUMNS).ok_or_else(|| missing("amount", AMOUNT_COLUMNS))?;
        let (currency, date, kind) = (column(CURRENCY_COLUMNS), column(DATE_COLUMNS), column(KIND_COLUMNS));
        match (currency, headers[cost].rsplit_once('(')) {
            (Some(_), _) => {}
            (None, Some((_, currency))) => check_currency(currency.trim_end_matches(')'), 1)?,
            (None, None) if names[cost].ends_with("usd") => {}
            (None, None) => self.notes.push("the export does not name its currency; US dollars are taken".to_owned()),
        }
        for record in reader.records() {
            let record = record.map_err(|e| InvalidExport(format!("the export is not CSV: {e}")))?;
            let line = record.position().map_or(0, csv::Position::line);
            let field = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default();
            if record.iter().all(str::is_empty) || letters(field(Some(service))).starts_with("total") {
                continue;
            }
            if currency.is_some() {
                check_currency(field(currency), line)?;
            }
            match (month(field(date)), field(date)) {
                (Some(month), _) => drop(self.months.insert(month)),
                (None, "") => {}
                (None, other) => return Err(InvalidExport(format!("line {line}: {other:?} is not a date such as 2026-08-01"))),
            }
            let kind = field(kind);
            let name = if USE.contains(&kind) { field(Some(service)) } else { kind };
            self.add(name, amount(field(Some(cost)), line)?);
        }
        if date.is_none() {
            self.notes.push("the export has no dates; it is taken for one month".to_owned());
        }
        Ok(())
    }

    fn add(&mut self, name: &str, usd: Usd) {
        let name = if name.is_empty() { "(no name)" } else { name };
        let sum = self.by_name.entry(name.to_owned()).or_default();
        *sum = *sum + usd;
    }

    fn against(self, bill: &Bill) -> Actual {
        let months = self.months.len().max(1) as u64;
        let mut services: BTreeMap<Service, (Usd, Usd)> = BTreeMap::new();
        for line in &bill.lines {
            let row = services.entry(line.service).or_default();
            row.0 = row.0 + line.monthly_usd;
        }
        let mut unmatched = Vec::new();
        let mut actual_usd = Usd::ZERO;
        for (name, sum) in self.by_name {
            let monthly = sum.per(months);
            actual_usd = actual_usd + monthly;
            match Service::of_export(&name) {
                Some(service) => {
                    let row = services.entry(service).or_default();
                    row.1 = row.1 + monthly;
                }
                None => unmatched.push(UnmatchedRow { name, actual_usd: monthly }),
            }
        }
        let row = |(service, (estimate_usd, actual_usd)): (Service, (Usd, Usd))| ActualRow {
            service: service.label(),
            estimate_usd,
            actual_usd,
            difference_usd: actual_usd - estimate_usd,
        };
        let mut rows: Vec<ActualRow> = services.into_iter().map(row).collect();
        rows.retain(|row| row.estimate_usd != Usd::ZERO || row.actual_usd != Usd::ZERO);
        rows.sort_by_key(|row| std::cmp::Reverse(row.difference_usd.cents().abs()));
        unmatched.sort_by_key(|row| std::cmp::Reverse(row.actual_usd.cents().abs()));
        Actual { months: self.months.into_iter().collect(), rows, unmatched, actual_usd, notes: self.notes }
    }
}

/// The line of a quote that opens a field and is never closed: all that follows it would be read as one field.
fn unclosed_quote(csv: &str) -> Option<usize> {
    let (mut line, mut opened, mut begins) = (1, None, true);
    for byte in csv.bytes() {
        match (byte, opened) {
            // A doubled quote closes and opens again.
            (b'"', Some(_)) => (opened, begins) = (None, true),
            (b'"', None) if begins => opened = Some(line),
            (b',' | b'\n', None) => begins = true,
            (_, None) => begins = false,
            _ => {}
        }
        line += usize::from(byte == b'\n');
    }
    opened
}

fn letters(text: &str) -> String {
    // What stands in brackets is a currency, not part of the name.
    let text = text.split('(').next().unwrap_or(text);
    text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    // A usage report has hundreds of columns.
    let names: Vec<&str> = names.take(12).collect();
    names.join(", ")
}

fn check_currency(currency: &str, line: u64) -> Result<(), InvalidExport> {
    match currency.trim() {
        "$" | "USD" | "usd" | "US$" => Ok(()),
        other => Err(InvalidExport(format!("line {line}: the export is in {other:?}, and the estimate in USD: export it in USD"))),
    }
}

/// `2026-10` of `2026-10-01`, `2026-10-01T00:00:00Z` and `2026-10`.
fn month(text: &str) -> Option<String> {
    let month = text.get(..7)?;
    let (year, number) = month.split_once('-')?;
    (year.parse::<u16>().is_ok() && number.parse::<u8>().is_ok_and(|number| (1..=12).contains(&number))).then(|| month.to_owned())
}

fn amount(text: &str, line: u64) -> Result<Usd, InvalidExport> {
    let wrong = || InvalidExport(format!("line {line}: {text:?} is not an amount"));
    let plain: String = text.chars().filter(|letter| !matches!(letter, '$' | ' ')).collect();
    // A comma parts thousands; where it stands elsewhere it means something else, such as the decimals of other countries.
    let (whole, _) = plain.split_once('.').unwrap_or((plain.as_str(), ""));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    if whole.contains(',') && (first.trim_start_matches('-').is_empty() || groups.any(|group| group.len() != 3)) {
        return Err(wrong());
    }
    let plain = plain.replace(',', "");
    if plain.is_empty() {
        return Ok(Usd::ZERO);
    }
    // Usage reports write small amounts as 1.2E-7; their last digits are beyond any cent.
    let number: f64 = plain.parse().ok().filter(|number: &f64| number.abs() < USD_MAX).ok_or_else(wrong)?;
    Usd::parse(&plain).or_else(|| Usd::parse(&format!("{number:.18}"))).ok_or_else(wrong)
}
