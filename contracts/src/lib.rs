//! The contracts of Ashlar on L1: their compiled code and their interfaces.
#![forbid(unsafe_code)]
