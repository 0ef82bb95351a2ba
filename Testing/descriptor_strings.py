"""Descriptions with planted identifiers, labelled: what must go, and which words must stay.

A template is the clean text with [slots]; what is put into a slot identifies somebody, everything around it nobody.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_SLOT = re.compile(r"\[(\w+)\]")
_TOKEN = re.compile(r"[^\W_]+(?:[.,%+]\d+)*")


@dataclass(frozen=True)
class Header:
    """What the data set around a description says of its people and places, as DICOM values."""

    patient: str
    patient_id: str
    birth_date: str
    physician: str
    institution: str
    address: str


@dataclass(frozen=True)
class LabelledText:
    """One description; `planted` are the identifiers in it as they are written there, `clean` all other words."""

    text: str
    planted: tuple[str, ...]
    clean: tuple[str, ...]
    header: Header

    def left_in(self, cleaned: str) -> list[str]:
        """The parts of identifiers that are still found: words of three letters, numbers of three digits and longer."""
        words = {word.casefold() for word in _TOKEN.findall(cleaned)}
        harmless = _CUES.union(word.casefold() for word in self.clean)
        parts = {part.casefold() for planted in self.planted for part in re.findall(r"[^\W\d_]{2,}|\d{3,}", planted)}
        return sorted(part for part in parts - harmless if part in words or _stands_in(part, cleaned.casefold()))

    def lost_from(self, cleaned: str) -> list[str]:
        """Clean words that are no longer there."""
        return sorted((Counter(self.clean) - Counter(_TOKEN.findall(cleaned))).elements())


def _stands_in(part: str, text: str) -> bool:
    return len(part) >= 6 and part in text


HEADERS = (
    Header("Mayerhofer^Anna", "HOSP-4711", "19610203", "Quackenbush^Ben", "Mercy Hospital", "Elm Street 13"),
    Header(
        "MÜLLER-LÜDENSCHEIDT^JÖRG", "P00815", "19450331", "Grünwälder^Zoë", "Klinikum Nebelstätten", "Krähenwinkel 7"
    ),
    Header(
        "Núñez-Ibáñez^Maríñela", "NHC778812", "19720909", "Fuentesaúco^Íñigo", "Hospital La Nespereira", "Calle Olmo 4"
    ),
    Header(
        "Léveillé^Frédérique", "IPP-90817263", "19880229", "Courvoisier^Aurèle", "CHU de Grisvallon", "12 rue des Lilas"
    ),
    Header(
        "D'Ambrosio^Gianfranca", "CF-DMBGFR77", "19770417", "Quattrocchi^Ilario", "Ospedale San Zeverino", "Via Roma 12"
    ),
    Header(
        "O'Shaughnessy^Siobhan",
        "MRN0012345",
        "19991231",
        "Thistlewood^Barnaby",
        "Saint Brannoc Infirmary",
        "5 Quay Road",
    ),
    Header("van den Broeck^Wouter", "77120988", "19330101", "Vandersloot^Pieter", "UZ Zevenkerken", "Kerkstraat 9"),
    Header(
        "Szczepański^Łukasz", "PESEL44051401458", "19440514", "Żurawicz^Grażyna", "Szpital Wiązowna", "ul. Lipowa 3"
    ),
    Header("Wang^XiaoDongbei=王^晓东北", "X4F7G2K9", "20010615", "Li^Wei=李^伟", "北海仁和医院", "中山路12号"),
    Header(
        "Yamadaguchi^Tarouji=山田口^太郎次",
        "JP-5583-21",
        "19571105",
        "Satonaka^Hikari",
        "Minamikaze Hospital",
        "Sakura 2-3",
    ),
    Header("Nguyễn Thị^Hồng", "VN1029384", "19830720", "Okonjwara^Ngozika", "Havnegård Sygehus", "Fjordgløtten 8"),
    Header("Иваненков^Борис", "RU-660099", "19660606", "Åkerström^Birgitté", "Øvrevik Sykehus", "Storgata 21"),
)
"""Fictional people of many languages; no name is on the program's list of names."""

STRANGERS = (
    "Schulze-Röhrig", "McAllister", "Bellegarde", "Zubizarreta", "Pasqualotto", "Featherstonehaugh", "Kovalchuk",
    "Dąbrowska", "Papadimitriou", "Abdelrahman", "Thorvaldsen", "Nkrumah", "Wijnbergen", "Hämäläinen",
    "Csíkszentmihályi",
)  # fmt: skip
"""People of whom the header says nothing."""

DATES = (
    "31.01.2020", "2020-01-31", "01/31/2020", "20200131", "31 Jan 2020", "Jan 31, 2020", "31. Januar 2020",
    "31 janvier 2020", "31 de enero de 2020", "31 gennaio 2020", "12. Mai 2019", "3/2020", "31.1.20", "2020_01_31",
    "1er mars 2018", "2020年1月31日",
)  # fmt: skip
PHONES = ("030 555 1234", "+49 (0)30 5551234", "(555) 867-5309", "555-867-5309", "01 45 67 89 10", "+34 912 345 678")
NUMBERS = ("A1234567", "20194711", "AB-99812", "4F7G2K9Q", "1234567", "77-44120", "1.2.826.0.1.3680043.9.7133.1.5")
MAILS = ("b.quackenbush@mercy.example", "anna@example.org", "https://pacs.example.org/study/12", "www.example.org/u/77")
TIMES = ("14:30", "08:15:00", "7h45", "14 Uhr")
PLACES = (
    "13 Elm Street",
    "Hauptstr. 5",
    "Bahnhofstraße 12a",
    "12, rue Victor Hugo",
    "Calle Mayor 3",
    "Via Garibaldi 22",
)

PROTOCOLS = (
    "t2_tse_sag_p2_384 [written]", "T1w 3D MPRAGE sag p2 iso 1.0 mm [patient]", "ep2d_diff_mddw_20_p2_TRACEW [id]",
    "HEAD^BRAIN ROUTINE [patient]", "Abdomen^01_ThoraxAbdomen (Erwachsene) [date]", "AX T2 FSE FS L4-L5 [patient]",
    "CT Thorax 120kVp 3mm B30f [patient]", "DR Thorax pa [patient]", "Ax LAVA Flex+C phase 30% [id]",
    "Coronary CTA 70% bestdiast [written]", "PET CT WB FDG TOF PSF [patient]", "MR Knie 2019 rechts nativ [written]",
    "WATER: Ax T1 VIBE Dixon [date]", "b1000 ADC [number]", "SAG STIR TE80 TR4000 [patient]", "scout [patient]",
    "MG RCC ROUTINE [patient]", "Dose Report [number]", "4D flow BH 12 [written]", "Topogram 0.6 T20f [patient]",
    "L-Spine T1 TSE Mai [patient]", "CTV 50.4 Gy [patient]", "PTV_60 [patient]", "ROI 1 Lung_L [patient]",
    "Cor T2 HASTE [patient]", "TOF 3D multi-slab MRA COW [date]", "CTA Carotids 0.75 Bv40 S3 [number]",
    "IAC 0.4mm FIESTA-C [patient]", "BRAVO Coronal recon [written]", "Phase 3 art 512x512 [id]",
    "SmartScore - Gated 0.5 sec [patient]",
)  # fmt: skip
SENTENCES = (
    "Knee of [patient], [date]", "lesion of [patient]", "motion, please call [phone]",
    "Pt moved, asked Dr. [stranger] for review", "history of carcinoma, biopsy on [date] by Dr. [stranger]",
    "sent by [institution] for follow up", "read by Dr [doctor], signed [date]", "MRN: [id] chest pain",
    "patient [patient] (DOB: [birth]) unable to hold breath", "images at [time], contrast 80 ml",
    "comparison with study [number] of [date]", "report to [mail], fracture of the left femur",
    "lives at [place], unable to travel", "Mrs. [stranger] was tired", "technologist: [stranger], repeat of series 5",
    "nodule in segment 6 of the liver, 12 mm, [patient]", "stent placed by Prof. [stranger] in 2012",
    "transferred from [institution], possible stroke", "93 y/o female with cough, ref. Dr. [doctor]",
    "allergic to penicillin, says [patient]", "Schädel MRT bei Verdacht auf Infarkt, Zuweiser: Dr. med. [doctor]",
    "Kniegelenk rechts, Frau [patient] nicht kooperativ", "Befundet von Oberarzt Dr. [stranger] am [date]",
    "Untersuchung um [time] abgebrochen, Rückruf Tel. [phone]",
    "Patientin geb. [birth], Halswirbelsäulenverletzung nach Sturz", "Überwiesen aus [institution], Lungenembolie?",
    "Fall-Nr. [number], Kontrolle der Raumforderung",
    "Kopf nativ und nach Kontrastmittelgabe, Herr [stranger] unruhig",
    "Lendenwirbelsäule, Voruntersuchung vom [date] zum Vergleich", "wohnhaft [place], Zustand nach Sturz",
    "IRM cérébrale pour céphalées, médecin: Dr [doctor]", "Scanner thoracique de Mme [patient] le [date]",
    "Suivi de nodule pulmonaire, adressé par le Pr [stranger]", "Patient né le [birth], douleur de la hanche droite",
    "Examen réalisé à [time], contact tél. [phone]", "épaule gauche, envoyé par [institution]",
    "RM de rodilla derecha, Sra. [patient], dolor", "TC de tórax solicitado por Dr. [doctor] el [date]",
    "Paciente nacido [birth], sospecha de neumonía", "Control de lesión hepática, [institution]",
    "Historia [number], cefalea", "RM encefalo per cefalea, Dott. [doctor]", "TC torace del [date], sig. [patient]",
    "Ecografia epatica, [institution], nodulo", "Paziente nato il [birth], frattura del polso",
    "ginocchio destro, referto inviato a [mail]", "頭部MRI 単純 [patient]", "胸部CT 造影 [date]", "头部 平扫 [patient]",
    "[patient] Schädel", "[patient], thorax ap", "Dr. [stranger]",
)  # fmt: skip


def labelled_texts(seed: int = 0) -> Iterator[LabelledText]:
    """Every template, with people, numbers and ways of writing drawn anew; the same for the same seed."""
    draw = random.Random(seed)
    for round_number in range(6):
        for number, template in enumerate((*PROTOCOLS, *SENTENCES)):
            header = HEADERS[(number + 5 * round_number) % len(HEADERS)]
            yield _filled(template, header, draw)


def _filled(template: str, header: Header, draw: random.Random) -> LabelledText:
    planted: list[str] = []

    def fill(match: re.Match[str]) -> str:
        planted.append(_identifier(match[1], header, draw))
        return planted[-1]

    text = _SLOT.sub(fill, template)
    aged = "93" if template.startswith("93") else ""
    clean = [word for word in _TOKEN.findall(_SLOT.sub(" ", template)) if not _is_cue(word) and word != aged]
    return LabelledText(text, tuple(planted), tuple(clean), header)


_CUES = {
    "am", "call", "contact", "dob", "dott", "dr", "el", "fall", "frau", "geb", "herr", "historia", "il", "le",
    "med", "mme", "mrn", "mrs", "nacido", "nato", "nr", "né", "o", "oberarzt", "pr", "prof", "ref", "rückruf",
    "sig", "sra", "study", "tel", "tél", "um", "vom", "wohnhaft", "y",
}  # fmt: skip
"""Titles and labels: they may go together with what they announce."""


def _is_cue(word: str) -> bool:
    return word.casefold() in _CUES


def _identifier(slot: str, header: Header, draw: random.Random) -> str:
    if slot in ("patient", "doctor", "written"):
        return _name_in_text(header.physician if slot == "doctor" else header.patient, draw, joined=slot == "written")
    if slot == "birth":
        year, month, day = header.birth_date[:4], header.birth_date[4:6], header.birth_date[6:]
        return draw.choice((f"{day}.{month}.{year}", f"{year}-{month}-{day}", f"{month}/{day}/{year}"))
    choices = {
        "id": (header.patient_id, header.patient_id.lower()),
        "institution": (header.institution,),
        "stranger": STRANGERS, "date": DATES, "phone": PHONES, "number": NUMBERS, "mail": MAILS, "time": TIMES,
        "place": (*PLACES, header.address),
    }  # fmt: skip
    return draw.choice(choices[slot])


def _name_in_text(name: str, draw: random.Random, joined: bool) -> str:
    """A PN value as people write it in descriptions."""
    alphabetic, _, ideographic = name.partition("=")
    family, given = alphabetic.split("^")
    writings = [
        f"{family}, {given}", f"{given} {family}", f"{given[0]}. {family}", family, family.upper(), family.lower(),
        f"{family}^{given}", family.swapcase(), f"{given} {family}".upper(), family.translate(_WITHOUT_UMLAUTS),
        f"{family} {given[0]}.",
    ]  # fmt: skip
    if ideographic:
        writings += [ideographic.replace("^", ""), f"{ideographic.replace('^', '')}様", ideographic.replace("^", " ")]
    if joined:
        writings = [family.replace(" ", "_"), f"_{family}".replace(" ", "_"), f"{family}_{given}".replace(" ", "_")]
    return draw.choice(writings)


_WITHOUT_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
