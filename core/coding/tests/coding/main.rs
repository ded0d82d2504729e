//! The code, its commitment and its collector, against their definitions and against liars.

mod code;
mod errors;
mod flow;
mod liars;
mod lists;
mod repair;
mod restore;
mod sampling;
mod schemes;
