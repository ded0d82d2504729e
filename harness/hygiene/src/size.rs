//! No source file is longer than a reader can hold.

use crate::tokens::{Token, find, tokens};
use crate::tree::Tree;

/// Lines of a file without its tests.
pub const LINES_MAX: usize = 600;

/// Files that are too long. Files that hold only tests or benchmarks may be longer.
pub fn check(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, source) in tree.with_extension("rs").filter(|(path, _)| !is_test(path)) {
        let lines = source.lines().count();
        let own = if lines > LINES_MAX { lines - test_lines(path, source) } else { lines };
        if own > LINES_MAX {
            findings
                .push(format!("{path} has {own} lines without its tests, more than {LINES_MAX}: split it by concept"));
        }
    }
    findings
}

fn is_test(path: &str) -> bool {
    let stem = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".rs");
    stem == "tests" || stem.ends_with("_tests") || path.split('/').any(|part| part == "tests" || part == "benches")
}

fn test_lines(path: &str, source: &str) -> usize {
    let code = tokens(path, source).unwrap_or_default();
    let starts = find(&code, &["#", "[", "cfg", "(", "test", ")", "]", "mod"]);
    starts.iter().map(|start| end_of_block(&code, *start).saturating_sub(*start) + 1).sum()
}

/// The line on which the first block that opens on or after `start` closes.
fn end_of_block(code: &[Token], start: usize) -> usize {
    let mut depth = 0_usize;
    for token in code.iter().skip_while(|token| token.line < start) {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" if depth == 1 => return token.line,
            "}" => depth = depth.saturating_sub(1),
            ";" if depth == 0 => return start,
            _ => {}
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found_and_its_tests_do_not_count() {
        let body = "fn f() {}\n".repeat(LINES_MAX);
        let findings = |path: &str, text: &str| check(&Tree::of(&[(path, text)])).len();
        assert_eq!(findings("a.rs", &body), 0);
        assert_eq!(findings("a.rs", &format!("{body}fn g() {{}}\n")), 1);
        let tested = format!("{body}#[cfg(test)]\nmod tests {{\n    fn t() {{}}\n}}\n");
        assert_eq!(findings("a.rs", &tested), 0);
        assert_eq!(findings("core/a/tests/long.rs", &body.repeat(2)), 0);
    }
}
