//! What the rules read out of markdown: rows of tables and the words in backticks.

/// The rows of every table of which the first heading is `first_heading`, as trimmed cells, with their line.
pub fn rows<'a>(text: &'a str, first_heading: &str) -> Vec<(usize, Vec<&'a str>)> {
    let mut found = Vec::new();
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        let Some(cells) = cells(line) else {
            inside = false;
            continue;
        };
        let is_rule = cells.iter().all(|cell| !cell.is_empty() && cell.chars().all(|c| matches!(c, '-' | ':')));
        if cells.first() == Some(&first_heading) {
            inside = true;
        } else if inside && !is_rule {
            found.push((index + 1, cells));
        }
    }
    found
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}

/// Everything between backticks in a cell or a line.
pub fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The lines outside fenced blocks, with their numbers.
pub fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((index + 1, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_table_is_read() {
        let text = "| a | b |\n|---|---|\n| 1 | `x` and `y` |\n\n| c |\n|---|\n| 2 |\n";
        let rows = rows(text, "a");
        assert_eq!(rows, [(3, vec!["1", "`x` and `y`"])]);
        assert_eq!(quoted(rows[0].1[1]), ["x", "y"]);
    }

    #[test]
    fn fenced_blocks_are_not_prose() {
        let lines: Vec<_> = prose("a\n```\nb\n```\nc").map(|(line, _)| line).collect();
        assert_eq!(lines, [1, 5]);
    }
}
