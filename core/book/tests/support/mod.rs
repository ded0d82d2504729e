//! What the tests of the book share: a plain store to compare with, and a floor that writes down what it is told.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod floor;
pub mod naive;
pub mod random;
pub mod script;
