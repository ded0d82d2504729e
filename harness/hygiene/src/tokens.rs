//! Rust source as a flat list of tokens, so that a rule never mistakes a comment or a string for code.

use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One token: a word, a mark, a bracket, or a literal as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// How it is written.
    pub text: String,
    /// The line it begins on, from 1.
    pub line: usize,
}

/// The tokens of a source file. Comments are gone, and doc comments are literals.
pub fn tokens(path: &str, source: &str) -> Result<Vec<Token>, String> {
    let stream = TokenStream::from_str(source).map_err(|error| format!("{path}: not Rust: {error}"))?;
    let mut flat = Vec::new();
    flatten(stream, &mut flat);
    Ok(flat)
}

fn flatten(stream: TokenStream, flat: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                flat.push(Token { text: open.into(), line });
                flatten(group.stream(), flat);
                flat.push(Token { text: close.into(), line: group.span_close().start().line });
            }
            other => flat.push(Token { text: other.to_string(), line }),
        }
    }
}

/// The lines on which this sequence of tokens begins.
pub fn find(tokens: &[Token], sequence: &[&str]) -> Vec<usize> {
    let matches = |window: &&[Token]| window.iter().zip(sequence).all(|(token, text)| token.text == *text);
    tokens.windows(sequence.len()).filter(matches).filter_map(|window| window.first()).map(|token| token.line).collect()
}

/// Whether a function of this name is defined, in a macro's body too.
pub fn defines_function(tokens: &[Token], name: &str) -> bool {
    !find(tokens, &["fn", name]).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_not_code() {
        let sample = "// unsafe\nfn a() { let _ = \"unsafe\"; /* unsafe */ }\nunsafe fn b() {}";
        let tokens = tokens("a.rs", sample).expect("valid");
        assert_eq!(find(&tokens, &["unsafe"]), [3]);
        assert!(defines_function(&tokens, "b") && !defines_function(&tokens, "c"));
    }

    #[test]
    fn a_function_inside_a_macro_is_found() {
        let tokens = tokens("a.rs", "proptest! { #[test] fn holds(x in 0..9) {} }").expect("valid");
        assert!(defines_function(&tokens, "holds"));
    }
}
