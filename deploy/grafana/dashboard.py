"""Makes deploy/grafana/ticket-streams.json, a dashboard for Grafana 11: run it from the root.

    python -m deploy.grafana.dashboard

The panels are in ``panels.py``; what they look like, here. No Grafana has loaded the file in our
tests: none can be had there. Grafana's own SDK makes it, and its queries are run for real.
"""

from itertools import count
from pathlib import Path

from grafana_foundation_sdk.builders import common, prometheus, stat, timeseries
from grafana_foundation_sdk.builders import dashboard as grafana
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import dashboard as models

from deploy.grafana.panels import ROWS, Panel

FILE = Path(__file__).with_name("ticket-streams.json")

SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
HEIGHTS = {"stat": 4, "timeseries": 8}


def build() -> str:
    """The dashboard as JSON text."""
    board = (
        grafana.Dashboard("ticket-streams")
        .uid("ticket-streams")
        .description("Tickets, money, Claude's API and Kafka, of all workers of one job.")
        .tags(["ticket-streams", "kafka"])
        .timezone("utc")
        .refresh("30s")
        .time("now-3h", "now")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(grafana.DatasourceVariable("datasource").type("prometheus"))
        .with_variable(
            grafana.QueryVariable("job")
            .datasource(SOURCE)
            .query("label_values(ticket_streams_ready, job)")
            .refresh(models.VariableRefresh.ON_DASHBOARD_LOAD)
            .current(models.VariableOption(text="ticket-streams", value="ticket-streams"))
        )
    )
    ids = count(1)
    for row in ROWS:
        board.with_row(grafana.Row(row.title).id(next(ids)))
        for panel in row.panels:
            builder = _stat(panel) if panel.kind == "stat" else _series(panel)
            board.with_panel(builder.id(next(ids)))
    return JSONEncoder(sort_keys=True, indent=2).encode(board.build()) + "\n"


def _series(panel: Panel) -> timeseries.Panel:
    builder = (
        timeseries.Panel()
        .line_width(1)
        .fill_opacity(25 if panel.stacked else 5)
        .show_points(options.VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(options.LegendDisplayMode.LIST)
            .placement(options.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common.VizTooltipOptions().mode(options.TooltipDisplayMode.MULTI))
    )
    if panel.stacked:
        builder.stacking(common.StackingConfig().mode(options.StackingMode.NORMAL))
    if panel.alarm is not None:
        builder.thresholds_style(
            common.GraphThresholdsStyleConfig().mode(options.GraphThresholdsStyleMode.LINE)
        )
    _common(builder, panel)
    return builder


def _stat(panel: Panel) -> stat.Panel:
    last = common.ReduceDataOptions().calcs(["lastNotNull"])
    builder = stat.Panel().graph_mode(options.BigValueGraphMode.AREA).reduce_options(last)
    if panel.alarm is not None:
        builder.color_mode(options.BigValueColorMode.BACKGROUND)
    _common(builder, panel)
    return builder


def _common(builder: timeseries.Panel | stat.Panel, panel: Panel) -> None:
    steps = [models.Threshold(color="green", value=None)]
    if panel.alarm is not None:
        steps.append(models.Threshold(color="red", value=panel.alarm))
    (
        builder.title(panel.title)
        .description(panel.help)
        .unit(panel.unit)
        .datasource(SOURCE)
        .min(0)
        .span(panel.width)
        .height(HEIGHTS[panel.kind])
        .thresholds(grafana.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps))
    )
    for number, (legend, query) in enumerate(panel.queries.items()):
        target = prometheus.Dataquery().expr(query).legend_format(legend)
        builder.with_target(target.ref_id(chr(ord("A") + number)))


if __name__ == "__main__":
    FILE.write_text(build(), "utf-8")
