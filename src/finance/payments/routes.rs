//! The handlers of the routes that serve both ledgers.
