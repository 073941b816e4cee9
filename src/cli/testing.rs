//! What several verbs' tests read from.

use std::collections::BTreeMap;

use crate::{
    capture::{ExchangeId, Record},
    protocol::{Summary, read},
    recorder::{Origin, Source, SourceError},
};

/// A recording in memory.
#[derive(Clone, Default)]
pub(super) struct Kept {
    pub(super) exchanges: BTreeMap<ExchangeId, Vec<Record>>,
    pub(super) notices: Vec<Record>,
}

impl Source for Kept {
    fn summaries(&mut self) -> Result<Vec<Summary>, SourceError> {
        Ok(self.exchanges.values().filter_map(|all| Some(read(all)?.summary)).collect())
    }

    fn records(&mut self, exchange: ExchangeId) -> Result<Vec<Record>, SourceError> {
        Ok(self.exchanges.get(&exchange).cloned().unwrap_or_default())
    }

    fn notices(&mut self) -> Result<Vec<Record>, SourceError> {
        Ok(self.notices.clone())
    }

    fn origin(&self) -> Origin {
        Origin { tool: "wiretape 0.0.0".to_owned() }
    }
}
