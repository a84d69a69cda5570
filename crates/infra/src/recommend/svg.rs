//! Cost over load as a picture that needs nothing but itself.

use super::Recommendation;
use super::plot::{Frame, short};
use crate::options::Deployment;
use std::fmt::Write as _;

/// Pixels of the picture and of the margins around the field.
const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 520.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 60.0;

/// Colours that are told apart by people who see no red or no green.
fn colour(option: Deployment) -> &'static str {
    match option {
        Deployment::Ec2 => "#0072b2",
        Deployment::Fargate => "#d55e00",
        Deployment::Lambda => "#009e73",
        Deployment::Beanstalk => "#cc79a7",
    }
}

/// The picture, as an SVG document; empty when no option has a curve.
pub fn svg(recommendation: &Recommendation) -> String {
    let Some(frame) = Frame::around(&recommendation.curves) else { return String::new() };
    let place = |tasks: f64, usd: f64| {
        let (x, y) = frame.place(tasks, usd);
        (LEFT + x * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y * (HEIGHT - TOP - BOTTOM))
    };
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n\
         <title>Cost over load, USD a month without model tokens, prices of {} in {}</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"28\" font-size=\"15\">USD a month without model tokens, over tasks a month</text>\n",
        escaped(&recommendation.as_of),
        escaped(&recommendation.region),
    );
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for usd in frame.decades_of_usd() {
        let (_, y) = place(1.0, usd);
        let _ = writeln!(
            text,
            "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#dddddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            y + 4.0,
            short(usd)
        );
    }
    for tasks in frame.decades_of_tasks() {
        let (x, _) = place(tasks, 1.0);
        let _ = writeln!(
            text,
            "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"#dddddd\"/><text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            bottom + 20.0,
            short(tasks)
        );
    }
    let (stated, _) = place(recommendation.load.tasks as f64, 1.0);
    if (LEFT..=right).contains(&stated) {
        let _ = writeln!(
            text,
            "<path d=\"M{stated:.1} {TOP}V{bottom}\" stroke=\"#555555\" stroke-dasharray=\"4 4\"/><text x=\"{stated:.1}\" y=\"{}\" text-anchor=\"middle\">your load</text>",
            TOP - 6.0
        );
    }
    for (at, curve) in recommendation.curves.iter().enumerate() {
        let points: Vec<String> =
            curve.points.iter().map(|point| place(point.tasks as f64, point.monthly_usd.to_f64())).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let colour = colour(curve.option);
        let y = TOP + 20.0 + at as f64 * 20.0;
        let _ = writeln!(text, "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>", points.join(" "));
        let _ = writeln!(text, "<text x=\"{}\" y=\"{y}\" fill=\"{colour}\">{}</text>", right + 10.0, curve.option.parts());
    }
    text.push_str("</svg>\n");
    text
}

/// A region comes from the command line.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
