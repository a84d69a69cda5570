//! Functions and the APIs in front of them: paid by the request.

use super::Quantity;
use super::load::amount;
use super::meter::Meter;
use crate::inventory::api::{Api, Protocol};
use crate::inventory::compute::Function;
use crate::inventory::secrets::Rotation;

/// Seconds after which a function is ended that does not say when.
const TIMEOUT_S: f64 = 3.0;

pub(super) fn function(meter: &mut Meter<'_>, id: &str, function: &Function) {
    let is_rotation = meter.pointing_at::<Rotation>(id).next().is_some();
    // A function that rotates a secret does not see tasks: it runs four steps each time, a few times a year.
    let (runs, seconds, words) = if is_rotation {
        (Quantity::whole(4), Quantity::whole(4), "rotates a secret: four runs a month of a second".to_owned())
    } else {
        let (wanted, assumed) = (meter.load.seconds, meter.load.assumed("seconds"));
        let default = if function.timeout_s.is_absent() { ", which is the default" } else { "" };
        // A run ends with its time-out, and nothing beyond is billed.
        let (seconds, cut) = match function.timeout_s.clone().or_default_of(TIMEOUT_S).known() {
            Some(timeout) if wanted > *timeout => (*timeout, format!(", cut off after {timeout} s by its time-out{default}")),
            _ => (wanted, String::new()),
        };
        let words = format!("runs once for each of {}, {wanted} s{assumed}{cut}", meter.load.tasks_words());
        let tasks = Quantity::whole(meter.load.tasks);
        (tasks, tasks.times(amount(seconds)), words)
    };
    meter.charge(id, "Lambda requests", "lambda.request", runs.per(1_000_000), words.clone());
    let memory = meter.number(id, "memory", &function.memory_mb, Some(128.0));
    let architecture = meter.text(id, "architecture", &function.architecture, Some("x86_64"));
    if let (Some(memory), Some(architecture)) = (memory, architecture) {
        let row = if architecture.eq_ignore_ascii_case("arm64") { "lambda.gbs.arm" } else { "lambda.gbs.x86" };
        meter.charge(id, &format!("Lambda compute, {architecture}"), row, seconds.times(memory.per(1_024)), format!("{words}, at {memory} MB"));
    }
    let Some(included) = meter.size(id, "lambda.ephemeral_included") else { return };
    let disk = meter.number(id, "ephemeral storage", &function.ephemeral_mb, Some(512.0));
    if let Some(above) = disk.map(|disk| disk.less(included)).filter(|above| *above > Quantity::ZERO) {
        let assumption = format!("{words}, with {above} MB over {included}");
        meter.charge(id, "Lambda ephemeral storage", "lambda.ephemeral", seconds.times(above.per(1_024)), assumption);
    }
}

pub(super) fn api(meter: &mut Meter<'_>, id: &str, api: &Api) {
    let millions = Quantity::whole(meter.load.tasks).per(1_000_000);
    let tasks = meter.load.tasks_words();
    match api.protocol {
        Protocol::Http => meter.charge(id, "HTTP API requests", "apigw.http", millions, format!("one request of at most 512 KB for each of {tasks}")),
        Protocol::Rest => meter.charge(id, "REST API requests", "apigw.rest", millions, format!("one request for each of {tasks}")),
        Protocol::WebSocket => {
            let minutes = meter.load.task_seconds().per(60).per(1_000_000);
            meter.charge(
                id,
                "WebSocket messages",
                "apigw.websocket.message",
                millions.times(Quantity::whole(2)),
                format!("question and answer for each of {tasks}"),
            );
            meter.charge(id, "WebSocket minutes", "apigw.websocket.minute", minutes, format!("connected while each of {tasks} runs"));
        }
    }
}
