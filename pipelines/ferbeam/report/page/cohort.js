/** Draws one small chart: a line and its interval for each group, or how many had a face. */
function drawCurve(figure, cohort, number, most) {
  const place = figure.querySelector(".chart");
  const counted = number === 7;
  const series = [{}];
  const bands = [];
  const rows = [cohort.seconds];
  cohort.groups.forEach((group, index) => {
    const alone = cohort.groups.length === 1;
    const plain = alone && !counted ? () => data.emotions[number].colour : () => colourOf(`--group-${index % 6}`);
    const at = series.length;
    const none = { stroke: "transparent", points: { show: false } };
    series.push({ stroke: plain, width: 2, points: { show: false } });
    rows.push(counted ? group.videos : group.mean[number]);
    if (counted) return;
    series.push({ ...none }, { ...none });
    rows.push(group.high[number], group.low[number]);
    bands.push({ series: [at + 1, at + 2], fill: () => `${plain()}40` });
  });
  const chart = new uPlot({
    width: place.clientWidth || 250,
    height: place.clientHeight || 130,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false }, sync: { key: "cohort" } },
    scales: { x: { time: false }, y: { range: [0, counted ? cohort.most_videos : most] } },
    axes: [timeAxis(24), {
      size: 40, gap: 4, space: 34,
      stroke: () => colourOf("--muted"),
      font: "12px system-ui, sans-serif",
      grid: { stroke: () => colourOf("--grid"), width: 1 },
      ticks: { show: false },
      incrs: counted ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10000] : undefined,
      values: (_, splits) => splits.map((value) => (counted ? value : share(value))),
    }],
    series,
    bands,
    hooks: { setCursor: [(one) => tellCurve(figure, cohort, number, one.cursor.idx)] },
  }, rows, place);
  follow(chart, place);
  return chart;
}

/** Writes the values of one second beside a chart's name. */
function tellCurve(figure, cohort, number, at) {
  const now = figure.querySelector(".now");
  if (at == null) { now.textContent = ""; return; }
  const told = cohort.groups.map((group) => {
    if (number === 7) return group.videos[at] ?? 0;
    const [mean, low, high] = [group.mean, group.low, group.high].map((rows) => rows[number][at]);
    if (mean == null) return "–";
    const between = low == null || cohort.groups.length > 1 ? "" : ` (${Math.round(low)}–${Math.round(high)})`;
    return share(mean) + between;
  });
  now.textContent = `${clock(cohort.seconds[at])}  ${told.join(" · ")}`;
}

const curves = document.querySelector(".curves");
if (curves) {
  const cohort = data.cohort;
  const values = cohort.groups.flatMap((group) => [...group.mean, ...group.high].flat());
  const most = Math.min(100, 1.05 * values.reduce((top, value) => Math.max(top, value ?? 0), 1));
  whenSeen(curves, () => {
    const drawn = [...curves.querySelectorAll(".curve")].map((figure) =>
      drawCurve(figure, cohort, Number(figure.dataset.curve), most));
    let at = 0;
    curves.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10 };
      if (!(event.key in steps)) return;
      event.preventDefault();
      at = Math.min(Math.max(at + steps[event.key], 0), cohort.seconds.length - 1);
      for (const chart of drawn) {
        chart.setCursor({ left: chart.valToPos(cohort.seconds[at], "x"), top: 0 });
      }
    });
  });
}
