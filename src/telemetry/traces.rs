//! Traces: sent to an OTLP/HTTP collector where one is set, and joined to the caller's by `traceparent`.
//!
//! Export runs on a thread and a small runtime of its own, so that it starts before and ends after the server's; a
//! collector that is away costs one warning until it is back, and never a request.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use axum::http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tokio::runtime::{Builder, Handle, Runtime};
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

use super::logs;
use crate::config::Config;

/// The name under which the collector knows this program.
const SERVICE: &str = "nexgen-finance";
/// The header that names the caller's span.
pub const TRACEPARENT: &str = "traceparent";
/// The path of traces below a collector's address.
const TRACES_PATH: &str = "/v1/traces";
/// A collector that takes longer for one batch is given up.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// What is left at the end is sent for at most this long.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Keeps the exporter running; dropping it sends what is left, for at most two seconds.
pub struct TraceGuard {
    provider: SdkTracerProvider,
    runtime: Option<Runtime>,
}

impl fmt::Debug for TraceGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceGuard").finish_non_exhaustive()
    }
}

impl Drop for TraceGuard {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown_with_timeout(FLUSH_TIMEOUT) {
            tracing::warn!(%error, "the last traces were not delivered");
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The layer that sends spans to the collector of the settings; `None` where none is set.
///
/// # Errors
/// If the exporter or its runtime cannot be built.
pub fn layer<S>(config: &Config) -> anyhow::Result<Option<(impl Layer<S> + use<S>, TraceGuard)>>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let Some(endpoint) = &config.telemetry.otlp_endpoint else {
        return Ok(None);
    };
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("trace-export")
        .enable_all()
        .build()
        .context("no runtime for the trace exporter")?;
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(traces_url(endpoint))
        .with_timeout(EXPORT_TIMEOUT)
        .build()
        .context("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used")?;
    let resource = Resource::builder()
        .with_service_name(SERVICE)
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attribute(KeyValue::new(
            "deployment.environment.name",
            config.environment.as_str(),
        ))
        .build();
    let exporter = Exporter {
        inner: Arc::new(exporter),
        runtime: runtime.handle().clone(),
        is_away: Arc::default(),
    };
    let provider = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_batch_exporter(exporter)
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(SERVICE))
        .with_location(false)
        .with_threads(false)
        .with_filter(logs::filter(config.telemetry.log_level.max(Level::INFO)));
    Ok(Some((
        layer,
        TraceGuard {
            provider,
            runtime: Some(runtime),
        },
    )))
}

/// The address of traces at a collector; one that names it already stays.
fn traces_url(endpoint: &str) -> String {
    if endpoint.ends_with(TRACES_PATH) {
        endpoint.to_owned()
    } else {
        format!("{endpoint}{TRACES_PATH}")
    }
}

/// Sends batches on the exporter's runtime, because the thread that makes them has none.
#[derive(Debug)]
struct Exporter {
    inner: Arc<opentelemetry_otlp::SpanExporter>,
    runtime: Handle,
    is_away: Arc<AtomicBool>,
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let inner = Arc::clone(&self.inner);
        let sent = self.runtime.spawn(async move { inner.export(batch).await }).await;
        let failure = match sent {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        let was_away = self.is_away.swap(failure.is_some(), Ordering::Relaxed);
        match failure {
            Some(error) if !was_away => {
                tracing::warn!(
                    error,
                    "the trace collector does not answer; traces are lost until it does"
                );
            }
            None if was_away => tracing::info!("the trace collector answers again"),
            _ => {}
        }
        // The failure has been told; the caller would tell it again with every batch.
        Ok(())
    }

    fn set_resource(&mut self, resource: &Resource) {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.set_resource(resource);
        }
    }
}

/// Makes `span` a child of the caller's, whom `traceparent` names, and answers with the id of the trace for the log.
///
/// To be called before the span is entered. Without a valid `traceparent` the span begins a trace of its own, which has
/// an id only where traces are sent.
pub fn adopt_parent(span: &Span, headers: &HeaderMap) -> Option<String> {
    let parent = caller(headers);
    let named = valid_trace_id(&parent);
    if named.is_some() && span.set_parent(parent).is_err() {
        // No traces are sent, or the span is filtered out; the caller's id is all there is.
        return named;
    }
    valid_trace_id(&span.context()).or(named)
}

/// The id of the caller's trace, 32 hexadecimal digits; `None` without a valid `traceparent`.
pub fn trace_id(headers: &HeaderMap) -> Option<String> {
    valid_trace_id(&caller(headers))
}

/// The caller's context; an empty one where the header does not have its standard form, which the propagator is lax on.
fn caller(headers: &HeaderMap) -> Context {
    let context = Context::new();
    match headers.get(TRACEPARENT) {
        Some(value) if is_well_formed(value.as_bytes()) => {
            TraceContextPropagator::new().extract_with_context(&context, &Headers(headers))
        }
        _ => context,
    }
}

/// Whether a `traceparent` has the form version-trace-span-flags in lower-case hexadecimal digits; versions after 00 may
/// have more behind that.
fn is_well_formed(value: &[u8]) -> bool {
    const LENGTHS: [usize; 4] = [2, 32, 16, 2];
    let mut parts = value.split(|byte| *byte == b'-');
    let is_hex = |part: &[u8]| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let has_fields = LENGTHS.iter().all(|length| {
        parts
            .next()
            .is_some_and(|part| part.len() == *length && is_hex(part))
    });
    has_fields && (parts.next().is_none() || !value.starts_with(b"00"))
}

fn valid_trace_id(context: &Context) -> Option<String> {
    let span = context.span();
    let span_context = span.span_context();
    span_context
        .is_valid()
        .then(|| span_context.trace_id().to_string())
}

/// Request headers as the propagator reads them.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc;

    use axum::http::HeaderValue;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn headers(traceparent: &str) -> HeaderMap {
        HeaderMap::from_iter([(
            axum::http::HeaderName::from_static("traceparent"),
            HeaderValue::from_str(traceparent).unwrap(),
        )])
    }

    /// A collector that takes one request and hands out its head and body.
    fn collector() -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = Vec::new();
            let mut chunk = [0; 4096];
            loop {
                let count = stream.read(&mut chunk).unwrap();
                bytes.extend_from_slice(&chunk[..count]);
                let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
                    continue;
                };
                let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
                let length: usize = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "))
                    .and_then(|length| length.parse().ok())
                    .unwrap();
                if bytes.len() >= end + 4 + length {
                    stream
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                        .unwrap();
                    sender.send((head, bytes[end + 4..].to_vec())).unwrap();
                    return;
                }
            }
        });
        (address, receiver)
    }

    fn contains(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn only_a_valid_traceparent_gives_an_id() {
        assert_eq!(
            trace_id(&headers(&format!("00-{TRACE}-00f067aa0ba902b7-01"))).as_deref(),
            Some(TRACE)
        );
        for bad in [
            "",
            "x",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736\"}-00f067aa0ba902b7-01",
        ] {
            assert_eq!(trace_id(&headers(bad)), None, "{bad}");
        }
        assert_eq!(trace_id(&HeaderMap::new()), None);
    }

    #[test]
    fn without_a_collector_the_callers_id_still_reaches_the_log() {
        let config = Config::from_pairs(&[]).unwrap();
        assert!(layer::<tracing_subscriber::Registry>(&config).unwrap().is_none());

        tracing::subscriber::with_default(tracing_subscriber::registry(), || {
            let span = tracing::info_span!("request");
            let id = adopt_parent(&span, &headers(&format!("00-{TRACE}-00f067aa0ba902b7-01")));
            assert_eq!(id.as_deref(), Some(TRACE));
            assert_eq!(adopt_parent(&span, &HeaderMap::new()), None);
        });
    }

    #[test]
    fn spans_reach_the_collector_as_children_of_the_caller() {
        let (address, received) = collector();
        let config = Config::from_pairs(&[("OTEL_EXPORTER_OTLP_ENDPOINT", address.as_str())]).unwrap();
        let (layer, guard) = layer(&config).unwrap().unwrap();

        let (adopted, own) =
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
                let adopted = tracing::info_span!("request", request_id = "r-77");
                let id = adopt_parent(&adopted, &headers(&format!("00-{TRACE}-00f067aa0ba902b7-01")));
                adopted.in_scope(|| tracing::info!("inside"));
                let own = tracing::info_span!("request");
                (id, adopt_parent(&own, &HeaderMap::new()))
            });
        drop(guard);

        assert_eq!(adopted.as_deref(), Some(TRACE));
        let own = own.unwrap();
        assert!(own.len() == 32 && own != TRACE, "{own}");
        let (head, body) = received.recv_timeout(Duration::from_secs(10)).unwrap();
        assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
        assert!(head.contains("content-type: application/x-protobuf"), "{head}");
        for part in [
            &b"nexgen-finance"[..],
            b"request_id",
            b"r-77",
            &hex::decode(TRACE).unwrap(),
            &hex::decode(own).unwrap(),
        ] {
            assert!(contains(&body, part), "{part:?} is missing");
        }
    }

    #[test]
    fn the_path_of_traces_is_added_once() {
        assert_eq!(traces_url("http://c:4318"), "http://c:4318/v1/traces");
        assert_eq!(traces_url("http://c:4318/v1/traces"), "http://c:4318/v1/traces");
    }
}
