use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use ashlar_light_sp1::Program;
use ashlar_prover_wire::{Failure, FailureKind, ProofKind, Watch};
use sp1_core_executor::SP1Context;
use sp1_core_machine::io::SP1Stdin;
use sp1_core_machine::riscv::RiscvAir;
use sp1_hypercube::SP1VerifyingKey;
use sp1_hypercube::prover::{CpuShardProver, ProverSemaphore};
use sp1_prover::worker::{ProofFromNetwork, SP1LightNode, SP1LocalNode, SP1LocalNodeBuilder, cpu_worker_builder};
use sp1_prover::{CpuSP1ProverComponents, HashableKey, SP1ProverComponents};
use sp1_prover_types::network_base_types::ProofMode;
use sp1_verifier::SP1Proof;
use tokio::runtime::{Builder, Runtime};

use crate::progress::Progress;

/// How often a running proof is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// How long what computes for a proof that was given up is waited for.
const GIVE_UP: Duration = Duration::from_secs(120);

/// The program of a verifying key.
fn program_of_key(key: &SP1VerifyingKey) -> anyhow::Result<Program> {
    let text = key.bytes32();
    let digits = text.trim_start_matches("0x");
    anyhow::ensure!(digits.len() == 64, "SP1 names the program {text}");
    let mut hash = [0; 32];
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).with_context(|| text.clone())?;
    }
    Program::new(hash).map_err(|error| anyhow!(error))
}

/// The program of an ELF, without a prover.
pub fn program_of(elf: &[u8]) -> anyhow::Result<Program> {
    let runtime = Runtime::new()?;
    let key = runtime.block_on(async { SP1LightNode::new().await.setup(elf).await })?;
    program_of_key(&key)
}

/// A prover that runs.
struct Running {
    runtime: Runtime,
    node: SP1LocalNode,
}

impl Running {
    fn start(one_at_a_time: bool) -> anyhow::Result<Running> {
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let node = runtime.block_on(async {
            let mut builder = cpu_worker_builder();
            // There is one program here, whose key need not be made again for each shard.
            builder = builder.with_config(|config| config.prover_config.core_prover_config.use_fixed_pk = true);
            if one_at_a_time {
                // SP1 would prove four shards at once, and compress while it does. Two are begun, so that one is made ready while the other is proven.
                let one = ProverSemaphore::new(1);
                let core = CpuSP1ProverComponents::core_verifier(RiscvAir::machine());
                let compress = CpuSP1ProverComponents::compress_verifier();
                builder = builder
                    .with_core_air_prover(Arc::new(CpuShardProver::new(core.shard_verifier().clone())), one.clone())
                    .with_compress_air_prover(Arc::new(CpuShardProver::new(compress.shard_verifier().clone())), one)
                    .with_config(|config| {
                        config.prover_config.core_prover_config.num_core_workers = 2;
                        config.prover_config.recursion_prover_config.num_recursion_executor_workers = 2;
                        config.prover_config.recursion_prover_config.num_recursion_prover_workers = 2;
                    });
            }
            SP1LocalNodeBuilder::from_worker_client_builder(builder).build().await
        })?;
        Ok(Running { runtime, node })
    }
}

/// A program and its prover.
pub struct Engine {
    elf: Vec<u8>,
    key: SP1VerifyingKey,
    program: Program,
    progress: Progress,
    one_at_a_time: bool,
    /// Nothing only while a proof is being given up.
    running: Option<Running>,
}

impl Engine {
    /// Takes some twenty seconds. A machine with little memory proves one shard at a time.
    pub fn start(elf: Vec<u8>, progress: Progress, one_at_a_time: bool) -> anyhow::Result<Engine> {
        let running = Running::start(one_at_a_time)?;
        let key = running.runtime.block_on(running.node.setup(&elf))?;
        let program = program_of_key(&key)?;
        Ok(Engine { elf, key, program, progress, one_at_a_time, running: Some(running) })
    }

    /// The program, by the hash of its verifying key.
    pub const fn program(&self) -> Program {
        self.program
    }

    /// Its ELF.
    pub fn elf(&self) -> &[u8] {
        &self.elf
    }

    fn running(&mut self) -> anyhow::Result<&Running> {
        if self.running.is_none() {
            self.running = Some(Running::start(self.one_at_a_time)?);
        }
        self.running.as_ref().context("the prover does not run")
    }

    /// Proves one execution over these items of input.
    pub fn prove(&mut self, kind: ProofKind, items: &[Vec<u8>], watch: &Watch) -> Result<ProofFromNetwork, Failure> {
        let backend = |error: anyhow::Error| Failure::new(FailureKind::Backend, format!("{error:#}"));
        let mode = match kind {
            ProofKind::Core => ProofMode::Core,
            ProofKind::Compressed => ProofMode::Compressed,
            ProofKind::Groth16 => ProofMode::Groth16,
            ProofKind::Plonk => ProofMode::Plonk,
            other => return Err(Failure::new(FailureKind::Unsupported, format!("SP1 makes no {other:?} proofs"))),
        };
        let mut stdin = SP1Stdin::new();
        items.iter().for_each(|item| stdin.write_slice(item));
        let (elf, progress) = (self.elf.clone(), self.progress.clone());
        progress.reset();
        let running = self.running().map_err(backend)?;
        let node = running.node.clone();
        let outcome = running.runtime.block_on(async {
            let proving =
                tokio::spawn(async move { node.prove_with_mode(&elf, stdin, SP1Context::default(), mode).await });
            tokio::pin!(proving);
            loop {
                tokio::select! {
                    outcome = &mut proving => return Some(outcome),
                    () = tokio::time::sleep(LOOK) => {
                        let (done, known, stage) = progress.read();
                        watch.progress(done, known, stage);
                        if watch.is_cancelled() {
                            return None;
                        }
                    }
                }
            }
        });
        match outcome {
            Some(Ok(Ok(proof))) => Ok(proof),
            Some(Ok(Err(error))) => {
                let why = self.progress.error().map(|error| format!(": {error}")).unwrap_or_default();
                Err(backend(anyhow!("{error:#}{why}")))
            }
            Some(Err(panicked)) => {
                self.give_up();
                Err(backend(anyhow!("SP1 has panicked: {panicked}")))
            }
            None => {
                self.give_up();
                Err(Failure::new(FailureKind::Cancelled, "the result is no longer wanted"))
            }
        }
    }

    /// SP1 cannot stop a proof; so its tasks go with the runtime that they are on, once what computes has come to its next step.
    fn give_up(&mut self) {
        if let Some(Running { runtime, node }) = self.running.take() {
            drop(node);
            runtime.shutdown_timeout(GIVE_UP);
        }
    }

    /// Checks a core proof, shard by shard.
    pub fn verify_core(&mut self, proof: &SP1Proof) -> anyhow::Result<()> {
        let key = self.key.clone();
        self.running()?.node.verify(&key, proof)
    }
}
