//! The paths that were recorded. Where a session id stood in one, another may stand.

use super::asked::Claim;

/// The paths of a tape.
#[derive(Debug, Default)]
pub(super) struct Routes(Vec<Route>);

/// One path, and with which methods it was asked for.
#[derive(Debug)]
pub(super) struct Route {
    segments: Vec<Segment>,
    pub(super) methods: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Text(String),
    /// A session id: the recorded one.
    Id(String),
}

impl Routes {
    /// Takes a recorded path; the session id in it becomes a claim.
    pub(super) fn add(
        &mut self,
        path: &str,
        ids: &[String],
        method: &str,
    ) -> (usize, Option<Claim>) {
        let segments: Vec<Segment> = path
            .split('/')
            .map(|text| {
                let plain = decoded(text);
                if ids.contains(&plain) {
                    Segment::Id(plain)
                } else {
                    Segment::Text(text.to_owned())
                }
            })
            .collect();
        let id = segments.iter().find_map(|segment| match segment {
            Segment::Id(id) => Some(id.clone()),
            Segment::Text(_) => None,
        });
        let same = |route: &Route| {
            route.segments.len() == segments.len()
                && route.segments.iter().zip(&segments).all(|(own, its)| match (own, its) {
                    (Segment::Id(_), Segment::Id(_)) => true,
                    (own, its) => own == its,
                })
        };
        let place = self.0.iter().position(same).unwrap_or_else(|| {
            self.0.push(Route { segments, methods: Vec::new() });
            self.0.len() - 1
        });
        if let Some(route) = self.0.get_mut(place)
            && !route.methods.iter().any(|known| known == method)
        {
            route.methods.push(method.to_owned());
        }
        let claim = id.map(|value| Claim { source: "path".to_owned(), value });
        (place, claim)
    }

    pub(super) fn get(&self, place: usize) -> Option<&Route> {
        self.0.get(place)
    }

    /// The path of a live request, and the session id in it. A path as recorded goes before one in
    /// which an id stands.
    pub(super) fn find(&self, path: &str) -> Option<(usize, Option<Claim>)> {
        let asked: Vec<&str> = path.split('/').collect();
        let mut found: Vec<(usize, Option<Claim>)> = Vec::new();
        for (place, route) in self.0.iter().enumerate() {
            if let Ok(claim) = route.fits(&asked) {
                found.push((place, claim));
            }
        }
        found.sort_by_key(|(_, claim)| claim.is_some());
        found.into_iter().next()
    }
}

/// It is another path.
struct Other;

impl Route {
    /// The session id in a path that fits.
    fn fits(&self, asked: &[&str]) -> Result<Option<Claim>, Other> {
        if asked.len() != self.segments.len() {
            return Err(Other);
        }
        let mut claim = None;
        for (segment, asked) in self.segments.iter().zip(asked) {
            match segment {
                Segment::Text(text) if text == asked => {}
                Segment::Id(_) if !asked.is_empty() => {
                    claim = Some(Claim { source: "path".to_owned(), value: decoded(asked) });
                }
                _ => return Err(Other),
            }
        }
        Ok(claim)
    }

    /// As text; where an id stands, the recorded one.
    pub(super) fn path(&self) -> String {
        let text = |segment: &Segment| match segment {
            Segment::Text(text) => text.clone(),
            Segment::Id(id) => id.replace('{', "%7B").replace('}', "%7D"),
        };
        let path = self.segments.iter().map(text).collect::<Vec<_>>().join("/");
        if path.is_empty() { "/".to_owned() } else { path }
    }
}

/// A segment as it reads: the placeholders of an exported tape have their braces escaped.
fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_in_a_path_may_be_another() {
        let mut routes = Routes::default();
        let (mcp, none) = routes.add("/mcp", &[], "POST");
        let (own, claim) =
            routes.add("/%7B%7Bsession:1%7D%7D/mcp", &["{{session:1}}".into()], "POST");
        assert_eq!(
            (none, claim.map(|claim| claim.value)),
            (None, Some("{{session:1}}".to_owned()))
        );
        let found = |path: &str| {
            let found = routes.find(path);
            found.map(|(place, claim)| (place, claim.map(|claim| claim.value)))
        };
        assert_eq!(found("/mcp"), Some((mcp, None)));
        assert_eq!(found("/abc/mcp"), Some((own, Some("abc".to_owned()))));
        for other in ["/", "/mcp/", "//mcp", "/a/b/mcp", ""] {
            assert_eq!(found(other), None, "{other}");
        }
        assert_eq!(routes.get(own).map(Route::path).as_deref(), Some("/%7B%7Bsession:1%7D%7D/mcp"));
    }
}
