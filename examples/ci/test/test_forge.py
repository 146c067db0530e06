"""What the scripts tell the forge, without ClickHouse: one comment that is replaced, whatever the forge answers."""

import os
import sys
import time
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

import ci
import sticky
from fake_forge import PAGE, Forge, soon, storage
from github import GitHub
from gitlab import GitLab
from rest import Refused, Rest, following


class Base(unittest.TestCase):
    def setUp(self):
        self.server = Forge()
        self.addCleanup(self.server.close)
        patched = mock.patch.dict(os.environ, {"CHARTER_CI_PAUSE": "0.01", "CHARTER_CI_PATIENCE": "5"})
        patched.start()
        self.addCleanup(patched.stop)
        self.github = GitHub({"GITHUB_TOKEN": "job-token", "GITHUB_REPOSITORY": "org/tenants", "GITHUB_API_URL": self.server.url})
        self.gitlab = GitLab({"CHARTER_GITLAB_TOKEN": "glpat", "CI_PROJECT_ID": "42", "CI_API_V4_URL": self.server.url})

    def chatter(self, count, user="jane", text="nice"):
        for _ in range(count):
            self.server.comments.append({"id": self.server.number(), "thread": "7", "user": user, "body": text})


class Comments(Base):
    def test_a_comment_is_posted_once_and_then_replaced_on_any_page(self):
        for forge, user in ((self.github, "github-actions[bot]"), (self.gitlab, "robot")):
            with self.subTest(forge.name):
                self.server.comments.clear()
                self.chatter(2 * PAGE)
                self.assertEqual(sticky.comment(forge, 7, "plan default", "one"), "posted")
                self.chatter(PAGE)
                self.assertEqual(sticky.comment(forge, 7, "plan default", "two"), "replaced")
                self.assertEqual(self.server.bodies(7, user), ["<!-- charter-ci plan_default -->\ntwo"])

    def test_what_is_the_same_is_not_written_again(self):
        sticky.comment(self.github, 7, "plan", "one")
        before = len(self.server.writes())
        sticky.comment(self.github, 7, "plan", "one")
        self.assertEqual(len(self.server.writes()), before)

    def test_a_comment_of_somebody_else_with_the_marker_is_left_alone(self):
        self.chatter(1, "mallory", "<!-- charter-ci plan -->\nApproved!")
        self.assertEqual(sticky.comment(self.github, 7, "plan", "one"), "posted")
        self.assertEqual(self.server.bodies(7, "mallory"), ["<!-- charter-ci plan -->\nApproved!"])

    def test_each_key_has_a_comment_of_its_own(self):
        for key in ("plan a", "plan b", "apply a"):
            sticky.comment(self.github, 7, key, key)
        self.assertEqual(len(self.server.bodies(7)), 3)

    def test_of_several_one_is_left(self):
        self.chatter(3, "github-actions[bot]", "<!-- charter-ci plan -->\nold")
        sticky.comment(self.github, 7, "plan", "new")
        self.assertEqual(self.server.bodies(7), ["<!-- charter-ci plan -->\nnew"])

    def test_what_was_posted_though_the_answer_was_lost_is_not_posted_twice(self):
        for forge, user, path in ((self.github, "github-actions[bot]", "/comments"), (self.gitlab, "robot", "/notes")):
            with self.subTest(forge.name):
                self.server.comments.clear()
                self.server.fail(1, 502, "POST", path, done=True)
                sticky.comment(forge, 7, "plan", "one")
                self.assertEqual(len(self.server.bodies(7, user)), 1)

    def test_what_was_not_posted_is_posted_again(self):
        self.server.fail(2, 500, "POST", "/comments")
        sticky.comment(self.github, 7, "plan", "one")
        self.assertEqual(len(self.server.bodies(7)), 1)

    def test_rate_limits_are_waited_for(self):
        self.server.fail(1, 403, "GET", "/comments", {"Retry-After": "0"}, "You have exceeded a secondary rate limit")
        self.server.fail(1, 403, "POST", "/comments", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": soon()}, "API rate limit exceeded")
        self.server.fail(1, 429, "GET", "/comments", {"Retry-After": "0"})
        begun = time.monotonic()
        sticky.comment(self.github, 7, "plan", "one")
        self.assertEqual(len(self.server.bodies(7)), 1)
        self.assertLess(time.monotonic() - begun, 4)

    def test_a_limit_that_lasts_too_long_is_an_error(self):
        self.server.fail(9, 429, "GET", "/comments", {"Retry-After": "900"})
        with self.assertRaisesRegex(Refused, "long enough"):
            sticky.comment(self.github, 7, "plan", "one")
        self.assertEqual(self.server.bodies(7), [])

    def test_no_right_is_an_error_at_once(self):
        self.server.fail(9, 403, "POST", "/comments", text="Resource not accessible by integration")
        with self.assertRaisesRegex(Refused, "not accessible"):
            sticky.comment(self.github, 7, "plan", "one")
        self.assertEqual(len(self.server.writes()), 1)

    def test_a_comment_that_is_too_long_is_cut_and_says_so(self):
        text = "# plan\n\n<details><summary>x</summary>\n\n```text\n" + "line\n" * 20_000 + "```\n</details>\n"
        sticky.comment(self.github, 7, "plan", text)
        (body,) = self.server.bodies(7)
        self.assertLessEqual(len(body), 65_536)
        self.assertIn("**Not everything is shown here:**", body)
        self.assertIn("line\n```\n</details>\n\n**Not everything", body)

    def test_a_forge_that_takes_less_gets_less(self):
        self.server.fail(1, 422, "POST", "/comments", text="Body is too long (maximum is 65536 characters)")
        sticky.comment(self.github, 7, "plan", "é\n" * 32_000)
        (body,) = self.server.bodies(7)
        self.assertLess(len(body), 60_001)

    def test_a_personal_token_knows_its_user(self):
        forge = GitHub({"GITHUB_TOKEN": "pat", "GITHUB_REPOSITORY": "org/tenants", "GITHUB_API_URL": self.server.url})
        sticky.comment(forge, 7, "plan", "one")
        sticky.comment(forge, 7, "plan", "two")
        self.assertEqual(len(self.server.bodies(7, "robot")), 1)


class Issues(Base):
    def test_one_issue_is_opened_updated_and_closed(self):
        for forge in (self.github, self.gitlab):
            with self.subTest(forge.name):
                self.server.issues.clear()
                self.server.issues += [{"iid": self.server.number(), "user": "jane", "title": "t", "body": "<!-- charter-ci drift -->", "labels": ["charter-drift"], "state": "open"} for _ in range(PAGE)]
                theirs = len(self.server.drift())
                self.assertEqual(sticky.issue(forge, "drift", "Drift", "one"), "opened")
                self.assertEqual(sticky.issue(forge, "drift", "Drift", "two"), "updated")
                self.assertEqual(len(self.server.drift()), theirs + 1)
                self.assertIn("two", self.server.drift()[-1]["body"])
                self.assertEqual(sticky.resolved(forge, "drift", "well again"), 1)
                self.assertEqual(len(self.server.drift()), theirs)
                self.assertEqual(sticky.resolved(forge, "drift", "well again"), 0)

    def test_an_issue_whose_answer_was_lost_is_not_opened_twice(self):
        self.server.fail(1, 504, "POST", "/issues", done=True)
        self.assertEqual(sticky.issue(self.github, "drift", "Drift", "one"), "opened")
        self.assertEqual(len(self.server.drift()), 1)


class Plans(Base):
    HEAD, MERGE = "a" * 40, "b" * 40

    def setUp(self):
        super().setUp()
        self.server.pulls[7] = {"number": 7, "merged_at": "2026-11-21", "merge_commit_sha": self.MERGE, "head": {"sha": self.HEAD}}

    def upload(self, **about):
        number = self.server.number()
        run = {"id": number, "event": "pull_request", "head_sha": self.HEAD, "path": ".github/workflows/charter-plan.yml@refs/pull/7/merge", "head_repository": {"full_name": "org/tenants"}}
        self.server.runs[number] = {**run, **about}
        self.server.artifacts.append({"id": number, "name": "p", "expired": about.get("expired", False), "workflow_run": {"id": number}})
        return number

    def test_the_newest_plan_of_the_head_counts(self):
        self.assertEqual(self.github.merged(self.MERGE), (7, self.HEAD))
        self.upload()
        newest = self.upload()
        self.assertEqual(self.github.saved(7, self.HEAD, "p", ""), newest)

    def test_what_others_uploaded_under_the_name_does_not(self):
        self.upload(head_repository={"full_name": "mallory/tenants"})
        self.upload(head_repository=None)
        self.upload(path=".github/workflows/mine.yml")
        self.upload(event="push")
        self.upload(head_sha="c" * 40)
        self.upload(expired=True)
        self.assertIsNone(self.github.saved(7, self.HEAD, "p", ""))

    def test_a_commit_that_no_merge_made_has_none(self):
        self.assertIsNone(self.github.merged("d" * 40))
        self.assertIsNone(self.github.merged(self.HEAD))

    def test_gitlab_downloads_without_its_token(self):
        storage(self.server)
        self.server.files[5, "charter-plan/charter.plan"] = b"plan"
        self.server.files[5, "charter-plan/result.json"] = b'{"artifact": "p"}'
        self.assertEqual([self.gitlab.made(5), self.gitlab.made(6)], ["p", None])
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            self.assertTrue(self.gitlab.download(5, folder))
            self.assertEqual(Path(folder, "charter.plan").read_bytes(), b"plan")
            self.assertFalse(self.gitlab.download(6, folder))


class Parts(unittest.TestCase):
    def test_the_next_page_goes_to_no_other_host(self):
        server = Forge()
        self.addCleanup(server.close)
        rest = Rest(server.url, {"Authorization": "Bearer job-token"})
        with self.assertRaisesRegex(Refused, "another host"):
            rest.get("http://127.0.0.2:1/user")

    def test_links(self):
        self.assertEqual(following('<http://a/?page=1>; rel="prev", <http://a/?page=3>; rel="next"'), "http://a/?page=3")
        self.assertIsNone(following('<http://a/?page=1>; rel="prev"'))

    def test_a_text_stays_in_its_fence(self):
        fenced = ci.fenced("```\n@team </details>\n````")
        self.assertTrue(fenced.startswith("`````text\n") and fenced.endswith("\n`````\n"), fenced)
        self.assertLess(len(ci.fenced("x\n" * 30_000)), 20_100)

    def test_no_two_keys_have_the_same_name(self):
        def name(key):
            with mock.patch.dict(os.environ, {"CHARTER_KEY": key}):
                return ci.key()

        self.assertEqual([name(""), name("a_b")], ["default", "a_b"])
        self.assertRegex(name("a/b"), r"^a_b-[0-9a-f]{8}$")
        self.assertNotEqual(name("a/b"), name("a b"))

    def test_outputs_are_lines(self):
        with mock.patch.dict(os.environ, {"GITHUB_OUTPUT": "/dev/stdout"}), mock.patch("builtins.open", mock.mock_open()) as opened:
            ci.outputs(a="1\nb=2")
        opened().write.assert_called_once_with("a=1 b=2\n")


if __name__ == "__main__":
    unittest.main()
