//! The files that code takes in by name: what runs at an instance's first boot, policies, templates.

use crate::read::files::beside;
use regex::bytes::Regex;
use std::sync::LazyLock;

/// `file("…")` and its kin with a name that is written down, beside the module or beside the root.
static CALL: LazyLock<Regex> = LazyLock::new(|| {
    let call = r#"(?:file|filebase64|templatefile)\(\s*"(?:\$\{path\.(?:module|root|cwd)\}/)?([^"$\n]+)""#;
    Regex::new(call).expect("the pattern is a regular expression")
});

/// The files that the code of this path names, relative to the folder that is read.
pub(crate) fn named_in(path: &str, code: &[u8]) -> Vec<String> {
    CALL.captures_iter(code).filter_map(|call| beside(path, std::str::from_utf8(&call[1]).ok()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::named_in;

    #[test]
    fn files_are_found_beside_the_code_and_never_outside() {
        let code = br#"a = file("${path.module}/boot.sh") b = templatefile( "x/p.json.tftpl", {}) c = file(var.x) d = file("../../../etc/passwd")"#;
        assert_eq!(named_in("stacks/a/main.tf", code), ["stacks/a/boot.sh", "stacks/a/x/p.json.tftpl"]);
    }
}
