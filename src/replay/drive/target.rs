//! Where recorded URLs lie now: `--to` stands for the recorded endpoint, other paths of its origin
//! move along (faces.md, Tapes).

use url::Url;

use super::DriveError;

/// What `--to` names: to be checked before anything is read that takes its time.
///
/// # Errors
///
/// It is no URL of HTTP.
pub fn endpoint(to: &str) -> Result<Url, DriveError> {
    let url = Url::parse(to).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.fragment().is_none()
    });
    url.ok_or(DriveError::To)
}

/// The recorded endpoint, and the one that takes its place.
#[derive(Clone, Debug)]
pub(super) struct Target {
    recorded: Url,
    to: Url,
    /// `--to` names a path of its own.
    has_path: bool,
}

impl Target {
    pub(super) fn new(recorded: &str, to: &str) -> Result<Self, DriveError> {
        let to = endpoint(to)?;
        let recorded = Url::parse(recorded).map_err(|_| DriveError::NoEndpoint)?;
        let has_path = to.path() != "/" || to.query().is_some();
        Ok(Self { recorded, to, has_path })
    }

    /// The URL for a recorded one. `fill` puts fresh values into text of the recording; it is not
    /// asked about what `--to` says itself.
    pub(super) fn url(
        &self,
        recorded: &str,
        fill: impl Fn(&str) -> Result<String, String>,
    ) -> Result<Url, String> {
        let old = Url::parse(recorded).map_err(|error| format!("its URL is none: {error}"))?;
        if old.origin() != self.recorded.origin() {
            let origin = old.origin().ascii_serialization();
            return Err(format!(
                "it went to another origin, {origin}, which --to does not stand for"
            ));
        }
        let is_endpoint = self.has_path && old.path() == self.recorded.path();
        let mut url = if is_endpoint {
            self.to.clone()
        } else {
            let mut url = Url::parse(&fill(recorded)?).map_err(|error| error.to_string())?;
            self.move_to(&mut url)?;
            url
        };
        if is_endpoint
            && self.to.query().is_none()
            && let Some(query) = old.query()
        {
            let filled = fill(&query.replace("%7B%7B", "{{").replace("%7D%7D", "}}"))?;
            url.set_query(Some(&filled));
        }
        Ok(url)
    }

    /// A URL that the live server named. Clients refuse one of another origin (protocol.md §2).
    pub(super) fn named(&self, text: &str, base: &Url) -> Result<Url, String> {
        let url =
            base.join(text.trim()).map_err(|error| format!("the endpoint is no URL: {error}"))?;
        if url.origin() == self.to.origin() {
            Ok(url)
        } else {
            let origin = url.origin().ascii_serialization();
            Err(format!("the endpoint leads to another origin, {origin}: clients refuse it"))
        }
    }

    /// Segments of the recorded endpoint's path with what stands in their place: ids in URLs.
    pub(super) fn segments(&self) -> Vec<(String, String)> {
        let path = |url: &Url| -> Vec<String> {
            let plain = url.path().replace("%7B%7B", "{{").replace("%7D%7D", "}}");
            plain.split('/').map(str::to_owned).collect()
        };
        let (old, new) = (path(&self.recorded), path(&self.to));
        if !self.has_path || old.len() != new.len() {
            return Vec::new();
        }
        let pairs = old.into_iter().zip(new);
        pairs.filter(|(old, new)| old != new && !old.is_empty() && !new.is_empty()).collect()
    }

    /// The recorded origin, and the one that takes its place.
    pub(super) fn origins(&self) -> (String, String) {
        let text = |url: &Url| url.origin().ascii_serialization();
        (text(&self.recorded), text(&self.to))
    }

    fn move_to(&self, url: &mut Url) -> Result<(), String> {
        let wrong = || "its URL cannot be moved to --to".to_owned();
        // Userinfo of a recording is a credential.
        let _ = (url.set_username(self.to.username()), url.set_password(self.to.password()));
        url.set_scheme(self.to.scheme()).map_err(|()| wrong())?;
        url.set_host(self.to.host_str()).map_err(|_| wrong())?;
        url.set_port(self.to.port()).map_err(|()| wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_stands_for_the_endpoint_and_its_origin_moves_along() {
        let table = [
            ("http://old:1/mcp", "http://new:2", "http://old:1/mcp", "http://new:2/mcp"),
            ("http://old:1/mcp", "http://new:2/", "http://old:1/mcp?a=1", "http://new:2/mcp?a=1"),
            ("http://old:1/mcp", "https://new/v2", "http://old:1/mcp", "https://new/v2"),
            (
                "http://old:1/mcp",
                "https://new/v2?k=1",
                "http://old:1/mcp?k=0",
                "https://new/v2?k=1",
            ),
            (
                "http://old:1/sse",
                "http://new/x/sse",
                "http://old:1/messages?s=1",
                "http://new/messages?s=1",
            ),
            (
                "http://h/{{session:1}}/mcp",
                "http://n/ab/mcp",
                "http://h/{{session:1}}/mcp",
                "http://n/ab/mcp",
            ),
        ];
        for (endpoint, to, recorded, expected) in table {
            let target = Target::new(endpoint, to).expect("both are URLs");
            let url = target.url(recorded, |text| Ok(text.to_owned())).expect(recorded);
            assert_eq!(url.as_str(), expected);
        }
        let target = Target::new("http://h/{{session:1}}/mcp", "http://n/ab/mcp").expect("URLs");
        assert_eq!(target.segments(), [("{{session:1}}".to_owned(), "ab".to_owned())]);
        assert!(target.url("http://elsewhere/token", |text| Ok(text.to_owned())).is_err());
        let base = Url::parse("http://n/sse").expect("a URL");
        assert!(target.named("/messages?id=1", &base).is_ok());
        assert!(target.named("http://elsewhere/messages", &base).is_err());
        assert!(Target::new("http://h/mcp", "mcp.example").is_err());
    }
}
