"""Looks at HTML reviews in a real browser: Chromium, without a window.

    python3 xtask/browser.py [--picture] [PLAN.json ...]

Reviews the plans of tests/plans/ and tests/recorded/, a plan with a hostile instance key, one with 200 endpoints, two
plans together, and the plans that are named. Opens each review in light and in dark, in a wide and
in a narrow window, and fails if

* the page makes a request, writes to the console, or has a script;
* the body is wider than the window, or two texts overlap;
* an address of the plan is not visible;
* a text has too little contrast (less than 4.5, WCAG 2.1 AA).

A screenshot of each lies in `browser/` of cargo's target directory. `--picture` also writes
assets/review-report.png, which the guide shows. Needs a Chromium on PATH, or where LAKEBASE_CHROMIUM
says. Start reading at `main`.
"""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import demo
from terraform import ROOT

CHOICE = "LAKEBASE_CHROMIUM"
NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
MISSING = """\
No Chromium on PATH: none of {names}.
  Debian, Ubuntu:  apt-get install --no-install-recommends chromium
  Fedora:          dnf install chromium
  macOS:           brew install --cask chromium
{choice} names another program, such as a Chrome that is not on PATH."""
THEMES = ["light", "dark"]
WIDTHS = [1280, 480]
PICTURE = ROOT / "assets/review-report.png"
SECONDS = 30
SHOWN = 40

OPTIONS = [
    *["--price-per-cu-hour", "$0.111"],
    *["--fail-on", "growth >= 2x"],
    *["--fail-on", "total ceiling > 200"],
    *["--warn-on", "always-on"],
]
HOSTILE = "</script><img src=x onerror=alert(1)><style>*{display:none}</style>\u202e'\"&" + "x" * 300

# A page with everything that a review must not have, and what the checks must say about it.
BAD = """\
<!DOCTYPE html><body style="background:#fff"><script>console.log("here")</script>
<img src="https://pixel.invalid/a.png" onerror="1"><p style="color:#aaa">pale</p>
<p style="position:absolute;top:200px">one</p><p style="position:absolute;top:200px">other</p>
<div style="width:900px">wide</div>
"""
EXPECTED = [
    *["runs or loads", "attribute onerror", "a body of 9", "contrast of 2.32: pale", "overlapping: one"],
    *["not visible: missing", "request for https://pixel.invalid/a.png", "in the console"],
]

# What the page says about itself: the complaints, given the addresses that must be visible, and
# whether it may run a script of its own.
CHECK = r"""
(addresses, isScripted) => {
  const complaints = [];
  if (!isScripted && document.querySelector("script, img, link, iframe, object, embed, form, base")) {
    complaints.push("an element that runs or loads something");
  }
  for (const element of isScripted ? [] : document.querySelectorAll("*")) {
    for (const attribute of element.attributes) {
      if (/^on|^(src|href|action|srcset)$/i.test(attribute.name)) {
        complaints.push(`the attribute ${attribute.name}`);
      }
    }
  }
  const root = document.documentElement;
  if (root.scrollWidth > window.innerWidth) {
    complaints.push(`a body of ${root.scrollWidth} pixels in a window of ${window.innerWidth}`);
  }

  const channel = it => { it /= 255; return it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4; };
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const color = text => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const background = element => {
    for (let at = element; at; at = at.parentElement) {
      const found = color(getComputedStyle(at).backgroundColor);
      if (found[3] === 1) return found;
    }
    return [255, 255, 255, 1];
  };

  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    // In closed details nothing is visible, but has boxes.
    if (!node.data.trim() || !node.parentElement.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter(it => it.width > 1 && it.height > 1);
    if (!boxes.length) continue;
    const parent = node.parentElement;
    const [one, other] = [color(getComputedStyle(parent).color), background(parent)].map(luminance);
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) complaints.push(`a contrast of ${contrast.toFixed(2)}: ${node.data.slice(0, 60)}`);
    for (const box of boxes) {
      if (box.left < -1 || box.right > window.innerWidth + 1) {
        complaints.push(`text beside the window: ${node.data.slice(0, 60)}`);
      }
      // Lines of one text may touch each other.
      const y = window.scrollY;
      texts.push({ node, top: box.top + y + 2, bottom: box.bottom + y - 2, left: box.left + 1, right: box.right - 1 });
    }
  }
  texts.sort((one, other) => one.top - other.top);
  for (let at = 0; at < texts.length; at++) {
    for (let next = at + 1; next < texts.length && texts[next].top < texts[at].bottom; next++) {
      const [one, other] = [texts[at], texts[next]];
      if (one.node !== other.node && one.left < other.right && other.left < one.right) {
        complaints.push(`overlapping: ${one.node.data.slice(0, 40)} and ${other.node.data.slice(0, 40)}`);
      }
    }
  }

  const visible = new Set();
  for (const element of document.querySelectorAll("table code")) {
    if (element.checkVisibility()) visible.add(element.innerText.replace(/\n/g, ""));
  }
  for (const address of addresses) {
    if (!visible.has(address)) complaints.push(`an address is not visible: ${address.slice(0, 80)}`);
  }
  return complaints;
}
"""


class Failure(Exception):
    """The browser did not do what it was asked for."""


def main():
    arguments = sys.argv[1:]
    picture = "--picture" in arguments
    extra = [Path(it).resolve() for it in arguments if it != "--picture"]
    chromium = find()
    try:
        program = Path(demo.build(tested=False)[demo.PROVIDER])
        shots = program.parent.parent / "browser"
        with contextlib.ExitStack() as stack:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lakebase-browser-")))
            browser = stack.enter_context(Browser(chromium, scratch / "profile"))
            self_test(browser, scratch)
            failed = look_at_all(browser, reviews(program, scratch, extra), shots, scratch)
            if picture and not failed:
                write_picture(browser, program, scratch)
    except subprocess.CalledProcessError:
        sys.exit(1)  # the program has said what is wrong
    except (Failure, OSError) as failure:
        sys.exit(f"The browser test failed: {failure}.")
    print(f"Screenshots: {shots}")
    if failed:
        more = [f"and {len(failed) - SHOWN} more"] if SHOWN < len(failed) else []
        sys.exit("Failed:\n  " + "\n  ".join(failed[:SHOWN] + more))


def find():
    """The Chromium of this machine, or the end with what is missing."""
    names = [os.environ[CHOICE]] if CHOICE in os.environ else NAMES
    chromium = next(filter(None, map(shutil.which, names)), None)
    if not chromium:
        sys.exit(MISSING.format(names=", ".join(names), choice=CHOICE))
    return chromium


def reviews(program, scratch, extra):
    """The reviews: a name, the HTML, and the addresses that it must show."""
    plans = {it.parent.name: [it] for it in sorted(ROOT.glob("tests/plans/*/plan.json"))}
    for plan in sorted(ROOT.glob("tests/recorded/*/plan.json")):
        plans[f"recorded {plan.parent.name}"] = [plan]
    plans["two plans"] = [*plans["resize"], *plans["replace"]]
    plans.update({it.name.split(".")[0]: [it] for it in extra})
    for name, keys in [("hostile", [HOSTILE, "`|</code>*_@here"]), ("200 endpoints", range(200))]:
        plans[name] = [scratch / f"{name}.json"]
        plans[name][0].write_text(json.dumps(growing(keys)))
    for name, files in plans.items():
        page = review(program, files, "html", OPTIONS)
        shown = json.loads(review(program, files, "json", []))
        addresses = [change["address"] for plan in shown["plans"] for change in plan["changes"]]
        yield name, page, [it.replace("\u202e", "\\u{202e}") for it in addresses]


def review(program, files, format_, options):
    """What the program writes about plans. A check that fails is fine."""
    files = [it.relative_to(ROOT) if ROOT in it.parents else it for it in files]
    command = [program, "review", "--format", format_, *options, *files]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode not in (0, 2):
        raise Failure(f"{files[0]} is not reviewed: {run.stderr.decode().strip()}")
    return run.stdout.decode("utf-8")


def growing(keys):
    """A plan in which an endpoint grows for each key."""

    def endpoint(at, most):
        return {
            "name": f"projects/shop/branches/production/endpoints/e-{at}",
            "endpoint_type": "ENDPOINT_TYPE_READ_ONLY",
            "autoscaling_limit_min_cu": 1,
            "autoscaling_limit_max_cu": most,
            "suspend_timeout_duration": "300s",
        }

    def change(at, key):
        index = key if isinstance(key, int) else json.dumps(key, ensure_ascii=False)
        return {
            "address": f"module.replicas.lakebase_endpoint.replica[{index}]",
            "type": "lakebase_endpoint",
            "change": {
                "actions": ["update"],
                "before": endpoint(at, 2 + at % 6),
                "after": endpoint(at, 4 + at % 5),
                "after_unknown": {},
            },
        }

    changes = [change(at, key) for at, key in enumerate(keys)]
    return {"format_version": "1.2", "complete": True, "resource_changes": changes}


def self_test(browser, scratch):
    """That the checks find what they are for, on a page that does all of it."""
    file = scratch / "bad.html"
    file.write_text(BAD)
    with browser.open(file, "light", 480) as page:
        found = "\n".join(page.complaints(["missing"]))
    missed = [it for it in EXPECTED if it not in found]
    if missed:
        raise Failure(f"the checks did not find {missed} in a bad page, but only {found}")


def look_at_all(browser, reviews_, shots, scratch):
    """Looks at each review; what is wrong."""
    shutil.rmtree(shots, ignore_errors=True)
    shots.mkdir(parents=True)
    failed = []
    for name, text, addresses in reviews_:
        file = scratch / f"{name}.html"
        file.write_text(text, encoding="utf-8")
        for theme in THEMES:
            for width in WIDTHS:
                with browser.open(file, theme, width) as page:
                    shot = shots / f"{name}-{theme}-{width}.png"
                    shot.write_bytes(page.screenshot())
                    complaints = page.complaints(addresses)
                failed += [f"{name}, {theme}, {width} pixels: {it}" for it in complaints]
        print(f"{name}: {len(THEMES) * len(WIDTHS)} views")
    return failed


def write_picture(browser, program, scratch):
    """The picture of the guide: the upper part of a review, in light."""
    file = scratch / "picture.html"
    options = [
        *["--price-per-cu-hour", "$0.111", "--fail-on", "growth >= 2x in lakebase_endpoint.*"],
        *["--fail-on", "destroys in *.exports", "--warn-on", "always-on"],
    ]
    text = review(program, [ROOT / "tests/plans/databricks-equivalent/plan.json"], "html", options)
    file.write_text(text, encoding="utf-8")
    PICTURE.parent.mkdir(exist_ok=True)
    with browser.open(file, "light", 1120) as page:
        PICTURE.write_bytes(page.screenshot(until="section:has(.chart)"))
    print(f"Picture: {PICTURE.relative_to(ROOT)}")


class Browser:
    """A running Chromium, spoken to over two pipes: commands go to its file 3, answers come from 4."""

    def __init__(self, program, profile):
        self.program = program
        self.profile = profile
        self.number = 0
        self.events = []
        self.buffer = b""

    def __enter__(self):
        child_in, self.to_child = os.pipe()
        self.from_child, child_out = os.pipe()
        command = [
            *[self.program, "--headless", "--remote-debugging-pipe", "--disable-gpu"],
            *[f"--user-data-dir={self.profile}", "--no-first-run", "--disable-extensions"],
            *["--disable-background-networking", "--hide-scrollbars", "--force-color-profile=srgb"],
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium refuses root otherwise; the pages are our own

        # The shell moves the pipes to the numbers that Chromium expects, in any order.
        script = f'exec "$@" 3<&{child_in} 4>&{child_out}'
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", script, "browser", *command],
            pass_fds=[child_in, child_out],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(child_in)
        os.close(child_out)
        return self

    def __exit__(self, *_):
        with contextlib.suppress(Failure, OSError):
            self.send("Browser.close")
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.to_child)
        os.close(self.from_child)

    def send(self, method, session=None, **parameters):
        """Sends a command and waits for its answer; events on the way are kept."""
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if session:
            command["sessionId"] = session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self.to_child, data) :]
        while True:
            message = self.receive()
            if message.get("id") != self.number:
                self.events.append(message)
            elif "error" in message:
                raise Failure(f"{method}: {message['error']['message']}")
            else:
                return message["result"]

    def receive(self):
        """The next message."""
        while b"\0" not in self.buffer:
            if not select.select([self.from_child], [], [], SECONDS)[0]:
                raise Failure(f"{self.program} does not answer for {SECONDS} seconds")
            data = os.read(self.from_child, 1 << 16)
            if not data:
                raise Failure(f"{self.program} has ended")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    @contextlib.contextmanager
    def open(self, place, theme, width):
        """Opens a page, a file or a URL, in a tab of its own."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        try:
            page.load(place, theme, width)
            yield page
        finally:
            self.send("Target.closeTarget", targetId=target)


class Page:
    """A page in a tab."""

    def __init__(self, browser, session):
        self.browser = browser
        self.session = session
        self.url = ""

    def send(self, method, **parameters):
        return self.browser.send(method, session=self.session, **parameters)

    def load(self, place, theme, width):
        """Loads a file or a URL, as a reader with that theme and that window sees it."""
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.send(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": theme}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.resize(width, 900)
        self.browser.events.clear()
        self.url = place if isinstance(place, str) else place.as_uri()
        self.send("Page.navigate", url=self.url)
        deadline = time.monotonic() + SECONDS
        while not any(it["method"] == "Page.loadEventFired" for it in self.events()):
            if deadline < time.monotonic():
                raise Failure(f"{place} is not loaded after {SECONDS} seconds")
            self.browser.events.append(self.browser.receive())

    def resize(self, width, height):
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def events(self):
        return [it for it in self.browser.events if it.get("sessionId") == self.session]

    def evaluate(self, expression, **options):
        """The value of an expression in the page: also where the page itself must not run any."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, **options)
        if "exceptionDetails" in answer:
            raise Failure(f"the check failed: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def screenshot(self, until=None):
        """A picture of the whole page, or of all up to the last element of a kind."""
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        height = size["height"]
        if until:
            last = f"[...document.querySelectorAll({json.dumps(until)})].pop()"
            height = self.evaluate(f"{last}.getBoundingClientRect().bottom + 16")
        clip = {"x": 0, "y": 0, "width": size["width"], "height": height, "scale": 1}
        shot = self.send("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def complaints(self, addresses, origin=None):
        """What is wrong with the page. One with an origin may run a script, and ask that origin."""
        scripted = json.dumps(origin is not None)
        complaints = self.evaluate(f"({CHECK})({json.dumps(addresses)}, {scripted})")
        for event in self.events():
            parameters = event["params"]
            if event["method"] == "Network.requestWillBeSent":
                url = parameters["request"]["url"]
                if url != self.url and not (origin and url.startswith(origin + "/")) and url != "data:,":
                    complaints.append(f"a request for {url}")
            elif event["method"] in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
                complaints.append(f"in the console: {parameters}")
            elif event["method"] == "Log.entryAdded":
                complaints.append(f"in the console: {parameters['entry']['text']}")
            elif event["method"] == "Page.javascriptDialogOpening":
                complaints.append(f"a dialog: {parameters['message']}")
        return complaints


if __name__ == "__main__":
    main()
