//! Styles and scripts, inside the program. An address names the content, so
//! that browsers keep what they have for good.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::access::hexadecimal;

/// How long browsers keep an asset whose address names its content.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
/// So many digits of the hash tell contents apart.
const DIGITS: usize = 12;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Files;

/// The address of an asset.
pub fn address(name: &str) -> &'static str {
    static ADDRESSES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
        let address = |name: std::borrow::Cow<'static, str>| {
            let file = Files::get(&name)?;
            let hash = hexadecimal(&file.metadata.sha256_hash());
            let address = format!("/assets/{}/{name}", &hash[..DIGITS]);
            Some((name.into_owned(), address))
        };
        Files::iter().filter_map(address).collect()
    });
    ADDRESSES.get(name).map_or("", String::as_str)
}

/// Serves an asset.
pub async fn serve(Path((_, name)): Path<(String, String)>) -> Response {
    let Some(file) = Files::get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, FOR_GOOD),
    ];
    (headers, file.data).into_response()
}
