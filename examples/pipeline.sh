#!/bin/sh
# Draw what a story still wants: every phase, one command a line. For a shell, CI or cron.
#
#   CHARGEN_PROJECT  the story's folder (the working directory)
#   SCOPE            characters, locations, chapters or all (all)
#   MAX_COST         refuse a plan that costs more, in USD (batch.max_cost_usd)
#
# Any setting is a variable too, as CHARGEN_BATCH__BACKEND=emulator for a rehearsal. It ends with 0
# also where there was nothing to draw, with 4 where some tasks failed, else with the exit code of
# the command that stopped it. Killed or out of time, it is finished by the next one that runs.
#
# One command stands on a line: `set -e` overlooks a failure inside `a && b`.
set -eu
unset CHARGEN_RUN

# What an earlier one left with the service; 4: some of its tasks failed, its report says which.
chargen-batch resume --all --wait || { code=$?; [ $code -eq 4 ] || exit $code; }

run=$(chargen-batch plan --scope "${SCOPE:-all}" --quiet ${MAX_COST:+--max-cost "$MAX_COST"})
[ -n "$run" ] || exit 0  # nothing to do
export CHARGEN_RUN="$run"
chargen-batch stage
chargen-batch submit --wait
chargen-batch poll --wait
chargen-batch download
chargen-batch apply
chargen-batch report
