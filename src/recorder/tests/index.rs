//! The index and what is kept of judgements, through the life of a store.

use std::collections::HashMap;

use super::{super::Source, CALL, in_memory, open, send, whole_call};
use crate::{
    capture::{ExchangeId, Fact, Headers, Side},
    clock,
    protocol::{
        Sessions,
        index::Key,
        problems::{Basis, Judgement, Problem, Severity},
        query::Query,
    },
    recorder::testing::kept,
    store::Table,
};

#[test]
fn the_index_finds_what_runs_what_ended_and_nothing_that_was_deleted() {
    let (recorder, tap) = in_memory();
    let made: Vec<_> = (0..20).map(|_| whole_call(&tap, kept("http://a/mcp"))).collect();
    let running = open(&tap, kept("http://a/mcp"));
    send(&tap, running, Side::Request, CALL);
    let trailers = Headers::default();
    tap.send(Some(running), clock::now(), Fact::BodyEnd { side: Side::Request, trailers });
    let mut source = recorder.source();
    let query = Query::parse("method:tools/list", clock::now()).unwrap();
    let plan = query.plan(&HashMap::new());
    let mut found = |most: usize| {
        let mut found: Vec<ExchangeId> = Vec::new();
        loop {
            let part = source.find(&plan, found.last().copied(), most).unwrap();
            found.extend(part.iter().map(|summary| summary.id));
            if part.len() < most {
                return found;
            }
        }
    };
    let all: Vec<_> = made.iter().copied().chain([running]).collect();
    for most in [1, 3, 21, 100] {
        assert_eq!(found(most), all, "from the tail, {most} at a time");
    }
    recorder.catalog.sync();
    for most in [1, 3, 21, 100] {
        assert_eq!(found(most), all, "from the catalog, {most} at a time");
    }
    recorder.pruner().prune(&made[..10], false).unwrap();
    assert_eq!(found(4), all[10..]);
    let postings = || {
        let mut ids = 0;
        let catalog = recorder.shared.catalog();
        let count = &mut |_: &[u8], value: &[u8]| {
            ids += value.len() / 16;
            Ok(())
        };
        catalog.scan(Table::Postings, &Key::of("method", "tools/list").to_bytes(), count).unwrap();
        ids
    };
    assert_eq!(postings(), 10, "the dead are off the index");
    recorder.catalog.rebuild_after(Box::new(|| {}));
    assert_eq!(postings(), 10, "and a rebuild makes the same one");
    assert_eq!(found(4), all[10..]);
}

#[test]
fn a_judgement_is_kept_until_its_session_goes() {
    let (recorder, tap) = in_memory();
    let made: Vec<_> = (0..2).map(|_| whole_call(&tap, kept("http://a/mcp"))).collect();
    let mut source = recorder.source();
    let judgement = |session: ExchangeId, problems: usize| {
        let mut sessions = Sessions::new();
        sessions.apply(recorder.source().summaries().unwrap().remove(0));
        let told = sessions.list(clock::now()).remove(0);
        let problem = Problem {
            rule: "a-rule".to_owned(),
            severity: Severity::Info,
            session,
            exchange: Some(session),
            message: None,
            text: "t".repeat(300),
            evidence: "e".repeat(300),
            remedy: String::new(),
            source: String::new(),
        };
        let of = Basis::of(&told, clock::now());
        Judgement { session, of, problems: vec![problem; problems] }
    };
    let (long, short) = (judgement(made[0], 100), judgement(made[0], 1));
    let (other, stranger) = (judgement(made[1], 2), judgement(crate::recorder::testing::id(), 1));
    source.keep(&[long.clone(), other.clone(), stranger]).unwrap();
    assert_eq!(source.kept(&made).unwrap(), [Some(long), Some(other.clone())]);
    source.keep(std::slice::from_ref(&short)).unwrap();
    assert_eq!(
        source.kept(&[made[0]]).unwrap(),
        [Some(short)],
        "nothing of the longer one is left"
    );
    recorder.pruner().prune(&made[..1], false).unwrap();
    assert_eq!(source.kept(&made).unwrap(), [None, Some(other)]);
    recorder.catalog.rebuild_after(Box::new(|| {}));
    assert_eq!(source.kept(&made).unwrap(), [None, None], "it is looked for again");
}
