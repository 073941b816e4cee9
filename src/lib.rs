//! wiretape: a recording HTTP(S) debugging proxy for MCP traffic. This page is the map.
//!
//! # Rooms
//!
//! | room | what it is for |
//! |---|---|
//! | [`capture`] | the model: ids, records, heads, the journal's codec, redaction. Rests on nothing |
//! | [`protocol`] | pure readers over records: SSE, NDJSON, JSON-RPC, dialects, sessions, calls, queries |
//! | [`clock`] | the one clock |
//! | [`tasks`] | supervision, stop and drain; the only place that spawns |
//! | [`tap`] | the neck: the one channel from proxy to recorder, bounded in bytes |
//! | [`tls`] | authority, leaves, the client's hello; roots and trust toward upstreams |
//! | [`proxy`] | listeners, CONNECT, forwarding, the tee: the way of the traffic |
//! | [`store`] | journal segments (the truth), the catalog (sled, derived), tapes |
//! | [`replay`] | what was recorded, played back: plans, bindings, comparison; `drive` is the client, `serve` the server |
//! | [`recorder`] | owns the store: keeps, numbers, writes; feed, sources, the home's socket |
//! | [`tui`] | the terminal UI: state, keys, views; a desk behind it reads for it |
//! | [`settings`] | what was typed and the config file, checked |
//! | [`cli`] | one file a verb; the only place that prints; `cli::log` hands on what rooms say by `tracing` |
//!
//! # Arrows
//!
//! Who may name whom; `tests/it/arrows.rs` holds every `crate::room` in the sources against this.
//!
//! ```text
//!                      cli  (may name all)
//!                       |
//!                    settings
//!                    |      |
//!                 proxy    recorder ----------.
//!                 |   |     |     |           |
//!                tls  '--> tap    protocol   store
//!                 |         |     |           |
//!                 '------ capture (and clock) '
//! ```
//!
//! `proxy` and `recorder` meet in `tap` alone; the one other word between them is
//! [`proxy::ListenerSettings`], which a second process hands to the owner of a home. `store` knows
//! nothing of `protocol`: the recorder hands the catalog what the fold found. `replay`
//! rests on `protocol` and serves `cli`. `capture`, `protocol` and `replay` know no tokio, hyper,
//! sled, file or clock, but for `replay::drive` and `replay::serve`, the client and the server: they
//! have sockets, `tls`, `clock` and `tasks`. `tasks` serves `proxy`, `recorder` and `cli` too.
//!
//! # The journey of one SSE frame
//!
//! 1. The upstream's body yields it. `proxy::tee` asks the tap for [`tap::Room`]; while there is none
//!    the traffic waits, or runs on with a gap.
//! 2. The tee hands that same frame to the client, and a reference-counted clone with its time to the
//!    tap. No copy, no parsing, no disk so far, and none of what follows can hold it up.
//! 3. `recorder::writer`, a thread, takes it, numbers it within its exchange and asks `recorder::keep`
//!    whether its origin has shown MCP; until then it waits in `recorder::ring`.
//! 4. `recorder::append` puts it into the journal (`store::segments`), into the tail that readers
//!    fold, on the [`recorder::Feed`] and into the queue of the catalog's thread; `recorder::syncer`
//!    makes it durable.
//! 5. Whoever reads it, a live line, `show` or the catalog's fold, does so through
//!    [`protocol::Reader`]: `encoding` undoes the coding, `sse` cuts the frame, `jsonrpc` reads the
//!    envelope, the dialects note what it says, [`protocol::Sessions`] and [`protocol::Pairing`] join
//!    it to its session and call.
//! 6. `cli` masks its secrets and prints it.
//!
//! # Where to begin
//!
//! The words: [`capture::Record`] and [`capture::Fact`]. The traffic: `proxy/forward.rs`, then
//! `proxy/tee.rs`. The reading: `protocol/reader.rs`; a revision is one file in `protocol/dialect/`
//! and one line in its registry. The keeping: `recorder/writer.rs`, then `store/segments.rs`. What it
//! all does together: `wiretape demo` (`cli/demo/`) and `tests/it/`.

pub mod capture;
pub mod cli;
pub mod clock;
pub mod protocol;
pub mod proxy;
pub mod recorder;
pub mod replay;
pub mod settings;
pub mod store;
pub mod tap;
pub mod tasks;
pub mod tls;
pub mod tui;
