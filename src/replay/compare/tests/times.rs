//! What is the clock's (transcripts begin at 2026-11-20T10:00:00Z).

use super::*;

/// Whether two texts of a result are the same, and whether the place is listed.
fn texts(own: &str, its: &str) -> (bool, bool) {
    let text = |text: &str| result(&serde_json::json!({ "t": text }).to_string());
    values(&text(own), &text(its))
}

fn numbers(own: &str, its: &str) -> (bool, bool) {
    let number = |number: &str| result(&format!(r#"{{"t":{number}}}"#));
    values(&number(own), &number(its))
}

fn values(own: &Story, its: &Story) -> (bool, bool) {
    let (told, ignored) = Wanted::default().judged(own, its);
    let (back, _) = Wanted::default().judged(its, own);
    assert_eq!(told[0], back[0], "either way");
    (told == ["same"], ignored == ["/result/t"])
}

#[test]
fn a_time_near_its_exchange_is_compared_by_its_form() {
    for (own, its) in [
        ("2026-11-20T10:00:00Z", "2026-11-21T09:59:59.123Z"),
        ("2026-11-20T10:00:00+02:00", "2026-11-20T11:00:00.000001+02:00"),
        ("2026-11-20 10:00:00", "2026-11-20 23:11:00"),
        ("2026-11-20T10:00", "2026-11-20T10:01"),
        ("2026-11-20", "2026-11-21"),
        ("20261120T100000Z", "20261120T100001Z"),
        ("Fri, 20 Nov 2026 10:00:00 GMT", "Fri, 20 Nov 2026 10:00:09 GMT"),
        ("Fri, 20 Nov 2026 10:00:00 +0000", "Sat, 21 Nov 2026 09:00:09 +0000"),
        ("Fri Nov 20 10:00:00 2026", "Sat Nov 21  9:00:00 2026".replace("  9", " 09").as_str()),
        (
            "Fri Nov 20 2026 10:00:00 GMT+0000 (Coordinated Universal Time)",
            "Fri Nov 20 2026 10:00:01 GMT+0000 (Coordinated Universal Time)",
        ),
        ("1795168800", "1795168801"),
        ("1795168800000", "1795168800999"),
        ("1795168800.25", "1795168801.5"),
        ("done at 2026-11-20T10:00:00Z by a", "done at 2026-11-20T10:00:01Z by a"),
        ("from 1795168800 to 1795168900!", "from 1795168801 to 1795168901!"),
        ("job_1795168800123_7", "job_1795168800456_7"),
    ] {
        assert_eq!(texts(own, its), (true, true), "{own} | {its}");
        assert_eq!(texts(own, own), (true, true), "{own}: listed where it is the same, too");
    }
    for (own, its) in [
        ("1795168800", "1795168801"),
        ("1795168800123", "1795168801123"),
        ("1795168800.123", "1795168801.0"),
        ("1795168800123456", "1795168800123457"),
        ("1795168800123456789", "1795168800123456790"),
    ] {
        assert_eq!(numbers(own, its), (true, true), "{own} | {its}");
    }
}

#[test]
fn what_is_far_or_of_another_form_or_between_is_data() {
    for (own, its) in [
        ("2026-11-18T10:00:00Z", "2026-11-18T10:00:01Z"),
        ("2026-11-20T10:00:00Z", "2026-11-18T10:00:00Z"),
        ("2026-11-20T10:00:00Z", "2026-11-20"),
        ("2026-11-20T10:00:00Z", "1795168800"),
        ("2026-11-20T10:00:00Z", "never"),
        ("2026-11-20T10:00:00Z", "2026-11-20T25:00:00Z"),
        ("2026-11-20", "2026-13-20"),
        ("a 2026-11-20T10:00:00Z", "b 2026-11-20T10:00:01Z"),
        ("1795168800", "17951688000"),
        ("1795168800", "2795168800"),
        ("at 1795168800 n 1", "at 1795168801 n 2"),
        ("2026-11-20T10:00:00Z 2020-01-01", "2026-11-20T10:00:01Z 2020-01-02"),
        ("2026-11-20", "2026-11-20 and 2026-11-21"),
    ] {
        assert!(!texts(own, its).0, "{own} | {its}");
    }
    assert_eq!(numbers("1495168800", "1495168801"), (false, false));
    assert_eq!(numbers("1795168800", "1795168800123"), (false, false));
    // A date that is fixed is the same on any day.
    assert_eq!(texts("2020-01-01", "2020-01-01"), (true, false));
}
