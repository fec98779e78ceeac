//! Files and their limits.

use std::path::PathBuf;
use std::time::Duration;

use super::{note_optional, seconds};
use crate::config::reader::Reader;
use crate::config::urls::{self, Storage};
use crate::config::{Environment, S3Config, S3Keys, UploadConfig};

const MEGABYTE: u64 = 1024 * 1024;

pub(super) fn read(reader: &mut Reader<'_>, environment: Environment) -> UploadConfig {
    let (dir, s3) = storage(reader, environment.is_production());
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
        s3,
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

/// The local folder, and the bucket if the files lie in one.
fn storage(reader: &mut Reader<'_>, production: bool) -> (PathBuf, Option<S3Config>) {
    let dir = reader.text("UPLOAD_DIR").map(PathBuf::from);
    let has_storage = reader.text("STORAGE_URL").is_some();
    let storage = reader.optional("STORAGE_URL", urls::storage);
    let folder = match &storage {
        Some(Storage::Folder(folder)) => Some(folder.clone()),
        _ => None,
    };
    match (&dir, &folder) {
        (Some(dir), Some(folder)) if dir != folder => {
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
    let source = match (&dir, &folder) {
        (Some(_), _) => "",
        (None, Some(_)) => "from STORAGE_URL",
        (None, None) => "default",
    };
    let chosen = dir.or(folder).unwrap_or_else(|| PathBuf::from("uploads"));
    reader.note("UPLOAD_DIR", chosen.display().to_string(), source);
    let shown = storage.as_ref().map(ToString::to_string);
    note_optional(reader, "STORAGE_URL", shown.as_deref());
    let s3 = s3(reader, storage.as_ref());
    (chosen, s3)
}

fn s3(reader: &mut Reader<'_>, storage: Option<&Storage>) -> Option<S3Config> {
    let region = reader.parsed("AWS_REGION", "us-east-1".to_owned(), |text| Ok(text.to_owned()));
    let endpoint = reader.optional("AWS_ENDPOINT_URL", urls::web_address);
    note_optional(reader, "AWS_ENDPOINT_URL", endpoint.as_deref());
    let (id, secret) = (
        reader.secret("AWS_ACCESS_KEY_ID"),
        reader.secret("AWS_SECRET_ACCESS_KEY"),
    );
    let session_token = reader.secret("AWS_SESSION_TOKEN");
    let Some(Storage::Bucket { bucket, prefix }) = storage else {
        return None;
    };
    let keys = match (id, secret) {
        (Some(id), Some(secret)) => Some(S3Keys {
            id,
            secret,
            session_token,
        }),
        (None, None) => None,
        (Some(_), None) => {
            reader.fault("AWS_SECRET_ACCESS_KEY", "must be set with AWS_ACCESS_KEY_ID");
            None
        }
        (None, Some(_)) => {
            reader.fault("AWS_ACCESS_KEY_ID", "must be set with AWS_SECRET_ACCESS_KEY");
            None
        }
    };
    Some(S3Config {
        bucket: bucket.clone(),
        prefix: prefix.clone(),
        region,
        endpoint,
        keys,
    })
}
