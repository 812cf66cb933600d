use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use tempfile::TempDir;
use throughline_channels::{Channels, Preset, SourceLists};
use throughline_proto::money::{Currency, Rates};
use throughline_stream::Stop;

use super::*;
use crate::error::ProcessorError;
use crate::rules::{Attribution, TenantSettings};
use crate::store::{FjallStore, StoreOptions};
use crate::stored::{META_KEY, Meta};
use crate::worker::Config;

const PARTITION: u32 = 3;
const PARTITIONS: u32 = 8;
/// More than one chunk.
const KEYS: u64 = 3000;
const VALUE: usize = 3000;

fn rules(generation: u32, text: &str) -> Arc<Attribution> {
    let lists = Arc::new(SourceLists::new());
    let settings = TenantSettings {
        time_zone: chrono_tz::Tz::UTC,
        currency: Currency::parse("RUB").unwrap(),
        lookback_days: 90,
        reset_on_conversion: false,
        models: Vec::new(),
        channels: Channels::new(&[], Preset::Ga4, lists).unwrap(),
        rates: Rates::default(),
    };
    Arc::new(Attribution::new(
        generation,
        settings,
        BTreeMap::new(),
        text,
    ))
}

fn config() -> Config {
    Config {
        events_topic: "events".into(),
        events_partitions: PARTITIONS,
        rollups_topic: "rollups".into(),
        rollups_partitions: 1,
        checkpoint_interval: Duration::from_millis(1),
        publish_interval: Duration::from_millis(1),
        checkpoint_records: 1,
        poll_wait: Duration::ZERO,
        record_bytes: 1024,
        tables: &throughline_proto::rollups::Table::ALL,
        cells_at_end: false,
        cached_nodes: 1,
        cached_chunks: 1,
        max_touches: 1,
        max_items: 1,
        max_partners: 1000,
        purge: crate::purge::When::Told(Arc::default()),
    }
}

/// Storage in memory, and what was put into it.
struct World {
    storage: Arc<InMemory>,
    place: Place,
    runtime: tokio::runtime::Runtime,
    stop: Stop,
}

impl World {
    fn new() -> Self {
        let storage = Arc::new(InMemory::new());
        let boxed = Box::new(Arc::clone(&storage)) as Box<dyn ObjectStore>;
        let place = Place::with(boxed, Path::from("a/b"), "memory", "events", PARTITIONS).unwrap();
        Self {
            storage,
            place,
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
            stop: Stop::new(),
        }
    }

    fn save(&self, local: &Local, keep: usize) -> Option<Saved> {
        save(&self.place, &local.store, PARTITION, keep, &self.stop).unwrap()
    }

    /// The offsets of complete snapshots, the newest first, and how many
    /// directories are not complete.
    fn offsets(&self) -> (Vec<i64>, usize) {
        let there = self.place.list(PARTITION, &self.stop).unwrap();
        let complete = there.iter().filter(|found| found.is_complete());
        let offsets: Vec<_> = complete.map(|found| found.name.next_offset).collect();
        let incomplete = there.len() - offsets.len();
        (offsets, incomplete)
    }

    /// Objects of the snapshot at this offset whose names end so.
    fn objects(&self, offset: i64, end: &str) -> Vec<Path> {
        let there = self.place.list(PARTITION, &self.stop).unwrap();
        let found = there.iter().find(|found| found.name.next_offset == offset);
        let found = found.unwrap();
        let manifests = found.manifests.iter().map(|object| &object.location);
        let all = manifests.chain(&found.others).cloned();
        all.filter(|path| path.as_ref().ends_with(end)).collect()
    }

    fn change(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut content = self.place.get(path, &self.stop).unwrap().unwrap();
        change(&mut content);
        self.runtime
            .block_on(self.storage.put(path, content.into()))
            .unwrap();
    }

    fn delete(&self, path: &Path) {
        self.runtime.block_on(self.storage.delete(path)).unwrap();
    }

    fn starter(&self, local: &Local, rules: &Arc<Attribution>) -> Starter {
        Starter {
            store: local.store.clone(),
            place: self.place.clone(),
            config: config(),
            rules: Arc::clone(rules),
            accept_lost_events: false,
            stop: self.stop.clone(),
        }
    }

    fn begin(&self, local: &Local, log: Range<i64>) -> Result<Begin, ProcessorError> {
        self.starter(local, &rules(1, "rules"))
            .begin(PARTITION, &log)
    }

    /// What beginning is refused with.
    fn refused(&self, local: &Local, log: Range<i64>) -> String {
        self.begin(local, log).unwrap_err().to_string()
    }
}

/// A worker's disk.
struct Local {
    store: FjallStore,
    directory: TempDir,
}

impl Local {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = open(&directory);
        Self { store, directory }
    }

    /// With a state that ends at this offset.
    fn at(offset: i64) -> Self {
        let local = Self::new();
        local.go_to(offset);
        local
    }

    /// Changes some keys, and the offset.
    fn go_to(&self, offset: i64) {
        let rules = rules(1, "rules");
        let meta = Meta {
            next_offset: offset,
            partitions: PARTITIONS,
            generation: 1,
            rules: rules.fingerprint(),
            rates: rules.rates_fingerprint(0),
            ..Meta::default()
        };
        let mut rng = Rng::with_seed(offset.cast_unsigned());
        let written = (0..KEYS).filter(|_| rng.u8(..3) > 0).collect::<Vec<_>>();
        let mut entries = vec![(META_KEY.to_vec(), meta.encode())];
        for key in written {
            let mut value = vec![0; VALUE];
            rng.fill(&mut value);
            entries.push((format!("n{key:016}").into_bytes(), value));
        }
        let entries: Vec<(&[u8], &[u8])> = entries
            .iter()
            .map(|(key, value)| (key.as_slice(), value.as_slice()))
            .collect();
        self.store.put_for_test(PARTITION, &entries);
    }

    fn content(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let view = self.store.view(PARTITION).unwrap();
        let entries = view.into_iter().flat_map(|view| view.entries());
        let entries = entries.map(Result::unwrap);
        entries
            .map(|(key, value)| (key.to_vec(), value.to_vec()))
            .collect()
    }

    /// As the next process finds it.
    fn open_again(self) -> Self {
        let Self { store, directory } = self;
        drop(store);
        let store = open(&directory);
        Self { store, directory }
    }
}

fn open(directory: &TempDir) -> FjallStore {
    FjallStore::open(&StoreOptions {
        path: directory.path().to_owned(),
        cache_bytes: 1 << 20,
    })
    .unwrap()
}

#[test]
fn what_is_saved_is_what_is_restored() {
    let (world, from) = (World::new(), Local::at(70));
    let saved = world.save(&from, 3).unwrap();
    assert_eq!(saved.name, "memory/events/3-of-8/g1-00000000000000000070");
    assert!(world.objects(70, ".chunk").len() > 1);
    let expected = from.content();
    assert_eq!(saved.keys, expected.len() as u64);

    // Into an empty store, and into one that the log has left behind.
    for to in [Local::new(), Local::at(20)] {
        assert_eq!(world.begin(&to, 30..100).unwrap(), Begin::After(70));
        assert!(to.content() == expected);
        let to = to.open_again();
        assert!(to.content() == expected, "it is gone with the process");
        // It goes on like any other state, over a restart too.
        to.go_to(75);
        let content = to.content();
        assert!(content != expected);
        let to = to.open_again();
        assert!(to.content() == content);
        assert_eq!(world.begin(&to, 30..100).unwrap(), Begin::After(75));
    }
    assert_eq!(world.offsets(), (vec![70], 0));
}

#[test]
fn a_snapshot_is_of_the_moment_that_it_began_at() {
    let (world, from) = (World::new(), Local::at(70));
    let expected = from.content();
    let view = from.store.view(PARTITION).unwrap().unwrap();
    let mut entries = view.entries();
    let first = entries.next().unwrap().unwrap();
    from.go_to(80);
    let rest = entries.map(Result::unwrap);
    let seen: Vec<_> = std::iter::once(first)
        .chain(rest)
        .map(|(key, value)| (key.to_vec(), value.to_vec()))
        .collect();
    assert!(seen == expected && view.meta().unwrap().next_offset == 70);
    assert_eq!(world.save(&from, 3).unwrap().next_offset, 80);
}

#[test]
fn a_damaged_snapshot_is_passed_by_for_an_older_one() {
    type Harm = fn(&World);
    let harms: [(&str, Harm); 6] = [
        ("a bit of a chunk", |world| {
            world.change(&world.objects(90, ".chunk")[1], |bytes| bytes[100] ^= 4);
        }),
        ("a chunk is cut", |world| {
            world.change(&world.objects(90, ".chunk")[0], |bytes| bytes.truncate(9));
        }),
        ("a chunk is missing", |world| {
            world.delete(&world.objects(90, ".chunk")[1]);
        }),
        ("a chunk is another", |world| {
            let chunks = world.objects(90, ".chunk");
            let other = world.place.get(&chunks[0], &world.stop).unwrap().unwrap();
            world.change(&chunks[1], |bytes| *bytes = other);
        }),
        ("a bit of the manifest", |world| {
            world.change(&world.objects(90, ".json")[0], |bytes| bytes[100] ^= 4);
        }),
        ("no manifest", |world| {
            world.delete(&world.objects(90, ".json")[0]);
        }),
    ];
    for (case, harm) in harms {
        let (world, from) = (World::new(), Local::at(70));
        world.save(&from, 3).unwrap();
        let expected = from.content();
        from.go_to(90);
        world.save(&from, 3).unwrap();
        harm(&world);
        let to = Local::new();
        assert_eq!(
            world.begin(&to, 5..100).unwrap(),
            Begin::After(70),
            "{case}"
        );
        assert!(to.content() == expected, "{case}");

        // With nothing older, the log must be whole.
        for path in world.objects(70, "") {
            world.delete(&path);
        }
        let to = Local::new();
        assert_eq!(
            world.begin(&to, 0..100).unwrap(),
            Begin::Beginning,
            "{case}"
        );
        assert!(to.content().is_empty(), "{case}");
        let error = world.refused(&to, 5..100);
        assert!(error.contains("snapshot"), "{case}: {error}");
    }
}

#[test]
fn a_manifest_of_another_layout_is_named() {
    let (world, from) = (World::new(), Local::at(70));
    world.save(&from, 3).unwrap();
    let path = world.objects(70, ".json").remove(0);
    let content = world.place.get(&path, &world.stop).unwrap().unwrap();
    let text = String::from_utf8(content).unwrap();
    let text = text.replace("\"layout\": 1", "\"layout\": 2, \"new\": 0");
    let file = name::manifest(text.as_bytes());
    let error = manifest::Manifest::decode(&file, text.as_bytes()).unwrap_err();
    assert_eq!(error, "it has layout 2, and this version reads 1");
}

#[test]
fn the_newest_are_kept_and_what_was_given_up_goes() {
    let (world, from) = (World::new(), Local::new());
    for offset in [10, 20, 30, 40] {
        from.go_to(offset);
        world.save(&from, 2).unwrap();
        if offset == 20 {
            // Given up before it had a manifest.
            world.delete(&world.objects(20, ".json")[0]);
            assert_eq!(world.offsets(), (vec![10], 1));
        }
    }
    assert_eq!(world.offsets(), (vec![40, 30], 0));
    // What is newer than all may still be written.
    from.go_to(50);
    let view = from.store.view(PARTITION).unwrap().unwrap();
    save::write(&world.place, &view, &world.stop).unwrap();
    world.delete(&world.objects(50, ".json")[0]);
    keep::tidy(&world.place, PARTITION, 2, &world.stop);
    assert_eq!(world.offsets(), (vec![40, 30], 1));
    from.go_to(60);
    world.save(&from, 2).unwrap();
    assert_eq!(world.offsets(), (vec![60, 40], 0));
}

#[test]
fn the_same_state_is_not_saved_again() {
    let (world, from) = (World::new(), Local::at(70));
    assert!(world.save(&from, 2).is_some());
    assert!(world.save(&from, 2).is_none());
    assert!(world.save(&Local::new(), 2).is_none());
}

#[test]
fn a_zombie_that_writes_late_is_not_the_newest() {
    // What it wrote was complete before its successor's: it stays the older one.
    let (world, zombie, successor) = (World::new(), Local::at(40), Local::at(40));
    let view = zombie.store.view(PARTITION).unwrap().unwrap();
    successor.go_to(60);
    world.save(&successor, 2).unwrap();
    // It began before, and does not know.
    let late = save::write(&world.place, &view, &world.stop).unwrap();
    assert_eq!(late.next_offset, 40);
    assert_eq!(world.offsets(), (vec![60, 40], 0));
    assert_eq!(world.begin(&Local::new(), 0..80).unwrap(), Begin::After(60));
    // One that begins later sees that it is late.
    assert!(world.save(&zombie, 2).is_none());
    // And the next snapshot sweeps it out.
    successor.go_to(70);
    world.save(&successor, 2).unwrap();
    assert_eq!(world.offsets(), (vec![70, 60], 0));
}

#[test]
fn a_log_that_has_lost_its_beginning_is_refused_without_a_snapshot() {
    let world = World::new();
    let nothing = Local::new();
    assert_eq!(world.begin(&nothing, 0..90).unwrap(), Begin::Beginning);
    let error = world.refused(&nothing, 12..90);
    for words in [
        "events[3] holds only the offsets 12 to 90",
        "its state is not there, and there is no snapshot of it in memory/events/3-of-8",
        "`processor.accept_lost_events: true`",
    ] {
        assert!(error.contains(words), "{error}");
    }
    let mut accepting = world.starter(&nothing, &rules(1, "rules"));
    accepting.accept_lost_events = true;
    let begin = accepting.begin(PARTITION, &(12..90)).unwrap();
    assert_eq!(begin, Begin::Beginning);

    // State and snapshots that end before the log begins are of no use.
    let old = Local::at(7);
    let error = world.refused(&old, 12..90);
    assert!(
        error.contains("goes on at offset 7, which is not in the log"),
        "{error}"
    );
    world.save(&Local::at(11), 2).unwrap();
    let error = world.refused(&nothing, 12..90);
    let words = "its newest snapshot (memory/events/3-of-8/g1-00000000000000000011) ends at \
                 offset 11, before the log begins";
    assert!(error.contains(words), "{error}");
    // But the log is whole: no matter.
    assert_eq!(world.begin(&nothing, 0..90).unwrap(), Begin::After(11));
}

#[test]
fn what_is_of_another_log_or_other_rules_is_not_used() {
    let world = World::new();
    world.save(&Local::at(50), 2).unwrap();
    let error = world.refused(&Local::new(), 0..49);
    let words = "goes to offset 50, but events[3] ends at 49";
    assert!(error.contains(words), "{error}");

    let to = Local::new();
    let other = world.starter(&to, &rules(1, "other rules"));
    let error = other.begin(PARTITION, &(0..60)).unwrap_err();
    assert!(matches!(error, ProcessorError::Rules { .. }), "{error}");
    let next = world.starter(&to, &rules(2, "other rules"));
    assert_eq!(next.begin(PARTITION, &(0..60)).unwrap(), Begin::Beginning);
    assert_eq!(world.begin(&to, 0..50).unwrap(), Begin::After(50));
}

#[test]
fn storage_that_is_away_is_waited_for_and_a_stop_is_heeded() {
    let away = tempfile::tempdir().unwrap();
    let path = away.path().join("place");
    let place = Place::new(&Location::Directory(path.clone()), "events", PARTITIONS).unwrap();
    let stop = Stop::new();
    let from = Local::at(50);
    // A file where the directory must be.
    std::fs::write(path.join("events"), "").unwrap();
    let error = save(&place, &from.store, PARTITION, 2, &stop).unwrap_err();
    assert!(
        error.to_string().contains("object storage fails"),
        "{error}"
    );
    let world = World {
        place: place.clone(),
        ..World::new()
    };
    let begin = world.begin(&Local::new(), 0..60).unwrap();
    assert!(matches!(begin, Begin::Later(_)), "{begin:?}");
    // State that is there asks for nothing.
    assert_eq!(world.begin(&from, 0..60).unwrap(), Begin::After(50));

    std::fs::remove_file(path.join("events")).unwrap();
    save(&place, &from.store, PARTITION, 2, &stop).unwrap();
    assert_eq!(world.begin(&Local::new(), 0..60).unwrap(), Begin::After(50));
}

#[test]
fn snapshots_are_written_until_the_stop() {
    let (world, from) = (World::new(), Local::at(50));
    let held = from.store.restoring(PARTITION);
    let schedule = Schedule {
        interval: Duration::from_millis(1),
        keep: 1,
    };
    let stop = world.stop.clone();
    let maker = Maker::new(world.place.clone(), from.store.clone(), schedule, stop);
    let thread = std::thread::spawn(|| maker.run());
    for offset in [50, 60] {
        from.go_to(offset);
        while world.offsets().0 != [offset] {
            std::thread::yield_now();
        }
    }
    world.stop.request(Duration::ZERO);
    thread.join().unwrap();
    drop(held);
}
