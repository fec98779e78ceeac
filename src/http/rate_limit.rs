//! How often one address, and one user, may call: a steady rate per minute with a burst of a fifth of it.

use std::{hash::Hash, net::IpAddr, num::NonZeroU32, time::Duration};

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DefaultKeyedStateStore,
};

use crate::{
    app::AppState,
    auth::Caller,
    config::RateLimitConfig,
    error::Error,
    http::{RequestContext, security_headers::is_below},
    types::ids::UserId,
};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");

/// A limiter for each value of a key.
struct Keyed<K: Clone + Hash + Eq>(
    RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>,
);

/// What a limiter says of one request.
enum Verdict {
    Pass { remaining: u32 },
    Wait(Duration),
}

impl<K: Clone + Hash + Eq> Keyed<K> {
    fn new(per_minute: NonZeroU32) -> Self {
        let burst = NonZeroU32::new(per_minute.get() / 5).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(per_minute).allow_burst(burst);
        Self(RateLimiter::keyed(quota).with_middleware())
    }

    fn ask(&self, key: &K) -> Verdict {
        match self.0.check_key(key) {
            Ok(snapshot) => Verdict::Pass {
                remaining: snapshot.remaining_burst_capacity(),
            },
            Err(refused) => Verdict::Wait(refused.wait_time_from(DefaultClock::default().now())),
        }
    }
}

/// The general limits of this server, by address and by user.
pub struct RateLimits {
    per_minute: u32,
    by_address: Keyed<IpAddr>,
    by_user: Keyed<UserId>,
}

impl RateLimits {
    /// The limits of the settings; `None` where they are switched off. An address may do twice what a user may.
    pub fn new(config: &RateLimitConfig) -> Option<Self> {
        let per_user = NonZeroU32::new(config.per_minute).filter(|_| config.enabled)?;
        let per_address = per_user.saturating_mul(NonZeroU32::MIN.saturating_add(1));
        Some(Self {
            per_minute: per_user.get(),
            by_address: Keyed::new(per_address),
            by_user: Keyed::new(per_user),
        })
    }

    /// Forgets who has not called for a while; run every minute.
    pub fn forget_idle(&self) {
        self.by_address.0.retain_recent();
        self.by_user.0.retain_recent();
    }
}

/// Limits by address, before anybody is known. Health probes are free.
pub async fn by_address<F: Future<Output = Response>>(
    state: &AppState,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let Some(limits) = &state.rate_limits else {
        return next(request).await;
    };
    let Some(context) = request.extensions().get::<RequestContext>() else {
        return next(request).await;
    };
    if is_below(&context.route_path, "/api/health") || &*context.route_path == "/metrics" {
        return next(request).await;
    }
    let verdict = limits.by_address.ask(&context.remote_addr);
    answer(verdict, limits.per_minute.saturating_mul(2), request, next).await
}

/// Limits by user, once authentication has said who it is.
pub async fn by_user<F: Future<Output = Response>>(
    state: &AppState,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let Some(limits) = &state.rate_limits else {
        return next(request).await;
    };
    let Some(caller) = request.extensions().get::<Caller>() else {
        return next(request).await;
    };
    let verdict = limits.by_user.ask(&caller.id);
    answer(verdict, limits.per_minute, request, next).await
}

async fn answer<F: Future<Output = Response>>(
    verdict: Verdict,
    limit: u32,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let (mut response, remaining) = match verdict {
        Verdict::Pass { remaining } => (next(request).await, remaining),
        Verdict::Wait(wait) => (
            Error::RateLimited("Too many requests".into(), wait).into_response(),
            0,
        ),
    };
    // The inner limiter, by user, is the narrower one: what it has said stands.
    let headers = response.headers_mut();
    headers.entry(LIMIT).or_insert(HeaderValue::from(limit));
    headers.entry(REMAINING).or_insert(HeaderValue::from(remaining));
    response
}
