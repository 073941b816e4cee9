use super::compact;

#[test]
fn a_payload_is_one_line_with_numbers_and_order_as_on_the_wire() {
    let table = [
        ("{ \"b\" : 1.50,\r\n\t\"a\":\"x \\\" y\" }", r#"{"b":1.50,"a":"x \" y"}"#),
        ("12345678901234567890123", "12345678901234567890123"),
        (r#"{"a":1,"a":2}"#, r#"{"a":1,"a":2}"#),
        ("no JSON", r#""no JSON""#),
    ];
    for (wire, line) in table {
        assert_eq!(compact(wire.as_bytes()).get(), line);
    }
}
