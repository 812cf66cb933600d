//! The Dockerfile: what it copies is there, what it starts is understood, and
//! what the program is linked with is in the image.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::program;

use super::{VERSION, assert_accepted, at, read};

/// Instructions of the Dockerfile: the first word, and the rest on one line.
fn instructions() -> Vec<(String, String)> {
    let text = read("Dockerfile");
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let all = joined.lines().filter_map(|line| line.split_once(' '));
    all.map(|(name, rest)| (name.to_owned(), rest.trim().to_owned()))
        .collect()
}

fn of(name: &str) -> Vec<String> {
    let all = instructions()
        .into_iter()
        .filter(|(known, _)| known == name);
    all.map(|(_, rest)| rest).collect()
}

/// What is copied from the checkout, and where to.
fn copies() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for copy in of("COPY") {
        let words: Vec<_> = copy.split_whitespace().collect();
        let (to, from) = words.split_last().unwrap();
        if !words[0].starts_with("--from") {
            all.extend(
                from.iter()
                    .map(|from| ((*from).to_owned(), (*to).to_owned())),
            );
        }
    }
    all
}

#[test]
fn what_is_copied_is_there_and_reaches_the_builder() {
    let ignored = read(".dockerignore");
    let let_in = ignored.lines().filter_map(|line| line.strip_prefix('!'));
    let let_in: BTreeSet<_> = let_in.collect();
    assert!(
        ignored.lines().any(|line| line == "*"),
        "everything else stays out"
    );
    let mut copied = BTreeSet::new();
    for (from, _) in copies() {
        assert!(at(&from).exists(), "COPY {from}: there is no such file");
        let is_in = let_in
            .iter()
            .any(|path| from == *path || from.starts_with(&format!("{path}/")));
        assert!(is_in, ".dockerignore keeps {from} out");
        copied.insert(from);
    }
    for path in let_in {
        let is_used = copied
            .iter()
            .any(|from| from == path || from.starts_with(&format!("{path}/")));
        assert!(
            is_used,
            ".dockerignore lets {path} in, and nothing copies it"
        );
    }
}

/// The first layer is made of manifests alone: with them and the stubs, cargo
/// knows the whole workspace and finds nothing that would change the lock file.
#[test]
fn the_manifests_that_are_copied_and_the_stubs_are_a_workspace() {
    let directory = tempfile::tempdir().unwrap();
    for (from, to) in copies() {
        // Directories are the sources, which come in a later layer.
        if !at(&from).is_file() {
            continue;
        }
        let name = Path::new(&from).file_name().unwrap();
        let to = directory.path().join(to).join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(at(&from), to).unwrap();
    }
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        let output = command.args(arguments).current_dir(&directory).output();
        let output = output.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{program} {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    };
    run("dev/dependencies.sh", &["stubs"]);
    let metadata = run(
        "cargo",
        &[
            "metadata",
            "--locked",
            "--offline",
            "--no-deps",
            "--format-version",
            "1",
        ],
    );
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let names = packages
        .iter()
        .map(|package| package["name"].as_str().unwrap());
    let names: BTreeSet<_> = names.collect();
    assert!(names.contains("throughline"), "{names:?}");
    // By these names the next step forgets what it made of the stubs.
    for name in names {
        assert!(name.starts_with("throughline"), "{name} would stay a stub");
    }
}

#[test]
fn the_image_starts_what_the_program_understands_as_nobody_special() {
    let words = |instruction: &str| -> Vec<String> {
        let rest = of(instruction).pop().unwrap();
        let list = rest
            .split_once("CMD ")
            .map_or(rest.as_str(), |(_, list)| list);
        serde_json::from_str(list).unwrap_or_else(|error| panic!("{instruction} {list}: {error}"))
    };
    assert_eq!(words("ENTRYPOINT"), ["throughline"]);
    let command = words("CMD");
    assert_accepted(&command.iter().map(String::as_str).collect::<Vec<_>>());
    let health = words("HEALTHCHECK");
    assert_eq!(health[0], "throughline");
    assert_accepted(&health[1..].iter().map(String::as_str).collect::<Vec<_>>());

    let user = of("USER").pop().unwrap();
    let ids: Vec<u32> = user.split(':').map(|id| id.parse().unwrap()).collect();
    assert!(
        ids.len() == 2 && ids.iter().all(|id| *id > 0),
        "USER {user}"
    );
    let install = of("RUN")
        .into_iter()
        .find(|run| run.contains("install --directory"));
    for id in ids {
        assert!(install.as_ref().unwrap().contains(&format!("={id} ")));
    }
    assert_eq!(
        of("VOLUME"),
        of("WORKDIR")[1..],
        "only the volume is written to"
    );
}

#[test]
fn base_images_have_versions_and_the_compiler_is_new_enough() {
    for from in of("FROM") {
        let image = from.split(' ').next().unwrap();
        let (_, tag) = image.split_once(':').unwrap_or((image, "latest"));
        assert!(
            tag.starts_with(|c: char| c.is_ascii_digit()),
            "{image}: no version"
        );
        if let Some(version) = image.strip_prefix("rust:") {
            let wanted = read("Cargo.toml");
            let wanted = wanted
                .lines()
                .find_map(|line| line.strip_prefix("rust-version = "));
            let wanted = wanted.unwrap().trim_matches('"');
            assert!(
                version.starts_with(wanted),
                "{image}, Cargo.toml wants {wanted}"
            );
        }
    }
    assert!(read("compose.yaml").contains(&format!("image: throughline:{VERSION}\n")));
}

/// Libraries, and the packages of Debian 12 that they are in.
const LIBRARIES: [(&str, &str); 9] = [
    ("libssl.so.3", "libssl3"),
    ("libcrypto.so.3", "libssl3"),
    ("libz.so.1", "zlib1g"),
    // These are in every Debian.
    ("libgcc_s.so.1", ""),
    ("libstdc++.so.6", ""),
    ("libm.so.6", ""),
    ("libc.so.6", ""),
    ("ld-linux-x86-64.so.2", ""),
    ("linux-vdso.so.1", ""),
];

#[test]
fn the_libraries_of_the_program_are_in_the_image() {
    let output = Command::new("ldd").arg(program()).output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let installed = of("RUN").join(" ");
    let mut found = 0;
    for line in listed.lines() {
        let name = line.split_whitespace().next().unwrap();
        let name = name.rsplit('/').next().unwrap();
        let known = LIBRARIES.iter().find(|(library, _)| *library == name);
        let (_, package) = known.unwrap_or_else(|| panic!("{name}: in which package is it?"));
        assert!(installed.contains(package), "{name} needs {package}");
        found += usize::from(!package.is_empty());
    }
    assert!(found > 0, "{listed}");
    assert!(installed.contains("ca-certificates"));
}
