//! An exchange of `ashlar up` that ends by itself.

use std::ffi::OsStr;

use crate::process::{ashlar, said};

/// Runs it over this data until its first batches are final, at so many orders a second and with more options: what it said.
pub fn ran_until_final(data: impl AsRef<OsStr>, rate: u32, more: &[&str]) -> String {
    let mut up = ashlar(["up", "--api", "127.0.0.1:0", "--block-ms", "100", "--batch-ms", "400", "--traders", "4"]);
    up.args(["--rate", &rate.to_string(), "--until-final"]).args(more).arg("--data").arg(data);
    let output = up.output().expect("runs");
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}
