//! Says in words that the processor is too old, before it says so by a crash.

/// What the binary was compiled to use, as the system names it, and beside it what it is for.
const NEEDED: [&str; 9] = ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"];

/// An error if the binary was compiled for newer processors than this one. Where the system does not say what the
/// processor can, nothing is said. The compiler's own test cannot be asked: it answers what it was told to assume.
pub fn check() -> Result<(), String> {
    if !cfg!(all(target_arch = "x86_64", target_feature = "avx2")) {
        return Ok(());
    }
    let Ok(text) = std::fs::read_to_string("/proc/cpuinfo") else { return Ok(()) };
    let missing = missing(&text);
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "this binary was built for processors of level x86-64-v3 (Intel since 2013, AMD since 2015), and this one lacks {}. \
         Build it for any processor: RUSTFLAGS='-C target-cpu=x86-64' cargo build --release",
        missing.join(", ")
    ))
}

fn missing(cpuinfo: &str) -> Vec<&'static str> {
    let Some(line) = cpuinfo.lines().find(|line| line.starts_with("flags")) else { return Vec::new() };
    let flags: Vec<&str> = line.split_whitespace().collect();
    NEEDED.into_iter().filter(|needed| !flags.contains(needed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let new = "processor : 0\nflags\t\t: fpu avx avx2 bmi1 bmi2 f16c fma abm movbe xsave\n";
        assert!(missing(new).is_empty());
        assert_eq!(missing(&new.replace("avx2 ", "").replace("bmi2 ", "")), ["avx2", "bmi2"]);
        assert!(missing("Features : asimd").is_empty(), "a system that does not say is not doubted");
    }

    #[test]
    fn the_processor_that_runs_the_tests_will_do() {
        assert_eq!(check(), Ok(()));
    }
}
