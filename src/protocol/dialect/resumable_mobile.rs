//! The resumable mobile client: it counts its messages in `Mcp-Sequence`, to resume after the last
//! one it saw (houses.md §4).

use url::Url;

use super::Dialect;
use crate::{capture::Open, protocol::facts::Facts};

pub(crate) struct ResumableMobile;

impl Dialect for ResumableMobile {
    fn name(&self) -> &'static str {
        "resumable-mobile"
    }

    fn request(&self, open: &Open, _: Option<&Url>, facts: &mut Facts) {
        if open.headers.get("mcp-sequence").is_some() {
            facts.shows(self.name());
        }
    }
}
