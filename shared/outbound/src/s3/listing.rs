//! S3's XML: lists of objects, and the names of errors.

use jiff::Timestamp;
use roxmltree::{Document, Node};

use super::signing::decoded;
use crate::answer::Answer;

/// An object without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The whole key.
    pub key: String,
    /// Length in bytes.
    pub size: u64,
    /// Time of the last write.
    pub modified: Timestamp,
}

/// A page of a list (Amazon S3, ListObjectsV2).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) objects: Vec<Object>,
    pub(super) more: bool,
}

/// Parses a page; `None` if this isn't one. An unreadable page is not an empty list.
pub(super) fn read(xml: &str) -> Option<Page> {
    let document = Document::parse(xml).ok()?;
    let root = named(document.root_element(), "ListBucketResult")?;
    let in_url = child(root, "EncodingType").is_some_and(|encoding| encoding == "url");
    let object = |node: Node<'_, '_>| {
        let key = child(node, "Key")?;
        Some(Object {
            key: if in_url { decoded(key)? } else { key.to_owned() },
            size: child(node, "Size")?.parse().ok()?,
            modified: child(node, "LastModified")?.parse().ok()?,
        })
    };
    let contents = root.children().filter(|node| node.tag_name().name() == "Contents");
    let objects = contents.map(object).collect::<Option<_>>()?;
    let more = match child(root, "IsTruncated")? {
        "true" => true,
        "false" => false,
        _ => return None,
    };
    Some(Page { objects, more })
}

/// Returns the name of an error, if the response is one.
pub(super) fn code(answer: &Answer) -> Option<String> {
    let document = Document::parse(answer.text()?).ok()?;
    child(named(document.root_element(), "Error")?, "Code").map(str::to_owned)
}

fn named<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    (node.tag_name().name() == name).then_some(node)
}

fn child<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.children().find(|node| node.tag_name().name() == name)?.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(contents: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Name>mail</Name><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        )
    }

    #[test]
    fn an_unreadable_page_is_not_an_empty_list() {
        assert_eq!(read(&page("")), Some(Page { objects: vec![], more: false }));
        let whole = "<Contents><Key>a&amp;b</Key><Size>7</Size><LastModified>2026-11-21T10:00:00.000Z</LastModified></Contents>";
        assert_eq!(read(&page(whole)).unwrap().objects[0].key, "a&b");
        for wrong in [
            String::new(),
            "<html><body>Hello</body></html>".into(),
            "<ListBucketResult/>".into(),
            page("<Contents/>"),
            page(&whole.replace('7', "-1")),
            page(&whole.replace("2026-11-21T", "soon ")),
            page(whole).replace("</ListBucketResult>", ""),
            page(whole).replace("false", "perhaps"),
            page(&format!("<EncodingType>url</EncodingType>{}", whole.replace("a&amp;b", "%zz"))),
            // Entity expansion ("billion laughs").
            page(whole).replace(
                "<ListBucketResult xmlns",
                "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><ListBucketResult xmlns",
            ),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
    }
}
