//! A real Ethereum L1, ethrex, in this process: mined on demand, reorganised on demand.
#![forbid(unsafe_code)]
