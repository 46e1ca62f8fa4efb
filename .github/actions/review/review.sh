# Runs the review once, and writes every report that the later steps take.
set -euo pipefail

# The lines of a text that are not blank, in the array `lines`.
read_lines() {
  lines=()
  local line
  while IFS= read -r line; do
    line="${line%$'\r'}"
    line="${line#"${line%%[![:space:]]*}"}"
    line="${line%"${line##*[![:space:]]}"}"
    if [ -n "$line" ]; then lines+=("$line"); fi
  done <<< "$1"
}

fail() {
  echo "::error title=Lakebase plan review::$1"
  exit 1
}

arguments=()
# Adds an option for each line of a text.
add() {
  local option="$1" line
  read_lines "$2"
  for line in ${lines[@]+"${lines[@]}"}; do arguments+=("$option" "$line"); done
}
add --rules "$RULES"
add --fail-on "$FAIL_ON"
add --warn-on "$WARN_ON"
add --price-per-cu-hour "$PRICE"
add --root "$ROOTS"
roots=(${lines[@]+"${lines[@]}"})
case "$STRICT" in
  true) arguments+=(--strict) ;;
  false) ;;
  *) fail "The input strict is neither true nor false." ;;
esac
read_lines "$PLANS"
plans=(${lines[@]+"${lines[@]}"})
if [ "${#plans[@]}" -eq 0 ]; then fail "The input plan names no file."; fi

program="$PROGRAM"
if [ -z "$program" ]; then
  # Where `terraform init` installs the provider: of several versions, the newest.
  program=$(
    for root in ${roots[@]+"${roots[@]}"} .; do
      data="${TF_DATA_DIR:-.terraform}"
      case "$data" in /*) ;; *) data="$root/$data" ;; esac
      for found in "$data"/providers/*/lakebase/lakebase/*/*/terraform-provider-lakebase*; do
        if [ -x "$found" ]; then printf '%s\n' "$found"; fi
      done
    done | sort -u -V | tail -n 1
  )
  if [ -z "$program" ]; then
    fail "The provider's program is not below .terraform/providers. Run terraform init in an earlier step of this job, or set the input program."
  fi
elif [ ! -x "$program" ]; then
  fail "The input program does not name a program."
fi

directory=$(mktemp -d "$RUNNER_TEMP/lakebase-review-XXXXXX")
arguments+=(
  --tag "$TAG"
  --output "markdown=$directory/comment.md"
  --output "sarif=$directory/review.sarif"
  --output "json=$directory/review.json"
)
if [ "$HTML" = true ]; then arguments+=(--output "html=$directory/review.html"); fi

status=0
"$program" review "${arguments[@]}" -- "${plans[@]}" > "$directory/review.txt" || status=$?
if [ "$status" -ne 0 ] && [ "$status" -ne 2 ]; then
  fail "There is no review. The log says why."
fi

# Names in a plan can look like commands to the runner.
stop="stop-$RANDOM$RANDOM$RANDOM"
echo "::stop-commands::$stop"
cat "$directory/review.txt"
echo "::$stop::"

cat "$directory/comment.md" >> "$GITHUB_STEP_SUMMARY"
{
  echo "exit-code=$status"
  echo "directory=$directory"
  echo "sarif=$directory/review.sarif"
  if [ "$HTML" = true ]; then echo "html=$directory/review.html"; fi
} >> "$GITHUB_OUTPUT"
