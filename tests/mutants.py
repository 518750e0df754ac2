"""What keeps the promises, taken out piece by piece: each time a test that it names has to fail.

`python -m tests.mutants` tries them all; so does every test run, one item for each. A mutant is a
replacement of an exact text in a copy of the package: text that is gone is an error, not a pass.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
_COPIED: Final = ("chargen_batch", "tests", "examples", "pyproject.toml")
_TESTS_FAILED: Final = 1
_PYTEST: Final = ("-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider")

_SUBMIT: Final = "tests/phases/test_submit.py::"
_ORDER: Final = "tests/killing/test_order.py::"
_OF_DISK: Final = f"{_ORDER}test_what_the_disk_room_has_done_outlives_a_power_cut"
_INSIDE: Final = "[from_inside]"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A piece that is taken out, and the test that must see it."""

    name: str
    file: str
    old: str
    new: str
    test: str

    def apply(self, root: Path) -> None:
        """Take the piece out of a copy.

        Raises:
            LookupError: The text is not there exactly once.

        """
        path = root / "chargen_batch" / self.file
        text = path.read_text("utf-8")
        if text.count(self.old) != 1:
            raise LookupError(
                f"mutant {self.name!r}: {self.file} has {text.count(self.old)} times:\n{self.old}\n"
                "write down in tests/mutants.py how this is kept now"
            )
        path.write_text(text.replace(self.old, self.new), "utf-8")


MUTANTS: Final = (
    Mutant(
        "no intention is written before a job is created",
        "phases/creating.py",
        "        self.round.save(intent)\n        try:\n",
        "        try:\n",
        f"{_ORDER}test_an_intention_is_on_the_disk_before_its_create_leaves{_INSIDE}",
    ),
    Mutant(
        "a created job's name is not saved",
        "phases/creating.py",
        "        self.round.save(submission.created(intent, name=remote.name, state=remote.state, "
        "at=at))\n",
        "",
        f"{_SUBMIT}test_submit_lists_first_and_creates_each_job_once",
    ),
    Mutant(
        "what the service lists is not adopted",
        "phases/adopting.py",
        "if remote := mine.get(job.display_name):",
        "if remote := {}.get(job.display_name):",
        f"{_SUBMIT}test_a_lost_answer_is_adopted_and_never_sent_again",
    ),
    Mutant(
        "the jobs are not listed before they are created",
        "phases/adopting.py",
        "round_.listed = list(round_.service.list_jobs())",
        "round_.listed = []",
        f"{_SUBMIT}test_submit_lists_first_and_creates_each_job_once",
    ),
    Mutant(
        "one listing is enough to create again",
        "core/submission.py",
        "LISTINGS_BEFORE_CREATING_AGAIN = 2",
        "LISTINGS_BEFORE_CREATING_AGAIN = 1",
        f"{_SUBMIT}test_one_listing_is_not_enough_however_long_it_was",
    ),
    Mutant(
        "adopt_wait_s is not waited for",
        "core/submission.py",
        "waited = all((now - moment).total_seconds() >= wait_s for moment in since)",
        "waited = True",
        f"{_SUBMIT}test_a_job_that_never_came_is_created_after_two_listings_and_the_wait",
    ),
    Mutant(
        "a listing that lacks our live jobs counts",
        "core/submission.py",
        "return all(job.batch_job_name in listed for job in jobs if is_live(job))",
        "return True",
        f"{_SUBMIT}test_a_listing_that_lacks_our_live_jobs_proves_nothing",
    ),
    Mutant(
        "whatever the answer, a job that was not created is one that does not exist",
        "core/submission.py",
        "        return CreateAnswer.UNKNOWN\n    if not error.google",
        "        return CreateAnswer.LATER\n    if not error.google",
        f"{_SUBMIT}test_a_job_that_never_came_is_created_after_two_listings_and_the_wait",
    ),
    Mutant(
        "a clock that jumped has waited",
        "core/submission.py",
        "for at in (job.intent_at, job.first_missed_at) if at",
        "for at in (job.intent_at,) if at",
        f"{_SUBMIT}test_a_clock_that_is_set_right_has_not_waited",
    ),
    Mutant(
        "a run that is to be cancelled is gone on with",
        "phases/submit.py",
        "    if state.cancel_requested_at:\n",
        "    if not state.run_id:\n",
        "tests/phases/test_cancel_wish.py::"
        "test_after_a_cancel_nothing_is_created_whatever_cron_types[submit]",
    ),
    Mutant(
        "jobs are created beside one that the state does not know",
        "phases/submit.py",
        "    straying.hold(round_, stop=cancel_twins, allow_duplicates=allow_duplicates)\n",
        "",
        "tests/phases/test_submit_strays.py::"
        "test_beside_a_live_job_that_the_state_does_not_know_nothing_is_created",
    ),
    Mutant(
        "a folder may have another name than its run",
        "run/directory.py",
        "        if state.run_id != self.run_id:\n",
        "        if not state.run_id:\n",
        "tests/run/test_directory.py::test_a_copy_of_a_run_beside_it_is_none_and_says_so",
    ),
    Mutant(
        "creating is repeated like other calls",
        "service/retry.py",
        "        return self._service.create_job(\n            model=model,",
        "        return self._again(\n            self._service.create_job, model=model,",
        "tests/service/test_retry.py::test_creating_is_never_repeated",
    ),
    Mutant(
        "two submits of a project create at a time",
        "phases/submit.py",
        "    with spending.one_at_a_time(project.root, since=since, timeout_s=lock_timeout_s):\n",
        "    if since:\n",
        f"{_SUBMIT}test_only_one_submit_of_a_project_creates_at_a_time",
    ),
    Mutant(
        "what another run is drawing is drawn again",
        "phases/submit.py",
        "    if not allow_duplicates:\n        _check_not_held(run, round_.state)\n",
        "",
        f"{_SUBMIT}test_what_another_run_is_drawing_is_not_paid_for_again",
    ),
    Mutant(
        "a command does not hold its run",
        "api/acting.py",
        "with held(run.lock_file, command=command, since=since, timeout_s=session.lock_timeout_s):",
        "if run.lock_file:",
        "tests/killing/test_interplay.py::"
        "test_of_two_commands_on_one_run_the_second_says_so_and_changes_nothing[submit-dies]",
    ),
    Mutant(
        "a lock is not locked",
        "run/lock.py",
        "        lock.acquire(cancel_check=given_up)\n",
        "        pass\n",
        "tests/run/test_lock.py::test_second_process_is_told_who_holds_the_lock",
    ),
    Mutant(
        "two applies write in one story",
        "api/steps.py",
        "    with session.story_held():\n",
        "    if session:\n",
        "tests/cli/test_exit_codes.py::test_a_story_that_another_process_writes_in_is_5",
    ),
    Mutant(
        "a replaced file is not fsynced",
        "disk.py",
        "yield stream\n            stream.flush()\n            os.fsync(stream.fileno())\n",
        "yield stream\n            stream.flush()\n",
        f"{_OF_DISK}[written_anew]",
    ),
    Mutant(
        "a replaced file's folder is not fsynced",
        "disk.py",
        "        raise\n    fsync_directory(target.parent)\n",
        "        raise\n",
        f"{_OF_DISK}[written_anew]",
    ),
    Mutant(
        "a ledger is not fsynced",
        "disk.py",
        "        if durable:\n            os.fsync(stream.fileno())\n",
        "",
        f"{_OF_DISK}[appended]",
    ),
    Mutant(
        "a new ledger's folder is not fsynced",
        "disk.py",
        "    if created and durable:\n        fsync_directory(path.parent)\n",
        "",
        f"{_OF_DISK}[appended]",
    ),
    Mutant(
        "a download is not fsynced",
        "disk.py",
        "        finally:\n            stream.flush()\n            os.fsync(stream.fileno())\n",
        "        finally:\n            stream.flush()\n",
        f"{_OF_DISK}[continued_and_renamed]",
    ),
    Mutant(
        "a renamed file's folder is not fsynced",
        "disk.py",
        "    source.replace(target)\n    fsync_directory(target.parent)\n",
        "    source.replace(target)\n",
        f"{_OF_DISK}[continued_and_renamed]",
    ),
    Mutant(
        "a new folder's parent is not fsynced",
        "disk.py",
        "    path.mkdir(exist_ok=True)\n    fsync_directory(path.parent)\n",
        "    path.mkdir(exist_ok=True)\n",
        f"{_OF_DISK}[made_folders]",
    ),
    Mutant(
        "no folder is ever fsynced",
        "disk.py",
        "    try:\n        os.fsync(descriptor)\n    finally:\n",
        "    try:\n        pass\n    finally:\n",
        f"{_OF_DISK}[made_folders]",
    ),
    Mutant(
        "a torn line is not cut off",
        "disk.py",
        "        _cut_torn_tail(stream)\n",
        "",
        f"{_OF_DISK}[appended_behind_a_torn_line]",
    ),
    Mutant(
        "a picture is told of before it is written",
        "phases/picture_writing.py",
        "            if (is_free and exchange.write_new(path, *pieces)) or _holds(path, pieces):\n",
        "            if path:\n",
        f"{_ORDER}test_pictures_come_before_received_and_entries_before_settled{_INSIDE}",
    ),
    Mutant(
        "pictures are told of before their names are on the disk",
        "phases/receiving.py",
        "        writer.settle()\n",
        "",
        f"{_ORDER}test_no_command_builds_on_what_a_power_cut_could_take{_INSIDE[:-1]}-apply]",
    ),
    Mutant(
        "a picture's name is there before its bytes are",
        "exchange.py",
        "(pieces)\n            stream.flush()\n            os.fsync(stream.fileno())\n",
        "(pieces)\n            stream.flush()\n",
        f"{_OF_DISK}[written_new]",
    ),
    Mutant(
        "a key that comes again does not wait for the first",
        "phases/in_order.py",
        "return too_many or work.key in self.keys",
        "return too_many",
        "tests/phases/test_in_order.py::test_of_two_for_the_same_the_later_waits_for_the_earlier",
    ),
    Mutant(
        "tasks are settled before their entries are written",
        "phases/apply.py",
        "        written = writer.write(home)\n",
        "        run.add_outcomes(\n"
        '            msgspec.structs.replace(known[done.task.key], stage="settled")\n'
        "            for done in home\n"
        "        )\n"
        "        written = writer.write(home)\n",
        f"{_ORDER}test_pictures_come_before_received_and_entries_before_settled{_INSIDE}",
    ),
    Mutant(
        "what a power cut left of a result file is trusted",
        "phases/partial.py",
        "        if not _is_good(line):\n            break\n",
        "",
        "tests/phases/test_download.py::test_a_hole_that_a_power_cut_left_is_fetched_again",
    ),
    Mutant(
        "what was hung up passes for the end of a file",
        "phases/fetching.py",
        "                if self._stopped.is_set():  # what was hung up may look like the end\n"
        "                    raise StoppedError\n",
        "",
        "tests/phases/test_download.py::test_what_ends_the_command_waits_for_no_silent_service",
    ),
    Mutant(
        "a link is written through",
        "disk.py",
        'flags | getattr(os, "O_NOFOLLOW", 0)',
        "flags",
        "tests/test_disk.py::test_link_in_place_of_a_file_of_ours_is_refused",
    ),
    Mutant(
        "a download begins anew each time",
        "phases/fetching.py",
        "self._opened(name, offset=extent.size)",
        "self._opened(name, offset=0)",
        "tests/phases/test_download.py::test_a_file_that_breaks_is_gone_on_with_where_it_stopped",
    ),
)


def copy(folder: Path) -> Path:
    """Copy what a test run needs, compiled files too."""
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            shutil.copy2(source, folder / name)
    return folder


def run_tests(root: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests of a copy against the package of that copy."""
    environ = {name: value for name, value in os.environ.items() if "COV" not in name}
    base = f"--basetemp={root / 'temporary'}"
    return subprocess.run(
        [sys.executable, *_PYTEST, base, *tests],
        cwd=root,
        env={**environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


def survived(mutant: Mutant, folder: Path) -> str:
    """Try one mutant in a folder; return what is wrong, which is nothing where its test failed."""
    root = copy(folder)
    mutant.apply(root)
    ran = run_tests(root, mutant.test)
    if ran.returncode == _TESTS_FAILED and " failed" in ran.stdout:
        return ""
    return f"{mutant.name}: {mutant.test} did not fail:\n{ran.stdout}{ran.stderr}"


def unmutated(folder: Path) -> str:
    """Run all the tests that mutants name on a copy that nobody touched; return what failed."""
    ran = run_tests(copy(folder), *sorted({mutant.test for mutant in MUTANTS}))
    return f"{ran.stdout}{ran.stderr}" if ran.returncode else ""


def main() -> int:
    """Try the copy that nobody touched and each mutant, and say which of them lived."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        whole = pool.submit(unmutated, Path(folder) / "whole")
        tried = pool.map(
            lambda each: survived(each[1], Path(folder) / str(each[0])), enumerate(MUTANTS)
        )
        lived = [wrong for wrong in (*tried, whole.result()) if wrong]
    sys.stdout.writelines(f"{wrong}\n" for wrong in lived)
    sys.stdout.write(f"{len(MUTANTS)} mutants, {len(lived)} wrong\n")
    return bool(lived)


if __name__ == "__main__":
    sys.exit(main())
