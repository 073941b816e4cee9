//! Tests of the room over real sockets, with raw scripted peers on both sides.

mod full;
mod http1;
mod http2;
mod intercepted;
pub(crate) mod peer;
mod required;
pub(crate) mod rig;
mod routes;

use std::{path::Path, sync::Arc};

use super::Trust;
use crate::tls::{Authority, Leaves};

fn trust(home: &Path) -> Trust {
    let authority = Arc::new(Authority::open(&home.join("certs")).expect("a new authority"));
    Trust { leaves: Arc::new(Leaves::new(Arc::clone(&authority))), authority }
}
