//! The pictures: each is drawn from the model alone.

mod accounts;
mod batches;
mod books;
mod health;
mod help;
mod logs;
mod mempool;
mod messages;
mod overview;
mod proofs;
mod table;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

pub use overview::{exchange_lines, markets_with_tickers, stage_lines};

use super::model::{Broken, Link, Model, Screen, Typing};
use super::words::{development, time_of_day};

/// Columns and lines below which nothing can be read.
const WIDTH_MIN: u16 = 40;
const HEIGHT_MIN: u16 = 12;

/// Draws what is shown.
pub fn draw(model: &Model, frame: &mut Frame) {
    let area = frame.area();
    if area.width < WIDTH_MIN || area.height < HEIGHT_MIN {
        let word = format!("{} x {} is too small; 80 x 24 is enough.", area.width, area.height);
        return frame.render_widget(Paragraph::new(word).wrap(Wrap { trim: true }), area);
    }
    let warnings = warnings(model);
    let height = warnings.iter().map(|(text, _)| wrapped(text, area.width)).sum();
    let parts = [
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(height),
        Constraint::Fill(1),
        Constraint::Length(1),
    ];
    let [title, tabs, above, body, foot] = Layout::vertical(parts).areas(area);
    draw_title(model, frame, title);
    frame.render_widget(Paragraph::new(tab_line(model, tabs.width)), tabs);
    draw_warnings(&warnings, frame, above);
    if model.screen != Screen::Help && model.seen().tip.is_none() {
        let word = match model.link {
            Link::Lost { .. } => "Nothing was told yet.",
            _ => "Connecting, and asking for everything that is shown here …",
        };
        frame.render_widget(Paragraph::new(format!("\n {word}")).wrap(Wrap { trim: false }), body);
    } else {
        draw_body(model, frame, body);
    }
    frame.render_widget(Paragraph::new(foot_line(model)), foot);
}

/// The rows of the screen's list that the filter lets through.
pub fn rows(model: &Model) -> Vec<Vec<String>> {
    let all = match model.screen {
        Screen::Overview => overview::rows(model),
        Screen::Books => books::rows(model),
        Screen::Batches => batches::rows(model),
        Screen::Proofs => proofs::rows(model),
        Screen::Messages => messages::rows(model),
        Screen::Accounts => accounts::rows(model),
        Screen::Health => health::rows(model),
        Screen::Mempool => mempool::rows(model),
        Screen::Logs => logs::rows(model),
        Screen::Help => Vec::new(),
    };
    let wanted = model.place().filter.to_lowercase();
    all.into_iter().filter(|row| row.join(" ").to_lowercase().contains(&wanted)).collect()
}

fn draw_body(model: &Model, frame: &mut Frame, area: Rect) {
    match model.screen {
        Screen::Overview => overview::draw(model, frame, area),
        Screen::Books => books::draw(model, frame, area),
        Screen::Batches => batches::draw(model, frame, area),
        Screen::Proofs => proofs::draw(model, frame, area),
        Screen::Messages => messages::draw(model, frame, area),
        Screen::Accounts => accounts::draw(model, frame, area),
        Screen::Health => health::draw(model, frame, area),
        Screen::Mempool => mempool::draw(model, frame, area),
        Screen::Logs => logs::draw(model, frame, area),
        Screen::Help => help::draw(frame, area),
    }
}

fn draw_title(model: &Model, frame: &mut Frame, area: Rect) {
    let (word, colour) = match &model.link {
        Link::Connecting => ("connecting", Color::Yellow),
        Link::Live => ("live", Color::Green),
        Link::Lost { broken: Broken::Unreachable, .. } => ("DISCONNECTED", Color::Red),
        Link::Lost { broken: Broken::Refused, .. } => ("ERROR", Color::Red),
    };
    let mut right = vec![Span::styled(word, Style::new().fg(colour).bold())];
    if model.is_paused() {
        right.push(Span::raw("  "));
        right.push("PAUSED".yellow().bold());
    }
    right.push(Span::raw(format!("  {} UTC ", time_of_day(model.now_ms))));
    let right = Line::from(right);
    let width = u16::try_from(right.width()).unwrap_or(u16::MAX);
    let [left, at] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(width)]).areas(area);
    let left_line = Line::from(vec![" Ashlar monitor".bold(), Span::raw(format!("  {}", model.node))]);
    frame.render_widget(Paragraph::new(left_line), left);
    frame.render_widget(Paragraph::new(right), at);
}

/// Columns below which screens have shorter names, so that all of them are seen.
const TABS_WIDTH_MIN: u16 = 100;

fn tab_line(model: &Model, width: u16) -> Line<'static> {
    let tab = |(place, screen): (usize, &Screen)| {
        let key = if *screen == Screen::Help { "?".to_owned() } else { (place + 1).to_string() };
        let is_wide = width >= TABS_WIDTH_MIN;
        let text =
            if is_wide { format!(" {key} {} ", screen.name()) } else { format!("{key} {}", screen.short_name()) };
        let gap = Span::raw(if is_wide || place == 0 { "" } else { " " });
        [gap, if *screen == model.screen { text.reversed() } else { Span::raw(text) }]
    };
    Line::from(Screen::ALL.iter().enumerate().flat_map(tab).collect::<Vec<_>>())
}

/// What must be known before anything below is believed.
fn warnings(model: &Model) -> Vec<(String, Color)> {
    let mut warnings = Vec::new();
    if let Link::Lost { broken, reason, attempt, retry_at_ms } = &model.link {
        let seconds = retry_at_ms.saturating_sub(model.now_ms).div_ceil(1_000);
        let what = match broken {
            Broken::Unreachable => "The node does not answer",
            Broken::Refused => "The node does not tell what was asked",
        };
        let old = model.seen().at_ms.map_or(String::new(), |at| format!(" What is shown is from {}.", time_of_day(at)));
        let text = format!(" {what}: {reason}. Attempt {attempt}; trying again in {seconds} s.{old}");
        warnings.push((text, Color::Red));
    }
    if let Some(word) = model.seen().listed.as_ref().and_then(|listed| development(&listed.venue.proofs)) {
        warnings.push((format!(" {word}"), Color::Yellow));
    }
    warnings
}

fn draw_warnings(warnings: &[(String, Color)], frame: &mut Frame, mut area: Rect) {
    for (text, colour) in warnings {
        let height = wrapped(text, area.width).min(area.height);
        let here = Rect { height, ..area };
        frame.render_widget(Paragraph::new(text.as_str()).fg(*colour).wrap(Wrap { trim: false }), here);
        area.y += height;
        area.height -= height;
    }
}

/// Lines that a text takes: words are kept whole, so some lines are not full.
fn wrapped(text: &str, width: u16) -> u16 {
    let (mut lines, mut used) = (1, 0);
    for (place, word) in text.split(' ').enumerate() {
        let letters = u16::try_from(word.chars().count()).unwrap_or(width);
        let more = letters.saturating_add(u16::from(place > 0));
        if used > 0 && more > width.saturating_sub(used) {
            lines += 1;
            used = letters;
        } else {
            used = more.saturating_add(used);
        }
        lines += letters / width.saturating_add(1);
    }
    lines
}

fn foot_line(model: &Model) -> Line<'static> {
    match (&model.typing, &model.notice) {
        (Some((Typing::Filter, typed)), _) => {
            Line::raw(format!(" Only rows with: {typed}_   Enter keeps it, Esc ends it"))
        }
        (Some((Typing::Account, typed)), _) => {
            Line::raw(format!(" Account number or owner's address: {typed}_   (never a key)"))
        }
        (None, Some(notice)) => Line::from(format!(" {notice}").yellow()),
        (None, None) => {
            let filter = &model.place().filter;
            let filter = if filter.is_empty() { String::new() } else { format!("   only rows with “{filter}”") };
            let own = match model.screen {
                Screen::Overview => "Enter book",
                Screen::Books => "←→ market",
                Screen::Accounts => "a whose  ←→ owner's next",
                _ => "a account",
            };
            Line::from(format!(" q quit  ? help  ↑↓ scroll  / filter  p pause  {own}{filter}").dim())
        }
    }
}
