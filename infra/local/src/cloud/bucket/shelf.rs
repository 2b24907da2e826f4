//! Storage of the bucket's objects: in memory, or each in a file of its own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use axum::body::Bytes;
use jiff::Timestamp;
use md5::Md5;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::super::lock;

/// Limit of the first line of a file, in bytes: the longest key, escaped as JSON, and room for the other fields.
const HEAD: u64 = 16 * 1024;

/// The metadata of an object.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Object {
    pub(super) modified: Timestamp,
    /// MD5 of the content in quotes, as for every object that was uploaded in one part and isn't encrypted with a customer's
    /// key.
    pub(super) etag: String,
    /// The content type.
    pub(super) kind: String,
    /// Size in bytes.
    pub(super) size: usize,
}

/// The first line of a file, before the content.
#[derive(Serialize, Deserialize)]
struct Head {
    key: String,
    object: Object,
}

#[derive(Clone)]
enum Content {
    Memory(Bytes),
    File(PathBuf),
}

/// All objects by key, in byte order like S3's.
#[derive(Default)]
pub(super) struct Shelf {
    folder: Option<PathBuf>,
    objects: Mutex<BTreeMap<String, (Object, Content)>>,
}

impl Shelf {
    /// Opens a folder, with the objects there.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut objects = BTreeMap::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            // A crash left an incomplete file, whose request was never answered.
            if path.extension().is_some() {
                continue;
            }
            let mut line = String::new();
            BufReader::new(File::open(&path)?).take(HEAD).read_line(&mut line)?;
            let head: Head = serde_json::from_str(&line).map_err(|error| {
                let name = path.display();
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("{name} is no object of the bucket: {error}"),
                )
            })?;
            objects.insert(head.key, (head.object, Content::File(path)));
        }
        Ok(Self { folder: Some(folder.to_owned()), objects: Mutex::new(objects) })
    }

    pub(super) fn put(&self, key: &str, kind: &str, content: &Bytes, at: Timestamp) -> io::Result<Object> {
        let etag = format!("\"{}\"", hex(&Md5::digest(content)));
        let object = Object { modified: at, etag, kind: kind.to_owned(), size: content.len() };
        let mut objects = lock(&self.objects);
        let kept = match &self.folder {
            None => Content::Memory(content.clone()),
            Some(folder) => {
                // A key can contain characters that a file name can't, and be longer.
                let path = folder.join(hex(&Sha256::digest(key)));
                let beside = path.with_extension("new");
                let head = serde_json::to_string(&Head { key: key.to_owned(), object: object.clone() })?;
                let mut file = File::create(&beside)?;
                file.write_all(head.as_bytes())?;
                file.write_all(b"\n")?;
                file.write_all(content)?;
                drop(file);
                fs::rename(&beside, &path)?;
                Content::File(path)
            }
        };
        objects.insert(key.to_owned(), (object.clone(), kept));
        Ok(object)
    }

    pub(super) fn get(&self, key: &str) -> io::Result<Option<(Object, Bytes)>> {
        // Reads under the lock, so that the file isn't replaced or removed meanwhile.
        let objects = lock(&self.objects);
        let Some((object, content)) = objects.get(key) else { return Ok(None) };
        let content = match content {
            Content::Memory(content) => content.clone(),
            Content::File(path) => {
                let mut file = BufReader::new(File::open(path)?);
                file.skip_until(b'\n')?;
                let mut content = Vec::with_capacity(object.size);
                file.read_to_end(&mut content)?;
                content.into()
            }
        };
        Ok(Some((object.clone(), content)))
    }

    /// Deletes an object. A missing object is no error.
    pub(super) fn delete(&self, key: &str) -> io::Result<()> {
        let mut objects = lock(&self.objects);
        if let Some((_, Content::File(path))) = objects.get(key) {
            fs::remove_file(path)?;
        }
        objects.remove(key);
        Ok(())
    }

    /// Returns the objects whose keys begin with `prefix` and come after `after`.
    pub(super) fn after(&self, prefix: &str, after: &str) -> impl Iterator<Item = (String, Object)> + use<> {
        let objects = lock(&self.objects);
        let from = if after < prefix { Bound::Included(prefix) } else { Bound::Excluded(after) };
        let found: Vec<_> = objects
            .range::<str, _>((from, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, (object, _))| (key.clone(), object.clone()))
            .collect();
        found.into_iter()
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
