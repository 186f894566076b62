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
  const last = cohort.seconds.length - 1;
  const figures = [...curves.querySelectorAll(".curve")];
  let at = null;
  const show = (place) => {
    at = place;
    for (const figure of figures) {
      const line = figure.querySelector(".at");
      line.setAttribute("d", `M${at ?? 0} 0V200`);
      line.toggleAttribute("hidden", at == null);
      tellCurve(figure, cohort, Number(figure.dataset.curve), at);
    }
  };
  curves.addEventListener("pointermove", (event) => {
    const chart = event.target.closest(".curve")?.querySelector(".chart");
    if (!chart) return;
    const area = chart.getBoundingClientRect();
    const place = Math.round(((event.clientX - area.left) / area.width) * last);
    show(Math.min(Math.max(place, 0), last));
  });
  curves.addEventListener("pointerleave", () => show(null));
  curves.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    show(Math.min(Math.max((at ?? 0) + steps[event.key], 0), last));
  });
}
