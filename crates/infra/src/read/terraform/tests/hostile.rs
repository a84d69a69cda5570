//! Files that are broken, or made to break a reader.

use super::{get, ids, known, of};
use crate::inventory::observe::Topic;
use crate::read::terraform::FILE_BYTES_MAX;
use std::fmt::Write as _;

const TOPIC: &str = "resource \"aws_sns_topic\" \"it\" { name = local.it }\n";

#[test]
fn a_broken_file_is_told_with_its_line_and_the_others_are_read() {
    let inventory = of(&[
        ("a.tf", "resource \"aws_vpc\" \"a\" {\n  cidr_block = = 1\n}"),
        ("b.tf", "resource \"aws_vpc\" \"b\" {}"),
        ("c.tf.json", "{\n\"resource\": }"),
    ]);
    assert_eq!(ids(&inventory), ["aws_vpc.b"]);
    let lines: Vec<_> = inventory.problems.iter().map(|problem| (problem.file.as_str(), problem.line)).collect();
    assert_eq!(lines, [("a.tf", Some(2)), ("c.tf.json", Some(2))]);
    assert!(inventory.problems[0].message.starts_with("not HCL: "));
    let open = of(&[("a.tf", "locals {}\nresource \"aws_vpc\" \"a\" {\n  cidr_block = 1\n\n")]);
    assert!(open.problems[0].message.ends_with(", in what begins in line 2"), "{:?}", open.problems);
}

#[test]
fn numbers_of_instances_that_terraform_refuses_are_told() {
    let inventory = of(&[
        ("a.tf", "resource \"aws_vpc\" \"a\" { count = -3 }"),
        ("b.tf", "resource \"aws_vpc\" \"b\" { for_each = toset([for i in range(100000000) : tostring(i)]) }"),
    ]);
    let told: Vec<&str> = inventory.notices.iter().map(|notice| notice.message.as_str()).collect();
    let each = "aws_vpc.b is there for each of a range of 100000000 numbers: Terraform makes 1024 at most, and one is read";
    assert_eq!(told, ["the count of aws_vpc.a is -3, which Terraform refuses", each]);
}

#[test]
fn files_that_are_not_text_or_too_large_are_told() {
    let large = " ".repeat(FILE_BYTES_MAX + 1);
    let inventory = of(&[("large.tf", &large)]);
    assert!(inventory.problems[0].message.contains("of which at most 4194304 are read"), "{:?}", inventory.problems);
    let mut files = super::Files::new();
    files.insert("latin1.tf".to_owned(), std::borrow::Cow::Borrowed(b"# \xe9"));
    assert_eq!(super::read(&files).problems[0].message, "the file is not UTF-8");
}

#[test]
fn a_module_that_calls_itself_ends() {
    let inventory = of(&[("main.tf", "module \"again\" { source = \"./\" }\nresource \"aws_vpc\" \"it\" {}")]);
    assert_eq!(ids(&inventory), ["aws_vpc.it"]);
    assert_eq!(inventory.problems[0].message, "modules call each other in a circle or too deeply: . > .");
}

#[test]
fn modules_that_call_each_other_end() {
    let inventory = of(&[
        ("a/main.tf", "module \"b\" { source = \"../b\" }\nresource \"aws_vpc\" \"a\" { cidr_block = module.b.x }"),
        ("b/main.tf", "module \"a\" { source = \"../a\" }\nresource \"aws_vpc\" \"b\" {}\noutput \"x\" { value = module.a.y }"),
    ]);
    assert_eq!(ids(&inventory), ["aws_vpc.a", "module.b.aws_vpc.b"]);
    assert!(inventory.problems.iter().any(|problem| problem.message.ends_with("a > b > a")), "{:?}", inventory.problems);
}

#[test]
fn modules_that_double_at_every_level_are_bounded() {
    let mut files = Vec::new();
    for level in 0..14 {
        files.push((
            format!("m{level}/main.tf"),
            format!("module \"l\" {{ source = \"../m{0}\" }}\nmodule \"r\" {{ source = \"../m{0}\" }}", level + 1),
        ));
    }
    files.push(("m14/main.tf".to_owned(), "resource \"aws_vpc\" \"it\" {}".to_owned()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let inventory = of(&files);
    assert!(inventory.problems.iter().any(|problem| problem.message.contains("more than 2000 modules")), "{:?}", inventory.problems.len());
}

#[test]
fn locals_in_a_circle_are_unknown_and_a_problem() {
    let inventory = of(&[("main.tf", &format!("locals {{\n  it = local.b\n  b  = local.it\n}}\n{TOPIC}"))]);
    assert!(get::<Topic>(&inventory, "aws_sns_topic.it").name.is_unknown());
    assert_eq!(inventory.notices[0].message, "local.it depends on itself");
}

#[test]
fn resources_in_a_circle_are_unknown() {
    let inventory = of(&[(
        "main.tf",
        "resource \"aws_sns_topic\" \"it\" { name = \"${aws_sns_topic.b.name}-a\" }
         resource \"aws_sns_topic\" \"b\" { name = \"${aws_sns_topic.it.name}-b\" }
         resource \"aws_sns_topic\" \"self\" {
           count = length(aws_sns_topic.self)
         }",
    )]);
    assert!(get::<Topic>(&inventory, "aws_sns_topic.it").name.is_unknown());
    assert!(inventory.conditional.contains_key("aws_sns_topic.self[0]"));
}

#[test]
fn a_huge_count_is_one_and_a_problem() {
    let inventory = of(&[(
        "main.tf",
        "resource \"aws_vpc\" \"it\" {\n  count = 1000000000\n}\nresource \"aws_vpc\" \"each\" { for_each = toset([for i in range(5000) : tostring(i)]) }\nresource \"aws_vpc\" \"negative\" { count = -1 }",
    )]);
    assert_eq!(ids(&inventory), ["aws_vpc.it[0]", "aws_vpc.each[each.key]", "aws_vpc.negative[0]"]);
    assert_eq!(inventory.notices[0].message, "aws_vpc.it is there 1000000000 times; more than 1000 are read as one");
    assert_eq!(inventory.conditional.len(), 3);
    assert_eq!(inventory.conditional["aws_vpc.it[0]"], "how many there are depends on its number, which is over 1000");
}

#[test]
fn lists_of_lists_of_lists_do_not_fill_the_memory() {
    let mut code = "locals {\n  l0 = [\"aaaaaaaaaaaaaaaa\"]\n".to_owned();
    for level in 1..40 {
        let _ = writeln!(code, "  l{level} = [{}]", vec![format!("local.l{}", level - 1); 10].join(", "));
    }
    code.push_str("  it = jsonencode(local.l39)\n}\n");
    let inventory = of(&[("main.tf", &(code + TOPIC))]);
    assert!(get::<Topic>(&inventory, "aws_sns_topic.it").name.is_unknown());
    assert!(inventory.notices.iter().any(|problem| problem.message.contains("more than 2000000 values")), "{:?}", inventory.problems);
}

#[test]
fn lists_in_lists_of_other_locals_do_not_end_with_the_stack() {
    let mut code = "locals {\n  l0 = [1]\n".to_owned();
    for level in 1..20_000 {
        let _ = writeln!(code, "  l{level} = [local.l{}]", level - 1);
    }
    code.push_str("}\n");
    for level in 0..20_000 {
        let _ = writeln!(code, "resource \"aws_sns_topic\" \"t{level}\" {{ name = jsonencode(local.l{level}) }}");
    }
    let inventory = of(&[("main.tf", &code)]);
    assert_eq!(get::<Topic>(&inventory, "aws_sns_topic.t3").name, known("[[[[1]]]]"));
    assert!(get::<Topic>(&inventory, "aws_sns_topic.t19999").name.is_unknown());
}

#[test]
fn texts_that_double_are_bounded() {
    let mut code = "locals {\n  t0 = \"aaaaaaaaaaaaaaaa\"\n".to_owned();
    for level in 1..60 {
        let _ = writeln!(code, "  t{level} = \"${{local.t{0}}}${{local.t{0}}}\"", level - 1);
    }
    code.push_str("  it = local.t59\n}\n");
    let inventory = of(&[("main.tf", &(code + TOPIC))]);
    assert!(get::<Topic>(&inventory, "aws_sns_topic.it").name.is_unknown());
}

#[test]
fn functions_that_could_make_any_number_of_elements_are_bounded() {
    for expression in [
        "length(range(1000000000))",
        "length(setproduct(range(1000), range(1000)))",
        "format(\"%1000000000d\", 1)",
        "indent(1000000000, \"a\")",
        "cidrsubnet(\"10.0.0.0/8\", 100, 1)",
        "cidrhost(\"0.0.0.0/0\", 99999999999)",
        "pow(10, 10000)",
    ] {
        assert!(super::value(expression).is_unknown(), "{expression}");
    }
}

#[test]
fn deep_nesting_is_refused_or_read_without_a_crash() {
    for depth in [50, 1_000, 100_000] {
        let code = format!("locals {{\n  it = {}1{}\n}}\n{TOPIC}", "(".repeat(depth), ")".repeat(depth));
        let inventory = of(&[("main.tf", &code)]);
        assert_eq!(inventory.problems.is_empty(), depth == 50);
        let lists = format!("locals {{\n  it = {}{}\n}}\n", "[".repeat(depth), "]".repeat(depth));
        of(&[("main.tf", &lists)]);
        of(&[("main.tf.json", &format!("{{\"locals\": {{\"it\": {}{}}}}}", "[".repeat(depth), "]".repeat(depth)))]);
    }
}

#[test]
fn a_long_chain_of_locals_ends_with_a_problem_and_not_with_the_stack() {
    let mut code = "locals {\n  l0 = \"x\"\n".to_owned();
    for level in 1..3_000 {
        let _ = writeln!(code, "  l{level} = try(upper(local.l{}), [1, 2, 3])", level - 1);
    }
    code.push_str("  short = local.l20\n  it = local.l2999\n}\n");
    let inventory = of(&[("main.tf", &(code + TOPIC + "resource \"aws_sns_topic\" \"short\" { name = local.short }\n"))]);
    assert!(get::<Topic>(&inventory, "aws_sns_topic.it").name.is_unknown());
    assert!(inventory.notices.iter().any(|problem| problem.message.contains("levels deep")), "{:?}", inventory.problems);
    assert_eq!(get::<Topic>(&inventory, "aws_sns_topic.short").name, known("X"));
}

#[test]
fn a_long_chain_of_resources_ends_as_well() {
    let mut code = "resource \"aws_sns_topic\" \"t0\" { name = \"x\" }\n".to_owned();
    for level in 1..2_000 {
        let _ = writeln!(code, "resource \"aws_sns_topic\" \"t{level}\" {{ name = \"${{aws_sns_topic.t{}.name}}\" }}", 2_000 - level);
    }
    assert_eq!(of(&[("main.tf", &code)]).resources.len(), 2_000);
}

#[test]
fn a_function_makes_no_more_than_the_budget_whatever_it_is_given() {
    let long = "long = join(\"\", [for i in range(10000) : \"aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb\"])
         lines = join(\"\", [for i in range(10000) : \"\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\"])";
    for expression in [
        "replace(local.long, \"/a/\", local.long)",
        "replace(local.long, \"a\", local.long)",
        "replace(local.long, \"/.*/\", replace(local.long, \"a\", \"$0\"))",
        "indent(1000, local.lines)",
        "join(local.long, range(10000))",
        "length(formatlist(\"%s${local.long}\", range(10000)))",
        "length(setproduct(range(10000), [local.long]))",
        "length(setproduct([for i in range(5000) : [1]]...))",
        "length(regexall(\"()()()()()()()()()()()()()()()()()()()()()()()()()\", local.long))",
        "length(regexall(\"(((((((((((((((((((((.*)))))))))))))))))))))\", local.long)) + length(regexall(\"[0-9]+.*z|.\", local.long))",
        "length([for i in range(10000) : templatefile(\"long.txt\", {})])",
        "length([for i in range(10000) : file(\"long.txt\")])",
        "length([for i in range(10000) : \"${local.long}\"])",
        "urlencode(urlencode(urlencode(urlencode(urlencode(replace(local.long, \"a\", \"%\"))))))",
        "length([for i in range(10000) : split(\"\", local.long)])",
    ] {
        let code = format!("locals {{\n  {long}\n  it = {expression}\n}}\n{TOPIC}");
        let inventory = of(&[("main.tf", &code), ("long.txt", &"long ".repeat(200_000))]);
        assert!(get::<Topic>(&inventory, "aws_sns_topic.it").name.is_unknown(), "{expression}");
    }
}

#[test]
fn many_elements_are_told_apart_without_comparing_each_with_each() {
    let lists: Vec<String> = (0..10).map(|at| format!("range({}, {})", at * 10_000, at * 10_000 + 10_000)).collect();
    let all = format!("concat({})", lists.join(", "));
    for expression in ["distinct(local.all)", "toset(local.all)", "setunion(local.all, local.all)", "setintersection(local.all, local.all)"] {
        let inventory = of(&[("main.tf", &format!("locals {{\n  all = {all}\n  it = tostring(length({expression}))\n}}\n{TOPIC}"))]);
        assert_eq!(get::<Topic>(&inventory, "aws_sns_topic.it").name, known("100000"), "{expression}");
    }
}

#[test]
fn a_pattern_is_compiled_once_and_a_huge_one_is_unknown() {
    let huge = "length([for i in range(10000) : regexall(\"(?:\\\\pL{50}\\\\pN{40}){4}\", \"abc\")])";
    assert_eq!(super::value(huge), known("10000"));
    let plain = "length([for i in range(10000) : regexall(\"^[a-z]+\\\\w\", \"abc${i}\")])";
    assert_eq!(super::value(plain), known("10000"));
    assert!(super::value("regex(\"(?:\\\\pL{50}\\\\pN{40}){4}\", \"abc\")").is_unknown());
}
