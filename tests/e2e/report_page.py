"""What a page of goquery -report says, and what its own statements say.

    report_page.py PAGE SQL...      SQL...: the command that runs what it is given

For each part of the page a line: its name, and "the same" or what differs.  Numbers are
taken from <data value>, names from <bdi>, statements from <pre>."""

import collections
import html.parser
import subprocess
import sys


class Page(html.parser.HTMLParser):
    """Parts by id: statements, and rows of cells as the page has them."""

    def __init__(self):
        super().__init__()
        self.parts = collections.OrderedDict()
        self.part = self.row = self.cell = self.text = None
        self.in_numbers = False

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag in ("script", "iframe", "object", "link", "img") and \
                attrs.get("href") != "data:,":
            raise SystemExit(f"the page has <{tag}>")
        for name, value in attrs.items():
            if name.startswith("on") or (name in ("src", "href") and value != "data:,"):
                raise SystemExit(f"the page has {name}={value}")
        if tag == "section":
            self.part = {"statements": [], "rows": []}
            self.parts[attrs.get("id", "")] = self.part
        elif tag in ("tr", "dl"):
            self.row = []
        elif tag == "data":
            self.row.append(attrs["value"])
        elif tag in ("pre", "bdi"):
            self.text = ""
        elif tag == "span" and "title" in attrs and self.row is not None:
            self.row.append("")

    def handle_data(self, data):
        if self.text is not None:
            self.text += data

    def handle_endtag(self, tag):
        if tag == "pre":
            self.part["statements"].append(self.text)
            self.text = None
        elif tag == "bdi":
            if self.row is not None:
                self.row.append(self.text)
            self.text = None
        elif tag in ("tr", "dl"):
            self.part["rows"].append(self.row)
            self.row = None


def ask(command, statement):
    """Rows as lists of texts; what the scope's statements print is left out."""
    scopes = statement.count("goprobe_scope(")
    done = subprocess.run(command + [statement], capture_output=True, text=True, check=True)
    return [line.split("|") for line in done.stdout.splitlines()[scopes:]]


def table(rows):
    return [row for row in rows if row]


def figures(part, answers):
    flat = [cell for row in part["rows"] for cell in row]
    return flat, answers[0][0] + [answers[1][0][1]]


def over_time(part, answers):
    """The page has a column for each of the first applications and one for the rest."""
    head, rows = part["rows"][0], part["rows"][1:]
    names, got, wanted = head, {}, collections.Counter()
    for row in rows:
        for name, value in zip(names + ["lost"], row[1:]):
            if float(value):
                got[(row[0], name)] = float(value)
    for begin, app, value in answers[0]:
        wanted[(begin, app if app in names else "Other")] += float(value)
    for begin, dropped in answers[1]:
        wanted[(begin, "lost")] += float(dropped)
    return got, {key: value for key, value in wanted.items() if value}


def interfaces(part, answers):
    return table(part["rows"]), [
        [row[0]] + row[1:6] + [row[7]] for row in answers[0]]


def main():
    page = Page()
    with open(sys.argv[1], encoding="utf-8") as file:
        page.feed(file.read())
    compare = {"figures": figures, "time": over_time, "interfaces": interfaces}
    for name, part in page.parts.items():
        answers = [ask(sys.argv[2:], statement) for statement in part["statements"]]
        if name in compare:
            got, wanted = compare[name](part, answers)
        else:
            got, wanted = table(part["rows"]), answers[0] if answers else []
        print(f"{name}: " + ("the same" if got == wanted and wanted else
                             f"the page {got}, its SQL {wanted}"))


main()
