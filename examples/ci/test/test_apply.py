"""What the apply job says, whatever charter ends with: by programs that stand for it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"
sys.path.insert(0, str(SCRIPTS))

import sticky
from runner import environment

REPORT = "Done (1):\n  role.a: created\n\nApply stopped half-way after 1.0s: 1 created; 2 not started."


class Apply(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.out = self.folder / "charter-plan"
        self.out.mkdir()
        (self.out / "charter.plan").write_text("plan")
        # As an artifact brought them that has more than the plan.
        (self.out / "comment.md").write_text("the plan's comment")
        (self.out / "result.json").write_text('{"result": "changed"}')

    def program(self, text):
        path = self.folder / "charter"
        path.write_text(f"#!{sys.executable}\nimport os, signal, sys, time\n{text}\n")
        path.chmod(0o755)
        return path

    def start(self, text, **env):
        env = environment(CHARTER_BIN=str(self.program(text)), CHARTER_OUT=str(self.out), **env)
        return subprocess.Popen([sys.executable, SCRIPTS / "apply.py"], cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def ends(self, process):
        log, _ = process.communicate(timeout=60)
        return process.returncode, json.loads((self.out / "result.json").read_text())["result"], (self.out / "comment.md").read_text(), log

    def run_with(self, text, **env):
        return self.ends(self.start(text, **env))

    def test_only_what_changed_nothing_is_said_to_have_applied_nothing(self):
        ends = lambda how: self.run_with(f"print({REPORT!r}, flush=True)\n{how}")
        for how, result, title in (
            ("sys.exit(3)", "half-way", "The apply stopped half-way"),
            ("sys.exit(130)", "stopped", "The apply was stopped"),
            ("sys.exit(6)", "refused", "A person must decide"),
            ("sys.exit(64)", "failed", "charter was called wrongly"),
            ("sys.exit(101)", "unknown", "The apply ended with exit code 101"),
            ("sys.exit(2)", "unknown", "The apply ended with exit code 2"),
            ("os.kill(os.getpid(), signal.SIGKILL)", "unknown", "The apply ended with signal 9"),
        ):
            with self.subTest(how):
                code, found, comment, _ = ends(how)
                self.assertNotEqual(code, 0)
                self.assertEqual((found, comment.split("\n")[0]), (result, f"## {title}"))
                self.assertNotIn("Nothing was applied", comment)
                self.assertIn("role.a: created", comment)
                if result in ("unknown", "stopped"):
                    self.assertIn("not known what was applied", comment)
                    self.assertIn("`charter history`", comment)
        for code, result in ((1, "failed"), (5, "locked"), (8, "refused")):
            with self.subTest(code):
                found, comment = self.run_with(f"sys.exit({code})")[1:3]
                self.assertEqual(found, result)
                self.assertIn("## Nothing was applied", comment)

    def test_a_program_that_is_not_there_applied_nothing(self):
        env = environment(CHARTER_BIN=str(self.folder / "none"), CHARTER_OUT=str(self.out))
        done = subprocess.Popen([sys.executable, SCRIPTS / "apply.py"], cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        code, result, comment, _ = self.ends(done)
        self.assertEqual((code, result), (1, "failed"))
        self.assertIn("charter did not run", comment)

    def test_signals_are_charters_and_its_report_is_told(self):
        text = """
def stop(number, _):
    if heard: os.write(1, b"twice\\n"); os._exit(3)
    heard.append(number); os.write(1, b"heard %d\\n" % number)
heard = []
for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, stop)
os.write(1, b"begun\\n")
for _ in range(100): time.sleep(0.02)
print("Apply stopped: 1 created", flush=True)
sys.exit(130)
"""
        for first in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(first.name):
                process = self.start(text)
                self.until(process, "begun")
                process.send_signal(first)
                self.until(process, f"heard {int(first)}")
                code, result, comment, _ = self.ends(process)
                self.assertEqual((code, result), (130, "stopped"))
                self.assertIn("Apply stopped: 1 created", comment)
        process = self.start(text)
        self.until(process, "begun")
        process.send_signal(signal.SIGINT)
        self.until(process, "heard")
        process.send_signal(signal.SIGTERM)
        code, result, comment, _ = self.ends(process)
        self.assertEqual((code, result), (3, "half-way"))
        self.assertIn("twice", comment)

    def until(self, process, text):
        for line in process.stdout:
            if text in line:
                return
        self.fail(f"no {text}")

    def test_a_job_that_is_killed_leaves_no_other_ones_comment(self):
        process = self.start("print('begun', os.getpid(), flush=True)\ntime.sleep(60)")
        for line in process.stdout:
            if line.startswith("begun"):
                break
        process.kill()
        os.kill(int(line.split()[1]), signal.SIGKILL)
        code, result, comment, _ = self.ends(process)
        self.assertEqual((code, result), (-9, "unknown"))
        self.assertIn("## The apply did not end", comment)
        self.assertNotIn("the plan's comment", comment)

    def test_long_reasons_leave_room_for_the_plan(self):
        code, _, comment, _ = self.run_with("""
if "apply" in sys.argv:
    sys.stderr.write("error: the saved plan cannot be applied\\n" + "".join(f"  role.x{i}: needs a change that the plan does not have\\n" for i in range(2000)))
    sys.exit(4)
page = "<!-- charter:plan scope=p environment=e digest=" + "a" * 64 + " -->\\n## Plan\\n\\n"
last = "- **drops table** `LAST`\\n"
while len(page) + 100 + len(last) < 60_000:
    page += "- **drops table** `tenant.events_of_the_year_2026` by `tenant.t.x`\\n"
print(page + last)
sys.exit(2)
""")
        self.assertEqual(code, 4)
        self.assertIn("error: the saved plan cannot be applied", comment)
        self.assertIn("with the digest `aaaaaaaaaaaa`", comment)
        (shown, *_) = sticky.shorter(f"{sticky.marker('apply')}\n{comment}", 65_536)
        self.assertIn("- **drops table** `LAST`", shown)
        self.assertNotIn("Not everything is shown", shown)

    def test_a_name_is_no_verdict(self):
        applied = "  + role.a  comment: \"No changes.\"\n  # Nothing to apply\nApply complete after 1.0s: 3 created."
        self.assertIn("## Apply complete", self.run_with(f"print({applied!r})")[2])
        for text in ("No changes. ClickHouse and Kubernetes match the configuration.", "Nothing to apply, but 1 finding: 1 note."):
            _, result, comment, _ = self.run_with(f"print({text!r})")
            self.assertEqual(result, "unchanged", comment)

    def test_what_is_no_digest_applies_nothing(self):
        code, result, comment, _ = self.run_with("sys.exit(0)", CHARTER_APPROVE="nonsense")
        self.assertEqual((code, result), (1, "failed"))
        self.assertIn("`CHARTER_APPROVE` is no digest", comment)


if __name__ == "__main__":
    unittest.main()
