//! Mermaid's grammar, as far as a diagram of messages needs it. The real parser reads what is exported
//! where it is installed (`tests/sdk/mermaid.rs`).

/// Reads a sequence diagram by mermaid's grammar (sequenceDiagram.jison), as far as a diagram of
/// messages needs it: how many arrows there are, or the line that it would refuse.
pub(super) fn arrows(text: &str) -> Result<usize, String> {
    let mut lines = text.lines();
    let mut actors = Vec::new();
    let mut arrows = 0;
    if lines.next() != Some("sequenceDiagram") {
        return Err("it begins with sequenceDiagram".to_owned());
    }
    for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
        let refused = || line.to_owned();
        if let Some(named) = line.strip_prefix("participant ") {
            let (actor, alias) = named.split_once(" as ").ok_or_else(refused)?;
            actors.push(actor.to_owned());
            is_text(alias).then_some(()).ok_or_else(refused)?;
            continue;
        }
        let (statement, said) = line.split_once(": ").ok_or_else(refused)?;
        is_text(said).then_some(()).ok_or_else(refused)?;
        let is_known = |actor: &str| actors.iter().any(|known| known == actor);
        let about = ["Note over ", "Note right of ", "Note left of "];
        let named: Vec<&str> =
            if let Some(of) = about.iter().find_map(|note| statement.strip_prefix(note)) {
                of.split(',').collect()
            } else {
                arrows += 1;
                // The longest first: `->>` is no `->` and a `>`.
                let arrow = ["-->>", "->>", "--x", "-x", "--)", "-)", "-->", "->"];
                let arrow = arrow.iter().find_map(|arrow| statement.split_once(arrow));
                arrow.map(|(from, to)| vec![from, to]).ok_or_else(refused)?
            };
        if !named.into_iter().all(is_known) {
            return Err(refused());
        }
    }
    Ok(arrows)
}

/// A text ends with `;` or the line, and `#` begins an entity: `#59;`.
fn is_text(text: &str) -> bool {
    let mut rest = text;
    while let Some((before, entity)) = rest.split_once('#') {
        let Some((digits, after)) = entity.split_once(';') else { return false };
        let is_entity = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if before.contains(';') || !is_entity {
            return false;
        }
        rest = after;
    }
    !text.trim().is_empty() && !rest.contains(';') && !text.contains("%%{")
}

#[test]
fn a_line_that_is_no_mermaid_is_refused() {
    let begins = "sequenceDiagram\n    participant a as A\n    participant b as B\n";
    for (line, counts) in [
        ("a->>b: x", Some(1)),
        ("b--xa: x#59; y", Some(1)),
        ("Note over a,b: x", Some(0)),
        ("a->>b: x; y", None),
        ("a->>b: x # y", None),
        ("a->>b:", None),
        ("a->>c: x", None),
        ("a=>>b: x", None),
    ] {
        assert_eq!(arrows(&format!("{begins}    {line}\n")).ok(), counts, "{line}");
    }
}
