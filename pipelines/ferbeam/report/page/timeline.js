const EDGE = 14; // pixels beside the charts, so that the first and last time can be read

/** Unpacks the runs of a track: times in seconds, per cent of the seven, null where unseen. */
function unpack(track, step, seconds) {
  const x = [];
  const scores = [];
  const steps = new Map();
  const put = (time, values) => {
    x.push(Math.min(Math.max(time, 0), seconds));
    scores.push(values);
  };
  for (const [first, ...flat] of track.runs) {
    const count = flat.length / 7;
    const end = (first + count - 0.5) * step;
    const until = seconds - end < 1.1 * step ? seconds : end; // after the last sample comes none
    for (let place = 0; place < count; place++) {
      const values = flat.slice(7 * place, 7 * place + 7);
      steps.set(first + place, values);
      if (place === 0) put((first - 0.5) * step, values);
      put((first + place) * step, values);
      if (place === count - 1) put(until, values);
    }
    put(until, null);
  }
  return { x, scores, steps };
}

/** Stacks the shown emotions; the uppermost comes first, those drawn later cover it. */
function stack(unpacked, shown) {
  const drawn = data.stacked.filter((index) => shown.has(index));
  const rows = data.stacked.map(() => []);
  for (const values of unpacked.scores) {
    const whole = values ? values.reduce((sum, value) => sum + value, 0) || 1 : 1;
    let sum = 0;
    data.stacked.forEach((index, place) => {
      if (values && drawn.includes(index)) sum += values[index] / whole;
      rows[place].push(values ? sum : null);
    });
  }
  return [unpacked.x, ...rows.reverse()];
}

class Timeline {
  constructor(element, facts) {
    this.element = element;
    this.facts = facts;
    this.video = element.closest(".video").querySelector("video");
    this.playhead = element.querySelector(".playhead");
    this.filter = element.parentElement.querySelector(".filter");
    this.shown = new Set(data.stacked);
    this.time = 0;
    this.tracks = [...element.querySelectorAll(".track")].map((place, number) => ({
      ...unpack(facts.tracks[number], facts.step, facts.seconds),
      place: place.querySelector(".chart"),
      name: place.querySelector(".track-head > span").textContent,
      now: place.querySelector(".now"),
    }));
    for (const track of this.tracks) track.chart = this.draw(track);
    this.listen();
    if (this.video) this.followVideo();
    this.show(0);
  }

  draw(track) {
    const last = track === this.tracks.at(-1);
    const series = [...data.stacked].reverse().map((index) => ({
      fill: data.emotions[index].colour,
      stroke: () => colourOf("--card"),
      width: 1,
      points: { show: false },
      spanGaps: false,
    }));
    const chart = new uPlot({
      width: track.place.clientWidth || 300,
      height: track.place.clientHeight || 84,
      padding: [0, EDGE, 0, EDGE],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: [0, this.facts.seconds || 1] }, y: { range: [0, 1] } },
      axes: [{ ...timeAxis(24), show: last }, { show: false }],
      series: [{}, ...series],
      hooks: { setSize: [() => this.showPlayhead()] },
    }, stack(track, this.shown), track.place);
    follow(chart, track.place);
    return chart;
  }

  listen() {
    const timeAt = (event) => {
      const area = this.tracks[0].chart.over.getBoundingClientRect();
      return ((event.clientX - area.left) / area.width) * this.facts.seconds;
    };
    let held = false;
    this.element.addEventListener("pointerdown", (event) => {
      if (event.button || !event.target.closest(".chart")) return;
      held = true;
      this.element.setPointerCapture(event.pointerId);
      this.seek(timeAt(event));
    });
    this.element.addEventListener("pointermove", (event) => { if (held) this.seek(timeAt(event)); });
    for (const end of ["pointerup", "pointercancel"]) {
      this.element.addEventListener(end, () => { held = false; });
    }
    this.element.addEventListener("keydown", (event) => this.press(event));
    this.filter.addEventListener("click", (event) => this.choose(event.target.closest("button")));
  }

  press(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { step, seconds } = this.facts;
    const small = event.shiftKey ? Math.max(1, step) : step;
    const large = Math.max(10 * step, seconds / 10);
    const moves = {
      ArrowRight: this.time + small, ArrowUp: this.time + small,
      ArrowLeft: this.time - small, ArrowDown: this.time - small,
      PageUp: this.time + large, PageDown: this.time - large, Home: 0, End: seconds,
    };
    if (event.key in moves) this.seek(moves[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.play();
    else return;
    event.preventDefault();
  }

  play() {
    if (!this.video) return;
    if (this.video.paused) this.video.play().catch(() => {});
    else this.video.pause();
  }

  seek(time) {
    const wanted = Math.min(Math.max(time, 0), this.facts.seconds);
    if (this.video) {
      if (this.video.readyState === 0) this.video.preload = "metadata";
      this.video.currentTime = wanted;
    }
    this.show(wanted);
  }

  followVideo() {
    const update = () => this.show(this.video.currentTime);
    const run = () => {
      update();
      if (!this.video.paused && !this.video.ended) requestAnimationFrame(run);
    };
    for (const name of ["timeupdate", "seeking", "seeked", "ended"]) {
      this.video.addEventListener(name, update);
    }
    this.video.addEventListener("play", run);
  }

  choose(button) {
    if (!button) return;
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
    const pressed = [...this.filter.querySelectorAll('[aria-pressed="true"]')];
    this.filter.classList.toggle("some", pressed.length > 0);
    const chosen = pressed.map((one) => Number(one.dataset.emotion));
    this.shown = new Set(chosen.length ? chosen : data.stacked);
    for (const track of this.tracks) track.chart.setData(stack(track, this.shown));
  }

  show(time) {
    this.time = time;
    this.showPlayhead();
    const place = Math.round(time / this.facts.step);
    if (place === this.place) return;
    this.place = place;
    const said = this.tracks.map((track) => `${track.name}: ${this.tell(track, place)}`);
    this.element.setAttribute("aria-valuenow", Math.round(time));
    this.element.setAttribute("aria-valuetext", `${clock(time, true)} – ${said.join("; ")}`);
  }

  tell(track, place) {
    const values = track.steps.get(place);
    const best = values ? values.indexOf(Math.max(...values)) : -1;
    const said = values ? `${data.emotions[best].label} ${share(values[best])}` : words.not_seen;
    track.now.replaceChildren(...(values ? [emojiOf(data.emotions[best]), " "] : []), said);
    return said;
  }

  showPlayhead() {
    const charted = this.tracks.filter((track) => track.chart);
    if (!charted.length) return;
    const frame = this.element.getBoundingClientRect();
    const [first, last] = [charted[0], charted.at(-1)].map((one) => one.chart.over.getBoundingClientRect());
    const x = first.left - frame.left + (first.width * this.time) / (this.facts.seconds || 1);
    Object.assign(this.playhead.style, {
      left: `${x}px`, top: `${first.top - frame.top}px`, height: `${last.bottom - first.top}px`,
    });
    this.playhead.hidden = false;
  }
}

for (const element of document.querySelectorAll(".video")) {
  const video = element.querySelector("video");
  const timeline = element.querySelector(".timeline");
  video?.addEventListener("error", () => { element.querySelector(".gone").hidden = false; });
  whenSeen(element, () => {
    if (video) video.preload = "metadata";
    if (timeline) element.timeline = new Timeline(timeline, data.timelines[timeline.dataset.timeline]);
  });
}
