#!/bin/sh
# The main job on a copy of the example story, one command after another, as a user types them.
# Nothing is sent anywhere: examples/lantern-coast/chargen.yaml names the embedded emulator.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
story=$(mktemp -d "${TMPDIR:-/tmp}/lantern-coast.XXXXXX")
cp -R "$here/lantern-coast/." "$story"
cd "$story"
unset CHARGEN_PROJECT CHARGEN_RUN

step() {
    printf '\n$ %s\n' "$*"
    "$@"
}

step chargen-batch plan
step chargen-batch stage
step chargen-batch submit
step chargen-batch poll --wait --interval 0.5
step chargen-batch download
step chargen-batch apply
step chargen-batch report

run=$(cat .chargen/batch/current)
printf '\nThe pictures, beside what asked for them:\n'
find "$story" -path '*/.chargen' -prune -o -name '*.png' -newer "$story/.chargen/batch/$run/plan.json" -print | sort
printf '\nThe report: %s\n' "$story/.chargen/batch/$run/report.html"
