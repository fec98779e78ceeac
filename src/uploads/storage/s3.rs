//! A bucket of an S3-compatible store.

use std::{sync::Arc, time::Duration};

use object_store::{ClientOptions, ObjectStore, RetryConfig, aws::AmazonS3Builder, prefix::PrefixStore};
use secrecy::ExposeSecret;

use crate::config::S3Config;

/// How long a part of a file may take; parts have at most 5 MB.
const PATIENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(5);
/// How long a request that the store refuses to do just now is tried again.
const RETRY: Duration = Duration::from_secs(15);
const RETRIES: usize = 3;

/// The bucket; nothing is sent to it yet.
///
/// # Errors
/// If the settings make no client.
pub(super) fn bucket(config: &S3Config) -> object_store::Result<Arc<dyn ObjectStore>> {
    let is_plain = config
        .endpoint
        .as_deref()
        .is_some_and(|endpoint| endpoint.starts_with("http://"));
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&config.bucket)
        .with_region(&config.region)
        .with_retry(RetryConfig {
            max_retries: RETRIES,
            retry_timeout: RETRY,
            ..RetryConfig::default()
        })
        .with_client_options(
            ClientOptions::new()
                .with_timeout(PATIENCE)
                .with_connect_timeout(CONNECT)
                .with_allow_http(is_plain),
        );
    if let Some(endpoint) = &config.endpoint {
        builder = builder
            .with_endpoint(endpoint)
            .with_virtual_hosted_style_request(false);
    }
    if let Some(keys) = &config.keys {
        builder = builder
            .with_access_key_id(keys.id.expose_secret())
            .with_secret_access_key(keys.secret.expose_secret());
        if let Some(token) = &keys.session_token {
            builder = builder.with_token(token.expose_secret());
        }
    }
    let bucket = builder.build()?;
    Ok(if config.prefix.is_empty() {
        Arc::new(bucket)
    } else {
        Arc::new(PrefixStore::new(bucket, config.prefix.as_str()))
    })
}
