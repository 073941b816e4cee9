//! What was found wrong in sessions, as the catalog keeps it: derived like the rest, made again when
//! the session, the rules or the catalog change (store.md; `protocol::problems::Judgement`).
//!
//! A judgement is cut into values of at most 1 KB under its session's id and their number.

use crate::{
    capture::ExchangeId,
    protocol::problems::Judgement,
    store::{Catalog, CatalogBatch, StoreError, Table},
};

/// The most bytes of one value (store.md).
const VALUE_BYTES: usize = 1_000;

/// The judgement of a session; none where there is none, or it is of another version's form.
pub(super) fn read(
    catalog: &dyn Catalog,
    session: ExchangeId,
) -> Result<Option<Judgement>, StoreError> {
    let mut bytes = Vec::new();
    catalog.scan(Table::Judgements, session.as_bytes(), &mut |_, value| {
        bytes.extend_from_slice(value);
        Ok(())
    })?;
    Ok(postcard::from_bytes(&bytes).ok())
}

/// Adds a judgement to a batch, in place of the one that is there.
pub(super) fn write(
    judgement: &Judgement,
    catalog: &dyn Catalog,
    batch: &mut CatalogBatch,
) -> Result<(), StoreError> {
    remove(judgement.session, catalog, batch)?;
    let bytes =
        postcard::to_stdvec(judgement).expect("a judgement serialises: no maps, no unsized");
    for (number, value) in (0_u32..).zip(bytes.chunks(VALUE_BYTES)) {
        let key = [&judgement.session.as_bytes()[..], &number.to_be_bytes()].concat();
        batch.changes.push((Table::Judgements, key, Some(value.to_vec())));
    }
    Ok(())
}

/// Adds to a batch that a session's judgement goes.
pub(super) fn remove(
    session: ExchangeId,
    catalog: &dyn Catalog,
    batch: &mut CatalogBatch,
) -> Result<(), StoreError> {
    catalog.scan(Table::Judgements, session.as_bytes(), &mut |key, _| {
        batch.changes.push((Table::Judgements, key.to_vec(), None));
        Ok(())
    })
}
