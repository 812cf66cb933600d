use std::fmt::Write as _;
use std::time::Duration;

use throughline_core::model::{Shares, Weighing};

use super::*;

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Settings, Broken> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::from_texts(Some(("mine.yaml", text)), variables)
}

/// A configuration and all its mistakes, in order.
fn check(text: &str, variables: &[(&str, &str)], expected: &str) {
    let mut found = String::new();
    if let Err(Broken(mistakes)) = load(text, variables) {
        for mistake in mistakes {
            writeln!(found, "{mistake}").unwrap();
        }
    }
    assert_eq!(found.trim(), expected.trim());
}

#[test]
fn the_defaults_are_sound_and_those_of_the_contract() {
    let settings = Settings::from_texts(None, std::iter::empty()).unwrap();
    let tenant = &settings.tenants.defaults;
    assert_eq!(tenant.time_zone, chrono_tz::Tz::UTC);
    assert_eq!(tenant.currency.code(), "RUB");
    assert_eq!(tenant.phone_region, "RU");
    assert_eq!(tenant.lookback_days, 90);
    let models: Vec<_> = tenant
        .models
        .iter()
        .map(|model| (&*model.name, model.direct_counts))
        .collect();
    assert_eq!(
        models,
        [
            ("first_touch", false),
            ("last_touch", true),
            ("last_non_direct", false),
            ("linear", false),
            ("time_decay", false),
            ("position_based", false),
            ("w_shaped", false),
            ("full_path", false),
        ]
    );
    assert_eq!(
        tenant.models[7].weighing,
        Weighing::Milestones(Shares {
            first: 22_500,
            lead_creation: 22_500,
            deal_creation: 22_500,
            last: 22_500,
            rest: 10_000,
        })
    );
    assert_eq!(tenant.channels.channel("google", "cpc", ""), "Paid Search");
}

#[test]
fn a_file_overrides_the_defaults_and_the_environment_both() {
    let text = "
kafka:
  bootstrap_servers: broker:1
  partitions: {events: 3}
clickhouse:
tenants:
  named:
    acme:
      currency: EUR
      models: [{name: mine, preset: j_shape}, {name: other, half_life_days: 0.5, direct: counts}]
      currency_rates: {usd: [{from: 2026-01-01, rate: 0.9}]}
";
    let settings = load(
        text,
        &[
            ("THROUGHLINE_KAFKA__BOOTSTRAP_SERVERS", "broker:2"),
            ("THROUGHLINE_KAFKA", "broker:3"),
            ("THROUGHLINE_CLICKHOUSE", "http://other:8123/"),
            ("THROUGHLINE_CLICKHOUSE__PASSWORD", "{not: yaml"),
            ("THROUGHLINE_KAFKA__CLIENT", "{socket.timeout.ms: 100}"),
            ("THROUGHLINE_SOMETHING", "of a tool around"),
            ("THROUGHLINE_MODE", ""),
            ("OTHER__NAME", "of nobody"),
        ],
    )
    .unwrap();
    assert_eq!(settings.kafka.client.bootstrap_servers, "broker:2");
    assert_eq!(settings.kafka.client.properties["socket.timeout.ms"], "100");
    assert_eq!(settings.kafka.partitions.events, 3);
    assert_eq!(settings.kafka.partitions.raw, 4);
    assert_eq!(settings.clickhouse.connection.url, "http://other:8123");
    assert_eq!(settings.clickhouse.connection.password, "{not: yaml");
    let acme = &settings.tenants.named["acme"];
    assert_eq!(
        (acme.currency.code(), acme.phone_region.as_str()),
        ("EUR", "RU")
    );
    assert_eq!(acme.models.len(), 2);
    assert!(acme.models[1].direct_counts);
    assert_eq!(
        acme.models[1].weighing,
        Weighing::TimeDecay {
            half_life_ms: 43_200_000
        }
    );
    assert_eq!(acme.rated_since.len(), 1);
    assert_eq!(settings.shutdown_timeout, Duration::from_secs(20));
}

#[test]
fn every_mistake_is_reported_with_its_place() {
    check(
        "
mode: prodution
kafka:
  bootstrap_server: broker:9092
  create_topics: yes
  partitions: {events: 0}
  client: {enable.idempotence: false, no.such.property: 1, socket.timeout.ms: soon}
  topics: {web: my topic, calls: events}
clickhouse: none
ingest: {max_rejected_share: 1.5}
sink: {max_rows: many}
tenants:
  defaults:
    time_zone: Europe/Moskow
    currency: RUR1
    channels:
      rules:
        - channel: Partners
          when: {source: {regex: '('}}
        - when: [{medium: {}}]
  named:
    acme:
      models:
        - {name: a, weights: {first: -1}}
        - {name: b, weights: {first: 1}, half_life_days: 7}
        - {name: c, preset: k_shape}
        - {weights: {last: 1}}
      numbers: {'+74950000001': {campaign: may}}
      currency_rates: {USD: [{from: January, rate: 0}]}
",
        &[
            ("THROUGHLINE_SINK__WORKERS", "0"),
            ("THROUGHLINE_PROCESOR__WORKERS", "2"),
            ("THROUGHLINE_IDENTITY__KEY", "change-me"),
        ],
        EVERY_MISTAKE,
    );
}

const EVERY_MISTAKE: &str = r#"
mine.yaml:2:7: mode: `prodution` is not one of development and production
mine.yaml:4:3: kafka.bootstrap_server: there is no such setting; did you mean `bootstrap_servers`?
mine.yaml:5:18: kafka.create_topics: `yes` is not one of true and false
mine.yaml:6:24: kafka.partitions.events: `0` is not a whole number from 1 to 10000
mine.yaml:7:32: kafka.client.enable.idempotence: is set by the program and cannot be changed
mine.yaml:7:57: kafka.client.no.such.property: No such configuration property: "no.such.property"
mine.yaml:7:79: kafka.client.socket.timeout.ms: Invalid value for configuration property "socket.timeout.ms"
mine.yaml:8:17: kafka.topics.web: `my topic` is not the name of a topic: 1 to 249 letters, digits, dots, dashes and underscores
mine.yaml:8:34: kafka.topics.calls: `events` is the topic `events` already
mine.yaml:9:13: clickhouse: must be a section of keys, not a single value
mine.yaml:10:30: ingest.max_rejected_share: `1.5` is not a share from 0 to 1
mine.yaml:11:18: sink.max_rows: `many` is not a whole number from 1 to 100000000
mine.yaml:14:16: tenants.defaults.time_zone: `Europe/Moskow` is not a time zone of the IANA database; did you mean Europe/Moscow?
mine.yaml:15:15: tenants.defaults.currency: `RUR1` is not a currency code of ISO 4217, such as RUB or EUR
mine.yaml:19:34: tenants.defaults.channels.rules[0].when[0].source.regex: this is not a regular expression: unclosed group
mine.yaml:20:11: tenants.defaults.channels.rules[1].channel: is missing
mine.yaml:20:27: tenants.defaults.channels.rules[1].when[0].medium: a condition needs an operator: is, is_not, contains, not_contains, set, regex, not_regex, in_list or not_in_list
mine.yaml:24:38: tenants.named.acme.models[0].weights.first: `-1` is not a number from 0 to 1000000 with at most 3 decimals
mine.yaml:25:11: tenants.named.acme.models[1]: needs exactly one of weights, half_life_days and preset
mine.yaml:26:29: tenants.named.acme.models[2].preset: `k_shape` is not one of first_touch, last_touch, last_non_direct, linear, time_decay, position_based, w_shaped, full_path, j_shape, inverse_j, marketo_u, hubspot_w and hubspot_full_path
mine.yaml:27:11: tenants.named.acme.models[3].name: is missing
mine.yaml:28:33: tenants.named.acme.numbers.+74950000001: needs a source or a medium
mine.yaml:29:37: tenants.named.acme.currency_rates.USD[0].from: `January` is not a day such as 2026-01-31
mine.yaml:29:52: tenants.named.acme.currency_rates.USD[0].rate: `0` is not a positive decimal number such as 92.50
environment variable THROUGHLINE_IDENTITY__KEY: identity.key: must be 64 hexadecimal digits (`openssl rand -hex 32`)
environment variable THROUGHLINE_PROCESOR__WORKERS: procesor: there is no such setting; did you mean `processor`?
environment variable THROUGHLINE_SINK__WORKERS: sink.workers: `0` is not a whole number from 1 to 256
"#;

#[test]
fn text_that_is_no_yaml_is_one_mistake() {
    check(
        "a: [1, 2\nb: 3",
        &[],
        "mine.yaml:2:2: this is not YAML: illegal placement of ':' indicator",
    );
    check(
        "a: 1\na: 2",
        &[],
        "mine.yaml:2:1: a: stands twice; first in line 1",
    );
    check(
        "[]",
        &[],
        "mine.yaml:1:1: must be a section of keys, not a list",
    );
}

#[test]
fn production_needs_a_secret() {
    check(
        "mode: production",
        &[],
        "config/default.yaml:120:8: identity.key: is required in production: 64 hexadecimal digits here, in THROUGHLINE_IDENTITY__KEY or in an existing identity.key_file outside .dev",
    );
}

/// Keys that pass for secrets.
const KEYS: [&str; 2] = [
    "8a52cf1d63b0e974a1fd3c2b5e60977f41d80c6be3925af71608bd4e97c3a25f",
    "19e07bd4a8f25c3360bd9187ecf4512a7d3eb60895c1fa42d6087be3914fac5d",
];

#[test]
fn a_rotation_needs_another_key_and_one_that_stays() {
    let [one, other] = KEYS;
    let sound = format!("identity: {{key: {one}, previous_key: {other}, stable_key: {other}}}");
    let keys = load(&sound, &[]).unwrap().identity.keys().unwrap();
    assert!(keys.previous.is_some() && keys.stable.is_some());
    let later = format!("identity: {{key: {one}, stable_key: {other}}}");
    let keys = load(&later, &[]).unwrap().identity.keys().unwrap();
    assert!(keys.previous.is_none() && keys.stable.is_some());

    let same = format!("identity:\n  key: {one}\n  previous_key: {one}\n");
    check(
        &same,
        &[],
        "
mine.yaml:3:17: identity.previous_key: is the same as identity.key: it must be the key that was used before that one, or empty
mine.yaml:3:17: identity.previous_key: needs identity.stable_key beside it: the key that was in use before the first rotation
",
    );
    let row = "0123456789abcdef".repeat(4);
    let placeholders =
        format!("identity:\n  key: {one}\n  previous_key: {row}\n  stable_key: secret\n");
    check(
        &placeholders,
        &[("THROUGHLINE_IDENTITY__STABLE_KEY_FILE", "/nowhere/key")],
        "
mine.yaml:3:17: identity.previous_key: is a placeholder, not a secret; make one with `openssl rand -hex 32`
mine.yaml:4:15: identity.stable_key: must be 64 hexadecimal digits (`openssl rand -hex 32`)
environment variable THROUGHLINE_IDENTITY__STABLE_KEY_FILE: identity.stable_key_file: cannot be read: No such file or directory (os error 2)
",
    );
}

#[test]
fn keys_of_a_rotation_may_stand_in_files() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let [one, other] = KEYS;
    let (current, previous) = (write("1", &format!("{one}\n")), write("2", other));
    let sound = format!(
        "identity: {{key_file: {current}, previous_key_file: {previous}, stable_key_file: {previous}}}"
    );
    assert!(
        load(&sound, &[])
            .unwrap()
            .identity
            .keys()
            .unwrap()
            .previous
            .is_some()
    );
    let broken = write("3", "secret");
    check(
        &format!("identity:\n  key_file: {current}\n  previous_key_file: {current}\n  stable_key_file: {broken}\n"),
        &[],
        &format!("
mine.yaml:3:22: identity.previous_key_file: is the same as identity.key: it must be the key that was used before that one, or empty
mine.yaml:4:20: identity.stable_key_file: {broken} must be 64 hexadecimal digits (`openssl rand -hex 32`)
"),
    );
}

#[test]
fn a_mistake_in_the_defaults_of_all_tenants_counts_once() {
    check(
        "tenants: {defaults: {lookback_days: 0}, named: {a: {}, b: {}}}",
        &[],
        "mine.yaml:1:37: tenants.defaults.lookback_days: `0` is not a whole number from 1 to 36500",
    );
}

#[test]
fn a_tenant_with_another_currency_has_rates_of_its_own_only() {
    let settings = load(
        "tenants:
  defaults: {currency_rates: {USD: [{from: 2026-01-01, rate: 90}]}}
  named: {a: {currency: USD}, b: {currency: RUB}, c: {currency: EUR, currency_rates: {JPY: [{from: 2026-01-01, rate: 0.006}]}}}",
        &[],
    );
    let tenants = settings.unwrap().tenants;
    let rated = |name: &str| {
        let since = tenants.named[name].rated_since.iter();
        since
            .map(|(currency, _)| currency.code().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(rated("a").is_empty());
    assert_eq!(rated("b"), ["USD"]);
    assert_eq!(rated("c"), ["JPY"]);
}

#[test]
fn the_canonical_text_changes_with_what_figures_depend_on_only() {
    let canonical = |text| load(text, &[]).unwrap().tenants.canonical;
    let base = canonical("");
    assert_eq!(canonical("sink: {workers: 3}"), base);
    assert_eq!(
        canonical("tenants: {defaults: {excluded_referrers: [a.ru]}}"),
        base
    );
    let rated = "tenants: {defaults: {currency_rates: {USD: [{from: 2026-01-01, rate: \"90\"}]}}}";
    assert_eq!(canonical(rated), base, "rates are looked at apart");
    assert_ne!(canonical("tenants: {defaults: {lookback_days: 30}}"), base);
    assert_ne!(canonical("tenants: {named: {a: {currency: EUR}}}"), base);
}

#[test]
fn of_generations_as_many_are_kept_as_are_asked_for() {
    let kept = |text| load(text, &[]).unwrap().sink.keep_generations;
    assert_eq!(kept(""), 1);
    assert_eq!(kept("sink: {keep_generations: 0}"), 0);
    check(
        "sink:\n  keep_generations: all",
        &[],
        "
mine.yaml:2:21: sink.keep_generations: `all` is not a whole number from 0 to 1000000
",
    );
}

#[test]
fn snapshots_are_kept_in_a_directory_or_a_bucket() {
    let snapshots = |text: &str| {
        let text = format!("processor: {{snapshots: {{{text}}}}}");
        load(&text, &[]).unwrap().processor.snapshots
    };
    let defaults = snapshots("");
    assert_eq!(defaults.place, SnapshotPlace::Beside);
    assert_eq!(defaults.interval, Some(Duration::from_mins(10)));
    assert_eq!(defaults.keep, 3);
    let directory = SnapshotPlace::Directory("/mnt/snapshots".into());
    assert_eq!(snapshots("url: /mnt/snapshots").place, directory);
    let bucket = SnapshotPlace::S3("s3://bucket/a/b".to_owned());
    assert_eq!(snapshots("url: s3://bucket/a/b").place, bucket);
    assert_eq!(snapshots("interval_ms: 0").interval, None);
    check(
        "processor:\n  accept_lost_events: perhaps\n  snapshots:\n    url: gs://bucket\n    keep: 0\n    interval: 5",
        &[],
        "
mine.yaml:2:23: processor.accept_lost_events: `perhaps` is not one of true and false
mine.yaml:4:10: processor.snapshots.url: `gs://bucket` is neither a directory nor s3://bucket/prefix
mine.yaml:5:11: processor.snapshots.keep: `0` is not a whole number from 1 to 1000
mine.yaml:6:5: processor.snapshots.interval: there is no such setting; did you mean `interval_ms`?
",
    );
}

#[test]
fn rows_of_erased_persons_are_looked_for_every_ten_minutes() {
    let sweep = |text| load(text, &[]).unwrap().sink.erasure_sweep;
    assert_eq!(sweep(""), Duration::from_mins(10));
    assert_eq!(
        sweep("sink: {erasure_sweep_ms: 100}"),
        Duration::from_millis(100)
    );
    check(
        "sink:\n  erasure_sweep_ms: 0",
        &[],
        "
mine.yaml:2:21: sink.erasure_sweep_ms: `0` is not a whole number from 100 to 86400000
",
    );
}

#[test]
fn who_may_see_what_is_said_in_full() {
    check(
        r"
dashboard:
  listen: here
  users:
    ann: {role: marketer}
    olga: {password_hash: secret, role: admin}
    eve: {role: admin, tenant: acme}
  tokens:
    reports: {sha256: 12, role: marketer, tenant: acme}
  trusted_header: {name: X-User, from: [proxy]}
",
        &[],
        "\
mine.yaml:3:11: dashboard.listen: `here` is not an address and port such as 127.0.0.1:8080
mine.yaml:5:10: dashboard.users.ann: a marketer needs a `tenant`
mine.yaml:6:27: dashboard.users.olga.password_hash: is not an argon2 hash; `throughline dashboard password` makes one
mine.yaml:7:10: dashboard.users.eve: an admin sees every tenant: `tenant` has no place here
mine.yaml:9:23: dashboard.tokens.reports.sha256: is not a SHA-256 of 64 hexadecimal digits; `throughline dashboard token` makes one
mine.yaml:10:41: dashboard.trusted_header.from[0]: `proxy` is not an address such as 10.0.0.1",
    );
}

#[test]
fn clickhouse_over_tls_has_an_https_address_and_whole_pairs_of_files() {
    let text = "clickhouse: {url: \"https://ch:8443\", ca_file: ca.pem, certificate_file: c.pem, key_file: k.pem}";
    let tls = load(text, &[]).unwrap().clickhouse.connection.tls;
    assert_eq!(tls.ca, Some("ca.pem".into()));
    assert_eq!(tls.identity.unwrap().key, Path::new("k.pem"));
    check(
        "clickhouse:\n  ca_file: ca.pem\n  certificate_file: c.pem\n",
        &[],
        "
config/default.yaml:101:13: clickhouse.key_file: is needed with clickhouse.certificate_file
mine.yaml:2:12: clickhouse.ca_file: needs a clickhouse.url that begins with https://
mine.yaml:3:21: clickhouse.certificate_file: needs a clickhouse.url that begins with https://
",
    );
    // The password is not repeated.
    check(
        "clickhouse:\n  url: https://ann:hidden@ch:8443\n",
        &[],
        "mine.yaml:2:8: clickhouse.url: names a user: set clickhouse.user and clickhouse.password instead",
    );
}

#[test]
fn a_mechanism_of_sasl_that_cannot_work_is_refused_at_once() {
    let scram = "kafka:\n  client: {security.protocol: sasl_ssl, sasl.mechanism: SCRAM-SHA-512, sasl.username: ann, sasl.password: hidden}\n";
    let client = load(scram, &[]).unwrap().kafka.client;
    assert_eq!(client.properties["sasl.password"], "hidden");
    assert!(!format!("{client:?}").contains("hidden"));
    check(
        "kafka:\n  client: {security.protocol: SASL_SSL, sasl.mechanism: OAUTHBEARER}\n",
        &[],
        "mine.yaml:2:11: kafka.client: sasl.mechanism `OAUTHBEARER` is not supported: use PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, or certificates (security.protocol: ssl)",
    );
    check(
        "kafka:\n  client: {security.protocol: SASL_PLAINTEXT}\n",
        &[],
        "mine.yaml:2:11: kafka.client: sasl.mechanism must be given with SASL: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512",
    );
}
