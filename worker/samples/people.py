"""Make up people: names from several cultures, joined at random.

The lists hold common names, so a full name may be someone's by chance, and is nobody's on
purpose. All letters are Latin-1, which every font of ``recognition/training/fonts`` draws.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_GIVEN = """
Aaliyah Adaeze Ahmed Aiko Alejandro Amélie Ana-Sofía Anders André Anneke Aoife Astrid Bao
Beatriz Björn Camille Carlos Chloé Chinedu Clara Daniel Deepika Diego Élodie Emeka Emily
Émile Esteban Fatima Femke Fiona François Freya Gaël Giulia Günter Hana Hassan Hélène Henry
Hiroshi Imani Inés Ingrid Isabella Jack Jamal Jean-Luc Jörg José Joséphine Kaito Karin
Kwame Laila Lars Leïla Liam Linh Louise Lucía Mads Mai Marcus Marie-Claire María Martin
Matteo Mei Michael Mohammed Naomi Ngozi Niamh Noah Noé Nora Olivia Omar Oskar Óscar Patrick
Paula Priya Quentin Rachel Rafael Renée Ruth Samuel Sean Sigrid Sofia Søren Tariq Thérèse
Thomas Tomás Ursula Valentina Viktor Walter Wei Ximena Yasmin Yusuf Zoé Zuri
"""
_FAMILY = """
Abebe Adeyemi Al-Masri Álvarez Andersson Araújo Bauer Bergström Bianchi Böhm Brown
Castañeda Chen Clarke Cohen Côté Cruz D'Angelo D'Souza Delacroix Diaz Diallo Dubois Dupont
Edwards Eriksen Evans Fernández Fischer Fitzgerald Fontaine Fraser Fujita García-López
González Grant Guérin Gupta Hansen Haddad Hernández Hoang Hughes Ibrahim Ito Jensen Jiménez
Johnson Jones Khan Kim Kowalski Lacroix Lefèvre Lindqvist Lopes Ly MacLeod Martin-Dubois
Martínez Mbeki McCarthy Mendoza Meyer Moreau Müller Nakamura Ncube Nguyen Núñez O'Brien
O'Connor O'Neill Okafor Okonkwo Olsen Ortega Östlund Park Patel Pereira Petit Pham Quinn
Ramírez Rao Reyes Rossi Roux Sánchez Santos Schäfer Schmidt Sharma Silva Singh Smith
Sørensen St-Pierre Suzuki Tanaka Taylor Thompson Tran Vega Vasquez Vidal Wagner Walker Weiß
Williams Wilson Wong Yamamoto Yilmaz Young Zhang Zimmermann
"""
GIVEN_NAMES = tuple(_GIVEN.split())
FAMILY_NAMES = tuple(_FAMILY.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A made-up person."""

    given: str = field(repr=False)
    family: str = field(repr=False)

    @property
    def full(self) -> str:
        """Both names, as they are signed."""
        return f"{self.given} {self.family}"


def make_person(rng: np.random.Generator, *, family: str | None = None) -> Person:
    """Draw a person, of the family named or of any."""
    given = GIVEN_NAMES[int(rng.integers(len(GIVEN_NAMES)))]
    if family is None:
        family = FAMILY_NAMES[int(rng.integers(len(FAMILY_NAMES)))]
    return Person(given=given, family=family)
