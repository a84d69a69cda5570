//! What expressions come to.

use super::{clean, get, known, of, to, value, with};
use crate::inventory::network::{SecurityGroup, Subnet};
use crate::inventory::observe::Topic;
use crate::value::Value;

fn check(expression: &str, expected: &str) {
    assert_eq!(value(expression), known(expected), "{expression}");
}

#[test]
fn operators_and_conditions_are_worked_out() {
    for (expression, expected) in [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("7 % 4 - 10 / 4", "0.5"),
        ("-(2)", "-2"),
        ("!(1 < 2 && 2 <= 2)", "false"),
        ("1 == 1.0 ? \"same\" : \"other\"", "same"),
        ("\"a\" != \"b\"", "true"),
        ("[1, 2] == [1, 2]", "true"),
        ("null == null", "true"),
        ("true || var.nobody", "true"),
    ] {
        check(expression, expected);
    }
}

#[test]
fn templates_are_filled_in() {
    check("\"a-${1 + 1}-${true}\"", "a-2-true");
    check("\"${\"x\"}\"", "x");
    check("\"$${not} %%{this}\"", "${not} %{this}");
    check("\"%{if 1 > 2}no%{else}yes%{endif}\"", "yes");
    check("\"%{for x in [\"a\", \"b\"]}<${x}>%{endfor}\"", "<a><b>");
    check("<<-END\n    one\n      ${\"two\"}\n    END\n", "one\n  two\n");
    check("<<END\n%{for x in [1, 2]~}\n${x}\n%{endfor~}\nend\nEND\n", "1\n2\nend\n");
}

#[test]
fn collections_are_walked() {
    check("[\"a\", \"b\"][1]", "b");
    check("{ a = { b = \"c\" } }.a[\"b\"]", "c");
    check("join(\",\", [for x in [1, 2, 3] : x * 2 if x != 2])", "2,6");
    check("join(\",\", [for k, v in { a = 1, b = 2 } : \"${k}${v}\"])", "a1,b2");
    check("{ for x in [\"a\", \"b\"] : x => upper(x) }.b", "B");
    check("join(\",\", { for x in [\"aa\", \"ab\", \"b\"] : substr(x, 0, 1) => x... }[\"a\"])", "aa,ab");
    check("join(\",\", [{ n = 1 }, { n = 2 }][*].n)", "1,2");
    check("[{ n = [1, 2] }, { n = [3] }].*.n[1][0]", "3");
    check("join(\",\", [{ n = [1, 2] }, { n = [3] }][*].n[0])", "1,3");
    check("[{ n = \"a\" }, { n = \"b\" }].*.n[1]", "b");
    check("max([1, 5, 3]...)", "5");
}

#[test]
fn functions_do_what_terraform_says() {
    for (expression, expected) in [
        ("jsonencode({ a = [1, true, null, \"x\"] })", r#"{"a":[1,true,null,"x"]}"#),
        ("jsondecode(\"{\\\"a\\\": [1, 2]}\").a[1]", "2"),
        ("merge({ a = 1 }, { a = 2 }, null).a", "2"),
        ("join(\"\", concat([\"a\"], [\"b\", \"c\"]))", "abc"),
        ("lookup({ a = 1 }, \"b\", 9)", "9"),
        ("element([\"a\", \"b\"], 3)", "b"),
        ("length({ a = 1, b = 2 })", "2"),
        ("tonumber(\"5\") + 1", "6"),
        ("tostring(5)", "5"),
        ("join(\",\", toset([\"b\", \"a\", \"b\"]))", "a,b"),
        ("split(\",\", \"a,b\")[1]", "b"),
        ("format(\"%s-%03d-%.1f%%-%5s\", \"a\", 7, 1.25, \"x\")", "a-007-1.2%-    x"),
        ("format(\"%05.1f %03d\", -1.5, -5)", "-01.5 -05"),
        ("join(\",\", cidrsubnets(\"255.255.255.0/24\", 1, 1))", "255.255.255.0/25,255.255.255.128/25"),
        ("can(cidrsubnets(\"255.255.255.0/24\", 1, 1, 1))", "false"),
        ("can(cidrsubnet(\"10.0.0.0/32\", 4294967290, 0))", "false"),
        ("replace(\"ab\", \"\", \"-\")", "-a-b-"),
        ("replace(\"a1\", \"/([a-z])([0-9])/\", \"$2$1\")", "1a"),
        ("join(\",\", formatlist(\"%s-%s\", [\"a\", \"b\"], \"x\"))", "a-x,b-x"),
        ("title(lower(\"ABC DEF\"))", "Abc Def"),
        ("replace(\"a.b.c\", \".\", \"-\")", "a-b-c"),
        ("replace(\"a1b22\", \"/[0-9]+/\", \"#\")", "a#b#"),
        ("trimspace(\"  x \")", "x"),
        ("coalesce(null, \"\", \"x\")", "x"),
        ("try({}.missing, \"fallback\")", "fallback"),
        ("can({}.missing)", "false"),
        ("join(\",\", flatten([[\"a\"], [[\"b\"], \"c\"]]))", "a,b,c"),
        ("join(\",\", distinct([\"b\", \"a\", \"b\"]))", "b,a"),
        ("join(\",\", keys({ b = 1, a = 2 }))", "a,b"),
        ("join(\",\", values({ b = 1, a = 2 }))", "2,1"),
        ("contains([\"a\"], \"a\")", "true"),
        ("cidrsubnet(\"10.0.0.0/16\", 8, 3)", "10.0.3.0/24"),
        ("cidrsubnet(\"fd00:0:0:8000::/52\", 12, 5)", "fd00:0:0:8005::/64"),
        ("join(\",\", cidrsubnets(\"10.0.0.0/16\", 4, 8, 4))", "10.0.0.0/20,10.0.16.0/24,10.0.32.0/20"),
        ("cidrhost(\"10.0.1.0/24\", -2)", "10.0.1.254"),
        ("cidrnetmask(\"10.0.0.0/20\")", "255.255.240.0"),
        ("join(\",\", range(1, 7, 2))", "1,3,5"),
        ("zipmap([\"a\", \"b\"], [1, 2]).b", "2"),
        ("join(\",\", slice([\"a\", \"b\", \"c\"], 1, 3))", "b,c"),
        ("join(\",\", sort([\"b\", \"a\"]))", "a,b"),
        ("join(\",\", compact([\"a\", \"\", null]))", "a"),
        ("startswith(\"abc\", \"ab\") && endswith(\"abc\", \"bc\")", "true"),
        ("substr(\"hello\", -3, -1)", "llo"),
        ("min(3, 1, 2) + ceil(1.2) + floor(1.8) + abs(-1)", "5"),
        ("base64encode(\"hello\")", "aGVsbG8="),
        ("base64decode(\"aGVsbG8=\")", "hello"),
        ("regex(\"v([0-9]+)\", \"v12\")[0]", "12"),
        ("one([]) == null", "true"),
        ("join(\",\", [for pair in setproduct([\"a\", \"b\"], [\"x\"]) : join(\"\", pair)])", "ax,bx"),
        ("parseint(\"ff\", 16)", "255"),
    ] {
        check(expression, expected);
    }
}

#[test]
fn what_cannot_be_told_says_why() {
    let unknown = |expression: &str| match value(expression) {
        Value::Unknown(why) => why,
        other => panic!("{expression} is {other:?}"),
    };
    let alone = "yamldecode() is worked out by Terraform alone: a plan (terraform show -json) has its value";
    assert_eq!(unknown("yamldecode(\"a: 1\").a"), alone);
    assert_eq!(unknown("file(\"missing.txt\")"), "file(\"missing.txt\")");
    assert_eq!(unknown("terraform.workspace"), "terraform.workspace");
    assert_eq!(unknown("[1][5]"), "there is no element [5]");
    assert_eq!(unknown("1 / 0"), "a division by zero or a number beyond all bounds");
    let variable = "variable \"name\" {}\ndata \"aws_ami\" \"it\" {}";
    assert_eq!(with(variable, "var.name"), Value::Unknown("var.name has no value here".to_owned()));
    assert_eq!(with(variable, "data.aws_ami.it.id"), Value::Unknown("data.aws_ami.it.id is looked up at deployment".to_owned()));
    let half = Value::Unknown("it depends on what is known only at deployment: var.name".to_owned());
    assert_eq!(with(variable, "\"${var.name}-api\""), half);
    assert_eq!(with(variable, "format(\"%s-api\", var.name)"), half);
    assert_eq!(with(variable, "upper(var.name)"), Value::Unknown("var.name has no value here".to_owned()));
}

#[test]
fn a_condition_that_cannot_be_told_decides_nothing_unless_both_sides_agree() {
    let variable = "variable \"is_large\" {}";
    assert!(with(variable, "var.is_large ? \"a\" : \"b\"").is_unknown());
    assert_eq!(with(variable, "var.is_large ? \"a\" : \"a\""), known("a"));
    assert_eq!(with(variable, "var.is_large && false"), known("false"));
}

#[test]
fn what_may_be_found_once_it_is_known_is_neither_found_nor_missing() {
    let variable = "variable \"name\" {}\nresource \"aws_vpc\" \"it\" {}\nlocals { sizes = { (var.name) = 500 } }";
    for expression in [
        "can(regex(\"^prod\", var.name)) ? \"a\" : \"b\"",
        "can(tonumber(var.name)) ? \"a\" : \"b\"",
        "lookup(local.sizes, \"prod\", 10)",
        "try(local.sizes[\"prod\"], 10)",
        "try(local.sizes.prod, 10)",
        "contains([aws_vpc.it.id], \"vpc-1\")",
        "contains([\"vpc-1\"], aws_vpc.it.id)",
        "alltrue([aws_vpc.it.enabled])",
    ] {
        assert!(with(variable, expression).is_unknown(), "{expression}");
    }
    assert_eq!(with(variable, "contains([aws_vpc.it.id], aws_vpc.it.id)"), known("true"));
    assert_eq!(with(variable, "local.sizes[var.name]"), Value::Unknown("var.name has no value here".to_owned()));
}

#[test]
fn references_are_sorted_and_made_a_map_without_losing_one() {
    let inventory = clean(
        "resource \"aws_subnet\" \"it\" {
           count             = 2
           availability_zone = [\"us-east-1b\", \"us-east-1a\"][count.index]
         }
         resource \"aws_lb\" \"it\" { subnets = sort(aws_subnet.it[*].id) }
         resource \"aws_nat_gateway\" \"it\" {
           for_each  = zipmap(aws_subnet.it[*].availability_zone, aws_subnet.it[*].id)
           subnet_id = each.value
         }
         resource \"aws_sns_topic\" \"it\" { name = join(\",\", sort(aws_subnet.it[*].availability_zone)) }",
    );
    assert_eq!(get::<crate::inventory::balancing::LoadBalancer>(&inventory, "aws_lb.it").subnets, [to("aws_subnet.it[0]"), to("aws_subnet.it[1]")]);
    let gateway: &crate::inventory::network::NatGateway = get(&inventory, "aws_nat_gateway.it[\"us-east-1a\"]");
    assert_eq!(gateway.subnet, to("aws_subnet.it[1]"));
    assert_eq!(get::<Topic>(&inventory, "aws_sns_topic.it").name, known("us-east-1a,us-east-1b"));
}

#[test]
fn the_keys_of_a_set_are_its_elements_and_those_of_a_list_its_places() {
    let sets = "variable \"set\" {\n  type    = set(string)\n  default = [\"b\", \"a\"]\n}\nlocals { set = toset([\"b\", \"a\"]) }";
    let keys = |collection: &str| with(sets, &format!("join(\",\", [for k, v in {collection} : \"${{k}}${{v}}\"])"));
    assert_eq!(keys("[\"b\", \"a\"]"), known("0b,1a"));
    for set in ["var.set", "local.set", "toset([\"b\", \"a\"])", "(true ? local.set : var.set)"] {
        assert_eq!(keys(set), known("aa,bb"), "{set}");
    }
    let inventory = clean(
        "resource \"aws_instance\" \"it\" {
           dynamic \"ebs_block_device\" {
             for_each = [\"data\", \"logs\"]
             content { volume_size = ebs_block_device.key == 0 ? 500 : 10 }
           }
         }",
    );
    let sizes = get::<crate::inventory::compute::Instance>(&inventory, "aws_instance.it").volumes.iter().map(|volume| volume.size_gb.clone());
    assert_eq!(sizes.collect::<Vec<_>>(), [Value::Known(500.0), Value::Known(10.0)]);
}

#[test]
fn something_that_is_used_and_not_declared_is_a_problem_with_its_line() {
    let inventory = of(&[("a/main.tf", "resource \"aws_sns_topic\" \"it\" {\n  name = local.nowhere\n}")]);
    let problem = &inventory.notices[0];
    assert_eq!((problem.file.as_str(), problem.line), ("a/main.tf", Some(2)));
    assert_eq!(problem.message, "local.nowhere is used and not declared");
    assert!(get::<Topic>(&inventory, "aws_sns_topic.it").name.is_unknown());
}

#[test]
fn variables_take_defaults_then_files_of_values() {
    let code = "variable \"a\" { default = \"default\" }\nvariable \"b\" { default = \"default\" }\nvariable \"c\" { default = \"default\" }
        resource \"aws_sns_topic\" \"it\" { name = \"${var.a} ${var.b} ${var.c}\" }";
    let inventory = of(&[
        ("main.tf", code),
        ("terraform.tfvars", "b = \"tfvars\"\nc = \"tfvars\""),
        ("x.auto.tfvars.json", "{\"c\": \"auto\"}"),
        ("environments/prod.tfvars", "a = \"not read\""),
    ]);
    assert_eq!(get::<Topic>(&inventory, "aws_sns_topic.it").name, known("default tfvars auto"));
    let message = "its values are not applied, since only terraform.tfvars and *.auto.tfvars are by themselves: copy it to prod.auto.tfvars, \
                   or review a plan (terraform plan -var-file=prod.tfvars -out=p && terraform show -json p > plan.json)";
    let notices: Vec<_> = inventory.notices.iter().map(|notice| (notice.file.as_str(), notice.message.as_str())).collect();
    assert_eq!((notices, inventory.problems), (vec![("environments/prod.tfvars", message)], vec![]), "no resource is hidden there");
}

#[test]
fn types_convert_and_fill_in_what_is_optional() {
    let declaration = "variable \"size\" {
      type    = object({ cpu = number, arch = optional(string, \"ARM64\"), deep = optional(object({ x = optional(number, 3) }), {}) })
      default = { cpu = \"512\" }
    }
    variable \"zones\" {
      type    = set(string)
      default = [\"b\", \"a\", \"b\"]
    }";
    assert_eq!(with(declaration, "\"${var.size.cpu + 1} ${var.size.arch} ${var.size.deep.x}\""), known("513 ARM64 3"));
    assert_eq!(with(declaration, "join(\",\", var.zones)"), known("a,b"));
}

#[test]
fn counted_and_keyed_resources_have_their_instances() {
    let inventory = clean(
        "resource \"aws_subnet\" \"n\" {
           count      = 2
           cidr_block = cidrsubnet(\"10.0.0.0/16\", 8, count.index)
         }
         resource \"aws_subnet\" \"k\" {
           for_each   = { b = 2, a = 1 }
           cidr_block = \"10.1.${each.value}.0/24\"
         }
         resource \"aws_subnet\" \"none\" { count = 0 }
         resource \"aws_route_table_association\" \"it\" {
           for_each       = aws_subnet.k
           subnet_id      = each.value.id
           route_table_id = aws_route_table.it.id
         }
         resource \"aws_route_table\" \"it\" {}",
    );
    assert_eq!(super::ids(&inventory), ["aws_subnet.n[0]", "aws_subnet.n[1]", "aws_subnet.k[\"a\"]", "aws_subnet.k[\"b\"]", "aws_route_table.it"]);
    assert_eq!(get::<Subnet>(&inventory, "aws_subnet.n[1]").cidr, known("10.0.1.0/24"));
    let table: &crate::inventory::network::RouteTable = get(&inventory, "aws_route_table.it");
    assert_eq!(table.subnets, [to("aws_subnet.k[\"a\"]"), to("aws_subnet.k[\"b\"]")]);
}

#[test]
fn of_an_unknown_number_one_is_kept_and_marked() {
    let inventory = clean(
        "variable \"n\" {}
         resource \"aws_subnet\" \"it\" {
           count      = var.n
           cidr_block = cidrsubnet(\"10.0.0.0/16\", 8, count.index)
         }
         resource \"aws_lb\" \"it\" { subnets = aws_subnet.it[*].id }
         resource \"aws_sns_topic\" \"it\" { name = length(aws_subnet.it) }",
    );
    assert_eq!(inventory.conditional["aws_subnet.it[0]"], "how many there are depends on var.n");
    let balancer: &crate::inventory::balancing::LoadBalancer = get(&inventory, "aws_lb.it");
    assert_eq!(balancer.subnets[0], to("aws_subnet.it[0]"));
    assert!(balancer.subnets[1].is_unknown(), "whether there are more is not known");
    assert!(get::<Topic>(&inventory, "aws_sns_topic.it").name.is_unknown());
}

#[test]
fn zones_that_are_looked_up_are_told_apart() {
    let inventory = clean(
        "data \"aws_availability_zones\" \"it\" {}
         locals { zones = slice(data.aws_availability_zones.it.names, 0, 2) }
         resource \"aws_subnet\" \"n\" {
           count             = length(local.zones)
           availability_zone = local.zones[count.index]
         }
         resource \"aws_subnet\" \"k\" {
           for_each          = { for index, zone in local.zones : zone => index }
           availability_zone = each.key
           cidr_block        = cidrsubnet(\"10.0.0.0/16\", 8, each.value)
         }",
    );
    let zones: Vec<_> = inventory.all::<Subnet>().map(|(_, subnet)| subnet.zone.clone()).collect();
    let [first, second] = ["data.aws_availability_zones.it.names[0]", "data.aws_availability_zones.it.names[1]"].map(known);
    assert_eq!(zones, [first.clone(), second.clone(), first, second]);
    assert_eq!(get::<Subnet>(&inventory, "aws_subnet.k[(data.aws_availability_zones.it.names[1])]").cidr, known("10.0.1.0/24"));
}

#[test]
fn dynamic_blocks_are_made_and_unknown_ones_are_unknown() {
    let inventory = clean(
        "variable \"ranges\" {}
         resource \"aws_security_group\" \"it\" {
           dynamic \"ingress\" {
             for_each = { web = 443, api = 8000 }
             iterator = port
             content {
               description = port.key
               protocol    = \"tcp\"
               from_port   = port.value
               to_port     = port.value
               cidr_blocks = [\"10.0.0.0/8\", \"192.168.0.0/16\"]
             }
           }
           dynamic \"egress\" {
             for_each = var.ranges
             content {
               protocol    = \"-1\"
               cidr_blocks = [egress.value]
             }
           }
         }",
    );
    let group: &SecurityGroup = get(&inventory, "aws_security_group.it");
    let ports: Vec<_> = group.ingress.iter().map(|rule| (rule.from_port.clone(), rule.cidr.clone())).collect();
    let port = |port: f64, cidr: &str| (Value::Known(port), known(cidr));
    assert_eq!(ports, [port(8000.0, "10.0.0.0/8"), port(8000.0, "192.168.0.0/16"), port(443.0, "10.0.0.0/8"), port(443.0, "192.168.0.0/16")]);
    assert_eq!(group.egress.len(), 1);
    assert!(group.egress[0].cidr.is_unknown() && group.egress[0].protocol.is_unknown());
}

#[test]
fn files_that_are_given_are_read() {
    let code = "resource \"aws_sns_topic\" \"it\" { name = templatefile(\"${path.module}/name.tftpl\", { who = \"you\" }) }\nresource \"aws_sns_topic\" \"raw\" { name = file(\"${path.module}/raw.txt\") }";
    let inventory = of(&[("a/main.tf", code), ("a/name.tftpl", "hello ${who}"), ("a/raw.txt", "raw")]);
    assert_eq!(get::<Topic>(&inventory, "aws_sns_topic.it").name, known("hello you"));
    assert_eq!(get::<Topic>(&inventory, "aws_sns_topic.raw").name, known("raw"));
}

#[test]
fn terraform_in_json_reads_the_same() {
    let json = r#"{
      "variable": {"n": {"type": "number", "default": "2"}},
      "locals": {"name": "x"},
      "resource": {
        "aws_subnet": {"it": {"count": "${var.n}", "cidr_block": "${cidrsubnet(\"10.0.0.0/16\", 8, count.index)}"}},
        "aws_security_group": {"it": {
          "dynamic": {"ingress": {"for_each": [80, 443], "content": {"protocol": "tcp", "from_port": "${ingress.value}", "to_port": "${ingress.value}", "cidr_blocks": ["0.0.0.0/0"]}}},
          "egress": [{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}]
        }},
        "aws_lb": {"it": {"name": "${local.name}-lb", "subnets": "${aws_subnet.it[*].id}", "access_logs": {"enabled": true}}}
      }
    }"#;
    let inventory = of(&[("main.tf.json", json)]);
    assert_eq!(inventory.problems, []);
    assert_eq!(get::<Subnet>(&inventory, "aws_subnet.it[1]").cidr, known("10.0.1.0/24"));
    let balancer: &crate::inventory::balancing::LoadBalancer = get(&inventory, "aws_lb.it");
    assert_eq!(balancer.subnets, [to("aws_subnet.it[0]"), to("aws_subnet.it[1]")]);
    assert_eq!(balancer.access_logs, Value::Known(true));
    let group: &SecurityGroup = get(&inventory, "aws_security_group.it");
    assert_eq!(group.ingress[1].from_port, Value::Known(443.0));
    assert_eq!(group.egress[0].from_port, Value::Absent);
    assert_eq!(inventory.resource("aws_lb.it").unwrap().origin.line, 10);
}
