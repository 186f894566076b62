const SHOWN = 50;
const list = document.getElementById("media");

/** Draws the seven shares of a medium as one bar. */
function barOf(shares) {
  const space = "http://www.w3.org/2000/svg";
  const bar = document.createElementNS(space, "svg");
  bar.setAttribute("class", "bar");
  bar.setAttribute("viewBox", "0 0 100 10");
  bar.setAttribute("preserveAspectRatio", "none");
  bar.setAttribute("role", "img");
  const said = data.stacked.filter((index) => shares[index] >= 1)
    .map((index) => `${data.emotions[index].label} ${share(shares[index])}`);
  bar.setAttribute("aria-label", said.join(", "));
  let left = 0;
  for (const index of data.stacked) {
    const piece = document.createElementNS(space, "rect");
    const facts = { class: `fill-${data.emotions[index].name}`, x: left, width: shares[index], height: 10 };
    for (const [name, value] of Object.entries(facts)) piece.setAttribute(name, value);
    left += shares[index];
    bar.append(piece);
  }
  return bar;
}

function rowOf(medium) {
  const row = document.createElement("li");
  const link = document.createElement("a");
  link.href = medium.link;
  const name = document.createElement("bdi");
  name.textContent = medium.name;
  link.append(name);
  const facts = document.createElement("span");
  facts.className = "note";
  facts.textContent = medium.facts;
  row.append(link, facts);
  if (medium.shares) row.append(barOf(medium.shares));
  return row;
}

if (list) {
  const media = data.media.map(([name, link, facts, length, seen, shares]) => ({
    name, link, facts, length, face_seen: seen, shares,
    positive: shares ? shares[3] : -1,
    negative: shares ? shares[0] + shares[1] + shares[2] + shares[5] : -1,
  }));
  const [find, sort, shown, earlier, later] =
    ["find", "sort", "shown", "earlier", "later"].map((id) => document.getElementById(id));
  let first = 0;
  let found = media;
  const draw = () => {
    list.replaceChildren(...found.slice(first, first + SHOWN).map(rowOf));
    const last = Math.min(first + SHOWN, found.length);
    shown.textContent = found.length
      ? words.shown_of.replace("{first}", first + 1).replace("{last}", last).replace("{all}", found.length)
      : words.none_found;
    earlier.disabled = first === 0;
    later.disabled = last === found.length;
  };
  const search = () => {
    const wanted = find.value.trim().toLocaleLowerCase();
    found = media.filter((medium) => medium.name.toLocaleLowerCase().includes(wanted));
    if (sort.value !== "by_name") found.sort((one, other) => other[sort.value] - one[sort.value]);
    first = 0;
    draw();
  };
  const turn = (way) => { first += way * SHOWN; draw(); list.scrollIntoView({ block: "nearest" }); };
  find.addEventListener("input", search);
  sort.addEventListener("change", search);
  earlier.addEventListener("click", () => turn(-1));
  later.addEventListener("click", () => turn(1));
  for (const hidden of document.querySelectorAll(".finder, .turn")) hidden.hidden = false;
  draw();
}

for (const video of document.querySelectorAll(".moments video")) {
  whenSeen(video, () => { video.preload = "metadata"; });
}
