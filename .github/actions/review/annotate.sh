# Annotates the lines of the changed files with workflow commands, where there is no code scanning.
# GitHub shows ten of each level for a step; the most severe come first.
set -euo pipefail

jq --raw-output '
  def escape($character; $code): split($character) | join($code);
  def text: escape("%"; "%25") | escape("\r"; "%0D") | escape("\n"; "%0A");
  def property: text | escape(":"; "%3A") | escape(","; "%2C");
  .runs[].results[]
  | (if .level == "note" then "notice" else .level end) as $command
  | .message.text as $message
  | .ruleId as $title
  | .locations[0].physicalLocation
  | "::\($command) file=\(.properties.file // .artifactLocation.uri | property),line=\(.region.startLine),title=\($title | property)::\($message | text)"
' "$SARIF"
