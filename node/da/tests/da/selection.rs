//! Which stores are asked, in which order, how many at once, and who is waited for: by a clock that only moves when everybody waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use ashlar_batch::Signatures;
use ashlar_coding::{Coded, Expansion, Row, Simd};
use ashlar_da::limits::FETCHES_AT_ONCE;
use ashlar_da::{
    Answer, Availability, BatchKey, Deposit, Distance, Kept, Pace, Receipt, SectionKey, Share, Store, StoreError,
    Verdict, Wanted,
};
use ashlar_types::BatchNumber;
use commonware_runtime::{Clock, Runner, Supervisor, deterministic};

use crate::market::{batch, header};

/// What all stores of a test have done together.
#[derive(Default)]
struct Watch {
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    asked: Mutex<Vec<usize>>,
    sent: Mutex<Vec<Row>>,
}

impl Watch {
    fn asked(&self) -> Vec<usize> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// Counts a question as under way, also when it is given up.
struct UnderWay(Arc<Watch>);

impl UnderWay {
    fn new(watch: &Arc<Watch>) -> UnderWay {
        let now = watch.at_once.fetch_add(1, Ordering::Relaxed) + 1;
        watch.most_at_once.fetch_max(now, Ordering::Relaxed);
        UnderWay(watch.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.at_once.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Honest,
    Lies,
    Never,
}

struct Timed<C> {
    clock: C,
    index: usize,
    name: String,
    takes: Duration,
    distance: Distance,
    manner: Manner,
    /// Every store has the whole of it, or its part.
    has_all: bool,
    coded: Arc<Coded>,
    stores: usize,
    watch: Arc<Watch>,
}

impl<C: Clock> Store for Timed<C> {
    fn name(&self) -> &str {
        &self.name
    }

    fn distance(&self) -> Distance {
        self.distance
    }

    fn put<'a>(&'a self, _: &'a BatchKey, _: &'a Deposit) -> Answer<'a, Option<Receipt>> {
        Box::pin(async { Ok(None) })
    }

    fn get<'a>(&'a self, _: &'a BatchKey, wanted: Wanted<'a>) -> Answer<'a, Share> {
        Box::pin(async move {
            let _under_way = UnderWay::new(&self.watch);
            self.watch.asked.lock().unwrap().push(self.index);
            if self.manner == Manner::Never {
                std::future::pending::<()>().await;
            }
            self.clock.sleep(self.takes).await;
            let all = self.coded.manifest().layout().rows() as u16;
            let own = |row: &u16| self.has_all || usize::from(*row) % self.stores == self.index;
            let rows: Vec<Row> = (0..all).filter(own).map(Row::new).collect();
            // A row that is not this one's place is under no commitment.
            let mut share = Share::of(&self.coded, &rows);
            share.narrow(wanted);
            if self.manner == Manner::Lies {
                let other = Coded::new(&batch(4_000, 99), Expansion::Double, &Simd).unwrap();
                share.chunks = Share::of(&other, &rows).chunks;
            }
            let layout = *self.coded.manifest().layout();
            self.watch
                .sent
                .lock()
                .unwrap()
                .extend(share.chunks.iter().filter_map(|chunk| layout.row_at(chunk.place())));
            Ok(share)
        })
    }

    fn signatures<'a>(&'a self, key: &'a SectionKey) -> Answer<'a, Vec<u8>> {
        Box::pin(async move { Err(StoreError::AbsentSection(*key)) })
    }

    fn list(&self, _: BatchNumber, _: usize) -> Answer<'_, Kept> {
        Box::pin(async { Ok(Kept::default()) })
    }
}

const MS: fn(u64) -> Duration = Duration::from_millis;

/// A batch in stores that each take so long and have such a manner.
struct World {
    all: Availability,
    bytes: Vec<u8>,
    header: ashlar_batch::BatchHeader,
    watch: Arc<Watch>,
    data_rows: usize,
}

fn world(context: &deterministic::Context, stores: &[(Duration, Distance, Manner)], has_all: bool) -> World {
    let bytes = batch(16_384, 7);
    let coded = Arc::new(Coded::new(&bytes, Expansion::Double, &Simd).unwrap());
    let watch = Arc::new(Watch::default());
    let count = stores.len();
    let store = |(index, (takes, distance, manner)): (usize, &(Duration, Distance, Manner))| {
        let (clock, name, coded, watch) =
            (context.child("store"), format!("store-{index}"), coded.clone(), watch.clone());
        let (takes, distance, manner) = (*takes, *distance, *manner);
        Box::new(Timed { clock, index, name, takes, distance, manner, has_all, coded, stores: count, watch })
            as Box<dyn Store>
    };
    let stores = stores.iter().enumerate().map(store).collect();
    let (now, sleep) = (context.child("now"), context.child("sleep"));
    let pace = Pace::new(
        move || now.current().duration_since(UNIX_EPOCH).unwrap_or_default(),
        move |time| Box::pin(sleep.sleep(time)),
    );
    let all = Availability::new(stores, Expansion::Double, count).unwrap().paced(pace);
    let header = header(1, &bytes, coded.commitment());
    World { all, bytes, header, watch, data_rows: coded.manifest().layout().data_rows() }
}

async fn fetch(context: &deterministic::Context, world: &World) -> (Duration, Vec<(String, Verdict)>) {
    let begun = context.current();
    let fetched = world.all.fetch(&world.header).await.unwrap();
    assert_eq!(fetched.bytes, world.bytes);
    let sources = fetched.sources.into_iter().map(|source| (source.name, source.verdict)).collect();
    (context.current().duration_since(begun).unwrap(), sources)
}

#[test]
fn who_is_slow_is_not_waited_for_and_asked_last_from_then_on() {
    deterministic::Runner::seeded(1).start(|context| async move {
        let (quick, slow) = ((MS(5), Distance::There, Manner::Honest), (MS(60_000), Distance::There, Manner::Honest));
        let world = world(&context, &[slow, quick, quick, slow, quick, quick, quick, quick], false);
        let (took, sources) = fetch(&context, &world).await;
        assert!(took < MS(3_000), "a minute is not waited for: {took:?}");
        assert!(sources.iter().all(|(_, verdict)| *verdict == Verdict::Honest));
        assert!(world.watch.asked().contains(&0), "nobody knew before");
        assert!(world.all.standing("store-0").time_us > 500_000, "{:?}", world.all.standing("store-0"));
        // Now it is known who is quick, and four of those have everything.
        let (took, sources) = fetch(&context, &world).await;
        assert!(took < MS(50), "{took:?}");
        assert_eq!(sources.len(), 4);
        let asked = world.watch.asked();
        assert!(!asked.contains(&0) && !asked.contains(&3), "{asked:?}");
    });
}

#[test]
fn who_lied_is_named_and_asked_last() {
    deterministic::Runner::seeded(2).start(|context| async move {
        let (honest, liar) = ((MS(20), Distance::There, Manner::Honest), (MS(1), Distance::There, Manner::Lies));
        let world = world(&context, &[liar, honest, honest, honest], false);
        let (_, sources) = fetch(&context, &world).await;
        let wrong: Vec<&str> = sources
            .iter()
            .filter(|(_, verdict)| matches!(verdict, Verdict::Wrong(_)))
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(wrong, ["store-0"]);
        world.watch.asked();
        // It is the quickest, and that does not help it.
        let (_, sources) = fetch(&context, &world).await;
        assert_eq!(world.watch.asked(), [1, 2]);
        assert!(sources.iter().all(|(_, verdict)| *verdict == Verdict::Honest));
    });
}

#[test]
fn what_is_near_is_asked_before_what_is_far() {
    deterministic::Runner::seeded(3).start(|context| async move {
        let store = |distance| (MS(1), distance, Manner::Honest);
        let stores = [store(Distance::Far), store(Distance::There), store(Distance::Here), store(Distance::Here)];
        let world = world(&context, &stores, false);
        fetch(&context, &world).await;
        assert_eq!(world.watch.asked(), [2, 3]);
        // Those that answered are known, and the others still are only what their kind usually is.
        fetch(&context, &world).await;
        assert_eq!(world.watch.asked(), [2, 3]);
    });
}

#[test]
fn no_more_are_asked_at_once_than_the_bound() {
    deterministic::Runner::seeded(4).start(|context| async move {
        let stores: Vec<_> = (0..16).map(|_| (MS(40), Distance::There, Manner::Honest)).collect();
        let world = world(&context, &stores, false);
        let (took, sources) = fetch(&context, &world).await;
        assert_eq!(world.watch.most_at_once.load(Ordering::Relaxed), FETCHES_AT_ONCE);
        assert_eq!(sources.len(), 8, "half of them have everything");
        assert!((MS(80)..MS(120)).contains(&took), "two rounds of four, and not eight one after the other: {took:?}");
    });
}

/// All places are taken by who never answers: who is late for longest makes room, and is told.
#[test]
fn who_never_answers_makes_room() {
    deterministic::Runner::seeded(5).start(|context| async move {
        let never = (MS(0), Distance::There, Manner::Never);
        let mut stores = vec![never; 4];
        stores.extend([(MS(5), Distance::There, Manner::Honest); 4]);
        let world = world(&context, &stores, false);
        let (took, sources) = fetch(&context, &world).await;
        assert!(took < MS(5_000), "{took:?}");
        assert!(world.watch.most_at_once.load(Ordering::Relaxed) <= FETCHES_AT_ONCE);
        let silent =
            sources.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Silent(StoreError::Failed { .. })));
        assert!(silent.count() >= 1, "{sources:?}");
        assert_eq!(world.watch.at_once.load(Ordering::Relaxed), 0, "nothing is left under way");
    });
}

/// Four that are slow lose their places to four of whom two lie: without two of the slow ones there is not enough.
#[test]
fn who_was_given_up_is_asked_again_where_the_others_do_not_have_enough() {
    deterministic::Runner::seeded(7).start(|context| async move {
        let mut stores = vec![(MS(30_000), Distance::There, Manner::Honest); 4];
        stores.extend([(MS(5), Distance::There, Manner::Honest); 2]);
        stores.extend([(MS(1), Distance::There, Manner::Lies); 2]);
        let world = world(&context, &stores, false);
        let (_, sources) = fetch(&context, &world).await;
        let asked = world.watch.asked();
        assert!(asked.iter().filter(|index| **index == 0).count() == 2, "{asked:?}");
        assert!(world.watch.most_at_once.load(Ordering::Relaxed) <= FETCHES_AT_ONCE);
        let verdict = |name: &str| {
            let mut of_it = sources.iter().filter(|(source, _)| source == name);
            let verdict = of_it.next().map(|(_, verdict)| verdict.clone()).expect("it was asked");
            assert!(of_it.next().is_none(), "each is told of once: {sources:?}");
            verdict
        };
        assert_eq!(verdict("store-0"), Verdict::Honest, "what it did in the end");
        assert!(matches!(verdict("store-3"), Verdict::Silent(StoreError::Failed { .. })), "{sources:?}");
        assert!(matches!(verdict("store-7"), Verdict::Wrong(_)), "{sources:?}");
        assert!(world.all.standing("store-3").time_us > 0, "how slow it is at least is remembered");
        assert_eq!(world.watch.at_once.load(Ordering::Relaxed), 0, "nothing is left under way");
    });
}

/// Who has everything sends data rows, which need no decoding.
#[test]
fn data_rows_come_first() {
    deterministic::Runner::seeded(6).start(|context| async move {
        let world = world(&context, &[(MS(5), Distance::There, Manner::Honest)], true);
        fetch(&context, &world).await;
        let sent = std::mem::take(&mut *world.watch.sent.lock().unwrap());
        assert_eq!(sent.len(), 2 * world.data_rows, "it was not known how many there are");
        let first: Vec<usize> = sent.iter().map(|row| usize::from(row.get())).collect();
        assert!(first.is_sorted(), "data rows stand before coded ones");
        // Who asks for as many as are needed is given no others.
        let key = BatchKey::of(&world.header).unwrap();
        let wanted = Wanted::Beside { have: &[Row::new(0)], most: world.data_rows - 1 };
        let share = world.all.stores()[0].get(&key, wanted).await.unwrap();
        assert!(share.rows().all(|row| (1..world.data_rows).contains(&usize::from(row.get()))));
        assert_eq!(share.chunks.len(), world.data_rows - 1);
        let published = world.all.publish(BatchNumber::new(1), &world.bytes, &Signatures::new()).await.unwrap();
        assert_eq!(published.commitment, key.commitment);
    });
}
