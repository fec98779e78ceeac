//! Files and their limits.

use std::path::PathBuf;
use std::time::Duration;

use super::{note_optional, seconds};
use crate::config::reader::Reader;
use crate::config::{Environment, UploadConfig, urls};

const MEGABYTE: u64 = 1024 * 1024;

pub(super) fn read(reader: &mut Reader<'_>, environment: Environment) -> UploadConfig {
    let dir = upload_dir(reader, environment.is_production());
    let file_mb = reader.number("MAX_FILE_SIZE_MB", 50_u64, 1..=500);
    let bulk_mb = reader.number("MAX_BULK_MB", file_mb.max(200), 1..=500);
    if bulk_mb < file_mb {
        reader.fault(
            "MAX_BULK_MB",
            format!("must not be below MAX_FILE_SIZE_MB, which is {file_mb}, found {bulk_mb}"),
        );
    }
    let max_files_per_session = reader.number("MAX_FILES_PER_SESSION", 50_u32, 1..=1000);
    let ttl_hours = reader.number("SESSION_TTL_HOURS", 24_u64, 1..=720);
    let retention_hours = reader.number("SESSION_RETENTION_HOURS", 168_u64, 0..=8760);
    UploadConfig {
        dir,
        max_file_size: file_mb * MEGABYTE,
        max_bulk_size: bulk_mb * MEGABYTE,
        max_files_per_session,
        session_ttl: Duration::from_hours(ttl_hours),
        session_retention: Duration::from_hours(retention_hours),
        download_url_ttl: seconds(reader, "DOWNLOAD_URL_TTL_SECONDS", 3600, 60, 86_400),
        uploads_per_hour: reader.number("UPLOADS_PER_HOUR", 100_u32, 1..=1_000_000),
        downloads_per_hour: reader.number("DOWNLOADS_PER_HOUR", 1000_u32, 1..=1_000_000),
    }
}

fn upload_dir(reader: &mut Reader<'_>, production: bool) -> PathBuf {
    let dir = reader.text("UPLOAD_DIR").map(PathBuf::from);
    let has_storage = reader.text("STORAGE_URL").is_some();
    let storage = reader.optional("STORAGE_URL", urls::storage_folder);
    match (&dir, &storage) {
        (Some(dir), Some(storage)) if dir != storage => {
            reader.fault(
                "STORAGE_URL",
                "must be the folder of UPLOAD_DIR when both are set; one of them suffices",
            );
        }
        (None, None) if production && !has_storage => {
            reader.fault("UPLOAD_DIR", "must be set in production (or STORAGE_URL)");
        }
        _ => {}
    }
    let source = match (&dir, &storage) {
        (Some(_), _) => "",
        (None, Some(_)) => "from STORAGE_URL",
        (None, None) => "default",
    };
    let chosen = dir
        .or_else(|| storage.clone())
        .unwrap_or_else(|| PathBuf::from("uploads"));
    reader.note("UPLOAD_DIR", chosen.display().to_string(), source);
    let shown = storage.map(|folder| format!("file://{}", folder.display()));
    note_optional(reader, "STORAGE_URL", shown.as_deref());
    chosen
}
