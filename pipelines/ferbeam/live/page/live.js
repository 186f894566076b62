// The live page: sends frames of the camera, one after the other, and shows what the server answers.
// The picture that is shown is the very one that was analysed, so that boxes and covers fit it.
import { drawFaces, drawPicture, drawStrip, holdFaces } from "./drawing.js";
import { percentOf, say } from "./words.js";

const LONGER_SIDE = 640, QUALITY = 0.8, MINUTE_MS = 60000, RETRY_MS = 1500;
const find = (id) => document.getElementById(id);
const stage = find("stage"), strip = find("strip"), video = find("video"), grab = document.createElement("canvas");
const state = {
  lang: "en", hello: null, socket: null, stream: null, emoji: [], message: "starting", cover: false, mirror: true,
  sequence: 0, sent: null, history: [], lately: new Map(), shown: -1, spokenAt: 0, rates: [], recording: { on: false, frames: 0 },
};

function remember(name, value) {
  try { localStorage.setItem(`ferbeam.${name}`, value); } catch { /* a private window keeps nothing */ }
}

function remembered(name) {
  try { return localStorage.getItem(`ferbeam.${name}`); } catch { return null; }
}

function tell(message, again = false) {
  state.message = message;
  document.body.dataset.state = message || "running";
  find("message").hidden = !message;
  find("message").firstElementChild.textContent = message ? say(state.lang, message) : "";
  find("again").hidden = !again;
}

function speak() {
  document.documentElement.lang = state.lang;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = say(state.lang, element.dataset.word);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(state.lang, element.dataset.label));
  for (const button of document.querySelectorAll("[data-lang]")) button.setAttribute("aria-pressed", button.dataset.lang === state.lang);
  tell(state.message, !find("again").hidden);
  state.shown = -1;
  if (state.hello) { listScores(); showRecording(); }
}

const nameOf = (emotion) => state.hello.names[state.lang][emotion];

function listScores() {
  find("scores").replaceChildren(...state.hello.emotions.map((_, emotion) => {
    const item = document.createElement("li"), name = document.createElement("span"), picture = document.createElement("img");
    const bar = document.createElement("span"), filled = document.createElement("span");
    picture.src = `emoji/${emotion}.png`;
    picture.alt = "";
    name.textContent = nameOf(emotion);
    bar.className = "bar";
    filled.style.background = state.hello.colours[emotion];
    bar.append(filled);
    item.append(picture, name, bar);
    return item;
  }));
}

function greet(hello) {
  state.hello = hello;
  state.lately.clear();
  state.lang = remembered("lang") ?? hello.lang;
  state.cover = state.cover || hello.overlay === "cover";
  state.recording.on = hello.recording;
  state.emoji = hello.emotions.map((_, emotion) => Object.assign(new Image(), { src: `emoji/${emotion}.png` }));
  find("cover").setAttribute("aria-pressed", state.cover);
  find("record").hidden = hello.record_to === null;
  if (hello.source === "file") { state.mirror = false; find("mirror").setAttribute("aria-pressed", false); }
  if (hello.source === "file") tell("opening"); else if (!state.stream) openCamera(); else send();
  speak();
}

// --- the camera

async function openCamera(device) {
  if (!navigator.mediaDevices?.getUserMedia) { tell("insecure"); return; }
  for (const track of state.stream?.getTracks() ?? []) track.stop();
  const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: state.hello.rate } };
  if (device) wanted.deviceId = { exact: device }; else wanted.facingMode = "user";
  try {
    state.stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
  } catch (error) {
    state.stream = null;
    const refused = error.name === "NotAllowedError" || error.name === "SecurityError";
    tell(refused ? "refused" : ["NotFoundError", "OverconstrainedError"].includes(error.name) ? "nocamera" : "busy", true);
    return;
  }
  video.srcObject = state.stream;
  state.stream.getVideoTracks()[0].addEventListener("ended", () => tell("nocamera", true));
  await video.play();
  await listCameras();
  tell("");
  send();
}

async function listCameras() {
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  const current = state.stream.getVideoTracks()[0].getSettings().deviceId;
  find("camera").replaceChildren(...cameras.map((camera, at) => {
    const option = new Option(camera.label || say(state.lang, "cameraNumber", { number: at + 1 }), camera.deviceId);
    option.selected = camera.deviceId === current;
    return option;
  }));
  find("cameras").hidden = cameras.length < 2;
}

function send() {
  if (!state.stream || state.sent || state.socket?.readyState !== WebSocket.OPEN) return;
  if (video.readyState < 2) { requestAnimationFrame(send); return; }
  const scale = Math.min(1, LONGER_SIDE / Math.max(video.videoWidth, video.videoHeight));
  grab.width = Math.round(video.videoWidth * scale);
  grab.height = Math.round(video.videoHeight * scale);
  grab.getContext("2d").drawImage(video, 0, 0, grab.width, grab.height);
  const sequence = ++state.sequence;
  state.sent = { sequence, at: performance.now() };
  grab.toBlob((blob) => {
    if (!blob || state.socket?.readyState !== WebSocket.OPEN) { state.sent = null; return; }
    state.socket.send(new Blob([new Uint32Array([sequence]), blob]));
  }, "image/jpeg", QUALITY);
}

// --- the server

function connect() {
  const socket = new WebSocket(new URL("frames", location.href.replace(/^http/, "ws")));
  socket.binaryType = "arraybuffer";
  state.socket = socket;
  let last = Promise.resolve();
  socket.addEventListener("message", (event) => { last = last.then(() => hear(event.data)); });
  socket.addEventListener("close", (event) => {
    state.sent = null;
    if (event.code === 4000) { tell("elsewhere", true); return; }
    tell("gone");
    setTimeout(connect, RETRY_MS);
  });
}

async function hear(data) {
  if (data instanceof ArrayBuffer) { await takePicture(data); return; }
  const message = JSON.parse(data);
  if (message.type === "hello") greet(message);
  else if (message.type === "result") show(message);
  else if (message.type === "recording") hearRecording(message);
  else if (message.type === "ended") tell("ended");
  else if (message.type === "error") {
    console.warn(message.message);
    if (message.sequence !== undefined) { state.sent = null; send(); }
  }
}

async function takePicture(data) {
  const picture = await createImageBitmap(new Blob([data.slice(4)], { type: "image/jpeg" }));
  grab.width = picture.width;
  grab.height = picture.height;
  grab.getContext("2d").drawImage(picture, 0, 0);
  picture.close();
  state.sent = { sequence: new DataView(data).getUint32(0, true), at: performance.now() };
}

// --- what is shown

function show(result) {
  if (state.sent?.sequence !== result.sequence) return;
  const now = performance.now(), held = holdFaces(state.lately, result.faces, now);
  const view = { mirror: state.mirror, cover: state.cover, held, emoji: state.emoji, hello: state.hello, lang: state.lang };
  if (state.message && state.message !== "ended") tell("");
  drawPicture(stage, grab, state.mirror);
  drawFaces(stage, grab, result.faces, view);
  showSpeed(now, now - state.sent.at);
  state.sent = null;
  const face = result.faces.reduce((one, other) => (!one || other.width > one.width ? other : one), null);
  showFace(face, now);
  state.history.push({ at: now, emotion: face ? face.emotion : -1, confidence: face ? face.confidence : 0 });
  while (state.history[0].at < now - MINUTE_MS) state.history.shift();
  drawStrip(strip, state.history, now, MINUTE_MS, state.hello.colours);
  if (state.hello.source === "camera") send();
}

function showFace(face, now) {
  const emotion = face ? face.emotion : -1, large = find("large"), name = find("name");
  Object.assign(document.body.dataset, { emotion: face ? state.hello.emotions[emotion] : "" });
  if (emotion !== state.shown) {
    state.shown = emotion;
    large.hidden = !face;
    name.replaceChildren(face ? nameOf(emotion) : say(state.lang, "noface"));
    if (face) {
      large.src = state.emoji[emotion].src;
      large.classList.remove("fresh");
      void large.offsetWidth; // so that the animation begins anew
      large.classList.add("fresh");
      name.append(" ", document.createElement("small"));
    }
  }
  if (face) name.lastElementChild.textContent = percentOf(face.confidence, state.lang);
  [...find("scores").children].forEach((item, at) => { item.lastElementChild.firstElementChild.style.width = `${face ? 100 * face.scores[at] : 0}%`; });
  const spoken = find("spoken"), words = face ? nameOf(emotion) : say(state.lang, "noface");
  if (now - state.spokenAt > 1000 && spoken.textContent !== words) { spoken.textContent = words; state.spokenAt = now; }
}

function showSpeed(now, ms) {
  state.rates.push(now);
  while (state.rates[0] < now - 2000) state.rates.shift();
  const rate = state.rates.length > 1 ? 1000 * (state.rates.length - 1) / (now - state.rates[0]) : 0;
  Object.assign(document.body.dataset, { rate: rate.toFixed(1), latency: ms.toFixed(0), frames: state.sequence });
  const words = state.hello.source === "camera" ? "speed" : "pace"; // a video has no way to go and come back
  find("speed").textContent = say(state.lang, words, { rate: rate.toFixed(0), ms: ms.toFixed(0) });
}

function hearRecording(message) {
  state.recording = message;
  if (message.on || message.problem) state.problem = message.problem;
  showRecording();
}

function showRecording() {
  const { on, frames } = state.recording, folder = state.hello.record_to ?? "";
  find("recording").hidden = !on && !state.problem;
  find("record").setAttribute("aria-pressed", on);
  find("recorded").textContent = on || !state.problem ? say(state.lang, "recorded", { count: frames, folder }) : say(state.lang, "unrecorded", { reason: state.problem });
  document.querySelector("footer p").textContent = say(state.lang, on ? "keptRecording" : "kept");
}

// --- what can be switched

for (const button of document.querySelectorAll("[data-lang]")) {
  button.addEventListener("click", () => { state.lang = button.dataset.lang; remember("lang", state.lang); speak(); });
}
for (const what of ["mirror", "cover"]) {
  find(what).addEventListener("click", () => { state[what] = !state[what]; find(what).setAttribute("aria-pressed", state[what]); });
}
find("record").addEventListener("click", () => state.socket.send(JSON.stringify({ type: "record", on: !state.recording.on })));
find("camera").addEventListener("change", (event) => { state.sent = null; openCamera(event.target.value); });
find("again").addEventListener("click", () => { if (state.message === "elsewhere") connect(); else openCamera(); });
navigator.mediaDevices?.addEventListener?.("devicechange", () => { if (state.stream) listCameras(); });
state.lang = remembered("lang") ?? "en";
speak();
connect();
