//! Rows of erased persons: gone from every table, and nobody else's.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use throughline_sink::erased::{Deleted, PERSON_TABLES};
use throughline_sink::{Connection, Eraser};
use throughline_stream::Stop;

use crate::line::Line;

/// Two identifiers of the person who is erased.
pub const ANN: [u128; 2] = [0xa1 << 120 | 4, 0xa2 << 120 | 3];
/// Two of another one.
pub const BOB: [u128; 2] = [0xb1 << 120 | 4, 0xb2 << 120 | 3];

const SWEEP: Duration = Duration::from_mins(10);

pub fn eraser(connection: &Connection) -> Eraser {
    Eraser::new(connection, SWEEP, Duration::ZERO, Stop::new()).unwrap()
}

/// A line whose tables of persons keep all versions: nothing is merged.
pub fn start(database: &str) -> Line {
    let line = Line::start(database);
    for table in PERSON_TABLES {
        line.run(&format!(
            "ALTER TABLE {} MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, \
             max_bytes_to_merge_at_min_space_in_pool = 1",
            table.table.name()
        ));
    }
    line
}

impl Line {
    pub fn run(&self, sql: &str) {
        self.clickhouse.execute("a test's statement", sql).unwrap();
    }

    pub fn erase(&self, identifiers: &[u128]) {
        for identifier in identifiers {
            let digest = Sha256::digest(identifier.to_be_bytes());
            let digest = u128::from_be_bytes(digest[..16].try_into().unwrap());
            let pseudonym = digest & !0xff | identifier & 0xff;
            self.run(&format!(
                "INSERT INTO erased_identifiers (tenant, pseudonym, version) VALUES ('shop', unhex('{pseudonym:032x}'), 9)"
            ));
        }
    }

    pub fn pass(&self) -> Deleted {
        eraser(self.clickhouse.connection()).pass().unwrap()
    }

    /// Versions of a touch in one part: whose, which, whether a tombstone.
    pub fn touch(&self, touch_id: &str, versions: &[(u128, u64, u8)]) {
        self.versions(
            "touchpoint_versions",
            "touch_id",
            &format!("'{touch_id}'"),
            versions,
        );
    }

    /// One version of so many touches, in one part.
    pub fn touches(&self, number: u32, client: u128, version: u64, is_deleted: u8) {
        self.run(&format!(
            "INSERT INTO touchpoint_versions (generation, tenant, touch_id, client, version, is_deleted) \
             SELECT 1, 'shop', concat('web:', toString(number)), unhex('{client:032x}'), {version}, {is_deleted} \
             FROM numbers({number})"
        ));
    }

    pub fn versions(&self, table: &str, key: &str, value: &str, versions: &[(u128, u64, u8)]) {
        let generation = if table == "link_versions" {
            ""
        } else {
            "generation, "
        };
        let one = if generation.is_empty() { "" } else { "1, " };
        let client = if table == "link_versions" {
            "other"
        } else {
            "client"
        };
        let rows = versions.iter().map(|(client, version, is_deleted)| {
            format!("({one}'shop', {value}, unhex('{client:032x}'), {version}, {is_deleted})")
        });
        self.run(&format!(
            "INSERT INTO {table} ({generation}tenant, {key}, {client}, version, is_deleted) \
             SETTINGS optimize_on_insert = 0 VALUES {}",
            rows.collect::<Vec<_>>().join(", ")
        ));
    }

    /// All versions of touches: which, whose, version, whether a tombstone.
    #[track_caller]
    pub fn check_touches(&self, expected: &[&str]) {
        self.check(
            "SELECT touch_id, if(hex(client) LIKE 'A%', 'Ann', 'Bob'), version, is_deleted FROM touchpoint_versions",
            expected,
        );
    }

    pub fn mutations(&self) -> Vec<String> {
        self.rows("SELECT table, count() FROM system.mutations WHERE database = currentDatabase() AND command LIKE '%DELETE%' GROUP BY table")
    }

    /// Everything that tables of persons hold.
    pub fn everything(&self) -> Vec<String> {
        let dumps = PERSON_TABLES.map(|table| {
            let name = table.table.name();
            format!("SELECT '{name}' AS of_table, hex(toString(tuple(*))) AS of_row FROM {name}")
        });
        self.rows(&dumps.join(" UNION ALL "))
    }

    /// Fills all tables with rows of a person, versions and tombstones.
    pub fn fill(&self, name: &str, person: [u128; 2]) {
        let [first, second] = person;
        let versions = [(second, 1, 0), (first, 2, 0), (first, 3, 1)];
        let alive = [(second, 1, 0), (first, 2, 0)];
        for (table, key) in [
            ("touchpoint_versions", "touch_id"),
            ("call_versions", "touch_id"),
            ("deal_versions", "deal_id"),
            ("credit_versions", "deal_id"),
        ] {
            self.versions(table, key, &format!("'gone:{name}'"), &versions);
            self.versions(table, key, &format!("'alive:{name}'"), &alive);
        }
        // In parts of their own, the tombstone first.
        for version in versions.iter().rev() {
            self.touch(&format!("parts:{name}"), &[*version]);
        }
        for identifier in person {
            let value = format!("unhex('{identifier:032x}')");
            self.versions("identity_versions", "identifier", &value, &versions);
            self.versions(
                "link_versions",
                "identifier",
                &value,
                &[(0, 1, 0), (0, 2, 1)],
            );
        }
        let value = format!("unhex('{second:032x}')");
        self.versions("link_versions", "identifier", &value, &[(first, 1, 0)]);
    }
}

#[test]
fn every_row_of_an_erased_person_goes_and_no_other() {
    let line = start("erased");
    line.fill("bob", BOB);
    let bobs = line.everything();
    line.fill("ann", ANN);
    // The same identifiers and ids in another tenant are somebody else.
    line.run("INSERT INTO touchpoint_versions SELECT * REPLACE('other' AS tenant) FROM touchpoint_versions WHERE touch_id = 'alive:ann'");
    let others = line.rows("SELECT 'touchpoint_versions', hex(toString(tuple(*))) FROM touchpoint_versions WHERE tenant = 'other'");
    let views = [
        "touchpoints",
        "calls",
        "deals",
        "credits",
        "identities",
        "links",
    ];
    let of_bob = |view: &str| {
        let everything = line.rows(&format!("SELECT * FROM {view}"));
        let is_anns = |row: &String| {
            row.contains("shop")
                && (row.contains(":ann") || row.contains("a1000") || row.contains("a2000"))
        };
        everything
            .into_iter()
            .filter(|row| !is_anns(row))
            .collect::<Vec<_>>()
    };
    let seen = views.map(of_bob);
    line.erase(&ANN);
    let deleted = line.pass();
    let counts: Vec<_> = deleted
        .iter()
        .map(|(table, rows)| format!("{table} {rows}"))
        .collect();
    assert_eq!(
        counts,
        [
            "call_versions 5",
            "credit_versions 5",
            "deal_versions 5",
            "identity_versions 6",
            "link_versions 5",
            "touchpoint_versions 8"
        ]
    );
    let mut expected = [bobs, others].concat();
    expected.sort();
    assert_eq!(line.everything(), expected);
    for (view, seen) in views.iter().zip(seen) {
        assert_eq!(line.rows(&format!("SELECT * FROM {view}")), seen, "{view}");
    }
    // Not only masked: the parts hold no more rows than a scan finds.
    for table in PERSON_TABLES {
        let name = table.table.name();
        assert_eq!(
            line.rows(&format!("SELECT sum(rows) FROM system.parts WHERE database = currentDatabase() AND table = '{name}' AND active")),
            line.rows(&format!("SELECT count() FROM {name}")),
        );
    }
    line.check("SELECT count() FROM erasure_rows", &["0"]);
}

/// The newest version says whose a row is.
#[test]
fn rows_that_changed_hands_go_with_their_newest_client() {
    let line = start("unmerged");
    let (ann, bob) = (ANN[0], BOB[0]);
    // Was Bob's, as long as both were taken for one person.
    line.touch("web:was-bobs", &[(bob, 1, 0), (ann, 2, 0), (ann, 3, 1)]);
    line.touch("web:was-bobs-and-shows", &[(bob, 1, 0), (ann, 2, 0)]);
    line.touch("web:was-bobs-tombstone", &[(bob, 1, 1), (ann, 2, 0)]);
    // Was Ann's for as long.
    line.touch("web:was-anns", &[(ann, 1, 0), (bob, 2, 0)]);
    line.touch(
        "web:went-to-and-fro",
        &[(bob, 1, 0), (ann, 2, 0), (bob, 3, 0)],
    );
    line.touch("web:was-anns-and-is-gone", &[(ann, 1, 0), (bob, 2, 1)]);
    line.touch("web:bobs", &[(bob, 1, 0)]);
    let seen = line.rows("SELECT touch_id FROM touchpoints WHERE touch_id != 'web:was-bobs-and-shows' AND touch_id != 'web:was-bobs-tombstone'");
    line.erase(&ANN);
    line.pass();
    line.check_touches(&[
        "web:bobs | Bob | 1 | 0",
        "web:was-anns | Bob | 2 | 0",
        "web:was-anns-and-is-gone | Bob | 2 | 1",
        "web:went-to-and-fro | Bob | 1 | 0",
        "web:went-to-and-fro | Bob | 3 | 0",
    ]);
    assert_eq!(line.rows("SELECT touch_id FROM touchpoints"), seen);
}

/// A row of an older generation is not written again when it changes hands.
#[test]
fn rows_of_older_generations_are_whose_the_newest_is() {
    let line = start("older_generations");
    let (ann, bob) = (ANN[0], BOB[0]);
    let put = |touch_id: &str, generation: u32, client: u128, version: u64, is_deleted: u8| {
        line.run(&format!(
            "INSERT INTO touchpoint_versions (generation, tenant, touch_id, client, version, is_deleted) \
             VALUES ({generation}, 'shop', '{touch_id}', unhex('{client:032x}'), {version}, {is_deleted})"
        ));
    };
    put("web:now-anns", 1, bob, 1, 0);
    put("web:now-anns", 1, bob, 2, 0);
    put("web:now-anns", 2, ann, 3, 0);
    put("web:now-anns", 2, ann, 4, 1);
    put("web:now-bobs", 1, ann, 1, 0);
    put("web:now-bobs", 2, bob, 2, 0);
    line.erase(&ANN);
    line.pass();
    line.check_touches(&["web:now-bobs | Bob | 2 | 0"]);
}

#[test]
fn identifiers_and_links_go_by_either_end() {
    let line = start("ends");
    let (ann, bob) = (ANN[0], BOB[0]);
    let hex = |identifier: u128| format!("unhex('{identifier:032x}')");
    line.versions(
        "link_versions",
        "identifier",
        &hex(bob),
        &[(ann, 1, 0), (BOB[1], 1, 0)],
    );
    line.versions("link_versions", "identifier", &hex(ann), &[(BOB[1], 1, 0)]);
    // Ann's identifier was Bob's when that was last said, and the other way round.
    line.versions("identity_versions", "identifier", &hex(ann), &[(bob, 1, 0)]);
    line.versions(
        "identity_versions",
        "identifier",
        &hex(bob),
        &[(ann, 1, 0), (bob, 2, 0)],
    );
    line.erase(&[ann]);
    line.pass();
    line.check(
        "SELECT lower(hex(identifier)), lower(hex(other)) FROM link_versions",
        &[&format!("{bob:032x} | {:032x}", BOB[1])],
    );
    line.check(
        "SELECT lower(hex(identifier)), lower(hex(client)), version FROM identity_versions",
        &[&format!("{bob:032x} | {bob:032x} | 2")],
    );
}

#[test]
fn what_comes_late_goes_in_the_next_pass() {
    let line = start("late");
    line.touch("web:1", &[(ANN[0], 1, 0), (ANN[0], 2, 1)]);
    line.erase(&ANN);
    line.pass();
    line.touch("web:1", &[(ANN[1], 1, 0)]);
    line.check("SELECT touch_id FROM touchpoints", &["web:1"]);
    assert_eq!(line.pass()["touchpoint_versions"], 1);
    line.check_touches(&[]);
}

#[test]
fn every_column_that_names_a_person_is_looked_at() {
    let line = start("columns_of_persons");
    let mut names = Vec::new();
    for table in PERSON_TABLES {
        let name = table.table.name();
        names.extend(table.names.iter().map(|column| format!("{name}\t{column}")));
        let mut keys: Vec<_> = table.keys.iter().map(|key| (*key).to_owned()).collect();
        keys.sort();
        assert_eq!(
            line.rows(&format!("SELECT name FROM system.columns WHERE database = currentDatabase() AND table = '{name}' AND is_in_sorting_key")),
            keys,
            "{name}"
        );
    }
    names.sort();
    assert_eq!(
        line.rows(
            "SELECT table, name FROM system.columns WHERE database = currentDatabase() \
             AND type = 'FixedString(16)' AND table NOT IN ('erased_identifiers', 'erasure_rows')"
        ),
        names
    );
}
