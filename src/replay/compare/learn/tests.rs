use super::*;
use crate::{
    capture::ExchangeId,
    replay::{
        compare::Ruling,
        rules::{Action, Purpose, Rules, fits},
    },
};

/// A step's verdict with these differences: path, kind, recorded, replayed; `-` for none.
fn verdict(step: &str, differences: &[(&str, Kind, &str, &str)]) -> Verdict {
    let value = |json: &str| (json != "-").then(|| json.to_owned());
    let differences = differences.iter().map(|(path, kind, recorded, replayed)| Difference {
        path: (*path).to_owned(),
        kind: *kind,
        recorded: value(recorded),
        replayed: value(replayed),
        message: None,
    });
    let differences: Vec<_> = differences.collect();
    Verdict {
        session: ExchangeId::from_bytes([0; 16]),
        exchange: ExchangeId::from_bytes([0; 16]),
        message: Some(step.to_owned()),
        method: "tools/call".to_owned(),
        name: Some("x".to_owned()),
        ruling: if differences.is_empty() { Ruling::Same } else { Ruling::Changed },
        differences,
        reason: None,
    }
}

/// What is learnt of one step from runs with these values at one place.
fn of(path: &str, recorded: &str, replayed: &[&str]) -> Learnt {
    let runs: Vec<Vec<Verdict>> = replayed
        .iter()
        .map(|replayed| {
            let differs = (path, Kind::Value, recorded, *replayed);
            let differs = (recorded != *replayed).then_some(differs);
            vec![verdict("a.0", differs.as_slice())]
        })
        .collect();
    learn(&runs.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

#[test]
fn the_narrowest_rule_that_settles_all_that_was_seen() {
    let cases: &[(&str, &[&str], Proposed)] = &[
        ("100", &["101", "99"], Proposed::Tolerance(4.0)),
        ("1", &["500", "3"], Proposed::Type),
        ("true", &["false", "true"], Proposed::Type),
        (
            r#""took 12 ms""#,
            &[r#""took 9 ms""#, r#""took 104 ms""#],
            Proposed::Regex("^took [0-9]+ ms$".to_owned()),
        ),
        (
            r#""id-0a9f33""#,
            &[r#""id-77b1c2""#, r#""id-001122""#],
            Proposed::Regex(r"^id\-[0-9a-f]{6}$".to_owned()),
        ),
        (
            r#""0b3c1a3e-1111-4d7c-9c55-0123456789ab""#,
            &[
                r#""7b3c1a3e-2222-4d7c-8c55-9123456789ab""#,
                r#""1b3c1a3e-3333-4d7c-ac55-a123456789ab""#,
            ],
            Proposed::Regex(r"^[0-9a-f]{8}\-[0-9]+\-4d7c\-[0-9a-f]+\-[0-9a-f]{12}$".to_owned()),
        ),
        (r#""sunny""#, &[r#""rain""#, r#""light snow""#], Proposed::Type),
        (r#""sunny""#, &[r#""rain""#, r#""snow""#], Proposed::Regex("^[0-9A-Za-z]+$".to_owned())),
    ];
    for (recorded, replayed, wanted) in cases {
        let learnt = of("/result/v", recorded, replayed);
        assert_eq!(learnt.proposals.len(), 1, "{recorded}: {learnt:#?}");
        assert_eq!(&learnt.proposals[0].rule, wanted, "{recorded}");
        assert_eq!(learnt.proposals[0].path, "/result/v");
    }
}

#[test]
fn a_change_that_stays_is_no_noise() {
    let learnt = of("/result/v", "1", &["2", "2"]);
    assert!(learnt.proposals.is_empty(), "{learnt:#?}");
    let left: Vec<&String> = learnt.left.iter().collect();
    assert_eq!(
        left,
        [
            "tools/call x /result/v: differs in the same way each time, which is a change and no noise"
        ]
    );
    // Sometimes it is as recorded: noise.
    assert_eq!(of("/result/v", "1", &["2", "1"]).proposals.len(), 1);
    assert_eq!(of("/result/v", "1", &["1", "1"]), Learnt { runs: 2, ..Learnt::default() });
}

#[test]
fn what_comes_and_goes_is_ignored_and_no_rule_settles_an_outcome() {
    let runs = [
        vec![
            verdict("a.0", &[("/result/hint", Kind::Added, "-", "1")]),
            verdict("b.0", &[("", Kind::Outcome, r#""ok""#, r#""tool-error""#)]),
            Verdict {
                ruling: Ruling::Missing,
                reason: Some("no answer came".to_owned()),
                ..verdict("c.0", &[])
            },
        ],
        vec![verdict("a.0", &[]), verdict("b.0", &[]), verdict("c.0", &[])],
    ];
    let learnt = learn(&[&runs[0], &runs[1]]);
    assert_eq!(learnt.proposals.len(), 1);
    assert_eq!(learnt.proposals[0].rule, Proposed::Ignore);
    let left: Vec<&String> = learnt.left.iter().collect();
    assert_eq!(
        left,
        [
            "tools/call x is missing: no answer came",
            "tools/call x: outcome differs, which no rule settles"
        ]
    );
}

#[test]
fn elements_that_changed_places_are_unordered() {
    let value =
        |path: &'static str, own: &'static str, its: &'static str| (path, Kind::Value, own, its);
    let one = vec![verdict(
        "a.0",
        &[
            value("/result/list/0/id", "1", "3"),
            value("/result/list/2/id", "3", "1"),
            value("/result/list/0/name", r#""a""#, r#""c""#),
            value("/result/list/2/name", r#""c""#, r#""a""#),
            value("/result/took", "5", "900"),
        ],
    )];
    let two = vec![verdict("a.0", &[value("/result/took", "5", "31")])];
    let learnt = learn(&[&one, &two]);
    let told: Vec<_> = learnt.proposals.iter().map(|p| (p.path.as_str(), &p.rule)).collect();
    assert_eq!(told, [("/result/list", &Proposed::Unordered), ("/result/took", &Proposed::Type)]);
}

#[test]
fn places_of_an_array_are_one_where_several_were_seen() {
    let run = |a: &'static str, b: &'static str| {
        vec![verdict(
            "a.0",
            &[
                ("/result/list/0/at", Kind::Value, r#""x 1""#, a),
                ("/result/list/1/at", Kind::Value, r#""x 2""#, b),
            ],
        )]
    };
    let learnt = learn(&[&run(r#""x 3""#, r#""x 4""#), &run(r#""x 5""#, r#""x 6""#)]);
    assert_eq!(learnt.proposals.len(), 1, "{learnt:#?}");
    assert_eq!(learnt.proposals[0].path, "/result/list/*/at");
    assert_eq!(learnt.proposals[0].evidence.times, 4);
    assert_eq!(
        (learnt.proposals[0].evidence.values.len(), learnt.proposals[0].evidence.more),
        (5, 1)
    );
}

#[test]
fn the_file_says_why_and_is_read_back() {
    let odd = "/result/a\"b\n*/~1";
    let runs = [
        vec![
            verdict("a.0", &[(odd, Kind::Value, r#""x\"'1""#, r#""x\"'2""#)]),
            verdict(
                "b.0",
                &[("/result/n", Kind::Value, "10", "10.5"), ("/result/z", Kind::Value, "1", "2")],
            ),
        ],
        vec![
            verdict("a.0", &[(odd, Kind::Value, r#""x\"'1""#, "\"x\\\"'3\"")]),
            verdict("b.0", &[("/result/z", Kind::Value, "1", "2")]),
        ],
    ];
    let learnt = learn(&[&runs[0], &runs[1]]);
    let text = learnt.toml();
    let rules = Rules::parse(&text).expect(&text);
    rules.only(Purpose::Verify).expect("its own");
    assert_eq!(rules.list.len(), 2, "{text}");
    assert!(rules.list.iter().all(|rule| rule.concerns("tools/call", Some("x"))));
    assert!(
        matches!(&rules.list[0].action, Action::Regex(regex) if regex.is_match("x\"'9")),
        "{text}"
    );
    assert!(
        text.ends_with(
            "# Differed in 1 of 2 replays, 1 times in all. Seen:\n#   10\n#   10.5\n[[rule]]\n\
             path = \"/result/n\"\nmethod = \"tools/call\"\nname = \"x\"\ndo = \"tolerance\"\n\
             value = 1.0\n\n# No rule is proposed for:\n# - tools/call x /result/z: differs in the \
             same way each time, which is a change and…\n"
        ),
        "{text}"
    );
}

#[test]
fn too_much_is_counted() {
    let many: Vec<(String, String)> =
        (0..PROPOSALS_CAP + 10).map(|n| (format!("/result/k{n}x"), n.to_string())).collect();
    let run = |add: &str| {
        let differences: Vec<_> = many
            .iter()
            .map(|(path, n)| {
                (path.as_str(), Kind::Value, "\"\"", if add.is_empty() { n.as_str() } else { add })
            })
            .collect();
        vec![verdict("a.0", &differences)]
    };
    let learnt = learn(&[&run(""), &run("\"b\"")]);
    assert_eq!((learnt.proposals.len(), learnt.more), (PROPOSALS_CAP, 10));
    assert_eq!(Rules::parse(&learnt.toml()).expect("rules").list.len(), PROPOSALS_CAP);
    let long = format!("/result/{}", "a".repeat(NAMED_CAP));
    let learnt = of(&long, "1", &["2", "3"]);
    assert_eq!((learnt.proposals.len(), learnt.more), (0, 1));
}

proptest::proptest! {
    #[test]
    fn what_is_proposed_settles_what_was_seen(
        values in proptest::collection::vec("[\"0-9a-z\\\\ .*\n é-]{0,12}", 2..6),
        path in "(/[a-z*\"\\\\ \n~01]{0,4}){1,3}",
    ) {
        let path = path.replace('~', "~0");
        let texts: Vec<String> =
            values.iter().map(|text| serde_json::Value::from(text.as_str()).to_string()).collect();
        let replayed: Vec<&str> = texts[1..].iter().map(String::as_str).collect();
        let learnt = of(&path, &texts[0], &replayed);
        let rules = Rules::parse(&learnt.toml()).expect("it is read back");
        proptest::prop_assert_eq!(rules.list.len(), learnt.proposals.len());
        for proposal in &learnt.proposals {
            proptest::prop_assert!(fits(&proposal.path, &path));
            if let Proposed::Regex(regex) = &proposal.rule {
                let regex = regex::Regex::new(regex).expect("a pattern");
                proptest::prop_assert!(values.iter().all(|text| regex.is_match(text)));
            }
        }
    }
}
