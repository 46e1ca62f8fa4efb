"""Looks at the emulator's page in a real browser, and uses it: Chromium, without a window.

    python3 xtask/emulator_page.py [--picture]

Starts an emulator with objects, hostile names among them, and opens its page in light and in dark, in
wide and in narrow windows. Fails if the page asks another origin, writes to the console, is wider
than the window, has too little contrast, shows the token, or takes a name for HTML; and if a button
does not do what it says. xtask/browser.py has the browser and the checks of forms.

A screenshot of each view lies in `browser/` of cargo's target directory. `--picture` also writes
assets/emulator-page.png, which the emulator's README shows. Start reading at `main`.
"""

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import browser
import demo
from browser import THEMES, WIDTHS, Failure
from terraform import ROOT

PICTURE = ROOT / "assets/emulator-page.png"
TOKEN = "token-of-the-page-test"
API = "/api/2.0/postgres"
BRANCHES = "projects/shop/branches"
HOSTILE = "<img src=x onerror=alert(1)>"

# Waits in the page until a condition holds, and says so.
WAIT = """\
new Promise(done => {
  const look = () => (%s) ? done(true) : setTimeout(look, 20);
  look();
  setTimeout(() => done(false), 20000);
})"""


# The part of the page's policy that refuses a request to another origin.
REFUSED = """\
new Promise(done => {
  document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
    if (effectiveDirective === "connect-src") done(effectiveDirective);
  });
  fetch("http://127.0.0.1:9/").catch(() => setTimeout(() => done("none"), 1000));
})"""


def main():
    arguments = sys.argv[1:]
    chromium = browser.find()
    try:
        program = build()
        shots = Path(program).parent.parent / "browser"
        shots.mkdir(exist_ok=True)
        with contextlib.ExitStack() as stack:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lakebase-page-")))
            opened = stack.enter_context(browser.Browser(chromium, scratch / "profile"))
            with Emulator(program, scratch) as emulator:
                failed = look(opened, emulator, shots)
                if "--picture" in arguments and not failed:
                    with opened.open(emulator.page(), "light", 1280) as page:
                        wait(page, "document.querySelectorAll('#requests tr').length > 3")
                        PICTURE.write_bytes(page.screenshot())
                    print(f"Picture: {PICTURE.relative_to(ROOT)}")
                use(opened, emulator)
                meet_hostile_names(opened, emulator, shots)
                log_in(opened, emulator)
                lose(opened, emulator)
    except subprocess.CalledProcessError:
        sys.exit(1)  # cargo has said what is wrong
    except (Failure, OSError) as failure:
        sys.exit(f"The test of the page failed: {failure}.")
    if failed:
        sys.exit("Failed:\n  " + "\n  ".join(failed))
    print(f"The page does what it says. Screenshots: {shots}")


def build():
    """Builds the emulator; its path."""
    command = ["cargo", "build", "--package", demo.EMULATOR, "--bin", demo.EMULATOR]
    command.append("--message-format=json-render-diagnostics")
    cargo = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    built = [json.loads(line).get("executable") for line in cargo.stdout.splitlines()]
    return next(filter(None, built))


class Emulator:
    """An emulator with the seed of its README, slow operations and a frozen clock."""

    def __init__(self, program, scratch):
        text = (ROOT / "crates/lakebase-emulator/README.md").read_text(encoding="utf-8")
        seed = scratch / "seed.json"
        seed.write_text(text.split("```json\n")[1].split("```")[0], encoding="utf-8")
        self.command = [program, "--port", "0", "--frozen-clock", "--operation-delay", "90s"]
        self.command += ["--token", TOKEN, "--seed", seed]

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,  # so that `demo.end` ends it with all that it started
        )
        self.url = self.process.stdout.readline().strip().partition("=")[2]
        if not self.url:
            raise Failure("the emulator did not start")
        limits = {"autoscaling_limit_max_cu": 16}
        primary = f"{BRANCHES}/production/endpoints/primary"
        reader = {"endpoint_type": "ENDPOINT_TYPE_READ_ONLY"}
        self.ask("PATCH", f"{API}/{primary}?update_mask=spec.autoscaling_limit_max_cu", {"spec": limits})
        self.ask("POST", f"{API}/{BRANCHES}/dev/endpoints?endpoint_id=reader", {"spec": reader})
        self.ask("POST", f"{API}/{BRANCHES}/dev/roles?role_id=app", {"spec": {"postgres_role": "app"}})
        self.ask("POST", f"{API}/{BRANCHES}?branch_id=preview", {"spec": {"no_expiry": True}})
        self.ask("DELETE", f"{API}/{BRANCHES}/production")
        self.ask("GET", f"{API}/{BRANCHES}")
        self.ask("GET", f"{API}/projects/none")
        return self

    def __exit__(self, *_):
        demo.end(self.process, signal.SIGTERM)
        self.process.stdout.close()

    def page(self):
        return f"{self.url}/#token={TOKEN}"

    def ask(self, method, path, body=None):
        """The status and the JSON of an answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=browser.SECONDS) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.load(refusal)


def wait(page, condition):
    """Waits until a condition holds in the page."""
    if not page.evaluate(WAIT % condition, awaitPromise=True):
        text = page.evaluate("document.body.innerText")
        raise Failure(f"this never happened in the page: {condition}; it shows\n{text}")


def has(text):
    return f"document.body.innerText.includes({json.dumps(text)})"


def require(holds, what):
    if not holds:
        raise Failure(what)


def press(page, selector, key="Enter"):
    """Moves the focus to an element and presses a key, as someone without a mouse does."""
    page.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
    code = {"Enter": 13, " ": 32}[key]
    text = "\r" if key == "Enter" else key
    event = {"key": key, "windowsVirtualKeyCode": code}
    page.send("Input.dispatchKeyEvent", type="keyDown", text=text, **event)
    page.send("Input.dispatchKeyEvent", type="keyUp", **event)


def look(opened, emulator, shots):
    """Looks at the page in each view; what is wrong."""
    failed = []
    for theme in THEMES:
        for width in [*WIDTHS, 360]:
            with opened.open(emulator.page(), theme, width) as page:
                for text in ["shop", "2–16 CU", "expires in 1 d", "PostgreSQL 17", "read-only"]:
                    wait(page, has(text))
                wait(page, has("400 BAD_REQUEST"))
                wait(page, has("404 NOT_FOUND") + "&&" + has("create branch") + "&&" + has("409 ABORTED") + "&&" + has("catalog"))
                require(page.evaluate("location.hash") == "", "the token stays in the URL")
                require(not page.evaluate(has(TOKEN)), "the token is shown")
                (shots / f"emulator-{theme}-{width}.png").write_bytes(page.screenshot())
                complaints = page.complaints([], origin=emulator.url)
            failed += [f"{theme}, {width} pixels: {it}" for it in complaints]
    print(f"looks: {len(THEMES) * (len(WIDTHS) + 1)} views")
    return failed


def use(opened, emulator):
    """Presses the buttons, and sees changes arrive while a part of the tree is open."""
    with opened.open(emulator.page(), "light", 1280) as page:
        wait(page, has("shop"))
        row = "#tree details[open] > details.members > summary"
        press(page, row)
        wait(page, has("history_retention_duration"))

        wait(page, "document.querySelectorAll('#operations li').length === 3")
        press(page, "[data-by='3600s']")
        wait(page, "document.getElementById('idle').checkVisibility()")
        wait(page, has("2026-01-01 01:00:00 UTC"))

        page.evaluate("document.getElementById('fault-path').value = 'projects/shop'")
        press(page, "#fault button")
        wait(page, has("any …projects/shop: 503 Try again, 1×"))
        require(emulator.ask("GET", f"{API}/projects/shop")[0] == 503, "the fault was not planned")
        wait(page, has("503 TEMPORARILY_UNAVAILABLE"))
        wait(page, "document.querySelectorAll('#faults li').length === 0")
        press(page, "#fault button")
        wait(page, "document.querySelectorAll('#faults li').length === 1")
        press(page, "#forget")
        wait(page, "document.querySelectorAll('#faults li').length === 0")
        require(emulator.ask("GET", f"{API}/projects/shop")[0] == 200, "the fault was not taken back")

        press(page, "#notable", " ")
        hidden = "[...document.querySelectorAll('#requests tr')].filter(it => it.hidden).length"
        wait(page, f"{hidden} >= 2")

        emulator.ask("POST", f"{API}/projects?project_id=second", {})
        wait(page, "[...document.querySelectorAll('.id')].some(it => it.textContent === 'second')")
        press(page, "[data-by='60s']")
        press(page, "[data-by='60s']")
        gone = {"name": f"{BRANCHES}/dev", "remove": True}
        emulator.ask("POST", "/_emulator/drift", gone)
        wait(page, "![...document.querySelectorAll('.id')].some(it => it.textContent === 'dev')")
        require(page.evaluate(has("history_retention_duration")), "an open part has closed")
        emulator.ask("DELETE", f"{API}/projects/second")
        wait(page, has("purged in 7 d"))
        complaints = page.complaints([], origin=emulator.url)
        require(not complaints, f"after use: {complaints}")
    print("uses: clock, faults, requests, changes")


def meet_hostile_names(opened, emulator, shots):
    """Names and paths that are HTML are shown as they are."""
    spec = {"spec": {"display_name": HOSTILE}}
    emulator.ask("POST", "/_emulator/objects", {"name": f"projects/{HOSTILE}", "body": spec})
    emulator.ask("GET", f"{API}/projects/x?{urllib.parse.quote(HOSTILE)}=1")
    with opened.open(emulator.page(), "dark", 480) as page:
        wait(page, f"[...document.querySelectorAll('.id')].some(it => it.textContent === {json.dumps(HOSTILE)})")
        wait(page, has(f"projects/x?{HOSTILE}=1"))
        require(page.evaluate("document.images.length") == 0, "a name became an image")
        (shots / "emulator-hostile.png").write_bytes(page.screenshot())
        complaints = page.complaints([], origin=emulator.url)
        require(not complaints, f"hostile names: {complaints}")
        # And if there were a hole: the policy lets nothing else run or be loaded.
        injected = "const it = document.createElement('script'); it.textContent = 'window.ran = 1';"
        page.evaluate(f"{{ {injected} document.body.append(it); }}")
        require(page.evaluate("window.ran") is None, "a foreign script has run")
        refused = page.evaluate(REFUSED, awaitPromise=True)
        require(refused == "connect-src", f"another origin may be asked: {refused}")
    print("meets: hostile names, a foreign script")


def log_in(opened, emulator):
    """Without the token in the URL, the page asks for it."""
    with opened.open(emulator.url + "/", "light", 480) as page:
        wait(page, "document.getElementById('login').checkVisibility()")
        page.evaluate(f"document.getElementById('token').value = {json.dumps(TOKEN)}")
        press(page, "#login button")
        wait(page, has("shop") + "&& !document.getElementById('login').checkVisibility()")
    print("logs in")


def lose(opened, emulator):
    """The page says so when the emulator has gone."""
    with opened.open(emulator.page(), "light", 1280) as page:
        wait(page, has("shop"))
        demo.end(emulator.process, signal.SIGTERM)
        wait(page, has("The emulator does not answer"))
    print("notices the end of the emulator")


if __name__ == "__main__":
    main()
