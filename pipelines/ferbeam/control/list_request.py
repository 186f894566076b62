"""Lists the INPUT of an analysis, once it is known that neither it nor OUTPUT is in the way."""

from __future__ import annotations

from fer_core.errors import UsageError
from ferbeam.analysis.list_media import Listing, list_input
from ferbeam.control.request import AnalysisRequest
from ferbeam.output.analysis_folder import OUTPUT
from ferbeam.output.ownership import check_folder
from ferbeam.query.targets import refuse_own_files
from ferbeam.stores.overlap import refuse_listed, refuse_overlap


def list_request(request: AnalysisRequest) -> Listing:
    """Checks that a run could read INPUT and write OUTPUT, and lists INPUT; changes nothing.

    Raises:
        UsageError: INPUT does not exist or holds no media; OUTPUT is not ours, or cannot be
            named; one lies in the other, or the file of metrics in OUTPUT.
    """
    output = request.output
    if any("\udc80" <= letter <= "\udcff" for letter in output.root):
        # Arrow and FFmpeg could not write there.
        raise UsageError(f"OUTPUT {output.root}: its path is not UTF-8; choose another")
    refuse_overlap(request.input, output.root, "OUTPUT")
    check_folder(output, OUTPUT)
    if request.metrics is not None:
        refuse_own_files(output, request.metrics)
    listing = list_input(request.input, request.settings.picks)
    refuse_listed(request.input, (medium.path for medium in listing.media), output.root)
    return listing
