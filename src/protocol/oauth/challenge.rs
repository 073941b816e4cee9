//! `WWW-Authenticate` (RFC 9110 11.6.1), read as clients read it: what breaks the grammar is noted
//! as a flaw, and what can be read beside it is read. A strict parser would drop a whole challenge
//! for one missing comma, and with it the one URL that its reader looks for.

/// Challenges read of one header; the rest of it is left out.
const CHALLENGES_CAP: usize = 32;

/// Parameters read of one challenge; further ones are left out.
const PARAMETERS_CAP: usize = 64;

/// Flaws noted of one header; further ones say nothing new.
const FLAWS_CAP: usize = 8;

/// One challenge: a scheme and what it asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    /// `Bearer`, `DPoP`, as spelled.
    pub scheme: String,
    /// What follows some schemes instead of parameters.
    pub token68: Option<String>,
    /// The parameters in the order of the wire, names in lower case, values unquoted.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The first value of a parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Whether it asks for an OAuth token.
    #[must_use]
    pub fn asks_for_token(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("bearer") || self.scheme.eq_ignore_ascii_case("dpop")
    }
}

/// What a header's value says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenges {
    /// The challenges in the order of the wire.
    pub all: Vec<Challenge>,
    /// Where it breaks the grammar.
    pub flaws: Vec<String>,
}

impl Challenges {
    /// Reads the value of one `WWW-Authenticate` header.
    #[must_use]
    pub fn read(value: &str) -> Self {
        let mut reader = Reader { rest: value, length: value.len(), read: Self::default() };
        while reader.element() {}
        reader.read
    }
}

struct Reader<'a> {
    rest: &'a str,
    length: usize,
    read: Challenges,
}

impl<'a> Reader<'a> {
    /// Reads the next parameter or scheme; false at the end.
    fn element(&mut self) -> bool {
        self.rest = self.rest.trim_start_matches([' ', '\t', ',']);
        if self.rest.is_empty() || self.read.all.len() > CHALLENGES_CAP {
            self.read.all.truncate(CHALLENGES_CAP);
            return false;
        }
        let name = self.take_while(is_token);
        if name.is_empty() {
            self.flaw("an unexpected character");
            self.skip_one();
            return true;
        }
        let after = self.rest.trim_start_matches([' ', '\t']);
        match after.strip_prefix('=') {
            Some(value) if !self.read.all.is_empty() => {
                self.rest = value;
                self.parameter(name);
            }
            Some(value) => {
                self.flaw("a parameter before any scheme");
                self.rest = value;
                self.value();
            }
            None => self.scheme(name),
        }
        true
    }

    fn scheme(&mut self, name: &str) {
        let mut challenge = Challenge { scheme: name.to_owned(), ..Challenge::default() };
        let after = self.rest.trim_start_matches([' ', '\t']);
        let end = after.find(|c| !is_token68(c)).unwrap_or(after.len());
        let (token, rest) = after.split_at(end);
        let padded = rest.trim_start_matches('=');
        let ends = padded.trim_start_matches([' ', '\t']);
        if !token.is_empty() && (ends.is_empty() || ends.starts_with(',')) {
            challenge.token68 = Some(token.to_owned());
            self.rest = padded;
        }
        self.read.all.push(challenge);
    }

    fn parameter(&mut self, name: &str) {
        let value = self.value();
        let name = name.to_ascii_lowercase();
        let Some(challenge) = self.read.all.last_mut() else { return };
        let twice = challenge.get(&name).is_some();
        if challenge.parameters.len() < PARAMETERS_CAP {
            challenge.parameters.push((name, value));
        }
        if twice {
            self.flaw("a parameter given twice");
        }
        let after = self.rest.trim_start_matches([' ', '\t']);
        if !after.is_empty() && !after.starts_with(',') {
            self.flaw("a comma missing between parameters");
        }
    }

    fn value(&mut self) -> String {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        if let Some(quoted) = self.rest.strip_prefix('"') {
            self.rest = quoted;
            return self.quoted();
        }
        let value = self.take_while(|c| !matches!(c, ',' | ' ' | '\t'));
        if value.is_empty() {
            self.flaw("a parameter without a value");
        } else if !value.chars().all(is_token) {
            self.flaw("a value that needs quotes");
        }
        value.trim_end_matches('"').to_owned()
    }

    fn quoted(&mut self) -> String {
        let mut value = String::new();
        let mut chars = self.rest.chars();
        loop {
            match chars.next() {
                Some('"') => break,
                Some('\\') => value.extend(chars.next()),
                Some(c) => value.push(c),
                None => {
                    self.rest = "";
                    self.flaw("a quote that is not closed");
                    return value;
                }
            }
        }
        self.rest = chars.as_str();
        value
    }

    fn take_while(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (part, rest) = self.rest.split_at(end);
        self.rest = rest;
        part
    }

    fn skip_one(&mut self) {
        let mut chars = self.rest.chars();
        chars.next();
        self.rest = chars.as_str();
    }

    fn flaw(&mut self, what: &str) {
        let place = self.length - self.rest.len();
        if self.read.flaws.len() < FLAWS_CAP {
            self.read.flaws.push(format!("{what} at byte {place}"));
        }
    }
}

/// RFC 9110 5.6.2.
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

/// RFC 9110 11.2, its padding apart.
fn is_token68(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~+/".contains(c)
}
