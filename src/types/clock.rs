//! The one source of the current time, so that tests can set it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, NaiveDate, SubsecRound, TimeDelta, Utc};
use chrono_tz::Tz;

/// Tells the time in UTC and today's date in the business's time zone.
#[derive(Debug, Clone)]
pub struct Clock {
    zone: Tz,
    /// How far tests have moved the clock ahead, in milliseconds; 0 in a running server.
    ahead_ms: Arc<AtomicI64>,
}

impl Clock {
    /// A clock whose dates are those of `zone` (`BUSINESS_TIMEZONE`).
    pub fn new(zone: Tz) -> Self {
        Self {
            zone,
            ahead_ms: Arc::new(AtomicI64::new(0)),
        }
    }

    /// The current time in UTC, to the microsecond that PostgreSQL keeps.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everything else asks"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        let now = Utc::now() + TimeDelta::milliseconds(self.ahead_ms.load(Ordering::Relaxed));
        now.trunc_subsecs(6)
    }

    /// The current date where the business is.
    pub fn today(&self) -> NaiveDate {
        self.now().with_timezone(&self.zone).date_naive()
    }

    /// The name of the business's time zone, as PostgreSQL knows it too.
    pub fn zone_name(&self) -> &'static str {
        self.zone.name()
    }

    /// Moves the clock ahead, for tests of everything that expires.
    pub fn advance(&self, by: TimeDelta) {
        self.ahead_ms.fetch_add(by.num_milliseconds(), Ordering::Relaxed);
    }
}
