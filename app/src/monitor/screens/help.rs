use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Paragraph, Wrap};

use super::table::framed;

const KEYS: &str = " \
1 to 9, Tab      another screen; Shift-Tab goes back
 ↑ ↓ or k j       a row up or down; PgUp PgDn ten; g first, G last
 ← → or h l       Books: another market. Accounts: the owner's next account
 Enter            Overview: the book of the selected market
 /                only rows with some letters; Esc shows all again
 p or space       stop the picture; the node is still read, p goes on
 a                an account by its number or its owner's address
 r                ask the node at once and open the stream anew
 q or Ctrl-C      leave

 Stages of a batch: built here, its data published, its header committed to L1,
 proven on L1, final when L1 will not take it back.
 The monitor only reads. It holds no key and never asks for one.";

pub fn draw(frame: &mut Frame, area: Rect) {
    frame.render_widget(Paragraph::new(KEYS).wrap(Wrap { trim: false }).block(framed("Keys")), area);
}
