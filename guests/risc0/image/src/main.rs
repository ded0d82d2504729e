//! Prints the image id of a guest's ELF on RISC Zero's kernel: the hash of the memory that a run begins with, by which proofs name it.
//!
//! `ashlar-risc0-image PROGRAM`
#![forbid(unsafe_code)]

use std::{env, fs};

use anyhow::{Context, ensure};
use risc0_binfmt::ProgramBinary;
use risc0_zkos_v1compat::V1COMPAT_ELF;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    ensure!(arguments.len() == 1, "usage: ashlar-risc0-image PROGRAM");
    let path = &arguments[0];
    let elf = fs::read(path).with_context(|| path.clone())?;
    let image = ProgramBinary::new(&elf, V1COMPAT_ELF).compute_image_id().with_context(|| path.clone())?;
    println!("0x{}", image.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    Ok(())
}
