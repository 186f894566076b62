/** Writes the values of one second beside a chart's name. */
function tellCurve(figure, cohort, number, at) {
  const now = figure.querySelector(".now");
  if (at == null) { now.textContent = ""; return; }
  const told = cohort.groups.map((group) => {
    if (number === cohort.measures.length) return group.videos[at] ?? 0;
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
  const chooser = document.querySelector(".chooser");
  chooser.classList.add("ready");
  curves.classList.add("one");
  chooser.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    for (const other of chooser.querySelectorAll("button")) {
      other.setAttribute("aria-pressed", other === button);
    }
    for (const figure of figures) {
      figure.classList.toggle("chosen", figure.dataset.curve === button.dataset.curve);
    }
  });
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

/** Writes rows as CSV (RFC 4180), with a mark by which spreadsheets know UTF-8. */
function csvOf(rows) {
  const quote = (value) => (/[",\n\r]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? ""));
  return `\ufeff${rows.map((row) => row.map(quote).join(",")).join("\r\n")}\r\n`;
}

/** Hands a file to the reader. */
function save(name, rows) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csvOf(rows)], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Lists the curves, a row for each second and group. */
function curveRows(cohort) {
  const parts = ["mean", "low", "high"];
  const head = ["second", "viewer_group", "videos", ...cohort.measures.flatMap((name) => parts.map((part) => `${part}_${name}_percent`))];
  const rows = cohort.groups.flatMap((group) => cohort.seconds.map((second, at) => [
    second, group.name, group.videos[at], ...cohort.measures.flatMap((_, k) => parts.map((part) => group[part][k][at])),
  ]));
  return [head, ...rows];
}

/** Lists what a table shows; bars by what they say aloud. */
function tableRows(table) {
  return [...table.rows].map((row) => [...row.cells].filter((cell) => !cell.classList.contains("correct"))
    .map((cell) => (cell.querySelector("[aria-label]")?.getAttribute("aria-label") ?? cell.textContent).replace(/\s+/g, " ").trim()));
}

/** Lists the people who have a name or are left out. */
function correctionRows() {
  const people = [...document.querySelectorAll(".people tbody tr")].map((row) => [
    row.dataset.media, row.dataset.person, row.querySelector(".rename").value.trim(), row.querySelector(".leave").checked ? 1 : 0,
  ]);
  return [["media", "person_id", "name", "excluded"], ...people.filter(([, , name, out]) => name || out)];
}

const SAVES = {
  curves: () => save("curves.csv", curveRows(data.cohort)),
  groups: () => save("groups.csv", tableRows(document.querySelector(".means"))),
  people: () => save("people.csv", tableRows(document.querySelector(".people"))),
  corrections: () => save("corrections.csv", correctionRows()),
};
for (const button of document.querySelectorAll("[data-save]")) {
  button.parentElement.hidden = false;
  button.addEventListener("click", () => SAVES[button.dataset.save]());
}
for (const hidden of document.querySelectorAll(".correct")) hidden.hidden = false;
document.querySelector(".people")?.addEventListener("input", (event) => {
  const row = event.target.closest("tr");
  row.toggleAttribute("data-out", row.querySelector(".leave").checked);
  document.querySelector('[data-save="corrections"]').disabled = false;
});
const brief = document.getElementById("brief");
if (brief) {
  const people = document.querySelector(".people");
  people.classList.add("few");
  brief.parentElement.hidden = false;
  brief.addEventListener("click", () => {
    people.classList.remove("few");
    brief.parentElement.hidden = true;
  });
}
