#!/usr/bin/env python3
"""Draws the pictures and the form of the example configuration.

    python3 -m venv .venv && .venv/bin/pip install pillow
    .venv/bin/python infra/art/draw.py examples/green-power/files

The pictures need Pillow and the DejaVu fonts; the form is written as PDF by hand, with fields that can be filled in.
"""

import math
import pathlib
import random
import sys

from PIL import Image, ImageDraw, ImageFont

FONTS = pathlib.Path("/usr/share/fonts/truetype/dejavu")
WIDTH, HEIGHT, FINE = 1200, 675, 2  # drawn at twice the size, for smooth edges

PAPER, CARD, LINE = "#f4f6f5", "#ffffff", "#dfe5e2"
INK, SOFT = "#20302b", "#6a7a74"
GREEN, PALE, AMBER, RED, BLUE = "#2f8f6b", "#d9eee5", "#d9982f", "#c8553d", "#3f78a8"


class Sheet:
    """A picture with lengths in final pixels."""

    def __init__(self):
        self.image = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), PAPER)
        self.draw = ImageDraw.Draw(self.image)

    def box(self, x, y, w, h, fill=CARD, radius=14, outline=LINE):
        self.draw.rounded_rectangle(
            [x * FINE, y * FINE, (x + w) * FINE, (y + h) * FINE], radius * FINE, fill, outline, FINE if outline else 0
        )

    def text(self, x, y, words, size=18, fill=INK, bold=False, anchor="la"):
        font = ImageFont.truetype(str(FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")), size * FINE)
        self.draw.text((x * FINE, y * FINE), words, fill, font, anchor)

    def line(self, points, fill=LINE, width=1):
        self.draw.line([(x * FINE, y * FINE) for x, y in points], fill, round(width * FINE), "curve")

    def dot(self, x, y, r, fill, outline=None, width=1):
        self.draw.ellipse([(x - r) * FINE, (y - r) * FINE, (x + r) * FINE, (y + r) * FINE], fill, outline, width * FINE)

    def arc(self, x, y, r, start, end, fill, width):
        self.draw.arc([(x - r) * FINE, (y - r) * FINE, (x + r) * FINE, (y + r) * FINE], start, end, fill, width * FINE)

    def polygon(self, points, fill):
        self.draw.polygon([(x * FINE, y * FINE) for x, y in points], fill)

    def save(self, path):
        small = self.image.resize((WIDTH, HEIGHT), Image.LANCZOS)
        small.quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)


def bell(sheet, x, y, size, fill):
    """A small handbell."""
    body = []
    for step in range(41):
        t = step / 40
        half = size * (0.16 + 0.34 * t**2.4 + 0.06 * math.sin(t * math.pi))
        body.append((x - half, y + size * 0.8 * t))
    body += [(2 * x - px, py) for px, py in reversed(body)]
    sheet.polygon(body, fill)
    sheet.box(x - size * 0.56, y + size * 0.78, size * 1.12, size * 0.1, fill, size * 0.05, None)
    sheet.dot(x, y + size * 0.95, size * 0.12, fill)
    sheet.box(x - size * 0.08, y - size * 0.42, size * 0.16, size * 0.5, fill, size * 0.08, None)


def header(sheet, title, note):
    bell(sheet, 62, 46, 30, GREEN)
    sheet.text(100, 36, title, 26, bold=True)
    sheet.text(100, 72, note, 15, SOFT)


def dashboard(path):
    """What the server looks like when somebody presses the button."""
    sheet, chance = Sheet(), random.Random(7)
    header(sheet, "Green Power · server status", "An example: figures made up for the demonstration")
    sheet.box(980, 36, 172, 44, "#fbeee0", 22, None)
    sheet.dot(1004, 58, 7, AMBER)
    sheet.text(1020, 58, "needs a look", 16, "#8a5a10", True, "lm")

    tiles = [("Orders a minute", "412", "8 % above usual", GREEN), ("Answer time", "1.9 s", "usually 0.4 s", RED),
             ("Errors", "2.3 %", "usually 0.1 %", AMBER), ("Free memory", "31 %", "steady", GREEN)]
    for index, (name, value, note, colour) in enumerate(tiles):
        x = 48 + index * 280
        sheet.box(x, 116, 264, 128)
        sheet.text(x + 22, 134, name, 15, SOFT)
        sheet.text(x + 22, 160, value, 36, colour, True)
        sheet.text(x + 22, 212, note, 14, SOFT)

    sheet.box(48, 264, 824, 363)
    sheet.text(72, 284, "Answer time, last two hours", 17, bold=True)
    left, right, top, bottom = 112, 848, 336, 574
    for index, label in enumerate(["2.0 s", "1.5 s", "1.0 s", "0.5 s", "0"]):
        y = top + (bottom - top) * index / 4
        sheet.line([(left, y), (right, y)])
        sheet.text(left - 12, y, label, 13, SOFT, anchor="rm")
    for index, label in enumerate(["2 h ago", "90 min", "1 h", "30 min", "now"]):
        sheet.text(left + (right - left) * index / 4, bottom + 14, label, 13, SOFT, anchor="ma")
    curve = []
    for step in range(121):
        t = step / 120
        seconds = 0.42 + chance.uniform(-0.035, 0.035) + 1.48 / (1 + math.exp(-(t - 0.84) * 34))
        curve.append((left + (right - left) * t, bottom - (bottom - top) * seconds / 2))
    sheet.polygon(curve + [(right, bottom), (left, bottom)], PALE)
    sheet.line(curve, GREEN, 3)
    sheet.line([(left + 570, top), (left + 570, bottom)], AMBER, 2)
    sheet.text(left + 560, top + 8, "here it began", 14, "#8a5a10", anchor="ra")
    sheet.dot(*curve[-1], 7, RED, CARD, 2)

    sheet.box(892, 264, 260, 363)
    sheet.text(914, 284, "Parts", 17, bold=True)
    parts = [("Shop front", GREEN, "well"), ("Check-out", RED, "slow"), ("Payment", AMBER, "watch"),
             ("Stock", GREEN, "well"), ("Mail", GREEN, "well"), ("Search", GREEN, "well")]
    for index, (name, colour, word) in enumerate(parts):
        y = 344 + index * 46
        sheet.dot(922, y, 7, colour)
        sheet.text(942, y, name, 16, anchor="lm")
        sheet.text(1130, y, word, 15, SOFT, anchor="rm")
        if index < len(parts) - 1:
            sheet.line([(914, y + 23), (1130, y + 23)])
    sheet.save(path)


def bridge(path):
    """Who does what once people are together."""
    sheet = Sheet()
    header(sheet, "Who does what now", "Three parts to give away before anybody touches anything")
    parts = [("Leads", GREEN, ["decides what comes next", "keeps one list of what is open", "says it when it is over"]),
             ("Repairs", BLUE, ["looks, tries, undoes", "says before what will change", "one hand on it at a time"]),
             ("Speaks", AMBER, ["tells customers and managers", "every twenty minutes", "even if there is nothing new"])]
    for index, (name, colour, words) in enumerate(parts):
        x = 48 + index * 376
        sheet.box(x, 132, 352, 388)
        sheet.dot(x + 176, 226, 50, colour)
        sheet.dot(x + 176, 212, 16, CARD)
        sheet.draw.pieslice([(x + 146) * FINE, 232 * FINE, (x + 206) * FINE, 288 * FINE], 180, 360, CARD)
        sheet.text(x + 176, 302, name, 26, INK, True, "ma")
        for row, line in enumerate(words):
            sheet.text(x + 176, 362 + row * 42, line, 17, SOFT, anchor="ma")
    sheet.box(48, 548, 1104, 78, PALE, 14, None)
    sheet.text(600, 587, "Nobody does two of them.  No name yet?  Write yours in the space.", 20, "#1d5c45", True, "mm")
    sheet.save(path)


def afterwards(path):
    """What remains to be done when it is over."""
    sheet = Sheet()
    header(sheet, "When it is over", "Four things, while everybody still remembers")
    steps = [("Say it", "tell everybody who was told"), ("Write it", "the form: what, when, who"),
             ("Ask why", "of the system, not of a person"), ("Change one thing", "and name who and by when")]
    sheet.line([(168, 320), (1032, 320)], LINE, 4)
    for index, (name, note) in enumerate(steps):
        x = 168 + index * 288
        sheet.dot(x, 320, 58, CARD, LINE, 2)
        sheet.arc(x, 320, 58, -90, -90 + 90 * (index + 1), GREEN, 7)
        sheet.text(x, 320, str(index + 1), 38, GREEN, True, "mm")
        sheet.text(x, 412, name, 22, INK, True, "ma")
        sheet.text(x, 450, note, 16, SOFT, anchor="ma")
    sheet.text(600, 580, "Then thank those who came.", 20, SOFT, anchor="mm")
    sheet.save(path)


def form(path):
    """One page of PDF with fields: written by hand, so that it needs no library and comes out the same each time."""
    page_w, page_h, margin = 595, 842, 48
    drawing, fields = [], []

    def text(x, y, words, size=9, bold=False, grey=0.0):
        words = words.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        drawing.append(f"BT {grey} g /{'B' if bold else 'R'} {size} Tf {x} {y} Td ({words}) Tj ET")

    def field(name, label, x, y, w, h, lines=False):
        text(x, y + h + 4, label, 8.5, grey=0.35)
        drawing.append(f"0.96 0.975 0.97 rg 0.78 0.83 0.81 RG 0.7 w {x} {y} {w} {h} re B")
        flags = 4096 if lines else 0
        fields.append(
            f"<< /Type /Annot /Subtype /Widget /FT /Tx /T ({name}) /TU ({label}) /F 4 /Ff {flags} /P 3 0 R "
            f"/Rect [{x} {y} {x + w} {y + h}] /DA (/R 10 Tf 0.12 0.19 0.17 rg) >>"
        )

    drawing.append(f"0.184 0.561 0.42 rg 0 {page_h - 10} {page_w} 10 re f")
    text(margin, 788, "Incident report", 22, True, 0.12)
    text(margin, 770, "One page, for those who weren't there. Facts first, reasons later, no blame.", 9.5, grey=0.35)
    full, half = page_w - 2 * margin, (page_w - 2 * margin - 16) / 2
    right = margin + half + 16
    field("reference", "Reference (H-...)", margin, 718, half, 22)
    field("reporter", "Written by", right, 718, half, 22)
    field("began", "It began (date, time)", margin, 672, half, 22)
    field("ended", "It ended (date, time)", right, 672, half, 22)
    field("noticed", "How it was noticed, and by whom", margin, 626, full, 22)
    field("affected", "Who and what was affected", margin, 564, full, 38, True)
    field("happened", "What happened, with times", margin, 416, full, 124, True)
    field("done", "What was done, and what helped", margin, 318, full, 74, True)
    field("cause", "Why it could happen", margin, 234, full, 60, True)
    text(margin, 208, "What will be different", 10.5, True, 0.12)
    for row in range(3):
        y = 168 - row * 40
        field(f"action{row + 1}", "What", margin, y, 300, 20)
        field(f"who{row + 1}", "Who", margin + 312, y, 105, 20)
        field(f"when{row + 1}", "By when", margin + 429, y, full - 429, 20)
    text(margin, 42, "Upload it to the space when it is filled in.", 8.5, grey=0.45)

    content = "\n".join(drawing).encode("latin-1")
    first = 7
    refs = " ".join(f"{first + index} 0 R" for index in range(len(fields)))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /Lang (en) /AcroForm << /Fields [{refs}] /NeedAppearances true "
        "/DR << /Font << /R 4 0 R >> >> /DA (/R 10 Tf 0 g) >> >>".encode(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {page_w} {page_h}] /Contents 6 0 R /Annots [{refs}] "
        "/Resources << /Font << /R 4 0 R /B 5 0 R >> >> >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n" % len(content) + content + b"\nendstream",
    ] + [one.encode("latin-1") for one in fields]
    objects.append(b"<< /Title (Incident report) /Creator (Handbell, infra/art/draw.py) >>")
    out, offsets = bytearray(b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, len(objects), start)
    path.write_bytes(out)


def main():
    where = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "examples/green-power/files")
    where.mkdir(parents=True, exist_ok=True)
    dashboard(where / "dashboard.png")
    bridge(where / "who-does-what.png")
    afterwards(where / "afterwards.png")
    form(where / "incident-report.pdf")


if __name__ == "__main__":
    main()
