"""Tell from a printed label whether a name of a person goes beside it, and which part of one.

Labels are compared folded: small letters without accents, and ``rn`` as ``m``, which readers of
print take for each other. The words of some twenty languages of Latin script are known, and the
commonest of Greek, Cyrillic, Chinese and Japanese.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from segmentation.types import FieldKind

if TYPE_CHECKING:
    from collections.abc import Collection


class Meaning(Enum):
    """What a label asks for."""

    GIVEN = auto()
    FAMILY = auto()
    FULL = auto()
    NAME = auto()  # the whole, or the family's where a label beside it asks for the given one
    PERSON = auto()  # names no name, only whose: "Patient", "Parent or guardian"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelParams:
    """How long labels are; words."""

    max_words: int = 9  # more is a sentence
    max_other: int = 5  # words beside those that ask for a name
    max_person_words: int = 7


# Terms of several words stand before their parts: the longest that fits counts.
_FAMILY = (
    "family name|last name|second name|surname|maiden name|birth name|lastname|familyname|"
    "nom de famille|nom de naissance|nom d usage|nom marital|nom patronymique|nom usuel|"
    "nachname|familienname|zuname|geburtsname|"
    "primer apellido|segundo apellido|apellidos|apellido|cognome|sobrenome|ultimo nome|apelido|"
    "achternaam|familienaam|efternamn|slaktnamn|efternavn|etternavn|slektsnavn|sukunimi|"
    "perekonnanimi|uzvards|pavarde|nazwisko|prijmeni|priezvisko|vezeteknev|csaladi nev|"
    "nume de familie|numele de familie|prezime|priimek|soyadi|soyad|soyisim|mbiemri|"
    "επωνυμο|фамилия|прізвище|фамилно име|презиме|姓"
)
_GIVEN = (
    "first name|first names|given name|given names|forename|forenames|christian name|middle name|"
    "middle names|preferred name|firstname|prenoms|prenom|vornamen|vorname|rufname|"
    "primer nombre|segundo nombre|nombre de pila|nome proprio|primeiro nome|"
    "voornamen|voornaam|roepnaam|fornamn|tilltalsnamn|fornavn|etunimi|eesnimi|vards|vardas|"
    "imiona|imie|krestni jmeno|krstne meno|keresztnev|utonev|prenume|prenumele|adi|ad|isim|"
    "emri|ονομα|имя|ім я|собствено име|名"
)
_NAME = (
    "nom|name|names|nombre|nombres|nome|naam|namn|navn|nimi|nafn|nume|numele|nazwa|jmeno|meno|"
    "nev|ime|vardas|emer"
)
_MOSTLY_GIVEN = frozenset(("nombre", "nombres", "nome", "jmeno", "meno", "ime", "nimi", "emer"))
_FULL = (
    "full name|complete name|vor und nachname|vor und zuname|nom complet|"
    "nombre completo|nome completo|volledige naam|"
    "fullstandigt namn|fulde navn|fullt navn|koko nimi|teljes nev|imie i nazwisko|"
    "nazwisko i imie|cele jmeno|nume complet|numele complet|adi soyadi|ad soyad|ime i prezime|"
    "ime in priimek|ονοματεπωνυμο|фио|ф и о|піб|име и презиме|姓名|氏名|名前|お名前"  # noqa: RUF001, Cyrillic is meant
)
_PERSONS = (
    "patient|patients|participant|participants|client|student|pupil|parent|parents|guardian|"
    "guardians|mother|father|spouse|partner|husband|wife|child|employee|applicant|staff|"
    "volunteer|doctor|physician|nurse|witness|teacher|insured|policyholder|subscriber|member|"
    "responsable|eleve|mere|pere|conjoint|enfant|medecin|temoin|assure|"
    "schuler|schulerin|mutter|vater|kind|erziehungsberechtigte|erziehungsberechtigter|"
    "antragsteller|antragstellerin|versicherter|zeuge|"
    "paciente|alumno|alumna|madre|padre|tutor|solicitante|testigo|paziente|alunno|genitore|"
    "aluno|mae|pai|encarregado|leerling|ouder|moeder|vader|kontaktperson|contact"
)
# With one of these, a label asks for something else, whatever else it says.
_OTHERS = (
    "company|business|organization|organisation|school|college|university|clinic|hospital|"
    "practice|agency|pharmacy|employer|bank|file|user|username|login|drug|medication|medicine|"
    "product|brand|program|programme|course|class of|street|road|city|town|county|country|"
    "initial|initials|letter|letters|digits|signature|signed|sign|pet|animal|vessel|account|"
    "domain|project|team|shop|store|church|phone|telephone|email|e mail|number|date|dob|"
    "address|relationship|relation|consent|information|age|"
    "entreprise|societe|ecole|etablissement|rue|ville|banque|medicament|adresse|initiales|"
    "utilisateur|signataire|firma|unternehmen|schule|strasse|ort|bankname|medikament|"
    "unterschrift|anschrift|empresa|escuela|calle|ciudad|banco|firma del|medicamento|direccion|"
    "usuario|azienda|ditta|scuola|via|citta|banca|farmaco|indirizzo|firma di|"
    "escola|rua|cidade|morada|assinatura|bedrijf|straat|plaats|school|handtekening|adres|"
    "foretag|skola|gata|foretak|skole|gate|signatur|underskrift|ulica|szkola|podpis|podpisu"
)
_JOINERS = frozenset(
    (
        "of", "the", "a", "an", "and", "or", "if", "under", "legal", "s", "your", "emergency",
        "to", "be", "in", "case", "for", "i", "1", "2", "3", "4", "5", "18", "as", "who", "de",
        "du", "la", "le", "l", "et", "ou", "der", "die", "des", "und", "oder", "y", "o", "del",
        "e", "ed", "da", "do", "em", "van", "en", "och", "og",
    )
)  # fmt: skip


_PLAIN = str.maketrans({"\u0131": "i", "\u0142": "l", "\u00f8": "o"})  # dotless i, l and o barred


def fold_label(text: str) -> str:
    """Give the words of a label without case, accents and marks, parted by single spaces."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = plain.translate(_PLAIN)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", plain).strip().replace("rn", "m")


def _pattern(terms: str) -> re.Pattern[str]:
    longest_first = sorted({fold_label(t) for t in terms.split("|")}, key=len, reverse=True)
    spaced = [re.escape(term) for term in longest_first if term.isascii() or len(term) > 2]
    joined = [re.escape(term) for term in longest_first if term not in {"", *spaced}]
    words = rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)"
    return re.compile("|".join([words, *joined]) if joined else words)


_PATTERNS = {
    Meaning.FULL: _pattern(_FULL),
    Meaning.FAMILY: _pattern(_FAMILY),
    Meaning.GIVEN: _pattern(_GIVEN),
    Meaning.NAME: _pattern(_NAME),
}
_OTHER_PATTERN = _pattern(_OTHERS)
_PERSON_PATTERN = _pattern(_PERSONS)


def read_label(text: str, params: LabelParams) -> Meaning | None:
    """Say what a label asks for, or None where it asks for no name of a person."""
    folded = fold_label(text)
    if not folded or _OTHER_PATTERN.search(folded):
        return None
    found: set[Meaning] = set()
    rest = folded
    for meaning, pattern in _PATTERNS.items():
        rest, count = pattern.subn(" ", rest)
        if count:
            found.add(meaning)
    others = [word for word in rest.split() if len(word) > 1 and word not in _JOINERS]
    if found:
        fits = len(folded.split()) <= params.max_words and len(others) <= params.max_other
        return _joined(found) if fits else None
    left, count = _PERSON_PATTERN.subn(" ", folded)
    plain = all(word in _JOINERS for word in left.split())
    if count and plain and len(folded.split()) <= params.max_person_words:
        return Meaning.PERSON
    return None


def _joined(found: set[Meaning]) -> Meaning:
    """Settle what a label of several terms asks for: "Name, Vorname" is the whole name."""
    if Meaning.FULL in found:
        return Meaning.FULL
    return found.pop() if len(found) == 1 else Meaning.FULL


def kind_of(label: str, meaning: Meaning, beside: Collection[Meaning]) -> FieldKind:
    """Give the kind of a field by its label.

    Args:
        label: as it is printed.
        meaning: what it asks for.
        beside: what other labels near by ask for. A bare "Nom" or "Name" is the family's where
            a given name is asked for on its own, and a bare "Nombre" or "Nome" the given one
            where the family's is.
    """
    if meaning is Meaning.GIVEN:
        return FieldKind.FIRST_NAME
    if meaning is Meaning.FAMILY:
        return FieldKind.LAST_NAME
    folded = fold_label(label)
    if meaning is Meaning.NAME and " " not in folded:
        if Meaning.GIVEN in beside:
            return FieldKind.LAST_NAME
        if Meaning.FAMILY in beside and folded in _MOSTLY_GIVEN:
            return FieldKind.FIRST_NAME
    return FieldKind.FULL_NAME


def slug(text: str) -> str:
    """Make a field's name of its label: ``Nom de l'élève :`` to ``nom_de_l_eleve``."""
    plain = re.sub(r"['\u2019]s\b", "s", unicodedata.normalize("NFKD", text).casefold())
    words = re.sub(r"[^a-z0-9]+", "_", plain.encode("ascii", "ignore").decode()).strip("_")
    return words[:48].strip("_") or "name"
