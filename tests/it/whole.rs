//! The whole line as separate processes on real services, against the
//! reference.

use crate::installation::Installation;
use crate::traffic;

#[test]
fn separate_processes_give_the_references_rows() {
    let traffic = traffic::large();
    let line = Installation::new("whole", &traffic.plan.settings());
    line.call(&["topics", "create"]).succeeds();
    let mut roles = vec![
        line.start("ingest-1", &["ingest"]),
        line.start("ingest-2", &["ingest"]),
        line.start_processor("processor-1"),
        line.start_processor("processor-2"),
    ];
    traffic.send(&line);
    line.start("sink", &["sink", "--until-idle"]).succeeds();
    for role in &mut roles {
        role.stop();
    }
    line.assert_views(&traffic.expected);
    let dead_letters = line.query("SELECT count() FROM dead_letters");
    assert_eq!(dead_letters, traffic.rejected.to_string());
}
