//! Runs the program of a worker in the worker's own process, under the name and with the calls of the crate that SP1's prover uses for that.
//!
//! The crate that this one stands in for runs programs that nobody knows: in a child process, through shared memory, with a binary that its build script
//! makes by a second build and that it writes to a folder for temporary files at run time, where it trusts whatever already has that name. A worker of ours
//! runs one program, which is committed, and over inputs which plain code has checked before; so none of that is needed here.
#![forbid(unsafe_code)]

use std::sync::Arc;

use sp1_core_executor::{
    DEFAULT_MEMORY_LIMIT, ExecutionError, MinimalExecutorEnum, OutputConsumers, Program, UnsafeMemory,
    with_output_consumers,
};
use sp1_jit::{MemValue, PageProtValue, TraceChunkRaw};

/// One execution.
pub struct MinimalExecutorRunner {
    executor: MinimalExecutorEnum,
    consumers: OutputConsumers,
}

impl MinimalExecutorRunner {
    /// Ready to run. The last two parameters are for a child process, which there is not.
    #[must_use]
    pub fn new(
        program: Arc<Program>,
        debug: bool,
        trace_values_max: Option<u64>,
        memory_limit: u64,
        _slots: usize,
    ) -> MinimalExecutorRunner {
        let executor = MinimalExecutorEnum::new_with_limit(program, debug, trace_values_max, Some(memory_limit));
        MinimalExecutorRunner { executor, consumers: OutputConsumers::default() }
    }

    /// Ready to run without leaving a trace.
    #[must_use]
    pub fn simple(program: Arc<Program>) -> MinimalExecutorRunner {
        MinimalExecutorRunner::new(program, false, None, DEFAULT_MEMORY_LIMIT, 0)
    }

    /// Who gets what the program prints.
    pub fn set_output_consumers(&mut self, consumers: OutputConsumers) {
        self.consumers = consumers;
    }

    /// One more item of input.
    pub fn with_input(&mut self, input: &[u8]) {
        self.executor.with_input(input);
    }

    /// Runs on until a chunk of the trace is full; nothing once the program has ended.
    pub fn execute_chunk(&mut self) -> Option<TraceChunkRaw> {
        let MinimalExecutorRunner { executor, consumers } = self;
        with_output_consumers(consumers, || executor.execute_chunk())
    }

    /// The same, where the executor can say why it stopped.
    pub fn try_execute_chunk(&mut self) -> Result<Option<TraceChunkRaw>, ExecutionError> {
        let MinimalExecutorRunner { executor, consumers } = self;
        with_output_consumers(consumers, || executor.try_execute_chunk())
    }

    /// Whether the program has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.executor.is_done()
    }

    /// With which code it ended.
    #[must_use]
    pub fn exit_code(&self) -> u32 {
        self.executor.exit_code()
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> Arc<Program> {
        self.executor.program()
    }

    /// Instructions so far.
    #[must_use]
    pub fn global_clk(&self) -> u64 {
        self.executor.global_clk()
    }

    /// The clock that memory is stamped with.
    #[must_use]
    pub fn clk(&self) -> u64 {
        self.executor.clk()
    }

    /// What it has said in public.
    #[must_use]
    pub fn public_values_stream(&self) -> &Vec<u8> {
        self.executor.public_values_stream()
    }

    /// The same, at the end.
    #[must_use]
    pub fn into_public_values_stream(self) -> Vec<u8> {
        self.executor.into_public_values_stream()
    }

    /// The digest of it that the program committed to.
    #[must_use]
    pub fn public_value_digest(&self) -> [u32; sp1_jit::PUBLIC_VALUE_DIGEST_WORDS] {
        self.executor.public_value_digest()
    }

    /// Where which input was put.
    #[must_use]
    pub fn hints(&self) -> &[(u64, Vec<u8>)] {
        self.executor.hints()
    }

    /// How long each of them is.
    #[must_use]
    pub fn hint_lens(&self) -> Vec<usize> {
        self.executor.hint_lens()
    }

    /// A word of memory.
    #[must_use]
    pub fn get_memory_value(&self, address: u64) -> MemValue {
        self.executor.get_memory_value(address)
    }

    /// A view of memory that outlives a borrow; whoever has it keeps the runner.
    #[must_use]
    pub fn unsafe_memory(&self) -> UnsafeMemory {
        self.executor.unsafe_memory()
    }

    /// Protection of pages, of which this executor keeps none.
    #[must_use]
    pub fn get_page_prot_record(&self, page: u64) -> Option<PageProtValue> {
        self.executor.get_page_prot_record(page)
    }

    /// Back to the start.
    pub fn reset(&mut self) {
        self.executor.reset();
    }
}
