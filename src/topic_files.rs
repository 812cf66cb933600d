//! Files of raw events: `<topic>.jsonl`, a record a line.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

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

/// Pieces of files, one after the other, for several threads.
#[derive(Debug)]
pub struct Pieces<'a> {
    files: &'a [TopicFile],
    reading: Mutex<Reading>,
}

/// How far the files are read.
#[derive(Debug, Default)]
struct Reading {
    /// The file that is being read, or comes next.
    file: usize,
    reader: Option<BufReader<File>>,
    /// How many bytes of it were read.
    read: u64,
}

/// Whole lines of one file.
#[derive(Debug)]
pub struct Piece {
    /// The file's place among the files.
    pub file: usize,
    /// Where it begins in the file.
    begin: u64,
    text: Vec<u8>,
}

/// A piece has about so many bytes; a longer line is a piece of its own.
const PIECE_BYTES: usize = 256 << 10;

impl<'a> Pieces<'a> {
    /// The files from their beginning.
    pub fn new(files: &'a [TopicFile]) -> Self {
        Self {
            files,
            reading: Mutex::default(),
        }
    }

    /// The next piece, unless all files are read.
    pub fn next(&self) -> anyhow::Result<Option<Piece>> {
        let mut text = Vec::with_capacity(PIECE_BYTES + PIECE_BYTES / 4);
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let Reading { file, reader, read } = &mut *reading;
        while let Some(of) = self.files.get(*file) {
            let failed = || format!("cannot read {}", of.path.display());
            let open = match reader {
                Some(open) => open,
                None => reader.insert(BufReader::new(File::open(&of.path).with_context(failed)?)),
            };
            let mut part = open.by_ref().take(PIECE_BYTES as u64);
            part.read_to_end(&mut text).with_context(failed)?;
            if text.is_empty() {
                (*file, *reader, *read) = (*file + 1, None, 0);
                continue;
            }
            if !text.ends_with(b"\n") {
                open.read_until(b'\n', &mut text).with_context(failed)?;
            }
            let begin = *read;
            *read += text.len() as u64;
            return Ok(Some(Piece {
                file: *file,
                begin,
                text,
            }));
        }
        Ok(None)
    }
}

impl Piece {
    /// Each line that is not empty, without its end, and where in the file it begins.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut rest = self.text.as_slice();
        std::iter::from_fn(move || {
            let line = rest;
            // Memory can always be read.
            let length = rest.skip_until(b'\n').ok().filter(|length| *length > 0)?;
            let at = self.begin + (self.text.len() - line.len()) as u64;
            Some((at, trimmed(&line[..length])))
        })
        .filter(|(_, line)| !line.is_empty())
    }

    /// How many bytes it has.
    pub const fn bytes(&self) -> u64 {
        self.text.len() as u64
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
    fn pieces_have_the_lines_of_the_files() {
        let directory = tempfile::tempdir().unwrap();
        let long = "x".repeat(2 * PIECE_BYTES);
        let many: Vec<String> = (0..PIECE_BYTES / 4).map(|line| line.to_string()).collect();
        let texts = [
            format!("{}\n{long}\r\n\nlast", many.join("\n")),
            String::new(),
            "one\n\n".to_owned(),
        ];
        for (name, text) in ["web", "calls", "deals"].iter().zip(&texts) {
            std::fs::write(directory.path().join(format!("{name}.jsonl")), text).unwrap();
        }
        let files = find(&[directory.path().to_owned()]).unwrap();
        let pieces = Pieces::new(&files);
        let (mut lines, mut sizes) = (Vec::new(), Vec::new());
        while let Some(piece) = pieces.next().unwrap() {
            sizes.push(piece.bytes());
            for (at, line) in piece.lines() {
                let text = &texts[piece.file].as_bytes()[at as usize..];
                assert!(text.starts_with(line), "line at {at}");
                lines.push(String::from_utf8(line.to_vec()).unwrap());
            }
        }
        assert!(sizes.len() > 3, "{sizes:?}");
        assert_eq!(
            sizes.iter().sum::<u64>(),
            files.iter().map(|file| file.bytes).sum::<u64>()
        );
        let ends = [&long, "last", "one"].map(str::to_owned);
        assert_eq!(lines, [&many[..], &ends].concat());
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
