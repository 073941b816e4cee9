use super::*;
use crate::{capture::ExchangeId, replay::compare::Kind};

fn verdict(method: &str, name: Option<&str>, ruling: Ruling) -> Verdict {
    let id: ExchangeId = "019a9f00-0000-7000-8000-000000000001".parse().expect("an id");
    Verdict {
        session: id,
        exchange: id,
        message: (ruling != Ruling::Extra).then(|| format!("{id}.0")),
        method: method.to_owned(),
        name: name.map(str::to_owned),
        ruling,
        differences: Vec::new(),
        reason: None,
    }
}

fn changed(differences: &[(&str, Kind, Option<&str>, Option<&str>)]) -> Verdict {
    let own = |text: Option<&str>| text.map(str::to_owned);
    let differences = differences.iter().map(|(path, kind, recorded, replayed)| Difference {
        path: (*path).to_owned(),
        kind: *kind,
        recorded: own(*recorded),
        replayed: own(*replayed),
        message: None,
    });
    let differences = differences.collect();
    Verdict { differences, ..verdict("tools/call", Some("add"), Ruling::Changed) }
}

fn reports() -> Vec<Report> {
    let skipped = Verdict {
        reason: Some("`send_mail` may have side effects".to_owned()),
        ..verdict("tools/call", Some("send_mail"), Ruling::Skipped)
    };
    let hostile = changed(&[
        (
            "/result/content/0/text",
            Kind::Value,
            Some("\"a | `b`\""),
            Some("\"<script>\\u001b[31m\""),
        ),
        ("/result/isError", Kind::Added, None, Some("true")),
    ]);
    vec![
        Report {
            tape: "good.tape.jsonl".to_owned(),
            verdicts: vec![verdict("initialize", None, Ruling::Same)],
            compared: 1,
            of: 1,
            ..Report::default()
        },
        Report {
            tape: "bad.tape.jsonl".to_owned(),
            verdicts: vec![
                verdict("initialize", None, Ruling::Same),
                hostile,
                skipped,
                verdict("notifications/message", None, Ruling::Extra),
            ],
            compared: 2,
            of: 3,
            skipped: 1,
            ignored_paths: BTreeSet::from(["/result/ttlMs".to_owned()]),
            ..Report::default()
        },
    ]
}

#[test]
fn junit_has_a_testcase_for_each_step_and_the_differences_in_its_failure() {
    insta::assert_snapshot!(junit(&reports()).expect("XML"));
}

#[test]
fn markdown_shows_what_is_not_the_same_and_neither_side_writes_markup() {
    insta::assert_snapshot!(markdown(&reports()));
}

#[test]
fn words_that_changed_stand_out() {
    use Part::{Gone, New, Same};
    let told = words("the cat sat on the mat", "the dog sat on the mat");
    let own = str::to_owned;
    assert_eq!(
        told,
        [Same(own("the ")), Gone(own("cat")), New(own("dog")), Same(own(" sat on the mat"))]
    );
    assert_eq!(words("same", "same"), [Same(own("same"))]);
}
