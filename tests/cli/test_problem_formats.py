"""What GitHub's log and code scanning must not misread."""

from __future__ import annotations

from chargen_batch.cli.problem_formats import github_line, sarif
from chargen_batch.errors import Problem

AWKWARD = Problem("a,b:c%/x y.yaml", 3, 7, "100 %\nof\r: it, all", "k")


def test_what_github_would_take_for_its_own_is_escaped() -> None:
    place = "::error file=p/a%2Cb%3Ac%25/x y.yaml,line=3,col=7::"
    assert github_line(AWKWARD, "p/") == f"{place}100 %25%0Aof%0D: it, all  [k]"


def test_a_problem_of_a_whole_file_has_no_line() -> None:
    problem = Problem("a.yaml", 0, 0, "is not a file")
    assert github_line(problem, "") == "::error file=a.yaml::is not a file"
    (result,) = sarif([problem], "", "file:///r/")["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "a.yaml", "uriBaseId": "%SRCROOT%"}
    }


def test_a_path_in_sarif_is_a_uri() -> None:
    run = sarif([AWKWARD], "p/", "file:///r/")["runs"][0]
    location = run["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "p/a%2Cb%3Ac%25/x%20y.yaml"
    assert run["originalUriBaseIds"] == {"%SRCROOT%": {"uri": "file:///r/"}}
