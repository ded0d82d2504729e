//! What a node kept beside each batch of what the batch changed: from its folder, or as it gives it out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy::transports::http::reqwest::header::RETRY_AFTER;
use alloy::transports::http::reqwest::{Client, Response, StatusCode, Url};
use anyhow::{Context as _, Result, ensure};
use ashlar_sync::{Diffs, Told};
use ashlar_types::BatchNumber;

use super::folder::content;

/// Where in a node's folder batches are.
const BATCHES: &str = "ashlar-batches";
/// How long a node may take for one diff, and how long one that is asked too often is asked again.
const PATIENCE: Duration = Duration::from_secs(30);
/// The least time before that, whatever the node says.
const AGAIN_MIN: Duration = Duration::from_millis(200);
/// Bytes of the longest diff that is read.
const DIFF_BYTES_MAX: usize = 64 << 20;

/// Diffs of a node by its URL, or else by its folder.
pub fn from(place: &str) -> Result<Diffs> {
    if place.starts_with("http://") || place.starts_with("https://") {
        let node = Arc::new(ServedDiffs::new(place)?);
        return Ok(Box::new(move |number| served(Arc::clone(&node), number)));
    }
    let kept = KeptDiffs::open(Path::new(place))?;
    Ok(Box::new(move |number| Box::pin(std::future::ready(Ok(kept.get(number))))))
}

fn served(node: Arc<ServedDiffs>, number: BatchNumber) -> Told {
    Box::pin(async move { node.get(number).await.map_err(|error| format!("{error:#}")) })
}

/// A node's folder, or a copy of what is in it. It is read and never written.
#[derive(Clone, Debug)]
pub struct KeptDiffs(PathBuf);

impl KeptDiffs {
    /// In the folder of a node.
    pub fn open(data: &Path) -> Result<KeptDiffs> {
        let path = data.join(BATCHES);
        ensure!(path.is_dir(), "{} has no {BATCHES} in it; name the folder of a node, or its URL", data.display());
        Ok(KeptDiffs(path))
    }

    /// What a batch changed, if it is there and can be read. What it is worth shows when it is applied.
    pub fn get(&self, number: BatchNumber) -> Option<Vec<u8>> {
        let mut name = vec![b'd'];
        name.extend(number.get().to_be_bytes());
        let file = std::fs::read(self.0.join(alloy::hex::encode(name))).ok()?;
        content(&file).ok().map(<[u8]>::to_vec)
    }
}

/// A running node, asked for one diff after another.
struct ServedDiffs {
    client: Client,
    node: Url,
}

impl ServedDiffs {
    fn new(url: &str) -> Result<ServedDiffs> {
        // A URL that does not end with a slash would lose the last part of its path.
        let node = format!("{}/", url.trim_end_matches('/'));
        let node = node.parse::<Url>().with_context(|| format!("{url:?} is no URL; write --diffs http://HOST:PORT"))?;
        let client = Client::builder().timeout(PATIENCE).build().context("preparing to ask for diffs")?;
        Ok(ServedDiffs { client, node })
    }

    async fn get(&self, number: BatchNumber) -> Result<Option<Vec<u8>>> {
        let url = self.node.join(&format!("v1/batches/{}/diff", number.get()))?;
        let begun = Instant::now();
        let mut answer = loop {
            let asked = self.client.get(url.clone()).send().await;
            let answer = asked.map_err(|error| error.without_url()).context("the node does not answer")?;
            match again_in(&answer) {
                Some(wait) if begun.elapsed() < PATIENCE => tokio::time::sleep(wait).await,
                _ => break answer,
            }
        };
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        ensure!(answer.status().is_success(), "the node answers {}", answer.status());
        let mut diff = Vec::new();
        while let Some(part) =
            answer.chunk().await.map_err(|error| error.without_url()).context("the answer broke off")?
        {
            ensure!(diff.len() + part.len() <= DIFF_BYTES_MAX, "the node's answer is longer than any diff");
            diff.extend_from_slice(&part);
        }
        Ok(Some(diff))
    }
}

/// When to ask again, if the node answers that it is asked too often or has too much to do.
fn again_in(answer: &Response) -> Option<Duration> {
    let is_busy = matches!(answer.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let seconds: u64 = answer.headers().get(RETRY_AFTER).filter(|_| is_busy)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).clamp(AGAIN_MIN, PATIENCE))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_node_that_is_asked_too_often_is_asked_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let answering = tokio::spawn(async move {
            for (head, body) in [("429 Too Many Requests\r\nretry-after: 0", ""), ("200 OK", "diff")] {
                let (mut stream, _) = listener.accept().await.expect("somebody asks");
                let asked = stream.read(&mut [0; 1_024]).await.expect("a request");
                assert!(asked > 0);
                let length = body.len();
                let answer = format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
                stream.write_all(answer.as_bytes()).await.expect("written");
            }
        });
        let node = from(&url).expect("a URL");
        let begun = Instant::now();
        assert_eq!(node(BatchNumber::new(1)).await, Ok(Some(b"diff".to_vec())));
        assert!(begun.elapsed() >= AGAIN_MIN, "and not at once, even if it says so");
        answering.await.expect("both were asked for");
    }

    #[tokio::test]
    async fn a_place_is_a_folder_or_a_node_and_one_that_is_neither_is_named() {
        let first = BatchNumber::new(1);
        let error = from("/nowhere/at/all").err().expect("refused").to_string();
        assert!(error.contains("/nowhere/at/all") && error.contains("URL"), "{error}");
        assert!(from("http://").err().expect("refused").to_string().contains("--diffs http://HOST:PORT"));
        let deaf = from("http://127.0.0.1:1").expect("a URL");
        assert!(deaf(first).await.expect_err("nobody is there").starts_with("the node does not answer"));
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(BATCHES)).expect("made");
        let empty = from(folder.path().to_str().expect("a name")).expect("a folder of a node");
        assert_eq!(empty(first).await, Ok(None));
    }
}
