//! Files that tests send, and the sessions that they are sent to.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::callers::{Call, Caller, Reply};

/// What a PDF begins with.
pub(crate) const PDF_HEAD: &[u8] = b"%PDF-1.7\n";
/// What a picture begins with.
pub(crate) const PNG_HEAD: &[u8] = b"\x89PNG\r\n\x1A\n";

/// So many bytes that begin like this and hardly shrink, so that a file of them comes in many pieces in any form.
pub(crate) fn noise(head: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = head.to_vec();
    let mut block = Sha256::digest(b"a seed");
    while bytes.len() < length {
        bytes.extend_from_slice(&block);
        block = Sha256::digest(block);
    }
    bytes.truncate(length);
    bytes
}

/// Opens an upload session and gives its id.
pub(crate) async fn open_session(caller: &Caller, body: &Value) -> String {
    let reply = caller.post("/api/uploads/session").json(body).send().await;
    reply.expect(200)["session_id"].as_str().unwrap().to_owned()
}

/// Sends a file into an upload session.
pub(crate) fn to_session(
    caller: &Caller,
    session: &str,
    name: &str,
    bytes: &[u8],
    fields: &[(&str, &str)],
) -> Call {
    caller
        .post(format!("/api/uploads/session/{session}/files"))
        .file(name, bytes, fields)
}

/// The body of an answer with one signed link but for its token, which a repeat gets afresh.
#[track_caller]
pub(crate) fn unsigned(reply: &Reply) -> String {
    let text = reply.text();
    let start = text.find("token=").expect("a signed link") + "token=".len();
    let length = text[start..].find('"').expect("the end of the link");
    let token = text[start..start + length].to_owned();
    text.replace(&token, "")
}

/// Checks that `data` repeats everything else.
#[track_caller]
pub(crate) fn assert_mirrored(body: &Value) {
    let mut top = body.clone();
    let data = top.as_object_mut().unwrap().remove("data").unwrap();
    assert_eq!(data, top, "data repeats the top level");
}
