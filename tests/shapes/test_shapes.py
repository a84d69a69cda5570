"""What the command prints for programs, before the schemas that are published for it."""

import copy
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from jsonschema import Draft4Validator, Draft202012Validator, ValidationError

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "crates/infra/tests/fixtures"
# Projects of every language and option, code without templates, and code that uses nothing.
PROJECTS = sorted(
    [FIXTURES / "review/small", FIXTURES / "review/faults", *(FIXTURES / "usage").iterdir(), *(FIXTURES / "twins").glob("*/*")]
)
PROJECTS = [path for path in PROJECTS if path.is_dir()]

EXPORT = """\
Service,EC2-Instances($),Tax($),Total costs($)
Service total,30.00,1.00,31.00
2026-10-01,30.00,1.00,31.00
"""


def schema(name):
    document = json.loads((ROOT / f"docs/schemas/{name}.schema.json").read_text())
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


def sarif():
    """The schema of SARIF 2.1.0 as SchemaStore publishes it (Apache-2.0), on which code scanning services rest."""
    return Draft4Validator(json.loads((pathlib.Path(__file__).parent / "sarif-2.1.0-rtm.5.json").read_text()))


def printed(*words):
    """The JSON that `orchestrator infra` prints; the fixtures' broken files are told on standard error and by the exit code."""
    command = [os.environ["ORCHESTRATOR"], "infra", *map(str, words), "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, 8), f"{command}: {done.returncode} {done.stderr}"
    return json.loads(done.stdout)


class Shapes(unittest.TestCase):
    def test_every_review_has_the_published_shape(self):
        validator = schema("review")
        self.assertGreater(len(PROJECTS), 15)
        for project in PROJECTS:
            with self.subTest(project=project.name):
                validator.validate(printed("review", project))

    def test_every_review_is_sarif_too(self):
        validator = sarif()
        fixes = 0
        for project in PROJECTS:
            with self.subTest(project=project.name):
                log = printed("review", project, "--report", "sarif")
                validator.validate(log)
                run = log["runs"][0]
                # What nobody can tell has no place in a file, and is no result.
                self.assertTrue(run["results"] or run["invocations"][0]["toolExecutionNotifications"])
                self.assertTrue(all(result["locations"] for result in run["results"]))
                fixes += sum("fixes" in result for result in run["results"])
                self.assertRaises(ValidationError, validator.validate, {**log, "version": "2.0.0"})
        self.assertGreater(fixes, 20)

    def test_a_review_with_decisions_has_it_too(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(
                '[[attestation]]\nrule = "IAM-02"\nby = "ann"\non = "2026-01-01"\nuntil = "2999-01-01"\nnote = "looked"\n'
                '[[suppression]]\nrule = "NET-02"\nreason = "a lab"\nuntil = "2999-01-01"\n'
            )
            file.flush()
            review = printed("review", FIXTURES / "review/small", "--decisions", file.name)
        schema("review").validate(review)
        self.assertEqual((review["summary"]["attested"], review["summary"]["suppressed"]), (1, 1))

    def test_every_bill_has_the_published_shape(self):
        validator = schema("cost")
        for project in PROJECTS:
            if "usage" not in project.parts:
                with self.subTest(project=project.name):
                    validator.validate(printed("cost", project))
        for option in ("ec2", "fargate", "lambda", "beanstalk"):
            with self.subTest(option=option):
                validator.validate(printed("cost", "--option", option, "--load", "tasks=50000,seconds=20"))

    def test_a_bill_beside_what_was_paid_has_it_too(self):
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write(EXPORT)
            file.flush()
            bill = printed("cost", FIXTURES / "review/small", "--actual", file.name)
        schema("cost").validate(bill)
        self.assertTrue(bill["actual"]["rows"])

    def test_the_schemas_refuse_what_is_missing_or_new(self):
        for name, words in (("review", ("review", FIXTURES / "review/small")), ("cost", ("cost", "--option", "ec2"))):
            whole = printed(*words)
            for key in schema(name).schema["required"]:
                less = copy.deepcopy(whole)
                del less[key]
                self.assertRaises(ValidationError, schema(name).validate, less)
            self.assertRaises(ValidationError, schema(name).validate, {**whole, "new": 1})


if __name__ == "__main__":
    unittest.main()
