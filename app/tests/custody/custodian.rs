//! Custodians as processes, and one that lies.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::parts::{Folder, development_key, free};

/// A custodian as a process, which ends with this.
pub struct Custodian {
    child: Child,
    data: PathBuf,
    index: usize,
    pub listen: SocketAddr,
    pub address: String,
}

impl Custodian {
    /// With the key that a development exchange gives to the custodian of this place; there are four places, and later ones are strangers.
    pub fn start(folder: &Folder, index: usize) -> Custodian {
        let data = folder.0.join(format!("custodian-{index}"));
        std::fs::create_dir_all(&data).expect("made");
        let name = format!("custodian-{index}/custodian-key");
        folder.secret(&name, &development_key(&format!("custodian {index}")));
        let (child, listen, address) = spawn(&data, index, &free().to_string());
        Custodian { child, data, index, listen, address }
    }

    pub fn url(&self) -> String {
        format!("http://{}#{}", self.listen, self.address)
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it ends");
    }

    /// Starts it again where it was, over what it kept.
    pub fn revive(&mut self) {
        (self.child, self.listen, _) = spawn(&self.data, self.index, &self.listen.to_string());
    }
}

impl Drop for Custodian {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn spawn(data: &std::path::Path, index: usize, listen: &str) -> (Child, SocketAddr, String) {
    let place = format!("{}/4", index % 4 + 1);
    let mut child = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args(["da-node", "--listen", listen, "--development", "--place", &place, "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let said = lines.find_map(|line| Some(line.ok()?.strip_prefix("listening    http://")?.to_owned()));
    let (at, address) = said.as_deref().and_then(|said| said.split_once('#')).expect("it says where it listens");
    (child, at.parse().expect("an address"), address.to_owned())
}

/// Stands before a custodian and is known by its address: deposits and receipts pass, and each row that somebody asks for is another one. While it is
/// told to, it also spoils receipts.
pub struct Liar {
    pub listen: SocketAddr,
    pub address: String,
    spoils_receipts: Arc<AtomicBool>,
}

impl Liar {
    pub fn before(custodian: &Custodian) -> Liar {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let listen = listener.local_addr().expect("an address");
        let spoils_receipts = Arc::new(AtomicBool::new(false));
        let (behind, spoils) = (custodian.listen, spoils_receipts.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let spoils = spoils.clone();
                // A client that leaves in the middle is none of its concern.
                std::thread::spawn(move || relay(stream, behind, &spoils));
            }
        });
        Liar { listen, address: custodian.address.clone(), spoils_receipts }
    }

    pub fn url(&self) -> String {
        format!("http://{}#{}", self.listen, self.address)
    }

    pub fn spoil_receipts(&self, spoils: bool) {
        self.spoils_receipts.store(spoils, Ordering::Release);
    }
}

/// One request, passed on; then the connection is closed.
fn relay(mut client: TcpStream, behind: SocketAddr, spoils: &AtomicBool) -> Option<()> {
    let mut request = Vec::new();
    let mut part = [0; 65_536];
    let head = loop {
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let count = client.read(&mut part).ok().filter(|count| *count > 0)?;
        request.extend_from_slice(&part[..count]);
    };
    let words = String::from_utf8_lossy(&request[..head]).into_owned();
    let length = words.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    while request.len() < head + length.unwrap_or(0) {
        let count = client.read(&mut part).ok().filter(|count| *count > 0)?;
        request.extend_from_slice(&part[..count]);
    }
    let mut server = TcpStream::connect(behind).ok()?;
    server.write_all(format!("{}connection: close\r\n\r\n", &words[..words.len() - 2]).as_bytes()).ok()?;
    server.write_all(&request[head..]).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    let asks_for_rows = words.starts_with("GET /v1/batches/") && !words.contains("/receipt");
    let deposits = words.starts_with("PUT ") && spoils.load(Ordering::Acquire);
    if deposits {
        // A digit of the signature, which stands behind the address.
        let at = answer.windows(15).position(|text| text == b"\"signature\":\"0x")?;
        let digit = answer.get_mut(at + 20)?;
        *digit = if *digit == b'1' { b'2' } else { b'1' };
    } else if asks_for_rows {
        *answer.last_mut()? ^= 1;
    }
    client.write_all(&answer).ok()
}
