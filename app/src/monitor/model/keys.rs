use ashlar_api::schema::Hex;

use super::{Looked, Model, Screen, Subject, Typing};
use crate::monitor::limits::TYPED_MAX;
use crate::monitor::screens::rows;

/// What is pressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    /// A letter.
    Letter(char),
    /// Return.
    Enter,
    /// Escape.
    Escape,
    /// The letter before is taken back.
    Backspace,
    /// Tab.
    Next,
    /// Tab with shift.
    Previous,
    /// An arrow.
    Up,
    /// An arrow.
    Down,
    /// An arrow.
    Left,
    /// An arrow.
    Right,
    /// A page.
    PageUp,
    /// A page.
    PageDown,
    /// To the first row.
    Home,
    /// To the last row.
    End,
    /// Control and C.
    Interrupt,
}

/// What a key or news ask of the edge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing.
    None,
    /// The person has seen enough.
    Quit,
    /// Another book is wanted, or the same one anew.
    Listen,
    /// The account that is wanted is another.
    Look,
    /// The node is to be asked at once.
    Refresh,
}

/// Rows that a page moves.
const PAGE: isize = 10;

impl Model {
    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Effect {
        if key == Key::Interrupt {
            return Effect::Quit;
        }
        match self.typing.take() {
            Some((typing, typed)) => self.typed(typing, typed, key),
            None => self.pressed(key),
        }
    }

    fn pressed(&mut self, key: Key) -> Effect {
        self.notice = None;
        match key {
            Key::Letter('q') => return Effect::Quit,
            Key::Letter('?') => self.screen = Screen::Help,
            Key::Letter(digit @ '1'..='9') => {
                let place = usize::try_from(u32::from(digit) - u32::from('1')).unwrap_or(0);
                self.screen = Screen::ALL[place];
            }
            Key::Next => self.turn(1),
            Key::Previous => self.turn(Screen::ALL.len() - 1),
            Key::Up | Key::Letter('k') => self.scroll(-1),
            Key::Down | Key::Letter('j') => self.scroll(1),
            Key::PageUp => self.scroll(-PAGE),
            Key::PageDown => self.scroll(PAGE),
            Key::Home | Key::Letter('g') => self.place_mut().row = 0,
            Key::End | Key::Letter('G') => self.scroll(isize::MAX),
            Key::Left | Key::Letter('h') => return self.sideways(false),
            Key::Right | Key::Letter('l') => return self.sideways(true),
            Key::Letter('p' | ' ') => self.pause(),
            Key::Letter('/') => self.typing = Some((Typing::Filter, self.place().filter.clone())),
            Key::Letter('a') => {
                self.screen = Screen::Accounts;
                self.typing = Some((Typing::Account, String::new()));
            }
            Key::Letter('r') => return Effect::Refresh,
            Key::Escape if self.screen == Screen::Help => self.screen = Screen::Overview,
            Key::Escape => self.place_mut().filter.clear(),
            Key::Enter if self.screen == Screen::Overview => return self.open_market(),
            _ => {}
        }
        Effect::None
    }

    fn typed(&mut self, typing: Typing, mut typed: String, key: Key) -> Effect {
        match key {
            Key::Enter if typing == Typing::Account => return self.ask(&typed),
            Key::Enter => return Effect::None,
            Key::Escape => typed.clear(),
            Key::Backspace => drop(typed.pop()),
            Key::Letter(letter) if typed.len() < TYPED_MAX && !letter.is_control() => typed.push(letter),
            _ => {}
        }
        if typing == Typing::Filter {
            *self.place_mut() = super::Place { row: 0, filter: typed.clone() };
        }
        if key != Key::Escape {
            self.typing = Some((typing, typed));
        }
        Effect::None
    }

    /// Whose account is meant. What looks like a private key is not asked for, shown or kept.
    fn ask(&mut self, typed: &str) -> Effect {
        let typed = typed.trim();
        let digits = typed.strip_prefix("0x").unwrap_or(typed);
        if digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            self.notice =
                Some("32 bytes may be a private key: nothing was sent. An owner's address has 20 bytes.".into());
            return Effect::None;
        }
        let owner = || Hex::parse(typed).filter(|hex| hex.0.len() == 20).map(Subject::Owner);
        match typed.parse().ok().map(Subject::Number).or_else(owner) {
            Some(subject) => {
                self.subject = Some(subject);
                self.live.account = None;
                if let Some(frozen) = &mut self.frozen {
                    frozen.account = None;
                }
                Effect::Look
            }
            None => {
                self.notice =
                    Some("That is neither an account's number nor an owner's address (0x and 40 digits).".into());
                Effect::None
            }
        }
    }

    fn turn(&mut self, by: usize) {
        self.screen = Screen::ALL[(self.screen.place() + by) % Screen::ALL.len()];
    }

    fn scroll(&mut self, by: isize) {
        let last = rows(self).len().saturating_sub(1);
        let place = self.place_mut();
        place.row = place.row.min(last).saturating_add_signed(by).min(last);
    }

    fn pause(&mut self) {
        self.frozen = match self.frozen.take() {
            Some(_) => None,
            None => Some(Box::new(self.live.clone())),
        };
    }

    /// The market of the selected row.
    fn open_market(&mut self) -> Effect {
        let markets = self.live.listed.as_ref().map(|listed| listed.markets.as_slice()).unwrap_or_default();
        let rows = rows(self);
        let named = rows.get(self.place().row).and_then(|row| row.first());
        let Some(place) = named.and_then(|name| markets.iter().position(|market| market.name == *name)) else {
            return Effect::None;
        };
        self.market = place;
        self.screen = Screen::Books;
        Effect::Listen
    }

    /// The next market of the books, or the owner's next account.
    fn sideways(&mut self, forward: bool) -> Effect {
        let beside = |at: usize, many: usize| if forward { (at + 1) % many } else { (at + many - 1) % many };
        if self.screen == Screen::Accounts {
            let Some(Looked::Found(found)) = self.live.account.as_ref().map(|at| &at.looked) else {
                return Effect::None;
            };
            let Some(at) = found.siblings.iter().position(|number| *number == found.view.account) else {
                return Effect::None;
            };
            let next = found.siblings[beside(at, found.siblings.len())];
            self.subject = Some(Subject::Number(next));
            return Effect::Look;
        }
        let markets = self.live.listed.as_ref().map_or(0, |listed| listed.markets.len());
        if self.screen != Screen::Books || markets == 0 {
            return Effect::None;
        }
        self.market = beside(self.market.min(markets - 1), markets);
        self.places[Screen::Books.place()].row = 0;
        Effect::Listen
    }
}
