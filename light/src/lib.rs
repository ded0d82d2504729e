//! What a browser or an auditor runs: checks a proof, a path, a sample.
#![forbid(unsafe_code)]
