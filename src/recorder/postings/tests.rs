//! The index against what it promises: a walk finds what a look at every summary finds.

use proptest::prelude::*;

use super::*;
use crate::{
    protocol::testing::summaries,
    store::{MemoryCatalog, Position},
};

/// Exchanges that begin in one order and end in another, over several seconds.
fn exchange(n: u32, method: &str, status: u16) -> Summary {
    let transcript = format!(
        ">> POST http://localhost/mcp\n\n\
         {{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\"}}\n<< {status}\n"
    );
    let mut summary = summaries(&transcript).remove(0);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&((u64::from(n) * 300) << 16).to_be_bytes());
    summary.id = ExchangeId::from_bytes(bytes);
    if !n.is_multiple_of(3) {
        let at = crate::capture::Timestamp(u64::from(n) * 300_000_000);
        (summary.started_at, summary.last_at) = (at, at);
    }
    summary
}

fn apply(catalog: &MemoryCatalog, offset: u32, batch: &[&Summary]) {
    let mut postings = Postings::default();
    let mut changes = CatalogBatch::default();
    for summary in batch {
        postings.add(summary);
        let row = Row::new((*summary).clone(), &[]).to_bytes();
        changes.changes.push((Table::Exchanges, summary.id.as_bytes().to_vec(), Some(row)));
    }
    postings.take(Position { segment: 1, offset }, &mut changes);
    assert!(changes.changes.iter().all(|(table, _, value)| {
        *table != Table::Postings || value.as_ref().is_some_and(|value| value.len() <= 1_024)
    }));
    catalog.apply(changes).unwrap();
}

fn found(catalog: &MemoryCatalog, plan: &Plan, most: usize) -> Vec<ExchangeId> {
    let mut all: Vec<ExchangeId> = Vec::new();
    loop {
        let part = find(catalog, plan, all.last().copied(), most).unwrap();
        all.extend(part.iter().map(|summary| summary.id));
        if part.len() < most {
            return all;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_walk_finds_what_a_look_at_everything_finds(
        kinds in prop::collection::vec((0_usize..3, 0_usize..3), 1..200),
        order in any::<u64>(),
        cuts in 1_usize..40,
        most in 1_usize..50,
    ) {
        const METHODS: [&str; 3] = ["tools/call", "ping", "prompts/get"];
        const STATUSES: [u16; 3] = [200, 202, 404];
        let all: Vec<Summary> = (0_u32..).zip(&kinds)
            .map(|(n, (method, status))| exchange(n, METHODS[*method], STATUSES[*status]))
            .collect();
        let mut ended: Vec<&Summary> = all.iter().collect();
        // They end in some order, and the last batch is applied twice as after a crash.
        ended.sort_by_key(|summary| {
            summary.id.as_bytes().iter().fold(order, |sum, byte| {
                (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            })
        });
        let catalog = MemoryCatalog::default();
        for (offset, batch) in (0_u32..).zip(ended.chunks(cuts)) {
            apply(&catalog, offset, batch);
        }
        apply(&catalog, 1_000, ended.chunks(cuts).last().unwrap_or_default());
        let plans = [
            Plan::default(),
            Plan::of(Key::of("method", "ping")),
            Plan { all: vec![vec![Key::of("method", "ping"), Key::of("method", "tools/call")],
                vec![Key::of("http", "404")]], ..Plan::default() },
            Plan { all: vec![vec![Key::of("http", "202")], vec![Key::of("method", "ping")]],
                within: Some((all[0].id, all[all.len() / 2].id)), during: None },
            Plan { during: Some((all[all.len() / 3].id, all[all.len() / 2].id)), ..Plan::default() },
            Plan { all: vec![vec![Key::of("method", "ping")]],
                during: Some((all[all.len() / 3].id, all[all.len() / 2].id)), within: None },
            Plan::of(Key::of("method", "nothing")),
        ];
        for plan in &plans {
            let wanted: Vec<ExchangeId> = all.iter()
                .filter(|summary| plan.admits(summary)).map(|summary| summary.id).collect();
            prop_assert_eq!(found(&catalog, plan, most), wanted);
        }
        // Half of it goes, and its postings with it.
        let (dead, living): (Vec<_>, Vec<_>) =
            all.iter().cloned().enumerate().partition(|(place, _)| place % 2 == 0);
        let dead: Vec<Summary> = dead.into_iter().map(|(_, summary)| summary).collect();
        let mut batch = CatalogBatch::default();
        removal(&dead, &catalog, &mut batch).unwrap();
        for summary in &dead {
            batch.changes.push((Table::Exchanges, summary.id.as_bytes().to_vec(), None));
        }
        catalog.apply(batch).unwrap();
        let mut left = 0;
        catalog.scan(Table::Postings, &[], &mut |_, value| {
            for id in value.as_chunks::<ID_BYTES>().0 {
                left += 1;
                assert!(!dead.iter().any(|summary| summary.id.as_bytes() == id));
            }
            Ok(())
        }).unwrap();
        prop_assert_eq!(left == 0, living.is_empty());
    }
}
