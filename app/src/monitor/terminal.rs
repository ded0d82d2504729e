//! The terminal, the clock and the keys.

use std::io::{stdin, stdout};
use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use ashlar_api::admin::Token;
use ratatui::Terminal;
use ratatui::backend::TermionBackend;
use ratatui::termion::event::Key as Pressed;
use ratatui::termion::input::TermRead as _;
use ratatui::termion::raw::IntoRawMode as _;
use ratatui::termion::screen::IntoAlternateScreen as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::{Duration, interval};

use super::limits::{DRAW_MS, NEWS_MAX};
use super::model::{Effect, Key, Model};
use super::reader::{self, Wish};
use super::screens::draw;
use crate::clock::now_ms;

/// Shows a node until the person leaves. The terminal is as it was before when this returns.
pub async fn watch(address: SocketAddr, operator: Option<(SocketAddr, Token)>, mut model: Model) -> Result<()> {
    let screen = stdout().into_raw_mode().and_then(|raw| raw.into_alternate_screen());
    let screen = screen.context("the terminal cannot be drawn on; ask for one overview with --once")?;
    let mut terminal = Terminal::new(TermionBackend::new(screen))?;
    let mut pressed = keys();
    let (wishes, _) = watch::channel(Wish::default());
    let mut told = reader::start(address, operator, &wishes);
    let mut turns = interval(Duration::from_millis(DRAW_MS));
    let mut ended = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            _ = turns.tick() => {}
            _ = ended.recv() => break,
        }
        model.tick(now_ms());
        let mut quit = false;
        for _ in 0..NEWS_MAX {
            let Ok(one) = told.try_recv() else { break };
            let effect = model.take(one, now_ms());
            wish(&wishes, &model, &effect);
        }
        while let Ok(key) = pressed.try_recv() {
            let effect = model.key(key);
            quit |= effect == Effect::Quit;
            wish(&wishes, &model, &effect);
        }
        if quit {
            break;
        }
        terminal.draw(|frame| draw(&model, frame))?;
    }
    Ok(terminal.show_cursor()?)
}

/// Tells the readers what is wanted now.
fn wish(wishes: &watch::Sender<Wish>, model: &Model, effect: &Effect) {
    let (market, subject) = (model.market_wanted(), model.subject.clone());
    wishes.send_if_modified(|wish| {
        let again = matches!(effect, Effect::Listen | Effect::Look | Effect::Refresh);
        if !again && wish.market == market && wish.subject == subject {
            return false;
        }
        // Another turn opens the stream anew, which other wishes need not.
        let turn = wish.turn + u64::from(matches!(effect, Effect::Listen | Effect::Refresh));
        *wish = Wish { market, subject, turn };
        true
    });
}

/// Keys, read by a thread of their own, which waits for them and ends with the process.
fn keys() -> mpsc::Receiver<Key> {
    let (sent, pressed) = mpsc::channel(64);
    std::thread::spawn(move || {
        for key in stdin().keys().map_while(Result::ok) {
            if named(key).is_some_and(|key| sent.blocking_send(key).is_err()) {
                return;
            }
        }
    });
    pressed
}

fn named(key: Pressed) -> Option<Key> {
    Some(match key {
        Pressed::Char('\n' | '\r') => Key::Enter,
        Pressed::Char('\t') => Key::Next,
        Pressed::Char(letter) => Key::Letter(letter),
        Pressed::BackTab => Key::Previous,
        Pressed::Esc => Key::Escape,
        Pressed::Backspace => Key::Backspace,
        Pressed::Up => Key::Up,
        Pressed::Down => Key::Down,
        Pressed::Left => Key::Left,
        Pressed::Right => Key::Right,
        Pressed::PageUp => Key::PageUp,
        Pressed::PageDown => Key::PageDown,
        Pressed::Home => Key::Home,
        Pressed::End => Key::End,
        Pressed::Ctrl('c') => Key::Interrupt,
        _ => return None,
    })
}
