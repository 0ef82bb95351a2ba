"""How the render modes that come with DicomSuite are called on the screen."""

from __future__ import annotations

from slicer.i18n import tr as _

from DicomSuiteRenderLib.render_mode import RenderMode


def modeLabel(mode: RenderMode) -> str:
    """A word or two for a small button; the mode's own name where it is not one of DicomSuite's."""
    return _builtInWords().get(mode.key, (mode.name, ""))[0]


def modeToolTip(mode: RenderMode) -> str:
    """A sentence about what is seen."""
    return _builtInWords().get(mode.key, ("", mode.name))[1]


def _builtInWords() -> dict[str, tuple[str, str]]:
    return {
        "bone-surface": (_("Bone"), _("The surface of bone, white")),
        "skin-surface": (_("Skin"), _("The surface of the skin, half transparent")),
        "skin-and-bone": (_("Skin + bone"), _("Bone through transparent skin")),
        "mip": (_("MIP"), _("Maximum intensity projection: the brightest voxel along each ray, in the window")),
        "minip": (_("MinIP"), _("Minimum intensity projection: the darkest voxel along each ray, in the window")),
        "average": (_("Average"), _("The mean along each ray, in the window")),
        "x-ray": (_("X-ray"), _("The mean along each ray of a CT, as on a radiograph")),
        "ct-mip": (_("CT MIP"), _("Maximum intensity projection of bone and contrast medium")),
        "ct-minip": (_("Airways"), _("Minimum intensity projection of a CT, without the air around the patient")),
        "pet-mip": (_("PET"), _("Maximum intensity projection, black on white")),
        "pet-hot": (_("PET hot"), _("Maximum intensity projection in black, red, orange and white")),
        "composite-bone": (_("Composite"), _("The whole window as a translucent body in the colours of bone")),
        "ct-bone": (_("Bone 3D"), _("Bone as a lit body: the voxels themselves, without a surface in between")),
        "ct-soft-tissue": (_("Soft tissue"), _("Muscle and organs as a lit body, without fat")),
        "ct-lung": (_("Lung"), _("Vessels and airways in the lungs")),
        "ct-vessels": (_("Vessels"), _("Vessels with contrast medium in red, bone in white")),
        "mr": (_("MR"), _("The head or body of an MR volume as a lit body")),
    }
