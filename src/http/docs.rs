//! The documentation pages: the OpenAPI document, Swagger UI and ReDoc, all from the binary, nothing from elsewhere.

use std::{
    io::Read,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    body::Bytes,
    http::header,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use flate2::read::GzDecoder;
use utoipa_swagger_ui::Config;

use crate::{
    app::AppState,
    error::{Error, Result},
    http::extract::{Path, path_parameters},
    types::Text,
};

const DOCUMENT_PATH: &str = "/api/openapi.json";
const SWAGGER_PAGE: &str = include_str!("assets/swagger.html");
const REDOC_PAGE: &str = include_str!("assets/redoc.html");
/// The one thing that ReDoc's bundle would load from elsewhere, and what it gets in its place.
const REMOTE_LOGO: &str = "https://cdn.redoc.ly/redoc/logo-mini.svg";
const EMPTY_IMAGE: &str = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
/// ReDoc's bundle (MIT licence, see `redoc.LICENSE.txt` beside it), unpacked when it is first asked for.
static REDOC_SCRIPT: LazyLock<Bytes> = LazyLock::new(|| {
    let mut script = Vec::new();
    let packed: &[u8] = include_bytes!("assets/redoc.standalone.js.gz");
    // What was packed at build time unpacks; a test asks for it.
    GzDecoder::new(packed).read_to_end(&mut script).ok();
    let script = String::from_utf8(script).unwrap_or_default();
    script.replace(REMOTE_LOGO, EMPTY_IMAGE).into()
});

path_parameters! {
    /// A file of the Swagger UI.
    AssetPath {
        /// Its name.
        file: Text<100>,
    }
}

/// The pages, for a document that is complete.
pub fn router(document: &utoipa::openapi::OpenApi) -> Router<AppState> {
    let document = Bytes::from(serde_json::to_vec(document).unwrap_or_default());
    // By itself the page would show our document to a service elsewhere.
    let config = Config::from(DOCUMENT_PATH)
        .persist_authorization(true)
        .validator_url("none");
    let config = Arc::new(config);
    Router::new()
        .route(
            DOCUMENT_PATH,
            get(move || {
                let document = document.clone();
                async move { ([(header::CONTENT_TYPE, "application/json")], document) }
            }),
        )
        .route("/api/docs", get(async || Html(SWAGGER_PAGE)))
        .route(
            "/api/docs/{file}",
            get(move |path| {
                let asset = swagger_asset(path, Arc::clone(&config));
                async move { asset }
            }),
        )
        .route("/api/redoc", get(async || Html(REDOC_PAGE)))
        .route("/api/redoc/redoc.standalone.js", get(redoc_script))
}

fn swagger_asset(
    Path(AssetPath { file }): Path<AssetPath>,
    config: Arc<Config<'static>>,
) -> Result<Response> {
    let asset = utoipa_swagger_ui::serve(&file, config)
        .map_err(|error| Error::internal(anyhow::anyhow!("{error}")))?;
    let asset = asset.ok_or(Error::NoRoute)?;
    Ok((
        [(header::CONTENT_TYPE, asset.content_type)],
        asset.bytes.into_owned(),
    )
        .into_response())
}

async fn redoc_script() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")],
        REDOC_SCRIPT.clone(),
    )
}
