# Comments on the pull request, or updates the comment of an earlier run, which its marker finds.
#
# A comment that cannot be written is a warning: the result of the review is for the last step.
set -euo pipefail

warn() {
  echo "::warning title=Lakebase plan review::$1"
  exit 0
}

if [ -z "$PULL_REQUEST" ]; then
  warn "There is no comment, because this workflow does not run for a pull request."
fi
marker="<!-- lakebase-review: $TAG -->"
body="$DIRECTORY/comment.md"
comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"

# A line for each comment: ID, author, first line. Only a comment of this author is updated: others
# can write the marker, too.
listed=$(
  gh api --paginate "$comments?per_page=100" \
    --jq '.[] | "\(.id) \(.user.login) \(.body | split("\n")[0])"'
) || warn "The comments of the pull request could not be read. The job needs the permission pull-requests: write."
mine=""
while IFS=' ' read -r id author first; do
  if [ "$author" = "$AUTHOR" ] && [ "${first%$'\r'}" = "$marker" ]; then mine="$id"; fi
done <<< "$listed"

if [ -n "$mine" ]; then
  gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$mine" --field "body=@$body"
else
  gh api --silent --method POST "$comments" --field "body=@$body"
fi || warn "The comment could not be written. The job needs the permission pull-requests: write, which it has not for a pull request from a fork."
