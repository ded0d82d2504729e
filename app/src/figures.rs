//! Figures as a script and as a person read them.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;
use serde_json::Value;

/// One measured value, with what it is measured against.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    bench: &'static str,
    metric: &'static str,
    value: Value,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_why: Option<String>,
    at: BTreeMap<&'static str, Value>,
}

/// A number no more exact than a measurement is: shares keep six decimals, small numbers three, others none.
pub fn number(value: f64) -> Value {
    let parts = match value.abs() {
        below if below < 1.0 => 1e6,
        below if below < 100.0 => 1e3,
        _ => 1.0,
    };
    let rounded = (value * parts).round() / parts;
    if rounded.fract() == 0.0 { Value::from(rounded as i64) } else { Value::from(rounded) }
}

impl Figure {
    /// A measured number.
    pub fn new(bench: &'static str, metric: &'static str, value: f64, unit: &'static str) -> Figure {
        Figure { bench, metric, value: number(value), unit, limit: None, limit_why: None, at: BTreeMap::new() }
    }

    /// A value that is text.
    pub fn text(bench: &'static str, metric: &'static str, value: String, unit: &'static str) -> Figure {
        Figure { value: Value::from(value), ..Figure::new(bench, metric, 0.0, unit) }
    }

    /// The best the hardware or the arithmetic allows, and why.
    #[must_use]
    pub fn limit(mut self, limit: f64, why: impl Into<String>) -> Figure {
        (self.limit, self.limit_why) = (Some(number(limit)), Some(why.into()));
        self
    }

    /// A parameter under which it was measured.
    #[must_use]
    pub fn at(mut self, key: &'static str, value: impl Into<Value>) -> Figure {
        self.at.insert(key, value.into());
        self
    }

    fn row(&self) -> [String; 5] {
        let at: Vec<String> = self.at.iter().map(|(key, value)| format!("{key}={}", plain(value))).collect();
        let limit = self.limit.as_ref().map(plain).unwrap_or_default();
        [self.metric.to_owned(), plain(&self.value), self.unit.to_owned(), limit, at.join(" ")]
    }
}

/// Writes one JSON object a line, or a table.
pub fn write(out: &mut impl Write, figures: &[Figure], json: bool) -> anyhow::Result<()> {
    if json {
        for figure in figures {
            writeln!(out, "{}", serde_json::to_string(figure)?)?;
        }
        return Ok(());
    }
    let mut rows = vec![["metric", "value", "unit", "limit", "at"].map(str::to_owned)];
    rows.extend(figures.iter().map(Figure::row));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let [metric, value, unit, limit, _] = [0, 1, 2, 3, 4].map(width);
    for [a, b, c, d, e] in &rows {
        writeln!(out, "{a:<metric$}  {b:>value$}  {c:<unit$}  {d:>limit$}  {e}")?;
    }
    let mut reasons: Vec<&String> = figures.iter().filter_map(|figure| figure.limit_why.as_ref()).collect();
    reasons.dedup();
    for why in reasons {
        writeln!(out, "limit: {why}")?;
    }
    Ok(())
}

/// A value as a person reads it: digits in groups, text without quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_i64() || number.is_u64() => grouped(&number.to_string()),
        other => other.to_string(),
    }
}

/// Puts a comma before every third digit from the end.
pub fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        let after = digits.len() - index;
        if index > 0 && after.is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(figures: &[Figure], json: bool) -> String {
        let mut out = Vec::new();
        write(&mut out, figures, json).expect("a list of bytes takes everything");
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn a_figure_is_one_line_of_json_with_the_agreed_keys_in_order() {
        let figure = Figure::new("core", "commands_per_s", 4_600_000.4, "1/s").at("markets", 100);
        let line = written(std::slice::from_ref(&figure), true);
        let expected =
            r#"{"bench":"core","metric":"commands_per_s","value":4600000,"unit":"1/s","at":{"markets":100}}"#;
        assert_eq!(line, format!("{expected}\n"));
        let line = written(&[figure.limit(2.5, "it says so")], true);
        let read: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!((&read["limit"], &read["limit_why"]), (&Value::from(2.5), &Value::from("it says so")));
    }

    #[test]
    fn text_is_a_value_too_and_a_table_aligns() {
        let figures = [
            Figure::text("book", "report_sha256", "ab12".into(), "sha256"),
            Figure::new("book", "messages_per_s", 12_345_678.0, "1/s").limit(1.5, "why").at("mode", "burst"),
        ];
        let table = written(&figures, false);
        assert!(
            table.contains("12,345,678") && table.contains("mode=burst") && table.contains("limit: why"),
            "{table}"
        );
        assert!(written(&figures, true).starts_with(r#"{"bench":"book","metric":"report_sha256","value":"ab12""#));
    }

    #[test]
    fn digits_are_grouped_from_the_end() {
        for (digits, expected) in [("0", "0"), ("999", "999"), ("1000", "1,000"), ("-123456", "-123,456")] {
            assert_eq!(grouped(digits), expected);
        }
        assert_eq!(
            (number(1.2345), number(100.4), number(0.0)),
            (Value::from(1.235), Value::from(100), Value::from(0))
        );
    }
}
