//! Which instructions the machine has.
#![allow(missing_docs, reason = "the derived enum of executors has none")]

use openvm_algebra_circuit::{AlgebraCpuProverExt, ModularExtension, ModularExtensionExecutor};
use openvm_algebra_transpiler::ModularTranspilerExtension;
use openvm_circuit::arch::instructions::DEFERRAL_AS;
use openvm_circuit::arch::{
    AirInventory, ChipInventoryError, InitFileGenerator, MatrixRecordArena, SystemConfig, VmBuilder, VmChipComplex,
    VmProverExtension,
};
use openvm_circuit::derive::VmConfig;
use openvm_circuit::system::{SystemChipInventory, SystemCpuBuilder, SystemExecutor};
use openvm_cpu_backend::{CpuBackend, CpuDevice};
use openvm_ecc_circuit::{EccCpuProverExt, SECP256K1_CONFIG, WeierstrassExtension, WeierstrassExtensionExecutor};
use openvm_ecc_transpiler::EccTranspilerExtension;
use openvm_keccak256_circuit::{Keccak256, Keccak256CpuProverExt, Keccak256Executor};
use openvm_keccak256_transpiler::Keccak256TranspilerExtension;
use openvm_rv32im_circuit::{Rv32I, Rv32IExecutor, Rv32ImCpuProverExt, Rv32Io, Rv32IoExecutor, Rv32M, Rv32MExecutor};
use openvm_rv32im_transpiler::{Rv32ITranspilerExtension, Rv32IoTranspilerExtension, Rv32MTranspilerExtension};
use openvm_sha2_circuit::{Sha2, Sha2CpuProverExt, Sha2Executor};
use openvm_sha2_transpiler::Sha2TranspilerExtension;
use openvm_stark_backend::{EngineDeviceCtx, StarkEngine};
use openvm_transpiler::transpiler::Transpiler;
use serde::{Deserialize, Serialize};

use crate::{F, SC};

/// RISC-V with multiplication, input and output, and the circuits that the guest uses (`guests/openvm/program/src/circuits.rs`). Nothing else: what is not here
/// need not be believed, and a proof need not be checked against it.
#[derive(Clone, Debug, VmConfig, Serialize, Deserialize)]
pub struct Config {
    #[config(executor = "SystemExecutor<F>")]
    system: SystemConfig,
    #[extension(executor = "Rv32IExecutor")]
    base: Rv32I,
    #[extension(executor = "Rv32IoExecutor")]
    io: Rv32Io,
    #[extension(executor = "Rv32MExecutor")]
    multiply: Rv32M,
    #[extension(executor = "Sha2Executor")]
    sha2: Sha2,
    #[extension(executor = "Keccak256Executor")]
    keccak: Keccak256,
    #[extension(executor = "ModularExtensionExecutor")]
    modular: ModularExtension,
    #[extension(executor = "WeierstrassExtensionExecutor")]
    curve: WeierstrassExtension,
}

impl Config {
    /// The machine, whose segments are cut before a proof of one is expected to take more memory than this.
    pub fn new(segment_bytes_max: usize) -> Config {
        let mut system = SystemConfig::default();
        system.set_segmentation_max_memory(segment_bytes_max);
        // Proofs about proofs, inside of the machine, are not a thing of ours.
        if let Some(space) = system.memory_config.addr_spaces.get_mut(DEFERRAL_AS as usize) {
            space.num_cells = 0;
        }
        let curve = SECP256K1_CONFIG.clone();
        Config {
            system,
            base: Rv32I,
            io: Rv32Io,
            multiply: Rv32M::default(),
            sha2: Sha2,
            keccak: Keccak256,
            // The guest knows the field as the first prime and the order as the second.
            modular: ModularExtension::new(vec![curve.modulus.clone(), curve.scalar.clone()]),
            curve: WeierstrassExtension::new(vec![curve]),
        }
    }

    /// Reads RISC-V's instructions as those of this machine.
    pub(crate) fn transpiler() -> Transpiler<F> {
        Transpiler::default()
            .with_extension(Rv32ITranspilerExtension)
            .with_extension(Rv32IoTranspilerExtension)
            .with_extension(Rv32MTranspilerExtension)
            .with_extension(Sha2TranspilerExtension)
            .with_extension(Keccak256TranspilerExtension)
            .with_extension(ModularTranspilerExtension)
            .with_extension(EccTranspilerExtension)
    }
}

impl InitFileGenerator for Config {}

/// The chips that prove it, on processors.
#[derive(Clone, Copy, Debug, Default)]
pub struct Builder;

impl<E> VmBuilder<E> for Builder
where
    E: StarkEngine<SC = SC, PB = CpuBackend<SC>, PD = CpuDevice<SC>>,
{
    type VmConfig = Config;
    type SystemChipInventory = SystemChipInventory<SC>;
    type RecordArena = MatrixRecordArena<F>;

    fn create_chip_complex(
        &self,
        config: &Config,
        circuit: AirInventory<SC>,
        device: &EngineDeviceCtx<E>,
    ) -> Result<VmChipComplex<SC, Self::RecordArena, E::PB, Self::SystemChipInventory>, ChipInventoryError> {
        let mut complex = VmBuilder::<E>::create_chip_complex(&SystemCpuBuilder, &config.system, circuit, device)?;
        let chips = &mut complex.inventory;
        VmProverExtension::<E, _, _>::extend_prover(&Rv32ImCpuProverExt, &config.base, chips)?;
        VmProverExtension::<E, _, _>::extend_prover(&Rv32ImCpuProverExt, &config.io, chips)?;
        VmProverExtension::<E, _, _>::extend_prover(&Rv32ImCpuProverExt, &config.multiply, chips)?;
        VmProverExtension::<E, _, _>::extend_prover(&Sha2CpuProverExt, &config.sha2, chips)?;
        VmProverExtension::<E, _, _>::extend_prover(&Keccak256CpuProverExt, &config.keccak, chips)?;
        VmProverExtension::<E, _, _>::extend_prover(&AlgebraCpuProverExt, &config.modular, chips)?;
        VmProverExtension::<E, _, _>::extend_prover(&EccCpuProverExt, &config.curve, chips)?;
        Ok(complex)
    }
}
