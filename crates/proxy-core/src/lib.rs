//! The data plane of proxyd: accepts, admits, routes, guards, attempts, relays and observes HTTP requests.
