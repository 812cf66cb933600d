//! Files of raw events: `<topic>.jsonl`, a record a line.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use throughline_proto::topics::RawTopic;

/// A file of one topic.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TopicFile {
    /// The topic, by the file's name.
    pub topic: RawTopic,
    /// Where it is.
    pub path: PathBuf,
    /// How large it is.
    pub bytes: u64,
}

/// The files among the paths and in the directories among them, in the order
/// of the topics.
pub fn find(paths: &[PathBuf]) -> anyhow::Result<Vec<TopicFile>> {
    let mut files = Vec::new();
    for path in paths {
        let about = path
            .metadata()
            .with_context(|| format!("cannot read {}", path.display()))?;
        if about.is_dir() {
            find_in(path, &mut files)?;
        } else {
            let topic = topic_of(path).with_context(|| {
                format!(
                    "{} is named after no topic: name it as one of {}",
                    path.display(),
                    names()
                )
            })?;
            files.push(TopicFile {
                topic,
                path: path.clone(),
                bytes: about.len(),
            });
        }
    }
    files.sort();
    Ok(files)
}

fn find_in(directory: &Path, files: &mut Vec<TopicFile>) -> anyhow::Result<()> {
    let found = files.len();
    let entries = std::fs::read_dir(directory)
        .with_context(|| format!("cannot read the directory {}", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_none_or(|extension| extension != "jsonl")
        {
            continue;
        }
        let Some(topic) = topic_of(&path) else {
            tracing::warn!(file = %path.display(), "is named after no topic; left out");
            continue;
        };
        let bytes = path.metadata()?.len();
        files.push(TopicFile { topic, path, bytes });
    }
    if files.len() == found {
        bail!("{} has none of {}", directory.display(), names());
    }
    Ok(())
}

fn topic_of(path: &Path) -> Option<RawTopic> {
    RawTopic::from_name(path.file_stem()?.to_str()?)
}

fn names() -> String {
    RawTopic::ALL
        .map(|topic| format!("{}.jsonl", topic.name()))
        .join(", ")
}

impl TopicFile {
    /// Gives each line that is not empty, without its end, and the bytes read for it.
    pub fn each_line(
        &self,
        mut each: impl FnMut(&[u8], u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let failed = || format!("cannot read {}", self.path.display());
        let file = File::open(&self.path).with_context(failed)?;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).with_context(failed)?;
            if read == 0 {
                return Ok(());
            }
            let value = trimmed(&line);
            if !value.is_empty() {
                each(value, read as u64)?;
            }
        }
    }
}

/// A progress bar over all bytes of the files; it shows on a terminal only.
pub fn progress(files: &[TopicFile]) -> anyhow::Result<ProgressBar> {
    let bytes = files.iter().map(|file| file.bytes).sum();
    let style = "{bar:40} {percent}% {bytes}/{total_bytes} {msg} {eta}";
    Ok(ProgressBar::new(bytes).with_style(ProgressStyle::with_template(style)?))
}

/// A line without its end, which is a line feed, or a carriage return and one.
fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_either_way() {
        for (line, value) in [
            ("{}\n", "{}"),
            ("{}\r\n", "{}"),
            ("{}", "{}"),
            ("\n", ""),
            ("\r\n", ""),
            (" \n", " "),
            ("a\r\r\n", "a\r"),
        ] {
            assert_eq!(trimmed(line.as_bytes()), value.as_bytes());
        }
    }

    #[test]
    fn files_come_in_the_order_of_the_topics() {
        let directory = tempfile::tempdir().unwrap();
        let paths = [directory.path().to_owned()];
        assert!(find(&paths).is_err());
        for name in ["deals.jsonl", "web.jsonl", "other.jsonl", "calls.json"] {
            std::fs::write(directory.path().join(name), "{}\n").unwrap();
        }
        let files = find(&paths).unwrap();
        let topics: Vec<_> = files.iter().map(|file| file.topic).collect();
        assert_eq!(topics, [RawTopic::Web, RawTopic::Deals]);
    }
}
