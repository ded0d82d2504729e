use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::Text;
use ratatui::widgets::{Block, Borders, Cell, Paragraph, Row, Table, TableState, Wrap};

use super::rows;
use crate::monitor::model::Model;

/// A column: its title, how wide it is, and whether its end is its right edge.
pub struct Column(pub &'static str, pub Constraint, pub bool);

/// A column of words.
pub const fn words(title: &'static str, width: u16) -> Column {
    Column(title, Constraint::Length(width), false)
}

/// A column of numbers.
pub const fn numbers(title: &'static str, width: u16) -> Column {
    Column(title, Constraint::Length(width), true)
}

/// A column that takes what is left.
pub const fn rest(title: &'static str) -> Column {
    Column(title, Constraint::Fill(1), false)
}

/// A frame with a title.
pub fn framed(title: impl Into<String>) -> Block<'static> {
    Block::new().borders(Borders::TOP).title(format!(" {} ", title.into()))
}

/// The screen's list, scrolled to the selected row; a sentence if there is nothing in it.
pub fn draw_list(model: &Model, frame: &mut Frame, area: Rect, title: &str, columns: &[Column], empty: &str) {
    let rows = rows(model);
    let filter = &model.place().filter;
    let title = format!("{title} ({})", rows.len());
    if rows.is_empty() {
        let word =
            if filter.is_empty() { empty.to_owned() } else { format!("No row has “{filter}”; Esc shows all.") };
        let block = framed(title);
        return frame.render_widget(Paragraph::new(format!("\n {word}")).wrap(Wrap { trim: false }).block(block), area);
    }
    let cell = |text: String, column: &Column| {
        let alignment = if column.2 { Alignment::Right } else { Alignment::Left };
        Cell::new(Text::from(text).alignment(alignment))
    };
    let selected = model.place().row.min(rows.len() - 1);
    let lines =
        rows.into_iter().map(|row| Row::new(row.into_iter().zip(columns).map(|(text, column)| cell(text, column))));
    let header = Row::new(columns.iter().map(|column| cell(column.0.to_owned(), column))).style(Style::new().bold());
    let table = Table::new(lines, columns.iter().map(|column| column.1))
        .header(header)
        .column_spacing(1)
        .highlight_symbol("▸")
        .row_highlight_style(Style::new().bold())
        .block(framed(title));
    frame.render_stateful_widget(table, area, &mut TableState::default().with_selected(selected));
}
