use super::*;

fn one(fields: &str) -> Result<Rule, RulesError> {
    let mut rules = Rules::parse(&format!("[[rule]]\n{fields}"))?;
    assert_eq!(rules.list.len(), 1);
    Ok(rules.list.remove(0))
}

#[test]
fn each_action_is_read_and_says_whose_it_is() {
    let cases = [
        ("do = 'ignore'", "Ignore", Purpose::Verify),
        ("do = 'type'", "Type", Purpose::Verify),
        ("do = 'regex'\nvalue = '^a+$'", "Regex(Regex(\"^a+$\"))", Purpose::Verify),
        ("do = 'unordered'", "Unordered", Purpose::Verify),
        ("do = 'tolerance'\nvalue = 1", "Tolerance(1.0)", Purpose::Verify),
        ("do = 'tolerance'\nvalue = 0.5", "Tolerance(0.5)", Purpose::Verify),
        ("do = 'redact'", "Redact", Purpose::Redact),
        ("do = 'delay'\nvalue = 1.5", "Delay(1.5s)", Purpose::Faults),
        ("do = 'error'\nvalue = -32603", "Error(-32603)", Purpose::Faults),
        ("do = 'cut'\nvalue = 3", "Cut(3)", Purpose::Faults),
        ("do = 'expire'", "Expire", Purpose::Faults),
    ];
    for (fields, wanted, purpose) in cases {
        let rule = one(fields).expect(fields);
        assert_eq!(format!("{:?}", rule.action), wanted);
        assert_eq!(rule.action.purpose(), purpose, "{fields}");
        assert!(fields.contains(rule.action.as_str()), "{fields}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_its_number_and_reason() {
    let cases = [
        ("do = 'forget'", "`do = \"forget\"` is unknown"),
        ("do = 'regex'", "needs a `value`: a regular expression"),
        ("do = 'regex'\nvalue = 1", "needs a `value`: a regular expression"),
        ("do = 'regex'\nvalue = '('", "unclosed group"),
        ("do = 'regex'\nvalue = '(((a{99}){99}){99})'", "size limit"),
        ("do = 'tolerance'\nvalue = -1", "a number, 0 or more"),
        ("do = 'tolerance'\nvalue = nan", "a number, 0 or more"),
        ("do = 'delay'\nvalue = -1", "seconds"),
        ("do = 'cut'\nvalue = -1", "a number of frames"),
        ("do = 'ignore'\nvalue = 1", "takes no `value`"),
        ("do = 'ignore'\npath = 'result'", "neither `/` nor `$`"),
        ("do = 'ignore'\npath = '/a~b'", "`~0`"),
        ("do = 'ignore'\npath = '$['", "is no path"),
    ];
    for (fields, wanted) in cases {
        let text = format!("[[rule]]\ndo = 'type'\n[[rule]]\n{fields}");
        let error = Rules::parse(&text).expect_err(fields).to_string();
        assert!(error.starts_with("rule 2: ") && error.contains(wanted), "{fields}: {error}");
    }
    for text in
        ["[[rule]]\npath = ''", "[[rule]]\ndo = 'type'\nwhy = 1", "rule = 1", "[", "[[rules]]"]
    {
        let error = Rules::parse(text).expect_err(text);
        assert!(matches!(error, RulesError::Syntax(_)), "{text}: {error}");
    }
    assert!(Rules::parse("").expect("no rules").list.is_empty());
}

#[test]
fn rules_of_somebody_else_are_refused_by_name() {
    let rules = |what: &str| {
        Rules::parse(&format!("[[rule]]\ndo = 'type'\n[[rule]]\n{what}")).expect("rules")
    };
    assert!(rules("do = 'unordered'").only(Purpose::Verify).is_ok());
    let error = rules("do = 'delay'\nvalue = 1").only(Purpose::Verify).expect_err("foreign");
    assert_eq!(
        error.to_string(),
        "rule 2: `do = \"delay\"` has no effect here\nhint: `verify --rules` takes ignore, type, \
         regex, unordered, tolerance, bind, keep"
    );
    let error = rules("do = 'redact'").only(Purpose::Redact).expect_err("foreign");
    assert!(error.to_string().starts_with("rule 1: `do = \"type\"` has no effect here"));
    assert!(rules("do = 'redact'").only(Purpose::Faults).is_err());
    assert!(Rules::default().only(Purpose::Faults).is_ok());
}

#[test]
fn a_rule_speaks_of_methods_and_names_by_globs() {
    let rule = one("do = 'type'\nmethod = 'tools/*'\nname = 'get_*'").expect("a rule");
    assert!(rule.concerns("tools/call", Some("get_time")));
    assert!(!rule.concerns("tools/call", Some("set_time")));
    assert!(!rule.concerns("tools/list", None));
    assert!(!rule.concerns("prompts/get", Some("get_time")));
    let any = one("do = 'type'").expect("a rule");
    assert!(any.concerns("tools/list", None) && any.concerns("", Some("")));
}

#[test]
fn a_star_stands_for_one_step() {
    for (pointer, place, wanted) in [
        ("/a/b", "/a/b", true),
        ("/a/*/b", "/a/0/b", true),
        ("/a/*/b", "/a/0/1/b", false),
        ("/*", "/a", true),
        ("/*", "/a/b", false),
        ("/a", "/a/b", false),
        ("/a/b", "/a", false),
        ("", "", true),
        ("", "/a", false),
        ("/", "/", true),
        ("/a~1b/*", "/a~1b/c", true),
        ("/a/*", "/a/", true),
        ("/*/b", "//b", true),
        ("/a*", "/ab", false),
        ("/a*", "/a*", true),
        ("/*b", "/ab", false),
        ("/a/*/*", "/a/b/c", true),
        ("/a/*/*", "/a/b", false),
    ] {
        assert_eq!(fits(pointer, place), wanted, "{pointer} {place}");
    }
}

#[test]
fn rfc_9535_finds_its_places_and_a_pointer_is_its_own() {
    let message =
        serde_json::json!({ "result": { "list": [{ "a/b": 1 }, { "a/b": 2, "t": "x" }] } });
    let places = |path: &str| Selector::parse(path).expect(path).places(&message);
    let found = |all: &[&str]| all.iter().map(|place| (*place).to_owned()).collect();
    assert_eq!(places("$..['a/b']"), found(&["/result/list/0/a~1b", "/result/list/1/a~1b"]));
    assert_eq!(places("$.result.list[?@.t == 'x']"), found(&["/result/list/1"]));
    assert_eq!(places("$.none"), found(&[]));
    assert_eq!(places("$"), found(&[""]));
    assert_eq!(places("/result/none"), found(&["/result/none"]));
}

#[test]
fn a_file_is_bounded_in_bytes_rules_and_depth() {
    let rule = "[[rule]]\ndo = 'type'\n";
    assert_eq!(Rules::parse(&rule.repeat(RULES_CAP)).expect("rules").list.len(), RULES_CAP);
    let too_many = |text: &str| matches!(Rules::parse(text), Err(RulesError::TooMany));
    assert!(too_many(&rule.repeat(RULES_CAP + 1)));
    assert!(too_many(&"#".repeat(BYTES_CAP + 1)));
    for path in ["/a".repeat(PATH_CAP), format!("$[?{}", "(".repeat(PATH_CAP))] {
        let error = Selector::parse(&path).expect_err("too long").to_string();
        assert!(error.contains("longer than") && error.len() < 300, "{error}");
    }
    // As deep as the bound allows: an error, and no stack that is used up.
    for nested in [NESTED_CAP - 1, NESTED_CAP, PATH_CAP - 9] {
        assert!(Selector::parse(&format!("$[?{}", "(".repeat(nested))).is_err());
        assert!(Selector::parse(&format!("$[?{}@.a", "!".repeat(nested))).is_err());
        assert!(Selector::parse(&format!("${}", "[?@".repeat(nested))).is_err());
    }
    let deep = format!("rule = {}", "[".repeat(100_000));
    assert!(Rules::parse(&deep).is_err());
}

proptest::proptest! {
    #[test]
    fn nothing_in_a_file_panics(text in ".{0,200}", path in ".{0,60}", query in "[$.@?*()\\[\\]'a0-9!=<>&|, -]{0,60}") {
        let _ = Rules::parse(&text);
        let _ = Selector::parse(&path);
        if let Ok(selector) = Selector::parse(&format!("${query}")) {
            let _ = selector.places(&serde_json::json!({ "a": [0, { "a": 1 }] }));
        }
    }
}
