//! Functions of numbers.

use super::{Arguments, Made, Stop, wrong};
use crate::attribute::Attribute;

pub(super) fn call(arguments: &Arguments<'_>) -> Option<Made> {
    let with = |change: fn(f64) -> f64| arguments.number(0).map(|number| Attribute::Number(change(number)));
    Some(match arguments.name {
        "floor" => with(f64::floor),
        "ceil" => with(f64::ceil),
        "abs" => with(f64::abs),
        "signum" => with(|number| if number == 0.0 { 0.0 } else { number.signum() }),
        "tonumber" => tonumber(arguments),
        "min" => all(arguments).map(|numbers| Attribute::Number(numbers.into_iter().fold(f64::INFINITY, f64::min))),
        "max" => all(arguments).map(|numbers| Attribute::Number(numbers.into_iter().fold(f64::NEG_INFINITY, f64::max))),
        "sum" => sum(arguments),
        "pow" => pow(arguments),
        "parseint" => parseint(arguments),
        _ => return None,
    })
}

fn all(arguments: &Arguments<'_>) -> Result<Vec<f64>, Stop> {
    if arguments.nodes.is_empty() {
        return wrong("there is no number");
    }
    (0..arguments.nodes.len()).map(|index| arguments.number(index)).collect()
}

fn tonumber(arguments: &Arguments<'_>) -> Made {
    if arguments.node(0)?.attribute == Attribute::Null { Ok(Attribute::Null) } else { arguments.number(0).map(Attribute::Number) }
}

fn sum(arguments: &Arguments<'_>) -> Made {
    Ok(Attribute::Number(all(&arguments.with(arguments.list(0)?))?.into_iter().sum()))
}

fn pow(arguments: &Arguments<'_>) -> Made {
    let power = arguments.number(0)?.powf(arguments.number(1)?);
    if power.is_finite() { Ok(Attribute::Number(power)) } else { wrong("a number beyond all bounds") }
}

fn parseint(arguments: &Arguments<'_>) -> Made {
    let (value, base) = (arguments.text(0)?, arguments.whole(1)?);
    let base = u32::try_from(base).ok().filter(|base| (2..=36).contains(base));
    let Some(base) = base else { return wrong("a base from 2 to 36 was expected") };
    match i64::from_str_radix(&value, base) {
        Ok(number) => Ok(Attribute::Number(number as f64)),
        Err(_) => wrong(format!("{value:?} is not a number of base {base}")),
    }
}
