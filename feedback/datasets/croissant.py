"""Croissant metadata of a folder (MLCommons, 1.0), with the fields of its responsible-AI vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from feedback.datasets import card
from feedback.datasets.card import Facts
from feedback.datasets.models import Export
from feedback.datasets.shapes.columns import BOOL, FLOAT, INT, JSON, Columns, Kind

if TYPE_CHECKING:
    from feedback.datasets.folder import Member

CROISSANT, RAI = "http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"
TERMS = (
    "citeAs", "column", "extract", "field", "fileProperty", "fileObject", "fileSet", "format", "includes",
    "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex", "repeated",
    "replace", "separator", "source", "subField", "transform",
)  # fmt: skip
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in TERMS},
}
TYPES = {INT: "sc:Integer", FLOAT: "sc:Float", BOOL: "sc:Boolean"}
ENCODINGS = {Export.Format.JSONL: "application/jsonlines", Export.Format.PARQUET: "application/x-parquet"}


def described(about: Facts, members: list[Member]) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [CROISSANT, RAI],
        "name": f"{about['project']}-{about['dataset']}",
        "description": f"{card.title(about)}: human preferences and judgements of answers of language models.",
        "version": f"{about['version']}.0.0",
        "license": card.licence(about),
        "url": f"urn:touchstone:{about['project']}:{about['dataset']}:{about['version']}",
        "creator": {"@type": "sc:Organization", "name": about["project"]},
        "datePublished": (about["as_of"] or "1970-01-01")[:10],
        "citeAs": f"{about['project']}: {card.title(about)}, rows {about['rows_sha256'][:16]}",
        "isLiveDataset": False,
        **responsible(about),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": one.name,
                "name": one.name,
                "contentUrl": one.name,
                "contentSize": f"{one.n_bytes} B",
                "encodingFormat": ENCODINGS[Export.Format(one.piece.format)],
                "sha256": one.sha256,
            }
            for one in members
        ],
        "recordSet": [record_set(one) for one in members],
    }


def record_set(one: Member) -> dict[str, Any]:
    """The rows of one file. JSON that has no names is text in Parquet, and in JSONL nothing that Croissant has words
    for: there it is left to docs/reference/shapes.md.
    """
    name = f"{one.piece.shape}-{one.split}"
    found = one.piece.maker.columns(one.piece.cursor["facts"])
    found = without_json(found) if one.piece.format == Export.Format.JSONL else found
    words = card.WORDS[Export.Shape(one.piece.shape)]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"{words} Split: {one.split}.",
        "field": list(fields(name, one.name, found)),
    }


def without_json(columns: Columns) -> Columns:
    kept: Columns = {}
    for name, kind in columns.items():
        inner = kind[0] if isinstance(kind, list) else kind
        if isinstance(inner, dict):
            plain = {part: of for part, of in inner.items() if of != JSON}
            kept[name] = [plain] if isinstance(kind, list) else plain
        elif inner != JSON:
            kept[name] = kind
    return kept


def fields(record_set: str, file: str, columns: dict[str, Kind]) -> Iterator[dict[str, Any]]:
    """Objects by their plain parts; those of a list as lists beside each other."""
    for column, kind in columns.items():
        inner = kind[0] if isinstance(kind, list) else kind
        name, source = f"{record_set}/{column}", {"fileObject": {"@id": file}, "extract": {"column": column}}
        about: dict[str, Any] = {"@type": "cr:Field", "@id": name, "name": column}
        if isinstance(kind, list):
            about["repeated"] = True
        if isinstance(inner, dict):
            parts = {part: of for part, of in inner.items() if isinstance(of, str)}
            yield about | {"subField": [sub_field(name, part, of, source) for part, of in parts.items()]}
        else:
            yield about | {"dataType": TYPES.get(inner, "sc:Text"), "source": source}


def sub_field(name: str, part: str, kind: str, source: dict[str, Any]) -> dict[str, Any]:
    extracted = {**source, "transform": {"jsonPath": part}}
    about = {"@type": "cr:Field", "@id": f"{name}/{part}", "name": f"{name.rpartition('/')[2]}/{part}"}
    return {**about, "dataType": TYPES.get(kind, "sc:Text"), "source": extracted}


def responsible(about: Facts) -> dict[str, Any]:
    counts = about["counts"]
    each = counts["votes"] / counts["comparisons"] if counts["comparisons"] else 0
    return {
        "rai:dataCollection": card.collection(about),
        "rai:dataCollectionType": ["Manual Human Curator", "Experiments"],
        "rai:dataAnnotationProtocol": f"Rubrics: {card.listed(about['rubrics'])}. "
        f"Guidelines: {card.listed(about['guidelines'])}.",
        "rai:dataAnnotationPlatform": ["Touchstone"],
        "rai:dataAnnotationAnalysis": [card.figures(about)],
        "rai:annotationsPerItem": f"{each:.1f} votes a comparison on average",
        "rai:annotatorDemographics": ["Not recorded: reviewers are pseudonyms."],
        "rai:machineAnnotationTools": ["None: every vote in these files is a person's."],
        "rai:personalSensitiveInformation": [card.PERSONAL],
        "rai:dataBiases": [card.figures(about)],
        "rai:dataLimitations": [card.LIMITS],
        "rai:dataUseCases": [card.WORDS[Export.Shape(shape)] for shape in card.by_shape(about)],
        "rai:dataReleaseMaintenancePlan": "A version never changes; what is judged later is in a later version.",
    }
