"""The words of the catalogue: twelve categories in rings of complements, and the collections that run through them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """One category of the shop and what is sold in it."""

    path: str
    """From wide to narrow, joined by '|'."""
    nouns: tuple[str, ...]
    complement: int
    """Index of the department that customers often buy from next."""
    median_price_minor: int
    price_spread: float
    """Standard deviation of the logarithm of the price."""
    extra_units: float
    """Mean number of units beyond the first."""


def _nouns(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(","))


DEPARTMENTS = (
    Department(
        path="Home|Lighting", complement=1, median_price_minor=3400, price_spread=0.6, extra_units=0.2,
        nouns=_nouns(
            "Bedside Lamp, Desk Lamp, Floor Lamp, Pendant Light, Wall Light, Lantern, Lampshade, Fairy Lights, "
            "Reading Light, Night Light"
        ),
    ),
    Department(
        path="Home|Furniture", complement=2, median_price_minor=8900, price_spread=0.7, extra_units=0.1,
        nouns=_nouns(
            "Side Table, Bookcase, Stool, Armchair, Coat Rack, Bench, Shelf, Writing Desk, Shoe Cabinet, Mirror"
        ),
    ),
    Department(
        path="Home|Textiles", complement=0, median_price_minor=2600, price_spread=0.5, extra_units=0.5,
        nouns=_nouns(
            "Cushion, Throw, Rug, Curtain, Bed Linen, Bath Towel, Table Runner, Door Mat, Quilt, Napkin Set"
        ),
    ),
    Department(
        path="Kitchen|Cookware", complement=4, median_price_minor=3900, price_spread=0.6, extra_units=0.1,
        nouns=_nouns(
            "Saucepan, Frying Pan, Casserole, Roasting Tin, Wok, Kettle, Chopping Board, Knife Set, Colander, Whisk"
        ),
    ),
    Department(
        path="Kitchen|Tableware", complement=5, median_price_minor=1400, price_spread=0.5, extra_units=1.2,
        nouns=_nouns(
            "Mug, Dinner Plate, Soup Bowl, Tumbler, Teapot, Jug, Egg Cup, Serving Dish, Cake Stand, Butter Dish"
        ),
    ),
    Department(
        path="Kitchen|Pantry", complement=3, median_price_minor=900, price_spread=0.4, extra_units=1.5,
        nouns=_nouns(
            "Coffee Beans, Loose Tea, Olive Oil, Spice Set, Honey, Granola, Hot Chocolate, Chutney, Pasta, Shortbread"
        ),
    ),
    Department(
        path="Garden|Plants", complement=7, median_price_minor=1700, price_spread=0.5, extra_units=0.6,
        nouns=_nouns(
            "Fern, Herb Pot, Rose Bush, Bonsai, Succulent, Seed Box, Lavender, Olive Tree, Bulb Mix, Hanging Basket"
        ),
    ),
    Department(
        path="Garden|Tools", complement=6, median_price_minor=2300, price_spread=0.6, extra_units=0.2,
        nouns=_nouns(
            "Trowel, Watering Can, Secateurs, Spade, Planter, Garden Fork, Hose Reel, Kneeler, Bird Feeder, Wheelbarrow"
        ),
    ),
    Department(
        path="Gifts|Stationery", complement=9, median_price_minor=1100, price_spread=0.4, extra_units=0.9,
        nouns=_nouns(
            "Notebook, Fountain Pen, Card Set, Wrapping Paper, Diary, Pencil Case, Letter Opener, Photo Album, "
            "Calendar, Ink Pot"
        ),
    ),
    Department(
        path="Gifts|Toys", complement=8, median_price_minor=2100, price_spread=0.6, extra_units=0.3,
        nouns=_nouns(
            "Teddy Bear, Puzzle, Train Set, Doll House, Kite, Building Blocks, Board Game, Spinning Top, Puppet, "
            "Marble Run"
        ),
    ),
    Department(
        path="Wardrobe|Clothing", complement=11, median_price_minor=4200, price_spread=0.5, extra_units=0.2,
        nouns=_nouns(
            "Jumper, Scarf, Cardigan, Apron, Dressing Gown, Rain Jacket, Wool Hat, Gloves, Linen Shirt, Slippers"
        ),
    ),
    Department(
        path="Wardrobe|Accessories", complement=10, median_price_minor=2900, price_spread=0.7, extra_units=0.2,
        nouns=_nouns(
            "Tote Bag, Wallet, Umbrella, Belt, Brooch, Watch Strap, Hair Clip, Sunglasses, Key Ring, Wash Bag"
        ),
    ),
)  # fmt: skip

COLLECTIONS = (
    "Oak", "Brass", "Indigo", "Copper", "Linen", "Rustic", "Nordic", "Vintage", "Botanical", "Slate", "Coral", "Ivory",
    "Walnut", "Scarlet", "Polka Dot", "Striped", "Heritage", "Coastal", "Midnight", "Sage", "Marble", "Bamboo",
    "Gingham", "Amber",
)  # fmt: skip

BRANDS = (
    "Alder & Finch", "Bramble House", "Cartwright", "Dovecote", "Ember Lane", "Fennimore", "Greywacke", "Hollins",
    "Inkwell", "Juniper Row", "Kestrel", "Larkrise", "Marlowe", "Northgate", "Orchard Works", "Pemberley", "Quillon",
    "Rookwood", "Saltmarsh", "Thistledown",
)  # fmt: skip

VARIANTS = ("", "Small", "Large", "Pair", "Gift Edition", "Limited Edition")
