"""Build data/emoji.png and data/emoji.csv, the small pictures of chapter 9.

Two npm packages hold the emoji of two designers, 64 x 64 pixels each, with one table of
names and categories. `npm pack` fetches them into a temporary folder, and bytes with
another hash are refused; `--packages FOLDER` takes them from there instead. From what
they hold, this file chooses six classes, joins drawings of one thing to one concept,
deals the concepts out to train, val and test, and writes one sheet of pictures on white
and one table.

    python tools/emoji.py

Twice the same bytes; another version of Pillow may choose other colors, so the hashes
printed at the end belong into helpers/data/emoji.py, whose loader checks them.
"""

import argparse
import csv
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
SIDE, COLUMNS, COLORS = 64, 32, 256
SEED = "emoji 0"  # of the order in which concepts are dealt out
SHARES = {"test": 0.28, "val": 0.1}  # of each class's pictures; the rest is train
FIELDS = ("place", "style", "class", "concept", "name", "part")


class Package(NamedTuple):
    """One designer's emoji as an npm package, and the hash of its archive."""

    name: str
    folder: str  # of the pictures
    sha256: str
    version: str = "16.0.0"


PACKAGES = {
    "noto": Package(
        "emoji-datasource-google",
        "img/google/64",
        "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
    ),
    "twemoji": Package(
        "emoji-datasource-twitter",
        "img/twitter/64",
        "f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
    ),
}

# Unicode's subcategories, then what one would not call by the class's name.
CLASSES = {
    "animal": (
        "animal-mammal animal-bird animal-amphibian animal-reptile animal-marine "
        "animal-bug",
        "pig_nose feet feather wing shell oyster coral spider_web microbe",
    ),
    "food": (
        "food-fruit food-vegetable food-prepared food-asian food-sweet drink",
        "salt takeout_box baby_bottle ice_cube teapot pouring_liquid",
    ),
    "vehicle": (
        "transport-ground transport-air transport-water",
        "station busstop traffic_light vertical_traffic_light construction "
        "rotating_light octagonal_sign wheel oil_drum motorway railway_track fuelpump "
        "roller_skate motorized_wheelchair manual_wheelchair seat satellite parachute "
        "ring_buoy anchor",
    ),
    "clothing": (
        "clothing",
        "purse pouch shopping_bags lipstick ring gem "
        "prayer_beads folding_hand_fan hair_pick",
    ),
    "plant": (
        "plant-flower plant-other",
        "white_flower rosette mushroom empty_nest nest_with_eggs",
    ),
    # There are over a hundred faces; these are few enough and differ enough.
    "face": (
        "face-smiling face-tongue face-glasses face-hat face-hand face-unwell",
        "",
    ),
}
MORE = {  # of other subcategories
    "clothing": "running_shirt_with_sash martial_arts_uniform boxing_glove ice_skate "
    "diving_mask"
}

# Drawings of one thing, or nearly so: they share a concept, named by the first, and so
# a part. Skin tones and hair are no question here: the classes hold no people.
SAME = """
rat mouse mouse2 hamster
ox cow cow2 water_buffalo bison
tiger tiger2 leopard
rabbit rabbit2
cat cat2 black_cat
dog dog2 service_dog guide_dog poodle
horse racehorse donkey
monkey monkey_face
pig pig2 boar
bear polar_bear
camel dromedary_camel
ram sheep goat
deer moose
elephant mammoth
chicken rooster
baby_chick hatched_chick hatching_chick
bird black_bird dove_of_peace
swan goose duck
dragon dragon_face
sauropod t-rex
whale whale2
octopus squid
shrimp lobster
fish tropical_fish blowfish
bug worm
beetle cockroach ladybug
mosquito fly
apple green_apple
lemon lime
potato sweet_potato
egg fried_egg
melon watermelon
icecream ice_cream shaved_ice
cake birthday cupcake
beer beers
clinking_glasses champagne
cocktail tropical_drink
tea coffee
peanuts chestnut
pea_pod beans
burrito stuffed_flatbread
bread baguette_bread
bus oncoming_bus
police_car oncoming_police_car
taxi oncoming_taxi
car oncoming_automobile blue_car
truck articulated_lorry
bullettrain_front bullettrain_side
train tram
railway_car mountain_railway
mountain_cableway aerial_tramway
airplane airplane_departure airplane_arriving
ship passenger_ship ferry
motor_boat speedboat
eyeglasses dark_sunglasses
military_helmet helmet_with_white_cross
sandal thong_sandal
boot hiking_boot
womans_flat_shoe ballet_shoes
shirt womans_clothes
coat lab_coat
evergreen_tree deciduous_tree
four_leaf_clover shamrock
fallen_leaf maple_leaf
rose wilted_flower
blossom sunflower
smiley grinning smile
laughing rolling_on_the_floor_laughing joy
stuck_out_tongue stuck_out_tongue_winking_eye stuck_out_tongue_closed_eyes
face_with_hand_over_mouth face_with_open_eyes_and_hand_over_mouth
slightly_smiling_face upside_down_face
"""


class Refused(Exception):
    """A package is not the one that is named here; the text says which."""


def chosen(table: list[dict]) -> list[dict]:
    """Return what is shown: name, concept, class and file, in the packages' order.

    Raises
    ------
    Refused : a name in CLASSES, MORE or SAME is not one of the table's.
    """
    known = {row["short_name"] for row in table}
    concepts = {n: line.split()[0] for line in SAME.split("\n") for n in line.split()}
    rows, listed = [], set(concepts)
    for label, (categories, dropped) in CLASSES.items():
        drop, more = set(dropped.split()), set(MORE.get(label, "").split())
        listed |= drop | more
        for row in table:
            name = row["short_name"]
            inside = row["subcategory"] in categories.split() and name not in drop
            if inside or name in more:
                concept = concepts.get(name, name)
                rows.append(
                    {
                        **{"name": name, "concept": concept, "class": label},
                        "file": row["image"],
                    }
                )
    if unknown := listed - known:
        raise Refused(f"no such emoji in the table: {', '.join(sorted(unknown))}")
    return rows


def dealt(rows: list[dict]) -> dict[str, str]:
    """Return the part of each concept: test, val or train, class by class.

    The order is that of the hashes of seed and name, so that it depends on no library
    and a concept that is added moves few others.
    """
    parts = {}
    for label in dict.fromkeys(row["class"] for row in rows):
        size = Counter(row["concept"] for row in rows if row["class"] == label)
        room = {part: share * size.total() for part, share in SHARES.items()}
        for concept in sorted(size, key=mixed):
            part = next((p for p in room if room[p] > 0), "train")
            parts[concept] = part
            if part in room:
                room[part] -= size[concept]
    return parts


def mixed(concept: str) -> str:
    """Return what concepts are sorted by."""
    return hashlib.sha256(f"{SEED} {concept}".encode()).hexdigest()


def on_white(content: bytes) -> Image.Image:
    """Return one emoji, RGB, its transparent pixels white.

    Raises
    ------
    Refused : it has not SIDE x SIDE pixels.
    """
    with Image.open(io.BytesIO(content)) as file:
        emoji = file.convert("RGBA")
    if emoji.size != (SIDE, SIDE):
        raise Refused(f"an emoji of {emoji.size} pixels: expected {SIDE} x {SIDE}")
    ground = Image.new("RGBA", emoji.size, "white")
    return Image.alpha_composite(ground, emoji).convert("RGB")


def sheet(pictures: list[Image.Image]) -> Image.Image:
    """Return all pictures, row by row, in COLORS colors of one palette."""
    height = -(-len(pictures) // COLUMNS) * SIDE
    whole = Image.new("RGB", (COLUMNS * SIDE, height), "white")
    for place, picture in enumerate(pictures):
        row, column = divmod(place, COLUMNS)
        whole.paste(picture, (column * SIDE, row * SIDE))
    few = whole.quantize(
        COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    # The palette's lightest color stands for white and what is nearly so.
    colors = few.getpalette()
    shades = [colors[k : k + 3] for k in range(0, len(colors), 3)]
    lightest = max(range(len(shades)), key=lambda k: sum(shades[k]))
    colors[3 * lightest : 3 * lightest + 3] = [255, 255, 255]
    few.putpalette(colors)
    return few


def build(archives: dict[str, Path]) -> tuple[bytes, bytes]:
    """Return sheet (PNG) and table (CSV) of the packages, by their style.

    Raises
    ------
    Refused : an archive has another hash, a name or picture is missing.
    """
    pictures, lines = [], []
    for style, path in archives.items():
        package = PACKAGES[style]
        content = path.read_bytes()
        if (found := hashlib.sha256(content).hexdigest()) != package.sha256:
            raise Refused(
                f"{path.name} has sha256 {found}: {package.name} {package.version} "
                f"has {package.sha256}"
            )
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            files = {m.name: m for m in archive.getmembers()}
            rows = chosen(json.load(archive.extractfile(files["package/emoji.json"])))
            parts = dealt(rows)
            for row in rows:
                lines.append(
                    row
                    | {"style": style, "part": parts[row["concept"]]}
                    | {"place": len(pictures)}
                )
                picture = files[f"package/{package.folder}/{row['file']}"]
                pictures.append(on_white(archive.extractfile(picture).read()))
    image, table = io.BytesIO(), io.StringIO()
    sheet(pictures).save(image, format="PNG", optimize=True)
    writer = csv.DictWriter(table, FIELDS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return image.getvalue(), table.getvalue().encode()


def fetched(folder: Path) -> dict[str, Path]:
    """Return the packages' archives in a folder; those that are missing are fetched.

    Raises
    ------
    Refused : there is no npm, or it could not fetch one.
    """
    paths = {}
    for style, package in PACKAGES.items():
        paths[style] = folder / f"{package.name}-{package.version}.tgz"
        if paths[style].is_file():
            continue
        if (npm := shutil.which("npm")) is None:
            raise Refused(
                f"there is no npm, and {paths[style].name} is not in {folder}"
            )
        wanted = f"{package.name}@{package.version}"
        if subprocess.run([npm, "pack", "--silent", wanted], cwd=folder).returncode:
            raise Refused(f"npm could not fetch {wanted}")
    return paths


def main(arguments: list[str] | None = None) -> int:
    """Write the two files; return 0, or 1 after a message on stderr."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--packages", type=Path, help="folder with the .tgz of npm pack"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "data", help="folder")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as temporary:
            image, table = build(fetched(options.packages or Path(temporary)))
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name, content in (("emoji.png", image), ("emoji.csv", table)):
        (options.out / name).write_bytes(content)
        print(f"{name}: {len(content):,} bytes, {hashlib.sha256(content).hexdigest()}")
    rows = list(csv.DictReader(table.decode().splitlines()))
    for label in CLASSES:
        own = [r for r in rows if r["class"] == label and r["style"] == "noto"]
        number = Counter(row["part"] for row in own)
        concepts = len({row["concept"] for row in own})
        print(f"{label}: {len(own)} pictures, {concepts} concepts, {dict(number)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
