//! The command palette behind `:`. Every action of the table of keys is a command by its name; beside
//! them `:12` goes to row 12, `:+500` moves, and a few more. Tab completes.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use super::{
    Flow, Overlay, Told,
    prompt::{Line, bottom},
};
use crate::tui::{
    app::{Data, Effect, Effects},
    desk::Ask,
    draw::Canvas,
    keys::{Action, BINDINGS, Keys},
};

/// Candidates shown at once.
const SHOWN: usize = 8;

/// Commands that are no actions: name, what follows it, and what it does.
const COMMANDS: &[(&str, &str)] = &[
    ("12", "go to row 12 (any number)"),
    ("+500", "move by 500 rows; -500 back"),
    ("filter QUERY", "filter by a query"),
    ("search TEXT", "search a text"),
    ("export FORMAT FILE", "tape, har, curl, json, html, mermaid"),
    ("trace VALUE", "where a value comes from and goes to"),
    ("ignore PATH", "diffs: look over a path, like /result/content/*/text"),
    ("reveal", "show secrets"),
    ("mask", "mask secrets again"),
    ("set mouse", "listen to the mouse"),
    ("set nomouse", "leave the mouse to the terminal"),
    ("keys", "all keys"),
    ("keys --json", "copy all keys as JSON"),
    ("log", "wiretape's own log"),
    ("quit!", "leave without a question"),
];

/// The palette.
pub(crate) struct Palette {
    keys: Keys,
    line: Line,
    /// The candidate that Tab has filled in, and what was typed before that.
    at: Option<(usize, String)>,
}

/// What a line means.
enum Command {
    Act(Action),
    Tell(Told),
    Do(Effect),
    Reveal(bool),
    CopyKeys,
    Help,
    Quit,
    Unknown(String),
}

impl Palette {
    pub(crate) fn new(keys: &Keys) -> Self {
        Self { keys: keys.clone(), line: Line::new(""), at: None }
    }

    /// What the line could become, the best first.
    fn candidates(&self) -> Vec<(&'static str, &'static str)> {
        let typed = self.at.as_ref().map_or(self.line.text(), |(_, typed)| typed);
        let actions = BINDINGS.iter().map(|binding| (binding.name, binding.about));
        let all = COMMANDS.iter().copied().chain(actions);
        let mut ranked: Vec<_> = all
            .filter_map(|(name, about)| Some((rank(typed, name, about)?, name, about)))
            .collect();
        ranked.sort_by_key(|(rank, ..)| *rank);
        ranked.into_iter().map(|(_, name, about)| (name, about)).collect()
    }

    fn complete(&mut self, forward: bool) {
        let candidates = self.candidates();
        let (at, typed) = match self.at.take() {
            None => (if forward { 0 } else { candidates.len().saturating_sub(1) }, None),
            Some((at, typed)) => {
                let last = candidates.len().saturating_sub(1);
                let next = if forward {
                    if at >= last { 0 } else { at + 1 }
                } else {
                    at.checked_sub(1).unwrap_or(last)
                };
                (next, Some(typed))
            }
        };
        let Some((name, _)) = candidates.get(at) else { return };
        let typed = typed.unwrap_or_else(|| self.line.text().to_owned());
        // What is to be typed after it is in capitals.
        let fixed: Vec<_> =
            name.split(' ').take_while(|word| !word.chars().all(char::is_uppercase)).collect();
        let open = fixed.len() < name.split(' ').count();
        self.line.set(&format!("{}{}", fixed.join(" "), if open { " " } else { "" }));
        self.at = Some((at, typed));
    }

    fn enter(&mut self, data: &mut Data, effects: &mut Effects) -> Flow {
        let entered = self.line.text().trim().to_owned();
        if entered.is_empty() {
            return Flow::Close;
        }
        let command = command(&entered);
        if let Command::Unknown(why) = command {
            data.say(why);
            return Flow::Stay;
        }
        data.history.add(Action::Palette, &entered);
        match command {
            Command::Act(action) => return Flow::Act(action),
            Command::Tell(told) => return Flow::Tell(told),
            Command::Help => return Flow::Act(Action::Help),
            Command::Quit => return Flow::Quit,
            Command::Do(effect) => effects.push(effect),
            Command::Reveal(reveal) => {
                data.revealed = reveal;
                effects.ask(Ask::Reveal(reveal));
            }
            Command::CopyKeys => {
                effects.push(Effect::Copy(self.keys.json_lines()));
                data.say("copied");
            }
            Command::Unknown(_) => {}
        }
        Flow::Close
    }
}

/// How well a name fits what was typed, the smaller the better; none where it does not.
fn rank(typed: &str, name: &str, about: &str) -> Option<u8> {
    let typed = typed.trim().to_lowercase();
    if name.starts_with(&typed) {
        return Some(0);
    }
    if name.contains(&typed) {
        return Some(1);
    }
    let mut rest = name.chars();
    if typed.chars().all(|wanted| rest.any(|c| c == wanted)) {
        return Some(2);
    }
    about.to_lowercase().contains(&typed).then_some(3)
}

fn command(entered: &str) -> Command {
    let (word, rest) = entered.split_once(' ').unwrap_or((entered, ""));
    let rest = rest.trim();
    match (word, rest) {
        ("q", "") => Command::Act(Action::Quit),
        ("quit!" | "q!", "") => Command::Quit,
        ("keys" | "help" | "h", "") => Command::Help,
        ("keys", "--json") => Command::CopyKeys,
        ("reveal", "") => Command::Reveal(true),
        ("mask", "") => Command::Reveal(false),
        ("set", "mouse") => Command::Do(Effect::Mouse(true)),
        ("set", "nomouse") => Command::Do(Effect::Mouse(false)),
        ("log", "") => Command::Do(Effect::Log),
        ("filter" | "f", query) => Command::Tell(Told::Entered(Action::Filter, query.to_owned())),
        ("search", text) if !text.is_empty() => {
            Command::Tell(Told::Entered(Action::Search, text.to_owned()))
        }
        ("export", what) if !what.is_empty() => {
            Command::Tell(Told::Entered(Action::Export, what.to_owned()))
        }
        ("trace", value) if !value.is_empty() => {
            Command::Tell(Told::Entered(Action::Trace, value.to_owned()))
        }
        ("ignore", path) if !path.is_empty() => {
            Command::Tell(Told::Entered(Action::Ignore, path.to_owned()))
        }
        // Not listed: what a test of the terminal's hygiene needs (tui.md §9, 16).
        ("debug", "panic ui") => Command::Do(Effect::Panic { worker: false }),
        ("debug", "panic worker") => Command::Do(Effect::Panic { worker: true }),
        (number, "") if number.starts_with(|c: char| "+-0123456789".contains(c)) => place(number),
        (name, "") => match BINDINGS.iter().find(|binding| binding.name == name) {
            Some(binding) => Command::Act(binding.action),
            None => Command::Unknown(format!("no command `{name}`; Tab completes")),
        },
        (name, _) => {
            Command::Unknown(format!("no command `{name}` that takes more; Tab completes"))
        }
    }
}

/// `12`, `+500`, `-3`.
fn place(number: &str) -> Command {
    let moves = number.starts_with(['+', '-']);
    match (moves, number.parse::<i64>()) {
        (true, Ok(by)) => Command::Tell(Told::Move(by)),
        (false, Ok(at)) => Command::Tell(Told::Goto(at.unsigned_abs())),
        (_, Err(_)) => Command::Unknown(format!("`{number}` is no number")),
    }
}

impl Overlay for Palette {
    fn key(
        &mut self,
        key: &KeyEvent,
        action: Option<Action>,
        data: &mut Data,
        effects: &mut Effects,
    ) -> Flow {
        match key.code {
            _ if action == Some(Action::Interrupt) => return Flow::Close,
            KeyCode::Esc => return Flow::Close,
            // An empty line is left as vi leaves it.
            KeyCode::Backspace if self.line.text().is_empty() => return Flow::Close,
            KeyCode::Enter => return self.enter(data, effects),
            KeyCode::Tab => self.complete(true),
            KeyCode::BackTab => self.complete(false),
            KeyCode::Up | KeyCode::Down => {
                self.at = None;
                self.line.recall(data.history.of(Action::Palette), key.code == KeyCode::Up);
            }
            _ => {
                if self.line.key(key) {
                    self.at = None;
                }
            }
        }
        Flow::Stay
    }

    fn paste(&mut self, text: &str) -> Flow {
        self.at = None;
        self.line.paste(text);
        Flow::Stay
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, _data: &Data, _keys: &Keys) {
        let theme = canvas.theme;
        let candidates = self.candidates();
        let chosen = self.at.as_ref().map(|(at, _)| *at);
        let first = chosen.map_or(0, |at| (at + 1).saturating_sub(SHOWN));
        let shown: Vec<_> = candidates.iter().enumerate().skip(first).take(SHOWN).collect();
        let high = u16::try_from(shown.len()).unwrap_or(0).min(area.height.saturating_sub(4));
        // Above the counters, where an error is told.
        let top = area.y + area.height.saturating_sub(2 + high);
        for (y, (place, (name, about))) in (top..).zip(shown.into_iter().take(high.into())) {
            let line = Rect { x: area.x, y, width: area.width, height: 1 };
            canvas.clear(line);
            canvas.put(line.x + 1, y, name, 20, theme.name());
            canvas.put(line.x + 22, y, about, line.width.saturating_sub(23), theme.faint());
            if chosen == Some(place) {
                canvas.tint(line, theme.selected());
            }
        }
        if candidates.is_empty() {
            let line = Rect { y: top.saturating_sub(1), height: 1, ..area };
            canvas.clear(line);
            let words = "no command begins like that; Esc leaves, `:` shows all";
            canvas.put(line.x + 1, line.y, words, line.width.saturating_sub(2), theme.faint());
        }
        self.line.draw(canvas, bottom(area), ":", "Tab complete  Enter run  Esc leave");
    }

    fn cursor(&self, area: Rect) -> Option<(u16, u16)> {
        Some(self.line.cursor(bottom(area), ":"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_mean_what_they_say() {
        assert!(matches!(command("12"), Command::Tell(Told::Goto(12))));
        assert!(matches!(command("+500"), Command::Tell(Told::Move(500))));
        assert!(matches!(command("-3"), Command::Tell(Told::Move(-3))));
        assert!(matches!(command("99999999999999999999"), Command::Unknown(_)));
        assert!(matches!(command("follow"), Command::Act(Action::Follow)));
        assert!(
            matches!(command("filter a b"), Command::Tell(Told::Entered(Action::Filter, q)) if q == "a b")
        );
        assert!(matches!(command("nonsense"), Command::Unknown(_)));
        assert!(matches!(command("nonsense x"), Command::Unknown(_)));
    }

    #[test]
    fn every_listed_command_is_one() {
        for (name, _) in COMMANDS {
            let line =
                name.replace("QUERY", "a").replace("TEXT", "a").replace("FORMAT FILE", "har x");
            let line = line.replace("VALUE", "a").replace("PATH", "/a");
            assert!(!matches!(command(&line), Command::Unknown(_)), "{line}");
        }
        for binding in BINDINGS {
            assert!(!matches!(command(binding.name), Command::Unknown(_)), "{}", binding.name);
        }
    }

    #[test]
    fn tab_completes_and_goes_on() {
        let mut palette = Palette::new(&Keys::default());
        palette.line.set("rev");
        palette.complete(true);
        assert_eq!(palette.line.text(), "reveal");
        palette.line.set("filt");
        palette.at = None;
        palette.complete(true);
        assert_eq!(palette.line.text(), "filter ");
        palette.complete(true);
        assert_eq!(palette.line.text(), "filter");
    }
}
