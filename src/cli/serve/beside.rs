//! The tape beside the one that is served: what was passed on because the first one lacks it.

use std::{
    collections::BTreeMap,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use anyhow::Context;
use tempfile::NamedTempFile;
use tokio::sync::mpsc;

use crate::{
    capture::{ExchangeId, Fact, Gap, Record, Timestamp},
    cli::{
        Ctx,
        args::{Cli, Verb},
        export,
    },
    replay::serve::server::Tape,
    store::tape::{Spool, TapeHeader},
};

/// What a running exchange may hold in memory; the rest of its bytes is a gap.
const EXCHANGE_BYTES: usize = 64 << 20;

/// A recording in the making. Its secrets are replaced when it is written (design.md, tenet 4).
pub(super) struct Beside {
    path: PathBuf,
    tape: Tape,
    records: mpsc::UnboundedReceiver<Record>,
    running: BTreeMap<ExchangeId, (Vec<Record>, usize)>,
    spool: Spool<std::fs::File>,
    exchanges: u64,
}

impl Beside {
    /// Beside the first tape: `NAME.missed.tape.jsonl`.
    pub(super) fn new(tapes: &[PathBuf]) -> anyhow::Result<Self> {
        let first = tapes.first().map_or(Path::new("serve"), PathBuf::as_path);
        let name = first.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.strip_suffix(".jsonl").unwrap_or(&name);
        let stem = stem.strip_suffix(".tape").unwrap_or(stem);
        let path = first.with_file_name(format!("{stem}.missed.tape.jsonl"));
        let file = tempfile::tempfile().context("a temporary file for what is recorded")?;
        let (tape, records) = Tape::new();
        Ok(Self {
            path,
            tape,
            records,
            running: BTreeMap::new(),
            spool: Spool::new(file),
            exchanges: 0,
        })
    }

    pub(super) fn tape(&self) -> Tape {
        self.tape.clone()
    }

    /// Takes the next record.
    pub(super) async fn take(&mut self) {
        if let Some(record) = self.records.recv().await {
            self.keep(record);
        }
    }

    fn keep(&mut self, mut record: Record) {
        let Some(id) = record.exchange else { return };
        let (records, bytes) = self.running.entry(id).or_default();
        if let Fact::Chunk { side, data, .. } = &record.fact {
            *bytes += data.len();
            if *bytes > EXCHANGE_BYTES {
                let (side, bytes) = (Some(*side), data.len() as u64);
                let reason = format!("beyond {EXCHANGE_BYTES} bytes of one exchange");
                record.fact = Fact::Gap(Gap { side, bytes, reason });
            }
        }
        record.n = u32::try_from(records.len()).unwrap_or(u32::MAX);
        let is_over = matches!(record.fact, Fact::End(_));
        records.push(record);
        if is_over {
            self.exchanges += 1;
            let (records, _) = self.running.remove(&id).unwrap_or_default();
            for record in records {
                // A full disk shows when the tape is written.
                let _ = self.spool.push(record);
            }
        }
    }

    /// Writes it, secrets replaced; nothing where nothing was passed on.
    pub(super) fn write(mut self, ctx: &mut Ctx) -> anyhow::Result<()> {
        while let Ok(record) = self.records.try_recv() {
            self.keep(record);
        }
        for (records, _) in std::mem::take(&mut self.running).into_values() {
            self.exchanges += 1;
            for record in records {
                self.spool.push(record)?;
            }
        }
        if self.exchanges == 0 {
            return Ok(());
        }
        let mut raw = NamedTempFile::with_suffix(".tape.jsonl").context("a temporary file")?;
        let tool = concat!("wiretape ", env!("CARGO_PKG_VERSION"));
        let mut out = BufWriter::new(raw.as_file_mut());
        self.spool.finish(TapeHeader::new(Timestamp::default(), tool, Vec::new()), &mut out)?;
        out.flush()?;
        drop(out);
        let words = [
            "wiretape".as_ref(),
            "export".as_ref(),
            raw.path().as_os_str(),
            "-o".as_ref(),
            self.path.as_os_str(),
        ];
        let typed =
            Cli::read(words.map(ToOwned::to_owned)).context("exporting what was recorded")?;
        if let Some(Verb::Export(args)) = typed.verb {
            export::run(&args, ctx)?;
        }
        Ok(())
    }
}
