//! Random sessions: a second run with other handles mentions exactly its own.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use proptest::prelude::*;

use super::{call, sent, told, tool};

/// How a handle stands in a text.
#[derive(Clone, Copy, Debug)]
enum Place {
    Whole,
    Text,
    Url,
    Coded,
    Percent,
    Nested,
    NestedTwice,
    Standard,
    UrlSafe,
}

const PLACES: [Place; 9] = [
    Place::Whole,
    Place::Text,
    Place::Url,
    Place::Coded,
    Place::Percent,
    Place::Nested,
    Place::NestedTwice,
    Place::Standard,
    Place::UrlSafe,
];

impl Place {
    fn around(self, handle: &str, n: usize) -> String {
        let nested = || serde_json::json!({ "n": n, "deep": [{ "of": handle }] }).to_string();
        match self {
            Self::Whole => handle.to_owned(),
            Self::Text => format!("number {n}: {handle}, and no other"),
            Self::Url => format!("see https://example.com/{n}/{handle}/x?y=1"),
            Self::Coded => format!(
                "https://example.com/?n={n}&of={}",
                STANDARD.encode(format!("{{\"k\":\"{handle}\"}}")).trim_end_matches('=')
            ),
            Self::Percent => format!("https://example.com/?n={n}&of=%2F{handle}%2F"),
            Self::Nested => nested(),
            Self::NestedTwice => serde_json::json!({ "text": nested() }).to_string(),
            Self::Standard => STANDARD.encode(format!("at {n} of {handle}")),
            Self::UrlSafe => URL_SAFE_NO_PAD.encode(format!("??>at {n} of {handle}?")),
        }
    }
}

/// One handle: how it is born and how it is used.
#[derive(Clone, Debug)]
struct Dependency {
    born: Place,
    used: Vec<Place>,
    handles: [String; 2],
}

fn handle() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{2,4}_[0-9a-f]{6}[0-9][a-f]",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{11}7",
        "[A-Z][0-9][A-Za-z0-9]{10}",
        "[1-9][0-9]{8}",
    ]
}

fn dependency() -> impl Strategy<Value = Dependency> {
    let place = || prop::sample::select(&PLACES[..]);
    (place(), prop::collection::vec(place(), 1..4), handle(), handle())
        .prop_map(|(born, used, one, two)| Dependency { born, used, handles: [one, two] })
}

/// A call that makes each, then the calls that use them. `run` is 0 or 1; only answers differ by it,
/// and requests as a client would make them.
fn session(dependencies: &[Dependency], run: usize) -> String {
    let mut transcript =
        call(0, "tools/list", "{}", r#"{"tools":[{"name":"make"},{"name":"use"}]}"#);
    for (n, dependency) in dependencies.iter().enumerate() {
        let said = dependency.born.around(&dependency.handles[run], n);
        let result = serde_json::json!({ "content": [{ "type": "text", "text": said }] });
        transcript += &tool(1, "make", &format!("{{\"n\":{n}}}"), &result.to_string());
    }
    for (n, dependency) in dependencies.iter().enumerate() {
        for place in &dependency.used {
            let arguments =
                serde_json::json!({ "with": [1.5, place.around(&dependency.handles[run], n)] });
            transcript += &tool(2, "use", &arguments.to_string(), "{\"content\":[]}");
        }
    }
    transcript
}

fn differ(dependencies: &[Dependency]) -> bool {
    let all: std::collections::BTreeSet<&String> =
        dependencies.iter().flat_map(|d| &d.handles).collect();
    all.len() == 2 * dependencies.len()
}

/// What is sent to the second run, and what its own client sent.
fn sent_and_expected(dependencies: &[Dependency]) -> (Vec<String>, Vec<String>) {
    let (recorded, live) = (session(dependencies, 0), session(dependencies, 1));
    let story = super::story(&live);
    let expected = story
        .messages
        .iter()
        .filter(|message| message.direction == crate::protocol::Direction::ClientToServer)
        .map(|message| String::from_utf8_lossy(&message.payload).into_owned())
        .collect();
    (sent(&recorded, &live), expected)
}

/// Found by chance: handles of one length that begin alike, in base64 and as they are.
#[test]
fn handles_that_begin_alike_are_told_apart_in_base64() {
    let handles = ["aa_aaa0aa0a".to_owned(), "aa_aa0aaa0a".to_owned()];
    for coded in [Place::Standard, Place::UrlSafe] {
        let used = vec![Place::Percent, coded];
        let (sent, expected) =
            sent_and_expected(&[Dependency { born: coded, used, handles: handles.clone() }]);
        assert_eq!(sent, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_second_run_mentions_its_own_handles(dependencies in prop::collection::vec(dependency(), 1..5)) {
        prop_assume!(differ(&dependencies));
        let (sent, expected) = sent_and_expected(&dependencies);
        prop_assert_eq!(sent, expected);
    }

    /// Each run's handles are used in neither: nothing is bound.
    #[test]
    fn without_dependencies_nothing_is_bound(dependencies in prop::collection::vec(dependency(), 1..5)) {
        prop_assume!(differ(&dependencies));
        let made = session(&dependencies, 0);
        let (made, _) = made.split_at(made.find("\"use\",\"arg").map_or(made.len(), |at| made[..at].rfind(">>").unwrap_or(at)));
        let used = session(&dependencies, 1);
        let used = &used[used.find("\"use\",\"arg").map_or(used.len(), |at| used[..at].rfind(">>").unwrap_or(at))..];
        let told = told(&(made.to_owned() + used));
        prop_assert!(told.is_empty(), "{told:?}");
    }

    #[test]
    fn hostile_answers_do_no_harm(junk in "\\PC{0,60}|[\\[\\]{}\":,a-f0-9 ]{0,60}") {
        let result = |text: &str| serde_json::json!({ "structuredContent": { "h": text } }).to_string();
        let recorded = tool(1, "make", "{}", &result("made ord_8f3a2c now")) + &tool(2, "use", r#"{"of":"ord_8f3a2c"}"#, "{}");
        let live = tool(1, "make", "{}", &result(&junk)) + &tool(2, "use", r#"{"of":""}"#, "{}");
        let sent = sent(&recorded, &live);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&sent[1]).is_ok());
    }
}
