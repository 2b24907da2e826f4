//! Pagination of lists: `Link: <url>; rel="next"` (RFC 8288; Webex, basics guide).

use http::HeaderMap;
use http::header::LINK;
use reqwest::Url;

/// The next page according to the headers of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// This was the last page.
    None,
    /// Address of the next page.
    Page(Url),
    /// The next page is on another origin, which must not receive our token.
    Elsewhere,
}

/// Returns the page after `current`.
pub(super) fn next(headers: &HeaderMap, current: &Url) -> Next {
    let Some(target) = headers.get_all(LINK).iter().filter_map(|v| v.to_str().ok()).find_map(target) else {
        return Next::None;
    };
    match current.join(target) {
        Ok(mut url) if url.origin() == current.origin() => {
            without_max_null(&mut url);
            Next::Page(url)
        }
        _ => Next::Elsewhere,
    }
}

fn target(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, link)) = rest.split_once('<') {
        let (target, after) = link.split_once('>')?;
        let parameters = after.split_once('<').map_or(after, |(before, _)| before);
        if parameters.split([';', ',']).any(is_next) {
            return Some(target.trim());
        }
        rest = after;
    }
    None
}

fn is_next(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        name.trim().eq_ignore_ascii_case("rel")
            && value.trim().trim_matches('"').split_whitespace().any(|rel| rel.eq_ignore_ascii_case("next"))
    })
}

/// Removes `max=null`: Webex has been seen to add it to the link and then to refuse it (Webex Python SDK, pagination).
fn without_max_null(url: &mut Url) {
    let Some(query) = url.query() else { return };
    let kept: Vec<&str> = query.split('&').filter(|pair| *pair != "max=null").collect();
    let kept = kept.join("&");
    url.set_query((!kept.is_empty()).then_some(&kept));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(links: &[&str]) -> Next {
        let mut headers = HeaderMap::new();
        for link in links {
            headers.append(LINK, link.parse().unwrap());
        }
        next(&headers, &"https://webexapis.com/v1/rooms?max=2".parse().unwrap())
    }

    fn page(url: &str) -> Next {
        Next::Page(url.parse().unwrap())
    }

    #[test]
    fn finds_the_next_page() {
        let url = "https://webexapis.com/v1/rooms?cursor=a,b;c";
        assert_eq!(after(&[]), Next::None);
        assert_eq!(after(&[&format!("<{url}>; rel=\"next\"")]), page(url));
        assert_eq!(after(&[&format!("<{url}>;rel=next")]), page(url));
        assert_eq!(
            after(&[&format!("<https://x/>; rel=\"first\", <{url}>; title=\"x\"; REL=\"last next\"")]),
            page(url)
        );
        assert_eq!(after(&["<https://x/>; rel=\"prev\"", &format!("<{url}>; rel=\"next\"")]), page(url));
        assert_eq!(
            after(&["</v1/rooms?cursor=1>; rel=\"next\""]),
            page("https://webexapis.com/v1/rooms?cursor=1")
        );
        for nothing in ["", "<", "<https://webexapis.com/", "<https://x/>; rel=\"prev\"", "rel=\"next\""] {
            assert_eq!(after(&[nothing]), Next::None, "{nothing}");
        }
    }

    #[test]
    fn drops_max_null() {
        assert_eq!(
            after(&["<https://webexapis.com/v1/rooms?max=null&cursor=%2Bx>; rel=\"next\""]),
            page("https://webexapis.com/v1/rooms?cursor=%2Bx")
        );
        assert_eq!(after(&["</v1/rooms?max=null>; rel=next"]), page("https://webexapis.com/v1/rooms"));
    }

    #[test]
    fn never_leaves_the_origin() {
        for elsewhere in [
            "http://webexapis.com/v1/rooms",
            "https://webexapis.com:444/v1/rooms",
            "https://webexapis.com.example/v1",
            "//example.com/x",
            "https://webexapis.com@example.com/",
            "data:,x",
        ] {
            assert_eq!(after(&[&format!("<{elsewhere}>; rel=\"next\"")]), Next::Elsewhere, "{elsewhere}");
        }
    }
}
