use std::net::{SocketAddr, ToSocketAddrs as _};

use anyhow::{Context as _, Result, bail};
use clap::Args;

/// Of the terminal monitor.
#[derive(Clone, Debug, Args)]
pub struct MonitorArguments {
    /// The node's public API
    #[arg(long, value_name = "URL", env = "ASHLAR_URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// Print one overview as plain text and stop
    #[arg(long)]
    pub once: bool,
    /// Print the overview as one JSON object
    #[arg(long, requires = "once")]
    pub json: bool,
}

impl MonitorArguments {
    /// Where the node is.
    pub fn address(&self) -> Result<SocketAddr> {
        let url = self.url.trim_end_matches('/');
        if url.starts_with("https://") {
            bail!("{url}: the monitor speaks plain HTTP; let a tunnel or proxy end TLS and name its http:// address");
        }
        let host = url.strip_prefix("http://").unwrap_or(url);
        if host.contains('/') || host.is_empty() {
            bail!("{url} is no node's address; name one such as http://127.0.0.1:8080");
        }
        let named = if host.rsplit(']').next().is_some_and(|end| end.contains(':')) {
            host.to_owned()
        } else {
            format!("{host}:80")
        };
        let mut found = named
            .to_socket_addrs()
            .with_context(|| format!("{url} cannot be found; name the node's API such as http://127.0.0.1:8080"))?;
        found.next().with_context(|| format!("{url} has no address"))
    }
}
