//! What the directory has, in an SQLite database beside the files.
//!
//! A file that is not complete has the ending `.part`. Its row has the server's name for this
//! version of the file, so that the download can go on later.

use reqwest::Url;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The database.
pub(crate) struct Record {
    database: Connection,
    directory: PathBuf,
}

/// What the database knows of a file.
pub(crate) struct Entry {
    pub(crate) url: String,
    /// The path of the complete file.
    pub(crate) path: PathBuf,
    /// The version of the file on the server: its `ETag` or its `Last-Modified`.
    pub(crate) version: Option<String>,
    /// The length of the complete file, or `None` if it is not complete.
    pub(crate) bytes: Option<u64>,
}

impl Record {
    /// Opens the database, or makes a new one. Until it is dropped, no other process can open it,
    /// because two processes would write to the same files.
    pub(crate) fn open(directory: &Path) -> Result<Self, Error> {
        let database = Connection::open(directory.join("downloads.sqlite"))?;
        database.busy_timeout(Duration::ZERO)?;
        database.pragma_update(None, "locking_mode", "exclusive")?;
        database.execute_batch(
            "BEGIN EXCLUSIVE;
             CREATE TABLE IF NOT EXISTS files (
                 url TEXT PRIMARY KEY,
                 file TEXT NOT NULL UNIQUE,
                 version TEXT,
                 bytes INTEGER
             );
             COMMIT;",
        )?;
        Ok(Self {
            database,
            directory: directory.to_owned(),
        })
    }

    /// Returns the entry of a URL. If there is none, makes one, with a file name of its own.
    pub(crate) fn entry(&self, url: &Url) -> Result<Entry, Error> {
        let select = "SELECT url, file, version, bytes FROM files WHERE url = ?";
        let insert = "INSERT INTO files (url, file) VALUES (?, ?) ON CONFLICT DO NOTHING";
        let mut names = names(url);
        loop {
            let entry = |row: &Row<'_>| self.read(row);
            let found = self.database.query_row(select, [url.as_str()], entry);
            if let Some(entry) = found.optional()? {
                return Ok(entry);
            }
            // Another URL, or a file that this program has not made, may have the name already.
            let name = names
                .find(|name| !self.directory.join(name).exists())
                .expect("there is always another name");
            self.database.execute(insert, [url.as_str(), &name])?;
        }
    }

    /// Notes that the next bytes of a file belong to this version.
    pub(crate) fn begin(&self, url: &Url, version: Option<&str>) -> Result<(), Error> {
        let update = "UPDATE files SET version = ?, bytes = NULL WHERE url = ?";
        self.database.execute(update, (version, url.as_str()))?;
        Ok(())
    }

    /// Notes that a file is complete.
    pub(crate) fn complete(&self, url: &Url, bytes: u64) -> Result<(), Error> {
        let update = "UPDATE files SET bytes = ? WHERE url = ?";
        self.database.execute(update, (bytes, url.as_str()))?;
        Ok(())
    }

    /// Returns all entries, in the order of their files.
    pub(crate) fn entries(&self) -> Result<Vec<Entry>, Error> {
        let select = "SELECT url, file, version, bytes FROM files ORDER BY file";
        let mut query = self.database.prepare(select)?;
        let entries = query.query_map((), |row| self.read(row))?;
        Ok(entries.collect::<Result<_, _>>()?)
    }

    fn read(&self, row: &Row<'_>) -> rusqlite::Result<Entry> {
        Ok(Entry {
            url: row.get("url")?,
            path: self.directory.join(row.get::<_, String>("file")?),
            version: row.get("version")?,
            bytes: row.get("bytes")?,
        })
    }
}

impl Entry {
    /// The path of the file while it is not complete.
    pub(crate) fn part(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(".part");
        path.into()
    }

    /// Returns whether the complete file is there.
    pub(crate) fn is_complete(&self) -> bool {
        let length = || fs::metadata(&self.path).map(|file| file.len()).ok();
        self.bytes.is_some() && self.bytes == length()
    }

    /// Returns the name of the complete file.
    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, url) = (self.name(), &self.url);
        if self.is_complete() {
            let bytes = self.bytes.unwrap_or_default();
            write!(f, "complete  {name}, {bytes} bytes, from {url}")
        } else {
            let bytes = fs::metadata(self.part()).map_or(0, |file| file.len());
            write!(f, "part      {name}, {bytes} bytes, from {url}")
        }
    }
}

/// Makes file names for a URL, from the last part of its path.
fn names(url: &Url) -> impl Iterator<Item = String> + use<> {
    let last = url.path_segments().and_then(|mut parts| parts.next_back());
    let last: String = last
        .unwrap_or_default()
        .chars()
        .map(|c| {
            if matches!(c, '\\' | ':' | '%') {
                '_'
            } else {
                c
            }
        })
        .collect();
    // The endings belong to the program itself.
    let is_ours = last.ends_with(".part") || last.starts_with("downloads.sqlite");
    let name = match last.as_str() {
        "" | "." | ".." => "index".to_owned(),
        _ if is_ours => format!("{last}.file"),
        _ => last,
    };
    (1..).map(move |number| match (number, name.rsplit_once('.')) {
        (1, _) => name.clone(),
        (_, Some((stem, ending))) if !stem.is_empty() => format!("{stem}-{number}.{ending}"),
        _ => format!("{name}-{number}"),
    })
}

/// An error of the database.
#[derive(Debug)]
pub(crate) struct Error(rusqlite::Error);

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => f.write_str("another downloader uses this directory"),
            Some(ErrorCode::CannotOpen) => f.write_str("the directory has no `downloads.sqlite`"),
            _ => write!(f, "the record in `downloads.sqlite` failed: {}", self.0),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_url_gives_names_that_are_safe_in_a_directory() {
        for (url, first, second) in [
            ("http://host/a/file.tar.gz", "file.tar.gz", "file.tar-2.gz"),
            ("http://host/a/file?query#part", "file", "file-2"),
            ("http://host", "index", "index-2"),
            ("http://host/a/", "index", "index-2"),
            ("http://host/a/..", "index", "index-2"),
            ("http://host/.hidden", ".hidden", ".hidden-2"),
            ("http://host/a%2Fb", "a_2Fb", "a_2Fb-2"),
            ("http://host/x.part", "x.part.file", "x.part-2.file"),
            (
                "http://host/downloads.sqlite",
                "downloads.sqlite.file",
                "downloads.sqlite-2.file",
            ),
        ] {
            let names: Vec<String> = names(&url.parse().unwrap()).take(2).collect();
            assert_eq!(names, [first, second], "{url}");
        }
    }
}
