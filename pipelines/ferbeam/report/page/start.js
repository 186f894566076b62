"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const words = data.words;
const NARROW = "\u202f";

const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const share = (percent) => `${Math.round(percent)}${NARROW}%`;

/** Writes seconds as a player shows them; with tenths where they matter. */
function clock(seconds, tenths = false) {
  const whole = Math.floor(seconds + 1e-6);
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const text = (hours ? `${hours}:${two(minutes)}` : minutes) + ":" + two(whole % 60);
  return tenths ? `${text}${words.point}${Math.floor((seconds + 1e-6 - whole) * 10)}` : text;
}

/** Builds the picture of an emotion with its name. */
function emojiOf(emotion) {
  const picture = document.createElement("span");
  picture.className = `emoji emoji-${emotion.name}`;
  picture.setAttribute("aria-hidden", "true");
  return picture;
}

const charts = [];
/** Keeps a chart as wide as its place and in the colours of the page. */
function follow(chart, place) {
  charts.push(chart);
  new ResizeObserver(() => {
    const width = Math.floor(place.clientWidth);
    if (width && width !== chart.width) chart.setSize({ width, height: place.clientHeight });
  }).observe(place);
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const chart of charts) chart.redraw(false, true);
});

const timeAxis = (size) => ({
  size,
  stroke: () => colourOf("--muted"),
  font: "12px system-ui, sans-serif",
  grid: { show: false },
  ticks: { stroke: () => colourOf("--line"), size: 4, width: 1 },
  gap: 3,
  space: 60,
  incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400],
  values: (_, splits) => splits.map((seconds) => clock(seconds)),
});

/** Does something once, when an element is about to be seen. */
function whenSeen(element, act) {
  const watch = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    act();
  }, { rootMargin: "300px" });
  watch.observe(element);
}
