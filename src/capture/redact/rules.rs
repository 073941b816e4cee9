//! What is a secret, by its name (protocol.md §4, "Redact always"). Tables only.

/// Headers whose values are secret whatever they look like.
const SECRET_HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "dpop",
    "dpop-nonce",
    "x-api-key",
    "api-key",
    "x-auth-token",
];

/// A header with one of these in its name is secret.
const SECRET_WORDS: &[&str] = &["token", "secret", "key", "auth", "password"];

/// Headers that a secret word names by accident: challenges, which replay needs, HTTP/2's
/// authority, a WebSocket's nonce.
const OPEN_HEADERS: &[&str] = &[
    "www-authenticate",
    "proxy-authenticate",
    ":authority",
    "author",
    "sec-websocket-key",
    "sec-websocket-accept",
];

/// Headers that carry a URL or a path. `Mcp-Name` is none: names stay as they are.
const URL_HEADERS: &[&str] = &["location", "content-location", "referer", "link", "refresh"];

/// Headers that carry a session id, by the houses' spellings (protocol.md §9).
const SESSION_HEADERS: &[&str] = &[
    "mcp-session-id",
    "x-mcp-session-id",
    "x-mcp-session",
    "x-session-id",
    "session-id",
    "mcp-connection-id",
];

/// Keys whose string values are secret in any JSON.
const JSON_KEYS: &[&str] = &[
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "api_key",
    "apikey",
    "password",
    "secret",
    "authorization",
];

/// Keys whose values are secret in URLs, form bodies and the bodies of OAuth legs.
const OAUTH_KEYS: &[&str] = &[
    "access_token",
    "actor_token",
    "api_key",
    "apikey",
    "assertion",
    "authorization",
    "client_assertion",
    "client_secret",
    "code",
    "code_challenge",
    "code_verifier",
    "device_code",
    "id_token",
    "key",
    "login_hint",
    "nonce",
    "password",
    "refresh_token",
    "registration_access_token",
    "registration_client_uri",
    "request",
    "request_uri",
    "secret",
    "sig",
    "signature",
    "state",
    "subject_token",
    "token",
    "user_code",
    "username",
    "x_amz_credential",
    "x_amz_security_token",
    "x_amz_signature",
    "x_goog_credential",
    "x_goog_signature",
];

/// Keys whose values stand for a person's session or task: secret where a recording leaves home,
/// whole in reading verbs (faces.md). Lower case, with the word of their placeholder.
const IDENTITY_KEYS: &[(&str, &str)] = &[
    ("sessionid", "session"),
    ("session_id", "session"),
    ("requeststate", "request-state"),
    ("taskid", "task"),
    ("elicitationid", "elicitation"),
];

/// A client's name at an authorisation server: pseudonymous, so it goes as the ids above do, in
/// legs of OAuth and in URLs. One that is a URL is public: it is where the client's metadata is.
const CLIENT_ID: &str = "client_id";

/// The longest key in the tables; what is longer needs no look.
pub(super) const LONGEST_KEY: usize = 32;

/// How a header's value is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderRule {
    /// Shown as it is.
    Open,
    /// A credential, perhaps behind a scheme word.
    Credential,
    /// Secret as a whole.
    Whole,
    /// The values of cookies.
    Cookies,
    /// The value of a cookie that is set, not its attributes.
    SetCookie,
    /// A session id.
    Session,
    /// A URL: its parts are looked at.
    Url,
}

/// The rule for a header, whatever the case of its name.
pub(super) fn header(name: &str) -> HeaderRule {
    let same = |known: &&str| known.eq_ignore_ascii_case(name);
    let is = |list: &[&str]| list.iter().any(same);
    if is(OPEN_HEADERS) {
        HeaderRule::Open
    } else if is(SESSION_HEADERS) {
        HeaderRule::Session
    } else if same(&"cookie") {
        HeaderRule::Cookies
    } else if same(&"set-cookie") {
        HeaderRule::SetCookie
    } else if same(&"authorization") || same(&"proxy-authorization") {
        HeaderRule::Credential
    } else if is(SECRET_HEADERS) {
        HeaderRule::Whole
    } else if has_secret_word(name.as_bytes()) {
        HeaderRule::Credential
    } else if is(URL_HEADERS) {
        HeaderRule::Url
    } else {
        HeaderRule::Open
    }
}

/// Asked of every header that passes while lines are printed: most letters begin none of the words.
fn has_secret_word(name: &[u8]) -> bool {
    (0..name.len()).any(|at| {
        let rest = name.get(at..).unwrap_or_default();
        let begins =
            |word: &&[u8]| word.first() == rest.first().map(u8::to_ascii_lowercase).as_ref();
        SECRET_WORDS
            .iter()
            .map(|word| word.as_bytes())
            .filter(begins)
            .any(|word| rest.get(..word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word)))
    })
}

/// Which names are secret in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    /// The long list of OAuth legs rather than JSON-RPC's short one.
    pub(super) oauth: bool,
    /// Session, task and elicitation ids too.
    pub(super) identities: bool,
}

impl Keys {
    /// The word of the placeholder for a key's value; none where it is no secret.
    pub(super) fn kind(self, key: &[u8]) -> Option<&'static str> {
        if key.len() > LONGEST_KEY {
            return None;
        }
        let (list, first_letters) = if self.oauth {
            (OAUTH_KEYS, const { first_letters(OAUTH_KEYS) })
        } else {
            (JSON_KEYS, const { first_letters(JSON_KEYS) })
        };
        // Asked of every key of a text: most begin as none of the tables does.
        let first = key.iter().find(|byte| !matches!(byte, b'_' | b'-'))?.to_ascii_lowercase();
        let secret = (letter_bit(first) & first_letters != 0)
            .then(|| {
                let mut begin_so =
                    list.iter().filter(|known| known.as_bytes().first() == Some(&first));
                begin_so.find(|known| is_same(known, key)).copied()
            })
            .flatten();
        let identity = || {
            let found = IDENTITY_KEYS.iter().find(|(known, _)| is_same(known, key));
            let found = found.map(|(_, kind)| *kind);
            let client = || (self.oauth && is_same(CLIENT_ID, key)).then_some(CLIENT_ID);
            found.or_else(client)
        };
        secret.or_else(|| self.identities.then(identity).flatten())
    }
}

/// The letters with which keys begin, a bit each.
const fn first_letters(keys: &[&str]) -> u32 {
    let (mut letters, mut place) = (0, 0);
    while place < keys.len() {
        letters |= letter_bit(keys[place].as_bytes()[0]);
        place += 1;
    }
    letters
}

/// The bit of a letter, whatever its case; none for what is no letter.
const fn letter_bit(byte: u8) -> u32 {
    if byte.is_ascii_alphabetic() { 1 << (byte.to_ascii_lowercase() - b'a') } else { 0 }
}

/// Whether a placeholder's word is that of a key.
pub(super) fn is_kind(kind: &str) -> bool {
    JSON_KEYS.contains(&kind) || OAUTH_KEYS.contains(&kind)
}

/// A value that stays under a key that says otherwise: a client's name that is a URL.
pub(super) fn is_public(kind: &str, value: &[u8]) -> bool {
    kind == CLIENT_ID && (value.starts_with(b"https://") || value.starts_with(b"http://"))
}

/// The same name, however its words are put together: `access_token`, `accessToken`,
/// `Access-Token`.
fn is_same(known: &str, key: &[u8]) -> bool {
    let letter = |byte: &u8| (!matches!(byte, b'_' | b'-')).then(|| byte.to_ascii_lowercase());
    known.as_bytes().iter().filter_map(letter).eq(key.iter().filter_map(letter))
}

/// Whether a path segment looks like a key or a session id that a host put into the URL: 14 hex
/// digits and more, a UUID, or 20 and more letters and digits mixed without a separator.
pub(super) fn looks_like_key(segment: &str) -> bool {
    let bytes = segment.as_bytes();
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = bytes.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let mixed = digits >= 2 && letters >= 1;
    let hex = bytes.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-');
    let dashes = bytes.len() - bytes.iter().filter(|b| **b != b'-').count();
    let uuid = hex && bytes.len() == 36 && dashes == 4;
    let plain = digits + letters == bytes.len();
    uuid || mixed && plain && (hex && bytes.len() >= 14 || bytes.len() >= 20)
}

/// Whether a URL and a request's media type are those of a leg of OAuth: the endpoints that carry
/// credentials, by the names that servers give them.
pub(super) fn is_oauth_leg(url: &str, request_media: Option<&str>) -> bool {
    const ENDPOINTS: &[&str] = &[
        "authorize",
        "token",
        "register",
        "revoke",
        "introspect",
        "userinfo",
        "par",
        "device",
        "device_authorization",
        "callback",
    ];
    let path = url.split(['?', '#']).next().unwrap_or("");
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    ENDPOINTS.contains(&last) || request_media == Some("application/x-www-form-urlencoded")
}
