//! What judging by a JSON Schema can cost at most, counted before anything is judged.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// Subschemas of one schema; one with more is not judged.
const NODES_CAP: usize = 20_000;

/// How deep an instance may be; a deeper one is not judged. With `LEVELS_CAP` it bounds the stack.
const DEPTH_CAP: usize = 32;

/// Subschemas within one another, over all levels of an instance.
const LEVELS_CAP: usize = 256;

/// The depths of a schema and of all that it refers to, added up: how deep compiling it may go.
const NESTING_CAP: usize = 600;

/// Subschemas tried, over the whole instance; about a tenth of a second.
const TRIES_CAP: u64 = 2_000_000;

/// Keywords whose subschemas judge a part of the instance, not the instance itself.
const DESCENDING: [&str; 9] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "items",
    "patternProperties",
    "prefixItems",
    "properties",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Keywords whose values are no subschemas, or only by reference.
const APART: [&str; 8] =
    ["$defs", "const", "default", "definitions", "enum", "examples", "required", "type"];

/// Keywords that lead out of the text or depend on the way taken: such schemas are not judged.
const BEYOND: [&str; 4] = ["$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef"];

/// How often subschemas are tried, for each depth of an instance.
#[derive(Clone, Debug)]
pub(super) struct Cost {
    /// By depth from 0: the ways through the schema, and the longest of them.
    at_depth: Vec<(u64, usize)>,
}

/// A subschema: which others judge the same value, and which judge parts of it.
#[derive(Default)]
struct Node {
    same: Vec<usize>,
    parts: Vec<usize>,
}

impl Cost {
    /// Counts; none where it refers to what is elsewhere, or to itself without end.
    pub(super) fn of(schema: &Value) -> Option<Self> {
        let nodes = nodes(schema)?;
        let order = inner_first(&nodes)?;
        let mut above: Vec<(u64, usize)> = vec![(1, 1); nodes.len()];
        let mut at_depth = Vec::with_capacity(DEPTH_CAP);
        for _ in 0..DEPTH_CAP {
            let mut now = vec![(1_u64, 1_usize); nodes.len()];
            for place in &order {
                let node = nodes.get(*place)?;
                let (mut ways, mut longest) = (1_u64, 0);
                let same = node.same.iter().filter_map(|inner| now.get(*inner));
                let parts = node.parts.iter().filter_map(|part| above.get(*part));
                for (more, long) in same.chain(parts) {
                    ways = ways.saturating_add(*more);
                    longest = longest.max(*long);
                }
                *now.get_mut(*place)? = (ways, longest + 1);
            }
            at_depth.push(now.first().copied()?);
            above = now;
        }
        Some(Self { at_depth })
    }

    /// Whether an instance can be judged at a bounded cost. Each way through the schema meets each
    /// value of the instance at most once.
    pub(super) fn admits(&self, instance: &Value) -> bool {
        let (values, depth) = size(instance);
        let Some((ways, longest)) = self.at_depth.get(depth) else { return false };
        *longest <= LEVELS_CAP && ways.saturating_mul(values) <= TRIES_CAP
    }
}

/// All subschemas, the schema itself first.
fn nodes(schema: &Value) -> Option<Vec<Node>> {
    let mut nodes = vec![Node::default()];
    let mut known: HashMap<*const Value, usize> = HashMap::from([(std::ptr::from_ref(schema), 0)]);
    let mut open = vec![schema];
    let mut references = Vec::new();
    let mut unevaluated = 0;
    let mut targets = HashSet::new();
    let mut nesting = depth(schema);
    while let Some(value) = open.pop() {
        let own = *known.get(&std::ptr::from_ref(value))?;
        let is_schema = value.is_object();
        let children: Vec<(&str, &Value)> = match value {
            Value::Object(map) => map.iter().map(|(key, value)| (key.as_str(), value)).collect(),
            Value::Array(list) => list.iter().map(|value| ("", value)).collect(),
            _ => continue,
        };
        for (key, child) in children {
            if is_schema && (BEYOND.contains(&key) || key == "$id" && own != 0) {
                return None;
            }
            unevaluated += usize::from(key.starts_with("unevaluated"));
            if let ("$ref", Value::String(target)) = (key, child) {
                references.push((own, target.as_str()));
            }
            if !matches!(child, Value::Object(_) | Value::Array(_)) {
                continue;
            }
            let place = nodes.len();
            nodes.push(Node::default());
            known.insert(std::ptr::from_ref(child), place);
            open.push(child);
            let node = nodes.get_mut(own)?;
            if DESCENDING.contains(&key) {
                node.parts.push(place);
            } else if !APART.contains(&key) {
                node.same.push(place);
            }
        }
        if nodes.len() > NODES_CAP {
            return None;
        }
    }
    // Each of them judges its neighbours again: within one another that doubles.
    if unevaluated > 1 {
        return None;
    }
    for (from, target) in references {
        let target = schema.pointer(&pointer(target.strip_prefix('#')?)?)?;
        if targets.insert(std::ptr::from_ref(target)) {
            nesting += depth(target);
        }
        let to = known.get(&std::ptr::from_ref(target));
        // A boolean schema has no node, and costs nothing.
        if let Some(to) = to {
            nodes.get_mut(from)?.same.push(*to);
        }
    }
    (nesting <= NESTING_CAP).then_some(nodes)
}

fn depth(value: &Value) -> usize {
    size(value).1 + 1
}

/// A URI fragment as a JSON pointer.
fn pointer(fragment: &str) -> Option<String> {
    let plain = percent_encoding::percent_decode_str(fragment).decode_utf8().ok()?;
    (plain.is_empty() || plain.starts_with('/')).then(|| plain.into_owned())
}

/// An order in which what judges the same value comes before who asks for it; none where that goes
/// round in a circle.
fn inner_first(nodes: &[Node]) -> Option<Vec<usize>> {
    let mut waits: Vec<usize> = nodes.iter().map(|node| node.same.len()).collect();
    let mut asked_by: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for (place, node) in nodes.iter().enumerate() {
        for inner in &node.same {
            asked_by.get_mut(*inner)?.push(place);
        }
    }
    let mut ready: Vec<usize> = waits
        .iter()
        .enumerate()
        .filter(|(_, count)| **count == 0)
        .map(|(place, _)| place)
        .collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(place) = ready.pop() {
        order.push(place);
        for outer in asked_by.get(place)? {
            let count = waits.get_mut(*outer)?;
            *count -= 1;
            if *count == 0 {
                ready.push(*outer);
            }
        }
    }
    (order.len() == nodes.len()).then_some(order)
}

/// How many values an instance has, and how deep they lie.
fn size(instance: &Value) -> (u64, usize) {
    let (mut values, mut deepest) = (0, 0);
    let mut open = vec![(instance, 0)];
    while let Some((value, depth)) = open.pop() {
        values += 1;
        deepest = deepest.max(depth);
        match value {
            Value::Object(map) => open.extend(map.values().map(|value| (value, depth + 1))),
            Value::Array(list) => open.extend(list.iter().map(|value| (value, depth + 1))),
            _ => {}
        }
    }
    (values, deepest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn admits(schema: &Value, instance: &Value) -> bool {
        Cost::of(schema).is_some_and(|cost| cost.admits(instance))
    }

    #[test]
    fn schemas_of_everyday_are_admitted() {
        let tree = json!({
            "$defs": {"node": {"type": "object", "properties": {
                "left": {"$ref": "#/$defs/node"}, "right": {"$ref": "#/$defs/node"}
            }}},
            "$ref": "#/$defs/node"
        });
        assert!(admits(&tree, &json!({"left": {"right": {"left": {}}}})));
        let many: serde_json::Map<String, Value> =
            (0..500).map(|n| (format!("p{n}"), json!({"type": "string"}))).collect();
        assert!(admits(&json!({"type": "object", "properties": many}), &json!({"p1": "x"})));
        // A property may be called like a keyword.
        assert!(admits(
            &json!({"properties": {"$ref": {"type": "string"}, "enum": {}}}),
            &json!({})
        ));
    }

    #[test]
    fn a_schema_that_refers_to_itself_without_end_is_not_judged() {
        assert!(Cost::of(&json!({"$ref": "#"})).is_none());
        assert!(Cost::of(&json!({"allOf": [{"not": {"$ref": "#"}}]})).is_none());
        assert!(Cost::of(&json!({"$ref": "http://example.com/s"})).is_none());
    }

    #[test]
    fn a_schema_that_doubles_with_each_reference_is_not_judged() {
        let doubled: serde_json::Map<String, Value> = (0..40)
            .map(|n| {
                let next = json!({"$ref": format!("#/$defs/d{}", n + 1)});
                (format!("d{n}"), json!({"allOf": [next, next]}))
            })
            .chain([("d40".to_owned(), json!({}))])
            .collect();
        assert!(!admits(&json!({"$defs": doubled, "$ref": "#/$defs/d0"}), &json!(1)));
        let deep = json!({"allOf": [
            {"properties": {"a": {"$ref": "#"}}}, {"properties": {"a": {"$ref": "#"}}}
        ]});
        let mut instance = json!({});
        for _ in 0..25 {
            instance = json!({"a": instance});
        }
        assert!(!admits(&deep, &instance));
        assert!(admits(&deep, &json!({"a": {"a": {}}})));
    }
}
