//! Maps by exchange. Several of them are looked into for every record, so their hash is a quick one;
//! it has a random seed, since ids can be imported and so be anybody's.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use crate::capture::ExchangeId;

/// A map from exchanges.
pub(super) type IdMap<V> = HashMap<ExchangeId, V, RandomState>;

/// A set of exchanges.
pub(super) type IdSet = HashSet<ExchangeId, RandomState>;
