//! The public door: schema, servers, typed client.
#![forbid(unsafe_code)]
