//! Which methods are MCP's, of any revision and extension (protocol.md §1).

/// Whether a method is MCP's or any `notifications/*`.
pub(crate) fn is_mcp(method: &str) -> bool {
    const FAMILIES: [&str; 5] = ["notifications/", "prompts/", "resources/", "tasks/", "tools/"];
    const OTHERS: [&str; 9] = [
        "completion/complete",
        "elicitation/create",
        "initialize",
        "logging/setLevel",
        "ping",
        "roots/list",
        "sampling/createMessage",
        "server/discover",
        "subscriptions/listen",
    ];
    FAMILIES.iter().any(|family| method.starts_with(family)) || OTHERS.contains(&method)
}
