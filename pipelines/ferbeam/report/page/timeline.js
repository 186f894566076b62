/** Unpacks the runs of a track: per cent of the seven at each step in which it was found. */
function unpack(track) {
  const steps = new Map();
  for (const [first, ...flat] of track.runs) {
    for (let place = 0; place < flat.length / 7; place++) {
      steps.set(first + place, flat.slice(7 * place, 7 * place + 7));
    }
  }
  return steps;
}

class Timeline {
  constructor(element, facts) {
    this.element = element;
    this.facts = facts;
    this.video = element.closest(".video").querySelector("video");
    this.playhead = element.querySelector(".playhead");
    this.filter = element.parentElement.querySelector(".filter");
    this.time = 0;
    this.tracks = [...element.querySelectorAll(".track")].map((place, number) => ({
      steps: unpack(facts.tracks[number]),
      chart: place.querySelector(".chart"),
      name: place.querySelector(".track-head > span").textContent,
      now: place.querySelector(".now"),
    }));
    this.listen();
    if (this.video) this.followVideo();
    new ResizeObserver(() => this.showPlayhead()).observe(element);
    this.show(0);
  }

  listen() {
    const timeAt = (event) => {
      const area = this.tracks[0].chart.getBoundingClientRect();
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
    this.element.classList.toggle("some", pressed.length > 0);
    for (const area of this.element.querySelectorAll(".chart path")) {
      area.classList.toggle("chosen", pressed.some((one) => area.classList.contains(`fill-${one.dataset.emotion}`)));
    }
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
    const frame = this.element.getBoundingClientRect();
    const [first, last] = [this.tracks[0], this.tracks.at(-1)].map((one) => one.chart.getBoundingClientRect());
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
