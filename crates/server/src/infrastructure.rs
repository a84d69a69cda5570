//! Infrastructure as it is written down: an archive of templates in, its review out.

use crate::app::App;
use crate::body;
use crate::keys::Caller;
use crate::problem::Failure;
use api::Code;
use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::header::CONTENT_TYPE;
use infra::read::{ArchiveFormat, from_archive};
use infra::review::{Day, Project, decisions_in};
use infra::usage::is_region;
use serde::Deserialize;
use serde_json::Value;
use std::error::Error;
use std::time::Duration;
use utoipa::ToSchema;

pub(crate) const PATH: &str = "/api/v1/infra/review";

/// A review of a usual project takes less than a second.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a caller may say beside the archive.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// The region that is priced when no file names one.
    region: Option<String>,
}

/// An archive's bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "the document of the contract alone speaks of it")]
struct Archive(Vec<u8>);

/// Reviews an archive of templates
///
/// Send a zip or a gzipped tar of the project. Nothing of it is kept, run or sent on. `review.toml` at its root holds answers, attestations and
/// suppressions. The answer is what `orchestrator infra review -o json` prints.
#[utoipa::path(
    post,
    path = PATH,
    tag = "infrastructure",
    operation_id = "review_infrastructure",
    params(("region" = Option<String>, Query, description = "The region that is priced when no file names one. Default: us-east-1.")),
    request_body(
        content(
            (inline(Archive) = "application/zip"),
            (inline(Archive) = "application/gzip")
        ),
        description = "The archive, at most 16 MiB, which unpacks to at most 256 MiB of plain files."
    ),
    responses((status = 200, description = "The review.", body = Object))
)]
pub(crate) async fn review(State(app): State<App>, _: Caller, request: Request) -> Result<Json<Value>, Failure> {
    let Query(wanted) = Query::<Wanted>::try_from_uri(request.uri())
        .map_err(|_| Failure::new(Code::InvalidRequest, "the query takes region=NAME and nothing else"))?;
    let region = wanted.region.unwrap_or_else(|| "us-east-1".to_owned());
    if !is_region(&region) {
        return Err(Failure::new(Code::InvalidRequest, format!("{region:?} is no region of AWS; one reads us-east-1")));
    }
    let format = format(&request)?;
    let busy = |_| Failure::busy("other archives are being reviewed; ask again after a moment", RETRY_AFTER);
    let slot = app.reviews().clone().try_acquire_owned().map_err(busy)?;
    let bytes = body::whole(request, &app, app.bounds().archive_bytes_max, "send only the folders with templates").await?;
    let reviewed = tokio::task::spawn_blocking(move || {
        // Held until the work is done, whether or not the caller still waits for it.
        let _slot = slot;
        reviewed(&app, &bytes, format, &region)
    });
    Ok(Json(reviewed.await.map_err(Failure::internal)??))
}

fn format(request: &Request) -> Result<ArchiveFormat, Failure> {
    let declared = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    match declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/zip" | "application/x-zip-compressed" => Ok(ArchiveFormat::Zip),
        "application/gzip" | "application/x-gzip" => Ok(ArchiveFormat::TarGz),
        _ => {
            let detail = "send a zip with Content-Type: application/zip, or a gzipped tar with Content-Type: application/gzip";
            Err(Failure::new(Code::UnsupportedMediaType, detail))
        }
    }
}

fn reviewed(app: &App, bytes: &[u8], format: ArchiveFormat, region: &str) -> Result<Value, Failure> {
    let unusable = |error: &dyn Error| Failure::new(Code::InvalidRequest, chain(error));
    let files = from_archive(bytes, format).map_err(|error| unusable(&error))?;
    let decisions = decisions_in(&files).map_err(|error| unusable(&error))?;
    let day = app.engine().clock().now().day();
    let today = Day::parse(&day).ok_or_else(|| Failure::internal(format!("the clock says {day}, which is no day")))?;
    let project = Project { files: &files, decisions: &decisions, models: app.engine().prices(), region, today: &today };
    let inventory = project.inventory();
    let (declared, max) = (inventory.resources.len() + inventory.unrecognised.len(), app.bounds().resources_max);
    if declared > max {
        let detail = format!("the archive declares {declared} resources, and at most {max} are reviewed at once; send one stack at a time");
        return Err(Failure::new(Code::InvalidRequest, detail));
    }
    Ok(infra::print::json(&project.review_of(&inventory).0))
}

/// What is wrong with what the caller sent, with its cause.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
