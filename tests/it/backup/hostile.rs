//! Archives that are damaged or made with ill intent: each fault is named, and nothing of them is taken.

use std::{fs, path::Path};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use super::{Empty, document, entries, run};
use crate::support::{TestApp, server::Home};

type Entries = Vec<(String, Vec<u8>)>;

fn head(name: &str, kind: EntryType, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o600);
    header.set_size(size.try_into().unwrap());
    // Not through the library, which refuses what a hostile archive may well hold.
    let field = &mut header.as_gnu_mut().unwrap().name;
    field[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    header
}

fn write(path: &Path, entries: &[(String, Vec<u8>)]) {
    let mut tar = Builder::new(fs::File::create(path).unwrap());
    for (name, bytes) in entries {
        tar.append(&head(name, EntryType::Regular, bytes.len()), bytes.as_slice())
            .unwrap();
    }
    tar.finish().unwrap();
}

fn at<'a>(entries: &'a mut Entries, name: &str) -> &'a mut Vec<u8> {
    &mut entries.iter_mut().find(|(entry, _)| entry == name).unwrap().1
}

/// Changes the manifest so that its hash is right all the same.
fn lie(entries: &mut Entries, change: impl FnOnce(&mut Value)) {
    let text = at(entries, "manifest.json");
    let mut manifest: Value = serde_json::from_slice(text).unwrap();
    change(&mut manifest);
    *text = serde_json::to_vec(&manifest).unwrap();
    let hash = hex::encode(Sha256::digest(&*text));
    *at(entries, "manifest.json.sha256") = format!("{hash}  manifest.json\n").into_bytes();
}

async fn sound() -> (Home, Entries, String) {
    let (app, home) = (TestApp::start().await, Home::new());
    let editor = app.editor().await;
    let saved = document(&app, &editor, "a.pdf", 3000).await;
    run(&home, &["backup", "sound.tar"], &app.command_settings())
        .await
        .well();
    let entries = entries(&home.path().join("sound.tar"));
    let file = format!("files/{}", saved["stored_filename"].as_str().unwrap());
    (home, entries, file)
}

#[tokio::test]
async fn every_part_that_is_damaged_missing_or_too_much_is_named() {
    let (home, sound, file) = sound().await;
    let place = Empty::new().await;
    let path = home.path().join("bad.tar");
    let flip = |entries: &mut Entries, name: &str| {
        let bytes = at(entries, name);
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    };
    let parts = ["database.dump", &*file, "manifest.json", "manifest.json.sha256"];
    for part in parts {
        let mut entries = sound.clone();
        flip(&mut entries, part);
        write(&path, &entries);
        let words = if part.starts_with("manifest") {
            "manifest.json: is damaged, or its hash in manifest.json.sha256 is".to_owned()
        } else {
            format!("{part}: is damaged")
        };
        run(&home, &["restore", "bad.tar"], &place.settings())
            .await
            .refused(&[&words]);

        let mut entries = sound.clone();
        entries.retain(|(name, _)| name != part);
        write(&path, &entries);
        run(&home, &["restore", "bad.tar"], &place.settings())
            .await
            .refused(&[&format!("{part}: is missing")]);

        let mut entries = sound.clone();
        let twice = (part.to_owned(), at(&mut entries, part).clone());
        entries.push(twice);
        write(&path, &entries);
        run(&home, &["restore", "bad.tar"], &place.settings())
            .await
            .refused(&[&format!("{part}: is there twice")]);
    }
    let mut entries = sound.clone();
    flip(&mut entries, "database.dump");
    flip(&mut entries, &file);
    entries.push(("files/more.pdf".to_owned(), vec![1; 10]));
    entries.push(("notes.txt".to_owned(), vec![1; 10]));
    write(&path, &entries);
    run(&home, &["restore", "--verify-only", "bad.tar"], &[])
        .await
        .refused(&[
            "database.dump: is damaged",
            &format!("{file}: is damaged"),
            "files/more.pdf: the manifest does not know it",
            "notes.txt: is not part of a backup",
        ]);

    let whole = fs::read(home.path().join("sound.tar")).unwrap();
    for length in [0, 100, 512, 5000, whole.len() / 2, whole.len() - 3000] {
        fs::write(&path, &whole[..length]).unwrap();
        run(&home, &["restore", "bad.tar"], &place.settings())
            .await
            .refused(&["the archive is not whole"]);
    }
    run(&home, &["restore", "none.tar"], &place.settings())
        .await
        .refused(&["none.tar cannot be read"]);
    place.is_untouched().await;
}

#[tokio::test]
async fn names_that_lead_elsewhere_links_and_giants_are_refused() {
    let (home, sound, _) = sound().await;
    let place = Empty::new().await;
    let path = home.path().join("bad.tar");
    for name in [
        "files/../../evil",
        "../evil",
        "/evil",
        "files/sessions/../evil",
        "files/temp",
        "files/sessions",
        "files/a/b",
        "files/",
    ] {
        let mut entries = sound.clone();
        entries.push((name.to_owned(), b"evil".to_vec()));
        write(&path, &entries);
        run(&home, &["restore", "bad.tar"], &place.settings())
            .await
            .refused(&[&format!("{name}: is not part of a backup")]);

        let mut entries = sound.clone();
        let address = name.strip_prefix("files/").unwrap_or(name).to_owned();
        lie(&mut entries, |manifest| {
            manifest["files"][0]["address"] = Value::from(address.clone());
        });
        write(&path, &entries);
        run(&home, &["restore", "bad.tar"], &place.settings())
            .await
            .refused(&[&format!("{address} is not the name of a stored file")]);
    }
    for (name, kind) in [
        ("files/link", EntryType::Symlink),
        ("files/link", EntryType::Link),
        ("files/folder", EntryType::Directory),
        ("files/device", EntryType::Char),
        ("files/sparse", EntryType::GNUSparse),
        ("files/extended", EntryType::XHeader),
    ] {
        let mut tar = Builder::new(fs::File::create(&path).unwrap());
        let mut header = head(name, kind, 0);
        header.set_link_name("/etc/passwd").unwrap();
        header.set_cksum();
        tar.append(&header, &[][..]).unwrap();
        tar.finish().unwrap();
        run(&home, &["restore", "bad.tar"], &place.settings())
            .await
            .refused(&[&format!("{name}: is not a plain file")]);
    }
    // Heads that promise far more than there is.
    for (name, kind) in [
        ("database.dump", EntryType::Regular),
        ("manifest.json", EntryType::Regular),
        ("files/a.pdf", EntryType::Regular),
        ("long name", EntryType::GNULongName),
    ] {
        let mut header = head(name, kind, 1 << 50);
        header.set_cksum();
        fs::write(&path, [header.as_bytes().as_slice(), &[0; 4096]].concat()).unwrap();
        run(&home, &["restore", "bad.tar"], &place.settings())
            .await
            .refused(&["the archive is not whole"]);
    }
    place.is_untouched().await;
}

#[tokio::test]
async fn a_manifest_that_lies_is_found_out() {
    let (home, sound, _) = sound().await;
    let path = home.path().join("bad.tar");
    let place = Empty::new().await;
    for (change, words) in [
        (
            Box::new(|manifest: &mut Value| manifest["format"] = Value::from(2))
                as Box<dyn FnOnce(&mut Value)>,
            "is of form 2, and this version of the program reads 1",
        ),
        (
            Box::new(|manifest: &mut Value| manifest["tables"] = Value::from("none")),
            "manifest.json: cannot be read",
        ),
        (
            Box::new(|manifest: &mut Value| manifest["dump"]["size"] = Value::from(1)),
            "database.dump: is damaged",
        ),
        (
            Box::new(|manifest: &mut Value| manifest["postgres_major"] = Value::from(99)),
            "the backup is of PostgreSQL 99",
        ),
    ] {
        let mut entries = sound.clone();
        lie(&mut entries, change);
        write(&path, &entries);
        run(&home, &["restore", "bad.tar"], &place.settings())
            .await
            .refused(&[words]);
    }

    let mut entries = sound.clone();
    lie(&mut entries, |manifest| {
        manifest["tables"]["client_po"]["sums"]["po_value"] = Value::from("1180.56");
        manifest["tables"]["project_document"]["rows"] = Value::from(2);
    });
    write(&path, &entries);
    run(&home, &["restore", "bad.tar"], &place.settings())
        .await
        .refused(&[
            "what was restored is not what the manifest says",
            "client_po.po_value: a sum of 1180.55 instead of 1180.56",
            "project_document: 1 rows instead of 2",
        ]);
}
