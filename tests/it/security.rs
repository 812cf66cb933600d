//! SECURITY.md: each test that it names as proof exists.

use throughline_tests::live::services::root;

#[test]
fn every_test_that_is_named_as_proof_exists() {
    let page = std::fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let quoted = page.split('`').skip(1).step_by(2);
    let mut found = 0;
    for name in quoted.filter(|name| name.contains("::")) {
        found += 1;
        let (base, path) = match name.strip_prefix("it::") {
            Some(path) => (root().join("tests/it"), path),
            None => (root().join("dashboard/src"), name),
        };
        // Modules as far as they are files; what is left is a function.
        let mut at = base;
        let mut parts = path.split("::").peekable();
        while let Some(part) = parts.next_if(|part| at.join(part).exists()) {
            at = at.join(part);
        }
        let module = parts.next();
        let file = match module {
            Some(module) => at.join(format!("{module}.rs")),
            None => at.join("mod.rs"),
        };
        let text = std::fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("{name}: {}: {error}", file.display()));
        if let Some(test) = parts.next() {
            assert!(
                text.contains(&format!("\nfn {test}()")),
                "{name}: no such test"
            );
        }
    }
    assert!(found > 15, "{found} proofs");
}
