//! The ranking, its exclusions and its break-even points, held against the bill itself.

use domain::prices::Prices;
use infra::cost::{Load, Usd, cost};
use infra::inventory::compute::TaskDefinition;
use infra::options::Deployment;
use infra::price::{AwsPrices, Elsewhere, RegionalPrices};
use infra::recommend::{Need, Recommendation, plot, recommend, svg, text};

fn models() -> Prices {
    Prices::parse(include_str!("../../../prices/models.toml")).unwrap()
}

fn prices() -> RegionalPrices {
    AwsPrices::built_in().in_region("us-east-1", Elsewhere::Refuse).unwrap()
}

fn recommended(load: &str, needs: &str) -> Recommendation {
    recommend(&Load::parse(load).unwrap(), &Need::parse(needs).unwrap(), &prices(), &models())
}

fn order(recommendation: &Recommendation) -> Vec<&'static str> {
    recommendation.ranked.iter().map(|candidate| candidate.option.as_str()).collect()
}

/// What `cost` says of an option in the form that the recommendation ranks.
fn billed(recommendation: &Recommendation, option: Deployment) -> Usd {
    let variant = recommendation.ranked.iter().find(|candidate| candidate.option == option).unwrap().variant;
    let load = &recommendation.load;
    cost(&option.inventory(load, variant), load, &prices(), &models()).total_monthly_usd.expected
}

#[test]
fn little_use_is_cheapest_on_lambda_and_much_on_an_instance() {
    assert_eq!(order(&recommended("tasks=10000", "")), ["lambda", "ec2", "beanstalk", "fargate"]);
    assert_eq!(order(&recommended("tasks=2000000", ""))[0], "ec2");
}

#[test]
fn totals_are_those_of_the_bill() {
    for needs in ["", "ha", "private", "ha,private"] {
        let recommendation = recommended("tasks=300000", needs);
        for candidate in &recommendation.ranked {
            assert_eq!(candidate.total_monthly_usd.expected, billed(&recommendation, candidate.option), "{needs} {:?}", candidate.option);
        }
    }
}

#[test]
fn needs_exclude_options_with_the_reason() {
    for (needs, left) in [
        ("ha", vec!["beanstalk", "fargate", "lambda"]),
        ("scale-to-zero", vec!["lambda"]),
        ("long-runs", vec!["beanstalk", "ec2", "fargate"]),
        ("no-cold-start", vec!["beanstalk", "ec2", "fargate"]),
        ("private", vec!["beanstalk", "fargate", "lambda"]),
        ("scale-to-zero,long-runs", vec![]),
    ] {
        let recommendation = recommended("", needs);
        let mut fits = order(&recommendation);
        fits.sort_unstable();
        assert_eq!(fits, left, "{needs}");
        for exclusion in &recommendation.excluded {
            assert!(needs.split(',').any(|need| exclusion.why.iter().any(|why| why.starts_with(need))), "{needs}: {exclusion:?}");
        }
    }
}

#[test]
fn a_load_that_an_option_cannot_carry_excludes_it() {
    let long = recommended("seconds=1000", "");
    assert!(long.excluded.iter().any(|e| e.option == Deployment::Lambda && e.why[0].contains("at most 15 minutes")));
    let much = recommended("tasks=20000000", "");
    assert!(much.excluded.iter().any(|e| e.option == Deployment::Ec2 && e.why[0].contains("one instance does not carry")));
    let large = recommended("memory_mb=20000", "");
    assert_eq!(order(&large), ["fargate"]);
    assert!(large.excluded.iter().any(|e| e.option == Deployment::Lambda && e.why[0].contains("at most 10240 MB")));
    assert!(recommended("memory_mb=200000", "").ranked.is_empty());
}

#[test]
fn a_larger_task_carries_more_at_once_and_has_a_size_that_fargate_offers() {
    let task = |load: &str| {
        let load = Load::parse(load).unwrap();
        let inventory = Deployment::Fargate.inventory(&load, infra::options::Variant::default());
        let (_, task) = inventory.all::<TaskDefinition>().next().unwrap();
        (*task.cpu.known().unwrap(), *task.memory_mb.known().unwrap(), Deployment::Fargate.units_needed(&load))
    };
    // 69 tasks at the peak: ten for each half vCPU.
    assert_eq!(task("tasks=1000000,seconds=60"), (512.0, 1_024.0, 7));
    assert_eq!(task("tasks=1000000,seconds=60,memory_mb=30720"), (4_096.0, 30_720.0, 1));
    assert_eq!(task("memory_mb=33000"), (8_192.0, 36_864.0, 1));
    assert_eq!(task("memory_mb=100000"), (16_384.0, 106_496.0, 1));
}

#[test]
fn two_percent_around_a_break_even_point_the_order_flips() {
    let mut points = 0;
    for needs in ["", "ha", "private"] {
        for load in ["", "seconds=2", "seconds=30,memory_mb=1024"] {
            let recommendation = recommended(load, needs);
            for point in &recommendation.break_even {
                let at = |tasks: u64| {
                    let there = Load { tasks, ..recommendation.load.clone() };
                    let there = Recommendation { load: there, ..recommendation.clone() };
                    (billed(&there, point.below), billed(&there, point.above))
                };
                let (below, above) = at(point.tasks - point.tasks / 50);
                assert!(below < above, "{needs} {load} {point:?}");
                let (below, above) = at(point.tasks + point.tasks / 50);
                assert!(below > above, "{needs} {load} {point:?}");
                let (below, above) = at(point.tasks - 1);
                assert!(below <= above, "exact to the task: {needs} {load} {point:?}");
                points += 1;
            }
        }
    }
    assert!(points >= 8, "{points}");
}

#[test]
fn an_unknown_need_is_refused_with_the_nearest() {
    assert_eq!(
        Need::parse("ha,privat").unwrap_err().to_string(),
        "\"privat\" is not a need; did you mean private? (there are ha, scale-to-zero, long-runs, no-cold-start, private)"
    );
}

#[test]
fn text_and_plot_fit_a_terminal_and_the_picture_is_well_formed() {
    let recommendation = recommended("tasks=50000", "");
    let printed = text(&recommendation);
    assert!(printed.lines().all(|line| line.chars().count() <= 100), "{printed}");
    let drawn = plot(&recommendation);
    for letter in ['E', 'F', 'L', 'B', '|'] {
        assert!(drawn.contains(letter), "{letter}\n{drawn}");
    }
    let picture = svg(&recommendation);
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert_eq!(picture.matches("<polyline").count(), 4);
    assert_eq!(picture.matches('<').count(), picture.matches('>').count());
}

#[test]
fn nothing_fits_is_an_answer() {
    let printed = text(&recommended("", "scale-to-zero,no-cold-start"));
    assert!(printed.contains("No option fits"));
}

#[test]
fn an_option_whose_price_is_not_known_whole_ranks_last_and_breaks_even_nowhere() {
    let only_instances = "region = \"eu-west-9\"\n[[price]]\nid = \"ec2.t3.medium\"\nunit = \"hour\"\nusd = \"0.05\"\nas_of = \"2026\"\nsource = \"test\"\nverified = true";
    let prices = AwsPrices::parse(only_instances).unwrap().in_region("eu-west-9", Elsewhere::Refuse).unwrap();
    let recommendation = recommend(&Load::default(), &Need::parse("").unwrap(), &prices, &models());
    assert!(recommendation.ranked.iter().all(|candidate| !candidate.complete && candidate.cautions.iter().any(|c| c.starts_with("not priced"))));
    assert!(recommendation.break_even.is_empty());
    assert!(text(&recommendation).contains(">= "));
}
