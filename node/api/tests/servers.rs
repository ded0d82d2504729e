//! The servers over a real exchange in this process.

mod support;

#[path = "servers/admin.rs"]
mod admin;
#[path = "servers/gateway.rs"]
mod gateway;
#[path = "servers/hostile.rs"]
mod hostile;
#[path = "servers/rest.rs"]
mod rest;
#[path = "servers/stream.rs"]
mod stream;
#[path = "servers/words.rs"]
mod words;
