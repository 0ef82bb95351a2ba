"""What an export does beyond the profile: gathered from the panels that ask for it, and told in a line before it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.crosswalk_panel import CrosswalkPanel
from DicomSuiteAnonymizeGui.faces_panel import FacesPanel
from DicomSuiteAnonymizeLib.command_lines import Extras
from DicomSuiteAnonymizeLib.pixels.user_rules import UserRules
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteGui.stored_settings import storedSettings


class ExportExtras:
    """Reads the panels `faces` and `crosswalk`, the settings, and the parameters that it is given."""

    def __init__(self, faces: FacesPanel, crosswalk: CrosswalkPanel) -> None:
        self._faces = faces
        self._crosswalk = crosswalk

    def extras(self, parameters, options: Collection[Option]) -> Extras:
        """For a profile with these options. Raises DicomSuiteError where the settings cannot be used."""
        settings, cleansPixels = storedSettings(), Option.CLEAN_PIXEL_DATA in options
        return Extras(
            pixel_rules=UserRules(settings.store_folder()).files if cleansPixels else (),
            read_text=cleansPixels and parameters.readText,
            faces_refused=self._faces.refused if Option.CLEAN_FACES in options else (),
            faces_absent=self._faces.absent if Option.CLEAN_FACES in options else (),
            other_formats=parameters.otherFormats,
            crosswalk=self._crosswalk.file if parameters.writeCrosswalk else None,
            encrypt_crosswalk=parameters.encryptCrosswalk,
            pseudonyms=self._crosswalk.settings.pseudonyms,
            refuse_unknown_patients=parameters.refuseUnknownPatients,
            cluster=settings.cluster,
        )


def extrasText(extras: Extras, safePrivate: Path | None) -> str:
    """What the extras and the list of private attributes are, for the user to check; "" where there are none."""
    count = len(extras.faces_refused)
    parts = [
        (extras.read_text, _("text in pictures is read")),
        (count, _("{count} series without approved faces are set aside").format(count=count)),
        (extras.other_formats, _("other formats are cleaned")),
        (extras.crosswalk, _("a crosswalk is written")),
        (extras.pseudonyms, _("given pseudonyms are used")),
        (safePrivate, _("private attributes of your list stay")),
        (extras.cluster, _("it runs on {address}").format(address=extras.cluster)),
    ]
    said = [text for isUsed, text in parts if isUsed]
    return _("With this export: {list}.").format(list="; ".join(said)) if said else ""
