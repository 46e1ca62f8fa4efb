"""Makes assets/demo.svg, which README.md shows: two steps of the demo as a terminal prints them.

    python3 xtask/recording.py

Runs the demo in a terminal of its own and keeps the steps in STEPS. Start reading at `main`.
"""

import os
import pty
import re
import sys
from xml.sax.saxutils import escape

from terraform import ROOT

STEPS = ["Resize", "Review"]
PICTURE = ROOT / "assets/demo.svg"
# Lines whose order or content is different in each run.
VARYING = re.compile(r": (Refreshing state|Opening|Opening complete|Closing|Closing complete)")
COLUMNS = 150
LINE, CHARACTER, MARGIN = 18, 7.83, 16
FOREGROUND, BACKGROUND = "#e6edf3", "#0d1117"
COLORS = {
    "31": "#ff7b72",
    "32": "#7ee787",
    "33": "#e3b341",
    "34": "#79c0ff",
    "35": "#d2a8ff",
    "36": "#76e3ea",
    "90": "#8b949e",
}


def main():
    lines = cut(record([sys.executable, str(ROOT / "xtask/demo.py")]))
    PICTURE.write_text(svg(lines), encoding="utf-8")
    print(f"Wrote {PICTURE.relative_to(ROOT)}.")


def record(command):
    """What a command prints to a terminal."""
    printed = bytearray()

    def read(terminal):
        data = os.read(terminal, 4096)
        printed.extend(data)
        return data

    status = os.waitstatus_to_exitcode(pty.spawn(command, read))
    if status != 0:
        sys.exit(f"The demo ended with the exit code {status}.")
    return printed.decode("utf-8").replace("\r", "").split("\n")


def cut(lines):
    """The steps that are shown, without what is different in each run."""
    shown, keeps = [], False
    for line in lines:
        heading = re.fullmatch(r"\d+\. (.*)", plain(line))
        if heading:
            keeps = heading.group(1) in STEPS
        if not keeps or VARYING.search(plain(line)):
            continue
        if plain(line).strip() or (shown and plain(shown[-1]).strip()):
            shown += wrap(line)
    while shown and not plain(shown[-1]).strip():
        shown.pop()
    return shown


def plain(line):
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def wrap(line):
    """A line broken between words, where it is wider than COLUMNS, with its colors on each part."""
    parts, width, style = [""], 0, ""
    for piece in re.findall(r"\x1b\[[0-9;]*m|[^\x1b ]+| +", line):
        if piece.startswith("\x1b"):
            style = "" if piece in ("\x1b[0m", "\x1b[m") else style + piece
            parts[-1] += piece
            continue
        if width + len(piece) > COLUMNS:
            parts.append(style)
            width, piece = 0, piece.strip(" ")
        parts[-1] += piece
        width += len(piece)
    return parts


def svg(lines):
    """Lines with the codes of a terminal as a picture."""
    width = int(2 * MARGIN + COLUMNS * CHARACTER)
    height = 2 * MARGIN + LINE * len(lines)
    text = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">',
        "<title>The demo: the plan of a resize, and its review</title>",
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
        '<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="13" '
        f'fill="{FOREGROUND}">',
    ]
    for number, line in enumerate(lines):
        bottom = MARGIN + LINE * number + 13
        text.append(f'<text x="{MARGIN}" y="{bottom}">{"".join(spans(line))}</text>')
    return "\n".join([*text, "</g>", "</svg>", ""])


def spans(line):
    """The parts of a line, each with its own weight and color."""
    bold, color = False, ""
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        if piece.startswith("\x1b"):
            for code in piece[2:-1].split(";"):
                if code in ("", "0"):
                    bold, color = False, ""
                elif code == "1":
                    bold = True
                elif code in COLORS:
                    color = COLORS[code]
        elif piece:
            weight = ' font-weight="bold"' if bold else ""
            fill = f' fill="{color}"' if color else ""
            text = escape(piece.replace(" ", "\u00a0"))  # browsers collapse ordinary spaces
            yield f"<tspan{weight}{fill}>{text}</tspan>" if weight + fill else text


if __name__ == "__main__":
    main()
