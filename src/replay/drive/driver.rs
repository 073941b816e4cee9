//! The driver: what it knows of the live server, and the one loop in which everything arrives.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout_at},
};
use url::Url;

use super::{
    Done, DriveError, Extra, Report, Settings, Teller,
    exchange::Exchange,
    foretell,
    ids::Ids,
    jar::Jar,
    request::{self, Common, Draft},
    step::Started,
    taken::{Count, Taken},
    target::Target,
    wire::{Event, Key, What, Wire},
};
use crate::{
    capture::{ExchangeId, Mode, Open, Outcome},
    clock,
    protocol::{Direction, Kind, Message, Session, Story, Told},
    replay::{
        answers::Answers,
        bind::Table,
        edit,
        guard::Hints,
        plan::{Item, Plan, Planned, Role},
        steps::Step,
    },
    tasks::Tasks,
};

/// How long a stream whose answer came may take to end by itself, and a session's streams after its
/// DELETE: servers end them at once.
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// What one run knows. `'r` is the run, `'s` the recording.
pub(super) struct Driver<'r, 's> {
    pub(super) plan: &'s Plan<'s>,
    pub(super) settings: &'r Settings,
    pub(super) teller: &'r dyn Teller,
    pub(super) count: Count,
    report: &'r mut dyn Report<'s>,
    wire: Wire,
    events: mpsc::Receiver<Event>,
    http2: bool,
    next_key: Key,
    pub(super) exchanges: BTreeMap<Key, Exchange>,
    pub(super) table: Table,
    pub(super) answers: Answers<'s>,
    pub(super) ids: Ids,
    jar: Jar,
    pub(super) target: Target,
    /// What the live server said of its tools.
    pub(super) tools: Hints,
    left_out: BTreeSet<String>,
    /// The stream on which answers come, and where messages go then.
    pub(super) channel: Option<Key>,
    pub(super) endpoint: Option<Result<Url, String>>,
    /// Streams beside the steps, by the step that opened each.
    pub(super) beside: BTreeMap<usize, Key>,
    /// Live ids of requests that wait for an answer, and the answers.
    pub(super) waiting: HashSet<String>,
    pub(super) got: HashMap<String, Message>,
    /// Of the step at hand.
    pub(super) extras: Vec<Extra>,
    pub(super) notes: Vec<String>,
    pub(super) current: usize,
    /// Which steps stand: they were sent, and went as those that need them want it.
    pub(super) stood: Vec<bool>,
    /// The revisions that the servers chose: the recorded one's and the live one's.
    pub(super) revision: Option<(String, String)>,
    pub(super) renewed: bool,
    /// Steps whose `initialize` was answered with a result.
    pub(super) handshakes: HashSet<usize>,
    /// Recorded GETs that took up a standalone stream, and were not sent again so far.
    resumes: VecDeque<&'s Told>,
    /// Steps that run while others are sent.
    pub(super) open: Vec<(Started, Taken<'s>)>,
    /// Streams that are told when the recording was done with them.
    pub(super) listening: Vec<Started>,
    /// The recorded session without its lists: what live stories are told on.
    pub(super) stub: Arc<Session>,
    /// The server has answered something.
    reached: bool,
    made_up: u64,
}

/// What became of a step in its turn.
enum Turn {
    Done(Done),
    /// It runs on while others are sent.
    Open(Started),
    /// It is told when the recording was done with it.
    Listens,
}

/// What a request is to be, beside its recorded one.
pub(super) struct Say<'m> {
    /// The recorded exchange whose head it takes.
    pub(super) recorded: &'m Told,
    /// The step that its exchange belongs to.
    pub(super) owner: Option<usize>,
    /// The recorded body and the one that is sent.
    pub(super) body: Option<(&'m str, &'m str)>,
    /// Takes up a stream behind this event: then it is a GET.
    pub(super) last_event: Option<&'m str>,
    /// It is the request of a step that was chosen: what the user changed in its fields holds.
    pub(super) is_chosen: bool,
}

impl<'r, 's> Driver<'r, 's> {
    pub(super) fn new(
        plan: &'s Plan<'s>,
        (table, teller): (Table, &'r dyn Teller),
        settings: &'r Settings,
        tls: Arc<crate::tls::UpstreamTls>,
        tasks: &Tasks,
        report: &'r mut dyn Report<'s>,
    ) -> Result<Self, DriveError> {
        let first = plan.items.iter().find_map(|item| item.held()?.step.told());
        let http2 = first.is_some_and(|told| told.open.version == "HTTP/2");
        let (wire, events) = Wire::new(tls, http2, tasks);
        let (target, table, ids) = foretell::begin(plan, table, settings)?;
        let driver = Self {
            plan,
            settings,
            teller,
            count: Count::default(),
            report,
            wire,
            events,
            http2,
            next_key: 0,
            exchanges: BTreeMap::new(),
            table,
            answers: Answers::of(plan.story),
            ids,
            jar: Jar::default(),
            tools: Hints::default(),
            left_out: BTreeSet::new(),
            channel: None,
            endpoint: None,
            beside: BTreeMap::new(),
            waiting: HashSet::new(),
            got: HashMap::new(),
            extras: Vec::new(),
            notes: Vec::new(),
            current: 0,
            stood: vec![false; plan.items.len()],
            revision: None,
            renewed: false,
            handshakes: HashSet::new(),
            resumes: standalone_resumes(plan.story),
            open: Vec::new(),
            listening: Vec::new(),
            stub: Arc::new(plan.story.session.stub()),
            reached: false,
            made_up: 0,
            target,
        };
        Ok(driver)
    }

    /// Sends every step that is wanted, in order. Gives how many stories of single steps were alive
    /// at most.
    pub(super) async fn run(mut self) -> Result<usize, DriveError> {
        let began = Instant::now();
        let plan = self.plan;
        let wanted = plan.items.iter().find(|item| item.role() != Role::Left);
        let first_at = wanted.map(Item::sent_at).unwrap_or_default();
        for (index, item) in plan.items.iter().enumerate() {
            if item.role() == Role::Left {
                continue;
            }
            if let Some(speed) = self.settings.speed {
                let recorded = item.sent_at().micros_since(first_at);
                let pause = Duration::from_micros(recorded).div_f64(speed.max(0.001));
                self.until(began + pause, |_| false).await;
            }
            self.finish_listening(Some(item)).await;
            self.close_what_was_left(item);
            self.take_up_cut();
            self.finish_open(Some(item)).await?;
            self.current = index;
            let taken = Taken::of(item, self.teller, &self.count)?;
            let planned = taken.planned()?;
            let turn = self.turn(index, &planned).await?;
            drop(planned);
            match turn {
                Turn::Done(done) => self.done(taken, done),
                Turn::Open(started) => self.open.push((started, taken)),
                Turn::Listens => {}
            }
        }
        self.finish_open(None).await?;
        self.finish_listening(None).await;
        self.leave();
        let left_out = std::mem::take(&mut self.left_out);
        self.report.left_out(left_out.into_iter().collect());
        Ok(self.count.most())
    }

    /// What becomes of a step whose turn it is.
    async fn turn(&mut self, index: usize, item: &Planned<'_>) -> Result<Turn, DriveError> {
        if let Some(reason) = self.refusal(item)? {
            return Ok(Turn::Done(Done::Skipped(reason)));
        }
        match self.start(index, item) {
            Err(reason) => Ok(Turn::Done(Done::Skipped(reason))),
            Ok(started) if self.overlaps(index, item) => Ok(Turn::Open(started)),
            Ok(started) => {
                let done = self.finish(started, item).await?;
                Ok(done.map_or(Turn::Listens, Turn::Done))
            }
        }
    }

    /// A step is over.
    pub(super) fn done(&mut self, taken: Taken<'s>, done: Done) {
        let news = self.table.news();
        self.report.done(taken, done, news);
    }

    /// Why a step is not sent; none where it is.
    fn refusal(&self, item: &Planned<'_>) -> Result<Option<String>, DriveError> {
        let missing = item.needs.iter().find(|need| self.stood.get(**need) != Some(&true));
        if let Some(other) = missing.and_then(|need| self.plan.items.get(*need)) {
            let other = Taken::of(other, self.teller, &self.count)?;
            let step = &other.planned()?.step;
            let needed = format!("{} {}", step.method(), step.name().unwrap_or_default());
            let reason = format!("it needs {}, which did not go as recorded", needed.trim_end());
            return Ok(Some(reason));
        }
        let refuses = |tool| self.settings.guard.refuses(tool, &self.plan.tools, &self.tools);
        Ok(foretell::tool(&self.settings.edits, item).as_deref().and_then(refuses))
    }

    /// Takes what comes until `done`, or until the time is up.
    pub(super) async fn until(&mut self, deadline: Instant, done: impl Fn(&Self) -> bool) -> bool {
        loop {
            if done(self) {
                return true;
            }
            match timeout_at(deadline, self.events.recv()).await {
                Ok(Some(event)) => self.event(event),
                // The wire is ours and has a sender; nothing can come without it.
                Ok(None) => {
                    sleep_until(deadline).await;
                    return false;
                }
                Err(_) => return done(self),
            }
        }
    }

    fn event(&mut self, event: Event) {
        let key = event.key;
        let Some(exchange) = self.exchanges.get_mut(&key).filter(|exchange| !exchange.ended) else {
            return;
        };
        self.reached |= !matches!(event.what, What::Unreachable(_));
        let from = exchange.count();
        let is_head = matches!(event.what, What::Head(_));
        let messages = exchange.take(event);
        for record in exchange.news(from) {
            self.report.record(record);
        }
        if exchange.owner.is_none() {
            exchange.forget();
        }
        if let Some(head) = exchange.head.as_ref().filter(|_| is_head) {
            self.jar.take(&head.headers);
        }
        for message in messages {
            self.message(key, message);
        }
    }

    fn message(&mut self, key: Key, message: Message) {
        if message.direction != Direction::ServerToClient {
            return;
        }
        match message.kind {
            Kind::Request => self.asked(key, &message),
            Kind::Response | Kind::Error => {
                let id = message.rpc_id.clone().unwrap_or_default();
                if self.waiting.contains(&id) {
                    self.got.entry(id).or_insert(message);
                } else if !matches!(id.as_str(), "" | "null" | "\"server-error\"") {
                    let reason = "an answer to no request".to_owned();
                    self.extras.push(Extra { method: String::new(), reason });
                }
            }
            Kind::Notification => {}
        }
    }

    /// Learns what the head of a response says, and the ids in it.
    pub(super) fn learn_head(&mut self, step: &Step<'_>, key: Key) {
        let Some(told) = step.told() else { return };
        let Some(exchange) = self.exchanges.get(&key) else { return };
        if let (Some(head), Some(live)) = (&told.head, &exchange.head) {
            self.table.learn_head((told.id(), head), live);
        }
        let Some(live) = exchange.summary() else { return };
        for (old, new) in self.ids.learn(&told.reading.summary, &live) {
            self.table.set(&old, &new);
        }
    }

    /// Sends a request; its exchange goes on beside.
    pub(super) fn send(&mut self, say: &Say<'_>) -> Result<Key, String> {
        let url = self.url(say.recorded, say.last_event.is_some())?;
        let exchange = say.recorded.id();
        let table = &self.table;
        let fill = |name: &str, value: &str| {
            table.fill_text(exchange, &format!("header:{name}"), value).ok()
        };
        let tool = say.body.and_then(|(_, now)| edit::text(now, "/params/name"));
        let schema = tool.as_deref();
        let schema = schema
            .and_then(|tool| self.tools.schema(tool).or_else(|| self.plan.tools.schema(tool)));
        let revision = self.revision.as_ref().map(|(old, new)| (old.as_str(), new.as_str()));
        let method = if say.last_event.is_some() { "GET" } else { &say.recorded.open.method };
        let last_event = say.last_event;
        let recorded = &say.recorded.open;
        let own = say.is_chosen.then_some(&self.settings.own);
        let draft = Draft { recorded, body: say.body, last_event, schema, revision, own };
        let mut common = Common {
            ids: &mut self.ids,
            jar: &self.jar,
            added: &self.settings.headers,
            fill: &fill,
            left_out: &mut self.left_out,
        };
        let fields = draft.fields(&mut common);
        let body = say.body.map(|(_, now)| Bytes::from(now.to_owned()));
        let request = request::request(method, &url, &fields, body.clone())?;
        let open = Open {
            client: "127.0.0.1:0".to_owned(),
            pid: Some(std::process::id()),
            run: Some(self.settings.run.clone()),
            name: self.settings.name.clone(),
            mode: Mode::Reverse,
            method: method.to_owned(),
            url: url.to_string(),
            version: if self.http2 { "HTTP/2" } else { "HTTP/1.1" }.to_owned(),
            headers: request::recorded_fields(&url, &fields),
        };
        let key = self.next_key;
        self.next_key += 1;
        let at = clock::now();
        let cut = self.wire.send(key, request);
        let exchange = Exchange::new((say.owner, at), open, body, cut);
        for record in exchange.news(0) {
            self.report.record(record);
        }
        self.exchanges.insert(key, exchange);
        Ok(key)
    }

    /// Where a recorded request goes now.
    fn url(&self, recorded: &Told, resumes: bool) -> Result<Url, String> {
        let raw = &recorded.open.url;
        if recorded.open.method == "POST"
            && !resumes
            && let Some(endpoint) = &self.endpoint
            && self.plan.is_message_endpoint(raw)
        {
            let mut url = endpoint.clone()?;
            if Url::parse(raw).is_ok_and(|raw| raw.query().is_none()) {
                url.set_query(None);
            }
            return Ok(url);
        }
        let id = recorded.id();
        self.target.url(raw, |text| {
            self.table.fill_text(id, "url", text).map_err(|unfilled| unfilled.to_string())
        })
    }

    /// A JSON-RPC id that no recorded message has.
    pub(super) fn made_up_id(&mut self) -> String {
        self.made_up += 1;
        format!("\"wiretape-{}\"", self.made_up)
    }

    /// The server was never reached: nothing can be said of it.
    pub(super) fn reachable(&self, key: Key) -> Result<(), DriveError> {
        match self.exchanges.get(&key) {
            Some(exchange) if exchange.unreachable && !self.reached => {
                let why = exchange.failed.clone().unwrap_or_default();
                Err(DriveError::Unreachable { to: self.settings.to.clone(), why })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn ended(&self, key: Key) -> bool {
        self.exchanges.get(&key).is_none_or(|exchange| exchange.ended)
    }

    /// Leaves an exchange that goes on.
    pub(super) fn cut(&mut self, key: Key) {
        let Some(exchange) = self.exchanges.get_mut(&key) else { return };
        let from = exchange.count();
        exchange.leave(clock::now());
        for record in exchange.news(from) {
            self.report.record(record);
        }
    }

    /// The recorded client had left a step's stream by then.
    pub(super) fn was_left(&self, index: usize, next: &Item<'_>) -> bool {
        let told = self.plan.items.get(index).and_then(|item| item.held()?.step.told());
        told.map(|told| &told.reading.summary).is_some_and(|summary| {
            summary.outcome == Some(Outcome::ClientClosed) && summary.last_at <= next.sent_at()
        })
    }

    /// Streams that the recorded client had left by then.
    fn close_what_was_left(&mut self, next: &Item<'_>) {
        let left = self.beside.keys().copied().filter(|index| self.was_left(*index, next));
        let left: Vec<usize> = left.collect();
        for index in left {
            if let Some(key) = self.beside.remove(&index) {
                self.cut(key);
                self.exchanges.remove(&key);
            }
        }
    }

    /// Takes up standalone streams that were cut, as often as the recorded client did.
    fn take_up_cut(&mut self) {
        let cut = |key: &&Key| {
            let exchange = self.exchanges.get(key);
            exchange.is_some_and(|exchange| exchange.ended && exchange.last_event.is_some())
        };
        let Some((index, key)) = self.beside.iter().find(|(_, key)| cut(key)) else { return };
        let (index, key) = (*index, *key);
        let Some(recorded) = self.resumes.pop_front() else { return };
        let last = self.exchanges.get(&key).and_then(|exchange| exchange.last_event.clone());
        // One that is told later keeps what it brought.
        if self.exchanges.get(&key).is_some_and(|exchange| exchange.owner.is_none()) {
            self.exchanges.remove(&key);
        }
        self.beside.remove(&index);
        let Some(last) = last.filter(|last| !last.is_empty()) else { return };
        let last_event = Some(last.as_str());
        let say = Say { recorded, owner: None, body: None, last_event, is_chosen: false };
        if let Ok(again) = self.send(&say) {
            self.beside.insert(index, again);
        }
    }

    /// Leaves everything that still goes on.
    fn leave(&mut self) {
        let keys: Vec<Key> = self.exchanges.keys().copied().collect();
        for key in keys {
            self.cut(key);
        }
    }
}

/// The GETs behind an event that took up no call's stream.
fn standalone_resumes(story: &Story) -> VecDeque<&Told> {
    let of_calls: HashSet<ExchangeId> =
        story.calls.iter().flat_map(|call| call.resumes.iter().copied()).collect();
    let resumes = story.exchanges.iter().filter(|told| {
        let summary = &told.reading.summary;
        summary.method == "GET" && summary.last_event_id.is_some() && !of_calls.contains(&told.id())
    });
    resumes.collect()
}
