#!/bin/sh
# Prints what failed in the last runs that failed: run, node, attempt and the error, separated by tabs.
#
#   ./failed-nodes.sh [how many runs]
set -eu

smithers-client ls --status failed --limit "${1:-10}" --quiet | while read -r run; do
  # Following a failed run to its end exits with 1, which is no error here.
  { smithers-client watch --json -- "$run" || [ $? -eq 1 ]; } |
    jq -r 'select(.type == "NodeFailed")
      | [.runId, .nodeId, .attempt, (.error | if type == "object" then .message else . end)] | @tsv'
done
