//! Under which name a file is saved: `Content-Disposition` as RFC 6266 and RFC 8187 want it.

use std::fmt::Write as _;

use axum::http::HeaderValue;

/// `attachment` with the name in UTF-8 and, last, in ASCII: a client of ours takes all that follows the first `filename=`.
pub fn disposition(name: &str) -> HeaderValue {
    let mut value = String::from("attachment; filename*=UTF-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            value.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            write!(value, "%{byte:02X}").ok();
        }
    }
    value.push_str("; filename=\"");
    value.extend(name.chars().map(|letter| match letter {
        '"' | '\\' | '/' => '_',
        ' '..='~' => letter,
        _ => '_',
    }));
    value.push('"');
    // All of it is printable ASCII.
    HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn a_name_stands_there_whole_and_in_ascii_and_breaks_out_of_neither() {
        for (name, whole, ascii) in [
            ("plan.pdf", "plan.pdf", "plan.pdf"),
            ("a b (2).pdf", "a%20b%20%282%29.pdf", "a b (2).pdf"),
            ("Grundriß.pdf", "Grundri%C3%9F.pdf", "Grundri_.pdf"),
            (
                "योजना.pdf",
                "%E0%A4%AF%E0%A5%8B%E0%A4%9C%E0%A4%A8%E0%A4%BE.pdf",
                "_____.pdf",
            ),
            ("a\"; x=\"b", "a%22%3B%20x%3D%22b", "a_; x=_b"),
            ("it's 5%;.pdf", "it%27s%205%25%3B.pdf", "it's 5%;.pdf"),
            ("a\\b/c", "a%5Cb%2Fc", "a_b_c"),
            ("a\r\nX: y\0", "a%0D%0AX%3A%20y%00", "a__X: y_"),
        ] {
            assert_eq!(
                disposition(name).to_str().unwrap(),
                format!("attachment; filename*=UTF-8''{whole}; filename=\"{ascii}\"")
            );
        }
    }
}
