//! JSON Schema, by a library, kept from harm: schemas and instances come from strangers.
//!
//! Nothing is fetched, and nothing is judged whose cost cannot be bounded before it is run: a
//! schema may double its work with each `$ref`, or refer to itself without end. [`Cost`] counts
//! that over the schema alone.

use std::collections::HashMap;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use crate::{
    capture::redact::placeholders_in,
    protocol::{problems::transport::cost::Cost, seen::quote},
};

/// The longest schema that is compiled, in bytes; arguments and results of larger ones are not
/// judged.
const SCHEMA_CAP: usize = 256 << 10;

/// The longest instance that is judged, in bytes; larger ones are not.
const INSTANCE_CAP: usize = 1 << 20;

/// Schemas compiled for one session; what further ones describe is not judged.
const SCHEMAS_CAP: usize = 1_000;

/// Steps that a regular expression of a schema may go back on one text; beyond it the text counts
/// as not matching, and such findings are left out.
const BACKTRACK_CAP: usize = 10_000;

/// The size of one compiled regular expression, in bytes; a schema with a larger one is invalid.
const PATTERN_CAP: usize = 1 << 20;

/// Violations that one finding names; the others are left out.
const NAMED_CAP: usize = 3;

/// The schemas of a session, each compiled once.
#[derive(Default)]
pub(super) struct Schemas<'a> {
    compiled: HashMap<&'a str, Compiled>,
}

/// What became of a schema.
pub(super) enum Compiled {
    /// It can judge.
    Ready(Box<Validator>, Cost),
    /// It is no valid schema: why.
    Invalid(String),
    /// It is too large or too costly, or needs what is elsewhere.
    Unjudged,
}

impl<'a> Schemas<'a> {
    /// A schema by its text; none where there are too many.
    pub(super) fn get(&mut self, text: &'a str) -> Option<&Compiled> {
        if !self.compiled.contains_key(text) {
            if self.compiled.len() >= SCHEMAS_CAP {
                return None;
            }
            self.compiled.insert(text, Compiled::of(text));
        }
        self.compiled.get(text)
    }

    /// What is wrong with an instance, in words that do not repeat its values; none where nothing
    /// is, or where that cannot be said.
    pub(super) fn violations(&mut self, schema: &'a str, instance: &str) -> Option<String> {
        let Compiled::Ready(validator, cost) = self.get(schema)? else { return None };
        if instance.len() > INSTANCE_CAP {
            return None;
        }
        let instance: Value = serde_json::from_str(instance).ok()?;
        if !cost.admits(&instance) || validator.is_valid(&instance) {
            return None;
        }
        let errors = validator.iter_errors(&instance).filter(|error| !is_redacted(error));
        let named: Vec<String> = errors
            .take(NAMED_CAP)
            .map(|error| {
                let path = error.instance_path().to_string();
                format!(
                    "{}: {}",
                    if path.is_empty() { "/" } else { &path },
                    quote(&error.masked().to_string())
                )
            })
            .collect();
        (!named.is_empty()).then(|| named.join("; "))
    }
}

impl Compiled {
    fn of(text: &str) -> Self {
        if text.len() > SCHEMA_CAP {
            return Self::Unjudged;
        }
        let schema: Value = match serde_json::from_str(text) {
            Ok(schema) => schema,
            Err(error) if error.to_string().contains("recursion") => return Self::Unjudged,
            Err(error) => return Self::Invalid(error.to_string()),
        };
        if !schema.is_object() {
            return Self::Invalid("it is no object".to_owned());
        }
        let Some(cost) = Cost::of(&schema) else { return Self::Unjudged };
        // Formats are annotations in the default dialect, and what is a date differs by library.
        let options = jsonschema::options().offline().should_validate_formats(false);
        let patterns =
            PatternOptions::fancy_regex().backtrack_limit(BACKTRACK_CAP).size_limit(PATTERN_CAP);
        match options.with_pattern_options(patterns).build(&schema) {
            Ok(validator) => Self::Ready(Box::new(validator), cost),
            Err(error) => Self::Invalid(quote(&error.to_string())),
        }
    }
}

/// A placeholder stands where the value was: what it violates, the value may not have. Nor is it
/// a violation that a pattern took too long.
fn is_redacted(error: &jsonschema::ValidationError<'_>) -> bool {
    use jsonschema::error::ValidationErrorKind as Kind;
    let placeholder = |value: &Value| {
        value.as_str().is_some_and(|text| placeholders_in(text.as_bytes()).next().is_some())
    };
    let inside = match error.instance() {
        value if placeholder(value) => true,
        value => {
            matches!(
                error.kind(),
                Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } | Kind::Not { .. }
            ) && placeholders_in(value.to_string().as_bytes()).next().is_some()
        }
    };
    inside || matches!(error.kind(), Kind::BacktrackLimitExceeded { .. })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn violations(schema: &Value, instance: &Value) -> Option<String> {
        let schema = schema.to_string();
        Schemas::default().violations(&schema, &instance.to_string())
    }

    #[test]
    fn what_is_wrong_is_said_without_the_values() {
        let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
        let said = violations(&schema, &json!({"n": "my secret"})).expect("a violation");
        assert!(said.contains("/n") && said.contains("integer"), "{said}");
        assert!(!said.contains("secret"), "{said}");
        assert_eq!(violations(&schema, &json!({"n": 1})), None);
    }

    #[test]
    fn hostile_schemas_are_passed_over() {
        // The deepest that is admitted, in a test's thread of 2 MiB and without optimisation.
        let chain = |length: usize| {
            let defs: serde_json::Map<String, Value> = (0..length)
                .map(|n| {
                    (
                        format!("d{n}"),
                        json!({"properties": {"a": {"$ref": format!("#/$defs/d{}", n + 1)}}}),
                    )
                })
                .chain([(format!("d{length}"), json!({"type": "object"}))])
                .collect();
            json!({"$defs": defs, "$ref": "#/$defs/d0"})
        };
        let mut deep = json!(1);
        for _ in 0..28 {
            deep = json!({"a": deep});
        }
        assert!(violations(&chain(28), &deep).is_some());
        assert_eq!(violations(&chain(28), &json!({"a": {}})), None);
        for schema in
            [chain(140), chain(4_000), json!({"$ref": "#"}), json!({"items": {"$ref": "#"}})]
        {
            let text = schema.to_string();
            let _ = Compiled::of(&text);
            violations(&schema, &deep);
        }
        let mut nested = json!({});
        for _ in 0..60 {
            nested = json!({"not": {"properties": {"a": nested}}});
        }
        violations(&nested, &deep);
        let slow = json!({"type": "object", "properties": {"a": {"pattern": "^(?=a)(a+)+b$"}}});
        // It ends: what the engine gave up on is left out, what it could tell is told.
        assert!(violations(&slow, &json!({"a": "a".repeat(60)})).is_some());
        assert_eq!(violations(&slow, &json!({"a": "aab"})), None);
    }
}
