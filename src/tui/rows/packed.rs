//! A row in 52 bytes: what a million of them are kept as.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | exchange |
//! | 4 | time, microseconds since that of the exchange's id (RFC 9562, UUIDv7): 71 minutes |
//! | 8 | method and name (18 bits each: [`Symbols::MOST`]), HTTP status (10), kind, status, marks (16) |
//! | 4 each | session, id, microseconds to the first and to the last byte, size |
//! | 4 | number (12 bits) and frames (20 bits) |
//!
//! Times are whole microseconds: lists show no finer ones. What does not fit, and what few rows have (`error.code`, the call whose stream carried it), stands
//! beside in a tree, some 40 bytes a row that needs it.

use std::collections::BTreeMap;

use super::{
    super::pieces::Pieces, Row, RowId, RowKind, RpcId, SessionId, Status, Symbol, Symbols,
};
use crate::capture::{ExchangeId, Timestamp};

/// Rows as they are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Packs {
    rows: Pieces<Packed>,
    rest: BTreeMap<RowId, Rest>,
}

/// A row as far as nearly all rows need it.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
struct Packed {
    exchange: ExchangeId,
    after_us: u32,
    words: u64,
    session: u32,
    rpc_id: u32,
    first_us: u32,
    total_us: u32,
    size: u32,
    counts: u32,
}

/// What else there is of a few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rest {
    at: Timestamp,
    number: u32,
    frames: u32,
    http: u16,
    code: i32,
    parent: Option<RowId>,
}

const SYMBOL_BITS: u32 = 18;
const HTTP_BITS: u32 = 10;
const NUMBER_BITS: u32 = 12;

/// Where the parts of `words` begin.
const NAME: u32 = SYMBOL_BITS;
const HTTP: u32 = NAME + SYMBOL_BITS;
const KIND: u32 = HTTP + HTTP_BITS;
const STATUS: u32 = KIND + 2;
const ID: u32 = STATUS + 4;
const FROM_SERVER: u32 = ID + 2;
const STREAMED: u32 = FROM_SERVER + 1;
const BATCHED: u32 = STREAMED + 1;
const AT_FAULT: u32 = BATCHED + 1;
const IS_WHOLE: u32 = AT_FAULT + 1;
const HAS_REST: u32 = IS_WHOLE + 1;

const _: () = assert!(Symbols::MOST <= 1 << SYMBOL_BITS && HAS_REST < u64::BITS);

impl Packs {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row at a place.
    pub(super) fn get(&self, id: RowId) -> Option<Row> {
        let packed = self.rows.get(id.0 as usize)?;
        let rest = if packed.has(HAS_REST) { self.rest.get(&id) } else { None };
        Some(packed.row(rest))
    }

    /// One more row behind the others.
    pub(super) fn push(&mut self, id: RowId, row: &Row) {
        let packed = self.pack(id, row);
        self.rows.push(packed);
    }

    /// Puts a row in another one's place; one that is not there is none.
    pub(super) fn set(&mut self, id: RowId, row: &Row) {
        let packed = self.pack(id, row);
        if let Some(own) = self.rows.get_mut(id.0 as usize) {
            *own = packed;
        }
    }

    fn pack(&mut self, id: RowId, row: &Row) -> Packed {
        let rest = Rest {
            at: row.at,
            number: row.number,
            frames: row.frames,
            http: row.http,
            code: row.code,
            parent: row.parent,
        };
        let fits = after_us(row).is_some()
            && row.number < 1 << NUMBER_BITS
            && row.frames < 1 << (u32::BITS - NUMBER_BITS)
            && row.http < 1 << HTTP_BITS
            && row.code == 0
            && row.parent.is_none();
        if fits {
            self.rest.remove(&id);
        } else {
            self.rest.insert(id, rest);
        }
        Packed::of(row, !fits)
    }
}

impl Packed {
    fn of(row: &Row, has_rest: bool) -> Self {
        let (form, rpc_id) = match row.rpc_id {
            RpcId::None => (0, 0),
            RpcId::Number(number) => (1, number),
            RpcId::Text(Symbol(symbol)) => (2, symbol),
        };
        let mark = |is: bool, at: u32| u64::from(is) << at;
        let (http, counts) = if has_rest {
            (0, 0)
        } else {
            (u64::from(row.http), row.frames << NUMBER_BITS | row.number)
        };
        let words = symbol(row.method)
            | symbol(row.name) << NAME
            | http << HTTP
            | (row.kind as u64) << KIND
            | (row.status as u64) << STATUS
            | form << ID
            | mark(row.from_server, FROM_SERVER)
            | mark(row.streamed, STREAMED)
            | mark(row.batched, BATCHED)
            | mark(row.at_fault, AT_FAULT)
            | mark(row.is_whole, IS_WHOLE)
            | mark(has_rest, HAS_REST);
        Self {
            exchange: row.exchange,
            after_us: after_us(row).unwrap_or_default(),
            words,
            session: row.session.0,
            rpc_id,
            first_us: row.first_us,
            total_us: row.total_us,
            size: row.size,
            counts,
        }
    }

    fn row(&self, rest: Option<&Rest>) -> Row {
        let own = Rest {
            at: Timestamp(begun(self.exchange).saturating_add(u64::from(self.after_us) * 1_000)),
            number: self.counts & ((1 << NUMBER_BITS) - 1),
            frames: self.counts >> NUMBER_BITS,
            http: u16::try_from(self.bits(HTTP, HTTP_BITS)).unwrap_or_default(),
            code: 0,
            parent: None,
        };
        let Rest { at, number, frames, http, code, parent } = *rest.unwrap_or(&own);
        Row {
            exchange: self.exchange,
            number,
            session: SessionId(self.session),
            at,
            kind: KINDS.get(self.bits(KIND, 2) as usize).copied().unwrap_or_default(),
            status: STATUSES.get(self.bits(STATUS, 4) as usize).copied().unwrap_or_default(),
            from_server: self.has(FROM_SERVER),
            streamed: self.has(STREAMED),
            batched: self.has(BATCHED),
            at_fault: self.has(AT_FAULT),
            is_whole: self.has(IS_WHOLE),
            method: Symbol(self.bits(0, SYMBOL_BITS)),
            name: Symbol(self.bits(NAME, SYMBOL_BITS)),
            rpc_id: match self.bits(ID, 2) {
                0 => RpcId::None,
                1 => RpcId::Number(self.rpc_id),
                _ => RpcId::Text(Symbol(self.rpc_id)),
            },
            http,
            code,
            first_us: self.first_us,
            total_us: self.total_us,
            frames,
            size: self.size,
            parent,
        }
    }

    fn has(&self, at: u32) -> bool {
        self.bits(at, 1) == 1
    }

    fn bits(&self, at: u32, many: u32) -> u32 {
        u32::try_from(self.words >> at & ((1 << many) - 1)).unwrap_or_default()
    }
}

/// The time in an exchange's id, in nanoseconds; of one that is no `UUIDv7` it is any time.
fn begun(exchange: ExchangeId) -> u64 {
    let millis =
        exchange.as_bytes().iter().take(6).fold(0, |all, byte| all << 8 | u64::from(*byte));
    millis.saturating_mul(1_000_000)
}

/// How much later than that a row is; none where it is earlier, or much later.
fn after_us(row: &Row) -> Option<u32> {
    let after = row.at.0.checked_sub(begun(row.exchange))?;
    u32::try_from(after / 1_000).ok()
}

/// A symbol beyond the last one is the last one: `…`.
fn symbol(symbol: Symbol) -> u64 {
    u64::from(symbol.0.min((1 << SYMBOL_BITS) - 1))
}

/// In the order of their numbers (tested).
const KINDS: [RowKind; 4] =
    [RowKind::Call, RowKind::Notification, RowKind::Exchange, RowKind::Orphan];

/// Likewise.
const STATUSES: [Status; 9] = [
    Status::Pending,
    Status::Ok,
    Status::ToolError,
    Status::RpcError,
    Status::HttpError,
    Status::Cancelled,
    Status::Late,
    Status::NoReply,
    Status::Fault,
];

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;

    #[test]
    fn a_row_is_small() {
        assert_eq!(size_of::<Packed>(), 52);
    }

    #[test]
    fn kinds_and_statuses_stand_in_their_order() {
        assert!(KINDS.iter().zip(0_u8..).all(|(kind, n)| *kind as u8 == n));
        assert!(STATUSES.iter().zip(0_u8..).all(|(status, n)| *status as u8 == n));
    }

    fn count() -> impl Strategy<Value = u32> {
        prop_oneof![0..5_u32, 4_090..4_100_u32, 1_048_570..1_048_580_u32, any::<u32>()]
    }

    #[derive(Clone, Copy, Debug)]
    enum When {
        Anytime(u64),
        /// Microseconds since its exchange began.
        After(u64),
    }

    fn when() -> impl Strategy<Value = When> {
        prop_oneof![
            any::<u64>().prop_map(When::Anytime),
            (0..5_000_000_000_u64).prop_map(When::After),
        ]
    }

    fn row() -> impl Strategy<Value = Row> {
        let id = prop_oneof![
            Just(RpcId::None),
            any::<u32>().prop_map(RpcId::Number),
            any::<u32>().prop_map(|text| RpcId::Text(Symbol(text))),
        ];
        let symbols = (0..1_u32 << SYMBOL_BITS, 0..1_u32 << SYMBOL_BITS);
        let http = prop_oneof![Just(0), Just(200), Just(1_023), Just(1_024), any::<u16>()];
        let code = prop_oneof![3 => Just(0), 1 => any::<i32>()];
        let parent = proptest::option::weighted(0.2, any::<u32>());
        (
            (any::<[u8; 16]>(), when(), any::<u32>(), count(), count(), any::<[u32; 3]>()),
            (select(&KINDS[..]), select(&STATUSES[..]), any::<[bool; 5]>()),
            (symbols, id, http, code, parent),
        )
            .prop_map(|(plain, states, others)| {
                let (exchange, when, session, number, frames, [first_us, total_us, size]) = plain;
                let (kind, status, [from_server, streamed, batched, at_fault, is_whole]) = states;
                let ((method, name), rpc_id, http, code, parent) = others;
                let exchange = ExchangeId::from_bytes(exchange);
                let at = match when {
                    When::Anytime(at) => at,
                    When::After(us) => begun(exchange).saturating_add(us * 1_000),
                };
                Row {
                    exchange,
                    number,
                    session: SessionId(session),
                    at: Timestamp(at),
                    kind,
                    status,
                    from_server,
                    streamed,
                    batched,
                    at_fault,
                    is_whole,
                    method: Symbol(method),
                    name: Symbol(name),
                    rpc_id,
                    http,
                    code,
                    first_us,
                    total_us,
                    frames,
                    size,
                    parent: parent.map(RowId),
                }
            })
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(
            rows in prop::collection::vec(row(), 1..20),
            others in prop::collection::vec((0_usize..20, row()), 0..20),
        ) {
            let mut packs = Packs::default();
            let mut plain = rows.clone();
            for (place, row) in (0..).zip(&rows) {
                packs.push(RowId(place), row);
            }
            for (place, row) in others {
                let place = place % plain.len();
                packs.set(RowId(u32::try_from(place).expect("few")), &row);
                plain[place] = row;
            }
            prop_assert_eq!(packs.len(), plain.len());
            for (place, row) in (0..).zip(&plain) {
                let back = packs.get(RowId(place)).expect("it is there");
                prop_assert_eq!(Row { at: row.at, ..back }, *row);
                prop_assert_eq!(back.at.0 / 1_000, row.at.0 / 1_000);
            }
            let rest = plain.iter().filter(|row| row.code != 0 || row.parent.is_some()).count();
            prop_assert!(packs.rest.len() >= rest);
        }
    }
}
