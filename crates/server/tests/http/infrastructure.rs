//! Archives of templates: reviewed as the command line reviews a folder, refused when they are not what they say.

use crate::support::{Wanted, json_of, refused, start, start_with};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use server::Bounds;
use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

const PATH: &str = "/api/v1/infra/review";
const ZIP: (&str, &str) = ("Content-Type", "application/zip");
const GZIP: (&str, &str) = ("Content-Type", "application/gzip");

const TEMPLATE: &str = "\
Resources:
  Open:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: everything
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}
";

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, text) in files {
        writer.start_file(*path, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tar_gz(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        // The builder refuses what a hostile sender would write, so the name is written past it.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        archive.append(&header, text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

fn check<'a>(review: &'a Value, id: &str) -> &'a Value {
    review["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap()
}

#[tokio::test]
async fn an_archive_is_reviewed_with_the_decisions_it_brings_along() {
    let service = start().await;
    let decisions = "[[suppression]]\nrule = \"NET-02\"\nreason = \"a lab without data\"\nuntil = \"2999-01-01\"\n";
    let files = [("infra/template.yaml", TEMPLATE), ("review.toml", decisions)];
    for (kind, archive) in [(ZIP, zip(&files)), (GZIP, tar_gz(&files))] {
        let (status, review) = json_of(service.post(PATH).header(kind.0, kind.1).body(archive)).await;
        assert_eq!(status, 200, "{review}");
        let ssh = check(&review, "NET-02");
        assert_eq!((ssh["status"].as_str(), ssh["evidence"][0]["where"].as_str()), (Some("fail"), Some("infra/template.yaml:7")), "{ssh}");
        assert_eq!(review["summary"]["suppressed"], 1, "{}", review["summary"]);
        assert!(review["costs"].as_array().unwrap().len() == 5, "{}", review["costs"]);
    }
}

#[tokio::test]
async fn what_is_no_archive_of_plain_files_is_refused_with_the_reason() {
    let service = start().await;
    let post = |kind: (&str, &str), bytes: Vec<u8>| service.post(PATH).header(kind.0, kind.1).body(bytes);
    refused(post(("Content-Type", "application/json"), b"{}".to_vec()), 415, "unsupported_media_type", "application/gzip").await;
    for kind in [ZIP, GZIP] {
        refused(post(kind, Vec::new()), 400, "invalid_request", "cannot be read").await;
        refused(post(kind, b"not an archive".to_vec()), 400, "invalid_request", "cannot be read").await;
    }
    let whole = zip(&[("a.yaml", TEMPLATE)]);
    refused(post(ZIP, whole[..whole.len() / 2].to_vec()), 400, "invalid_request", "cannot be read").await;
    refused(post(GZIP, tar_gz(&[("../../etc/cron.d/x", "x")])), 400, "invalid_request", "below its root").await;
    refused(post(ZIP, zip(&[("bomb", &"0".repeat(64 << 20))])), 400, "invalid_request", "unpacks to more").await;
    refused(post(ZIP, zip(&[("review.toml", "[[suppression]]\nrule = \"NET-02\"\n")])), 400, "invalid_request", "reason").await;
    let query = service.post(&format!("{PATH}?regoin=eu-west-1")).header(ZIP.0, ZIP.1).body(whole.clone());
    refused(query, 400, "invalid_request", "region").await;
    let mars = service.post(&format!("{PATH}?region=mars")).header(ZIP.0, ZIP.1).body(whole.clone());
    refused(mars, 400, "invalid_request", "no region of AWS").await;
    let anonymous = service.http.post(service.url(PATH)).header(ZIP.0, ZIP.1).body(whole);
    refused(anonymous, 401, "unauthorized", "key").await;
}

#[tokio::test]
async fn an_archive_that_is_too_large_or_too_many_at_once_are_refused() {
    let service = start_with(Wanted { bounds: Bounds { archive_bytes_max: 100, ..Bounds::default() }, ..Wanted::default() }).await;
    let archive = zip(&[("a.yaml", TEMPLATE)]);
    refused(service.post(PATH).header(ZIP.0, ZIP.1).body(archive.clone()), 413, "body_too_large", "folders with templates").await;
    let service = start_with(Wanted { bounds: Bounds { reviews_max: 0, ..Bounds::default() }, ..Wanted::default() }).await;
    let bounds = Bounds { resources_max: 0, ..Bounds::default() };
    let small = start_with(Wanted { bounds, ..Wanted::default() }).await;
    refused(small.post(PATH).header(ZIP.0, ZIP.1).body(archive.clone()), 400, "invalid_request", "one stack at a time").await;
    refused(service.post(PATH).header(ZIP.0, ZIP.1).body(archive), 429, "busy", "ask again").await;
}
