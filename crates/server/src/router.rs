//! The table of contents: every route there is.

use crate::app::App;
use crate::{agents, frame, health, infrastructure, openapi, orchestrate, page, runs};
use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes with their documentation.
pub(crate) fn routes() -> (Router<App>, OpenApi) {
    OpenApiRouter::with_openapi(openapi::head())
        .routes(routes!(page::page))
        .routes(routes!(openapi::openapi))
        .routes(routes!(health::health))
        .routes(routes!(health::status))
        .routes(routes!(orchestrate::orchestrate))
        .routes(routes!(runs::create, runs::list))
        .routes(routes!(runs::get))
        .routes(routes!(runs::events::events))
        .routes(routes!(runs::control::cancel))
        .routes(routes!(runs::control::resume))
        .routes(routes!(runs::control::decide))
        .routes(routes!(agents::list))
        .routes(routes!(agents::get))
        .routes(routes!(infrastructure::review))
        .split_for_parts()
}

/// The whole service, ready to be called.
pub(crate) fn router(app: App) -> Router {
    let (router, _) = routes();
    router.fallback(frame::nothing_here).layer(from_fn_with_state(app.clone(), frame::frame)).with_state(app)
}
