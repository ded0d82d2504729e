//! Connections of workers on this machine: a socket in a folder, which only its owner can open.

use std::fs::{self, Permissions};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use commonware_runtime::{Error, IoBufs, Listener, Sink, Stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

/// Listens on a socket in a folder.
pub struct UnixDoor {
    listener: UnixListener,
    path: PathBuf,
}

impl UnixDoor {
    /// At this path. A socket that is there is one that an earlier process has left.
    pub fn open(path: &Path) -> io::Result<UnixDoor> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        Ok(UnixDoor { listener, path: path.to_owned() })
    }
}

impl Drop for UnixDoor {
    fn drop(&mut self) {
        // Whoever comes next removes what is left.
        let _ = fs::remove_file(&self.path);
    }
}

impl Listener for UnixDoor {
    type Sink = UnixSink;
    type Stream = UnixSource;

    async fn accept(&mut self) -> Result<(SocketAddr, UnixSink, UnixSource), Error> {
        let (stream, _) = self.listener.accept().await.map_err(|_| Error::ConnectionFailed)?;
        let (source, sink) = stream.into_split();
        // Sockets in folders have no address; it is only for the log.
        Ok((SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), UnixSink(sink), UnixSource(source)))
    }

    fn local_addr(&self) -> Result<SocketAddr, io::Error> {
        Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))
    }
}

/// What is written.
pub struct UnixSink(OwnedWriteHalf);

impl Sink for UnixSink {
    async fn send(&mut self, bufs: impl Into<IoBufs> + Send) -> Result<(), Error> {
        let bytes = bufs.into().coalesce();
        self.0.write_all(bytes.as_ref()).await.map_err(|_| Error::SendFailed)
    }
}

/// What is read.
pub struct UnixSource(OwnedReadHalf);

impl Stream for UnixSource {
    async fn recv(&mut self, len: usize) -> Result<IoBufs, Error> {
        let mut bytes = vec![0; len];
        self.0.read_exact(&mut bytes).await.map_err(|_| Error::RecvFailed)?;
        Ok(bytes.into())
    }

    fn peek(&self, _: usize) -> &[u8] {
        &[]
    }
}
