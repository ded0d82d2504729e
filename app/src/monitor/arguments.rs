use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use ashlar_api::admin::Token;
use clap::Args;

/// Of the terminal monitor.
#[derive(Clone, Debug, Args)]
pub struct MonitorArguments {
    /// The node's public API
    #[arg(long, value_name = "URL", env = "ASHLAR_URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// The operator's server of the node, whose log is wanted too
    #[arg(long, value_name = "URL", requires = "token_file")]
    pub admin: Option<String>,
    /// The file with its token, which is shown to it alone
    #[arg(long, value_name = "FILE", requires = "admin")]
    pub token_file: Option<PathBuf>,
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
        address(&self.url)
    }

    /// Where the operator's server is and what it wants to be shown, if its log is wanted.
    pub fn operator(&self) -> Result<Option<(SocketAddr, Token)>> {
        let (Some(url), Some(file)) = (&self.admin, &self.token_file) else { return Ok(None) };
        Ok(Some((address(url)?, Token::load(file)?)))
    }
}

fn address(url: &str) -> Result<SocketAddr> {
    let url = url.trim_end_matches('/');
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
