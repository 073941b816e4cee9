//! Every view in every state that it has, as a person sees it: one snapshot a view and size, its
//! states one below the other. No state may be a blank pane.

use std::sync::Arc;

use super::{
    super::replayed::tests::{ended, preview, verdicts},
    told::{SESSION, session_told},
};
use crate::{
    protocol::{picture::Timeline, testing::stories},
    tui::{
        app::{
            App, Effect, Msg,
            testing::{
                fixture::{FULL, empty, live, press_only, recorded, told, told_of, work},
                screen,
            },
        },
        desk::{Ask, ExchangeTold, News, Replayed, SessionTold, Ticket},
        theme::Theme,
    },
};

/// How a view can stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// What it shows was asked for and is not there yet.
    Loading,
    /// There is nothing of what it shows.
    Empty,
    /// All is there.
    Told,
    /// The same while more is recorded.
    Live,
    /// A filter, or what is typed, takes none.
    Nothing,
    /// It is still being looked for.
    Looking,
    /// What it asked for cannot be had.
    Failed,
}

use State::{Empty, Failed, Live, Loading, Looking, Nothing, Told};

/// The views, the keys that lead there from the first screen, and the states that they have.
const VIEWS: [(&str, &str, &[State]); 25] = [
    ("sessions", "jk", &[Loading, Empty, Told, Live, Looking, Nothing, Failed]),
    ("calls", "<Enter>", &[Loading, Empty, Told, Live, Looking, Nothing, Failed]),
    ("detail", "<Enter>:6<Enter><Enter>", &[Loading, Empty, Told, Live, Failed]),
    ("detail_whole", "<Enter>:6<Enter><Enter><Enter>", &[Loading, Empty, Told, Failed]),
    ("sequence", "3", &[Loading, Empty, Told, Live, Failed]),
    ("timeline", "4", &[Loading, Empty, Told, Live, Failed]),
    ("catalogue", "5", &[Loading, Empty, Told, Live, Failed]),
    ("problems", "6", &[Loading, Empty, Told, Live, Failed]),
    ("latency", "7", &[Loading, Empty, Told, Live, Failed]),
    ("runs", "R<Enter><Esc>8", &[Loading, Told, Failed]),
    ("runs_none", "8", &[Empty, Live]),
    ("preview", "R", &[Loading, Told, Failed]),
    ("replayed", "R<Enter>", &[Loading, Empty, Told, Failed]),
    ("compared", "<Enter>:6<Enter>m:8<Enter>d", &[Loading, Empty, Told, Failed]),
    ("help", "?", &[Told]),
    ("help_searched", "?/nosuchkey<Enter>", &[Nothing]),
    ("grammar", "?<Tab>", &[Told]),
    ("palette", ":", &[Told]),
    ("palette_unknown", ":nosuchcommand", &[Nothing]),
    ("filter", "<Enter>fstatus:error tool:(", &[Failed]),
    ("search", "<Enter>/nosuchneedle<Enter>", &[Looking, Nothing, Failed]),
    ("menu_copy", "<Enter>y", &[Told]),
    ("menu_export", "e", &[Told]),
    ("question", "D", &[Told]),
    ("tabs", "<Enter>:6<Enter><Enter>]]]", &[Loading, Empty, Told, Failed]),
];

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

const WHY: &str = "segment 7 is damaged at byte 1,234\nhint: copy it before it is repaired";

/// What the desk answers in a state; nothing where it has not come to it.
fn answers(state: State, ask: &Ask) -> Vec<News> {
    let ticket = match ask {
        Ask::Exchange { ticket, .. }
        | Ask::Session { ticket, .. }
        | Ask::Filter { ticket, .. }
        | Ask::Search { ticket, .. }
        | Ask::Preview { ticket, .. }
        | Ask::Replay { ticket, .. }
        | Ask::Compare { ticket, .. } => *ticket,
        _ => return Vec::new(),
    };
    match (state, ask) {
        // A replay that failed was previewed before.
        (Loading | Failed | Empty, Ask::Preview { .. }) => {
            vec![News::Preview(ticket, Arc::new(preview()))]
        }
        (Failed, _) => vec![News::Failed(ticket, WHY.to_owned())],
        (Looking, Ask::Filter { .. } | Ask::Search { .. }) => {
            vec![News::Hits { ticket, rows: Vec::new(), done: 412_000, of: 1_000_000 }]
        }
        (Loading, _) => Vec::new(),
        (_, Ask::Exchange { exchange, .. }) => {
            let told = told_of(*exchange);
            let nothing = |told: ExchangeTold| ExchangeTold {
                status_line: None,
                messages: told.messages.into_iter().take(1).collect(),
                frames: Vec::new(),
                response_headers: Vec::new(),
                response_body: bytes::Bytes::new(),
                ..told
            };
            let told = if state == Empty { nothing(told) } else { told };
            vec![News::Exchange(ticket, Arc::new(told))]
        }
        (_, Ask::Session { .. }) => {
            let told = session_told(&stories(SESSION)[0]);
            let nothing = |told: SessionTold| SessionTold {
                client_can: Vec::new(),
                server_can: Vec::new(),
                problems: Vec::new(),
                offers: Vec::new(),
                sequence: Vec::new(),
                timeline: Timeline::default(),
                bars: Vec::new(),
                ..told
            };
            let told = if state == Empty { nothing(told) } else { told };
            vec![News::Told(ticket, Arc::new(told))]
        }
        (_, Ask::Filter { .. } | Ask::Search { .. }) => vec![News::Over(ticket)],
        (_, Ask::Preview { .. }) => vec![News::Preview(ticket, Arc::new(preview()))],
        (Empty, _) => vec![News::Replayed(ticket, Replayed::default())],
        (_, Ask::Replay { .. } | Ask::Compare { .. }) => {
            let told = verdicts().into_iter().map(|told| News::Verdict(ticket, told));
            told.chain([News::Replayed(ticket, ended())]).collect()
        }
        _ => Vec::new(),
    }
}

/// The recording as it is in a state.
fn recording(view: &str, state: State, size: (u16, u16), theme: Theme) -> App {
    let is_list = matches!(view, "sessions" | "calls" | "latency");
    let without = |app: &mut App, left_out: fn(&News) -> bool| {
        for news in recorded().into_iter().filter(|news| !left_out(news)) {
            app.update(Msg::News(news));
        }
    };
    match state {
        Live => live(size, theme),
        Loading | Empty | Failed if is_list => {
            let mut app = empty(size, theme);
            if view == "sessions" {
                without(&mut app, |news| !matches!(news, News::Status(_)));
            } else {
                without(&mut app, |news| matches!(news, News::Rows(_) | News::Loading { .. }));
            }
            let more = match state {
                Loading => News::Loading { done: 12_000, of: 1_000_000 },
                Empty => News::Loading { done: 0, of: 0 },
                _ => {
                    News::Failed(Ticket::default(), format!("the recording cannot be read: {WHY}"))
                }
            };
            app.update(Msg::News(more));
            app
        }
        _ => told(size, theme),
    }
}

/// Presses the keys, and answers what is asked.
fn at(view: &str, keys: &str, state: State, size: (u16, u16), theme: Theme) -> App {
    let mut app = recording(view, state, size, theme);
    let keys = match (view, state) {
        ("sessions" | "calls", Looking | Nothing) => {
            format!("{keys}ftool:nosuchtool<Enter>")
        }
        _ => keys.to_owned(),
    };
    let mut keys = keys.as_str();
    while let Some(first) = keys.chars().next() {
        let long = match keys.find('>') {
            Some(end) if first == '<' => end + 1,
            _ => first.len_utf8(),
        };
        let (key, rest) = keys.split_at(long);
        keys = rest;
        let mut effects = press_only(&mut app, key);
        while !effects.is_empty() {
            let asked = effects.into_iter().filter_map(|effect| match effect {
                Effect::Ask(ask) => Some(ask),
                _ => None,
            });
            let only_preview = view == "preview";
            let news: Vec<News> = asked
                .flat_map(|ask| match (&ask, state) {
                    (Ask::Preview { .. }, Loading) if only_preview => Vec::new(),
                    (Ask::Preview { ticket, .. }, Failed) if only_preview => {
                        vec![News::Failed(*ticket, WHY.to_owned())]
                    }
                    _ => answers(state, &ask),
                })
                .collect();
            effects = news.into_iter().flat_map(|news| app.update(Msg::News(news))).collect();
            effects.extend(work(&mut app));
        }
    }
    app
}

#[test]
fn every_view_in_every_state() {
    for (view, keys, states) in VIEWS {
        for (width, height) in SIZES {
            let mut all = String::new();
            for state in states {
                let app = at(view, keys, *state, (width, height), FULL);
                let shown = screen(&app, width, height);
                let pane = shown.lines().skip(1).take(usize::from(height) - 3);
                let words = pane.filter(|line| line.chars().any(char::is_alphanumeric)).count();
                assert!(words > 0, "{view} says nothing while {state:?}:\n{shown}");
                all = format!("{all}═══ {state:?}\n{shown}");
            }
            insta::with_settings!({ snapshot_path => "snapshots/states", prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(format!("{view}_{width}x{height}"), all);
            });
        }
    }
}

#[test]
fn every_view_in_every_state_is_ascii_where_it_is_asked_for() {
    let theme = Theme { colour: false, ascii: true };
    for (view, keys, states) in VIEWS {
        for state in states {
            let shown = screen(&at(view, keys, *state, (80, 24), theme), 80, 24);
            // What was recorded is as it is: these stand in the fixture.
            let payload = |c: &char| "日本語のプロンプト你好ü␛⏎␊‹›東京…".contains(*c);
            let foreign: String = shown.chars().filter(|c| !c.is_ascii() && !payload(c)).collect();
            assert_eq!(foreign, "", "{view} {state:?}:\n{shown}");
        }
    }
}
